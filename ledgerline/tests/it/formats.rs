//! Folders of versions before are read without loss, and what is newer than the program is refused.
//!
//! `golden/folder-of-tables-13.tar.gz` is a data folder as the program wrote it whose tables had version 13:
//! twenty plays of three listeners, replayed at their own times, then two tracks imported. Where a form
//! changes, a folder of the form before joins it; none is ever made anew.

use crate::support::Folder;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::process::Command;

const GOLDEN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/folder-of-tables-13.tar.gz");

/// What counted there, as the program of that time said.
const COUNTED: [(&str, &str); 4] = [
    ("user", "user_id,counted\nu0,4\nu1,3\nu2,3\n"),
    ("track", "track_id,counted\nt0,2\nt1,2\nt2,2\nt3,2\nt4,2\n"),
    ("artist", "artist,counted\n,6\nElse,2\nSomebody,4\n"),
    ("day", "day,counted\n2026-03-01,5\n2026-03-02,5\n"),
];

/// The golden folder; a folder of its own, whatever the other tests run on.
fn golden() -> Folder {
    let folder = Folder::under(|_| Vec::new());
    std::fs::create_dir(folder.data()).expect("it is new");
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(GOLDEN).arg("-C").arg(folder.data());
    assert!(tar.status().is_ok_and(|status| status.success()), "it is unpacked");
    folder
}

#[track_caller]
fn check_counts(folder: &Folder) {
    for (by, counted) in COUNTED {
        assert_eq!(folder.csv(by), counted, "{by}");
    }
    let audit = folder.balanced();
    assert_eq!(audit["reports"]["accepted"], 60, "{audit}");
    assert_eq!(audit["plays"], json!({ "counted": 10, "pending": 10 }));
}

#[test]
fn a_folder_of_the_version_before_is_read_without_loss() {
    let folder = golden();
    check_counts(&folder);
    folder.ok(&["doctor"]);
    // The records of its log, judged from the first one on.
    folder.ok(&["doctor", "--rebuild"]);
    check_counts(&folder);
}

fn write_over(path: &Path, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = std::fs::read(path).expect("it is there");
    std::fs::write(path, change(bytes)).expect("it is ours");
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("it is text");
    assert!(text.contains(from), "{from} is in {text}");
    text.replacen(from, to, 1).into_bytes()
}

/// The tables say that a program of the future was here.
fn newer_tables(data: &Path) {
    let url = format!("sqlite://{}", data.join("state.db").display());
    let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (9999, 'of the future', TRUE, x'00', 0)";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system gives a thread").block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.expect("it is SQLite");
        sqlx::raw_sql(row).execute(&mut connection).await.expect("it is SQL");
        connection.close().await.expect("it can be left");
    });
    std::fs::remove_file(data.join("state.db.closed")).expect("it was closed in order");
}

/// The same manifest of a snapshot, of a form that isn't known, with a sound checksum.
fn newer_manifest(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("it is text");
    let (head, body) = text.split_once('\n').expect("a head");
    let checksum = |body: &str| format!("{:08x}", crc32fast::hash(body.as_bytes()));
    let was = checksum(body);
    assert!(head.ends_with(&was), "{head} has {was}");
    let body = body.replacen("\"format\":2", "\"format\":3", 1);
    format!("{}\n{body}", head.replace(&was, &checksum(&body))).into_bytes()
}

/// A file, what makes it one of a newer version, and what is said of it.
type Newer = (&'static str, fn(&Path), &'static str);

#[test]
fn what_is_newer_than_the_program_is_refused_and_left_as_it_is() {
    let cases: [Newer; 4] = [
        (
            "deployment.json",
            |data| {
                write_over(&data.join("deployment.json"), |bytes| {
                    replaced(&bytes, "\"format\": 1", "\"format\": 2")
                });
            },
            "it has format 2, and this program knows format 1: use the program that wrote it, or a newer one",
        ),
        (
            "state.db",
            newer_tables,
            "it was written by a newer version of this program; use that one",
        ),
        (
            "reports/p001/00000000000000000000.log",
            |data| {
                write_over(&data.join("reports/p001/00000000000000000000.log"), |mut bytes| {
                    bytes[4] += 1;
                    bytes
                });
            },
            "run the Ledgerline that wrote it, or a newer one",
        ),
        (
            "index/p001/manifest",
            |data| {
                write_over(&data.join("index/p001/manifest"), |bytes| newer_manifest(&bytes));
            },
            "format 3 is not known to this version; remove the folder",
        ),
    ];
    for (file, change, says) in cases {
        let folder = golden();
        change(&folder.data());
        let bytes = std::fs::read(folder.data().join(file)).expect("it is there");
        let ran = folder.run(&["counts", "--by", "user"]);
        assert_eq!(ran.code, 1, "{file}: {}", ran.all());
        assert!(ran.err.contains(says), "{file}: {}", ran.all());
        assert!(std::fs::read(folder.data().join(file)).is_ok_and(|now| now == bytes), "{file}");
    }
}
