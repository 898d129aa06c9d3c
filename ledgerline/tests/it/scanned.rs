//! A folder of music is heard as soon as it is scanned, and encoded by itself.

use crate::ingest::song;
use crate::music::{ids, scan, tag};
use crate::support::guest::Guest;
use crate::support::http::Answer;
use crate::support::{Folder, Server, skip};
use lofty::tag::ItemKey;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An album of two tracks, and a track that is on none.
fn music(folder: &Folder) -> PathBuf {
    let music = folder.path("music");
    fs::create_dir_all(music.join("Songs")).expect("a folder");
    for (seed, title) in [(1, "Rain"), (2, "Snow")] {
        let path = music.join(format!("Songs/{title}.wav"));
        fs::write(&path, song(seed, 4 + seed)).expect("a file");
        tagged(&path, title, "Songs");
    }
    fs::write(music.join("Alone.wav"), song(3, 4)).expect("a file");
    tagged(&music.join("Alone.wav"), "Alone", "Alone");
    music
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

fn utf8(path: &Path) -> &str {
    path.to_str().expect("it is UTF-8")
}

fn not_encoding(folder: &Folder) -> Server {
    let server = Server::spawn_with(folder, &[("LEDGERLINE_ENCODE_SCANNED", "no")]).listening();
    server.expect("it starts")
}

fn play(guest: &Guest, track_id: &str) -> Answer {
    guest.change("POST", &format!("/api/v1/tracks/{track_id}/play"), b"")
}

fn rungs(offer: &Value) -> Vec<&str> {
    let rungs = offer["rungs"].as_array().into_iter().flatten();
    rungs.filter_map(|rung| rung["rung"].as_str()).collect()
}

fn path_of(offer: &Value, rung: &str) -> String {
    let rungs = offer["rungs"].as_array().into_iter().flatten();
    let path = rungs.clone().find(|it| it["rung"] == rung).and_then(|it| it["path"].as_str());
    path.expect("it is offered").to_owned()
}

fn until(holds: impl Fn() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

/// How many jobs there are: queued, running, done, failed.
pub(crate) fn jobs(folder: &Folder) -> [u64; 4] {
    let status = folder.json(&["ingest", "status"]);
    ["queued", "running", "done", "failed"].map(|state| status[state].as_u64().expect("a count"))
}

#[test]
fn a_scanned_track_is_heard_before_it_is_encoded() {
    let folder = Folder::new();
    let root = music(&folder);
    let server = not_encoding(&folder);
    let ann = Guest::with_account(&folder, &server, ("ann", "listener"), &[]);
    scan(&folder, utf8(&root));
    let tracks = ids(&folder);
    assert_eq!(jobs(&folder), [0; 4]);

    let rain = root.join("Songs/Rain.wav");
    let bytes = fs::read(&rain).expect("it is there");
    let offer = play(&ann, &tracks["Rain"]).is(200);
    assert_eq!((rungs(&offer), &offer["first_rung"]), (vec!["original"], &json!(0)));
    let rung = &offer["rungs"][0];
    assert_eq!(
        (&rung["container"], &rung["codec"], &rung["mime"], &rung["bytes"]),
        (&json!("wav"), &json!("pcm"), &json!("audio/wav"), &json!(bytes.len()))
    );
    assert_eq!((&rung["segments"], &offer["duration_ms"]), (&Value::Null, &json!(5_000)));
    let path = path_of(&offer, "original");
    let anyone = server.anyone();
    let whole = anyone.get(&path);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("audio/wav")));
    assert!(whole.body == bytes, "it is the file as it stands there");
    let range = anyone.send("GET", &path, &["Range: bytes=400000-400009"], b"");
    assert!(range.status == 206 && range.body == bytes[400_000..400_010]);
    // The address is of this track, and whoever isn't signed in hears previews.
    let forged = path.replacen(&tracks["Rain"], &tracks["Snow"], 1);
    anyone.get(&forged).refused(403, "url_refused");
    let nobody = anyone.send("POST", &format!("/api/v1/tracks/{}/play", tracks["Rain"]), &[], b"");
    nobody.refused(404, "no_preview");

    // What isn't as it was scanned isn't sent: neither other bytes, nor what a link leads to.
    fs::write(&rain, song(9, 4)).expect("it can be written");
    anyone.get(&path).refused(404, "no_audio");
    fs::remove_file(&rain).expect("it is there");
    anyone.get(&path).refused(404, "no_audio");
    let secret = folder.write("secret.wav", &bytes);
    symlink(&secret, &rain).expect("a link");
    anyone.get(&path).refused(404, "no_audio");
    // The next scan tells what is there, and another address.
    fs::remove_file(&rain).expect("it is there");
    fs::write(&rain, &bytes).expect("it can be written");
    scan(&folder, utf8(&root));
    assert_eq!(ids(&folder)["Rain"], tracks["Rain"]);
    until(|| {
        let offer = play(&ann, &tracks["Rain"]);
        offer.status == 200 && anyone.get(&path_of(&offer.json(), "original")).body == bytes
    });
    server.end();
}

