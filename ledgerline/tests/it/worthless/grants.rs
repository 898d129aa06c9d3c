//! Grants, and reports by them.

use super::{DAY_MS, House, LONG, OTHER, SHORT, ask, listener_of, renew, report, send, worthless};
use crate::support::http::{JSON, REPORT};
use crate::support::reports::now_ms;
use serde_json::{Value, json};

fn counted() -> (String, Value) {
    ("counted".to_owned(), Value::Null)
}

#[test]
fn a_grant_pays_one_play_and_no_other() {
    let house = House::new();
    house.honest();
    let ann = house.guest("ann", "premium");
    let offer = ask(&ann, SHORT).is(200);
    let listener = listener_of(&offer);
    // However often it is sent, whole, alone or in one body.
    let own = report(&offer, 8_000);
    for _ in 0..3 {
        send(&ann, &own);
    }
    send(&ann, &json!([own, own, own]));
    assert_eq!(house.stands(&listener, &offer["play_id"]), counted());
    let paid = house.worth();
    assert_eq!(paid.0[SHORT], 2, "the honest one, and this one");

    // For plays that nobody granted.
    let other = ask(&ann, SHORT).is(200);
    for play_id in [&other["play_id"], &json!("made-up"), &json!("another")] {
        let mut replayed = report(&offer, 8_000);
        replayed["play_id"] = play_id.clone();
        send(&ann, &replayed);
        assert_eq!(house.stands(&listener, play_id), worthless("no_grant"), "{play_id}");
    }
    let mut keyless = report(&offer, 8_000);
    keyless["play_id"] = Value::Null;
    send(&ann, &keyless);
    assert_eq!(house.worth(), paid);

    // The other one's own grant still pays it: what was worthless added nothing.
    send(&ann, &report(&other, 8_000));
    assert_eq!(house.stands(&listener, &other["play_id"]), counted());
    assert_eq!(house.worth().0[SHORT], 3);
    house.end();
}

#[test]
fn a_grant_is_of_one_recording() {
    let house = House::new();
    let before = house.honest();
    let ann = house.guest("ann", "premium");
    let offer = house.made_at(&ask(&ann, SHORT).is(200), now_ms() - 3_600_000);
    let listener = listener_of(&offer);
    let mut for_another = report(&offer, 60_000);
    for_another["track_id"] = OTHER.into();
    send(&ann, &for_another);
    assert_eq!(house.stands(&listener, &offer["play_id"]), worthless("no_grant"));
    assert_eq!(house.worth(), before);
    // It still pays its own, and that alone, whatever comes after it.
    send(&ann, &report(&offer, 8_000));
    send(&ann, &for_another);
    assert_eq!(house.stands(&listener, &offer["play_id"]), counted());
    assert_eq!(house.worth().0, [(SHORT.to_owned(), 2)].into());
    house.end();
}

#[test]
fn a_grant_is_of_one_listener() {
    let house = House::new();
    house.honest();
    let (ann, bo) = (house.guest("ann", "premium"), house.guest("bo", "premium"));
    let offer = ask(&ann, SHORT).is(200);
    let (anns, bos) = (listener_of(&offer), listener_of(&ask(&bo, LONG).is(200)));
    assert_ne!(anns, bos);
    let before = house.worth();
    // Whoever he says that he is.
    for user_id in [Value::Null, json!(anns), json!("ann")] {
        let mut stolen = report(&offer, 8_000);
        stolen["user_id"] = user_id;
        send(&bo, &stolen);
    }
    assert_eq!(house.stands(&bos, &offer["play_id"]), worthless("no_grant"));
    let path = format!("/api/v1/plays/{anns}/{}", offer["play_id"].as_str().expect("a key"));
    house.api.get(&path).refused(404, "play_not_found");
    renew(&bo, &offer).refused(403, "grant_refused");
    assert_eq!(house.worth(), before);
    // It is still good for whom it was given.
    send(&ann, &report(&offer, 8_000));
    assert_eq!(house.stands(&anns, &offer["play_id"]), counted());
    assert_eq!(house.worth().0[SHORT], 2);
    house.end();
}

#[test]
fn a_grant_that_is_over_pays_nothing() {
    let house = House::new();
    let before = house.honest();
    let ann = house.guest("ann", "premium");
    let ago = |days: u64| now_ms() - days * DAY_MS;
    // As if it had begun today, which its grant is too old for.
    let over = house.made_at(&ask(&ann, LONG).is(200), ago(36));
    send(&ann, &report(&over, 31_000));
    let listener = listener_of(&over);
    assert_eq!(house.stands(&listener, &over["play_id"]), worthless("impossible_time"));
    renew(&ann, &over).refused(409, "play_ended");
    // When it did begin, which a person would have to decide on.
    let late = house.made_at(&ask(&ann, LONG).is(200), ago(36));
    let mut told = report(&late, 31_000);
    told["started_at"] = ago(36).into();
    send(&ann, &told);
    let waits = ("adjudication".to_owned(), json!("too_old"));
    assert_eq!(house.stands(&listener, &late["play_id"]), waits);
    // One of times to come.
    let early = house.made_at(&ask(&ann, LONG).is(200), now_ms() + DAY_MS);
    send(&ann, &report(&early, 31_000));
    assert_eq!(house.stands(&listener, &early["play_id"]), worthless("impossible_time"));
    assert_eq!(house.worth(), before);
    // A day before its end it is as good as ever; it isn't gone on with any more.
    let old = house.made_at(&ask(&ann, LONG).is(200), ago(34));
    let mut told = report(&old, 31_000);
    told["started_at"] = ago(34).into();
    send(&ann, &told);
    assert_eq!(house.stands(&listener, &old["play_id"]), counted());
    renew(&ann, &old).refused(409, "play_ended");
    house.end();
}

