//! The archive in a folder: what is counted as files that are written once, and an audit that reads them.

use crate::support::{Folder, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the first reports of a made-up population, received by their own times, and where its
/// archive is to be.
fn replayed(reports: usize) -> (Folder, String) {
    let folder = Folder::new();
    let made = folder.write("made.ndjson", "");
    folder.ok(&["demo", "generate", "--reports", "20000", "--days", "3", "--out", &made]);
    let lines = std::fs::read_to_string(&made).expect("it was written");
    let some: String = lines.split_inclusive('\n').take(reports).collect();
    folder.write("made.ndjson", some);
    folder.ok(&["replay", &made, "--clock", "event"]);
    let to = folder.path("archive").to_str().expect("a plain name").to_owned();
    (folder, to)
}

/// Archives, in runs of so many records; what the command says.
fn run(folder: &Folder, to: &str, records_max: &str) -> Value {
    let mut command = folder.command(&["archive", "run", "--to", to, "--json"]);
    let ran = command.env("LEDGERLINE_ARCHIVE_RECORDS_MAX", records_max).output();
    let ran = ran.expect("the binary can be started");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

fn sum(said: &Value, field: &str) -> u64 {
    let partitions = said["partitions"].as_array().expect("a list");
    partitions.iter().map(|of| of[field].as_u64().expect("a number")).sum()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn an_audit_recounts_from_the_archive() {
    let (folder, to) = replayed(20_000);
    let said = run(&folder, &to, "500");
    assert!(sum(&said, "runs") >= 36, "{said}");
    assert_eq!(sum(&said, "records"), sum(&said, "archived_to"), "all of it was written now");
    assert!(sum(&said, "archived_to") < sum(&said, "committed"), "today goes on: {said}");
    // Again, and there is nothing to do.
    let again = run(&folder, &to, "500");
    assert_eq!(sum(&again, "runs"), 0, "{again}");
    let status = folder.json(&["archive", "status", "--to", &to]);
    assert_eq!(sum(&status, "archived_to"), sum(&again, "archived_to"));
    assert_eq!(sum(&status, "runs"), sum(&said, "runs"));

    let plain = folder.balanced();
    let audit = folder.json(&["audit", "--archive", &to]);
    assert_eq!(audit["balanced"], true, "{audit}");
    assert_eq!(audit["archive"]["records"], sum(&again, "archived_to"));
    assert_eq!(audit["archive"]["compared_with_the_log"], sum(&again, "archived_to"));
    assert_eq!((&audit["plays"], &audit["reports"]), (&plain["plays"], &plain["reports"]));
    let said = folder.ok(&["audit", "--archive", &to]);
    assert!(said.contains("recounted from the archive"), "{said}");

    // Beside a server it is the same.
    let server = Server::start(&folder);
    let beside = folder.json(&["archive", "run", "--to", &to]);
    assert_eq!(sum(&beside, "runs"), 0, "{beside}");
    let audit = folder.json(&["audit", "--archive", &to]);
    assert_eq!(audit["balanced"], true, "{audit}");
    server.stop();
}

#[test]
fn what_is_wrong_with_an_archive_is_told() {
    let (folder, to) = replayed(20_000);
    let nowhere = folder.path("nowhere");
    let nowhere = nowhere.to_str().expect("a plain name");
    for args in [["audit", "--archive", nowhere], ["archive status", "--to", nowhere]] {
        let words: Vec<&str> = args.iter().flat_map(|words| words.split(' ')).collect();
        let ran = folder.run(&words);
        assert_eq!(ran.code, 3, "{words:?}: {}", ran.all());
        assert!(ran.err.contains("archive run --to"), "{}", ran.err);
    }
    run(&folder, &to, "500");
    let all = files(Path::new(&to));
    let file_of = |part: &str| {
        let found = all.iter().filter(|path| path.to_str().is_some_and(|it| it.contains(part)));
        found.clone().nth(1).expect("there are several").clone()
    };
    let (run_file, part_file) = (file_of("reports/p000"), file_of("plays/p001"));
    for (file, change, told) in [
        (&run_file, None, "lacks positions"),
        (&part_file, None, "is missing"),
        (&run_file, Some(100), "damaged"),
        (&part_file, Some(100), "damaged"),
    ] {
        let before = std::fs::read(file).expect("it can be read");
        match change {
            None => std::fs::remove_file(file).expect("it can be removed"),
            Some(at) => {
                let mut other = before.clone();
                other[at] ^= 1;
                std::fs::write(file, other).expect("it can be written");
            }
        }
        let ran = folder.run(&["audit", "--archive", &to, "--json"]);
        let audit: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!((ran.code, &audit["balanced"]), (1, &json!(false)), "{audit}");
        let first = audit["differences"][0].as_str().expect("a sentence");
        assert!(first.contains(told), "{file:?}: {first}");
        std::fs::write(file, before).expect("it can be written");
    }
    assert_eq!(folder.json(&["audit", "--archive", &to])["balanced"], true);

    // Another deployment must not go on with it.
    let other = replayed(500).0;
    let ran = other.run(&["archive", "run", "--to", &to]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.err.contains("of another deployment"), "{}", ran.err);
    assert_eq!(files(Path::new(&to)), all);
}

#[test]
fn duckdb_counts_what_we_count() {
    let Some(python) = std::env::var("LEDGERLINE_TEST_DUCKDB").ok().filter(|it| !it.is_empty())
    else {
        crate::support::skip("no LEDGERLINE_TEST_DUCKDB names a Python with DuckDB");
        return;
    };
    let (folder, to) = replayed(300);
    // Each record is a run, so none waits for others.
    let said = run(&folder, &to, "1");
    assert_eq!(sum(&said, "archived_to"), sum(&said, "committed"));
    let program = "import duckdb, json, sys\n\
                   print(json.dumps(dict(duckdb.execute(sys.argv[1]).fetchall())))";
    let asked = |query: String| -> Value {
        let ran = Command::new(&python).args(["-c", program, &query]).output().expect("it starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).expect("JSON")
    };
    let kinds = asked(format!(
        "select kind, count(*) from '{to}/reports/*/*.parquet' group by all order by all"
    ));
    let status = folder.json(&["archive", "status", "--to", &to]);
    let records: u64 = kinds.as_object().expect("kinds").values().filter_map(Value::as_u64).sum();
    assert_eq!(records, sum(&status, "archived_to"), "{kinds}");
    let tracks = asked(format!(
        "select track_id, sum(change)::int from '{to}/plays/*/*.parquet' group by all \
         having sum(change) <> 0"
    ));
    let tracks: BTreeMap<String, u64> = serde_json::from_value(tracks).expect("counts");
    assert_eq!(tracks, folder.counts("track"));
}
