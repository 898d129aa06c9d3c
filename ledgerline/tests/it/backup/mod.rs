//! Backups: taken under load, in steps, broken off; restored and audited; and refused where
//! anything of them changed.

mod doctored;
mod refusals;

use crate::support::folder::{pid_of, text};
use crate::support::load::{Clients, Sent, Work};
use crate::support::small_disk::SmallDisk;
use crate::support::{Folder, Random, Server, pass, skip};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;

const SCOPES: &str = "reports:write,counts:read";
/// Small segments, so that many are sealed.
const SMALL: [(&str, &str); 2] =
    [("LEDGERLINE_SEGMENT_BYTES_MAX", "100000"), ("LEDGERLINE_TABLE_ENTRIES_MAX", "400")];

/// Takes a backup into `backup` beside the data folder.
fn backup(folder: &Folder) -> Value {
    folder.json(&["backup", &text(&folder.path("backup"))])
}

/// Restores the newest backup, or another, as the data folder of a folder of its own.
fn restored(folder: &Folder, number: Option<u32>) -> Folder {
    let other = Folder::new();
    let (from, number) = (text(&folder.path("backup")), number.map(|number| number.to_string()));
    let mut args = vec!["restore", from.as_str()];
    args.extend(number.iter().flat_map(|number| ["--number", number.as_str()]));
    other.ok(&args);
    other
}

/// What the audit of a copy says must be what that of the original says.
#[track_caller]
fn check_equal(copy: &Folder, original: &Folder) {
    assert_eq!(copy.all_counts(), original.all_counts());
    assert_eq!(copy.balanced(), original.balanced());
}

fn part_names(folder: &Folder) -> Vec<String> {
    names_in(&folder.path("backup/parts"))
}

fn names_in(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).expect("the folder can be read");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What is acknowledged before a backup is in it, and nothing is in it that was never sent, while a
/// server goes on taking reports, sealing segments and replacing its index.
#[test]
fn a_backup_under_load_is_consistent() {
    let folder = Folder::new();
    let server = Server::spawn_with(&folder, &SMALL).listening().expect("it listens");
    let api = server.api(&folder, SCOPES);
    let work = Work::new(11, 6_000);
    let clients = Clients::start(&api, Sent { waiting: work.batches, ..Sent::default() }, 2);
    clients.wait_for(60);
    let mut taken = Vec::new();
    for _ in 0..3 {
        let before = folder.counts("user");
        let said = backup(&folder);
        taken.push((before, said));
        clients.wait_for(20);
    }
    assert!(clients.join().waiting.is_empty());
    let last = backup(&folder);
    assert_eq!(last["number"], 4);
    let sealed = |said: &Value| said["files"].as_u64().expect("a number");
    assert!(sealed(&last) > sealed(&taken[0].1), "segments were sealed meanwhile: {last}");

    let wanted: std::collections::BTreeMap<String, u64> = work.expected;
    for (number, (before, said)) in (1..).zip(&taken) {
        let copy = restored(&folder, Some(number));
        copy.balanced();
        let counts = copy.counts("user");
        for (user, counted) in before {
            let held = counts.get(user).copied().unwrap_or_default();
            assert!(held >= *counted, "backup {number}, {user}: {held} of {counted}: {said}");
        }
        for (user, counted) in &counts {
            assert!(counted <= &wanted[user], "backup {number}, {user}: {counted}");
        }
    }
    let copy = restored(&folder, None);
    assert_eq!(copy.counts("user"), wanted);
    server.end();
    check_equal(&copy, &folder);
}

/// A second backup into the same folder writes what is new; sealed segments are not even read
/// again. What the first needs stays as it is.
#[test]
fn a_second_backup_copies_what_is_new() {
    let folder = Folder::new();
    let send = |from: u64, until: u64| {
        let lines: String = (from..until)
            .map(|n| {
                crate::support::reports::line(
                    &format!("p{n}"),
                    &format!("u{}", n % 400),
                    "t",
                    31_000,
                )
            })
            .collect();
        let mut command = folder.command(&["replay", "-"]);
        command.envs(SMALL);
        crate::support::folder::finish(command, Some(lines.as_bytes())).good(&["replay"]);
    };
    send(0, 12_000);
    let first = backup(&folder);
    let parts = part_names(&folder);
    let bytes = |said: &Value, of: &str| said[of].as_u64().expect("a number");
    let written = std::fs::read_dir(folder.path("backup").join("parts")).expect("a folder");
    let written: u64 =
        written.map(|part| part.and_then(|part| part.metadata()).expect("a file").len()).sum();
    assert_eq!(bytes(&first, "new_bytes"), written);
    // Each store of blobs says the same of itself, and that is written once.
    let twice = bytes(&first, "bytes") - written;
    assert!(twice < 100, "{twice} bytes were written already");
    // Nothing new but what opening the folder notes in the store.
    let again = backup(&folder);
    assert!(bytes(&again, "new_bytes") < bytes(&again, "bytes") / 2, "{again}");
    send(12_000, 12_500);
    let second = backup(&folder);
    assert!(bytes(&second, "new_bytes") < bytes(&first, "bytes") / 2, "{second}");
    let now = part_names(&folder);
    assert!(parts.iter().all(|part| now.contains(part)), "what the first names is still there");
    assert_eq!(restored(&folder, Some(1)).counts("track"), json_map(&json!({ "t": 12_000 })));
    check_equal(&restored(&folder, None), &folder);

    // Older ones can be given up, and what only they named.
    let to = text(&folder.path("backup"));
    let kept = folder.json(&["backup", &to, "--keep", "1"]);
    assert_eq!(kept["removed"], 3, "{kept}");
    let listed = folder.json(&["backup", "list", &to]);
    assert_eq!(listed["backups"].as_array().map(Vec::len), Some(1), "{listed}");
    check_equal(&restored(&folder, None), &folder);
}

