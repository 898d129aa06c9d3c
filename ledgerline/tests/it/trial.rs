//! `royalty try`: histories shared out by two models, and by a plain script with fractions.

use crate::support::Folder;
use crate::support::folder::text;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Artist → pro-rata and user-centric, in millionths.
type Shares = BTreeMap<String, [i64; 2]>;

/// An account export: `artist track plays`, each play a minute long.
fn export(rows: &[(&str, &str, usize)], short: usize) -> String {
    let play = |artist: &str, track: &str, at: usize, ms: u64| {
        let (hour, minute) = (at / 60, at % 60);
        json!({
            "endTime": format!("2026-10-03 {hour:02}:{minute:02}"), "artistName": artist,
            "trackName": track, "msPlayed": ms,
        })
    };
    let mut plays = Vec::new();
    for (artist, track, count) in rows {
        for _ in 0..*count {
            plays.push(play(artist, track, plays.len() + 1, 60_000));
        }
    }
    for _ in 0..short {
        plays.push(play("Skipped", "Too short", plays.len() + 1, 29_999));
    }
    Value::Array(plays).to_string()
}

/// The script's answer; `None`, and said, where there is no Python.
fn plain(fee_micros: u64, pool: (u64, u64), listeners: &[Vec<String>]) -> Option<Shares> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/plain_shares.py");
    let mut command = Command::new("python3");
    command.arg(script).args([fee_micros, pool.0, pool.1].map(|number| number.to_string()));
    command.args(listeners.iter().map(|files| files.join(",")));
    let Ok(ran) = command.output() else {
        let _ = writeln!(std::io::stdout(), "skipped: there is no python3");
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).expect("the script prints JSON"))
}

fn micros(amount: &Value) -> i64 {
    amount.as_str().expect("an amount is text").replace('.', "").parse().expect("digits")
}

fn shares(said: &Value) -> Shares {
    let rows = said["artists"].as_array().expect("rows").iter();
    let row = |row: &Value| {
        let amounts = [micros(&row["pro_rata"]), micros(&row["user_centric"])];
        (row["artist"].as_str().unwrap_or("").to_owned(), amounts)
    };
    rows.map(row).collect()
}

/// Both models sum to the pool, and each artist gets what the script says.
fn check(folder: &Folder, listeners: &[Vec<String>], fee: &str, pool: (u64, u64)) -> Value {
    let share = format!("{}/{}", pool.0, pool.1);
    let mut args = vec!["royalty", "try", "--fee", fee, "--pool", &share];
    args.extend(listeners.iter().flatten().map(String::as_str));
    let said = folder.json(&args);
    let shares = shares(&said);
    for (model, name) in ["pro_rata", "user_centric"].into_iter().enumerate() {
        let sum: i64 = shares.values().map(|amounts| amounts[model]).sum();
        assert_eq!(sum, micros(&said["pools"][name]), "{name}");
    }
    let fee: u64 = fee.replace('.', "").parse::<u64>().expect("a fee with two digits") * 10_000;
    if let Some(plain) = plain(fee, pool, listeners) {
        assert_eq!(shares, plain);
    }
    said
}

#[test]
fn two_listeners_are_shared_out_as_the_script_does() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("anna")).expect("a folder");
    std::fs::create_dir_all(folder.path("ben")).expect("a folder");
    let anna = export(&[("Å", "One", 1), ("B", "Two", 1), ("C", "Three", 1)], 4);
    let ben = export(&[("B", "Two", 5), ("D, E", "Four \"live\"", 2)], 0);
    let files = [
        vec![folder.write("anna/StreamingHistory0.json", anna)],
        vec![folder.write("ben/StreamingHistory0.json", ben)],
    ];
    let said = check(&folder, &files, "9.99", (70, 100));
    assert_eq!(said["listeners"][0], json!({ "name": "anna", "plays": 7, "counted": 3 }));
    assert_eq!(said["pools"]["user_centric"], "13.986000");
    // 6.993 by a third each, of which one has no thirds to lose; 6.993 by sevenths.
    assert_eq!(shares(&said)["C"], [1_398_600, 2_331_000]);
    assert_eq!(shares(&said)["D, E"], [2_797_200, 1_998_000]);
    // B loses most. Its first play is one of ben's seven.
    let cent = &said["cent"];
    assert_eq!((&cent["artist"], &cent["plays"]), (&json!("B"), &json!(1)));
    assert_eq!(cent["first_plays"][0]["of_plays"], 7);
    assert_eq!(cent["first_plays"][0]["worth_micros"], "999000");
    check(&folder, &files, "0.01", (1, 3));

    // The same as a spreadsheet reads it, and as a person does.
    let mut args = vec!["royalty", "try", "--fee", "9.99", "--csv"];
    args.extend(files.iter().flatten().map(String::as_str));
    let csv = folder.run(&args);
    assert!(csv.out.contains("\"D, E\",2,1,2.797200,1.998000,-0.799200\n"), "{}", csv.all());
    args.retain(|word| *word != "--csv");
    let shown = folder.run(&args).out;
    assert!(shown.contains("both columns sum to the pool exactly"), "{shown}");
    assert!(!folder.path("data").exists(), "nothing is stored");
}

#[test]
fn what_cannot_be_tried_says_why() {
    let folder = Folder::new();
    let short = folder.write("StreamingHistory0.json", export(&[], 3));
    let said = folder.run(&["royalty", "try", &short, "--fee", "9.99"]);
    assert_eq!(said.code, 3, "{}", said.all());
    assert!(said.all().contains("none of the 3 plays was heard for 30 seconds"), "{}", said.all());
    let other = folder.write("notes.txt", "not a history");
    let cases: [(&[&str], u8, &str); 5] = [
        (&["nowhere", "--fee", "1"], 3, "nowhere"),
        (&[&other, "--fee", "1"], 3, "not named like a listening history"),
        (&[&short], 2, "--fee"),
        (&[&short, "--fee", "1,50"], 2, "decimal amount"),
        (&[&short, "--fee", "1", "--pool", "1.5"], 2, "at most 100%"),
    ];
    for (words, code, part) in cases {
        let said = folder.run(&[&["royalty", "try"], words].concat());
        assert_eq!(said.code, i32::from(code), "{}", said.all());
        assert!(said.all().contains(part), "{}", said.all());
    }
}

#[test]
fn real_histories_are_shared_out_as_the_script_does() {
    let plays: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/plays");
    let of = |listener: &str, files: u32| -> Vec<String> {
        let file = |n| text(&plays.join(listener).join(format!("StreamingHistory{n}.json")));
        (0..files).map(file).collect()
    };
    let files = [of("listener-a", 6), of("listener-b", 2)];
    if !files.iter().flatten().all(|file| Path::new(file).exists()) {
        let _ = writeln!(std::io::stdout(), "skipped: {} is not there", plays.display());
        return;
    }
    let folder = Folder::new();
    let said = check(&folder, &files, "9.99", (70, 100));
    assert_eq!(said["listeners"][0]["counted"], 32_538);
    assert_eq!(said["listeners"][1]["counted"], 16_776);
    assert_eq!(said["pools"]["user_centric"], "13.986000");
    // Folders are the same: of two exports of one listener the one that tells of more is taken.
    let folders = ["listener-a", "listener-b"].map(|listener| text(&plays.join(listener)));
    let of_folders = folder.json(&["royalty", "try", &folders[0], &folders[1], "--fee", "9.99"]);
    assert_eq!(of_folders["artists"], said["artists"]);
    assert!(of_folders["left_out"][0].as_str().is_some_and(|why| why.contains("endsong_3.json")));
}
