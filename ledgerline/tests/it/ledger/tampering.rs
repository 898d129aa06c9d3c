//! A hundred flipped bits, twenty tails cut off, twenty chains computed anew: all are found, and a
//! table says by what. Whoever does it owns the database; the key that signs they don't have.

use super::database::{Bound, Database};
use super::nine_transactions;
use crate::support::{Folder, Random};
use ledgerline_ledger::{Entry, EntryDraft, Head, SecretKey, SignedHead};
use ledgerline_money::Micros;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// For each thing that was done: how often, and by which findings it was told.
type Table = BTreeMap<String, (u32, BTreeMap<String, u32>)>;

/// What `ledger verify` says.
fn verified(folder: &Folder, further: &[&str]) -> (i32, Value) {
    let ran = folder.run(&[&["ledger", "verify", "--json"], further].concat());
    let said = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.all()));
    (ran.code, said)
}

/// Does something to a copy of a sound folder, and notes how it was found.
fn must_be_found(
    table: &mut Table,
    what: &str,
    sound: &Folder,
    further: &[&str],
    tamper: impl FnOnce(&Folder, &mut Database),
) -> Value {
    let folder = sound.copy();
    let mut database = Database::open(&folder);
    tamper(&folder, &mut database);
    database.close();
    let (code, said) = verified(&folder, further);
    let findings = said["findings"].as_array().expect("a list");
    assert!(code == 1 && said["sound"] == false && !findings.is_empty(), "{what}: {said}");
    let kinds: BTreeSet<&str> = findings.iter().filter_map(|one| one["kind"].as_str()).collect();
    let row = table.entry(what.to_owned()).or_default();
    row.0 += 1;
    for kind in kinds {
        *row.1.entry(kind.to_owned()).or_default() += 1;
    }
    said
}

fn show(table: &Table) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "what was done · times, all found · by");
    for (what, (times, kinds)) in table {
        let by: Vec<String> = kinds.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
        let _ = writeln!(out, "{what} · {times} · {}", by.join(", "));
    }
}

fn sound() -> Folder {
    let folder = Folder::new();
    nine_transactions(&folder);
    let (code, said) = verified(&folder, &[]);
    assert_eq!((code, &said["entries"], &said["transactions"]), (0, &108.into(), &9.into()));
    folder
}

/// Table, column, and how often it is chosen.
const COLUMNS: [(&str, &str, u64); 15] = [
    ("ledger_entries", "bytes", 45),
    ("ledger_entries", "hash", 10),
    ("ledger_entries", "key", 6),
    ("ledger_entries", "period", 5),
    ("ledger_entries", "corrects", 4),
    ("ledger_entries", "seq", 4),
    ("ledger_heads", "head", 8),
    ("ledger_heads", "booked_at", 3),
    ("ledger_postings", "amount", 3),
    ("ledger_postings", "effective", 2),
    ("ledger_postings", "seq", 2),
    ("ledger_accounts", "balance", 3),
    ("ledger_accounts", "holder", 2),
    ("ledger_accounts", "currency", 2),
    ("ledger_accounts", "kind", 1),
];

