//! Advances and costs: booked once, recouped by the closes that follow.

use ledgerline_ledger::EntryKey;
use ledgerline_money::{Currency, Micros, MoneyError};
pub use ledgerline_royalty::ahead::AheadRow;
use ledgerline_royalty::ahead::{self, AheadKind};
use ledgerline_royalty::closing::AccountKey;
use std::collections::BTreeMap;

use super::ledger::{Post, PostError};
use crate::Deployment;
use crate::ports::{EntryQuery, StoreError};

/// What is wrong with a row: its number from 0, the column, why.
pub type WrongAhead = (usize, &'static str, String);

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum AheadError {
    /// Rows are wrong.
    #[error("{} things are wrong", .0.len())]
    Wrong(Vec<WrongAhead>),
    /// The ledger refuses.
    #[error(transparent)]
    Post(#[from] PostError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was booked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BookedAhead {
    /// How many entries are new.
    pub added: usize,
    /// The rows, from 0, whose entries were there already, just so; ascending.
    pub unchanged: Vec<usize>,
}

/// An advance or cost as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAhead {
    /// The number of its entry.
    pub seq: u64,
    /// The entry's key.
    pub key: EntryKey,
    /// Whose, under which contract, in which currency.
    pub account: AccountKey,
    /// What it is.
    pub kind: AheadKind,
    /// How much.
    pub amount: Micros,
    /// When it was paid.
    pub on: ledgerline_ids::DayNo,
    /// A person's remark.
    pub note: String,
}

/// So many entries are read at once.
const AT_ONCE: u32 = 20_000;

impl Deployment {
    /// Books advances and costs: all rows or none. One that is there already, just so, stays as it is.
    ///
    /// # Errors
    /// [`AheadError`]; of wrong rows all are named.
    pub async fn book_ahead(
        &self,
        rows: &[AheadRow],
        dry_run: bool,
    ) -> Result<BookedAhead, AheadError> {
        let terms = self.money().terms();
        let contracts = terms.contracts_at(terms.revision().await?).await?;
        let mut wrong = Vec::new();
        let mut drafts = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            match contracts.iter().find(|contract| *contract.id == *row.contract) {
                None => wrong.push((number, "contract", "there is no such contract".to_owned())),
                Some(contract) if !ahead::has_account(contract, &row.payee) => {
                    wrong.push((number, "payee", format!("{} pays nothing to it", row.contract)));
                }
                Some(_) => {}
            }
            match row.draft() {
                Ok(draft) => match drafts.insert(draft.key.clone(), (number, draft)) {
                    None => {}
                    Some(_) => wrong.push((
                        number,
                        "name",
                        "another row has the same contract and name".to_owned(),
                    )),
                },
                Err(error) => wrong.push((number, "name", error.to_string())),
            }
        }
        let keys: Vec<EntryKey> = drafts.keys().cloned().collect();
        let there = self.money().ledger().store().entries_by_key(&keys).await?;
        let mut unchanged = Vec::new();
        for entry in &there {
            let Some((number, draft)) = drafts.remove(&entry.draft().key) else { continue };
            unchanged.push(number);
            if ahead::of(&draft) != ahead::of(entry.draft()) {
                let why = format!(
                    "entry {} of the ledger has this contract and name with something else: choose \
                     another name",
                    entry.seq()
                );
                wrong.push((number, "name", why));
            }
        }
        if !wrong.is_empty() {
            wrong.sort();
            return Err(AheadError::Wrong(wrong));
        }
        unchanged.sort_unstable();
        let booked = BookedAhead { added: drafts.len(), unchanged };
        if !dry_run && !drafts.is_empty() {
            let drafts = drafts.into_values().map(|(_, draft)| draft).collect();
            self.money().ledger().post(Post { drafts, ..Post::default() }).await?;
        }
        Ok(booked)
    }

    /// All advances and costs, in the order in which they were booked; of one payee where it is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ahead(&self, payee: Option<&str>) -> Result<Vec<ListedAhead>, StoreError> {
        let (mut listed, mut after) = (Vec::new(), 0);
        loop {
            let parties = payee.map(|payee| vec![payee.to_owned()]);
            let query = EntryQuery { parties, after, limit: AT_ONCE, ..EntryQuery::default() };
            let entries = self.money().ledger().entries(&query).await?;
            let Some(last) = entries.last() else { return Ok(listed) };
            after = last.seq();
            for entry in &entries {
                let draft = entry.draft();
                let Some((account, kind, amount)) = ahead::of(draft) else { continue };
                listed.push(ListedAhead {
                    seq: entry.seq(),
                    key: draft.key.clone(),
                    account,
                    kind,
                    amount,
                    on: draft.effective,
                    note: draft.note.as_str().to_owned(),
                });
            }
        }
    }
}

/// What was paid ahead in all, by currency.
///
/// # Errors
/// [`MoneyError`] where a sum is beyond what an amount can hold.
pub fn totals(listed: &[ListedAhead]) -> Result<BTreeMap<Currency, Micros>, MoneyError> {
    let mut sums = BTreeMap::new();
    for one in listed {
        let sum: &mut Micros = sums.entry(one.account.currency).or_default();
        *sum = sum.plus(one.amount)?;
    }
    Ok(sums)
}
