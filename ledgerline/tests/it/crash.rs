//! Commands that are killed or cut off on their way, and run again: in the end every play is
//! counted, and counted once. Servers are killed in `faults::kills`.

use crate::support::folder::pid_of;
use crate::support::reports::{line, with};
use crate::support::{DEADLINE, Folder, Random, pass};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// A replay is killed on its way, and run again until it ends.
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
