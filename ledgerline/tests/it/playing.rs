//! Plays begin, and their audio is fetched: by signed addresses, whole, by ranges, and by nobody else.

use crate::support::http::{Answer, Connection, JSON, REPORT};
use crate::support::{Api, Folder, Server};
use ledgerline_app::ports::{
    BlobName, BlobStore, Rendition, RenditionStore, RungName, TrackRenditions,
};
use ledgerline_blobs::FolderBlobs;
use ledgerline_sql_store::SqlStore;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

pub(crate) const TRACK: &str = "Zoë/1";
const PLAY: &str = "/api/v1/tracks/Zo%C3%AB%2F1/play";

pub(crate) fn bytes() -> Vec<u8> {
    (0..700_001_u32).map(|at| (at % 253).to_le_bytes()[0]).collect()
}

fn rendition(rung: &str, kbps: u32, checksum: u8) -> Rendition {
    let rung = RungName::new(rung).expect("a rung");
    let pieces = ["0", "1", "2"].map(|piece| BlobName::new(format!("audio/x/{rung}.{piece}")));
    Rendition {
        codec: "opus".to_owned(),
        container: "ogg".to_owned(),
        mime: "audio/ogg; codecs=\"opus\"".to_owned(),
        bitrate_kbps: kbps,
        bytes: 700_001,
        checksum: [checksum; 32],
        piece_bytes: 300_000,
        pieces: pieces.map(|name| name.expect("a name")).to_vec(),
        segments: None,
        sample_rate_hz: 48_000,
        samples: 48_000 * 30,
        encoder_delay_samples: 312,
        rung,
    }
}

/// A folder with one recording that was encoded: a preview and a rung.
pub(crate) fn prepared() -> Folder {
    let folder = Folder::under(|_| Vec::new());
    std::fs::create_dir_all(folder.data()).expect("a folder");
    let renditions = vec![rendition("opus-96", 96, 0xcd), rendition("preview", 96, 0xab)];
    let of = TrackRenditions { track_id: TRACK.to_owned(), loudness: None, renditions };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let blobs = FolderBlobs::open(&folder.data().join("music")).await.expect("opens");
        for rendition in &of.renditions {
            for (name, piece) in rendition.pieces.iter().zip(bytes().chunks(300_000)) {
                blobs.put(name, piece.to_vec()).await.expect("puts");
            }
        }
        let store = SqlStore::open(&folder.data().join("state.db")).await.expect("opens");
        store.put_renditions(&of).await.expect("stores");
        store.close().await.expect("closes");
    });
    folder
}

fn get(api: &Api, path: &str, headers: &[&str]) -> Answer {
    api.send("GET", path, headers, &[])
}

#[track_caller]
pub(crate) fn play(api: &Api) -> (Value, String) {
    let offer = api.send("POST", PLAY, &[], &[]).is(200);
    let path = offer["rungs"][0]["path"].as_str().expect("there is a rung").to_owned();
    (offer, path)
}

#[test]
fn who_is_not_signed_in_hears_the_preview_by_its_address() {
    let folder = prepared();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let (offer, path) = play(&anyone);
    assert_eq!(offer["preview"], true);
    assert_eq!(offer["rungs"].as_array().map(Vec::len), Some(1));
    assert_eq!(offer["rungs"][0]["rung"], "preview");
    assert_eq!(
        (&offer["duration_ms"], &offer["track"]["track_id"]),
        (&json!(30_000), &json!(TRACK))
    );
    assert_eq!(offer["stream_url"], path);
    assert!(path.starts_with("/audio/Zo%C3%AB%2F1/preview.abababab?e="), "{path}");

    let whole = get(&anyone, &path, &[]);
    assert_eq!(whole.status, 200);
    assert!(whole.body == bytes(), "all of it, across pieces and chunks");
    assert_eq!(whole.header("content-type"), Some("audio/ogg"));
    assert_eq!(whole.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(whole.header("access-control-allow-origin"), Some("*"));
    let etag = whole.header("etag").expect("it has one").to_owned();
    for (header, status, expected) in [
        ("Range: bytes=0-9".to_owned(), 206, 0..10),
        ("Range: bytes=299990-300009".to_owned(), 206, 299_990..300_010),
        ("Range: bytes=699999-".to_owned(), 206, 699_999..700_001),
        ("Range: bytes=-2".to_owned(), 206, 699_999..700_001),
        ("Range: bytes=0-1,5-6".to_owned(), 200, 0..700_001),
        (format!("If-None-Match: {etag}"), 304, 0..0),
        (format!("If-None-Match: W/{etag}"), 304, 0..0),
        ("If-None-Match: \"other\"".to_owned(), 200, 0..700_001),
    ] {
        let answer = get(&anyone, &path, &[&header]);
        assert_eq!(answer.status, status, "{header}");
        assert!(answer.body == bytes()[expected.clone()], "{header}");
        if status == 206 {
            let range = format!("bytes {}-{}/700001", expected.start, expected.end - 1);
            assert_eq!(answer.header("content-range"), Some(&*range), "{header}");
        }
    }
    for (if_range, status) in [(etag.as_str(), 206), ("\"other\"", 200)] {
        let headers = ["Range: bytes=5-9", &format!("If-Range: {if_range}")];
        assert_eq!(get(&anyone, &path, &headers).status, status, "{if_range}");
    }
    let beyond = get(&anyone, &path, &["Range: bytes=700001-"]);
    beyond.refused(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), Some("bytes */700001"));
    server.end();
}

