//! A ledger in memory, and a key and a keeper of heads beside it: for tests and simulations.

use async_trait::async_trait;
use ledgerline_ids::Period;
use ledgerline_ledger::{
    Account, Balances, Entry, EntryKey, Head, PublicKey, Row, SecretKey, SignedHead,
};
use ledgerline_money::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::{
    AppendLedgerError, BalanceQuery, CloseChange, CloseRecord, EntryQuery, HeadKeeper, HeadSigner,
    LedgerGroup, LedgerScan, LedgerStore, StoreError,
};

/// A ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    heads: Vec<SignedHead>,
    closes: BTreeMap<Period, CloseRecord>,
}

impl MemoryLedger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl State {
    fn head(&self) -> Head {
        self.entries.last().map_or(Head::EMPTY, Entry::head)
    }

    fn change_close(&mut self, change: &CloseChange) -> Result<(), AppendLedgerError> {
        let period = change.period;
        let revision = self.closes.get(&period).map_or(0, |close| close.revision);
        if revision != change.expected {
            return Err(AppendLedgerError::CloseMoved { period });
        }
        let record = change.record.clone();
        self.closes.insert(period, CloseRecord { period, revision: revision + 1, record });
        Ok(())
    }

    fn balances(&self, query: &BalanceQuery) -> BTreeMap<Account, Micros> {
        let mut balances = Balances::new(query.as_of, query.booked_by);
        self.entries.iter().for_each(|entry| balances.add(entry));
        balances.finish().expect("the judge keeps balances within an amount")
    }
}

fn is_of_any(account: &Account, parties: &[String]) -> bool {
    account.holder.as_party().is_some_and(|holder| parties.iter().any(|party| party == holder))
}

fn is_of(entry: &Entry, query: &EntryQuery) -> bool {
    let draft = entry.draft();
    let touches = |wanted: &dyn Fn(&Account) -> bool| {
        draft.postings.iter().any(|posting| wanted(&posting.account))
    };
    entry.seq() > query.after
        && query.account.as_ref().is_none_or(|account| touches(&|one| one == account))
        && query.parties.as_ref().is_none_or(|parties| touches(&|one| is_of_any(one, parties)))
        && query.period.is_none_or(|period| draft.period == period)
        && query.corrects.as_ref().is_none_or(|key| draft.corrects.as_ref() == Some(key))
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    async fn append_group(&self, group: LedgerGroup<'_>) -> Result<(), AppendLedgerError> {
        let mut state = self.state();
        let head = state.head();
        if head != group.expected {
            let (expected, ends) = (group.expected.seq, head.seq);
            return Err(AppendLedgerError::Moved { expected, ends });
        }
        let keys: BTreeSet<_> =
            state.entries.iter().chain(group.entries).map(|entry| &entry.draft().key).collect();
        if keys.len() < state.entries.len() + group.entries.len() {
            let detail = "two entries have one key".to_owned();
            return Err(StoreError { what: "posting to the ledger", detail }.into());
        }
        if let Some(change) = group.close {
            state.change_close(change)?;
        }
        state.entries.extend_from_slice(group.entries);
        state.heads.extend(group.head);
        Ok(())
    }

    async fn newest_heads(&self, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        Ok(self.state().heads.iter().rev().take(limit as usize).copied().collect())
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        let state = self.state();
        let found = state.entries.iter().filter(|entry| is_of(entry, query));
        Ok(found.take(query.limit as usize).cloned().collect())
    }

    async fn entries_by_key(&self, keys: &[EntryKey]) -> Result<Vec<Entry>, StoreError> {
        let keys: BTreeSet<_> = keys.iter().collect();
        let state = self.state();
        let found = state.entries.iter().filter(|entry| keys.contains(&entry.draft().key));
        Ok(found.cloned().collect())
    }

    async fn balances_of(
        &self,
        accounts: &[Account],
    ) -> Result<Vec<(Account, Micros)>, StoreError> {
        let wanted: BTreeSet<_> = accounts.iter().collect();
        let all = self.state().balances(&BalanceQuery::default());
        Ok(all.into_iter().filter(|(account, _)| wanted.contains(account)).collect())
    }

    async fn balances(&self, query: &BalanceQuery) -> Result<Vec<(Account, Micros)>, StoreError> {
        let all = self.state().balances(query).into_iter();
        let of_party = |account: &Account| {
            query.parties.as_ref().is_none_or(|parties| is_of_any(account, parties))
        };
        let is_behind =
            |account: &Account| query.after.as_ref().is_none_or(|after| account > after);
        Ok(all
            .filter(|(account, _)| of_party(account) && is_behind(account))
            .take(query.limit as usize)
            .collect())
    }

    async fn scan_ledger(&self, scan: &mut dyn LedgerScan) -> Result<(), StoreError> {
        let state = self.state();
        let mut heads = state.heads.iter().peekable();
        for entry in &state.entries {
            let (bytes, draft) = (entry.to_bytes(), entry.draft());
            scan.row(Row {
                seq: entry.seq(),
                bytes: &bytes,
                hash: entry.hash().as_bytes(),
                key: draft.key.as_str().as_bytes(),
                period: draft.period.to_string().as_bytes(),
                corrects: draft.corrects.as_ref().map(|key| key.as_str().as_bytes()),
            });
            while let Some(head) = heads.next_if(|head| head.head.seq <= entry.seq()) {
                scan.head(head.head.seq, &head.to_string());
            }
        }
        for (account, kept) in state.balances(&BalanceQuery::default()) {
            scan.account(&account, kept);
            for entry in &state.entries {
                let of_it = entry.draft().postings.iter().filter(|one| one.account == account);
                of_it.for_each(|one| {
                    scan.posting(entry.seq(), one.amount, entry.draft().effective);
                });
            }
        }
        Ok(())
    }

    async fn change_close(&self, change: &CloseChange) -> Result<(), AppendLedgerError> {
        self.state().change_close(change)
    }

    async fn close_records(&self) -> Result<Vec<CloseRecord>, StoreError> {
        Ok(self.state().closes.values().cloned().collect())
    }
}

/// A key that is always the same: its signatures prove nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownKey;

impl KnownKey {
    /// The key.
    #[must_use]
    pub fn secret() -> SecretKey {
        SecretKey::new(&[7; 32])
    }
}

impl HeadSigner for KnownKey {
    fn public_key(&self) -> Result<Option<PublicKey>, StoreError> {
        Ok(Some(Self::secret().public_key()))
    }

    fn make_key(&self) -> Result<PublicKey, StoreError> {
        Ok(Self::secret().public_key())
    }

    fn sign(&self, head: Head, period: Period) -> Result<SignedHead, StoreError> {
        Ok(Self::secret().sign(head, period))
    }
}

/// Keeps a head in memory.
#[derive(Debug, Default)]
pub struct MemoryKeeper {
    kept: Mutex<Option<String>>,
}

impl MemoryKeeper {
    /// What is kept from now on, as if somebody had changed it.
    pub fn set(&self, kept: Option<String>) {
        *self.kept.lock().expect("no holder panics") = kept;
    }
}

impl HeadKeeper for MemoryKeeper {
    fn kept(&self) -> Result<Option<String>, StoreError> {
        Ok(self.kept.lock().expect("no holder panics").clone())
    }

    fn keep(&self, head: &SignedHead) -> Result<(), StoreError> {
        self.set(Some(head.to_string()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::ledger;

    #[tokio::test]
    async fn a_ledger_in_memory_conforms() {
        ledger::every_case(async || MemoryLedger::default()).await;
    }
}
