//! Processes that are killed at any moment, and clients that send again what they must and more:
//! in the end every play that was acknowledged is counted, and counted once.

use crate::support::folder::pid_of;
use crate::support::load::{Batch, Clients, Sent, Work};
use crate::support::reports::{line, with};
use crate::support::{Api, DEADLINE, Folder, Random, Server};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const SCOPES: &str = "reports:write,counts:read";

/// Passes so much time, in which something else happens.
fn pass(micros: u64) {
    let (never, wait) = mpsc::channel::<()>();
    let _ = wait.recv_timeout(Duration::from_micros(micros));
    drop(never);
}

/// How many plays of each listener the server counts.
fn counted(api: &Api) -> BTreeMap<String, u64> {
    let counts = api.get("/api/v1/counts?by=user").is(200);
    let rows = counts["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let user = row["user_id"].as_str().expect("a listener").to_owned();
        (user, row["counted"].as_u64().expect("a number"))
    })
    .collect()
}

/// How many plays count where these batches, and no others, came.
fn counted_of<'b>(batches: impl Iterator<Item = &'b Batch>) -> BTreeMap<String, u64> {
    let mut plays = BTreeMap::<String, (String, u64)>::new();
    for report in batches.flatten() {
        let report: Value = serde_json::from_str(report).expect("we wrote it");
        let text = |field: &str| report[field].as_str().expect("a text").to_owned();
        let listened = report["duration_listened_ms"].as_u64().expect("a number");
        let play = plays.entry(text("play_id")).or_insert((text("user_id"), 0));
        play.1 = play.1.max(listened);
    }
    let mut counted = BTreeMap::new();
    for (user, _) in plays.into_values().filter(|(_, listened)| *listened >= 30_000) {
        *counted.entry(user).or_default() += 1;
    }
    counted
}

/// What is acknowledged counts; beyond it only what was sent can.
fn check_between(found: &BTreeMap<String, u64>, sent: &Sent, expected: &BTreeMap<String, u64>) {
    for (user, least) in counted_of(sent.acknowledged.iter()) {
        let found = found.get(&user).copied().unwrap_or_default();
        assert!(found >= least, "{user} has {found} plays, but {least} were acknowledged");
    }
    for (user, found) in found {
        let most = expected.get(user).copied().unwrap_or_default();
        assert!(*found <= most, "{user} has {found} plays, but only {most} were played");
    }
}

/// What had no answer is sent again, cut in two and in another order; so is some of what had one.
fn send_again(sent: &mut Sent, random: &mut Random) {
    let clients = sent.waiting.len().min(2);
    for _ in 0..clients {
        let mut batch = sent.waiting.pop_front().expect("it is there");
        random.shuffle(&mut batch);
        let rest = batch.split_off(batch.len() / 2);
        sent.waiting.extend([rest, batch].into_iter().filter(|part| !part.is_empty()));
    }
    for _ in 0..2 {
        if !sent.acknowledged.is_empty() {
            let mut batch = sent.acknowledged[random.index(sent.acknowledged.len())].clone();
            random.shuffle(&mut batch);
            batch.truncate(1 + random.index(batch.len()));
            let place = random.index(sent.waiting.len() + 1);
            sent.waiting.insert(place, batch);
        }
    }
}

/// One trial: a server that is killed `kills` times while clients send.
fn check(seed: u64, kills: u32, entries_max: &str) {
    let folder = Folder::new();
    let mut random = Random::new(seed);
    let Work { batches, expected, plays } = Work::new(seed, 9_000);
    let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };
    let settings = [("LEDGERLINE_TABLE_ENTRIES_MAX", entries_max)];
    let start = || Server::spawn_with(&folder, &settings).listening().expect("it starts");
    let server = start();
    let mut api = server.api(&folder, SCOPES);
    let mut server = Some(server);
    for life in 0..kills {
        if random.below(3) == 0 {
            // Killed while it opens the folder again, the next one begins from there.
            drop(server.take());
            let starting = Server::spawn_with(&folder, &settings);
            pass(random.below(40_000));
            drop(starting);
        }
        let running = server.take().unwrap_or_else(start);
        api.address = running.address();
        let law = api.get("/api/v1/conservation").is(200);
        assert_eq!(law["holds"], true, "life {life} of seed {seed}: {law}");
        check_between(&counted(&api), &sent, &expected);
        let clients = Clients::start(&api, sent, 2);
        clients.wait_for(random.below(35));
        if random.below(3) == 0 {
            // In the middle of a reader's snapshot as well.
            let api = api.clone();
            std::thread::spawn(move || {
                let request = api.request("GET", "/api/v1/counts?by=track", &[], &[]);
                crate::support::Connection::open(api.address).and_then(|mut it| it.call(&request))
            });
        }
        pass(random.below(8_000));
        running.kill();
        sent = clients.join();
        send_again(&mut sent, &mut random);
    }
    let running = start();
    api.address = running.address();
    let sent = Clients::start(&api, sent, 2).join();
    assert!(sent.waiting.is_empty(), "everything is acknowledged in the end");
    assert_eq!(counted_of(sent.acknowledged.iter()), expected);
    assert_eq!(counted(&api), expected, "seed {seed}");
    running.kill();
    assert_eq!(folder.counts("user"), expected, "seed {seed}");
    let audit = folder.balanced();
    let sum: u64 =
        audit["plays"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    assert_eq!(sum, plays, "{audit}");
    let reports: usize = sent.acknowledged.iter().map(Vec::len).sum();
    assert!(audit["reports"]["accepted"].as_u64() >= Some(reports as u64), "{audit}");
}