#[test]
fn an_address_opens_what_it_was_signed_for() {
    let folder = prepared();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let (_, path) = play(&anyone);
    let changed = |from: &str, to: &str| {
        assert!(path.contains(from), "{from} is in {path}");
        path.replacen(from, to, 1)
    };
    for forged in [
        changed("preview.abababab", "opus-96.cdcdcdcd"),
        changed("Zo%C3%AB%2F1", "other"),
        changed("&l=", "&l=somebody"),
        changed("?e=1", "?e=2"),
        changed("&p=0", "&p=1"),
        path.split('?').next().unwrap_or_default().to_owned(),
        changed("/audio/", "/audio/x/../"),
        format!("{path}&x=1"),
    ] {
        let answer = get(&anyone, &forged, &[]);
        assert!(matches!(answer.status, 403 | 404), "{forged}: {}", answer.status);
        assert!(answer.body != bytes(), "{forged}");
    }
    // Nobody's file, however it is asked for.
    for path in
        ["/audio/..%2f..%2fstate.db/flac", "/audio/%2e%2e/state.db", "/audio/x/..%2fstate.db"]
    {
        let answer = get(&anyone, path, &[]);
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
    }
    server.anyone().send("POST", "/api/v1/tracks/unknown/play", &[], &[]).refused(404, "no_audio");
    anyone.send("POST", PLAY, &["X-Network-Quality: best"], &[]).refused(400, "invalid_parameter");

    // Keys take each other's place, and what was signed stays good; also after a start.
    folder.ok(&["keys", "rotate-signing"]);
    assert_eq!(get(&anyone, &path, &["Range: bytes=0-0"]).status, 206);
    let keys = folder.json(&["keys", "list-signing"]);
    let signing: Vec<&Value> = keys["keys"].as_array().into_iter().flatten().collect();
    assert_eq!(signing.iter().map(|key| &key["signs"]).collect::<Vec<_>>(), [false, true]);
    let exported = folder.ok(&["keys", "export-signing"]);
    assert_eq!(exported.lines().filter(|line| line.len() == 8 + 1 + 64).count(), 2, "{exported}");
    server.end();
    let server = Server::start(&folder);
    assert_eq!(get(&server.anyone(), &path, &["Range: bytes=0-0"]).status, 206);
    server.end();
}

#[test]
fn a_play_goes_on_by_its_grant() {
    let folder = prepared();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let (offer, _) = play(&anyone);
    let content = format!("Content-Type: {JSON}");
    let renew = |grant: &Value| {
        let body = json!({ "grant": grant }).to_string();
        anyone.send("POST", "/api/v1/playback/renew", &[&content], body.as_bytes())
    };
    let renewed = renew(&offer["grant"]).is(200);
    for same in ["play_id", "grant", "preview", "track"] {
        assert_eq!(renewed[same], offer[same], "{same}");
    }
    let path = renewed["rungs"][0]["path"].as_str().expect("there is a rung");
    assert_eq!(get(&anyone, path, &["Range: bytes=0-0"]).status, 206);
    renew(&json!("AQEAAAA")).refused(403, "grant_refused");
    let text = offer["grant"].as_str().expect("there is one");
    let mut forged = text.to_owned();
    let last = forged.pop();
    forged.push(if last == Some('A') { 'Q' } else { 'A' });
    renew(&json!(forged)).refused(403, "grant_refused");
    // A key of a program listens to nothing: it hears the preview too, and its reports need no grant.
    let program = server.api(&folder, "reports:write,counts:read");
    assert_eq!(play(&program).0["preview"], true);
    let report = json!({
        "play_id": "p", "user_id": "u", "track_id": TRACK, "duration_listened_ms": 30_000,
        "grant": "made up",
    });
    program.send("POST", REPORT, &[&content], report.to_string().as_bytes()).is(202);
    server.end();
}

