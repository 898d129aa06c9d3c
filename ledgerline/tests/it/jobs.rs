//! Files of music are brought over HTTP, and their jobs looked at; clips are recognised.

use crate::ingest::song;
use crate::support::guest::Guest;
use crate::support::http::Answer;
use crate::support::{Folder, Server};
use serde_json::{Value, json};

fn send(guest: &Guest, path: &str, body: &[u8]) -> Answer {
    guest.send("POST", path, &[&format!("X-CSRF-Token: {}", guest.token())], body)
}

/// From a second of a song on, for so long.
fn clip(seed: u32, from_s: usize, seconds: usize) -> Vec<u8> {
    let whole = song(seed, 20);
    let second = 44_100 * 4;
    let mut clip = song(seed, u32::try_from(seconds).expect("short"))[..44].to_vec();
    clip.extend(&whole[44 + from_s * second..44 + (from_s + seconds) * second]);
    clip
}

#[test]
fn files_are_brought_and_looked_after() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let admin = Guest::with_account(&folder, &server, ("ada", "admin"), &[]);
    let listener = Guest::with_account(&folder, &server, ("ann", "listener"), &[]);

    let first = send(&admin, "/api/v1/ingest?track_id=one&extension=WAV", &song(1, 20));
    assert_eq!(first.header("location"), Some("/api/v1/jobs/1"));
    let first = first.is(202);
    assert_eq!((&first["track_id"], &first["scanned"]), (&json!("one"), &json!(false)));
    // The same file again is the same job, and another one is another.
    let again = send(&admin, "/api/v1/ingest?track_id=one&extension=wav", &song(1, 20));
    assert_eq!(again.is(202)["job"], 1);
    assert_eq!(send(&admin, "/api/v1/ingest?track_id=Zo%C3%AB/2", &song(2, 20)).is(202)["job"], 2);
    assert_eq!(send(&admin, "/api/v1/ingest?track_id=bad", b"no music at all").is(202)["job"], 3);
    let ended = |job: u64| {
        let state = admin.get(&format!("/api/v1/jobs/{job}")).is(200)["state"].clone();
        state == "done" || state == "failed"
    };
    while !(1..=3).all(ended) {
        std::thread::yield_now();
    }
    let page = admin.get("/api/v1/jobs?limit=2").is(200);
    let numbers = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().into_iter().flatten();
        items.filter_map(|job| job["job"].as_u64()).collect()
    };
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 2], &json!(1)));
    assert_eq!(page["counts"], json!({ "queued": 0, "running": 0, "done": 2, "failed": 1 }));
    let page = admin.get("/api/v1/jobs?limit=2&from=1").is(200);
    assert_eq!((numbers(&page), &page["next"]), (vec![1], &Value::Null));
    let failed = admin.get("/api/v1/jobs?state=failed").is(200);
    assert_eq!(numbers(&failed), [3]);
    assert!(
        failed["items"][0]["reason"].as_str().is_some_and(|it| it.contains("audio")),
        "{failed}"
    );
    let doctor = folder.ok(&["doctor"]);
    assert!(doctor.contains("2 files of music are encoded, 0 wait, 1 were given up"), "{doctor}");

    // What can't be.
    admin.get("/api/v1/jobs/9").refused(404, "job_not_found");
    admin.get("/api/v1/jobs/x").refused(400, "invalid_parameter");
    admin.get("/api/v1/jobs?state=lost").refused(400, "invalid_parameter");
    send(&admin, "/api/v1/ingest?track_id=one", b"").refused(422, "audio_refused");
    send(&admin, "/api/v1/ingest", b"RIFF").refused(400, "invalid_parameter");
    send(&admin, "/api/v1/ingest?track_id=a&extension=../x", b"x")
        .refused(400, "invalid_parameter");
    send(&listener, "/api/v1/ingest?track_id=one", b"RIFF").refused(403, "forbidden");
    listener.get("/api/v1/jobs").refused(403, "forbidden");

    let heard = play_of(&listener, "one");
    assert_eq!(heard["rungs"].as_array().map(Vec::len), Some(5), "{heard}");

    // Anybody who is signed in may ask what sounds so.
    let found = send(&listener, "/api/v1/identify?extension=wav", &clip(2, 6, 10)).is(200);
    assert_eq!(found["track_id"], "Zo\u{eb}/2");
    // The song comes again after 29 notes of 9 000 samples.
    let again_ms = 29 * 9_000 * 1_000 / 44_100;
    let at_ms = found["at_ms"].as_i64().map(|at| at % again_ms);
    assert!(at_ms.is_some_and(|at| (at - 6_000 % again_ms).abs() < 200), "{found}");
    assert!(found["score"].as_u64().is_some_and(|score| score > 0), "{found}");
    send(&listener, "/api/v1/identify", &clip(9, 3, 10)).refused(404, "not_recognised");
    send(&listener, "/api/v1/identify", b"no music at all").refused(422, "audio_refused");
    send(&listener, "/api/v1/identify", b"").refused(422, "audio_refused");
    send(&listener, "/api/v1/identify", &vec![0; (8 << 20) + 1]).refused(413, "body_too_large");
    server.anyone().send("POST", "/api/v1/identify", &[], b"x").refused(401, "unauthorized");
    server.end();
}

fn play_of(guest: &Guest, track_id: &str) -> Value {
    guest.change("POST", &format!("/api/v1/tracks/{track_id}/play"), b"").is(200)
}