#[test]
fn a_scanned_folder_is_encoded_by_itself() {
    let folder = Folder::new();
    let root = music(&folder);
    // As if the scan had died before it queued anything.
    let server = not_encoding(&folder);
    let mut ann = Guest::with_account(&folder, &server, ("ann", "admin"), &[]);
    scan(&folder, utf8(&root));
    let tracks = ids(&folder);
    let original = path_of(&play(&ann, &tracks["Rain"]).is(200), "original");
    server.end();

    let server = Server::start(&folder);
    ann.move_to(&server);
    until(|| jobs(&folder) == [0, 0, 3, 0]);
    let album = |title: &str| {
        let offer = play(&ann, &tracks[title]).is(200);
        offer["loudness"]["album_integrated_lufs"].as_f64()
    };
    until(|| album("Rain").is_some() && album("Snow").is_some() && album("Alone").is_some());
    let offer = play(&ann, &tracks["Rain"]).is(200);
    // In the order of their bitrates, and what is as simple as this is small without loss.
    assert_eq!(rungs(&offer), ["opus-24", "opus-96", "opus-160", "flac", "opus-320"]);
    assert!(offer["rungs"][0]["segments"].is_object(), "{offer}");
    assert_eq!(album("Rain"), album("Snow"));
    assert_ne!(album("Rain"), album("Alone"));
    // Whoever began with the file goes on with it.
    assert_eq!(server.anyone().send("GET", &original, &["Range: bytes=0-9"], b"").status, 206);
    // The music folder isn't kept a second time.
    assert!(!folder.data().join("music/originals").exists());

    // New tags and another place are no other audio, and a copy is none either.
    let rain = root.join("Songs/Rain.wav");
    tagged(&rain, "Rain!", "Songs");
    fs::rename(&rain, root.join("Rain.wav")).expect("it can be moved");
    fs::copy(root.join("Rain.wav"), root.join("Songs/Rain again.wav")).expect("it can be copied");
    // A file that is gone takes nothing with it, and a new one is queued.
    fs::remove_file(root.join("Songs/Snow.wav")).expect("it is there");
    fs::write(root.join("broken.wav"), "RIFF").expect("a file");
    fs::write(root.join("New.wav"), song(5, 4)).expect("a file");
    scan(&folder, utf8(&root));
    until(|| jobs(&folder) == [0, 0, 4, 0]);
    assert_eq!(ids(&folder)["Rain!"], tracks["Rain"]);
    let gone = play(&ann, &tracks["Snow"]).is(200);
    assert_eq!(server.anyone().get(&path_of(&gone, "opus-96")).status, 200);
    // Other audio in the place of a track is encoded, and so is the first when it comes back.
    let before = fs::read(root.join("Alone.wav")).expect("it is there");
    for (bytes, done) in [(song(8, 4), 5), (before, 6)] {
        fs::write(root.join("Alone.wav"), &bytes).expect("it can be written");
        tagged(&root.join("Alone.wav"), "Alone", "Alone");
        scan(&folder, utf8(&root));
        until(|| jobs(&folder) == [0, 0, done, 0]);
        assert_eq!(ids(&folder)["Alone"], tracks["Alone"]);
    }
    scan(&folder, utf8(&root));
    assert_eq!(jobs(&folder), [0, 0, 6, 0]);

    assert!(folder.ok(&["ingest", "verify"]).contains("sound"));
    assert!(folder.ok(&["doctor"]).contains("6 files of music are encoded, 0 wait"));
    let metrics = server.anyone().get("/metrics");
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("ledgerline_ingest_jobs{state=\"failed\"} 0"), "{metrics}");
    let encoded = metrics.lines().find_map(|line| {
        line.strip_prefix("ledgerline_ingest_encoded_seconds_total ")?.parse::<u64>().ok()
    });
    assert!(encoded.is_some_and(|seconds| seconds >= 20), "{encoded:?}");
    server.end();
}

