//! A disk without room: reports are refused, what was acknowledged stays, reading goes on; and when
//! there is room again, so does everything, without a restart.

use super::kills::counted_of;
use crate::support::http::{NDJSON, REPORT};
use crate::support::load::{Batch, Sent, Work};
use crate::support::small_disk::SmallDisk;
use crate::support::{Answer, Api, Connection, measured, pass, skip};
use rustix::process::Pid;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
/// So many plays have more bytes than the disk has room.
const PLAYS: u64 = 60_000;
/// So many refusals are looked at before there is room.
const REFUSALS: u64 = 40;
/// Room is noticed within this.
const NOTICED: Duration = Duration::from_secs(60);

fn send(connection: &mut Connection, api: &Api, batch: &Batch) -> Answer {
    let kind = format!("Content-Type: {NDJSON}");
    let request = api.request("POST", REPORT, &[&kind], batch.concat().as_bytes());
    connection.call(&request).expect("an answer, whatever it is")
}

/// A refusal says that the disk is full, and when to come again.
fn check_refusal(answer: &Answer) {
    answer.refused(503, "storage_full");
    let seconds: u64 =
        answer.header("retry-after").and_then(|it| it.parse().ok()).expect("Retry-After");
    assert!((1..=300).contains(&seconds), "{seconds} s");
}

/// What can be read while the disk is full; the reports that are counted then.
fn check_reading(api: &Api, sent: &Sent) -> u64 {
    api.get("/healthz").is(200);
    let ready = api.get("/readyz").refused(503, "not_ready");
    let problems = ready["problems"].to_string();
    assert!(problems.contains("full"), "{problems}");
    let law = api.get("/api/v1/conservation").is(200);
    assert_eq!(law["holds"], true, "{law}");
    let counts = api.get("/api/v1/counts?by=user").is(200);
    let most = counted_of(sent.acknowledged.iter().chain(&sent.waiting));
    let mut sum = 0;
    for row in counts["rows"].as_array().expect("rows") {
        let user = row["user_id"].as_str().expect("a listener");
        let counted = row["counted"].as_u64().expect("a number");
        assert!(counted <= most[user], "{user}: {row}");
        sum += counted;
    }
    sum
}

/// Sends what waits until so many batches were refused, or everything is acknowledged.
fn send_until_refused(api: &Api, sent: &mut Sent, refusals: u64) -> u64 {
    let mut connection = Connection::open(api.address).expect("it listens");
    let mut refused = 0;
    while refused < refusals
        && let Some(batch) = sent.waiting.pop_front()
    {
        let answer = send(&mut connection, api, &batch);
        if answer.status == 202 {
            sent.acknowledged.push(batch);
        } else {
            check_refusal(&answer);
            refused += 1;
            // Some that come later may be small enough.
            sent.waiting.push_back(batch);
        }
    }
    refused
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < NOTICED, "{what} doesn't come");
        pass(5_000);
    }
    began.elapsed()
}

fn check(disk: &SmallDisk) -> Value {
    let folder = &disk.folder;
    let server = disk.start();
    let api = server.api(folder, SCOPES);
    let Work { batches, expected, .. } = Work::new(7, PLAYS);
    let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };

    let refused = send_until_refused(&api, &mut sent, REFUSALS);
    assert_eq!(refused, REFUSALS, "{} batches were taken", sent.acknowledged.len());
    let counted = check_reading(&api, &sent);
    let kept = sent.acknowledged.len();
    assert!(kept > 10, "{kept}");

    disk.make_room(Pid::from_raw(server.pid().parse().expect("a number")).expect("not 0"));
    let mut connection = Connection::open(api.address).expect("it listens");
    let took = wait_until("a 202", || {
        let batch = sent.waiting.pop_front().expect("there is more");
        let taken = send(&mut connection, &api, &batch).status == 202;
        if taken {
            sent.acknowledged.push(batch);
        } else {
            sent.waiting.push_front(batch);
        }
        taken
    });
    wait_until("readiness", || api.get("/readyz").status == 200);
    let in_between = counted_of(sent.acknowledged.iter());
    let counts = api.get("/api/v1/counts?by=user").is(200);
    for row in counts["rows"].as_array().expect("rows") {
        let user = row["user_id"].as_str().expect("a listener");
        assert!(row["counted"].as_u64() >= in_between.get(user).copied(), "{row}");
    }
    let refused = send_until_refused(&api, &mut sent, 1);
    assert_eq!(refused, 0, "there is room for everything now");
    server.end();
    assert_eq!(folder.counts("user"), expected);
    folder.balanced();
    json!({
        "acknowledged_batches_while_filling": kept,
        "refused_batches": REFUSALS,
        "counted_while_full": counted,
        "ms_to_the_next_202": u64::try_from(took.as_millis()).expect("it was short"),
        "counted": expected.values().sum::<u64>(),
    })
}

#[test]
fn a_small_file_system_fills_and_gets_room_again() {
    match SmallDisk::mounted() {
        Ok(disk) => measured("full_disk", &check(&disk)),
        Err(why) => skip(&format!("{why}; files that may not grow stand in for a full disk")),
    }
}

#[test]
fn files_that_may_not_grow_are_a_full_disk() {
    check(&SmallDisk::limited());
}

/// A server on a full disk can be stopped, killed and started, and loses nothing by it.
#[test]
fn a_full_disk_keeps_nobody_from_stopping_and_starting() {
    let disk = match SmallDisk::mounted() {
        Ok(disk) => disk,
        Err(why) => return skip(&why),
    };
    let folder = &disk.folder;
    let server = disk.start();
    let mut api = server.api(folder, SCOPES);
    let Work { batches, expected, .. } = Work::new(8, PLAYS);
    let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };
    send_until_refused(&api, &mut sent, 3);
    server.kill();
    // It may not come up as long as there is no room; then it says so.
    match disk.spawn().listening() {
        Ok(server) => {
            api.address = server.address();
            send_until_refused(&api, &mut sent, 3);
            let ended = server.stop();
            assert!(ended.took < Duration::from_secs(30), "{:?}: {}", ended.took, ended.log);
        }
        Err(said) => assert!(said.contains("full") || said.contains("No space left"), "{said}"),
    }
    // Room is made while nobody runs.
    disk.make_room(Pid::INIT);
    let server = disk.start();
    api.address = server.address();
    assert_eq!(send_until_refused(&api, &mut sent, 1), 0, "there is room");
    server.end();
    assert_eq!(folder.counts("user"), expected);
    folder.balanced();
}
