//! The suite of [`LedgerStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::{DayNo, HashKey, PartyId, Period, UnixMs};
use ledgerline_ledger::{
    Account, AccountKind, Balances, Entry, EntryDraft, EntryKey, Finding, Head, Note, Posting,
    PostingSum, Reason, Row, SignedHead, Verifier,
};
use ledgerline_money::{Currency, Micros};
use std::collections::BTreeMap;

use crate::ports::memory_ledger::KnownKey;
use crate::ports::{
    AppendLedgerError, BalanceQuery, CloseChange, CloseRecord, EntryQuery, LedgerGroup, LedgerScan,
    LedgerStore,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: LedgerStore>(fresh: impl AsyncFn() -> S) {
    an_empty_ledger_answers(&fresh().await).await;
    every_field_comes_back(&fresh().await).await;
    entries_are_found_by_what_they_touch(&fresh().await).await;
    balances_are_replays(&fresh().await).await;
    a_group_that_begins_elsewhere_changes_nothing(&fresh().await).await;
    a_key_is_taken_once(&fresh().await).await;
    a_close_changes_with_its_entries_or_not_at_all(&fresh().await).await;
    a_large_group_reads_again(&fresh().await).await;
}

/// Nothing, in every way of asking.
pub async fn an_empty_ledger_answers(store: &dyn LedgerStore) {
    assert_eq!(store.newest_heads(2).await.expect("reads"), []);
    assert_eq!(store.entries(&all()).await.expect("reads"), []);
    assert_eq!(store.entries_by_key(&[key("a")]).await.expect("reads"), []);
    assert_eq!(store.balances_of(&[service()]).await.expect("reads"), []);
    assert_eq!(store.balances(&every_balance()).await.expect("reads"), []);
    assert_eq!(store.close_records().await.expect("reads"), []);
    assert_eq!(scanned(store).await, (Head::EMPTY, Vec::new()));
}

/// As it was stored, also what is long, empty or at a limit.
pub async fn every_field_comes_back(store: &dyn LedgerStore) {
    let long = EntryDraft {
        key: key(&"k".repeat(EntryKey::MAX_BYTES)),
        corrects: Some(key("plain")),
        inputs: Some(ledgerline_ledger::Digest::of(b"lines")),
        note: Note::new("Überweisung 'x'; \"y\" \\ ☺").expect("a note"),
        effective: DayNo(0),
        period: Period::new(1970, 1).expect("a month"),
        ..draft("long", 1, "P/1:a", i64::MAX)
    };
    let entries = post(store, vec![draft("plain", 2, "P1", 1), long]).await;
    assert_eq!(store.entries(&all()).await.expect("reads"), entries);
    let keys: Vec<_> = entries.iter().map(|entry| entry.draft().key.clone()).collect();
    assert_eq!(store.entries_by_key(&keys).await.expect("reads"), entries);
    let asked = [key("none"), keys[1].clone()];
    assert_eq!(store.entries_by_key(&asked).await.expect("reads"), entries[1..]);
    assert_eq!(scanned(store).await, (entries[1].head(), Vec::new()));
}

/// By account, party, period, corrected key; all that is said must hold; page by page.
pub async fn entries_are_found_by_what_they_touch(store: &dyn LedgerStore) {
    let correcting = EntryDraft { corrects: Some(key("a")), ..draft("c", 40, "P1", -5) };
    post(store, vec![draft("a", 5, "P1", 10), draft("b", 40, "P2", 20)]).await;
    post(store, vec![correcting, draft("d", 40, "P11", 1)]).await;
    let (p1, january) = (party("P1"), Period::new(1970, 1).expect("a month"));
    let parties = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let rows: [(EntryQuery, &[u64]); 10] = [
        (EntryQuery { account: Some(p1.clone()), ..all() }, &[1, 3]),
        (EntryQuery { account: Some(service()), ..all() }, &[1, 2, 3, 4]),
        (EntryQuery { parties: parties(&["P1"]), ..all() }, &[1, 3]),
        (EntryQuery { parties: parties(&["P"]), ..all() }, &[]),
        (EntryQuery { parties: parties(&[]), ..all() }, &[]),
        (EntryQuery { parties: parties(&["P", "P1"]), ..all() }, &[1, 3]),
        (EntryQuery { period: Some(january), ..all() }, &[1]),
        (EntryQuery { corrects: Some(key("a")), ..all() }, &[3]),
        (EntryQuery { account: Some(p1), period: Some(january.next()), ..all() }, &[3]),
        (EntryQuery { account: Some(service()), after: 1, limit: 2, ..all() }, &[2, 3]),
    ];
    for (query, expected) in rows {
        let found = store.entries(&query).await.expect("reads");
        let seqs: Vec<u64> = found.iter().map(Entry::seq).collect();
        assert_eq!(seqs, expected, "{query:?}");
    }
}

/// For every day and instant, for one party, and page by page.
pub async fn balances_are_replays(store: &dyn LedgerStore) {
    let mut entries = post(store, vec![draft("a", 10, "P1", 10), draft("b", 30, "P2", 20)]).await;
    entries.extend(post(store, vec![draft("c", 20, "P1", -10), draft("d", 5, "P3", 7)]).await);
    entries.extend(post(store, vec![draft("e", 10, "P2", 1)]).await);
    let instants = (0..6).map(|at| Some(at_ms(at * 1000))).chain([None]);
    for booked_by in instants {
        for as_of in [4, 5, 10, 19, 20, 30].map(DayNo).map(Some).into_iter().chain([None]) {
            let mut replayed = Balances::new(as_of, booked_by);
            entries.iter().for_each(|entry| replayed.add(entry));
            let expected: Vec<_> = replayed.finish().expect("small").into_iter().collect();
            let query = BalanceQuery { as_of, booked_by, ..every_balance() };
            let found = store.balances(&query).await.expect("reads");
            assert_eq!(found, expected, "{query:?}");
            assert!(
                Balances::totals(found.iter().map(|(a, m)| (a, m))).values().all(|sum| *sum == 0)
            );
            let of_party = BalanceQuery { parties: Some(vec!["P2".to_owned()]), ..query.clone() };
            let found = store.balances(&of_party).await.expect("reads");
            let only: Vec<_> =
                expected.iter().filter(|(account, _)| *account == party("P2")).cloned().collect();
            assert_eq!(found, only, "{of_party:?}");
            let mut paged = Vec::new();
            let mut page = BalanceQuery { limit: 1, ..query };
            loop {
                let found = store.balances(&page).await.expect("reads");
                let Some((last, _)) = found.last() else { break };
                page.after = Some(last.clone());
                paged.extend(found);
            }
            assert_eq!(paged, expected);
        }
    }
    let mut some =
        store.balances_of(&[party("P1"), party("P9"), party("P2")]).await.expect("reads");
    some.sort();
    assert_eq!(some, [(party("P1"), Micros::ZERO), (party("P2"), Micros::new(21))]);
}

/// The end of the chain is compared, number and hash.
pub async fn a_group_that_begins_elsewhere_changes_nothing(store: &dyn LedgerStore) {
    let first = post(store, vec![draft("a", 1, "P1", 10)]).await;
    let before = scanned(store).await;
    let other = Head { hash: ledgerline_ledger::Digest::of(b"other"), ..first[0].head() };
    for expected in [Head::EMPTY, other] {
        let entry = Entry::chain(draft("b", 1, "P1", 10), &expected, at_ms(9));
        let head = signed(&entry);
        let group = LedgerGroup { expected, entries: &[entry], head: Some(&head), close: None };
        let refused = store.append_group(group).await.expect_err("it begins elsewhere");
        assert!(matches!(refused, AppendLedgerError::Moved { ends: 1, .. }), "{refused}");
    }
    assert_eq!(scanned(store).await, before);
    assert_eq!(store.newest_heads(9).await.expect("reads"), [signed(&first[0])]);
}

/// Also by a caller who didn't look first.
pub async fn a_key_is_taken_once(store: &dyn LedgerStore) {
    let first = post(store, vec![draft("a", 1, "P1", 10)]).await;
    let new = Entry::chain(draft("b", 1, "P1", 1), &first[0].head(), at_ms(9));
    let taken = Entry::chain(draft("a", 1, "P1", 10), &new.head(), at_ms(9));
    let head = signed(&taken);
    let (expected, entries) = (first[0].head(), [new, taken]);
    let group = LedgerGroup { expected, entries: &entries, head: Some(&head), close: None };
    store.append_group(group).await.expect_err("the key is taken");
    assert_eq!(store.entries(&all()).await.expect("reads"), first);
    let balance = store.balances_of(&[party("P1")]).await.expect("reads");
    assert_eq!(balance, [(party("P1"), Micros::new(10))]);
}

/// The record of a close is compared by its revision; a change that fails takes the entries along,
/// and entries that fail the change.
pub async fn a_close_changes_with_its_entries_or_not_at_all(store: &dyn LedgerStore) {
    let period = Period::new(2026, 10).expect("a month");
    let change =
        |expected, record: &[u8]| CloseChange { period, expected, record: record.to_vec() };
    store.change_close(&change(0, b"begun")).await.expect("there is none yet");
    for expected in [0, 2] {
        let refused = store.change_close(&change(expected, b"again")).await;
        let refused = refused.expect_err("it has revision 1");
        assert!(matches!(refused, AppendLedgerError::CloseMoved { .. }), "{refused}");
    }
    let entry = Entry::chain(draft("a", 1, "P1", 10), &Head::EMPTY, at_ms(5));
    let (head, entries) = (signed(&entry), [entry.clone()]);
    let group = LedgerGroup {
        expected: Head::EMPTY,
        entries: &entries,
        head: Some(&head),
        close: Some(&change(7, b"closed")),
    };
    let refused = store.append_group(group).await.expect_err("it has revision 1");
    assert!(matches!(refused, AppendLedgerError::CloseMoved { .. }), "{refused}");
    assert_eq!(store.entries(&all()).await.expect("reads"), [], "the entries wait for the close");
    let done = change(1, b"closed");
    let elsewhere = LedgerGroup { expected: entry.head(), close: Some(&done), ..group };
    store.append_group(elsewhere).await.expect_err("it begins elsewhere");
    let record =
        |revision, record: &[u8]| CloseRecord { period, revision, record: record.to_vec() };
    assert_eq!(store.close_records().await.expect("reads"), [record(1, b"begun")]);
    store.append_group(LedgerGroup { close: Some(&done), ..group }).await.expect("both");
    assert_eq!(store.close_records().await.expect("reads"), [record(2, b"closed")]);
    assert_eq!(store.entries(&all()).await.expect("reads"), entries);
    // A close that has nothing to book is still done.
    let nothing = CloseChange { period: period.next(), ..change(0, b"closed") };
    let group =
        LedgerGroup { expected: entry.head(), entries: &[], head: None, close: Some(&nothing) };
    store.append_group(group).await.expect("changes the record alone");
    assert_eq!(store.close_records().await.expect("reads").len(), 2);
    assert_eq!(store.newest_heads(9).await.expect("reads"), [head]);
}

/// Beyond every batch and page that an implementation may have.
pub async fn a_large_group_reads_again(store: &dyn LedgerStore) {
    let drafts = (0..5_003).map(|n| {
        let party = format!("P{}", n % 700);
        draft(&format!("large/{n}"), n % 50, &party, i64::from(n) + 1)
    });
    let entries = post(store, drafts.collect()).await;
    assert_eq!(scanned(store).await, (entries[5_002].head(), Vec::new()));
    let mut read = Vec::new();
    loop {
        let page = EntryQuery { after: read.len() as u64, limit: 999, ..all() };
        let found = store.entries(&page).await.expect("reads");
        if found.is_empty() {
            break;
        }
        read.extend(found);
    }
    assert_eq!(read, entries);
    let keys: Vec<_> = entries.iter().rev().map(|entry| entry.draft().key.clone()).collect();
    assert_eq!(store.entries_by_key(&keys).await.expect("reads"), entries);
    let accounts: Vec<_> = (0..700).map(|n| party(&format!("P{n}"))).collect();
    assert_eq!(store.balances_of(&accounts).await.expect("reads").len(), 700);
}

/// Posts a group, each a second after the one before.
async fn post(store: &dyn LedgerStore, drafts: Vec<EntryDraft>) -> Vec<Entry> {
    let newest = store.newest_heads(1).await.expect("reads");
    let mut head = newest.first().map_or(Head::EMPTY, |signed| signed.head);
    let (expected, at) = (head, head.booked_at.plus(1000));
    let mut entries = Vec::new();
    for draft in drafts {
        entries.push(Entry::chain(draft, &head, at));
        head = entries[entries.len() - 1].head();
    }
    let signed = signed(&entries[entries.len() - 1]);
    let group = LedgerGroup { expected, entries: &entries, head: Some(&signed), close: None };
    store.append_group(group).await.expect("stores");
    assert_eq!(store.newest_heads(1).await.expect("reads"), [signed]);
    entries
}

fn signed(entry: &Entry) -> SignedHead {
    KnownKey::secret().sign(entry.head(), entry.draft().period)
}

/// Reads everything again: where the chain ends, and what is wrong.
async fn scanned(store: &dyn LedgerStore) -> (Head, Vec<Finding>) {
    let verifier = Verifier::new(KnownKey::secret().public_key(), HashKey::new([3; 16]));
    let mut scan = Scan { verifier, accounts: BTreeMap::new(), last: None, signed: Vec::new() };
    store.scan_ledger(&mut scan).await.expect("reads");
    let earlier = scan.signed.iter().rev().nth(1).copied().unwrap_or(0);
    scan.verifier.end_of_rows(earlier, true);
    for (account, (kept, postings)) in scan.accounts {
        scan.verifier.account(&account, kept, postings);
    }
    (scan.verifier.head(), scan.verifier.finish().0)
}

struct Scan {
    verifier: Verifier,
    accounts: BTreeMap<Account, (Micros, PostingSum)>,
    last: Option<Account>,
    signed: Vec<u64>,
}

impl LedgerScan for Scan {
    fn row(&mut self, row: Row<'_>) {
        self.verifier.row(row);
    }

    fn head(&mut self, seq: u64, line: &str) {
        let head = SignedHead::parse(line).expect("a signed head");
        assert_eq!(head.head.seq, seq);
        assert_eq!(self.verifier.head().seq, seq, "a head comes right behind its row");
        self.verifier.signed_head(&head);
        self.signed.push(seq);
    }

    fn account(&mut self, account: &Account, kept: Micros) {
        self.accounts.insert(account.clone(), (kept, PostingSum::default()));
        self.last = Some(account.clone());
    }

    fn posting(&mut self, seq: u64, amount: Micros, effective: DayNo) {
        let key = self.verifier.hash_key();
        let account = self.last.as_ref().expect("an account comes first");
        let (_, postings) = self.accounts.get_mut(account).expect("it was told");
        postings.add(&key, seq, amount, effective);
    }

    fn damage(&mut self, sentence: String) {
        panic!("nothing is damaged: {sentence}");
    }
}

fn all() -> EntryQuery {
    EntryQuery { limit: u32::MAX, ..EntryQuery::default() }
}

fn every_balance() -> BalanceQuery {
    BalanceQuery { limit: u32::MAX, ..BalanceQuery::default() }
}

fn draft(name: &str, day: u32, to: &str, micros: i64) -> EntryDraft {
    let posting = |account, amount| Posting { account, amount: Micros::new(amount) };
    EntryDraft {
        key: key(name),
        effective: DayNo(day),
        period: Period::of_day(DayNo(day)),
        reason: Reason::Earned,
        corrects: None,
        inputs: None,
        note: Note::default(),
        postings: vec![posting(service(), -micros), posting(party(to), micros)],
    }
}

fn key(text: &str) -> EntryKey {
    EntryKey::new(text).expect("a key")
}

fn service() -> Account {
    Account::of_service(Currency::parse("EUR").expect("a currency"), AccountKind::Pool)
}

fn party(id: &str) -> Account {
    let currency = Currency::parse("EUR").expect("a currency");
    Account::of_party(PartyId::new(id).expect("an id"), currency, AccountKind::Earned)
}

fn at_ms(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}