fn json_map(value: &Value) -> std::collections::BTreeMap<String, u64> {
    serde_json::from_value(value.clone()).expect("a map of numbers")
}

/// Another history of the same deployment (a restored copy that goes on, or what is derived built
/// again) is never taken for the one that was backed up.
#[test]
fn a_copy_that_goes_on_has_a_history_of_its_own() {
    let folder = Folder::new();
    let play = |folder: &Folder, key: &str| {
        let line = crate::support::reports::line(key, "u", "t", 31_000);
        folder.run_with_input(&["replay", "-"], line.as_bytes()).good(&["replay"]);
    };
    play(&folder, "first");
    backup(&folder);
    let copy = restored(&folder, None);
    // Both go on, with reports of the same length.
    play(&folder, "here1");
    play(&copy, "there");
    backup(&folder);
    let to = text(&folder.path("backup"));
    copy.ok(&["backup", &to]);
    check_equal(&restored(&folder, Some(2)), &folder);
    check_equal(&restored(&folder, Some(3)), &copy);

    folder.ok(&["doctor", "--rebuild"]);
    backup(&folder);
    check_equal(&restored(&folder, Some(4)), &folder);
}

/// A backup that is killed at any moment leaves the earlier one as it was, and the next is whole.
#[test]
fn a_backup_that_is_killed_leaves_the_earlier_one() {
    let folder = Folder::new();
    let work = Work::new(5, 3_000);
    let lines: String = work.batches.iter().flatten().map(String::as_str).collect();
    folder.run_with_input(&["replay", "-"], lines.as_bytes()).good(&["replay"]);
    backup(&folder);
    let before = folder.all_counts();
    let to = text(&folder.path("backup"));
    let mut random = Random::new(9);
    let mut killed = 0;
    for round in 0..12 {
        let line = crate::support::reports::line(&format!("n{round}"), "u", "t", 31_000);
        folder.run_with_input(&["replay", "-"], line.as_bytes()).good(&["replay"]);
        let mut child = folder.command(&["backup", &to]).spawn().expect("it can be started");
        pass(random.below(60_000));
        let _ = kill_process(pid_of(&child), Signal::KILL);
        killed += u64::from(child.wait().expect("it ends").code().is_none());
    }
    assert!(killed > 0, "none was killed on its way");
    folder.ok(&["backup", "verify", &to]);
    assert_eq!(restored(&folder, Some(1)).all_counts(), before);
    let last = backup(&folder);
    assert!(
        !names_in(&folder.path("backup")).iter().any(|name| name.ends_with(".draft")),
        "{last}"
    );
    check_equal(&restored(&folder, None), &folder);
}

/// A disk without room says so, and what was backed up before stays.
#[test]
fn a_full_disk_says_so_and_leaves_the_earlier_backup() {
    let disk = match SmallDisk::mounted() {
        Ok(disk) => disk,
        Err(why) => return skip(&format!("a backup to a full disk: {why}")),
    };
    let folder = &disk.folder;
    let send = |plays: u64, seed: u64| {
        let lines: String = Work::new(seed, plays).batches.into_iter().flatten().collect();
        folder
            .run_with_input(&["replay", "-", "--source", &format!("s{seed}")], lines.as_bytes())
            .good(&["replay"]);
    };
    send(200, 1);
    let to = text(&folder.path("backup"));
    folder.ok(&["backup", &to]);
    send(26_000, 2);
    let refused = folder.run(&["backup", &to]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(
        refused.err.contains("full") && refused.err.contains("as they were"),
        "{}",
        refused.err
    );
    folder.ok(&["backup", "verify", &to]);
    let listed = folder.json(&["backup", "list", &to]);
    assert_eq!(listed["backups"].as_array().map(Vec::len), Some(1), "{listed}");
}

/// The signing keys stay out, unless they are asked for; a restored file is its owner's alone.
#[test]
fn the_keys_stay_out_of_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.ok(&["keys", "create", "--scope", "counts:read"]);
    let key = folder.data().join("keys/ledger.ed25519");
    std::fs::create_dir_all(key.parent().expect("it has one")).expect("it can be made");
    if !key.exists() {
        std::fs::write(&key, "a key of the ledger").expect("it can be written");
    }
    let head = folder.data().join("keys/ledger.head");
    if !head.exists() {
        std::fs::write(head, "a signed head\n").expect("it can be written");
    }
    let closes = folder.data().join("closes/2026-10");
    std::fs::create_dir_all(&closes).expect("it can be made");
    std::fs::write(closes.join("lines.csv"), "payee,amount\n").expect("it can be written");
    let said = backup(&folder);
    assert_eq!(said["with_keys"], false);
    let plain = restored(&folder, None);
    assert!(!plain.data().join("keys/ledger.ed25519").exists());
    let head = std::fs::read(plain.data().join("keys/ledger.head")).ok();
    assert_eq!(head.as_deref(), Some(&b"a signed head\n"[..]), "a head is no secret");
    assert_eq!(
        std::fs::read(plain.data().join("closes/2026-10/lines.csv")).ok().as_deref(),
        Some(&b"payee,amount\n"[..])
    );
    folder.ok(&["backup", &text(&folder.path("backup")), "--with-keys"]);
    let full = restored(&folder, None);
    assert_eq!(
        std::fs::read(full.data().join("keys/ledger.ed25519")).ok(),
        std::fs::read(&key).ok()
    );
    for name in ["state.db", "deployment.json", "keys/ledger.ed25519"] {
        let mode = full.data().join(name).metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
