//! Entries, signed heads, balances, and the records of closes.
//!
//! - `append`: a group in one transaction, in statements of many rows
//! - `reading`: entries and balances as they are asked for
//! - `scan`: everything, a page at a time
//! - `closes`: the records of closes

mod append;
mod closes;
mod reading;
mod scan;

use async_trait::async_trait;
use ledgerline_app::ports::{
    AppendLedgerError, BalanceQuery, CloseChange, CloseRecord, EntryQuery, LedgerGroup, LedgerScan,
    LedgerStore, StoreError,
};
use ledgerline_ledger::{Account, Entry, EntryKey, SignedHead};
use ledgerline_money::Micros;

use super::dialect::{self, Connection};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said};

/// What keeps the tables from being changed.
const TRIGGERS: [&str; 8] = [
    "ledger_entries_stay",
    "ledger_entries_remain",
    "ledger_heads_stay",
    "ledger_heads_remain",
    "ledger_postings_stay",
    "ledger_postings_remain",
    "ledger_accounts_stay",
    "ledger_accounts_remain",
];

#[async_trait]
impl LedgerStore for Store {
    async fn append_group(&self, group: LedgerGroup<'_>) -> Result<(), AppendLedgerError> {
        let appended = async {
            // Everything that can be is made ready before it is our turn.
            let rows = append::GroupRows::of(group)?;
            let mut write = self.begin_write(Area::Ledger).await?;
            let appended = append::append(write.connection(), group, &rows).await;
            write.finish(appended).await
        };
        appended.await.map_err(|fault| match fault {
            Fault::LedgerMoved(ends) => {
                AppendLedgerError::Moved { expected: group.expected.seq, ends }
            }
            Fault::CloseMoved(period) => AppendLedgerError::CloseMoved { period },
            fault => self.error("posting to the ledger", &fault).into(),
        })
    }

    async fn newest_heads(&self, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            let heads = newest_heads(&mut reader, limit).await?;
            reader.commit().await?;
            Ok(heads)
        };
        read.await.map_err(|fault: Fault| self.error("reading the ledger's head", &fault))
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        let read = async { reading::entries(&mut *self.reader().await?, query).await };
        read.await.map_err(|fault| self.error("reading the ledger", &fault))
    }

    async fn entries_by_key(&self, keys: &[EntryKey]) -> Result<Vec<Entry>, StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            let entries = reading::entries_by_key(&mut reader, keys).await?;
            reader.commit().await?;
            Ok(entries)
        };
        read.await.map_err(|fault: Fault| self.error("reading the ledger", &fault))
    }

    async fn balances_of(
        &self,
        accounts: &[Account],
    ) -> Result<Vec<(Account, Micros)>, StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            let balances = reading::balances_of(&mut reader, accounts).await?;
            reader.commit().await?;
            Ok(balances)
        };
        read.await.map_err(|fault: Fault| self.error("reading balances", &fault))
    }

    async fn balances(&self, query: &BalanceQuery) -> Result<Vec<(Account, Micros)>, StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            let balances = reading::balances(&mut reader, query).await?;
            reader.commit().await?;
            Ok(balances)
        };
        read.await.map_err(|fault: Fault| self.error("reading balances", &fault))
    }

    async fn scan_ledger(&self, scan: &mut dyn LedgerScan) -> Result<(), StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            scan::everything(&mut reader, scan).await?;
            reader.commit().await?;
            Ok(())
        };
        read.await.map_err(|fault: Fault| self.error("reading the ledger", &fault))
    }

    async fn change_close(&self, change: &CloseChange) -> Result<(), AppendLedgerError> {
        let changed = async {
            let mut write = self.begin_write(Area::Ledger).await?;
            let changed = closes::change(write.connection(), change).await;
            write.finish(changed).await
        };
        changed.await.map_err(|fault| match fault {
            Fault::CloseMoved(period) => AppendLedgerError::CloseMoved { period },
            fault => self.error("writing the record of a close", &fault).into(),
        })
    }

    async fn close_records(&self) -> Result<Vec<CloseRecord>, StoreError> {
        let read = async {
            let mut reader = self.begin_read().await?;
            let records = closes::records(&mut reader).await?;
            reader.commit().await?;
            Ok(records)
        };
        read.await.map_err(|fault: Fault| self.error("reading the records of closes", &fault))
    }
}

/// What is wrong at a glance: `ledger verify` reads everything, this is for each start.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = missing_triggers(connection).await?;
    let (first, last, count): (Option<i64>, Option<i64>, i64) =
        sqlx::query_as("SELECT MIN(seq), MAX(seq), COUNT(*) FROM ledger_entries")
            .fetch_one(&mut *connection)
            .await?;
    if (first.unwrap_or(1), last.unwrap_or(0)) != (1, count) {
        findings.push(format!(
            "ledger_entries has {count} rows from {} to {}: some are missing",
            first.unwrap_or(0),
            last.unwrap_or(0)
        ));
    }
    let signed: Option<i64> =
        sqlx::query_scalar("SELECT MAX(seq) FROM ledger_heads").fetch_one(&mut *connection).await?;
    if signed != last {
        findings.push(format!(
            "ledger_entries ends at {}, but the last signed head is of {}",
            last.unwrap_or(0),
            signed.unwrap_or(0)
        ));
    }
    if let Err(fault) = newest_heads(connection, 2).await {
        findings.push(fault.to_string());
    }
    if let Err(fault) = closes::records(connection).await {
        findings.push(fault.to_string());
    }
    Ok(findings)
}

/// A sentence for each trigger that is gone.
async fn missing_triggers(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let names = dialect::triggers(connection).await?;
    let is_gone = |name: &&&str| !names.iter().any(|one| one == **name);
    Ok(TRIGGERS
        .iter()
        .filter(is_gone)
        .map(|name| format!("the trigger {name} is gone, which keeps the ledger as it is"))
        .collect())
}

/// The newest first.
async fn newest_heads(connection: &mut Connection, limit: u32) -> Result<Vec<SignedHead>, Fault> {
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT seq, booked_at, head FROM ledger_heads ORDER BY seq DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(|(seq, booked_at, line)| head(seq, booked_at, &line)).collect()
}

/// A head whose columns say the same as its line.
fn head(seq: i64, booked_at: i64, line: &str) -> Result<SignedHead, Fault> {
    let head = SignedHead::parse(line)
        .map_err(|error| Fault::Said(format!("ledger_heads.head of {seq}: {error}")))?;
    let seq_there: u64 = from_column("ledger_heads.seq", seq)?;
    let booked_there: u64 = from_column("ledger_heads.booked_at", booked_at)?;
    if (seq_there, booked_there) == (head.head.seq, head.head.booked_at.get()) {
        Ok(head)
    } else {
        said(format!("ledger_heads {seq}: its columns don't say what its line says"))
    }
}

/// An account's columns.
fn account(holder: &str, currency: &str, kind: &str) -> Result<Account, Fault> {
    Account::parse(&format!("{holder}/{currency}/{kind}"))
        .map_err(|error| Fault::Said(format!("ledger_accounts: {error}")))
}
