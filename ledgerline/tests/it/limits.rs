//! Limits: bodies that end early, clients that are slow, keys and listeners that send too much.

use crate::support::http::{NDJSON, REPORT};
use crate::support::reports::{line, now_ms, with};
use crate::support::{Connection, Folder, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A play that counts. Each is of another track: one listener's plays of one track alone are held.
fn play(user: &str, number: usize) -> String {
    line(&format!("p{number}"), user, &format!("t{number}"), 30_000)
}

const SCOPES: &str = "reports:write,counts:read";

fn accepted(law: &Value) -> u64 {
    let partitions = law["partitions"].as_array().into_iter().flatten();
    let hours = partitions.flat_map(|it| it["hours"].as_array().into_iter().flatten());
    hours.filter_map(|hour| hour["accepted"].as_u64()).sum()
}

/// Bodies of which the client sends only a part, then hangs up or falls silent for good: of none
/// is anything kept, however many whole reports arrived.
#[test]
fn bodies_that_end_early_leave_nothing_behind() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let ndjson = format!("Content-Type: {NDJSON}");
    let body: String = (0..200).map(|n| play("u", n)).collect();
    let whole = api.request("POST", REPORT, &[&ndjson], body.as_bytes());
    let head = whole.len() - body.len();
    let chunked = api.request("POST", REPORT, &[&ndjson, "Transfer-Encoding: chunked"], &[]);
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let rows = [
        ("half the head", whole[..head / 2].to_vec()),
        ("the head alone", whole[..head].to_vec()),
        ("one report", whole[..head + body.find('\n').expect("lines") + 1].to_vec()),
        ("half the body", whole[..head + body.len() / 2].to_vec()),
        ("all but the last byte", whole[..whole.len() - 1].to_vec()),
        ("a chunk without an end", [&chunked[..], chunk.as_bytes()].concat()),
        ("half a chunk", [&chunked[..], &chunk.as_bytes()[..chunk.len() / 2]].concat()),
        ("a bad chunk", [&chunked[..], chunk.as_bytes(), b"zz\r\n"].concat()),
        ("no HTTP", b"EHLO mail.example.org\r\n\r\n".to_vec()),
        ("another protocol", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        (
            "two lengths",
            api.request(
                "POST",
                REPORT,
                &[&ndjson, "Content-Length: 5", "Content-Length: 9"],
                &whole[head..],
            ),
        ),
        (
            "a negative length",
            api.request("POST", REPORT, &[&ndjson, "Content-Length: -5"], &whole[head..]),
        ),
    ];
    let mut silent = Vec::new();
    for (what, bytes) in &rows {
        // One client hangs up at once.
        let mut client = Connection::open(server.address()).expect("the server listens");
        client.send(bytes).expect(what);
        drop(client);
        // One says that it is done, and listens.
        let mut client = Connection::open(server.address()).expect("the server listens");
        client.send(bytes).expect(what);
        // The server may have hung up already.
        let _ = client.end_sending();
        if let Ok(answer) = client.answer() {
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
        }
        // One falls silent, and is still there at the end.
        let mut client = Connection::open(server.address()).expect("the server listens");
        client.send(bytes).expect(what);
        silent.push(client);
        assert_eq!(accepted(&api.get("/api/v1/conservation").is(200)), 0, "{what}");
    }
    let answer = Connection::open(server.address()).and_then(|mut it| it.call(&whole));
    assert_eq!(answer.expect("an answer").is(202)["accepted"], 200);
    let counted = api.get("/api/v1/counts?by=user").is(200);
    assert_eq!(counted["rows"], json!([{ "user_id": "u", "counted": 200 }]));
    drop(silent);
    server.end();
    folder.balanced();
}

/// A client that sends byte by byte keeps nobody waiting, and is answered when it is done.
#[test]
fn a_slow_client_keeps_nobody_waiting() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let ndjson = format!("Content-Type: {NDJSON}");
    let mut slow: Vec<(Connection, Vec<u8>)> = (0..50)
        .map(|number| {
            let body = play("slow", number);
            let request = api.request("POST", REPORT, &[&ndjson], body.as_bytes());
            let mut client = Connection::open(server.address()).expect("the server listens");
            let (first, rest) = request.split_at(request.len() - 1 - number * 5);
            client.send(first).expect("it listens");
            (client, rest.to_vec())
        })
        .collect();
    for number in 0..20 {
        for (client, rest) in slow.iter_mut().filter(|(_, rest)| rest.len() > 1) {
            client.send(&rest[..1]).expect("it listens");
            rest.remove(0);
        }
        api.report(&play("fast", number)).is(202);
        let counted = api.get("/api/v1/counts?by=user").is(200);
        let rows = json!([{ "user_id": "fast", "counted": number + 1 }]);
        assert_eq!(counted["rows"], rows);
    }
    for (mut client, rest) in slow {
        client.send(&rest).expect("it listens");
        assert_eq!(client.answer().expect("an answer").is(202)["accepted"], 1);
    }
    server.end();
    let counted = [("fast".to_owned(), 20), ("slow".to_owned(), 50)];
    assert_eq!(folder.counts("user"), counted.into());
}

