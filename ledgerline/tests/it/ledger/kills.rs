//! Postings that are killed: all of a group is there, or nothing, and what was answered is there.

use super::entry;
use crate::support::folder::pid_of;
use crate::support::{DEADLINE, Folder, pass};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::process::Child;
use std::time::{Duration, Instant};

const GROUP: usize = 6_000;
const ROUNDS: u32 = 12;

/// A group that takes a while.
fn group(folder: &Folder, round: u32) -> String {
    let entries: Vec<Value> = (0..GROUP)
        .map(|n| {
            let party = format!("party:label-{}/EUR/earned", n % 500);
            let key = format!("round-{round}/{n}");
            entry(&key, "2026-10-31", "earned", "service/EUR/pool", &party, "1.25")
        })
        .collect();
    folder.write("group.json", json!({ "entries": entries }).to_string())
}

/// Waits until a file is there that isn't `before`, or the command has ended; whether it goes on.
fn until_changed(folder: &Folder, name: &str, before: Option<&[u8]>, child: &mut Child) -> bool {
    let began = Instant::now();
    let path = folder.data().join(name);
    loop {
        if child.try_wait().expect("it can be asked").is_some() {
            return false;
        }
        if std::fs::read(&path).is_ok_and(|now| Some(now.as_slice()) != before) {
            return true;
        }
        assert!(began.elapsed() < DEADLINE, "the posting hangs");
        std::thread::yield_now();
    }
}

fn verified(folder: &Folder) -> Value {
    let ran = folder.run(&["ledger", "verify", "--json"]);
    let said: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.all()));
    assert_eq!((ran.code, &said["sound"]), (0, &true.into()), "{said}");
    said
}

#[test]
fn a_killed_posting_is_whole_or_nothing() {
    let folder = Folder::new();
    let (head, journal) = ("keys/ledger.head", "state.db-wal");
    let (mut before, mut whole, mut nothing) = (0, 0, 0);
    let mut took = Duration::ZERO;
    for round in 0..ROUNDS {
        let file = group(&folder, round);
        let kept = std::fs::read(folder.data().join(head)).ok();
        let mut child = folder.command(&["ledger", "post", &file]).spawn().expect("it starts");
        until_changed(&folder, journal, None, &mut child);
        let began = Instant::now();
        if round % 4 == 3 {
            // Once the new head is kept, which is behind the commit and before the answer.
            until_changed(&folder, head, kept.as_deref(), &mut child);
        } else {
            // At moments that are spread over what the first posting took.
            pass(u64::try_from((took * round / ROUNDS).as_micros()).expect("short"));
        }
        if round == 0 {
            until_changed(&folder, head, kept.as_deref(), &mut child);
            took = began.elapsed();
        }
        let _ = kill_process(pid_of(&child), Signal::KILL);
        let answered = child.wait().expect("it ended").success();
        // The next command recovers; verifying alone reads what is there.
        folder.run(&["ledger", "balances"]).good(&["balances"]);
        let there = verified(&folder)["entries"].as_u64().expect("a number");
        match there - before {
            0 => nothing += 1,
            n if n == GROUP as u64 => whole += 1,
            n => panic!("{n} of {GROUP} entries are there"),
        }
        assert!(!answered || there == before + GROUP as u64, "it was answered, and is gone");
        // Once more, to the end: it is known by its keys.
        let again = folder.json(&["ledger", "post", &file]);
        assert_eq!(again["posted"].as_u64(), Some(before + GROUP as u64 - there));
        before += GROUP as u64;
        assert_eq!(verified(&folder)["entries"].as_u64(), Some(before));
    }
    crate::support::measured("killed postings", &json!({ "whole": whole, "nothing": nothing }));
    assert!(whole > 0 && nothing > 0, "they were killed on both sides of the commit");
    let balances = folder.json(&["ledger", "balances"]);
    let mut pool = balances["items"].as_array().into_iter().flatten();
    let pool = pool.find(|item| item["account"] == "service/EUR/pool").expect("a pool");
    assert_eq!(pool["balance"], format!("-{}.000000", ROUNDS as usize * GROUP * 5 / 4));
}
