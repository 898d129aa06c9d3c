//! What verification says of each thing that can be done to what is stored.

use ledgerline_ids::{HashKey, Period, UnixMs};
use ledgerline_ledger::{
    Account, Balances, Digest, Entry, EntryDraft, Finding, Head, Posting, PostingSum, Row,
    SecretKey, SignedHead, Verifier, Witness,
};
use ledgerline_money::Micros;
use std::collections::BTreeMap;

use crate::samples::{draft, secret};

/// A ledger as it is stored, open to everybody.
#[derive(Clone)]
struct Stored {
    rows: Vec<StoredRow>,
    heads: Vec<SignedHead>,
    accounts: BTreeMap<Account, (Micros, Vec<Kept>)>,
    head_file: Option<SignedHead>,
    checkpoint: Option<SignedHead>,
}

/// A posting as it is kept by account: entry, amount, effective day.
type Kept = (u64, Micros, u32);

#[derive(Clone)]
struct StoredRow {
    seq: u64,
    bytes: Vec<u8>,
    hash: Digest,
    key: String,
    period: String,
    corrects: Option<String>,
}

fn row(entry: &Entry) -> StoredRow {
    let draft = entry.draft();
    StoredRow {
        seq: entry.seq(),
        bytes: entry.to_bytes(),
        hash: entry.hash(),
        key: draft.key.to_string(),
        period: draft.period.to_string(),
        corrects: draft.corrects.as_ref().map(ToString::to_string),
    }
}

/// Twelve entries in four transactions of three.
fn drafts() -> Vec<EntryDraft> {
    (0..12)
        .map(|n| {
            let amount = format!("{}.5", n + 1);
            let (from, to) = (
                format!("service/EUR/pool -{amount}"),
                format!("party:P{}/EUR/earned {amount}", n % 4),
            );
            draft(&format!("e{n}"), &[&from, &to])
        })
        .collect()
}

/// Stores drafts as the product does, signed with `key`.
fn stored(drafts: Vec<EntryDraft>, key: &SecretKey) -> Stored {
    let mut head = Head::EMPTY;
    let mut entries = Vec::new();
    let mut heads = Vec::new();
    for (n, draft) in drafts.into_iter().enumerate() {
        let booked_at = UnixMs::EPOCH.plus(1_000 * (n as u64 / 3 + 1));
        let entry = Entry::chain(draft, &head, booked_at);
        head = entry.head();
        if n % 3 == 2 {
            heads.push(key.sign(head, entry.draft().period));
        }
        entries.push(entry);
    }
    let mut balances = Balances::new(None, None);
    let mut accounts: BTreeMap<Account, (Micros, Vec<_>)> = BTreeMap::new();
    for entry in &entries {
        balances.add(entry);
        for Posting { account, amount } in &entry.draft().postings {
            let (_, postings) = accounts.entry(account.clone()).or_default();
            postings.push((entry.seq(), *amount, entry.draft().effective.0));
        }
    }
    for (account, balance) in balances.finish().expect("small") {
        accounts.get_mut(&account).expect("it has postings").0 = balance;
    }
    let newest = heads.last().copied();
    Stored {
        rows: entries.iter().map(row).collect(),
        heads,
        accounts,
        head_file: newest,
        checkpoint: None,
    }
}

fn sound() -> Stored {
    stored(drafts(), &secret())
}

fn findings(stored: &Stored) -> Vec<Finding> {
    let mut verifier = Verifier::new(secret().public_key(), HashKey::new([5; 16]));
    let witnesses =
        [(Witness::HeadFile, stored.head_file), (Witness::Checkpoint, stored.checkpoint)];
    for (witness, head) in witnesses {
        if let Some(head) = head {
            verifier.witness(witness, head);
        }
    }
    let mut heads = stored.heads.iter().peekable();
    for row in &stored.rows {
        verifier.row(Row {
            seq: row.seq,
            bytes: &row.bytes,
            hash: row.hash.as_bytes(),
            key: row.key.as_bytes(),
            period: row.period.as_bytes(),
            corrects: row.corrects.as_ref().map(String::as_bytes),
        });
        while let Some(head) = heads.next_if(|head| head.head.seq <= row.seq) {
            verifier.signed_head(head);
        }
    }
    heads.for_each(|head| verifier.signed_head(head));
    let earlier = stored.heads.iter().rev().nth(1).map_or(0, |head| head.head.seq);
    verifier.end_of_rows(earlier, stored.head_file.is_some());
    for (account, (kept, postings)) in &stored.accounts {
        let mut sum = PostingSum::default();
        for (seq, amount, day) in postings {
            sum.add(&verifier.hash_key(), *seq, *amount, ledgerline_ids::DayNo(*day));
        }
        verifier.account(account, *kept, sum);
    }
    verifier.finish().0
}

/// What is done, and all that must be said of it: the number of the entry and the kind of flaw.
fn check(what: &str, change: impl FnOnce(&mut Stored), expected: &[(u64, &str)]) {
    let mut stored = sound();
    change(&mut stored);
    let found = findings(&stored);
    let told: Vec<(u64, &str)> = found.iter().map(|one| (one.seq, one.kind())).collect();
    assert_eq!(told, expected, "{what}: {found:#?}");
}

