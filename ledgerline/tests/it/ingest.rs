//! Files of music by the command line and by a running server, which is killed.

use crate::support::{Folder, Server};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A WAV of so many seconds: notes that follow from the seed.
pub(crate) fn song(seed: u32, seconds: u32) -> Vec<u8> {
    let rate = 44_100_u32;
    let mut data = Vec::new();
    for at in 0..rate * seconds {
        let t = f64::from(at) / f64::from(rate);
        let step = (at / 9_000).wrapping_mul(seed * 2 + 5);
        let note = 110.0 * 2_f64.powf(f64::from(step % 29) / 12.0);
        let shape = (-f64::from(at % 9_000) / 6_000.0).exp();
        let tone: f64 = (1..=4)
            .map(|part| {
                (std::f64::consts::TAU * note * f64::from(part) * t).sin() / f64::from(part)
            })
            .sum();
        #[expect(clippy::cast_possible_truncation, reason = "a sample")]
        let sample = (tone * shape * 8_000.0) as i16;
        data.extend([sample, sample / 2].iter().flat_map(|it| it.to_le_bytes()));
    }
    let length = u32::try_from(data.len()).expect("short");
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 4).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    wav
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn files_are_ingested_checked_and_recognised() {
    let folder = Folder::new();
    let first = folder.write("first.wav", song(1, 14));
    let second = folder.write("second.wav", song(2, 14));
    let broken = folder.write("broken.flac", "fLaC and then nothing");
    let added = folder.json(&["ingest", "add", &first, &second, &broken]);
    assert_eq!(added["jobs"].as_array().map(Vec::len), Some(3), "{added}");
    let ran = folder.run(&["ingest", "run"]);
    assert_eq!(ran.code, 1, "one is broken: {}", ran.all());
    assert!(ran.all().contains("2 files encoded, 1 given up"), "{}", ran.all());
    let status = folder.json(&["ingest", "status", "--state", "failed"]);
    assert_eq!((&status["done"], &status["failed"]), (&Value::from(2), &Value::from(1)));
    assert!(status["jobs"][0]["reason"].as_str().is_some_and(|it| it.contains("file")), "{status}");

    let clip = folder.write("clip.wav", {
        let all = song(2, 14);
        let mut clip = song(1, 8)[..44].to_vec();
        clip.extend(&all[44 + 44_100 * 4 * 3..44 + 44_100 * 4 * 11]);
        clip
    });
    let found = folder.json(&["identify", &clip]);
    assert_eq!(found["track_id"], "second", "{found}");
    let unknown = folder.write("unknown.wav", song(9, 10));
    assert_eq!(folder.run(&["identify", &unknown]).code, 1);

    assert!(folder.ok(&["ingest", "verify"]).contains("sound"));
    let renditions = files(&folder.data().join("music/renditions"));
    assert_eq!(renditions.len(), 12, "four Opus rungs, FLAC and a preview of two: {renditions:?}");
    let mut bytes = std::fs::read(&renditions[3]).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&renditions[3], &bytes).expect("it can be damaged");
    std::fs::remove_file(&renditions[7]).expect("it is there");
    let damaged = folder.run(&["ingest", "verify"]);
    assert_eq!(damaged.code, 1, "{}", damaged.all());
    assert!(folder.ok(&["ingest", "verify", "--repair"]).contains("made again"));
    assert!(folder.ok(&["ingest", "verify"]).contains("sound"));
    bytes[middle] ^= 1;
    assert!(std::fs::read(&renditions[3]).expect("it is there") == bytes, "the same bytes again");
}

#[test]
fn a_server_that_is_killed_goes_on_where_it_was() {
    let folder = Folder::new();
    let paths: Vec<String> =
        (0..4).map(|seed| folder.write(&format!("t{seed}.wav"), song(seed, 40))).collect();
    let server = Server::start(&folder);
    let words: Vec<&str> =
        ["ingest", "add"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    folder.ok(&words);
    // As soon as one is worked on.
    let running = || {
        let status = folder.json(&["ingest", "status"]);
        status["running"].as_u64().is_some_and(|running| running > 0)
    };
    while !running() {
        std::thread::yield_now();
    }
    server.kill();
    let server = Server::start(&folder);
    let ended = || {
        let status = folder.json(&["ingest", "status"]);
        status["queued"] == 0 && status["running"] == 0
    };
    while !ended() {
        std::thread::yield_now();
    }
    let status = folder.json(&["ingest", "status"]);
    assert_eq!(
        (&status["done"], &status["failed"]),
        (&Value::from(4), &Value::from(0)),
        "{status}"
    );
    assert!(folder.ok(&["ingest", "verify"]).contains("sound"));
    server.stop();
}