/// Flips one bit of one value of a row that chance chooses.
fn flip(database: &mut Database, random: &mut Random, (table, column, _): (&str, &str, u64)) {
    // A posting has two numbers for a name.
    let name = match table {
        "ledger_postings" => "account * 1000 + seq",
        "ledger_accounts" => "account",
        _ => "seq",
    };
    let values: Vec<(i64, String, Vec<u8>)> = database.rows(&format!(
        "SELECT {name}, typeof({column}), CAST({column} AS BLOB) FROM {table} \
         WHERE {column} IS NOT NULL ORDER BY 1"
    ));
    let (row, kind, mut bytes) = values[random.index(values.len())].clone();
    let changed = if kind == "integer" {
        let number: i64 = String::from_utf8(bytes).expect("digits").parse().expect("a number");
        Bound::Number(number ^ (1 << random.below(63)))
    } else {
        let at = random.index(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        Bound::Bytes(bytes)
    };
    let value = if kind == "text" { "CAST($2 AS TEXT)" } else { "$2" };
    let statement = format!("UPDATE {table} SET {column} = {value} WHERE {name} = $1");
    assert_eq!(database.run(&statement, &[Bound::Number(row), changed]), 1);
}

#[test]
fn a_hundred_flipped_bits_are_found() {
    let (sound, mut random, mut table) = (sound(), Random::new(11), Table::new());
    for column in COLUMNS {
        for _ in 0..column.2 {
            let what = format!("a bit of {}.{}", column.0, column.1);
            must_be_found(&mut table, &what, &sound, &[], |_, database| {
                flip(database, &mut random, column);
            });
        }
    }
    show(&table);
    assert_eq!(table.values().map(|(times, _)| times).sum::<u32>(), 100);
    let (code, said) = verified(&sound, &[]);
    assert_eq!((code, &said["findings_total"]), (0, &0.into()), "what was copied is sound");
}

/// Everything behind entry `last` is gone, and what is left agrees with itself.
fn cut(database: &mut Database, last: u64) {
    let last = i64::try_from(last).expect("small");
    for table in ["ledger_entries", "ledger_heads", "ledger_postings"] {
        database.run(&format!("DELETE FROM {table} WHERE seq > $1"), &[Bound::Number(last)]);
    }
    database.balance();
}

#[test]
fn twenty_tails_that_are_cut_off_are_found() {
    let (sound, mut random, mut table) = (sound(), Random::new(12), Table::new());
    let checkpoint = sound.path("checkpoint.txt");
    let checkpoint = checkpoint.to_str().expect("a plain name");
    sound.ok(&["ledger", "checkpoint", "--out", checkpoint]);
    for _ in 0..8 {
        let transaction = 12 * (1 + random.below(8));
        must_be_found(&mut table, "whole transactions", &sound, &[], |_, database| {
            cut(database, transaction);
        });
    }
    for _ in 0..6 {
        // Not at the end of a transaction.
        let last = 12 * random.below(9) + 1 + random.below(11);
        must_be_found(&mut table, "in a transaction", &sound, &[], |_, database| {
            cut(database, last);
        });
    }
    // Whoever also has the file with the newest head puts an older one there, which was signed
    // too: that is what a checkpoint elsewhere is for.
    for _ in 0..6 {
        let transaction = 12 * (1 + random.below(8));
        let what = "whole transactions, with the head's file";
        must_be_found(&mut table, what, &sound, &["--against", checkpoint], |folder, database| {
            cut(database, transaction);
            let newest = database.heads().pop().expect("at least one is left");
            keep(folder, &newest);
        });
    }
    show(&table);
    let by = |what: &str, kind: &str| table[what].1.get(kind).copied();
    assert_eq!(by("whole transactions", "tail_cut"), Some(8));
    assert_eq!(by("in a transaction", "tail_cut"), Some(6));
    assert_eq!(by("in a transaction", "unsigned"), Some(6));
    assert_eq!(by("whole transactions, with the head's file", "tail_cut"), Some(6));
}

fn keep(folder: &Folder, head: &SignedHead) {
    std::fs::write(folder.data().join("keys/ledger.head"), format!("{head}\n")).expect("writable");
}

/// What entry `from` says is changed, and everything behind it is chained anew: every hash fits.
fn rewrite(database: &mut Database, from: usize) -> Vec<Entry> {
    let entries = database.entries();
    let mut head = from.checked_sub(1).map_or(Head::EMPTY, |before| entries[before].head());
    let mut rewritten = entries[..from].to_vec();
    for (index, entry) in entries.iter().enumerate().skip(from) {
        let mut draft: EntryDraft = entry.draft().clone();
        if index == from {
            for posting in &mut draft.postings {
                posting.amount = Micros::new(posting.amount.get() * 10);
            }
        }
        let entry = Entry::chain(draft, &head, entry.booked_at());
        head = entry.head();
        database.put(&entry);
        rewritten.push(entry);
    }
    database.balance();
    rewritten
}

/// Puts another line in the place of each signed head from entry `from` on.
fn resign(database: &mut Database, entries: &[Entry], from: usize, key: &SecretKey, id: bool) {
    for old in database.heads().iter().filter(|head| head.head.seq > from as u64) {
        let seq = old.head.seq;
        let entry = &entries[usize::try_from(seq - 1).expect("small")];
        let mut new = key.sign(entry.head(), old.period);
        if id {
            new.key_id = old.key_id;
        }
        let line = Bound::Bytes(new.to_string().into_bytes());
        let seq = Bound::Number(i64::try_from(seq).expect("small"));
        database
            .run("UPDATE ledger_heads SET head = CAST($2 AS TEXT) WHERE seq = $1", &[seq, line]);
    }
}

#[test]
fn twenty_chains_that_are_computed_anew_are_found() {
    let (sound, mut random, mut table) = (sound(), Random::new(13), Table::new());
    let forger = SecretKey::new(&[9; 32]);
    for round in 0..20 {
        let from = random.index(108);
        let what = match round % 4 {
            0 => "the signed heads left as they were",
            1 => "the heads signed with a key of one's own",
            2 => "the same, under the id of the true key",
            _ => "the same, and the head's file with them",
        };
        must_be_found(&mut table, what, &sound, &[], |folder, database| {
            let entries = rewrite(database, from);
            if round % 4 > 0 {
                resign(database, &entries, from, &forger, round % 4 > 1);
            }
            if round % 4 == 3 {
                keep(folder, &database.heads().pop().expect("nine of them"));
            }
        });
    }
    show(&table);
    let by = |what: &str, kind: &str| table[what].1.get(kind).copied();
    assert_eq!(by("the signed heads left as they were", "rewritten"), Some(5));
    assert_eq!(by("the heads signed with a key of one's own", "signature"), Some(5));
    assert_eq!(by("the heads signed with a key of one's own", "contradicted"), Some(5));
    assert_eq!(by("the same, under the id of the true key", "signature"), Some(5));
    assert_eq!(by("the same, and the head's file with them", "witness"), Some(5));
}

/// The canary: a program with a fault books an entry that doesn't sum to zero, and signs it with
/// the true key. Chain, signature, postings and balances all agree, and it must be found still.
#[test]
fn an_unbalanced_entry_with_a_true_signature_is_found() {
    let (sound, mut table) = (sound(), Table::new());
    let key = true_key(&sound);
    let said = must_be_found(&mut table, "canary", &sound, &[], |folder, database| {
        let entries = database.entries();
        let (last, before) = (&entries[107], &entries[106]);
        let mut draft = last.draft().clone();
        draft.postings[0].amount = Micros::new(draft.postings[0].amount.get() - 1);
        let faulty = Entry::chain(draft, &before.head(), last.booked_at());
        database.put(&faulty);
        database.balance();
        let mut entries = entries[..107].to_vec();
        entries.push(faulty);
        resign(database, &entries, 107, &key, false);
        keep(folder, &database.heads().pop().expect("nine of them"));
    });
    let findings = said["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{said}");
    assert_eq!((&findings[0]["kind"], &findings[0]["seq"]), (&"unbalanced".into(), &108.into()));
}

/// What the signature is worth: who has the key too can compute everything anew, and then only
/// what was kept elsewhere tells.
#[test]
fn whoever_has_the_key_is_found_by_a_checkpoint_alone() {
    let sound = sound();
    let checkpoint = sound.path("checkpoint.txt");
    let checkpoint = checkpoint.to_str().expect("a plain name");
    sound.ok(&["ledger", "checkpoint", "--out", checkpoint]);
    let folder = sound.copy();
    let key = true_key(&folder);
    let mut database = Database::open(&folder);
    let entries = rewrite(&mut database, 40);
    resign(&mut database, &entries, 40, &key, false);
    keep(&folder, &database.heads().pop().expect("nine of them"));
    database.close();
    assert_eq!(verified(&folder, &[]).0, 0, "signatures alone can't tell");
    let (code, said) = verified(&folder, &["--against", checkpoint]);
    assert_eq!((code, &said["findings"][0]["kind"]), (1, &"contradicted".into()), "{said}");
}

fn true_key(folder: &Folder) -> SecretKey {
    let text = std::fs::read_to_string(folder.data().join("keys/ledger.ed25519")).expect("a key");
    let digits = text.split_whitespace().nth(1).expect("the digits");
    let seed: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hex digits"))
        .collect();
    SecretKey::new(&seed.try_into().expect("32 bytes"))
}
