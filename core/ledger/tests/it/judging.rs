//! Which group is refused, and why: a table.

use ledgerline_ids::UnixMs;
use ledgerline_ledger::{
    Account, Before, Entry, EntryDraft, EntryKey, Head, Judged, Refused, judge,
};
use ledgerline_money::Micros;
use std::collections::BTreeMap;

use crate::samples::{at, draft, key};

/// A ledger that remembers everything.
#[derive(Default)]
struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    fn post(&mut self, drafts: Vec<EntryDraft>, at: UnixMs) -> Result<Judged, Vec<Refused>> {
        let head = self.entries.last().map_or(Head::EMPTY, Entry::head);
        let entries: BTreeMap<EntryKey, Entry> =
            self.entries.iter().map(|entry| (entry.draft().key.clone(), entry.clone())).collect();
        let mut balances: BTreeMap<Account, Micros> = BTreeMap::new();
        for posting in self.entries.iter().flat_map(|entry| &entry.draft().postings) {
            let balance = balances.entry(posting.account.clone()).or_default();
            *balance = balance.plus(posting.amount).expect("the judge saw to it");
        }
        let before = Before { head, entries: &entries, balances: &balances };
        let judged = judge(drafts, at, before)?;
        self.entries.extend(judged.entries.clone());
        Ok(judged)
    }
}

const LARGE: &str = "9223372036854.775807";

/// `key`, then its postings, then `corrects key` where it does; groups have `;` between entries.
fn read(group: &str) -> Vec<EntryDraft> {
    let entries = group.split(';').map(str::trim).filter(|text| !text.is_empty());
    entries
        .map(|text| {
            let (text, corrects) = match text.split_once(" corrects ") {
                Some((text, corrects)) => (text, Some(key(corrects))),
                None => (text, None),
            };
            let mut parts = text.split(',').map(str::trim);
            let name = parts.next().expect("a key");
            let postings: Vec<&str> = parts.collect();
            EntryDraft { corrects, ..draft(name, &postings) }
        })
        .collect()
}

fn check(spec: &str) {
    let mut ledger = Ledger::default();
    let booked_at = at("2026-11-05T08:00:00Z");
    let mut rows = 0;
    for line in
        spec.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (group, expected) = line.split_once("->").expect("a group and what becomes of it");
        let group = group.trim().replace("LARGE", LARGE);
        let outcome = match ledger.post(read(&group), booked_at) {
            Ok(judged) => format!("new {} at {:?}", judged.entries.len(), judged.seqs),
            Err(refused) => refused.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        };
        assert!(outcome.contains(expected.trim()), "{line}\n  became: {outcome}");
        rows += 1;
    }
    assert!(rows > 0, "a table without rows checks nothing");
}

#[test]
fn groups_are_judged_as_the_table_says() {
    check(include_str!("../spec/judging.txt"));
}

/// One entry that has every fault is refused for the first, and so on down the list.
#[test]
fn refusals_have_an_order() {
    let mut ledger = Ledger::default();
    let booked_at = at("2026-11-05T08:00:00Z");
    ledger.post(read("a, service/EUR/pool -1, party:P/EUR/earned 1"), booked_at).expect("good");
    let mut refusals = Vec::new();
    for group in [
        "",
        "x, service/EUR/pool -1, party:P/EUR/earned 1; x",
        "a, service/EUR/pool 0 corrects a",
        "b, service/EUR/pool 0 corrects b",
        "b, service/EUR/pool 0, service/EUR/pool 0 corrects b",
        "b, service/EUR/pool 0, service/EUR/margin 1 corrects b",
        "b, service/EUR/pool 2, service/EUR/margin 1 corrects b",
        "b, service/EUR/pool -LARGE, party:P/EUR/earned LARGE corrects b",
        "b, service/EUR/pool -LARGE, party:P/EUR/earned LARGE corrects none",
        "b, service/EUR/pool -LARGE, party:P/EUR/earned LARGE",
    ] {
        let refused = ledger.post(read(&group.replace("LARGE", LARGE)), booked_at);
        refusals.push(refused.expect_err(group)[0].refusal.clone());
    }
    assert!(refusals.is_sorted(), "{refusals:#?}");
    refusals.dedup();
    assert_eq!(refusals.len(), 10, "each is another: {refusals:#?}");
}

#[test]
fn an_entry_is_never_booked_before_the_one_in_front_of_it() {
    let mut ledger = Ledger::default();
    for (name, booked_at, expected) in [
        ("a", "2026-11-05T08:00:00Z", "2026-11-05T08:00:00.000Z"),
        ("b", "2026-11-05T07:00:00Z", "2026-11-05T08:00:00.000Z"),
        ("c", "2026-11-05T09:00:00Z", "2026-11-05T09:00:00.000Z"),
    ] {
        let group = format!("{name}, service/EUR/pool -1, party:P/EUR/earned 1");
        let judged = ledger.post(read(&group), at(booked_at)).expect("good");
        assert_eq!(judged.entries[0].booked_at().to_string(), expected);
    }
}
