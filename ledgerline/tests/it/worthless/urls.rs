//! Addresses of audio.

use super::{House, LONG, OTHER, ask, audio, listener_of, parts, renew};
use crate::support::Api;
use crate::support::http::Answer;
use crate::support::reports::now_ms;
use ledgerline_delivery::SignedUrl;
use serde_json::Value;

/// The beginning of what an address leads to.
fn get(api: &Api, address: &str) -> Answer {
    api.send("GET", address, &["Range: bytes=0-99"], &[])
}

#[track_caller]
fn opens(api: &Api, address: &str) {
    let answer = get(api, address);
    assert_eq!((answer.status, answer.body.len()), (206, 100), "{address}");
    assert!(answer.body.starts_with(b"OggS"), "{address}");
}

fn joined(path: &str, parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{path}?{}", pairs.join("&"))
}

#[test]
fn a_changed_address_opens_nothing() {
    let house = House::new();
    let (ann, bo) = (house.guest("ann", "premium"), house.guest("bo", "premium"));
    let (offer, others) = (ask(&ann, LONG).is(200), ask(&bo, LONG).is(200));
    let anyone = house.server.anyone();
    let address = offer["stream_url"].as_str().expect("it has one");
    opens(&anyone, address);
    let (path, parameters) = parts(&offer);
    assert_eq!(joined(path, &parameters), address, "which is all of it");
    let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["e", "l", "p", "k", "s"]);

    let mut forged = Vec::new();
    // Another recording, rung, version, and other spellings of the same.
    for (from, to) in [
        (LONG, OTHER),
        (LONG, "LONG"),
        (LONG, "%6Cong"),
        ("opus-96", "preview"),
        ("opus-96", "opus-320"),
        (".14141414", ".15151515"),
        (".14141414", ""),
    ] {
        assert!(path.contains(from), "{from} is in {path}");
        forged.push(joined(&path.replacen(from, to, 1), &parameters));
    }
    // Each parameter with another value, that of another's play too; without it, and with it twice.
    let (_, others) = parts(&others);
    for at in 0..parameters.len() {
        let (name, value) = parameters[at];
        let later = value.parse::<u64>().map(|e| (e + 86_400).to_string());
        let flipped = if value.starts_with('A') { "B" } else { "A" };
        let flipped = format!("{flipped}{}", value.get(1..).unwrap_or_default());
        let upper = value.to_ascii_uppercase();
        let escaped = format!("%{:02X}{}", value.as_bytes()[0], &value[1..]);
        let shorter = &value[..value.len() - 1];
        let longer = format!("{value}0");
        let values = ["", &flipped, &upper, &escaped, shorter, &longer, others[at].1];
        let later = (name == "e").then(|| later.expect("it is seconds"));
        for other in values.into_iter().chain(later.as_deref()).filter(|other| *other != value) {
            let mut changed = parameters.clone();
            changed[at].1 = other;
            forged.push(joined(path, &changed));
        }
        let mut without = parameters.clone();
        without.remove(at);
        forged.push(joined(path, &without));
        let mut twice = parameters.clone();
        twice.insert(at, (name, value));
        forged.push(joined(path, &twice));
    }
    let mut turned = parameters.clone();
    turned.swap(0, 1);
    forged.extend([joined(path, &turned), format!("{address}&x=1"), format!("{address}&")]);
    // All of another's play, with what says whose it is from the first.
    let mut mixed = others;
    mixed[1] = parameters[1];
    forged.extend([joined(path, &mixed), path.to_owned(), format!("{path}?")]);

    let refused = house.metric("ledgerline_audio_refused_total");
    for address in &forged {
        let answer = get(&anyone, address);
        assert!(!answer.body.starts_with(b"OggS"), "{address}");
        answer.refused(403, "url_refused");
    }
    let refused = house.metric("ledgerline_audio_refused_total") - refused;
    assert_eq!(refused, forged.len() as u64, "each of them was noted");
    opens(&anyone, address);
    house.end();
}

#[test]
fn an_address_that_is_over_opens_nothing() {
    let house = House::new();
    let ann = house.guest("ann", "premium");
    let offer = ask(&ann, LONG).is(200);
    let (path, parameters) = parts(&offer);
    let anyone = house.server.anyone();
    let until = |seconds: u64| {
        let (listener, play_id) = (parameters[1].1, parameters[2].1);
        SignedUrl { path, expires_at_s: seconds, listener, play_id }.signed_by(&house.key)
    };
    let now = now_ms() / 1_000;
    let said: u64 = parameters[0].1.parse().expect("seconds");
    assert!(now < said && said <= now + 3_600, "an hour, and not more: {said} at {now}");
    opens(&anyone, &until(now + 600));
    for over in [now, now - 1, now - 86_400, 0] {
        get(&anyone, &until(over)).refused(403, "url_expired");
    }
    // Who has a longer one asked for has it signed anew: the old signature isn't for it.
    let over = until(now - 1);
    let longer = over.replacen(&format!("e={}", now - 1), &format!("e={}", now + 600), 1);
    assert_ne!(over, longer);
    get(&anyone, &longer).refused(403, "url_refused");
    // The play goes on by its grant.
    let renewed = renew(&ann, &offer).is(200);
    assert_eq!(renewed["play_id"], offer["play_id"]);
    opens(&anyone, renewed["stream_url"].as_str().expect("it has one"));
    house.end();
}

