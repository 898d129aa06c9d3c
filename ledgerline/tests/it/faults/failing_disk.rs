//! A disk that fails: what it refused is acknowledged to nobody, and what was acknowledged stays.

use super::kills::counted_of;
use crate::support::http::{NDJSON, REPORT};
use crate::support::load::{Sent, Work};
use crate::support::reports::line;
use crate::support::strace::Strace;
use crate::support::{Answer, Api, Connection, DEADLINE, Folder, Server, measured, pass};
use serde_json::json;
use std::time::Instant;

const SCOPES: &str = "reports:write,counts:read";

/// The file that a partition's report log begins with.
fn log_of(folder: &Folder, partition: u16) -> std::path::PathBuf {
    folder.data().join(format!("reports/p{partition:03}/{:020}.log", 0))
}

fn check_refusal(answer: &Answer) {
    answer.refused(503, "storage_failed");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

fn wait_until_ready(api: &Api) {
    let began = Instant::now();
    while api.get("/readyz").status != 200 {
        assert!(began.elapsed() < DEADLINE, "it doesn't go on by itself");
        pass(5_000);
    }
}

/// A sync of the log fails: that log takes nothing more, and says so.
#[test]
fn a_failed_sync_closes_the_intake_and_loses_nothing() {
    for (name, call) in
        [("sync", "fdatasync:error=EIO:when=9"), ("write", "pwrite64:error=EIO:when=9")]
    {
        let folder = Folder::new();
        let Some(strace) = Strace::new(folder.path("trace")) else { return };
        let strace = strace.calls("fdatasync,pwrite64").on(&log_of(&folder, 2)).inject(call);
        let server = Server::spawn_under(&folder, &strace.words(), &[]);
        let server = server.listening().expect("it starts");
        let mut api = server.api(&folder, SCOPES);
        let Work { batches, expected, .. } = Work::new(9, 3_000);
        let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };
        let mut refused = 0;
        let mut connection = Connection::open(api.address).expect("it listens");
        let mut later = Vec::new();
        while let Some(batch) = sent.waiting.pop_front() {
            let kind = format!("Content-Type: {NDJSON}");
            let request = api.request("POST", REPORT, &[&kind], batch.concat().as_bytes());
            let answer = connection.call(&request).expect("an answer");
            if answer.status == 202 {
                assert_eq!(refused, 0, "{name}: every batch has reports of that partition");
                sent.acknowledged.push(batch);
            } else {
                check_refusal(&answer);
                refused += 1;
                later.push(batch);
            }
        }
        assert!(refused > 0, "{name}: the {name} failed");
        assert!(!sent.acknowledged.is_empty(), "{name}: it failed too early");
        let ready = api.get("/readyz").refused(503, "not_ready");
        let problems = ready["problems"].to_string();
        assert!(problems.contains("p002") && problems.contains("restart"), "{name}: {problems}");
        api.get("/healthz").is(200);
        assert_eq!(api.get("/api/v1/conservation").is(200)["holds"], true);
        api.get("/api/v1/counts?by=user").is(200);
        server.kill();

        // What was acknowledged is there; of what was not, what is there was sent.
        let least = counted_of(sent.acknowledged.iter());
        for (user, counted) in folder.counts("user") {
            assert!(counted >= least.get(&user).copied().unwrap_or_default(), "{name}: {user}");
            assert!(counted <= expected[&user], "{name}: {user}");
        }
        let server = Server::start(&folder);
        api.address = server.address();
        wait_until_ready(&api);
        for batch in later {
            api.report(&batch.concat()).is(202);
        }
        server.end();
        assert_eq!(folder.counts("user"), expected, "{name}");
        folder.balanced();
        let figures = json!({
            "failed": name,
            "acknowledged_batches": sent.acknowledged.len(),
            "refused_batches": refused,
            "lost": 0,
        });
        measured("failing_disk", &figures);
    }
}

/// The intake waits for nothing behind the report log: while counting can't write, reports are
/// acknowledged as ever, and counted once it can again.
#[test]
fn the_intake_answers_while_counting_waits() {
    let folder = Folder::new();
    let Some(strace) = Strace::new(folder.path("trace")) else { return };
    // Its files are there before anything fails.
    Server::start(&folder).end();
    // Each worker's plays log takes nothing, some times: then it does.
    let mut strace = strace.calls("pwrite64").inject("pwrite64:error=EIO:when=1..6");
    for partition in 0..4 {
        strace = strace.on(&folder.data().join(format!("plays/p{partition:03}/{:020}.log", 0)));
    }
    let server = Server::spawn_under(&folder, &strace.words(), &[]).listening().expect("it starts");
    let api = server.api(&folder, SCOPES);
    let mut acknowledged_while_waiting = 0;
    let began = Instant::now();
    let mut number = 0;
    loop {
        let plays = number..number + 20;
        number += 20;
        let lines: String = plays
            .map(|n| line(&format!("p{n}"), &format!("u{}", n % 400), &format!("t{n}"), 31_000))
            .collect();
        api.report(&lines).is(202);
        let ready = api.get("/readyz");
        let waits = ready.status == 503 && ready.json()["problems"].to_string().contains("waits");
        acknowledged_while_waiting += u64::from(waits);
        if acknowledged_while_waiting >= 100 || began.elapsed() > DEADLINE {
            break;
        }
    }
    assert!(acknowledged_while_waiting >= 100, "{acknowledged_while_waiting}");
    wait_until_ready(&api);
    let counts = api.get("/api/v1/counts?by=user").is(200);
    let counted = |row: &serde_json::Value| row["counted"].as_u64();
    let sum: u64 = counts["rows"].as_array().expect("rows").iter().filter_map(counted).sum();
    assert_eq!(sum, number);
    server.end();
    folder.balanced();
    measured(
        "counting_waits",
        &json!({ "acknowledged_while_counting_waits": acknowledged_while_waiting, "counted": sum }),
    );
}
