//! Commands beside a running server: they work, say the same as without one, and the server's end
//! loses nothing.

use crate::support::load::{Clients, Sent, Work};
use crate::support::reports::{line, with};
use crate::support::{DIMENSIONS, Folder, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";

/// A line of a play at a time of its own.
fn at(play_id: &str, user: &str, track: &str, listened_ms: u64, started_at: &str) -> String {
    let device = if play_id.ends_with('7') { "bot-1" } else { "phone" };
    let further =
        json!({ "started_at": started_at, "tier": "free", "territory": "SE", "device_id": device });
    with(play_id, user, track, listened_ms, &further)
}

/// What differs from run to run: times of this machine, and positions after its ticks.
fn comparable(mut value: Value) -> Value {
    const OWN: [&str; 10] = [
        "seconds",
        "reports_per_second",
        "applied_to",
        "position",
        "at",
        "received_at",
        "first_received_at",
        "id",
        "key",
        "source",
    ];
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OWN.contains(&name.as_str()));
            for field in fields.values_mut() {
                *field = comparable(field.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = comparable(item.take());
            }
        }
        _ => {}
    }
    value
}

/// Every command once, in an order in which each has something to do.
fn every_command(folder: &Folder) -> Vec<(String, Value)> {
    let tracks =
        folder.write("tracks.csv", "track_id,duration_ms,artists\nt1,20000,Anna;Bo\nt2,,\n");
    let devices = folder.write("bots.txt", "bot-1\n");
    let reports: String = (0..3_000)
        .map(|n| {
            let start = format!("2026-03-{:02}T{:02}:{:02}:00Z", 1 + n % 20, n % 24, n / 24 % 60);
            let track = ["t1", "t2", "t3"][n % 3];
            at(
                &format!("p{n}"),
                &format!("u{}", n % 50),
                track,
                19_999 + (n % 4) as u64 * 5_001,
                &start,
            )
        })
        .collect();
    let reports = folder.write("reports.ndjson", reports);
    let late = at("late", "u/1 é", "t1", 31_000, "2019-01-01T00:00:00Z");
    let late = folder.write("late.ndjson", [&late, "no report\n", &late].concat());
    let history = json!([
        { "endTime": "2022-04-01 12:00", "artistName": "A", "trackName": "T", "msPlayed": 40_000 },
        { "endTime": "2022-04-01 12:00", "artistName": "A", "trackName": "T", "msPlayed": 40_000 },
        { "endTime": "2022-04-02 12:00", "artistName": "A", "trackName": "T", "msPlayed": 4_000 },
    ]);
    let history = folder.write("StreamingHistory0.json", history.to_string());
    let mut said = Vec::new();
    let mut run = |args: &[&str]| {
        let name = args.iter().map(|arg| arg.rsplit('/').next().unwrap_or(arg));
        let ran = folder.run(&[args, &["--json"]].concat());
        let out = serde_json::from_str(&ran.out).unwrap_or(Value::String(ran.out));
        said.push((
            name.collect::<Vec<_>>().join(" "),
            json!([ran.code, comparable(out), ran.err]),
        ));
    };
    run(&["catalog", "devices", "add", &devices]);
    run(&["catalog", "import", &tracks]);
    run(&["replay", &reports, "--clock", "event"]);
    run(&["replay", &reports, "--clock", "event"]);
    run(&["replay", &late]);
    run(&["import", "spotify", &history, "--user", "anna"]);
    run(&["import", "spotify", &history, "--user", "bo", "--payable"]);
    run(&["counts", "--by", "day", "--from", "2026-03-02", "--to", "2026-03-04"]);
    run(&["explain", "play", "u7", "p7"]);
    run(&["explain", "play", "u8", "p8"]);
    run(&["explain", "play", "u8", "nothing"]);
    run(&["adjudicate", "list"]);
    run(&["adjudicate", "accept", "u/1 é", "late", "--note", "was at sea"]);
    run(&["adjudicate", "accept", "u8", "p8"]);
    run(&["catalog", "devices", "remove", &devices]);
    run(&["audit"]);
    run(&["keys", "create", "--scope", SCOPES, "--rate", "5", "--user-prefix", "u"]);
    run(&["keys", "create", "--scope", SCOPES, "--source", "import:x"]);
    run(&["keys", "revoke", "key_nothing"]);
    run(&["replay", &folder.path("nothing").display().to_string()]);
    for by in DIMENSIONS {
        run(&["counts", "--by", by]);
    }
    said
}

