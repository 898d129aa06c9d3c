//! Real listeners' histories: every row is a play, and importing it again changes nothing.
//!
//! The histories are no part of the project; where they are absent the tests say so and pass.

use crate::support::Folder;
use crate::support::folder::text;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LISTENER_A: [&str; 6] = [
    "listener-a/StreamingHistory0.json",
    "listener-a/StreamingHistory1.json",
    "listener-a/StreamingHistory2.json",
    "listener-a/StreamingHistory3.json",
    "listener-a/StreamingHistory4.json",
    "listener-a/StreamingHistory5.json",
];
const LISTENER_B: [&str; 2] =
    ["listener-b/StreamingHistory0.json", "listener-b/StreamingHistory1.json"];
const ENDSONG: [&str; 1] = ["listener-b/endsong_3.json"];

/// Listener A's rows, and how many of them are at least 30 000 ms long.
const A: (u64, u64) = (54_429, 32_538);
/// Listener B's rows of the account's data.
const B: (u64, u64) = (18_706, 16_776);
/// Listener B's rows of the extended history.
const B_EXTENDED: (u64, u64) = (1_821, 1_576);

/// Where the histories are; `None`, and said, where they aren't.
fn plays() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/plays");
    if folder.join(LISTENER_A[0]).exists() {
        return Some(folder);
    }
    let _ = writeln!(std::io::stdout(), "skipped: {} is not there", folder.display());
    None
}

/// Imports files of a user; what the command says.
fn import(folder: &Folder, user: &str, files: &[String], payable: bool) -> Value {
    let mut args = vec!["import", "spotify"];
    args.extend(files.iter().map(String::as_str));
    args.extend(["--user", user]);
    if payable {
        args.push("--payable");
    }
    folder.json(&args)
}

fn paths(plays: &Path, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(&plays.join(name))).collect()
}

/// All of `said` are duplicates, of which there are `rows`.
#[track_caller]
fn check_duplicates(said: &Value, rows: u64) {
    assert_eq!(said["accepted"], rows, "{said}");
    assert_eq!(said["verdicts"], json!({ "duplicate": rows }), "{said}");
    assert_eq!(said["plays"], json!({}), "{said}");
    assert_eq!(said["conservation_holds"], true);
}

/// Imports `names` at once, then again: as many plays count as were long enough, no rule
/// touches a real listener, and the second time changes nothing.
fn check(user: &str, names: &[&str], (rows, counted): (u64, u64)) {
    let Some(plays) = plays() else { return };
    let folder = Folder::new();
    let files = paths(&plays, names);
    let said = import(&folder, user, &files, true);
    assert_eq!(said["accepted"], rows, "{said}");
    assert_eq!((&said["rows"], &said["skipped"]), (&json!(rows), &json!(0)), "{said}");
    // Neither held nor excluded: what doesn't count was too short.
    assert_eq!(said["plays"], json!({ "counted": counted, "pending": rows - counted }));
    assert_eq!(said["verdicts"], json!({ "counted": counted, "progress": rows - counted }));
    assert_eq!(folder.counts("user"), [(user.to_owned(), counted)].into());
    assert_eq!(folder.counts("day").values().sum::<u64>(), counted);

    let before = folder.all_counts();
    check_duplicates(&import(&folder, user, &files, true), rows);
    assert_eq!(folder.all_counts(), before);
    let audit = folder.balanced();
    assert_eq!(audit["plays"], json!({ "counted": counted, "pending": rows - counted }));
    assert_eq!(audit["reports"]["accepted"], 2 * rows);
}

#[test]
fn listener_a_counts_to_the_play() {
    check("anna", &LISTENER_A, A);
}

#[test]
fn listener_b_counts_to_the_play() {
    check("björn & söner/é", &LISTENER_B, B);
}

#[test]
fn an_extended_history_counts_to_the_play() {
    check("b", &ENDSONG, B_EXTENDED);
}

