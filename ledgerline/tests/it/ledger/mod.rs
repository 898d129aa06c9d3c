//! The ledger by its commands: posting, reading, verifying; what is done to its database is found.

mod commands;
mod database;
mod kills;
mod tampering;

use crate::support::Folder;
use serde_json::{Value, json};

/// An entry of two postings, in EUR.
fn entry(key: &str, effective: &str, reason: &str, from: &str, to: &str, amount: &str) -> Value {
    json!({
        "key": key,
        "effective": effective,
        "reason": reason,
        "postings": [
            { "account": from, "amount": format!("-{amount}") },
            { "account": to, "amount": amount },
        ],
    })
}

/// Posts entries, which must succeed; what the command says.
fn post(folder: &Folder, entries: &[Value]) -> Value {
    let file = folder.write("entries.json", json!({ "entries": entries }).to_string());
    folder.json(&["ledger", "post", &file])
}

/// Nine transactions of twelve entries each, some of them corrections, for seven parties.
fn nine_transactions(folder: &Folder) {
    for month in 1..=9 {
        let entries: Vec<Value> = (0..12)
            .map(|n| {
                let effective = format!("2026-{month:02}-{:02}", 1 + n * 2);
                let party = format!("party:label-{}", (n + month) % 7);
                let (earned, pool) = (format!("{party}/EUR/earned"), "service/EUR/pool");
                let key = format!("close/2026-{month:02}/{n}");
                let amount = format!("{}.{:06}", n * 37 + month, n * 1_003 + month);
                let mut entry = entry(&key, &effective, "earned", pool, &earned, &amount);
                if n == 11 && month > 1 {
                    entry["reason"] = "correction".into();
                    entry["corrects"] = format!("close/2026-{:02}/3", month - 1).into();
                    entry["inputs"] = "ab".repeat(32).into();
                    entry["note"] = "shares were entered late".into();
                }
                entry
            })
            .collect();
        assert_eq!(post(folder, &entries)["posted"], 12);
    }
}