#[test]
fn every_command_says_the_same_with_and_without_a_server() {
    // One deployment twice: the key of the hashes decides the order of lists.
    let without = Folder::new();
    without.ok(&["keys", "create", "--scope", "counts:read"]);
    let with = without.copy();
    let server = Server::start(&with);
    let [one, other] = [&without, &with].map(every_command);
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        let place = |value: &Value, folder: &Folder| {
            let text = value.to_string();
            text.replace(&folder.path("").display().to_string(), "")
        };
        assert_eq!(place(one, &without), place(other, &with), "{name}");
    }
    let codes: Vec<i64> = one.iter().filter_map(|(_, said)| said[0].as_i64()).collect();
    let failures = codes.iter().filter(|code| **code != 0).count();
    assert_eq!(failures, 5, "{one:?}");

    // For a person it is the same as well, and it stays the same when the server is gone.
    let texts = |folder: &Folder| {
        let mut texts = vec![
            folder.ok(&["audit"]),
            folder.ok(&["keys", "list"]),
            folder.ok(&["adjudicate", "list"]),
            folder.ok(&["explain", "play", "u8", "p8"]),
            folder.all_counts(),
        ];
        texts.extend(DIMENSIONS.map(|by| folder.ok(&["counts", "--by", by])));
        texts
    };
    let beside = texts(&with);
    server.end();
    assert_eq!(texts(&with), beside);
    assert_eq!(with.all_counts(), without.all_counts());
}

#[test]
fn the_doctor_looks_beside_a_server_and_rebuilds_only_without_one() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    api.report(&line("p", "u", "t", 31_000)).is(202);
    let said = folder.json(&["doctor"]);
    let checks = said["checks"].as_array().expect("a list");
    assert!(said["good"] == true && checks.len() >= 4, "{said}");
    assert!(checks.iter().all(|check| check["good"] == true), "{said}");
    assert!(said.to_string().contains("a server runs on this folder"), "{said}");
    let before = folder.files("");
    let ran = folder.run(&["doctor", "--rebuild"]);
    assert!(ran.code == 1 && ran.err.contains("stop the server first"), "{}", ran.all());
    assert_eq!(folder.files(""), before);
    assert_eq!(folder.counts("user"), [("u".to_owned(), 1)].into());
    server.end();
    for args in [&["doctor"][..], &["doctor", "--rebuild"], &["doctor"]] {
        let said = folder.json(args);
        assert_eq!(said["good"], true, "{args:?}: {said}");
        assert!(said.to_string().contains("no server runs on this folder"), "{said}");
        assert_eq!(folder.counts("user"), [("u".to_owned(), 1)].into());
    }
}

#[test]
fn a_second_server_is_refused_and_told_who_has_the_folder() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let ran = folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.all());
    assert!(ran.err.contains(&folder.data().display().to_string()), "{}", ran.err);
    assert!(ran.err.contains(&server.pid()), "which process has it? {}", ran.err);
    // The first one is not disturbed, and neither is one of another folder.
    let api = server.api(&folder, SCOPES);
    api.report(&line("p", "u", "t", 31_000)).is(202);
    let other = Folder::new();
    let elsewhere = Server::start(&other);
    assert_ne!(server.address(), elsewhere.address());
    // An address that is taken is named.
    let third = Folder::new();
    let ran = third.run(&["serve", "--listen", &server.address().to_string()]);
    assert!(ran.code == 1 && ran.err.contains(&server.address().to_string()), "{}", ran.all());
    // A process that is killed leaves no lock behind.
    server.kill();
    let server = Server::start(&folder);
    assert_eq!(folder.counts("user"), [("u".to_owned(), 1)].into());
    server.end();
    elsewhere.end();
}