#[test]
fn nobody_hears_more_than_time_has_passed() {
    let house = House::new();
    let before = house.honest();
    let ann = house.guest("ann", "premium");
    let offer = ask(&ann, LONG).is(200);
    let listener = listener_of(&offer);
    for much in [DAY_MS, 3_600_000] {
        send(&ann, &report(&offer, much));
    }
    let mut before_it_was_granted = report(&offer, 3_600_000);
    before_it_was_granted["started_at"] = (now_ms() - 3_700_000).into();
    send(&ann, &before_it_was_granted);
    assert_eq!(house.stands(&listener, &offer["play_id"]), worthless("impossible_time"));
    assert_eq!(house.worth(), before);
    // What can have sounded is what is known of it.
    send(&ann, &report(&offer, 5_000));
    let play = house.play(&listener, &offer["play_id"]);
    assert_eq!((&play["status"], &play["listened_ms"]), (&json!("pending"), &json!(5_000)));
    assert_eq!(house.worth(), before);

    // A minute after the grant: half a minute counts, and an hour adds nothing to it.
    let offer = house.made_at(&ask(&ann, LONG).is(200), now_ms() - 60_000);
    send(&ann, &json!([report(&offer, 31_000), report(&offer, 3_600_000)]));
    let play = house.play(&listener, &offer["play_id"]);
    assert_eq!((&play["status"], &play["listened_ms"]), (&json!("counted"), &json!(31_000)));
    house.end();
}

#[test]
fn a_bot_without_grants_is_worth_nothing() {
    let house = House::new();
    let before = house.honest();
    let bot = house.guest("bot", "premium");
    let offer = ask(&bot, LONG).is(200);
    let listener = listener_of(&offer);
    let granted = offer["grant"].as_str().expect("it has one");
    let mut forged = granted.to_owned();
    let at = forged.len() / 2;
    forged.replace_range(at..=at, if granted.as_bytes()[at] == b'A' { "B" } else { "A" });
    let grants = [
        Value::Null,
        json!(""),
        json!("granted"),
        json!(forged),
        json!(&granted[..granted.len() - 8]),
        json!("A".repeat(768)),
    ];
    let of = |name: &str, grant: &Value, track: &str| {
        json!({
            "play_id": name, "track_id": track, "duration_listened_ms": 200_000, "grant": grant,
            "started_at": now_ms() - 3_600_000, "completed": true, "event": "play_complete",
        })
    };
    let many: Vec<Value> = (0..60)
        .map(|number: usize| {
            let track = [SHORT, LONG, OTHER][number % 3];
            of(&format!("bot-{number}"), &grants[number % grants.len()], track)
        })
        .collect();
    let bad = house.metric("ledgerline_grants_bad_total");
    send(&bot, &json!(many));
    for number in 0..grants.len() {
        let play_id = json!(format!("bot-{number}"));
        assert_eq!(house.stands(&listener, &play_id), worthless("no_grant"), "{number}");
    }
    assert_eq!(house.metric("ledgerline_grants_bad_total") - bad, 60, "each of them was noted");
    let body = json!(many).to_string();
    let content = format!("Content-Type: {JSON}");
    let nobody = house.server.anyone().send("POST", REPORT, &[&content], body.as_bytes());
    nobody.refused(401, "unauthorized");
    // What a browser's page of somebody else sends with the bot's cookie isn't his word.
    bot.send("POST", REPORT, &[&content], body.as_bytes()).is(403);
    let law = house.api.get("/api/v1/conservation").is(200);
    assert_eq!(law["holds"], true, "{law}");
    assert_eq!(house.worth(), before);
    house.end();
}

#[test]
fn a_preview_is_worth_nothing() {
    let house = House::new();
    let before = house.honest();
    let ann = house.guest("ann", "premium");
    let anyone = house.server.anyone();
    let asked = anyone.send("POST", &format!("/api/v1/tracks/{SHORT}/play"), &[], b"");
    let preview = asked.is(200);
    assert_eq!((&preview["preview"], listener_of(&preview)), (&json!(true), String::new()));
    let address = preview["stream_url"].as_str().expect("it has one");
    assert_eq!(anyone.get(address).status, 200);
    anyone
        .get(&address.replacen("preview.0b0b0b0b", "opus-96.0a0a0a0a", 1))
        .refused(403, "url_refused");
    // Of nobody, and of somebody who takes it for her own.
    let told = report(&preview, 8_000);
    anyone.post(REPORT, &told).refused(401, "unauthorized");
    send(&ann, &told);
    let own = ask(&ann, SHORT).is(200);
    let listener = listener_of(&own);
    assert_eq!(house.stands(&listener, &preview["play_id"]), worthless("no_grant"));
    renew(&ann, &preview).refused(403, "grant_refused");
    // What a player itself calls a preview is one.
    let mut called_so = report(&own, 8_000);
    called_so["preview"] = true.into();
    send(&ann, &called_so);
    assert_eq!(house.stands(&listener, &own["play_id"]), worthless("preview"));
    assert_eq!(house.worth(), before);
    house.end();
}
