//! `royalty try`: histories shared out by two models, and by a plain script with fractions.

use crate::support::folder::text;
use crate::support::{Folder, Server};
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

/// A zip as a service sends it.
fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).expect("a file begins");
        writer.write_all(text.as_bytes()).expect("memory takes it");
    }
    writer.finish().expect("the zip is whole").into_inner()
}

/// Over HTTP the same is said as by the command, to everybody, and nothing is kept.
#[test]
fn a_history_is_tried_by_whoever_brings_it() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let text = export(&[("Å", "One", 5), ("B", "<img src=x onerror=alert(1)>", 2)], 4);
    let file = folder.write("StreamingHistory0.json", &text);
    let said = folder.json(&["royalty", "try", &file, "--fee", "12.5", "--pool", "2/3"]);
    let before = folder.files("");
    let send = |query: &str, kind: &str, bytes: &[u8]| {
        let kind = format!("Content-Type: {kind}");
        anyone.send("POST", &format!("/api/v1/royalty/trials{query}"), &[&kind], bytes)
    };
    let query = "?fee=12.5&pool=2/3&name=StreamingHistory0.json";
    let mut tried = send(query, "application/json", text.as_bytes()).is(200);
    assert_eq!(tried["listeners"][0]["name"], "StreamingHistory0");
    tried["listeners"][0]["name"] = said["listeners"][0]["name"].clone();
    for play in tried["cent"]["first_plays"].as_array_mut().expect("plays") {
        play["listener"] = said["listeners"][0]["name"].clone();
    }
    assert_eq!(tried, said);
    // A zip says by its files what it is; 66.5 can only be meant as a percentage.
    let zip = zipped(&[("my_data/StreamingHistory0.json", &text), ("my_data/Read_me.txt", "?")]);
    let tried = send("?pool=66.5", "application/zip", &zip).is(200);
    assert_eq!((&tried["pool_share"], &tried["fee"]), (&json!("0.665"), &json!("9.990000")));
    assert_eq!(shares(&tried).len(), 2);

    let oversize = format!("Content-Length: {}", (64 << 20) + 1);
    let cases: [(&str, &str, &[u8], u16, &str); 8] = [
        ("", "application/octet-stream", b"PK\x03\x04 broken", 422, "zip"),
        ("", "application/json", b"[]", 422, "nothing counts"),
        ("", "application/json", b"[{", 422, "broken at line 1"),
        ("?name=notes.txt", "text/plain", b"hello", 422, "not named like a listening history"),
        ("?name=..", "application/json", b"[]", 400, "the name of a file"),
        ("?fee=0", "application/json", b"[]", 400, "more than 0"),
        ("?pool=101", "application/json", b"[]", 400, "at most 100%"),
        ("", "image/png", b"[]", 415, "application/octet-stream"),
    ];
    for (query, kind, bytes, status, part) in cases {
        let refused = send(query, kind, bytes);
        let detail = refused.is(status)["detail"].clone();
        let detail = detail.as_str().expect("a sentence");
        assert!(detail.contains(part), "{query}: {detail}");
        assert!(!detail.contains("/tmp") && !detail.contains("ledgerline-try"), "{detail}");
    }
    let headers = ["Content-Type: application/zip", &*oversize];
    anyone.send("POST", "/api/v1/royalty/trials", &headers, &[]).refused(413, "body_too_large");
    assert_eq!(folder.files(""), before, "nothing is stored");
    server.end();
}

/// Several listeners' files behind each other come to what the command says of their folders.
#[test]
fn several_histories_are_tried_together() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let texts = [export(&[("A", "One", 9), ("B", "Two", 3)], 1), export(&[("B", "Two", 1)], 2)];
    let zips = texts.each_ref().map(|text| zipped(&[("StreamingHistory0.json", text)]));
    let paths: Vec<String> = ["anna.zip", "ben.zip"]
        .iter()
        .zip(&zips)
        .map(|(name, zip)| folder.write(name, zip))
        .collect();
    let said = folder.json(&["royalty", "try", &paths[0], &paths[1], "--fee", "9.99"]);
    assert_ne!(said["artists"][0]["difference"], "0.000000", "the models differ: {said}");
    let send = |files: &str, bytes: &[u8]| {
        let path = format!("/api/v1/royalty/trials?files={files}");
        anyone.send("POST", &path, &["Content-Type: application/octet-stream"], bytes)
    };
    let files = format!("anna.zip:{},ben.zip:{}", zips[0].len(), zips[1].len());
    let body = zips.concat();
    assert_eq!(send(&files, &body).is(200), said);

    let many: Vec<String> = (0..21).map(|number| format!("{number}.zip:1")).collect();
    for (files, status, part) in [
        ("anna.zip", 400, "names and bytes"),
        ("anna.zip:0", 400, "names and bytes"),
        (".zip:1", 400, "the name of a file"),
        ("anna.zip:3", 400, "says 3 bytes in all"),
        ("a.zip:18446744073709551615,b.zip:1", 400, "bytes in all"),
        (&many.join(","), 400, "20 are tried at once"),
        (&format!("{files}&name=c.zip"), 400, "is told by `files`"),
    ] {
        let refused = send(files, &body).is(status);
        let detail = refused["detail"].as_str().expect("a sentence");
        assert!(detail.contains(part), "{files}: {detail}");
    }
    // Which one is broken is said.
    let broken = [&zips[0][..], b"PK\x03\x04 broken"].concat();
    let files = format!("anna.zip:{},ben.zip:{}", zips[0].len(), 11);
    let refused = send(&files, &broken).is(422);
    assert!(refused["detail"].as_str().is_some_and(|it| it.starts_with("ben.zip: ")), "{refused}");
    server.end();
}