/// Files of every form, made by ffmpeg: each is offered as what it is, and becomes the same ladder.
#[test]
fn every_form_is_heard_as_it_is_and_encoded() {
    let folder = Folder::new();
    let root = folder.path("music");
    fs::create_dir_all(&root).expect("a folder");
    let source = folder.write("source.wav", song(4, 6));
    let forms = [
        ("flac", "flac", "flac", "audio/flac"),
        ("mp3", "libmp3lame", "mp3", "audio/mpeg"),
        ("ogg", "libvorbis", "ogg", "audio/ogg; codecs=\"vorbis\""),
        ("opus", "libopus", "ogg", "audio/ogg; codecs=\"opus\""),
        ("m4a", "aac", "mp4", "audio/mp4; codecs=\"mp4a.40.2\""),
    ];
    for (ending, codec, ..) in forms {
        let file = root.join(format!("in-{ending}.{ending}"));
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-i", &source, "-c:a", codec])
            .args(["-metadata", &format!("title=in {ending}"), utf8(&file)])
            .status();
        match made {
            Ok(made) => assert!(made.success(), "{ending}"),
            Err(_) => return skip("ffmpeg isn't installed"),
        }
    }
    let server = not_encoding(&folder);
    let mut ann = Guest::with_account(&folder, &server, ("ann", "listener"), &[]);
    assert_eq!(scan(&folder, utf8(&root)), [("added", 5)].into());
    let tracks = ids(&folder);
    for (ending, _, container, mime) in forms {
        let offer = play(&ann, &tracks[&format!("in {ending}")]).is(200);
        let rung = &offer["rungs"][0];
        assert_eq!((&rung["container"], &rung["mime"]), (&json!(container), &json!(mime)));
        let sent = server.anyone().get(&path_of(&offer, "original"));
        let file = fs::read(root.join(format!("in-{ending}.{ending}"))).expect("it is there");
        assert!(sent.status == 200 && sent.body == file, "{ending}");
        assert_eq!(sent.header("content-type"), mime.split(';').next(), "{ending}");
    }
    server.end();
    let server = Server::start(&folder);
    ann.move_to(&server);
    until(|| jobs(&folder) == [0, 0, 5, 0]);
    for (ending, ..) in forms {
        let offer = play(&ann, &tracks[&format!("in {ending}")]).is(200);
        let lossless = ending == "flac";
        assert_eq!(rungs(&offer).len(), if lossless { 5 } else { 4 }, "{ending}: {offer}");
    }
    server.end();
}

/// A server that is killed while it scans and encodes: every file is encoded, and none is queued twice.
#[test]
fn a_scan_that_is_killed_queues_every_file_once() {
    let folder = Folder::new();
    let root = folder.path("music");
    fs::create_dir_all(&root).expect("a folder");
    for seed in 0..6 {
        fs::write(root.join(format!("{seed}.wav")), song(seed, 6)).expect("a file");
    }
    let server = Server::start(&folder);
    let mut scanning = folder.command(&["catalog", "scan", utf8(&root)]);
    let mut scanning = scanning.spawn().expect("it starts");
    until(|| jobs(&folder) != [0; 4]);
    server.kill();
    let _ = scanning.wait();
    let server = Server::start(&folder);
    scan(&folder, utf8(&root));
    until(|| jobs(&folder)[2] >= 6);
    assert_eq!(jobs(&folder), [0, 0, 6, 0]);
    server.end();
}

/// A disk that takes no blobs: what is there is played, jobs say why they wait, and go on once it is well.
#[test]
fn blobs_that_can_not_be_put_wait_and_playback_goes_on() {
    let folder = Folder::new();
    let root = music(&folder);
    let server = Server::start(&folder);
    let ann = Guest::with_account(&folder, &server, ("ann", "admin"), &[]);
    scan(&folder, utf8(&root));
    until(|| jobs(&folder) == [0, 0, 3, 0]);
    let rain = ids(&folder)["Rain"].clone();
    // Also for whom no mode of a folder holds.
    let arriving = folder.data().join("music/arriving");
    let _ = fs::remove_dir_all(&arriving);
    fs::write(&arriving, "in the way").expect("a file");
    fs::write(root.join("New.wav"), song(7, 4)).expect("a file");
    scan(&folder, utf8(&root));
    let waiting = || {
        let page = ann.get("/api/v1/jobs?state=queued").is(200);
        let reason = page["items"][0]["reason"].as_str();
        reason.is_some_and(|reason| reason.contains("the store of blobs"))
    };
    until(waiting);
    let offer = play(&ann, &rain).is(200);
    assert_eq!(server.anyone().get(&path_of(&offer, "opus-96")).status, 200);
    let new = play(&ann, &ids(&folder)["New"]).is(200);
    assert_eq!(rungs(&new), ["original"]);
    let brought = ann.send(
        "POST",
        "/api/v1/ingest?track_id=t",
        &[&format!("X-CSRF-Token: {}", ann.token())],
        &vec![0; 9 << 20],
    );
    brought.refused(503, "store_unavailable");
    fs::remove_file(&arriving).expect("it is ours");
    until(|| jobs(&folder) == [0, 0, 4, 0]);
    server.end();
}

