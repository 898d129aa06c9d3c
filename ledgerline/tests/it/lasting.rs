//! What was heard, counted, earned and stated stays right, whatever becomes of a recording's file, its tags,
//! its folder, and what the catalogue says of it.

use crate::closes::{micros, replay, revenue};
use crate::ingest::song;
use crate::music::{ids, scan, tag};
use crate::support::guest::Guest;
use crate::support::http::REPORT;
use crate::support::reports::{now_ms, with};
use crate::support::{Api, DEADLINE, Folder, Server, folder::text};
use ledgerline_ids::DayNo;
use lofty::tag::ItemKey;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const DAY_MS: u64 = 86_400_000;
/// The beginning of March 2024, which is closed.
const MARCH: u64 = 1_709_251_200_000;
const PARTIES: &str = "party_id,name,kinds,payout_currency,minimum_payout\n\
    northern,Northern Lights,label,EUR,1\n\
    southern,Southern Cross,label,EUR,1\n";
const LICENCE: &str = "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\n\
    from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
    pro_rata = { share = \"50%\" }\n";

/// A music folder with two recordings of eight seconds, and somebody who heard one of them whole.
struct House {
    folder: Folder,
    root: PathBuf,
    server: Server,
    api: Api,
    ada: Guest,
    rain: String,
    snow: String,
}

/// What must not change: what she heard, what is counted, what is earned, and what was stated.
#[derive(Debug, PartialEq)]
struct Known {
    heard: Vec<Value>,
    counted: Value,
    earned: Vec<(String, i64, i64)>,
    stated: Vec<Value>,
}

fn tagged(path: &Path, title: &str, album: &str) {
    let items = [
        (ItemKey::TrackTitle, title),
        (ItemKey::TrackArtist, "Ada"),
        (ItemKey::AlbumTitle, album),
        (ItemKey::AlbumArtist, "Ada"),
    ];
    tag(path, &items, None);
}

fn period() -> String {
    let today = DayNo(u32::try_from(now_ms() / DAY_MS).expect("small"));
    today.to_string()[..7].to_owned()
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let root = folder.path("music");
        fs::create_dir_all(root.join("Ada/Songs")).expect("a folder");
        for (seed, title) in [(1, "Rain"), (2, "Snow")] {
            let path = root.join(format!("Ada/Songs/{title}.wav"));
            fs::write(&path, song(seed, 8)).expect("a file");
            tagged(&path, title, "Songs");
        }
        scan(&folder, &text(&root));
        let tracks = ids(&folder);
        let (rain, snow) = (tracks["Rain"].clone(), tracks["Snow"].clone());
        let parties = folder.write("parties.csv", PARTIES);
        folder.ok(&["catalog", "rights", "import", &parties]);
        folder.ok(&["royalty", "terms", "import", &folder.write("licence.toml", LICENCE)]);
        let rows = ["2024-03", &period()]
            .map(|period| format!("{period},*,premium,individual,30,EUR,300.00,0.00\n"));
        revenue(
            &folder,
            &format!(
                "period,territory,tier,plan,subscribers,currency,gross,tax\n{}",
                rows.concat()
            ),
        );
        let server = Server::spawn_with(&folder, &[("LEDGERLINE_ENCODE_SCANNED", "no")]);
        let server = server.listening().expect("it starts");
        let api = server.api(&folder, "counts:read,royalty:read");
        let args = ["accounts", "add", "ada", "--plan", "premium", "--territory", "SE"];
        let password = folder.json(&args)["password"].clone();
        let ada = Guest::enter(&server, &json!({ "name": "ada", "password": password }));
        let house = Self { folder, root, server, api, ada, rain, snow };
        house.license("Rain", "northern");
        house
    }

    /// What a label delivers of the two recordings.
    fn license(&self, title: &str, label: &str) {
        let Self { rain, snow, .. } = self;
        let recordings = format!(
            "track_id,title,duration_ms,label\n{rain},{title},8000,{label}\n{snow},Snow,8000,{label}\n"
        );
        let shares = format!(
            "right,track_id,holder,share\nmaster,{rain},northern,100%\nmaster,{snow},northern,100%\n"
        );
        let files = [("recordings.csv", recordings), ("shares.csv", shares)];
        let [recordings, shares] = files.map(|(name, text)| self.folder.write(name, text));
        self.folder.ok(&["catalog", "rights", "import", &recordings, &shares]);
    }

    /// She hears all of a recording.
    fn hear(&self, track_id: &str) {
        let offer = self.ada.change("POST", &format!("/api/v1/tracks/{track_id}/play"), b"");
        let offer = offer.is(200);
        let report = json!({
            "play_id": offer["play_id"], "track_id": track_id, "grant": offer["grant"],
            "duration_listened_ms": 8_000, "context": { "type": "album", "id": "songs" },
        });
        self.ada.post(REPORT, &report).is(202);
    }

    /// What she heard, as soon as it is so many plays.
    fn heard(&self, plays: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let page = self.ada.get("/api/v1/me/recently-played").is(200);
            let items = page["items"].as_array().expect("plays");
            if items.len() == plays {
                return items.clone();
            }
            assert!(began.elapsed() < DEADLINE, "{page}");
            std::thread::yield_now();
        }
    }

    fn known(&self, plays: usize) -> Known {
        let facts = ["play_id", "track_id", "played_at", "listened_ms", "source"];
        let heard = self.heard(plays);
        let heard = heard.iter().map(|play| json!(facts.map(|fact| play[fact].clone())));
        let counts = self.api.get("/api/v1/counts?by=track").is(200);
        let path = format!("/api/v1/royalty/earnings?period={}&by=recording", period());
        let earned = self.api.get(&format!("{path}&party=northern")).is(200);
        let earned = earned["rows"].as_array().expect("rows").iter().map(|row| {
            let track = row["key"].as_str().expect("a recording").to_owned();
            (track, row["plays"].as_i64().expect("plays"), micros(&row["amount"]))
        });
        let statement = "/api/v1/royalty/closes/2024-03/statements/northern";
        let lines = self.api.get(&format!("{statement}/lines")).is(200);
        Known {
            heard: heard.collect(),
            counted: counts["rows"].clone(),
            earned: earned.collect(),
            stated: vec![self.api.get(statement).is(200), lines],
        }
    }

    fn scan(&self) {
        scan(&self.folder, &text(&self.root));
    }
}

