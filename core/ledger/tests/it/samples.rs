//! Entries for tests.

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_ledger::{
    Account, Digest, Entry, EntryDraft, EntryKey, Head, Note, Posting, Reason, SecretKey,
};
use ledgerline_money::Micros;

pub fn key(text: &str) -> EntryKey {
    EntryKey::new(text).expect(text)
}

pub fn day(text: &str) -> DayNo {
    DayNo::parse(text).expect(text)
}

pub fn at(text: &str) -> UnixMs {
    UnixMs::parse_rfc3339(text).expect(text)
}

/// Accounts and amounts: `party:P1/EUR/payable 10.5`.
pub fn posting(text: &str) -> Posting {
    let (account, amount) = text.split_once(' ').expect("an account and an amount");
    let account = Account::parse(account).expect(account);
    Posting { account, amount: Micros::parse(amount).expect(amount) }
}

pub fn draft(name: &str, postings: &[&str]) -> EntryDraft {
    EntryDraft {
        key: key(name),
        effective: day("2026-10-31"),
        period: Period::parse("2026-10").expect("a month"),
        reason: Reason::Earned,
        corrects: None,
        inputs: None,
        note: Note::default(),
        postings: postings.iter().map(|text| posting(text)).collect(),
    }
}

/// Three entries that use every field.
pub fn chain() -> Vec<Entry> {
    let all = EntryDraft {
        corrects: Some(key("close/2026-10/P1")),
        inputs: Some(Digest::of(b"the lines of a statement")),
        note: Note::new("Bank fees, split ☺").expect("a note"),
        reason: Reason::Correction,
        ..draft(
            "correction/1",
            &[
                "service/EUR/fx -10.000001",
                "party:label/a:b/EUR/payable 10.000001",
                "service/JPY/margin 1600",
                "party:label/a:b/JPY/payable -1600",
            ],
        )
    };
    let drafts = [
        draft(
            "close/2026-10/P1",
            &["service/EUR/pool -33.333334", "party:P1/EUR/earned 33.333334"],
        ),
        draft("close/2026-10/P2", &["service/EUR/pool -0.000001", "party:P2/EUR/earned 0.000001"]),
        all,
    ];
    let mut head = Head::EMPTY;
    let instants = ["2026-11-05T08:00:00Z", "2026-11-05T08:00:00Z", "2026-11-06T09:30:00.123Z"];
    drafts
        .into_iter()
        .zip(instants)
        .map(|(draft, instant)| {
            let entry = Entry::chain(draft, &head, at(instant));
            head = entry.head();
            entry
        })
        .collect()
}

pub fn secret() -> SecretKey {
    SecretKey::new(&std::array::from_fn(|index| u8::try_from(index).expect("small")))
}