/// A database that somebody holds: what is known is played, and jobs go on when it is let go.
#[test]
fn a_locked_database_stops_no_playback() {
    use sqlx::Connection as _;
    let folder = Folder::new();
    let root = music(&folder);
    let server = Server::start(&folder);
    let ann = Guest::with_account(&folder, &server, ("ann", "listener"), &[]);
    scan(&folder, utf8(&root));
    until(|| jobs(&folder) == [0, 0, 3, 0]);
    let rain = ids(&folder)["Rain"].clone();
    let first = play(&ann, &rain).is(200);
    let song = folder.write("new.wav", song(7, 4));
    folder.ok(&["ingest", "add", &song]);

    let url = format!("sqlite://{}", folder.data().join("state.db").display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut holder = runtime.block_on(async {
        let mut holder = sqlx::SqliteConnection::connect(&url).await.expect("it opens");
        sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("it is free now and then");
        holder
    });
    let again = play(&ann, &rain).is(200);
    for offer in [&first, &again] {
        assert_eq!(server.anyone().get(&path_of(offer, "opus-96")).status, 200);
    }
    runtime.block_on(async {
        sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it was held");
        holder.close().await.expect("it closes");
    });
    until(|| jobs(&folder) == [0, 0, 4, 0]);
    server.end();
}

/// While it is held, whoever wants something written hears so; nothing that was acknowledged is lost by it.
#[test]
fn a_locked_database_is_said_and_loses_nothing() {
    use sqlx::Connection as _;
    let folder = Folder::under(|_| Vec::new());
    let root = music(&folder);
    let server = not_encoding(&folder);
    let guest = |name: &str, plan: &str| {
        let added = folder.json(&["accounts", "add", name, "--plan", plan]);
        Guest::enter(&server, &json!({ "name": name, "password": added["password"] }))
    };
    let (ann, bo) = (guest("ann", "premium"), guest("bo", "free"));
    scan(&folder, utf8(&root));
    let alone = ids(&folder)["Alone"].clone();
    let offer = play(&ann, &alone).is(200);
    let saved = format!("/api/v1/me/saved/tracks/{alone}");
    let counted = || folder.counts("track").get(&alone).copied().unwrap_or_default();

    let url = format!("sqlite://{}", folder.data().join("state.db").display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut holder = runtime.block_on(async {
        let mut holder = sqlx::SqliteConnection::connect(&url).await.expect("it opens");
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.expect("it is free now and then");
        holder
    });
    let refused = std::thread::scope(|scope| {
        let save = scope.spawn(|| ann.change("PUT", &saved, b""));
        // Where one place is the most, the first play of all is noted before it begins.
        let begin = scope.spawn(|| play(&bo, &alone));
        // What is only read goes on, and a report is durable in its log.
        assert_eq!(server.anyone().get(&path_of(&offer, "original")).status, 200);
        play(&ann, &alone).is(200);
        assert_eq!(ann.get("/api/v1/me/saved/tracks").is(200)["total"], 0);
        assert_eq!(ann.get("/api/v1/albums").status, 200);
        let report = json!({
            "play_id": offer["play_id"], "track_id": alone, "grant": offer["grant"],
            "duration_listened_ms": 4_000,
        });
        ann.post("/api/v1/playback/report", &report).is(202);
        [save.join().expect("it is answered"), begin.join().expect("it is answered")]
    });
    for refused in refused {
        refused.refused(503, "store_unavailable");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
    }
    assert_eq!(server.anyone().get("/healthz").status, 200);
    runtime.block_on(async {
        sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it was held");
        holder.close().await.expect("it closes");
    });
    assert_eq!(ann.get("/api/v1/me/saved/tracks").is(200)["total"], 0, "as it was said");
    assert_eq!(ann.change("PUT", &saved, b"").status, 204);
    play(&bo, &alone).is(200);
    until(|| counted() == 1);
    server.end();
    folder.balanced();
}

/// A server that is killed while it encodes: what was encoded before is played as ever, what wasn't is never half
/// of it, and its jobs are done after the start.
#[test]
fn an_encoder_that_is_killed_leaves_what_is_there_playable() {
    let folder = Folder::new();
    let root = folder.path("music");
    fs::create_dir_all(&root).expect("a folder");
    fs::write(root.join("done.wav"), song(1, 4)).expect("a file");
    let mut server = Server::start(&folder);
    let mut ann = Guest::with_account(&folder, &server, ("ann", "admin"), &[]);
    scan(&folder, utf8(&root));
    until(|| jobs(&folder) == [0, 0, 1, 0]);
    let tracks = ids(&folder);
    let done = &tracks["done"];
    let heard = |server: &Server, offer: &Value| -> Vec<Vec<u8>> {
        let get = |rung: &str| server.anyone().get(&path_of(offer, rung)).body;
        rungs(offer).into_iter().map(get).collect()
    };
    let offer = play(&ann, done).is(200);
    let before = (rungs(&offer).len(), heard(&server, &offer));
    assert!(before.0 >= 4 && before.1.iter().all(|bytes| bytes.len() > 1_000), "{offer}");

    for seed in 2..4 {
        fs::write(root.join(format!("new {seed}.wav")), song(seed, 20)).expect("a file");
    }
    scan(&folder, utf8(&root));
    for _ in 0..2 {
        let works = || ann.get("/api/v1/jobs?state=running").is(200)["items"] != json!([]);
        until(|| works() || jobs(&folder)[2] == 3);
        assert!(heard(&server, &offer) == before.1, "while it encodes");
        server.kill();
        server = Server::start(&folder);
        ann.move_to(&server);
        assert!(heard(&server, &offer) == before.1, "by the addresses from before");
        let again = play(&ann, done).is(200);
        assert!((rungs(&again).len(), heard(&server, &again)) == before, "by new ones");
        for (title, track_id) in ids(&folder) {
            let offer = play(&ann, &track_id).is(200);
            let there = rungs(&offer);
            assert!(there == ["original"] || there.len() == before.0, "{title}: {there:?}");
        }
    }
    until(|| jobs(&folder) == [0, 0, 3, 0]);
    for track_id in ids(&folder).values() {
        assert_eq!(rungs(&play(&ann, track_id).is(200)).len(), before.0);
    }
    assert!(folder.ok(&["ingest", "verify"]).contains("sound"));
    server.end();
}

/// Real recordings: scanned, heard as they are, encoded, and recognised.
#[test]
fn real_recordings_are_scanned_encoded_and_recognised() {
    let audio = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/audio");
    if !audio.is_dir() {
        skip(&format!("{} is not there", audio.display()));
        return;
    }
    let folder = Folder::new();
    let server = not_encoding(&folder);
    let mut ann = Guest::with_account(&folder, &server, ("ann", "admin"), &[]);
    assert_eq!(scan(&folder, utf8(&audio)), [("added", 4)].into());
    let tracks = ids(&folder);
    for track_id in tracks.values() {
        let offer = play(&ann, track_id).is(200);
        let rung = &offer["rungs"][0];
        assert_eq!(
            (&rung["container"], &rung["mime"]),
            (&json!("ogg"), &json!("audio/ogg; codecs=\"vorbis\""))
        );
        let sent = server.anyone().get(&path_of(&offer, "original"));
        assert!(sent.status == 200 && sent.body.starts_with(b"OggS"));
    }
    server.end();
    let server = Server::start(&folder);
    ann.move_to(&server);
    until(|| jobs(&folder) == [0, 0, 4, 0]);
    for entry in fs::read_dir(&audio).expect("it can be read") {
        let file = entry.expect("it can be read").path();
        let body = fs::read(&file).expect("it can be read");
        let token = format!("X-CSRF-Token: {}", ann.token());
        let found = ann.send("POST", "/api/v1/identify?extension=ogg", &[&token], &body).is(200);
        let id = found["track_id"].as_str().expect("it has one");
        let title = tracks.iter().find(|(_, track_id)| *track_id == id).map(|(title, _)| title);
        assert_eq!(found["title"].as_str(), title.map(String::as_str), "{}", file.display());
        let offer = play(&ann, id).is(200);
        assert_eq!(rungs(&offer), ["opus-24", "opus-96", "opus-160", "opus-320"]);
    }
    server.end();
}
