//! Each way of cheating is refused or worth nothing: by what a user sees of it, what is counted, and what
//! somebody would be paid.
//!
//! No test waits until a grant is old: what was granted a while ago is signed with the deployment's own key.
//! - `urls`: addresses that were changed, are over, are another's, or lead elsewhere
//! - `grants`: grants that are another play's, another's, over, or none at all
//! - `places`: two devices at once on the plan that has one place
//! - `bytes`: plays that count, and no audio was sent for them

mod bytes;
mod grants;
mod places;
mod urls;

use crate::support::guest::Guest;
use crate::support::http::{Answer, REPORT};
use crate::support::{Api, Folder, Server, reports};
use ledgerline_app::ports::{
    BlobName, BlobStore, Rendition, RenditionStore, RungName, TrackRenditions,
};
use ledgerline_blobs::FolderBlobs;
use ledgerline_delivery::grant::{Checked, GRANT_LASTS_MS};
use ledgerline_delivery::{KeyId, KeyRing, SigningKey, StreamGrant};
use ledgerline_ids::{DayNo, HashKey, UnixMs};
use ledgerline_sql_store::SqlStore;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::collections::BTreeMap;

/// A recording of eight seconds, which counts when all of it has sounded.
const SHORT: &str = "short";
/// Recordings of 200 s, which count after 30.
const LONG: &str = "long";
const OTHER: &str = "other";
const DAY_MS: u64 = 86_400_000;

const PARTIES: &str = "party_id,name,kinds,payout_currency,minimum_payout\n\
    northern,Northern Lights,label,EUR,1\n";
const RECORDINGS: &str = "track_id,title,duration_ms,label\n\
    short,Short,8000,northern\n\
    long,Long,200000,northern\n\
    other,Other,200000,northern\n";
const SHARES: &str = "right,track_id,holder,share\n\
    master,short,northern,100%\n\
    master,long,northern,100%\n\
    master,other,northern,100%\n";
