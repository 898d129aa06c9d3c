//! Random groups: what is booked sums to zero, balances are replays, and the order in which
//! entries are read is of no account.

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_ledger::{
    Account, AccountKind, Balances, Before, Entry, EntryDraft, EntryKey, Head, Note, Posting,
    Reason, judge,
};
use ledgerline_money::{Currency, Micros};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn account() -> impl Strategy<Value = Account> {
    let holder = prop_oneof![Just("service"), Just("party:P1"), Just("party:P2"), Just("party:P3")];
    let currency = prop_oneof![Just("EUR"), Just("JPY")];
    (holder, currency, 0..AccountKind::ALL.len()).prop_map(|(holder, currency, kind)| {
        let kind = AccountKind::ALL[kind];
        Account::parse(&format!("{holder}/{currency}/{kind}")).expect("an account")
    })
}

/// Amounts of any size, half of the entries balanced by a last posting.
fn draft() -> impl Strategy<Value = EntryDraft> {
    let amount = prop_oneof![-1_000_000..1_000_000_i64, any::<i64>()];
    let postings = prop::collection::vec((account(), amount), 0..5);
    (postings, any::<bool>(), 0..40_u32, 0..60_u32).prop_map(|(postings, balanced, name, day)| {
        let mut postings: Vec<Posting> = postings
            .into_iter()
            .map(|(account, amount)| Posting { account, amount: Micros::new(amount) })
            .collect();
        if balanced {
            balance(&mut postings);
        }
        EntryDraft {
            key: EntryKey::new(&format!("k{name}")).expect("a key"),
            effective: DayNo(day),
            period: Period::of_day(DayNo(day)),
            reason: Reason::Adjustment,
            corrects: None,
            inputs: None,
            note: Note::default(),
            postings,
        }
    })
}

fn balance(postings: &mut Vec<Posting>) {
    for code in ["EUR", "JPY"] {
        let currency = Currency::parse(code).expect("a currency");
        let of_it = postings.iter().filter(|posting| posting.account.currency == currency);
        let sum: i128 = of_it.map(|posting| i128::from(posting.amount.get())).sum();
        if let Ok(amount) = i64::try_from(-sum) {
            let account = Account::of_service(currency, AccountKind::Remainder);
            postings.push(Posting { account, amount: Micros::new(amount) });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_booked_is_sound(groups in prop::collection::vec(prop::collection::vec(draft(), 1..4), 1..12)) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut known: BTreeMap<EntryKey, Entry> = BTreeMap::new();
        let mut balances: BTreeMap<Account, Micros> = BTreeMap::new();
        for (at, group) in (0..).zip(groups) {
            let head = entries.last().map_or(Head::EMPTY, Entry::head);
            let booked_at = UnixMs::EPOCH.plus(at * 1_000);
            let before = Before { head, entries: &known, balances: &balances };
            let Ok(judged) = judge(group.clone(), booked_at, before) else { continue };
            prop_assert_eq!(judged.seqs.len(), group.len());
            for entry in judged.entries {
                for posting in &entry.draft().postings {
                    let balance = balances.entry(posting.account.clone()).or_default();
                    *balance = balance.plus(posting.amount).expect("it was judged to fit");
                }
                known.insert(entry.draft().key.clone(), entry.clone());
                entries.push(entry);
            }
            // Posted again, it is there already.
            let head = entries.last().map_or(Head::EMPTY, Entry::head);
            let before = Before { head, entries: &known, balances: &balances };
            let again = judge(group, booked_at, before).expect("it was good before");
            prop_assert_eq!(again.entries.len(), 0);
            prop_assert_eq!(again.seqs, judged.seqs);
        }
        prop_assert!(Balances::totals(&balances).values().all(|sum| *sum == 0));
        let replay = |entries: &mut dyn Iterator<Item = &Entry>| {
            let mut replayed = Balances::new(None, None);
            entries.for_each(|entry| replayed.add(entry));
            replayed.finish().expect("it was judged to fit")
        };
        prop_assert_eq!(&replay(&mut entries.iter()), &balances);
        prop_assert_eq!(&replay(&mut entries.iter().rev()), &balances);
        for entry in &entries {
            prop_assert_eq!(&Entry::from_bytes(&entry.to_bytes()).expect("its own bytes"), entry);
        }
    }
}
