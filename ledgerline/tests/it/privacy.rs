//! Pseudonyms at intake, what is held on a person, and erasing a person: the counts stay, the
//! person goes.

use crate::support::folder::text;
use crate::support::load::{Clients, Sent, Work};
use crate::support::reports::{line, with};
use crate::support::{Folder, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// No file of anybody has this by chance.
const ANNA: &str = "anna.the-real-name@example";
const PHONE: &str = "phone-of-anna-0123456789";
const VISIT: &str = "visit-of-anna-9876543210";
const WEB: [&str; 6] = [
    "--scope",
    "reports:write,counts:read,privacy:write",
    "--source",
    "web",
    "--pseudonymise",
    "--json",
];

/// The files of the data folder that hold one of these texts anywhere.
fn files_with(folder: &Folder, texts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in folder.files("") {
        let bytes = std::fs::read(folder.data().join(&name)).unwrap_or_default();
        for text in texts {
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.insert(name.clone());
            }
        }
    }
    found
}

fn annas(play_id: &str, listened_ms: u64) -> String {
    annas_of(play_id, "t1", listened_ms)
}

fn annas_of(play_id: &str, track_id: &str, listened_ms: u64) -> String {
    let further = json!({ "device_id": PHONE, "session_id": VISIT });
    with(play_id, ANNA, track_id, listened_ms, &further)
}

fn export(folder: &Folder) -> Value {
    folder.json(&["privacy", "export", ANNA])
}

fn listener_of(export: &Value) -> String {
    export["identities"][0]["listener_id"].as_str().unwrap_or_else(|| panic!("{export}")).to_owned()
}

/// Every way into the log passes one place: no user, session or device is stored anywhere but in
/// the one table; and once the person is erased, nowhere at all.
#[test]
fn a_name_stands_in_one_table_and_nowhere_once_it_is_erased() {
    let folder = Folder::new();
    // Not one track over and over, which a fraud rule would mind.
    let lines = |of: &str| {
        (0..40)
            .map(|n| annas_of(&format!("{of}{n}"), &format!("t{}", n % 9), 31_000))
            .collect::<String>()
    };
    // The same source by a file, without a server and with one.
    folder.ok(&[
        "keys",
        "create",
        "--scope",
        "reports:write",
        "--source",
        "files",
        "--pseudonymise",
    ]);
    folder.run_with_input(&["replay", "-"], lines("a").as_bytes()).good(&["replay"]);
    let server = Server::start(&folder);
    folder.run_with_input(&["replay", "-"], lines("b").as_bytes()).good(&["replay"]);
    let api = server.api_of(&folder, &WEB[..5]);
    assert_eq!(api.report(&lines("c")).is(202)["accepted"], 40);
    let one = annas("single", 31_000);
    let answer = api.send(
        "POST",
        crate::support::http::REPORT,
        &["Content-Type: application/json"],
        one.as_bytes(),
    );
    answer.is(202);
    let history = json!([{
        "endTime": "2026-03-01 10:00", "artistName": "A", "trackName": "T", "msPlayed": 40_000
    }]);
    let file = folder.write("StreamingHistory0.json", history.to_string());
    folder.ok(&["import", "spotify", &file, "--user", ANNA, "--payable", "--pseudonymise"]);
    server.end();

    let texts = [ANNA, PHONE, VISIT];
    let found = files_with(&folder, &texts);
    assert!(found.iter().all(|name| name.starts_with("state.db")), "{found:?}");
    assert!(!files_with(&folder, &[ANNA]).is_empty(), "the table has it");
    assert!(files_with(&folder, &[PHONE, VISIT]).is_empty(), "not even the table has these");
    let log = std::fs::read_to_string(folder.path("server.log")).unwrap_or_default();
    assert!(!log.contains(ANNA), "{log}");

    let (counts, audit) = (folder.all_counts(), folder.balanced());
    let held = export(&folder);
    assert_eq!(held["identities"].as_array().map(Vec::len), Some(3), "{held}");
    assert_eq!(
        (held["reports"].as_array().map(Vec::len), &held["counted"]),
        (Some(122), &json!(122))
    );

    let erased = folder.json(&["privacy", "erase", ANNA]);
    assert_eq!(erased["erased"].as_array().map(Vec::len), Some(3), "{erased}");
    assert_eq!(erased["remaining"], json!([]));
    assert_eq!(
        files_with(&folder, &texts),
        BTreeSet::new(),
        "nothing is left, in no page of any file"
    );
    assert_eq!(folder.all_counts(), counts);
    assert_eq!(folder.balanced(), audit);
    assert_eq!(files_with(&folder, &texts), BTreeSet::new());
}