/// Chains drafts anew from entry `from` on, with hashes that fit.
fn rewritten(from: usize) -> Vec<StoredRow> {
    let mut drafts = drafts();
    drafts[from].postings[0].amount = Micros::new(-7);
    drafts[from].postings[1].amount = Micros::new(7);
    stored(drafts, &secret()).rows
}

#[test]
fn a_sound_ledger_has_nothing_to_say() {
    check("nothing", |_| {}, &[]);
    check("a file one transaction behind", |s| s.head_file = Some(s.heads[2]), &[]);
    check("a checkpoint in the middle", |s| s.checkpoint = Some(s.heads[1]), &[]);
}

#[test]
fn whatever_is_done_is_named() {
    check("the reason of an entry", |s| s.rows[4].bytes[56] ^= 1, &[(5, "changed")]);
    check(
        "the version of an entry",
        |s| s.rows[4].bytes[0] = 2,
        &[(5, "changed"), (0, "balance"), (0, "postings"), (0, "balance"), (0, "postings")],
    );
    check("the hash beside it", |s| s.rows[4].hash = Digest::ZERO, &[(5, "changed")]);
    check("the key beside it", |s| s.rows[4].key.push('x'), &[(5, "beside")]);
    check("the period beside it", |s| s.rows[4].period = "2026-11".into(), &[(5, "beside")]);
    check("a correction beside it", |s| s.rows[4].corrects = Some("e1".into()), &[(5, "beside")]);
    check(
        "two entries change places",
        |s| {
            s.rows.swap(4, 6);
            s.rows[4].seq = 5;
            s.rows[6].seq = 7;
        },
        &[
            (5, "out_of_place"),
            (5, "unlinked"),
            (6, "unlinked"),
            (6, "booked_earlier"),
            (7, "out_of_place"),
            (7, "unlinked"),
            (8, "unlinked"),
            (0, "postings"),
            (0, "postings"),
            (0, "postings"),
        ],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        "an entry in the middle",
        |s| drop(s.rows.remove(4)),
        &[(5, "gap"), (0, "balance"), (0, "postings"), (0, "balance"), (0, "postings")],
    );
    check(
        "the tail, its heads and its postings",
        |s| *s = Stored { head_file: s.head_file, ..cut(9) },
        &[(10, "tail_cut")],
    );
    check(
        "the same, and the head's file, but there is a checkpoint",
        |s| *s = Stored { checkpoint: s.head_file, ..cut(9) },
        &[(10, "tail_cut")],
    );
    check("the last signed head", |s| s.heads.truncate(3), &[(10, "unsigned")]);
    check("the head's file", |s| s.head_file = None, &[(0, "head_file")]);
    check("an old head's file", |s| s.head_file = Some(s.heads[1]), &[(7, "head_file")]);
    check("an account", |s| drop(s.accounts.pop_first()), &[(0, "account")]);
}

/// The ledger as it was when it had so many entries.
fn cut(entries: usize) -> Stored {
    let mut drafts = drafts();
    drafts.truncate(entries);
    stored(drafts, &secret())
}

#[test]
fn a_chain_that_was_computed_anew_is_found_by_what_was_signed() {
    check(
        "from entry 8 on, with hashes that fit, balances too",
        |s| s.rows = rewritten(7),
        &[
            (9, "rewritten"),
            (12, "contradicted"),
            (12, "rewritten"),
            (0, "balance"),
            (0, "postings"),
            (0, "balance"),
            (0, "postings"),
        ],
    );
    let other = SecretKey::new(&[9; 32]);
    check(
        "all of it, signed with a key of the forger's own, and the file with it",
        |s| *s = stored(drafts(), &other),
        &[(3, "signature"), (6, "signature"), (9, "signature"), (12, "witness"), (12, "signature")],
    );
    check(
        "the heads' booking instants",
        |s| {
            let head = &mut s.heads[1];
            head.head.booked_at = UnixMs::EPOCH;
            *head = secret().sign(head.head, Period::parse("2026-10").expect("a month"));
        },
        &[(6, "beside")],
    );
}

#[test]
fn what_was_never_in_order_is_named() {
    let mut drafts = drafts();
    drafts[4].postings[0].amount = Micros::new(-1);
    let unbalanced = stored(drafts, &secret());
    let found = findings(&unbalanced);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].to_string(), "entry 5: unbalanced: EUR sums to 5.499999");
}

#[test]
fn balances_and_postings_are_held_against_the_entries() {
    let first = |s: &mut Stored| s.accounts.keys().next().cloned().expect("there are some");
    check(
        "a balance",
        |s| {
            let account = first(s);
            s.accounts.get_mut(&account).expect("it is there").0 = Micros::new(1);
        },
        &[(0, "balance")],
    );
    for what in ["an amount", "a day", "a number", "one less", "one twice"] {
        check(
            what,
            |s| {
                let account = first(s);
                let postings = &mut s.accounts.get_mut(&account).expect("it is there").1;
                match what {
                    "an amount" => postings[0].1 = Micros::new(1),
                    "a day" => postings[0].2 += 1,
                    "a number" => postings[0].0 += 1,
                    "one less" => drop(postings.pop()),
                    _ => postings.push(postings[0]),
                }
            },
            &[(0, "postings")],
        );
    }
}
