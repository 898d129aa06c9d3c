//! A report log of many segments: those that were sealed are verified behind the start.

use crate::support::folder::finish;
use crate::support::reports::with;
use crate::support::{DEADLINE, Folder, Server};
use serde_json::json;
use std::fs;
use std::time::Instant;

fn lines(plays: std::ops::Range<u64>) -> String {
    let further = |number: u64| json!({ "started_at": 1_772_368_496_789 + number * 1_800_000 });
    plays
        .map(|number| {
            let (user, track) = (format!("u{}", number % 37), format!("t{}", number % 45));
            with(&format!("p{number}"), &user, &track, 31_000, &further(number))
        })
        .collect()
}

/// A deployment whose partitions have several segments each, closed in order.
fn many_segments() -> Folder {
    let folder = Folder::new();
    for plays in [0..200, 200..400, 400..600] {
        let mut command = folder.command(&["replay", "-", "--clock", "event"]);
        command.env("LEDGERLINE_SEGMENT_BYTES_MAX", "2000");
        finish(command, Some(lines(plays).as_bytes())).good(&["replay"]);
    }
    folder
}

/// The first segment of each partition; there is another behind each of them.
fn sealed(folder: &Folder) -> Vec<String> {
    let names = folder.files("reports");
    let first: Vec<String> =
        names.iter().filter(|name| name.ends_with("/00000000000000000000.log")).cloned().collect();
    let segments = names.iter().filter(|name| name.ends_with(".log")).count();
    assert!(first.len() == 4 && segments >= 12, "{names:?}");
    first
}

fn harmed(folder: &Folder, name: &str) -> Folder {
    let copy = folder.copy();
    let path = copy.data().join(name);
    let mut bytes = fs::read(&path).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&path, bytes).expect("it can be written");
    copy
}

#[test]
fn a_sound_log_of_many_segments_counts() {
    let folder = many_segments();
    sealed(&folder);
    let counts = folder.all_counts();
    let server = Server::start(&folder);
    assert_eq!(folder.all_counts(), counts);
    server.kill();
    assert_eq!(folder.all_counts(), counts);
    folder.balanced();
}

#[test]
fn damage_to_a_sealed_segment_stops_the_counting_and_is_named() {
    let folder = many_segments();
    for name in sealed(&folder) {
        // Nobody has to wait for the background: the audit reads everything.
        let audit = harmed(&folder, &name).run(&["audit"]);
        assert!(audit.code == 1 && audit.all().contains(&name), "{name}: {}", audit.all());

        let folder = harmed(&folder, &name);
        let server = Server::start(&folder);
        let began = Instant::now();
        let said = loop {
            let answer = server.anyone().get("/readyz");
            let said = answer.json().to_string();
            if answer.status == 503 && said.contains(&name) {
                break said;
            }
            assert!(began.elapsed() < DEADLINE, "{name} is not noticed: {said}");
            std::thread::yield_now();
        };
        assert!(said.contains("has stopped") && said.contains("is damaged at byte 40"), "{said}");
        for command in [&["counts", "--by", "user"][..], &["audit"]] {
            let ran = folder.run(command);
            assert!(ran.code == 1 && ran.all().contains("has stopped"), "{}", ran.all());
        }
        // What comes in is kept all the same.
        let api = server.api(&folder, "reports:write");
        api.report(&lines(600..610)).is(202);
        assert!(server.stop().log.contains(&name), "the server's log says why");
    }
}