/// Without `--payable` every play is kept and none counts. Whoever meant to be paid says so
/// in a second import.
#[test]
fn without_payable_nothing_counts() {
    let Some(plays) = plays() else { return };
    let folder = Folder::new();
    let files = paths(&plays, &ENDSONG);
    let (rows, counted) = B_EXTENDED;
    for expected in [json!({ "not_payable": rows }), json!({})] {
        let said = import(&folder, "b", &files, false);
        assert_eq!((&said["accepted"], &said["plays"]), (&json!(rows), &expected), "{said}");
        assert_eq!(folder.counts("user"), [].into());
    }
    let said = import(&folder, "b", &files, true);
    assert_eq!(said["plays"]["counted"], counted, "{said}");
    assert_eq!(folder.counts("user"), [("b".to_owned(), counted)].into());
    folder.balanced();
}

#[test]
fn without_payable_nothing_of_a_whole_year_counts() {
    let Some(plays) = plays() else { return };
    let folder = Folder::new();
    let said = import(&folder, "anna", &paths(&plays, &LISTENER_A), false);
    assert_eq!(said["plays"], json!({ "not_payable": A.0 }), "{said}");
    assert_eq!(said["verdicts"], json!({ "not_payable": A.0 }), "{said}");
    assert_eq!(folder.counts("track"), [].into());
}

/// A zip as the service sends it: the histories in a folder, and other files beside them.
fn zipped(plays: &Path, names: &[&str]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, bytes) in
        [("Userdata.json", &b"{\"username\": \"a\"}"[..]), ("Read Me.pdf", b"%PDF")]
    {
        zip.start_file(format!("MyData/{name}"), options).expect("memory can be written");
        zip.write_all(bytes).expect("memory can be written");
    }
    for name in names {
        let file = Path::new(name).file_name().expect("it is a file").to_string_lossy();
        zip.start_file(format!("MyData/{file}"), options).expect("memory can be written");
        let bytes = std::fs::read(plays.join(name)).expect("the history can be read");
        zip.write_all(&bytes).expect("memory can be written");
    }
    zip.finish().expect("memory can be written").into_inner()
}

/// A year in parts, in two orders, and in two zips that overlap: always the same counts.
#[test]
fn parts_in_any_order_and_overlapping_zips_give_the_same_counts() {
    let Some(plays) = plays() else { return };
    let whole = Folder::new();
    import(&whole, "anna", &paths(&plays, &LISTENER_A), true);
    let expected = whole.all_counts();

    for order in [[5, 3, 1, 0, 2, 4], [4, 5, 0, 3, 2, 1]] {
        let folder = Folder::new();
        let parts = order
            .map(|part| import(&folder, "anna", &paths(&plays, &LISTENER_A)[part..=part], true));
        let sum = |field: &str| parts.iter().filter_map(|said| said["plays"][field].as_u64()).sum();
        assert_eq!((sum("counted"), sum("pending")), (A.1, A.0 - A.1), "{order:?}");
        assert!(folder.all_counts() == expected, "{order:?}");
    }

    let folder = Folder::new();
    let late = folder.write("late.zip", zipped(&plays, &LISTENER_A[2..]));
    let early = folder.write("early.zip", zipped(&plays, &LISTENER_A[..4]));
    import(&folder, "anna", &[late], true);
    let said = import(&folder, "anna", std::slice::from_ref(&early), true);
    assert_eq!(said["verdicts"]["duplicate"], 20_000, "two files are in both: {said}");
    assert!(folder.all_counts() == expected);
    check_duplicates(&import(&folder, "anna", &[early], true), 40_000);
    let all = text(&plays.join("listener-a"));
    check_duplicates(&import(&folder, "anna", &[all], true), A.0);
    assert!(folder.all_counts() == expected);
    folder.balanced();
}

/// Listeners don't touch each other: the same rows of another user are other plays.
#[test]
fn listeners_do_not_touch_each_other() {
    let Some(plays) = plays() else { return };
    let folder = Folder::new();
    let files = paths(&plays, &ENDSONG);
    let users = ["b", "B", "b ", "ß", "b/../b"];
    for user in users {
        let said = import(&folder, user, &files, true);
        assert_eq!(said["plays"]["counted"], B_EXTENDED.1, "{user:?}: {said}");
    }
    let expected = users.map(|user| (user.to_owned(), B_EXTENDED.1));
    assert_eq!(folder.counts("user"), expected.into());
}