/// Told to stop under load, it answers what it took, ends well, and has counted all of it.
#[test]
fn a_server_that_is_told_to_stop_loses_nothing() {
    let folder = Folder::new();
    let Work { batches, expected, .. } = Work::new(9, 6_000);
    let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };
    let mut key = None;
    for stop_after in [3, 40, 90] {
        let began = Instant::now();
        let server = Server::start(&folder);
        assert!(began.elapsed() < Duration::from_secs(10), "a start took {:?}", began.elapsed());
        let mut api = server.api(&folder, SCOPES);
        api.key = key.get_or_insert(api.key.clone()).clone();
        let clients = Clients::start(&api, sent, 3);
        clients.wait_for(stop_after);
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        assert!(ended.took < Duration::from_secs(30), "it took {:?} to end", ended.took);
        sent = clients.join();
        assert!(!sent.waiting.is_empty(), "it was told to stop under load");
        let audit = folder.balanced();
        let reports: usize = sent.acknowledged.iter().map(Vec::len).sum();
        let accepted = audit["reports"]["accepted"].as_u64().expect("a number");
        assert!(accepted >= reports as u64, "{accepted} of {reports} acknowledged reports");
        let stopped = folder.all_counts();
        // A start and an end in between change nothing.
        let server = Server::start(&folder);
        assert_eq!(folder.all_counts(), stopped);
        server.end();
        assert_eq!(folder.all_counts(), stopped);
    }
    let server = Server::start(&folder);
    let mut api = server.api(&folder, SCOPES);
    api.key = key.flatten();
    sent = Clients::start(&api, sent, 3).join();
    assert!(sent.waiting.is_empty());
    server.end();
    assert_eq!(folder.counts("user"), expected);
    folder.balanced();
}

/// A client that never finishes its request doesn't keep a server from ending.
#[test]
fn a_client_that_hangs_does_not_keep_a_server_from_ending() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    api.report(&line("p", "u", "t", 31_000)).is(202);
    let request = api.request("POST", crate::support::http::REPORT, &["Content-Length: 100"], b"{");
    let mut hanging = crate::support::Connection::open(server.address()).expect("it listens");
    hanging.send(&request).expect("it listens");
    let mut idle = crate::support::Connection::open(server.address()).expect("it listens");
    idle.call(&api.request("GET", "/healthz", &[], &[])).expect("an answer").is(200);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(ended.took < Duration::from_secs(25), "it took {:?}", ended.took);
    assert_eq!(folder.counts("user"), [("u".to_owned(), 1)].into());
}

/// Backfills beside live load: neither disturbs the other.
#[test]
fn a_replay_beside_live_load_changes_neither() {
    let folder = Folder::new();
    let Work { batches, expected, .. } = Work::new(10, 4_000);
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let clients = Clients::start(&api, Sent { waiting: batches, acknowledged: Vec::new() }, 2);
    let lines: String = (0..9_000)
        .map(|n| {
            let start =
                format!("2020-{:02}-{:02}T{:02}:00:00Z", 1 + n % 12, 1 + n / 12 % 28, n / 336 % 24);
            at(
                &format!("old{n}"),
                &format!("elder{}", n % 30),
                &format!("t{}", n % 19),
                31_000,
                &start,
            )
        })
        .collect();
    let file = folder.write("old.ndjson", lines);
    let said = folder.json(&["replay", &file, "--clock", "event"]);
    assert_eq!(said["accepted"], 9_000, "{said}");
    folder.balanced();
    let sent = clients.join();
    assert!(sent.waiting.is_empty());
    let mut both = folder.counts("user");
    let old: u64 = (0..30).filter_map(|n| both.remove(&format!("elder{n}"))).sum();
    assert_eq!((old, both), (9_000, expected));
    let said = folder.json(&["replay", &file, "--clock", "event"]);
    assert_eq!(said["verdicts"]["duplicate"], 9_000, "{said}");
    server.end();
    folder.balanced();
}
