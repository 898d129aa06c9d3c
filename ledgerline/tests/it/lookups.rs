//! Plays and lines are looked up through sieves of the logs: with them, and without, the answers are
//! the same.

use crate::support::{Api, Folder, Server};
use serde_json::Value;
use std::fs;

const REPORTS: &str = "40000";
const TRACKS: u32 = 300;
const PERIOD: &str = "2026-03";
/// Snapshots are taken often, and with each of them stretches of the sieves end.
const ENTRIES_MAX: &str = "150";

/// A service whose recordings are a label's each, one in three an artist's.
fn rights(folder: &Folder) {
    let mut recordings = "track_id,title,duration_ms,label\n".to_owned();
    let mut shares = "right,track_id,holder,share\n".to_owned();
    for track in 1..=TRACKS {
        recordings += &format!("t{track},Recording {track},,label{}\n", track % 7);
        let holder =
            if track % 3 == 0 { "artist".to_owned() } else { format!("label{}", track % 7) };
        shares += &format!("master,t{track},{holder},100%\n");
    }
    let labels: String = (0..7).map(|label| format!("label{label},Label {label},EUR\n")).collect();
    let parties = format!("party_id,name,payout_currency\nartist,Artist,EUR\n{labels}");
    let parties = folder.write("parties.csv", parties);
    let recordings = folder.write("recordings.csv", recordings);
    folder.ok(&[
        "catalog",
        "rights",
        "import",
        &parties,
        &recordings,
        &folder.write("shares.csv", shares),
    ]);
    let licence = "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2020-01-01\"\nfrom = \"2020-01-01\"\n\
                   currency = \"EUR\"\n\n[[terms]]\nid = \"masters\"\nrights = [\"master\"]\n\
                   pro_rata = { share = \"55%\" }\n";
    folder.ok(&["royalty", "terms", "import", &folder.write("licence.toml", licence)]);
    let revenue = format!(
        "period,territory,tier,plan,subscribers,currency,gross\n{PERIOD},SE,*,individual,100,EUR,1000\n\
         {PERIOD},*,premium,individual,100,EUR,3000\n{PERIOD},*,*,individual,100,EUR,9000\n"
    );
    folder.ok(&["royalty", "revenue", "import", &folder.write("revenue.csv", revenue)]);
}

/// Reports that come in several goes, a restart before each, and a closed month.
fn filled() -> (Folder, Vec<(String, String)>) {
    let folder = Folder::new();
    rights(&folder);
    let tracks = TRACKS.to_string();
    let args = ["demo", "generate", "--reports", REPORTS, "--tracks", &tracks, "--seed", "11"];
    let text = folder.ok(&args);
    let lines: Vec<&str> = text.lines().collect();
    for part in lines.chunks(lines.len() / 5) {
        let file = folder.write("part.ndjson", part.join("\n"));
        let mut command = folder.command(&["replay", &file, "--clock", "event", "--json"]);
        command.env("LEDGERLINE_TABLE_ENTRIES_MAX", ENTRIES_MAX);
        crate::support::folder::finish(command, None).good(&["replay"]);
    }
    folder.ok(&["royalty", "close", "--period", PERIOD]);
    let mut plays = Vec::new();
    for line in lines.iter().step_by(401) {
        let report: Value = serde_json::from_str(line).expect("a report");
        let text = |field: &str| report[field].as_str().map(str::to_owned);
        if let (Some(user), Some(play)) = (text("user_id"), text("play_id"))
            && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            plays.push((user, play));
        }
    }
    (folder, plays)
}

fn remove_sieves(folder: &Folder) -> usize {
    let files = folder.files("index");
    let sieves =
        files.iter().filter(|name| name.ends_with(".sieve") || name.ends_with(".stretches"));
    sieves.map(|name| fs::remove_file(folder.data().join(name)).expect("it is there")).count()
}

/// What the pages ask of lines and of the plays behind them.
fn answers(api: &Api, plays: &[(String, String)]) -> Vec<Value> {
    let mut answers = Vec::new();
    for (user, play) in plays {
        answers.push(api.get(&format!("/api/v1/plays/{user}/{play}")).is(200));
        answers.push(api.get(&format!("/api/v1/royalty/plays/{user}/{play}")).is(200));
    }
    for payee in ["artist", "label1", "label5"] {
        let lines = format!("/api/v1/royalty/closes/{PERIOD}/statements/{payee}/lines");
        for number in [1, 2, 7, 20, 33] {
            for wanted in [3, 100] {
                let answer = api.get(&format!("{lines}/{number}?plays={wanted}")).is(200);
                let shown = answer["plays"].as_array().map(Vec::len).expect("a list");
                let there = answer["line"]["plays"].as_u64().expect("a number");
                assert_eq!(shown as u64, there.min(wanted), "{payee} {number}: {answer}");
                answers.push(answer);
            }
        }
    }
    answers
}

#[test]
fn with_and_without_sieves_the_same_plays_are_found() {
    let (folder, plays) = filled();
    assert!(plays.len() > 60, "{} plays", plays.len());
    let bare = folder.copy();
    assert!(remove_sieves(&bare) >= 16, "each partition has four files");
    let ask = |folder: &Folder| {
        let server = Server::start(folder);
        let api = server.api(folder, "counts:read,royalty:read");
        let answers = answers(&api, &plays);
        server.end();
        answers
    };
    let (sieved, bare) = (ask(&folder), ask(&bare));
    for (with, without) in sieved.iter().zip(&bare) {
        assert_eq!(with, without);
    }
    // Each play has its reports, and a conflict has those that made it one.
    let reports = |answer: &Value| answer["reports"].as_array().map_or(0, Vec::len);
    assert!(sieved.iter().map(reports).sum::<usize>() > plays.len());
    folder.balanced();
}
