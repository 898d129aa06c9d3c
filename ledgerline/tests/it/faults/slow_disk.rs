//! A disk on which every sync takes long: acknowledgements wait for it, batches share it, and what
//! is too much is sent away.

use super::trace::calls;
use crate::support::http::{NDJSON, REPORT};
use crate::support::memory::Memory;
use crate::support::reports::line;
use crate::support::strace::Strace;
use crate::support::{Api, Connection, Folder, Server, long, measured};
use serde_json::json;
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
/// How long each sync of a log takes.
const SYNC: Duration = Duration::from_millis(3_000);
/// More than the server has under way at once.
const CLIENTS: usize = 1_400;

/// What became of one batch: its status, and how long the answer took.
struct Outcome {
    status: u16,
    took: Duration,
}

/// Each client sends one batch of three plays, all at once; a refused one is sent again, once it
/// may come. Every client's first answer.
fn send_all(api: &Api, clients: usize, round: usize) -> Vec<Outcome> {
    let (tell, told) = mpsc::channel();
    let at_once = Arc::new(Barrier::new(clients));
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let (api, tell, at_once) = (api.clone(), tell.clone(), at_once.clone());
            let run = move || {
                let lines: String = (0..3)
                    .map(|n| {
                        let name = format!("r{round}c{client}n{n}");
                        line(&name, &format!("u{client}"), &format!("t{round}{n}"), 31_000)
                    })
                    .collect();
                let kind = format!("Content-Type: {NDJSON}");
                let request = api.request("POST", REPORT, &[&kind], lines.as_bytes());
                let mut connection = Connection::open(api.address).expect("it listens");
                at_once.wait();
                let mut first = true;
                loop {
                    let began = Instant::now();
                    // So many at once may be more than the system lets wait for the server.
                    let Ok(answer) = connection.call(&request) else {
                        connection = Connection::open(api.address).expect("it listens");
                        continue;
                    };
                    if answer.status != 202 {
                        answer.refused(503, "overloaded");
                        assert!(answer.header("retry-after").is_some(), "{answer:?}");
                    }
                    if std::mem::take(&mut first) {
                        let outcome = Outcome { status: answer.status, took: began.elapsed() };
                        tell.send(outcome).expect("somebody listens");
                    }
                    if answer.status == 202 {
                        return;
                    }
                    crate::support::pass(200_000);
                }
            };
            std::thread::Builder::new().stack_size(256 << 10).spawn(run).expect("a thread")
        })
        .collect();
    for thread in threads {
        thread.join().expect("it doesn't panic");
    }
    drop(tell);
    told.into_iter().collect()
}

#[test]
fn a_slow_disk_makes_acknowledgements_wait_and_loses_nothing() {
    let folder = Folder::new();
    let Some(strace) = Strace::new(folder.path("trace")) else { return };
    let micros = SYNC.as_micros();
    let mut strace = strace.calls("fdatasync").inject(&format!("fdatasync:delay_enter={micros}"));
    for partition in 0..4 {
        strace = strace.on(&folder.data().join(format!("reports/p{partition:03}/{:020}.log", 0)));
    }
    let server = Server::spawn_under(&folder, &strace.words(), &[]).listening().expect("it starts");
    let api = server.api(&folder, SCOPES);
    let before = Memory::of(&server.pid());
    let rounds = if long() { 10 } else { 1 };
    let mut outcomes = Vec::new();
    for round in 0..rounds {
        outcomes.extend(send_all(&api, CLIENTS, round));
    }
    let after = Memory::of(&server.pid());
    let counted: u64 = {
        let counts = api.get("/api/v1/counts?by=track").is(200);
        counts["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["counted"].as_u64())
            .sum()
    };
    assert_eq!(counted, (CLIENTS * 3 * rounds) as u64, "nothing is lost, nothing twice");
    let acknowledged: Vec<_> = outcomes.iter().filter(|it| it.status == 202).collect();
    let refused = outcomes.len() - acknowledged.len();
    // The sync itself takes that long: an answer before is one before the disk's.
    let fastest = acknowledged.iter().map(|it| it.took).min().expect("some are taken at once");
    assert!(fastest >= SYNC, "an acknowledgement after {fastest:?}");
    assert!(refused > 0, "{CLIENTS} at once are too many");
    let grown = after.anonymous_kib.saturating_sub(before.anonymous_kib);
    assert!(grown < 400 << 10, "{grown} KiB more than before");
    server.end();
    folder.balanced();
    let calls = calls(&strace.written());
    let syncs = calls.iter().filter(|call| call.on.contains("/reports/")).count();
    assert!(syncs > 0, "strace saw none");
    let batches = CLIENTS * rounds;
    assert!(syncs < batches / 4, "{syncs} syncs for {batches} batches");
    measured(
        "slow_disk",
        &json!({
            "ms_for_each_sync": u64::try_from(SYNC.as_millis()).expect("short"),
            "batches": batches,
            "refused_at_first": refused,
            "syncs_of_the_log": syncs,
            "ms_to_the_first_202": u64::try_from(fastest.as_millis()).expect("short"),
            "anonymous_mib_grown": grown >> 10,
            "counted": counted,
        }),
    );
}