/// A key with a rate is stopped, told when to come again, and let through then.
#[test]
fn a_key_sends_as_much_as_its_rate() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let limited = server.api_of(&folder, &["--scope", SCOPES, "--rate", "10", "--source", "web"]);
    let other = server.api_of(&folder, &["--scope", SCOPES, "--source", "app"]);
    let lines = |from: usize, count: usize| -> String {
        (from..from + count).map(|n| play("u", n)).collect()
    };
    // Two seconds' worth may come at once; then it is empty, for a moment.
    limited.report(&lines(0, 60)).is(202);
    let answer = limited.report(&lines(60, 5));
    answer.refused(429, "rate_limited");
    let seconds: u64 =
        answer.header("retry-after").and_then(|it| it.parse().ok()).expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    // Nobody else is touched, and reading isn't limited.
    other.report(&lines(0, 100)).is(202);
    let counted = || limited.get("/api/v1/counts?by=user").is(200)["rows"][0]["counted"].clone();
    assert_eq!(counted(), 160, "nothing of the refused body was kept");
    let began = Instant::now();
    let answer = loop {
        let answer = limited.report(&lines(60, 5));
        if answer.status != 429 {
            break answer;
        }
        answer.refused(429, "rate_limited");
        assert!(began.elapsed() < Duration::from_secs(60), "it is never let through again");
    };
    answer.is(202);
    assert!(began.elapsed() > Duration::from_secs(2), "60 reports in less than 4 s");
    assert_eq!(counted(), 165);
    server.end();
    folder.balanced();
}

/// A rate of nothing is no rate: such a key could never send.
#[test]
fn a_rate_of_zero_is_refused() {
    let folder = Folder::new();
    let ran = folder.run(&["keys", "create", "--scope", "reports:write", "--rate", "0"]);
    assert_ne!(ran.code, 0, "{}", ran.all());
}

/// A key for some users may not report others', and those of the body that are its own are kept.
#[test]
fn a_key_reports_only_its_own_users() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", SCOPES, "--user-prefix", "eu-"]);
    let body = [line("p1", "eu-anna", "t", 30_000), line("p2", "us-anna", "t", 30_000)].concat();
    let answer = api.report(&body).is(202);
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["line"]), (&json!(1), &json!(2)));
    assert_eq!(answer["rejected"][0]["code"], "user_not_allowed");
    let problem = api.report(&line("p3", "EU-anna", "t", 30_000)).refused(422, "all_rejected");
    assert_eq!(problem["rejected"][0]["code"], "user_not_allowed");
    let nobody = json!({ "track_id": "t", "duration_listened_ms": 30_000, "play_id": "p4" });
    api.report(&format!("{nobody}\n")).refused(422, "all_rejected");
    server.end();
    assert_eq!(folder.counts("user"), [("eu-anna".to_owned(), 1)].into());
}

/// A listener with more new plays in an hour than anyone has is stopped until the hour is over:
/// what comes then is not kept and never counted, while other listeners' reports are.
#[test]
fn a_listener_starts_at_most_two_thousand_plays_an_hour() {
    // Where the hour ends in the middle, it is tried again in the next one.
    let hour = || now_ms() / 3_600_000;
    for _ in 0..2 {
        let began = hour();
        let outcome = std::panic::catch_unwind(too_many_plays);
        match outcome {
            Ok(()) => return,
            Err(panic) if hour() == began => std::panic::resume_unwind(panic),
            Err(_) => {}
        }
    }
    panic!("two hours ended in the middle");
}

fn too_many_plays() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", SCOPES, "--source", "web"]);
    // They start in different hours, so that no fraud rule is touched.
    let now = now_ms();
    let play = |number: u64, user: &str| {
        let further = json!({ "started_at": now - 3_600_000 - number * 600_000 });
        with(&format!("p{number}"), user, &format!("t{}", number % 50), 30_000, &further)
    };
    let status = |number: u64, user: &str| api.get(&format!("/api/v1/plays/{user}/p{number}"));
    api.report(&(0..2_000).map(|n| play(n, "busy")).collect::<String>()).is(202);
    let counted = api.get("/api/v1/counts?by=user").is(200);
    assert_eq!(counted["rows"], json!([{ "user_id": "busy", "counted": 2_000 }]));

    // A few more may pass before the listener is closed out; from then on nothing does.
    let began = Instant::now();
    let mut next = 2_000;
    let refused = loop {
        let answer = api.report(&play(next, "busy"));
        if answer.status != 202 {
            break answer;
        }
        api.get("/api/v1/counts?by=user").is(200);
        next += 1;
        assert!(next <= 2_010 && began.elapsed() < Duration::from_secs(60), "{next} plays");
    };
    refused.refused(429, "too_many_plays");
    let seconds: u64 =
        refused.header("retry-after").and_then(|it| it.parse().ok()).expect("seconds");
    let left = 3_600 - now_ms() / 1_000 % 3_600;
    assert!(seconds.abs_diff(left) <= 5, "{seconds} s, but the hour lasts {left} s more");
    status(next, "busy").refused(404, "play_not_found");

    let mixed = [play(next, "busy"), play(1, "calm"), play(next + 1, "busy")].concat();
    let answer = api.report(&mixed).is(202);
    assert_eq!(answer["accepted"], 1);
    let rejected = answer["rejected"].as_array().expect("a list");
    let shown: Vec<_> = rejected.iter().map(|it| (&it["line"], &it["code"])).collect();
    let code = json!("too_many_plays");
    assert_eq!(shown, [(&json!(1), &code), (&json!(3), &code)]);
    assert_eq!(status(1, "calm").is(200)["status"], "counted");

    server.end();
    let expected = [("busy".to_owned(), next), ("calm".to_owned(), 1)];
    assert_eq!(folder.counts("user"), expected.into());
    folder.balanced();
}