const LICENCE: &str = "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\n\
    from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
    pro_rata = { share = \"50%\" }\n";

/// A server with three recordings that somebody is paid for.
struct House {
    folder: Folder,
    server: Server,
    // Reads what is counted and earned.
    api: Api,
    key: SigningKey,
}

/// What is counted of each recording, and what its label gets for it: plays and money.
type Worth = (BTreeMap<String, u64>, BTreeMap<String, (i64, i64)>);

impl House {
    fn new() -> Self {
        let folder = Folder::under(|_| Vec::new());
        std::fs::create_dir_all(folder.data()).expect("a folder");
        // Before anything else was in the database, which nobody may change but the program.
        put_audio(&folder);
        let period = period();
        let revenue = format!(
            "period,territory,tier,plan,subscribers,currency,gross,tax\n\
             {period},*,premium,individual,30,EUR,300.00,0.00\n"
        );
        let write = |name, text: &str| folder.write(name, text);
        let (parties, recordings) =
            (write("parties.csv", PARTIES), write("recordings.csv", RECORDINGS));
        let shares = write("shares.csv", SHARES);
        folder.ok(&["catalog", "rights", "import", &parties, &recordings, &shares]);
        folder.ok(&["royalty", "terms", "import", &write("licence.toml", LICENCE)]);
        folder.ok(&["royalty", "revenue", "import", &write("revenue.csv", &revenue)]);
        let server = Server::start(&folder);
        let api = server.api(&folder, "counts:read,royalty:read");
        let key = signing_key(&folder);
        Self { folder, server, api, key }
    }

    /// Somebody with an account on a plan.
    #[track_caller]
    fn guest(&self, name: &str, plan: &str) -> Guest {
        let args = ["accounts", "add", name, "--plan", plan, "--territory", "SE"];
        let added = self.folder.json(&args);
        Guest::enter(&self.server, &json!({ "name": name, "password": added["password"] }))
    }

    /// What a play of a listener came to: its status, and why where there is more to say.
    #[track_caller]
    fn stands(&self, listener: &str, play_id: &Value) -> (String, Value) {
        let play = self.play(listener, play_id);
        (play["status"].as_str().expect("it has one").to_owned(), play["reason"].clone())
    }

    #[track_caller]
    fn play(&self, listener: &str, play_id: &Value) -> Value {
        let play_id = play_id.as_str().expect("a key");
        self.api.get(&format!("/api/v1/plays/{listener}/{play_id}?source=accounts")).is(200)
    }

    /// What everything came to so far.
    #[track_caller]
    fn worth(&self) -> Worth {
        let counts = self.api.get("/api/v1/counts?by=track").is(200);
        let counts = counts["rows"].as_array().expect("rows").iter().map(|row| {
            let track = row["track_id"].as_str().expect("a recording").to_owned();
            (track, row["counted"].as_u64().expect("a count"))
        });
        let period = period();
        let path = format!("/api/v1/royalty/earnings?period={period}&party=northern&by=recording");
        let earned = self.api.get(&path).is(200);
        let earned = earned["rows"].as_array().expect("rows").iter().map(|row| {
            let track = row["key"].as_str().expect("a recording").to_owned();
            let plays = row["plays"].as_i64().expect("plays");
            (track, (plays, crate::closes::micros(&row["amount"])))
        });
        (counts.filter(|(_, count)| *count > 0).collect(), earned.collect())
    }

    /// A play as it ought to be, which counts; and what everything came to after it.
    #[track_caller]
    fn honest(&self) -> Worth {
        let who = self.guest("honest", "premium");
        let offer = ask(&who, SHORT).is(200);
        send(&who, &report(&offer, 8_000));
        let counted = ("counted".to_owned(), Value::Null);
        assert_eq!(self.stands(&listener_of(&offer), &offer["play_id"]), counted);
        let worth = self.worth();
        // Half of what was taken in, by the only play of the month.
        assert_eq!(worth.0, [(SHORT.to_owned(), 1)].into());
        assert_eq!(worth.1, [(SHORT.to_owned(), (1, 150_000_000))].into());
        worth
    }

    /// An offer as if it had been made at that time.
    fn made_at(&self, offer: &Value, issued_at: u64) -> Value {
        let ring = KeyRing::new(vec![self.key.clone()]).expect("one key");
        let checked = Checked::read(offer["grant"].as_str().expect("one"), &ring).expect("sound");
        let at = |millis| UnixMs::new(millis).expect("an instant");
        let (issued_at, valid_until) = (at(issued_at), at(issued_at + GRANT_LASTS_MS));
        let grant = StreamGrant { issued_at, valid_until, ..checked.grant() };
        let mut aged = offer.clone();
        aged["grant"] = grant.signed_by(&self.key).into();
        aged
    }

    /// A number that the server counts for its operator.
    fn metric(&self, name: &str) -> u64 {
        let text = String::from_utf8(self.api.get("/metrics").body).expect("metrics are text");
        let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        lines.map(|value| value.parse::<u64>().expect("a number")).sum()
    }

    /// Ends the server, and recounts everything by other code.
    fn end(self) {
        self.server.end();
        self.folder.balanced();
    }
}

fn worthless(reason: &str) -> (String, Value) {
    ("not_payable".to_owned(), reason.into())
}

/// The month that it is.
fn period() -> String {
    let today = DayNo(u32::try_from(reports::now_ms() / DAY_MS).expect("small"));
    today.to_string()[..7].to_owned()
}

#[track_caller]
fn ask(guest: &Guest, track: &str) -> Answer {
    ask_at(guest, track, "phone", "")
}

/// Asks to play at a device.
#[track_caller]
fn ask_at(guest: &Guest, track: &str, device: &str, query: &str) -> Answer {
    let headers = [format!("X-CSRF-Token: {}", guest.token()), format!("X-Device-Id: {device}")];
    let headers = headers.each_ref().map(String::as_str);
    guest.send("POST", &format!("/api/v1/tracks/{track}/play{query}"), &headers, b"")
}

#[track_caller]
fn renew(guest: &Guest, offer: &Value) -> Answer {
    guest.post("/api/v1/playback/renew", &json!({ "grant": offer["grant"] }))
}

/// What a player says of the play that it was offered.
fn report(offer: &Value, listened_ms: u64) -> Value {
    json!({
        "play_id": offer["play_id"], "track_id": offer["track"]["track_id"],
        "grant": offer["grant"], "duration_listened_ms": listened_ms,
    })
}

/// Sends a report, which is kept whatever it is worth.
#[track_caller]
fn send(guest: &Guest, report: &Value) -> Value {
    let kept = guest.post(REPORT, report).is(202);
    let sent = report.as_array().map_or(1, Vec::len);
    assert_eq!(kept["accepted"], sent, "{kept}");
    kept
}

/// The address to begin with, and its parameters.
fn parts(offer: &Value) -> (&str, Vec<(&str, &str)>) {
    let (path, query) =
        offer["stream_url"].as_str().and_then(|url| url.split_once('?')).expect("one");
    let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a pair"));
    (path, pairs.collect())
}

/// The listener's pseudonym, as the address has it.
fn listener_of(offer: &Value) -> String {
    let (_, parameters) = parts(offer);
    let (_, listener) = parameters.into_iter().find(|(name, _)| *name == "l").expect("it is there");
    listener.to_owned()
}

fn rendition(track: &str, rung: &str, number: u8) -> Rendition {
    Rendition {
        rung: RungName::new(rung).expect("a rung"),
        codec: "opus".to_owned(),
        container: "ogg".to_owned(),
        mime: "audio/ogg; codecs=\"opus\"".to_owned(),
        bitrate_kbps: 96,
        bytes: audio(number).len() as u64,
        checksum: [number; 32],
        piece_bytes: 1 << 20,
        pieces: vec![BlobName::new(format!("audio/{track}/{rung}")).expect("a name")],
        segments: None,
        sample_rate_hz: 48_000,
        samples: 48_000 * 8,
        encoder_delay_samples: 312,
    }
}

/// What is sent of a rendition.
fn audio(number: u8) -> Vec<u8> {
    [b"OggS and what sounds ".to_vec(), vec![number; 3_000]].concat()
}

fn put_audio(folder: &Folder) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let blobs = FolderBlobs::open(&folder.data().join("music")).await.expect("opens");
        let store = SqlStore::open(&folder.data().join("state.db")).await.expect("opens");
        for (track, number) in [(SHORT, 10), (LONG, 20), (OTHER, 30)] {
            let renditions =
                vec![rendition(track, "opus-96", number), rendition(track, "preview", number + 1)];
            for rendition in &renditions {
                let bytes = audio(rendition.checksum[0]);
                blobs.put(&rendition.pieces[0], bytes).await.expect("puts");
            }
            let track_id = track.to_owned();
            let of = TrackRenditions { track_id, loudness: None, renditions };
            store.put_renditions(&of).await.expect("stores");
        }
        store.close().await.expect("closes");
    });
}

/// Does something with the database of a server that runs.
fn in_database<T>(folder: &Folder, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let url = format!("sqlite://{}", folder.data().join("state.db").display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.expect("it opens");
        let done = work(&mut connection).await;
        connection.close().await.expect("it closes");
        done
    })
}

/// The key that this deployment signs with: it is hidden in the database by one that is beside it.
fn signing_key(folder: &Folder) -> SigningKey {
    let identity = std::fs::read(folder.data().join("deployment.json")).expect("it is there");
    let identity: Value = serde_json::from_slice(&identity).expect("it is JSON");
    let hex = identity["hash_key"].as_str().expect("it has one");
    let hash_key = HashKey::new(std::array::from_fn(|at| {
        u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal digits")
    }));
    let (id, sealed): (i64, Vec<u8>) = in_database(folder, async |connection| {
        let only = sqlx::query_as("SELECT id, sealed FROM delivery_keys");
        only.fetch_one(connection).await.expect("there is a key")
    });
    let id = KeyId(u32::try_from(id).expect("four bytes"));
    let sealed = sealed.try_into().expect("as long as it is written");
    SigningKey::open(id, &sealed, &hash_key).expect("it is this deployment's")
}