#[test]
fn what_was_heard_stays_whatever_becomes_of_the_recording() {
    let mut house = House::new();
    let march: String = (0..7)
        .map(|number: u64| {
            let track = if number.is_multiple_of(3) { &house.snow } else { &house.rain };
            let further = json!({
                "started_at": MARCH + number * 3_600_000, "territory": "SE", "tier": "premium",
            });
            with(&format!("m{number}"), &format!("u{}", number % 3), track, 8_000, &further)
        })
        .collect();
    replay(&house.folder, &march);
    house.folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let (rain, snow) = (house.rain.clone(), house.snow.clone());
    for track_id in [&rain, &snow, &rain] {
        house.hear(track_id);
    }
    let known = house.known(3);
    let earned: Vec<(&str, i64)> =
        known.earned.iter().map(|(track, plays, _)| (&**track, *plays)).collect();
    assert!(
        earned.contains(&(rain.as_str(), 2)) && earned.contains(&(snow.as_str(), 1)),
        "{known:?}"
    );
    assert_eq!(known.earned.iter().map(|(.., amount)| amount).sum::<i64>(), 150_000_000);
    let shown = |house: &House, track_id: &str| {
        let heard = house.heard(3);
        let play = heard.iter().find(|play| play["track_id"] == *track_id).expect("she heard it");
        (play["track"]["title"].clone(), play["gone"].clone())
    };
    let is = |title: &str, gone: bool| (json!(title), json!(gone));
    assert_eq!(shown(&house, &rain), is("Rain", false));

    // Other tags: another title, on another album.
    let file = |house: &House, path: &str| house.root.join(path);
    tagged(&file(&house, "Ada/Songs/Rain.wav"), "Rain (remastered)", "All Songs");
    house.scan();
    assert_eq!(house.known(3), known, "tagged anew");
    assert_eq!(shown(&house, &rain), is("Rain (remastered)", false));

    // Another place, of the folder and of the file.
    fs::rename(file(&house, "Ada"), file(&house, "Zed")).expect("it can be moved");
    fs::rename(file(&house, "Zed/Songs/Rain.wav"), file(&house, "Zed/01.wav")).expect("it can");
    house.scan();
    assert_eq!(house.known(3), known, "moved");
    assert_eq!(shown(&house, &rain), is("Rain (remastered)", false));

    // The catalogue says something else of it, and what wasn't delivered before.
    house.license("Regen", "southern");
    assert_eq!(house.known(3), known, "another title and label");
    let releases = format!(
        "release_id,upc,title,label,released_on,tracks\nr1,036000291452,All,southern,2026-01-01,{rain}\n"
    );
    let releases = house.folder.write("releases.csv", releases);
    house.folder.ok(&["catalog", "rights", "import", &releases]);
    assert_eq!(house.known(3), known, "a release");

    // No file; and none after a start either.
    fs::rename(file(&house, "Zed/01.wav"), house.folder.path("away.wav")).expect("it can be moved");
    house.scan();
    assert_eq!(house.known(3), known, "removed");
    assert_eq!(shown(&house, &rain), is("Rain (remastered)", true));
    let ended = house.server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    house.server = Server::spawn_with(&house.folder, &[("LEDGERLINE_ENCODE_SCANNED", "no")])
        .listening()
        .expect("it starts");
    house.api.address = house.server.address();
    house.ada.move_to(&house.server);
    assert_eq!(house.known(3), known, "started again");
    assert_eq!(shown(&house, &rain), is("Rain (remastered)", true));

    // It comes back under another name, and then with other audio in its place.
    fs::rename(house.folder.path("away.wav"), file(&house, "back.wav")).expect("it can be moved");
    house.scan();
    assert_eq!(house.known(3), known, "it came back");
    assert_eq!(shown(&house, &rain), is("Rain (remastered)", false));
    fs::write(file(&house, "back.wav"), song(9, 8)).expect("it can be written");
    tagged(&file(&house, "back.wav"), "Rain (remastered)", "All Songs");
    house.scan();
    assert_eq!(house.known(3), known, "other audio");

    // It is the same recording: what is heard now adds up with what was heard before.
    house.hear(&rain);
    let now = house.known(4);
    assert_eq!(now.heard[1..], known.heard);
    let plays = now.earned.iter().find(|(track, ..)| *track == rain).map(|(_, plays, _)| *plays);
    assert_eq!(plays, Some(3), "{now:?}");
    assert_eq!(now.stated, known.stated, "a closed month");
    house.server.end();
    assert_eq!(house.folder.json(&["royalty", "closes", "verify"])["holds"], true);
    house.folder.balanced();
}
