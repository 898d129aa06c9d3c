//! Made-up populations: what is counted equals the truth that they were made from, to the play,
//! in any order, in any pieces and however often.

use crate::support::{DIMENSIONS, Folder, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Reports of a population, and the true answer to them.
struct Population {
    lines: Vec<u8>,
    truth: Value,
}

impl Population {
    /// 120 000 reports of twelve days, unless `args` say otherwise.
    fn generate(folder: &Folder, args: &[&str]) -> Self {
        let (out, truth) = (folder.write("made.ndjson", ""), folder.write("made.json", ""));
        let usual = ["--reports", "120000", "--days", "12", "--out", &out, "--truth", &truth];
        let given = |name: &str| args.contains(&name);
        let usual = usual.chunks(2).filter(|pair| !given(pair[0])).flatten().copied();
        let args: Vec<&str> =
            ["demo", "generate"].into_iter().chain(usual).chain(args.iter().copied()).collect();
        folder.ok(&args);
        let read = |path: &str| std::fs::read(path).expect("it was written");
        Self { lines: read(&out), truth: serde_json::from_slice(&read(&truth)).expect("JSON") }
    }

    /// Cuts the lines into `parts` parts of about the same length.
    fn parts(&self, parts: usize) -> Vec<&[u8]> {
        let mut cut = Vec::new();
        let mut rest = &self.lines[..];
        for left in (1..=parts).rev() {
            let at = rest.len() / left;
            let end = rest[at..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(rest.len(), |n| at + n + 1);
            let end = if left == 1 { rest.len() } else { end };
            let (part, after) = rest.split_at(end);
            cut.push(part);
            rest = after;
        }
        cut
    }

    fn reports(&self) -> u64 {
        self.truth["reports"].as_u64().expect("a number")
    }
}

/// A folder that knows the population's bot devices, as the truth demands.
fn folder_for(truth: &Value) -> Folder {
    let folder = Folder::new();
    let devices: Vec<&str> =
        truth["bot_devices"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let file = folder.write("bots.txt", format!("# made up\n\n{}\n", devices.join("\n")));
    let said = folder.json(&["catalog", "devices", "add", &file]);
    assert_eq!(said["changed"], devices.len());
    folder
}

/// Replays a file by the reports' own times; what the command says.
fn replay(folder: &Folder, file: &str) -> Value {
    folder.json(&["replay", file, "--clock", "event"])
}

/// Adds up what several replays say of `field`.
fn sum_of(said: &[Value], field: &str) -> Value {
    let mut sum = BTreeMap::<String, i64>::new();
    for (word, number) in said.iter().flat_map(|said| said[field].as_object().into_iter().flatten())
    {
        *sum.entry(word.clone()).or_default() += number.as_i64().expect("a number");
    }
    sum.retain(|_, number| *number != 0);
    json!(sum)
}

/// The folder's plays and counts are those of the truth.
#[track_caller]
fn check(folder: &Folder, truth: &Value, said: &[Value]) {
    for said in said {
        assert_eq!(said["rejected"], 0, "{said}");
        assert_eq!(said["conservation_holds"], true, "{said}");
    }
    assert_eq!(sum_of(said, "plays"), truth["plays"]);
    for by in DIMENSIONS {
        let counted = json!(folder.counts(by));
        match by {
            // Without a catalogue nobody knows artists, labels and releases.
            "artist" | "label" | "release" => {
                assert_eq!(counted, json!({ "": truth["counted_total"] }))
            }
            _ => assert_eq!(counted, truth["counted"][format!("by_{by}")], "by {by}"),
        }
    }
    let audit = folder.balanced();
    assert_eq!(audit["plays"], truth["plays"]);
}

/// Sends it again: every report is a duplicate, and no count changes.
#[track_caller]
fn check_again(folder: &Folder, file: &str, reports: u64) {
    let before = folder.all_counts();
    let said = replay(folder, file);
    assert_eq!(said["verdicts"], json!({ "duplicate": reports }), "{said}");
    assert_eq!(said["plays"], json!({}), "{said}");
    assert_eq!(folder.all_counts(), before);
}

#[test]
fn two_shuffles_give_the_truth_and_the_same_bytes() {
    let made = Folder::new();
    let [one, other] = ["5", "6"].map(|seed| Population::generate(&made, &["--shuffle", seed]));
    assert!(one.lines != other.lines && one.truth == other.truth);
    let folders = [one, other].map(|population| {
        let folder = folder_for(&population.truth);
        let file = folder.write("reports.ndjson", &population.lines);
        let said = replay(&folder, &file);
        assert_eq!(said["accepted"], population.reports());
        check(&folder, &population.truth, &[said]);
        check_again(&folder, &file, population.reports());
        folder.balanced();
        folder
    });
    let [one, other] = folders.map(|folder| folder.all_counts());
    assert_eq!(one, other);
}

#[test]
fn pieces_in_another_order_plain_and_packed_give_the_truth() {
    let made = Folder::new();
    let population = Population::generate(&made, &["--seed", "2"]);
    let folder = folder_for(&population.truth);
    let parts = population.parts(3);
    let gzip = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory can be written")
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("memory can be written");
    // Two members one behind the other are one gzip, and two frames are one zstd.
    let (first, second) = parts[1].split_at(parts[1].len() / 3);
    let files = [
        folder.write("last.ndjson.gz", gzip(parts[2])),
        folder.write("first.ndjson", parts[0]),
        folder.write("middle.zst", [zstd(first), zstd(second)].concat()),
    ];
    let said: Vec<Value> = files.iter().map(|file| replay(&folder, file)).collect();
    check(&folder, &population.truth, &said);
    let (first, second) = population.lines.split_at(population.lines.len() / 2);
    let whole = folder.write("whole.gz", [gzip(first), gzip(second)].concat());
    check_again(&folder, &whole, population.reports());
}

#[test]
fn several_files_and_standard_input_are_replayed_in_their_order() {
    let made = Folder::new();
    let population = Population::generate(&made, &["--reports", "30000", "--seed", "3"]);
    let folder = folder_for(&population.truth);
    let parts = population.parts(2);
    let (one, other) = (folder.write("1.ndjson", parts[1]), folder.write("2.ndjson", parts[0]));
    let said = folder.json(&["replay", &one, &other, "--clock", "event"]);
    check(&folder, &population.truth, &[said]);
    // The same source under its own name; through a pipe.
    let args = ["replay", "-", "--clock", "event", "--source", "files", "--json"];
    let said = folder.run_with_input(&args, &population.lines).good(&args);
    let said: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(said["verdicts"], json!({ "duplicate": 30_000 }));
    // Another source's reports are other plays.
    let args = ["replay", "-", "--clock", "event", "--source", "other", "--json"];
    let said = folder.run_with_input(&args, &population.lines).good(&args);
    let said: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(said["plays"], population.truth["plays"]);
    folder.balanced();
}

/// Reports with neither key nor start join by the times of the lines before them, so only
/// the order of the file gives the truth.
#[test]
fn plays_without_key_and_start_are_found_in_the_order_of_the_file() {
    let made = Folder::new();
    for args in [&["--windows", "--seed", "4"][..], &["--windows", "--shuffle", "9"]] {
        let population = Population::generate(&made, args);
        assert!(
            population.truth["special"].to_string().contains("\"window\""),
            "there are windows"
        );
        let folder = folder_for(&population.truth);
        let file = folder.write("reports.ndjson", &population.lines);
        let said = replay(&folder, &file);
        check(&folder, &population.truth, &[said]);
    }
}

#[test]
fn plain_reports_give_the_truth() {
    let made = Folder::new();
    let args = ["--profile", "throughput", "--reports", "100000", "--shuffle", "2"];
    let population = Population::generate(&made, &args);
    let folder = folder_for(&population.truth);
    let file = folder.write("reports.ndjson", &population.lines);
    let said = replay(&folder, &file);
    check(&folder, &population.truth, &[said]);
    check_again(&folder, &file, population.reports());
}

/// A small memory seals many runs on the way, and restarts begin in the middle.
#[test]
fn many_small_runs_and_restarts_change_nothing() {
    let made = Folder::new();
    let population = Population::generate(&made, &["--reports", "40000", "--seed", "5"]);
    let folder = folder_for(&population.truth);
    let said: Vec<Value> = population
        .parts(6)
        .into_iter()
        .map(|part| {
            let file = folder.write("part.ndjson", part);
            let mut command = folder.command(&["replay", &file, "--clock", "event", "--json"]);
            command.env("LEDGERLINE_TABLE_ENTRIES_MAX", "150");
            let ran = crate::support::folder::finish(command, None);
            serde_json::from_str(&ran.good(&["replay"])).expect("it is JSON")
        })
        .collect();
    check(&folder, &population.truth, &said);
    let runs = folder.files("index").iter().filter(|name| name.ends_with(".run")).count();
    assert!(runs > 4, "there are {runs} runs");
}

/// One play of every special case, as the API shows it.
#[test]
fn special_plays_are_explained_as_they_were_made_up() {
    let made = Folder::new();
    let population = Population::generate(&made, &["--reports", "40000", "--shuffle", "3"]);
    let folder = folder_for(&population.truth);
    let file = folder.write("reports.ndjson", &population.lines);
    replay(&folder, &file);
    let server = Server::start(&folder);
    let api = server.api(&folder, "counts:read");
    let mut cases = BTreeSet::new();
    for special in population.truth["special"].as_array().expect("a list") {
        let text = |field: &str| special[field].as_str().unwrap_or_default();
        let (user, play_id) = (text("user_id"), text("play_id"));
        let plain = user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if user.is_empty() || play_id.is_empty() || !plain {
            continue;
        }
        if !cases.insert((text("case"), text("status"))) {
            continue;
        }
        let play = api.get(&format!("/api/v1/plays/{user}/{play_id}")).is(200);
        let started = ledgerline_ids::UnixMs::new(special["started_at_ms"].as_u64().unwrap());
        let shown = json!({
            "track_id": play["track_id"],
            "started_at": play["started_at"],
            "status": play["status"],
            "listened_ms": play["listened_ms"],
            "tier": play["tier"].as_str().unwrap_or_default(),
            "territory": play["territory"].as_str().unwrap_or_default(),
        });
        let expected = json!({
            "track_id": special["track_id"],
            "started_at": started.unwrap().to_string(),
            "status": special["status"],
            "listened_ms": special["listened_ms"],
            "tier": special["tier"],
            "territory": special["territory"],
        });
        assert_eq!(shown, expected, "{special}: {play}");
        check_history(&play);
    }
    assert!(cases.len() > 40, "{cases:?}");
    server.end();
}

/// A play's transitions lead from nothing to its status, and each of its reports has a verdict.
fn check_history(play: &Value) {
    let mut before = Value::Null;
    for (number, transition) in play["transitions"].as_array().expect("a list").iter().enumerate() {
        assert_eq!(transition["from"], before, "{play}");
        assert_eq!(
            transition["number"].as_u64(),
            play["transitions"][0]["number"].as_u64().map(|first| first + number as u64)
        );
        before = transition["to"].clone();
    }
    assert_eq!(before, play["status"], "{play}");
    let reports = play["reports"].as_array().expect("a list");
    assert!(!reports.is_empty() && reports.iter().all(|report| report["verdict"].is_string()));
}
