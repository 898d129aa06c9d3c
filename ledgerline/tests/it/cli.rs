//! The words of the command line: exit codes, help, counts and their windows, the catalogue.

use crate::support::reports::{line, with};
use crate::support::{DIMENSIONS, Folder};
use serde_json::{Value, json};

/// Sends lines as they would come by HTTP; what the command says.
fn send(folder: &Folder, lines: &[String]) -> Value {
    replay(folder, lines, "receive")
}

/// Sends lines by their own times.
fn backfill(folder: &Folder, lines: &[String]) -> Value {
    replay(folder, lines, "event")
}

fn replay(folder: &Folder, lines: &[String], clock: &str) -> Value {
    let args = ["replay", "-", "--clock", clock, "--json"];
    let out = folder.run_with_input(&args, lines.concat().as_bytes()).good(&args);
    serde_json::from_str(&out).expect("it is JSON")
}

/// Runs each row's command; its exit code, and what its errors name.
fn check_codes(folder: &Folder, rows: &[(&[&str], i32, &str)]) {
    for (args, code, named) in rows {
        let ran = folder.run(args);
        assert_eq!(ran.code, *code, "{args:?} says {}", ran.all());
        assert!(ran.err.contains(named), "{args:?} doesn't say {named:?}, but {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn wrong_words_are_exit_code_2_and_touch_nothing() {
    let folder = Folder::new();
    let lines = folder.write("lines.ndjson", line("p", "u", "t", 30_000));
    check_codes(
        &folder,
        &[
            (&[], 2, "subcommand"),
            (&["frobnicate"], 2, "frobnicate"),
            (&["counts"], 2, "--by"),
            (
                &["counts", "--by", "colour"],
                2,
                "track, artist, label, release, user, territory, tier, day",
            ),
            (&["counts", "--by", "day", "--from", "2026-13-01"], 2, "--from"),
            (&["counts", "--by", "day", "--to", "yesterday"], 2, "--to"),
            (&["counts", "--by", "day", "--format", "xml"], 2, "--format"),
            (&["serve", "--listen", "everywhere"], 2, "--listen"),
            (&["keys", "create"], 2, "--scope"),
            (&["keys", "create", "--scope", "reports:read"], 2, "reports:write"),
            (&["keys", "create", "--scope", "reports:write", "--rate", "many"], 2, "--rate"),
            (&["keys", "revoke"], 2, "<ID>"),
            (&["import", "tidal", "x", "--user", "u"], 2, "tidal"),
            (&["import", "spotify", "x"], 2, "--user"),
            (&["replay"], 2, "<FILES>"),
            (&["replay", &lines, "--clock", "wall"], 2, "--clock"),
            (&["replay", &lines, "--source", "import:mine"], 2, "backfill"),
            (&["replay", &lines, "--source", "a b"], 2, "source"),
            (&["catalog", "import"], 2, "<FILE>"),
            (&["explain", "play", "u"], 2, "<PLAY_ID>"),
            (&["adjudicate", "accept", "u"], 2, "<PLAY_ID>"),
            (&["adjudicate", "forget", "u", "p"], 2, "forget"),
            (&["demo", "generate", "--reports", "19999"], 2, "20000"),
            (&["demo", "generate", "--days", "0"], 2, "days"),
            (&["doctor", "--heal"], 2, "--heal"),
        ],
    );
    assert!(!folder.data().exists(), "{:?}", folder.files(""));
}

#[test]
fn what_is_missing_is_exit_code_3_and_nothing_is_made_of_it() {
    let folder = Folder::new();
    let nowhere = folder.path("nowhere").display().to_string();
    let data = folder.data().display().to_string();
    check_codes(
        &folder,
        &[
            (&["audit"], 3, &data),
            (&["audit", "--json"], 3, &data),
            (&["doctor"], 3, &data),
            (&["doctor", "--rebuild"], 3, &data),
            (&["counts", "--by", "day"], 3, &data),
            (&["explain", "play", "u", "p"], 3, &data),
            (&["adjudicate", "list"], 3, &data),
            (&["adjudicate", "accept", "u", "p"], 3, &data),
            (&["replay", &nowhere], 3, &nowhere),
            (&["import", "spotify", &nowhere, "--user", "u"], 3, &nowhere),
            (&["import", "listenbrainz", &nowhere, "--user", "u"], 3, &nowhere),
            (&["catalog", "import", &nowhere], 3, &nowhere),
            (&["catalog", "devices", "add", &nowhere], 3, &nowhere),
            (&["catalog", "devices", "remove", &nowhere], 3, &nowhere),
        ],
    );
    assert!(!folder.data().exists(), "{:?}", folder.files(""));
    // Every file is opened before anything is sent.
    let lines = folder.write("lines.ndjson", line("p", "u", "t", 30_000));
    check_codes(&folder, &[(&["replay", &lines, &nowhere], 3, &nowhere)]);
    assert!(!folder.data().exists());
}

#[test]
fn what_fails_is_exit_code_1() {
    let folder = Folder::new();
    folder.ok(&["keys", "create", "--scope", "counts:read"]);
    let bad = folder.write("bad.ndjson", "nothing\n{\"track_id\": 7}\n");
    let not_gzip = folder.write("cut.gz", [0x1f, 0x8b, 8, 0, 0]);
    let no_history = folder.write("plays.json", "[]");
    let not_history = folder.write("StreamingHistory0.json", "{\"endTime\": ");
    check_codes(
        &folder,
        &[
            (&["explain", "play", "u", "p"], 1, "no play"),
            (&["explain", "play", "u", "p q"], 1, "play_id"),
            (&["adjudicate", "refuse", "u", "p"], 1, "no play"),
            (&["keys", "revoke", "key_0000"], 1, "key_0000"),
            (&["keys", "create", "--scope", "counts:read", "--source", "replay:x"], 1, "replay:"),
            (&["replay", &bad], 1, ""),
            (&["replay", &not_gzip], 1, ""),
            (&["replay", &folder.data().display().to_string()], 1, "data"),
            (&["import", "spotify", &no_history, "--user", "u"], 1, "StreamingHistory"),
            (&["import", "spotify", &not_history, "--user", "u"], 1, "StreamingHistory0.json"),
        ],
    );
    let said = folder.run(&["replay", &bad, "--json"]);
    let said: Value = serde_json::from_str(&said.out).expect("it is JSON");
    let rejections = said["rejections"].as_array().expect("a list");
    let shown: Vec<_> = rejections.iter().map(|it| (&it["line"], &it["code"])).collect();
    let expected = [(&json!(1), &json!("malformed_json")), (&json!(2), &json!("wrong_type"))];
    assert_eq!(shown, expected, "{said}");
    assert_eq!((&said["accepted"], &said["rejected"]), (&json!(0), &json!(2)));
    folder.balanced();
}

/// A bad line among good ones is named, and the good ones are kept.
#[test]
fn bad_lines_of_a_file_are_named_by_their_number() {
    let folder = Folder::new();
    let lines = [line("p1", "u", "t", 30_000), "\n".to_owned(), "{\"a\": 1}\n".to_owned()];
    let said = send(&folder, &[&lines[..], &[line("p2", "u", "t", 30_000)]].concat());
    assert_eq!((&said["accepted"], &said["rejected"]), (&json!(2), &json!(1)), "{said}");
    assert_eq!(said["rejections"][0]["line"], 3);
    assert_eq!(said["rejections"][0]["code"], "missing_field");
    assert_eq!(folder.counts("user"), [("u".to_owned(), 2)].into());
}

/// Every command's help has examples, and a word for each of its parts.
#[test]
fn every_command_has_help_with_examples() {
    let folder = Folder::new();
    let help = folder.ok(&["--help"]);
    assert!(
        help.contains("Exit codes: 0 good, 1 it differs or failed, 2 wrong words, 3"),
        "{help}"
    );
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 11, "{commands:?}");
    for command in &commands {
        let help = folder.ok(&[command, "--help"]);
        let example = format!("ledgerline {command}");
        assert!(help.contains("Examples:") && help.contains(&example), "{help}");
    }
    let help = folder.ok(&["demo", "generate", "--help"]);
    assert!(help.contains("Examples:") && help.contains("ledgerline demo generate"), "{help}");
    assert!(folder.ok(&["--version"]).starts_with("ledgerline "));
}

#[test]
fn counts_as_json_have_their_shape() {
    let folder = Folder::new();
    let started =
        json!({ "started_at": "2026-03-01T12:00:00Z", "territory": "DE", "tier": "free" });
    backfill(&folder, &[with("p", "u", "t", 30_000, &started)]);
    let value = |by: &str| match by {
        "track" => ("track_id", "t"),
        "artist" => ("artist", ""),
        "label" => ("label", ""),
        "release" => ("release", ""),
        "user" => ("user_id", "u"),
        "territory" => ("territory", "DE"),
        "tier" => ("tier", "free"),
        _ => ("day", "2026-03-01"),
    };
    for by in DIMENSIONS {
        let (field, shown) = value(by);
        let mut counts = folder.json(&["counts", "--by", by]);
        let applied_to = counts["applied_to"].take();
        let rows = json!([{ field: shown, "counted": 1 }]);
        let expected =
            json!({ "by": by, "from": null, "to": null, "applied_to": null, "rows": rows });
        assert_eq!(counts, expected);
        let applied_to = applied_to.as_array().expect("a list");
        assert!(!applied_to.is_empty());
        for (number, of) in applied_to.iter().enumerate() {
            assert_eq!(of["partition"], number);
            assert!(of["position"].is_u64() && of.as_object().is_some_and(|it| it.len() == 2));
        }
        assert_eq!(folder.csv(by), format!("{field},counted\n{shown},1\n"));
    }
    let args = ["counts", "--by", "day", "--from", "2026-03-01", "--to", "2026-03-02"];
    let counts = folder.json(&[&args[..], &["--format", "json"]].concat());
    assert_eq!((&counts["from"], &counts["to"]), (&json!("2026-03-01"), &json!("2026-03-02")));
    let table = folder.ok(&args);
    assert!(table.contains("2026-03-01        1") && table.ends_with("total 1\n"), "{table}");
}

/// Windows are half-open, in UTC days of the plays' starts.
#[test]
fn windows_of_days_are_half_open() {
    let folder = Folder::new();
    let starts = [
        "2026-02-28T23:59:59.999Z",
        "2026-03-01T00:00:00Z",
        "2026-03-01T23:59:59.999Z",
        "2026-03-02T01:00:00+02:00",
        "2026-03-02T00:00:00.000Z",
        "2026-03-03T23:30:00-01:00",
    ];
    let lines = starts.iter().enumerate().map(|(number, start)| {
        with(&format!("p{number}"), "u", "t", 30_000, &json!({ "started_at": start }))
    });
    backfill(&folder, &lines.collect::<Vec<_>>());
    let all = [("2026-02-28", 1), ("2026-03-01", 3), ("2026-03-02", 1), ("2026-03-04", 1)];
    for (from, to, expected) in [
        (None, None, &all[..]),
        (Some("2026-03-01"), None, &all[1..]),
        (None, Some("2026-03-01"), &all[..1]),
        (Some("2026-03-01"), Some("2026-03-02"), &all[1..2]),
        (Some("2026-03-01"), Some("2026-03-03"), &all[1..3]),
        (Some("2026-03-02"), Some("2026-03-02"), &[]),
        (Some("2026-03-03"), Some("2026-03-04"), &[]),
        (Some("2026-03-04"), Some("2109-01-01"), &all[3..]),
        (Some("1970-01-01"), Some("2026-02-28"), &[]),
    ] {
        let window: Vec<&str> = [from.map(|day| ["--from", day]), to.map(|day| ["--to", day])]
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        let count = |by: &str| {
            let args = [&["counts", "--by", by, "--format", "csv"][..], &window].concat();
            crate::support::folder::rows_of(&folder.ok(&args))
        };
        let days = expected.iter().map(|(day, plays)| ((*day).to_owned(), *plays)).collect();
        assert_eq!(count("day"), days, "{window:?}");
        let sum: u64 = expected.iter().map(|(_, plays)| plays).sum();
        assert_eq!(count("user").values().sum::<u64>(), sum, "{window:?}");
    }
    let backwards = ["counts", "--by", "day", "--from", "2026-03-02", "--to", "2026-03-01"];
    let ran = folder.run(&backwards);
    assert_ne!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_track_counts_from_thirty_seconds_or_from_its_whole_length() {
    let folder = Folder::new();
    let tracks = "track_id,duration_ms,title,artists,isrc\n\
                  short,20000,Short,Anna,\nlong,60000,Long,Anna,\nunknown_length,,Some,Anna,\n";
    let file = folder.write("tracks.csv", tracks);
    let said = folder.json(&["catalog", "import", &file]);
    assert_eq!(said["added"], 3);
    let rows = [
        ("short", 19_999, "pending"),
        ("short", 20_000, "counted"),
        ("short", 29_999, "counted"),
        ("long", 29_999, "pending"),
        ("long", 30_000, "counted"),
        ("unknown_length", 29_999, "pending"),
        ("unknown_length", 30_000, "counted"),
    ];
    let play = |number: usize| format!("p{number}");
    let lines = rows.iter().enumerate();
    let lines: Vec<String> = lines
        .map(|(number, (track, listened, _))| line(&play(number), "u", track, *listened))
        .collect();
    send(&folder, &lines);
    for (number, (track, listened, status)) in rows.iter().enumerate() {
        let shown = folder.json(&["explain", "play", "u", &play(number)]);
        assert_eq!(shown["status"], *status, "{track} {listened}: {shown}");
        let threshold = if *track == "short" { 20_000 } else { 30_000 };
        assert_eq!(shown["threshold_ms"], threshold, "{shown}");
    }
    let counted = [("long", 1), ("short", 2), ("unknown_length", 1)];
    assert_eq!(folder.counts("track"), counted.map(|(track, n)| (track.to_owned(), n)).into());

    // The right length comes later: what is there already is judged again, both ways.
    let file = folder.write("tracks.csv", tracks.replace("20000", "25000"));
    let said = folder.json(&["catalog", "import", &file]);
    assert_eq!((&said["changed"], &said["unchanged"]), (&json!(1), &json!(2)), "{said}");
    let counted = [("long", 1), ("short", 1), ("unknown_length", 1)];
    assert_eq!(folder.counts("track"), counted.map(|(track, n)| (track.to_owned(), n)).into());
    folder.balanced();
}

#[test]
fn a_track_that_becomes_known_counts_from_then_on() {
    let folder = Folder::new();
    let file = folder.write("tracks.csv", "track_id,artists\nt1,Anna; Bo\nt2,\n");
    folder.ok(&["catalog", "import", &file]);
    let plays = ["t1", "t2", "t3", "t3"].iter().enumerate();
    let lines = plays.map(|(number, track)| line(&format!("p{number}"), "u", track, 31_000));
    send(&folder, &lines.collect::<Vec<_>>());
    let artists = |folder: &Folder| folder.csv("artist");
    assert_eq!(artists(&folder), "artist,counted\n,1\nAnna,1\nBo,1\n");
    let unknown = folder.json(&["explain", "play", "u", "p2"]);
    assert_eq!(
        (&unknown["status"], &unknown["reason"]),
        (&json!("not_payable"), &json!("unknown_track"))
    );

    // A delivery from a spreadsheet: a byte order mark, other columns, quotes, CRLF.
    let delivered = "\u{feff}ISRC,Title,TRACK_ID,Artists,duration_ms,label\r\n\
                     de-a12-34-56789,\"Blue, \"\"live\"\"\",t3,\"Bo;Čeněk, the 2nd\",61000,X\r\n";
    let file = folder.write("delivery.csv", delivered);
    let said = folder.json(&["catalog", "import", &file]);
    assert_eq!(said["added"], 1, "{said}");
    let known = folder.json(&["explain", "play", "u", "p2"]);
    assert_eq!((&known["status"], &known["reason"]), (&json!("counted"), &Value::Null));
    let transitions = known["transitions"].as_array().expect("a list");
    let shown: Vec<_> = transitions.iter().map(|it| (&it["from"], &it["to"])).collect();
    let (none, refused, counted) = (Value::Null, json!("not_payable"), json!("counted"));
    assert_eq!(shown, [(&none, &refused), (&refused, &counted)]);
    assert_eq!(artists(&folder), "artist,counted\n,1\nAnna,1\nBo,3\n\"Čeněk, the 2nd\",2\n");
    assert_eq!(folder.counts("track")["t3"], 2);
    // A retry is still a duplicate.
    assert_eq!(
        send(&folder, &[line("p2", "u", "t3", 31_000)])["verdicts"],
        json!({ "duplicate": 1 })
    );
    folder.balanced();
}

/// Each row that isn't valid is named, and then nothing at all is imported.
#[test]
fn a_catalogue_with_a_bad_row_is_not_imported_at_all() {
    let folder = Folder::new();
    let rows = [
        ("t2,0", "line 3: duration_ms"),
        ("t2,-1", "line 3: duration_ms"),
        ("t2,1.5", "line 3: duration_ms"),
        ("t2,604800001", "line 3: duration_ms"),
        ("t2,3:45", "line 3: duration_ms"),
        (",1000", "line 3: track_id"),
        ("t\u{7},1000", "line 3: track_id"),
        ("t1,1000", "line 3: the track stands in the file twice"),
        ("t2,1000,Title,Artist,QZ-ABC-12-3456", "line 3: \"QZ-ABC-12-3456\" is no ISRC"),
    ];
    for (row, named) in rows {
        let tracks =
            format!("track_id,duration_ms,title,artists,isrc\nt1,1000,,,\n{row}\nt3,1,,,\n");
        let file = folder.write("tracks.csv", tracks);
        let ran = folder.run(&["catalog", "import", &file]);
        assert_eq!(ran.code, 1, "{row}: {}", ran.all());
        assert!(ran.err.contains(named) && ran.err.contains("nothing was imported"), "{}", ran.err);
    }
    let headless = folder.write("tracks.csv", "id,length\nt1,1000\n");
    let ran = folder.run(&["catalog", "import", &headless]);
    assert!(ran.code == 1 && ran.err.contains("track_id"), "{}", ran.all());
    let latin = folder.write("tracks.csv", b"track_id,title\nt1,a\nt2,\xe9\n");
    let ran = folder.run(&["catalog", "import", &latin]);
    assert!(
        ran.code == 1 && ran.err.contains("line: 3") || ran.err.contains("line 3"),
        "{}",
        ran.all()
    );
    let devices = folder.write("bots.txt", "# bots\nbot-1\n\nbot\u{1}2\n");
    let ran = folder.run(&["catalog", "devices", "add", &devices]);
    assert!(ran.code == 1 && ran.err.contains("line 4"), "{}", ran.all());
    assert!(!folder.data().exists(), "{:?}", folder.files(""));

    // There is still no catalogue, so every track is known.
    send(&folder, &[line("p", "u", "t1", 30_000)]);
    assert_eq!(folder.counts("track"), [("t1".to_owned(), 1)].into());
}

#[test]
fn plays_of_listed_devices_are_excluded_until_the_device_is_taken_off() {
    let folder = Folder::new();
    let device = |id: &str| json!({ "device_id": id });
    send(&folder, &[with("p1", "u", "t", 30_000, &device("bot-1"))]);
    let list = folder.write("bots.txt", "# two farms\nbot-1\r\n\n  bot-2  \n");
    assert_eq!(folder.json(&["catalog", "devices", "add", &list])["changed"], 2);
    assert_eq!(folder.json(&["catalog", "devices", "add", &list])["changed"], 0);
    send(&folder, &[with("p2", "u", "t", 30_000, &device("bot-2"))]);
    send(&folder, &[with("p3", "u", "t", 30_000, &device("phone"))]);
    assert_eq!(folder.counts("user"), [("u".to_owned(), 1)].into());
    let shown = folder.json(&["explain", "play", "u", "p1"]);
    assert_eq!((&shown["status"], &shown["rules"]), (&json!("excluded"), &json!(["bot_device"])));
    let list = folder.write("bots.txt", "bot-1\n");
    assert_eq!(folder.json(&["catalog", "devices", "remove", &list])["changed"], 1);
    assert_eq!(folder.counts("user"), [("u".to_owned(), 2)].into());
    let audit = folder.balanced();
    assert_eq!(audit["plays"], json!({ "counted": 2, "excluded": 1 }));
}

/// `demo` tells a whole story and ends well; nothing of it stays.
#[test]
fn the_demonstration_ends_well() {
    let folder = Folder::new();
    let said = folder.json(&["demo"]);
    assert_eq!(said["good"], true, "{said}");
    assert_eq!(said["audit"]["balanced"], true, "{said}");
    assert!(!folder.data().exists());
}

#[test]
fn sizes_are_arithmetic_that_anybody_can_do() {
    let folder = Folder::new();
    // A hundred million listeners, thirty plays each, four reports a play.
    let args = ["size", "--dau", "100000000", "--peak", "2", "--kept-days", "10"];
    let size = folder.json(&[&args[..], &["--nodes", "3"]].concat());
    let near = |name: &str, expected: f64| {
        let found = size[name].as_f64().expect("a number");
        assert!((found - expected).abs() <= expected / 1e6, "{name}: {found}, not {expected}");
    };
    near("reports_per_day", 12e9);
    near("reports_per_second", 12e9 / 86_400.0);
    near("peak_reports_per_second", 12e9 / 43_200.0);
    near("log_gb_per_day", 12e9 * 127.0 / 1e9);
    near("kafka_gb", 12e9 * 127.0 / 1e9 * 7.0 * 3.0);
    near("node_disk_gb", 12e9 * 128.0 / 1e9 * 10.0);
    near("spool_gb_per_hour", 12e9 / 12.0 * 140.0 / 1e9);
    let text = folder.ok(&args);
    for shown in
        ["12 000 000 000", "100 000 000 listeners × 30 plays × 4 reports", "(1 + standbys) / N"]
    {
        assert!(text.contains(shown), "{shown:?} isn't shown: {text}");
    }
    // Four nodes that only count, each partition warm on two of them: each judges half.
    let parts = folder.json(&[&args[..], &["--nodes", "4", "--standbys", "1"]].concat());
    assert_eq!(parts["node_disk_gb"].as_f64().map(|it| it * 2.0), size["node_disk_gb"].as_f64());
    check_codes(&folder, &[(&["size"], 2, "--dau"), (&["size", "--dau", "-1"], 2, "--dau")]);
}