#[test]
fn ranges_one_after_another_are_those_bytes_by_any_socket() {
    let folder = prepared();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let (_, path) = play(&anyone);
    let ends = [0, 1, 65_536, 299_999, 300_000, 300_001, 600_000, 650_000, 700_000];
    let pairs = ends.iter().flat_map(|from| ends.iter().map(move |to| (*from, *to)));
    let pairs: Vec<(usize, usize)> = pairs.filter(|(from, to)| from <= to).collect();
    let mut kept = Connection::open(anyone.address).expect("it listens");
    for (from, to) in &pairs {
        let range = format!("Range: bytes={from}-{to}");
        let request = anyone.request("GET", &path, &[&range], &[]);
        let answer = kept.call(&request).expect("it answers");
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.body == bytes()[*from..=*to], "{range}");
    }
    // Where the connection can't have the system send a file, the server reads it.
    let mut socket = UnixStream::connect(folder.data().join("control.sock")).expect("it listens");
    let all = pairs.iter().map(|(from, to)| {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes={from}-{to}\r\n\r\n")
    });
    let last = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut sending = socket.try_clone().expect("it can be shared");
    let requests = all.chain([last]).collect::<String>();
    let sent = std::thread::spawn(move || sending.write_all(requests.as_bytes()));
    let mut got = Vec::new();
    socket.read_to_end(&mut got).expect("it answers");
    sent.join().expect("no panic").expect("all is taken");
    let mut rest = &got[..];
    for (from, to) in pairs.into_iter().chain([(0, 700_000)]) {
        let head = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        rest = &rest[head + 4..];
        let (body, behind) = rest.split_at(to + 1 - from);
        assert!(body == &bytes()[from..=to], "{from} to {to}");
        rest = behind;
    }
    assert!(rest.is_empty());
    server.end();
}

/// A blob that is shorter than it was is told before anything is sent.
#[test]
fn audio_that_is_damaged_is_refused() {
    let folder = prepared();
    let piece = folder.data().join("music/audio/x/preview.1");
    std::fs::write(&piece, &bytes()[300_000..400_000]).expect("it is ours");
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let (_, path) = play(&anyone);
    for range in ["Range: bytes=300000-300099", "Range: bytes=500000-500099"] {
        get(&anyone, &path, &[range]).refused(503, "store_unavailable");
    }
    // What is before it is sent, and then the connection breaks off.
    let mut connection = Connection::open(anyone.address).expect("it listens");
    let broken = connection.call(&anyone.request("GET", &path, &[], &[]));
    assert!(broken.is_err(), "it isn't whole");
    assert_eq!(get(&anyone, &path, &["Range: bytes=0-299999"]).status, 206);
    std::fs::remove_file(&piece).expect("it is ours");
    server.end();
    let server = Server::start(&folder);
    let gone = get(&server.anyone(), &path, &["Range: bytes=300000-300099"]);
    gone.refused(503, "store_unavailable");
    server.end();
}

#[test]
fn what_was_sent_is_noted_and_read_back_once() {
    let folder = prepared();
    let log = folder.path("access.log").display().to_string();
    let server = Server::spawn_with(&folder, &[("LEDGERLINE_ACCESS_LOG", &log)]).listening();
    let server = server.expect("it starts");
    let (offer, path) = play(&server.anyone());
    assert_eq!(get(&server.anyone(), &path, &["Range: bytes=0-99"]).status, 206);
    assert_eq!(get(&server.anyone(), &path, &[]).status, 200);
    server.end();
    let text = std::fs::read_to_string(&log).expect("it is written");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each is JSON")).collect();
    let bytes: Vec<u64> = lines.iter().filter_map(|line| line["bytes"].as_u64()).collect();
    assert_eq!(bytes, [100, 700_001]);
    assert!(lines.iter().all(|line| line["play_id"] == offer["play_id"]));
    for added in [true, false] {
        let read = folder.json(&["deliveries", "read", &log]);
        assert_eq!((&read["added"], &read["lines"]), (&json!(added), &json!(2)));
    }
    let empty = folder.write("empty.log", "nothing\n");
    assert_eq!(folder.run(&["deliveries", "read", &empty]).code, 1);
}

/// A disk that takes nothing any more gives what is there.
#[test]
fn a_read_only_folder_of_audio_is_played_from() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = prepared();
    let blobs = folder.data().join("music");
    let mode = |mode| std::fs::set_permissions(&blobs, std::fs::Permissions::from_mode(mode));
    mode(0o500).expect("it is ours");
    let server = Server::start(&folder);
    let (_, path) = play(&server.anyone());
    assert_eq!(get(&server.anyone(), &path, &["Range: bytes=0-0"]).status, 206);
    server.end();
    mode(0o700).expect("it is ours");
}
