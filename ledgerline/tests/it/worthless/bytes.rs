//! Plays that count by a player's word, and no audio was sent for them.

use super::{House, SHORT, ask, audio, listener_of, report, send};
use crate::support::reports::now_ms;
use serde_json::{Value, json};

const HOUR_MS: u64 = 3_600_000;

/// What a node at the edge writes of an answer.
fn line(at_ms: u64, play_id: &Value, bytes: usize) -> String {
    let line = json!({
        "at_ms": at_ms, "play_id": play_id, "track_id": SHORT, "rung": "opus-96", "status": 206,
        "bytes": bytes,
    });
    format!("{line}\n")
}

#[test]
fn what_was_never_sent_is_found() {
    let house = House::new();
    let mut offers = Vec::new();
    for name in ["ann", "ben", "cid", "dan"] {
        let guest = house.guest(name, "premium");
        let offer = ask(&guest, SHORT).is(200);
        send(&guest, &report(&offer, 8_000));
        assert_eq!(house.stands(&listener_of(&offer), &offer["play_id"]).0, "counted", "{name}");
        offers.push(offer);
    }
    let now = now_ms();
    let play_of = |at: usize| &offers[at]["play_id"];
    // The first was sent whole, the second half of it in two answers, the third a tenth, the fourth nothing.
    let whole = audio(10).len();
    let log: String = [
        line(now - HOUR_MS / 2, &json!("another"), 1),
        line(now, play_of(0), whole),
        line(now, play_of(1), whole / 4 + 1),
        line(now, play_of(1), whole / 4 + 1),
        line(now, play_of(2), whole / 10),
        line(now + HOUR_MS, &json!("another"), 1),
    ]
    .concat();
    let before: String =
        [HOUR_MS, HOUR_MS / 2].map(|ago| line(now - ago, &json!("another"), 1)).concat();
    // Before any log was read, and by one that doesn't reach far enough, nothing can be said.
    let folder = &house.folder;
    let check = |args: &[&str]| {
        let args = [&["deliveries", "check", "--json"], args].concat();
        let ran = folder.run(&args);
        let checked: Value = serde_json::from_str(&ran.out).expect("it prints JSON");
        let sums = ["counted", "covered", "too_few"].map(|sum| checked[sum].as_u64());
        (ran.code, sums.map(|sum| sum.expect("a number")), checked["plays"].clone())
    };
    assert_eq!(check(&[]), (0, [4, 0, 0], json!([])));
    folder.ok(&["deliveries", "read", &folder.write("before.log", &before)]);
    assert_eq!(check(&[]), (0, [4, 0, 0], json!([])));

    folder.ok(&["deliveries", "read", &folder.write("edge.log", &log)]);
    let (code, sums, plays) = check(&[]);
    assert_eq!((code, sums), (1, [4, 4, 2]), "{plays}");
    let found = |play: &Value| (play["play_id"].clone(), play["sent_bytes"].clone());
    let found: Vec<_> = plays.as_array().expect("a list").iter().map(found).collect();
    let expected = [(play_of(2).clone(), json!(whole / 10)), (play_of(3).clone(), json!(0))];
    assert_eq!(found, expected);
    assert_eq!(plays[1]["user_id"], listener_of(&offers[3]));

    // Of other days nothing is told, and nobody is told of too many.
    assert_eq!(check(&["--until", "2026-01-01"]), (0, [0, 0, 0], json!([])));
    let ran = folder.run(&["deliveries", "check", "--from", "2020-01-01"]);
    assert!(ran.code == 1 && ran.err.contains("at most 45"), "{}", ran.all());
    let ran = folder.run(&["deliveries", "check"]);
    assert!(ran.code == 1 && ran.out.contains("for 2 of these far too few bytes"), "{}", ran.all());
    // It is evidence, and takes nothing from anybody.
    assert_eq!(house.worth().0[SHORT], 4);
    house.end();
}