/// An address works for whoever has it, until it is over; and nothing counts by it.
#[test]
fn another_listeners_address_counts_for_nobody() {
    let house = House::new();
    let before = house.honest();
    let (ann, bo) = (house.guest("ann", "premium"), house.guest("bo", "premium"));
    let (anns, bos) = (ask(&ann, LONG).is(200), ask(&bo, OTHER).is(200));
    let address = anns["stream_url"].as_str().expect("it has one");
    for _ in 0..3 {
        let whole = bo.get(address);
        assert!(whole.status == 200 && whole.body == audio(20), "all of it");
    }
    let (path, mut parameters) = parts(&anns);
    let (_, own) = parts(&bos);
    parameters[1] = own[1];
    get(&house.server.anyone(), &joined(path, &parameters)).refused(403, "url_refused");
    for listener in [listener_of(&anns), listener_of(&bos)] {
        let play_id = anns["play_id"].as_str().expect("it has one");
        let path = format!("/api/v1/plays/{listener}/{play_id}?source=accounts");
        house.api.get(&path).refused(404, "play_not_found");
    }
    assert_eq!(house.worth(), before);
    house.end();
}

const SECRET: &str = "what is in no music folder";

#[test]
fn no_path_leads_out_of_the_audio() {
    let house = House::new();
    let ann = house.guest("ann", "premium");
    let offer = ask(&ann, LONG).is(200);
    let (path, parameters) = parts(&offer);
    house.folder.write("secret", SECRET);
    std::fs::write(house.folder.data().join("music/secret"), SECRET).expect("it can be written");
    let outside = [
        "/audio/../secret",
        "/audio/../../secret",
        "/audio/../../../../../../etc/passwd",
        "/audio/..%2f..%2fsecret/opus-96",
        "/audio/..%2F..%2Fstate.db/opus-96",
        "/audio/..%5c..%5cstate.db/opus-96",
        "/audio/%2e%2e/%2e%2e%2fsecret",
        "/audio/%2e%2e%2f%2e%2e%2fdeployment.json/flac",
        "/audio/%252e%252e%252fstate.db/flac",
        "/audio/%2e%2e/secret",
        "/audio/./secret",
        "/audio/../secret/",
        "/audio//secret",
        "/audio//etc/passwd",
        "/audio/%2fetc%2fpasswd/flac",
        "/audio/long/../../../state.db",
        "/audio/long/..%2f..%2f..%2fstate.db",
        "/audio/long/%2e%2e%2fsecret",
        "/audio/long/..",
        "/audio/long/.",
        "/audio/long/",
        "/audio/long/opus-96%00",
        "/audio/long%00/opus-96",
        "/audio/long/opus-96.14141414/../preview",
        "/audio/long/opus-96.../../../secret",
        "/audio/x/../long/opus-96.14141414",
        "/AUDIO/long/opus-96.14141414",
    ];
    let anyone = house.server.anyone();
    let check = |address: &str| {
        let answer = anyone.get(address);
        assert!(matches!(answer.status, 400 | 403 | 404), "{address}: {}", answer.status);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        for inside in [SECRET, "SQLite format", "root:", "hash_key", "OggS"] {
            assert!(!body.contains(inside), "{address}: {body}");
        }
    };
    for outside in outside {
        check(outside);
        // With the parameters of an address that is good, and as if the deployment itself had signed it.
        check(&joined(outside, &parameters));
        let expires_at_s = now_ms() / 1_000 + 600;
        let url = SignedUrl { path: outside, expires_at_s, listener: "", play_id: "p" };
        check(&url.signed_by(&house.key));
    }
    // What is signed so and is there opens: it wasn't the way of signing.
    let good = SignedUrl { path, expires_at_s: now_ms() / 1_000 + 600, listener: "", play_id: "p" };
    opens(&anyone, &good.signed_by(&house.key));
    // Neither does the way to ask for one.
    for track in ["..%2f..%2fstate.db", "%2e%2e", "..%2fsecret", "long%00", "%2fetc%2fpasswd"] {
        let asked = ask(&ann, track);
        assert!(matches!(asked.status, 400 | 404), "{track}: {}", asked.status);
        assert_eq!(asked.json()["grant"], Value::Null);
    }
    house.end();
}
