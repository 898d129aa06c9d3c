//! Where the ledger is kept: entries in their chain, signed heads, balances.
//!
//! It only grows. A group of entries and the head that signs it come in one transaction, and with
//! it what else must hold at the same instant: that a close is done.

use async_trait::async_trait;
use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_ledger::{Account, Entry, EntryKey, Head, Row, SignedHead};
use ledgerline_money::Micros;

use super::StoreError;

/// A group of entries on their way into the ledger: all of it, or nothing.
#[derive(Debug, Clone, Copy)]
pub struct LedgerGroup<'a> {
    /// Where the chain must end, or nothing is changed.
    pub expected: Head,
    /// What is new, chained behind it; may be empty where a close has nothing to book.
    pub entries: &'a [Entry],
    /// The signed head that the last of them makes; `None` if and only if there is no entry.
    pub head: Option<&'a SignedHead>,
    /// What else the same transaction changes.
    pub close: Option<&'a CloseChange>,
}

/// A change of the record of a close, by compare-and-set. What a record says, the ledger doesn't
/// look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseChange {
    /// Of which month.
    pub period: Period,
    /// The revision that must be the one stored; 0 where there must be no record yet. The new
    /// revision is one more.
    pub expected: u64,
    /// The new record.
    pub record: Vec<u8>,
}

/// The record of a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseRecord {
    /// Of which month.
    pub period: Period,
    /// How often it was written.
    pub revision: u64,
    /// What it says.
    pub record: Vec<u8>,
}

/// Why a group changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendLedgerError {
    /// The chain doesn't end where the group begins.
    #[error("the ledger ends at entry {ends}, not at entry {expected}: somebody else has posted")]
    Moved {
        /// Where it was to end.
        expected: u64,
        /// Where it ends.
        ends: u64,
    },
    /// The close's record isn't at the expected revision.
    #[error("the close of {period} has another revision than expected: somebody else works on it")]
    CloseMoved {
        /// Of which month.
        period: Period,
    },
    /// The store failed; whether the group is there must be read back.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which entries are asked for: those for which all that is said holds.
#[derive(Debug, Clone, Default)]
pub struct EntryQuery {
    /// That touch this account.
    pub account: Option<Account>,
    /// That touch an account of one of these parties.
    pub parties: Option<Vec<String>>,
    /// Of this period.
    pub period: Option<Period>,
    /// That correct the entry of this key.
    pub corrects: Option<EntryKey>,
    /// Behind the entry of this number.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
}

/// Which balances are asked for, and as of when.
#[derive(Debug, Clone, Default)]
pub struct BalanceQuery {
    /// Of the entries that hold on this day.
    pub as_of: Option<DayNo>,
    /// Of the entries that were booked up to this instant.
    pub booked_by: Option<UnixMs>,
    /// Of accounts of these parties.
    pub parties: Option<Vec<String>>,
    /// Behind this account, in the order of accounts.
    pub after: Option<Account>,
    /// At most so many.
    pub limit: u32,
}

/// Who is told everything that is stored, read at one moment: each row in the order of the
/// numbers, with the signed head of a row right behind it; then each account, with its postings
/// behind it.
pub trait LedgerScan: Send {
    /// A row of the entries.
    fn row(&mut self, row: Row<'_>);
    /// A signed head, as the line that is stored for the entry `seq`.
    fn head(&mut self, seq: u64, line: &str);
    /// An account and the balance that is kept for it.
    fn account(&mut self, account: &Account, kept: Micros);
    /// A posting that is kept for the account that was told last.
    fn posting(&mut self, seq: u64, amount: Micros, effective: DayNo);
    /// Something that can't be told because it is damaged, as a sentence.
    fn damage(&mut self, sentence: String);
}

/// Where the ledger is kept.
#[async_trait]
pub trait LedgerStore: Send + Sync + 'static {
    /// Appends a group, in one transaction with what else it changes. Balances follow.
    ///
    /// # Errors
    /// [`AppendLedgerError`]; nothing was changed, unless the store failed.
    async fn append_group(&self, group: LedgerGroup<'_>) -> Result<(), AppendLedgerError>;

    /// The newest signed heads, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn newest_heads(&self, limit: u32) -> Result<Vec<SignedHead>, StoreError>;

    /// Entries in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`], also where one is damaged.
    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError>;

    /// The entries with one of these keys, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`], also where one is damaged.
    async fn entries_by_key(&self, keys: &[EntryKey]) -> Result<Vec<Entry>, StoreError>;

    /// The balances of these accounts, as far as there are any, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn balances_of(&self, accounts: &[Account])
    -> Result<Vec<(Account, Micros)>, StoreError>;

    /// Balances in the order of the accounts; zeros are told too.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn balances(&self, query: &BalanceQuery) -> Result<Vec<(Account, Micros)>, StoreError>;

    /// Tells everything that is stored, damaged or not, a piece at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn scan_ledger(&self, scan: &mut dyn LedgerScan) -> Result<(), StoreError>;

    /// Changes the record of a close without booking anything, such as when it begins.
    ///
    /// # Errors
    /// [`AppendLedgerError::CloseMoved`] or `Store`.
    async fn change_close(&self, change: &CloseChange) -> Result<(), AppendLedgerError>;

    /// The records of all closes, by month.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn close_records(&self) -> Result<Vec<CloseRecord>, StoreError>;
}
