//! Balances: entries, added up.

use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_money::{Currency, Micros, MoneyError};
use std::collections::BTreeMap;

use crate::{Account, Entry};

/// What entries add up to, as they are read. In which order they are read is of no account.
#[derive(Debug, Clone, Default)]
pub struct Balances {
    as_of: Option<DayNo>,
    booked_by: Option<UnixMs>,
    // Wider than an amount: what is passed through on the way may be larger than the end.
    sums: BTreeMap<Account, i128>,
}

impl Balances {
    /// Of the entries that hold on the day `as_of`, as far as they were booked up to the instant
    /// `booked_by`; both inclusive, and all where they aren't said.
    #[must_use]
    pub fn new(as_of: Option<DayNo>, booked_by: Option<UnixMs>) -> Self {
        Self { as_of, booked_by, sums: BTreeMap::new() }
    }

    /// Adds an entry, where it is one of these.
    pub fn add(&mut self, entry: &Entry) {
        let draft = entry.draft();
        let is_late = self.booked_by.is_some_and(|by| entry.booked_at() > by);
        if is_late || self.as_of.is_some_and(|day| draft.effective > day) {
            return;
        }
        for posting in &draft.postings {
            let amount = i128::from(posting.amount.get());
            match self.sums.get_mut(&posting.account) {
                Some(sum) => *sum += amount,
                None => {
                    self.sums.insert(posting.account.clone(), amount);
                }
            }
        }
    }

    /// The balances of all accounts that an entry has named, zeros included.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] where one is beyond what an amount can be.
    pub fn finish(self) -> Result<BTreeMap<Account, Micros>, MoneyError> {
        let amount = |sum| i64::try_from(sum).map(Micros::new).map_err(|_| MoneyError::TooLarge);
        self.sums.into_iter().map(|(account, sum)| Ok((account, amount(sum)?))).collect()
    }

    /// What all accounts of each currency add up to: nothing, in every sound ledger.
    pub fn totals<'a>(
        balances: impl IntoIterator<Item = (&'a Account, &'a Micros)>,
    ) -> BTreeMap<Currency, i128> {
        let mut totals = BTreeMap::new();
        for (account, amount) in balances {
            *totals.entry(account.currency).or_insert(0) += i128::from(amount.get());
        }
        totals
    }
}