/// A pseudonym is one listener as a name is: retries are known, plays are found, restarts change
/// nothing. Erased, the same user is somebody new.
#[test]
fn an_erased_user_comes_back_as_somebody_new() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &WEB[..5]);
    api.report(&annas("p1", 12_000)).is(202);
    // What was acknowledged is tied for good.
    server.kill();
    let server = Server::start(&folder);
    let api = crate::support::Api { address: server.address(), ..api };
    api.report(&[annas("p1", 31_000), annas("p1", 31_000), line("q", "bo", "t1", 31_000)].concat())
        .is(202);
    assert_eq!(folder.counts("track"), map(&json!({ "t1": 2 })));
    let before = export(&folder);
    let first = listener_of(&before);
    assert!(folder.counts("user").contains_key(&first), "{before}");
    let verdicts: Vec<_> = before["reports"]
        .as_array()
        .expect("reports")
        .iter()
        .map(|it| it["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["progress", "counted", "duplicate"], "{before}");
    let play = folder.json(&["explain", "play", ANNA, "p1"]);
    assert_eq!((&play["user_id"], &play["status"]), (&json!(first), &json!("counted")));
    assert_eq!(api.get(&format!("/api/v1/plays/{ANNA}/p1")).is(200)["play_id"], "p1");

    let counts = folder.all_counts();
    let erased = api.post(&format!("/api/v1/privacy/{ANNA}/erase"), &json!({})).is(200);
    assert_eq!((&erased["erased"], &erased["remaining"]), (&json!(["web"]), &json!([])));
    let again = folder.json(&["privacy", "erase", ANNA]);
    assert_eq!(
        (&again["erased"], &again["late_reports_refused_until"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(folder.all_counts(), counts);
    let held = export(&folder);
    for of in ["identities", "reports", "plays", "decisions"] {
        assert_eq!(held[of], json!([]), "{held}");
    }
    folder.run(&["explain", "play", ANNA, "p1"]).all();

    // A late report of the play that was counted makes it not count twice; it is named.
    let refused = api.report(&annas("p1", 31_000)).refused(422, "all_rejected");
    assert_eq!(refused["rejected"][0]["code"], "listener_erased");
    let mixed = api.report(&[annas("p1", 45_000), annas("p2", 31_000)].concat()).is(202);
    assert_eq!((&mixed["accepted"], &mixed["rejected"][0]["line"]), (&json!(1), &json!(1)));
    let second = listener_of(&export(&folder));
    assert_ne!(first, second);
    assert_eq!(folder.counts("track"), map(&json!({ "t1": 3 })));
    let users = folder.counts("user");
    assert_eq!((users[&first], users[&second]), (1, 1));
    server.end();
    // It is remembered without a server, too.
    let late =
        folder.run_with_input(&["replay", "-", "--source", "web"], annas("p1", 31_000).as_bytes());
    assert_eq!(late.code, 1, "{}", late.all());
    assert!(late.all().contains("listener_erased"), "{}", late.all());
    folder.balanced();
}

fn map(value: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(value.clone()).expect("a map of numbers")
}

/// Many bodies at once that name the same new users: each becomes one listener, and every play is
/// counted once. One of them is erased meanwhile: nothing of the others changes.
#[test]
fn listeners_are_made_once_however_many_ask() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &WEB[..5]);
    let work = Work::new(21, 6_000);
    let clients = Clients::start(&api, Sent { waiting: work.batches, ..Sent::default() }, 6);
    clients.wait_for(60);
    let first = folder.json(&["privacy", "export", "listener3"]);
    // From here on what is reported of it later may be refused, for the play is known.
    assert_eq!(first["identities"].as_array().map(Vec::len), Some(1), "{first}");
    clients.join();
    let wanted: u64 = work.expected.values().sum();
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    let counts = folder.counts("user");
    assert_eq!((sum(&counts), counts.len()), (wanted, work.expected.len()));
    let mut ours: Vec<_> = work.expected.values().copied().collect();
    let mut theirs: Vec<_> = counts.values().copied().collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(theirs, ours, "one listener for each user");
    server.end();
    folder.balanced();
}

/// A file of several chunks, which are decoded side by side where no listener is to be introduced.
#[test]
fn a_large_file_is_replayed_under_pseudonyms() {
    let folder = Folder::new();
    let key = ["keys", "create", "--scope", "reports:write", "--source", "files", "--pseudonymise"];
    folder.ok(&key);
    let work = Work::new(33, 14_000);
    let lines: String = work.batches.into_iter().flatten().collect();
    assert!(lines.len() > 3 << 20, "it has more than three chunks: {}", lines.len());
    let file = folder.write("large.ndjson", &lines);
    let said = folder.json(&["replay", &file]);
    assert_eq!(said["accepted"], 42_000, "{said}");
    let counts = folder.counts("user");
    assert_eq!(counts.values().sum::<u64>(), work.expected.values().sum::<u64>());
    assert_eq!(counts.len(), work.expected.len());
    let all = folder.all_counts();
    folder.json(&["replay", &file]);
    assert_eq!(folder.all_counts(), all, "again they are the same listeners");
    folder.balanced();
}

#[test]
fn a_user_is_erased_while_it_plays() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &WEB[..5]);
    let lines = |from: u64| {
        (from..from + 20)
            .map(|n| line(&format!("p{n}"), ANNA, &format!("t{}", n % 7), 31_000))
            .collect::<String>()
    };
    let (api_of_player, stop) =
        (api.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let stopped = stop.clone();
    let player = std::thread::spawn(move || {
        let mut plays = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) && plays < 1_800 {
            // Every body is sent twice: the second changes nothing, erased or not.
            for _ in 0..2 {
                let answer = api_of_player.report(&lines(plays));
                assert!(matches!(answer.status, 202 | 422), "{}", answer.status);
            }
            plays += 20;
        }
        plays
    });
    for _ in 0..4 {
        folder.ok(&["privacy", "erase", ANNA]);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let plays = player.join().expect("it plays");
    let law = api.get("/api/v1/conservation").is(200);
    assert_eq!(law["holds"], true);
    let audit = folder.balanced();
    let counted: u64 =
        audit["plays"].as_object().expect("statuses").values().filter_map(Value::as_u64).sum();
    assert_eq!(
        counted, plays,
        "each play is one play, however often its listener was erased: {audit}"
    );
    server.end();
}

/// What erasing can't do is said, with another exit code.
#[test]
fn a_name_that_was_sent_in_the_open_remains_and_is_told() {
    let folder = Folder::new();
    let lines = [annas("p1", 31_000), annas("p2", 31_000)].concat();
    folder.run_with_input(&["replay", "-"], lines.as_bytes()).good(&["replay"]);
    let erased = folder.run(&["privacy", "erase", ANNA, "--json"]);
    assert_eq!(erased.code, 1, "{}", erased.all());
    let erased: Value = serde_json::from_str(&erased.out).expect("JSON");
    assert_eq!(erased["remaining"], json!([{ "source": "files", "plays": 2 }]));
    let told = folder.run(&["privacy", "erase", ANNA]);
    assert!(told.out.contains("remain") && told.out.contains("--pseudonymise"), "{}", told.out);
    let held = export(&folder);
    assert_eq!(held["identities"], json!([{ "source": "files", "listener_id": null }]));
    assert_eq!(held["reports"].as_array().map(Vec::len), Some(2));
    assert_eq!(held["reports"][0]["device_id"], PHONE);

    // Such a source can't be pseudonymised afterwards: retries would be counted again.
    let refused = folder.run(&[
        "keys",
        "create",
        "--scope",
        "reports:write",
        "--source",
        "files",
        "--pseudonymise",
    ]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("has plays already"), "{}", refused.err);
    let keys = folder.json(&["keys", "list"]);
    assert!(keys["keys"][0]["revoked_at"].is_string(), "the key was never shown: {keys}");
    assert_eq!(folder.run(&["privacy", "erase", "bad\u{7}name"]).code, 2);
    assert_eq!(folder.run(&["privacy", "export", ANNA, "--source", "no such"]).code, 2);
    assert_eq!(Folder::new().run(&["privacy", "erase", ANNA]).code, 3);
}

/// Bots are told by their devices, so a device on the list stays as it is.
#[test]
fn a_bot_is_known_by_its_device() {
    let folder = Folder::new();
    folder.ok(&[
        "keys",
        "create",
        "--scope",
        "reports:write",
        "--source",
        "files",
        "--pseudonymise",
    ]);
    let bots = folder.write("bots.txt", "machine-1\n");
    folder.ok(&["catalog", "devices", "add", &bots]);
    let lines = [
        with("p1", "bo", "t1", 31_000, &json!({ "device_id": "machine-1" })),
        with("p2", "bo", "t1", 31_000, &json!({ "device_id": "phone-2" })),
    ];
    folder.run_with_input(&["replay", "-"], lines.concat().as_bytes()).good(&["replay"]);
    assert_eq!(folder.counts("track"), map(&json!({ "t1": 1 })));
    assert_eq!(folder.json(&["explain", "play", "bo", "p1"])["status"], "excluded");
    assert!(files_with(&folder, &["phone-2"]).is_empty());
    folder.balanced();
}

/// A backup that is older than an erasure brings nobody back: the list of erasures stands beside
/// the backups, or is kept elsewhere.
#[test]
fn a_restored_backup_is_told_who_was_erased() {
    let folder = Folder::new();
    folder.ok(&[
        "keys",
        "create",
        "--scope",
        "reports:write",
        "--source",
        "files",
        "--pseudonymise",
    ]);
    let lines = [annas("p1", 31_000), line("q1", "bo", "t1", 31_000)].concat();
    folder.run_with_input(&["replay", "-"], lines.as_bytes()).good(&["replay"]);
    let to = text(&folder.path("backup"));
    folder.ok(&["backup", &to]);
    folder.ok(&["privacy", "erase", ANNA]);
    // It comes back, and is somebody new, who was not erased.
    folder.run_with_input(&["replay", "-"], annas("p2", 31_000).as_bytes()).good(&["replay"]);
    let counts = folder.all_counts();
    let list = folder.path("erasures.ndjson");
    folder.ok(&["privacy", "erasures", "--out", &text(&list)]);
    assert!(!std::fs::read_to_string(&list).expect("written").contains(ANNA));

    let restore = |args: &[&str]| {
        let copy = Folder::new();
        let said = copy.json(&[&["restore", to.as_str()], args].concat());
        (copy, said["erased"].as_u64())
    };
    // Only one backup was taken, before the erasure: its folder knows of none.
    let (old, erased) = restore(&[]);
    assert_eq!(erased, Some(0));
    assert_eq!(export(&old)["identities"].as_array().map(Vec::len), Some(1));
    for (copy, erased) in [restore(&["--erasures", &text(&list)]), {
        folder.ok(&["backup", &to]);
        restore(&["--number", "1"])
    }] {
        assert_eq!(erased, Some(1));
        assert_eq!(export(&copy)["reports"], json!([]));
        assert_eq!(files_with(&copy, &[ANNA, PHONE]), BTreeSet::new());
        assert_eq!(copy.counts("track"), map(&json!({ "t1": 2 })), "the counts are what they were");
        copy.balanced();
        let late = copy.run_with_input(&["replay", "-"], annas("p1", 31_000).as_bytes());
        assert!(late.all().contains("listener_erased"), "{}", late.all());
    }
    let (newest, erased) = restore(&[]);
    assert_eq!(erased, Some(0), "who came back is in the newest, and stays");
    assert_eq!(newest.all_counts(), counts);
    assert_eq!(listener_of(&export(&newest)), listener_of(&export(&folder)));
    assert_eq!(Folder::new().run(&["restore", &to, "--erasures", "/no/such"]).code, 3);
    let bad = folder.write("bad.ndjson", "{\"erased_at\":1,\"tie\":\"x\"}\n");
    let refused = Folder::new().run(&["restore", &to, "--erasures", &bad]);
    assert!(refused.code == 1 && refused.err.contains("line 1"), "{}", refused.err);
}

/// What is read and erased of people needs a scope of its own.
#[test]
fn the_scope_is_demanded() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let others = server.api(&folder, "reports:write,counts:read,adjudication:write,fraud:write");
    for (method, path) in [("GET", "export"), ("POST", "erase")] {
        let path = format!("/api/v1/privacy/anna/{path}");
        let refused = others.send(method, &path, &[], &[]).refused(403, "forbidden");
        assert_eq!(refused["scope"], "privacy:write");
        server.anyone().send(method, &path, &[], &[]).refused(401, "unauthorized");
    }
    let api = server.api(&folder, "privacy:write");
    assert_eq!(api.get("/api/v1/privacy/anna/export").is(200)["complete"], true);
    api.get("/api/v1/privacy/anna/export?source=no%20such").refused(400, "invalid_parameter");
    api.get("/api/v1/privacy/%07/export").refused(400, "invalid_parameter");
    server.end();
}