#[test]
fn a_server_that_is_killed_again_and_again_counts_every_play_once() {
    check(1, 14, "500000");
}

#[test]
fn a_server_that_seals_often_and_is_killed_counts_every_play_once() {
    check(2, 14, "60");
}

/// The same for `replay`: killed on its way, and run again until it ends.
#[test]
fn a_replay_that_is_killed_is_run_again() {
    let made = Folder::new();
    let (out, truth) = (made.write("made.ndjson", ""), made.write("truth.json", ""));
    let args = ["demo", "generate", "--reports", "40000", "--out", &out, "--truth", &truth];
    made.ok(&args);
    let lines = std::fs::read(&out).expect("it was written");
    let truth: Value = serde_json::from_slice(&std::fs::read(&truth).unwrap()).unwrap();

    let folder = Folder::new();
    let devices = folder.write("bots.txt", truth["bot_devices"][0].as_str().expect("a device"));
    folder.ok(&["catalog", "devices", "add", &devices]);
    let mut random = Random::new(3);
    for _ in 0..8 {
        let mut command = folder.command(&["replay", "-", "--clock", "event"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        let length = 1 + random.index(lines.len());
        stdin.write_all(&lines[..length]).expect("it reads");
        pass(random.below(30_000));
        kill_process(pid_of(&child), Signal::KILL).expect("it still reads");
        child.wait().expect("it can be waited for");
    }
    let said = folder.json(&["replay", &out, "--clock", "event"]);
    assert_eq!(said["accepted"], 40_000);
    for by in ["track", "user", "territory", "tier", "day"] {
        assert_eq!(json!(folder.counts(by)), truth["counted"][format!("by_{by}")], "by {by}");
    }
    let audit = folder.balanced();
    assert_eq!(audit["plays"], truth["plays"]);
}

/// Runs a command that may not write a file beyond [`SMALL_BYTES`]: the system ends it at its first
/// write to the report log, while the store took what it wrote.
fn run_with_small_files(folder: &Folder, args: &[&str]) {
    let plain = folder.command(args);
    let mut command = Command::new("sh");
    // POSIX: in units of 512 bytes.
    let limit = format!("ulimit -c 0; ulimit -f {}; exec \"$0\" \"$@\"", SMALL_BYTES / 512);
    command.arg("-c").arg(limit);
    command.arg(plain.get_program()).args(plain.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("there is a shell");
    let pid = pid_of(&child);
    let (done, watched) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if watched.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let status = child.wait().expect("it can be waited for");
    drop(done);
    watch.join().expect("watching doesn't panic");
    assert!(!status.success(), "it was to be ended at its first write to the report log");
}

/// Plays with so long texts that each segment of the report log is larger than the store's files.
fn fill(folder: &Folder, further: &[String]) {
    let long = "x".repeat(128);
    let fields = json!({ "session_id": long, "context": { "type": long, "id": long } });
    let lines = (0..12_000).map(|n| {
        with(&format!("p{n}"), &format!("u{}", n % 97), &format!("t{}", n % 13), 31_000, &fields)
    });
    let lines: String = lines.chain(further.iter().cloned()).collect();
    let args = ["replay", "-"];
    folder.run_with_input(&args, lines.as_bytes()).good(&args);
    let segments = folder.files("reports").into_iter().filter(|file| file.ends_with(".log"));
    for segment in segments {
        let bytes = folder.data().join(segment).metadata().expect("it is there").len();
        assert!(bytes > 2 * SMALL_BYTES, "{bytes}");
    }
}

/// Larger than what the store writes of a small change, smaller than a segment of [`fill`].
const SMALL_BYTES: u64 = 300_000;

/// The catalogue is in the store, and what counting must be told of it in the log. A crash
/// between the two is healed by the next start, or by importing the same file again.
#[test]
fn a_catalogue_import_that_is_cut_off_is_healed() {
    let folder = Folder::new();
    let tracks =
        (0..13).fold("track_id,duration_ms\n".to_owned(), |all, n| format!("{all}t{n},60000\n"));
    let first = folder.write("first.csv", tracks);
    folder.ok(&["catalog", "import", &first]);
    let plays = [line("new1", "anna", "later", 31_000), line("new2", "bo", "later", 31_000)];
    fill(&folder, &plays);
    assert!(!folder.counts("track").contains_key("later"));
    let later = folder.write("later.csv", "track_id,duration_ms\nlater,60000\n");
    run_with_small_files(&folder, &["catalog", "import", &later]);
    folder.ok(&["catalog", "import", &later]);
    assert_eq!(folder.counts("track").get("later"), Some(&2), "both plays are of a known track");
    folder.balanced();
}

/// The same for the list of devices.
#[test]
fn a_device_list_that_is_cut_off_is_healed() {
    let folder = Folder::new();
    fill(&folder, &[with("p", "anna", "t", 31_000, &json!({ "device_id": "bot-1" }))]);
    assert_eq!(folder.counts("user").get("anna"), Some(&1));
    let devices = folder.write("bots.txt", "bot-1\n");
    run_with_small_files(&folder, &["catalog", "devices", "add", &devices]);
    folder.ok(&["catalog", "devices", "add", &devices]);
    assert_eq!(folder.counts("user").get("anna"), None);
    let play = folder.json(&["explain", "play", "anna", "p"]);
    assert_eq!(play["status"], "excluded", "its device is on the list: {play}");
}
