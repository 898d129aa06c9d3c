//! A group of entries, in one transaction.

use ledgerline_app::ports::LedgerGroup;
use ledgerline_ledger::{Account, Entry, Head};
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, HashMap};

use super::super::dialect::Connection;
use super::super::statements::{batches, row_placeholders};
use super::{closes, newest_heads};
use crate::fault::{Fault, said, to_column};

/// What a group adds to the tables, in the order of their keys.
pub(super) struct GroupRows<'a> {
    entries: Vec<EntryRow<'a>>,
    accounts: Vec<AccountRow<'a>>,
    /// By account as in `accounts`, then by entry: account, entry, amount, effective day.
    postings: Vec<(usize, i64, i64, i64)>,
}

/// What a group moves on one account.
#[derive(Default)]
struct OfAccount {
    sum: i128,
    /// Entry, amount, effective day.
    postings: Vec<(i64, i64, i64)>,
}

struct EntryRow<'a> {
    seq: i64,
    entry: &'a Entry,
    period: String,
    bytes: Vec<u8>,
}

struct AccountRow<'a> {
    account: &'a Account,
    holder: String,
    /// What the group adds to its balance.
    amount: i64,
}

impl<'a> GroupRows<'a> {
    pub(super) fn of(group: LedgerGroup<'a>) -> Result<Self, Fault> {
        let mut at = Head { ..group.expected };
        let mut entries = Vec::with_capacity(group.entries.len());
        let mut sums: BTreeMap<&Account, OfAccount> = BTreeMap::new();
        for entry in group.entries {
            if entry.seq() != at.seq + 1 || entry.previous() != at.hash {
                return said(format!("entry {} is not chained to the one before", entry.seq()));
            }
            at = entry.head();
            let (seq, draft) = (to_column("entry", at.seq)?, entry.draft());
            let effective = i64::from(draft.effective.0);
            for posting in &draft.postings {
                let amount = posting.amount.get();
                let of_it = sums.entry(&posting.account).or_default();
                of_it.sum += i128::from(amount);
                of_it.postings.push((seq, amount, effective));
            }
            let (period, bytes) = (draft.period.to_string(), entry.to_bytes());
            entries.push(EntryRow { seq, entry, period, bytes });
        }
        if group.head.map(|signed| signed.head) != group.entries.last().map(Entry::head) {
            return said("the signed head is not the one of the last entry");
        }
        let mut accounts = Vec::with_capacity(sums.len());
        let mut postings = Vec::new();
        for (index, (account, of_it)) in sums.into_iter().enumerate() {
            let Ok(amount) = i64::try_from(of_it.sum) else {
                return said(format!(
                    "the balance of {account} is more than the database can hold"
                ));
            };
            accounts.push(AccountRow { account, holder: account.holder.to_string(), amount });
            let rows = of_it.postings.into_iter();
            postings.extend(rows.map(|(seq, amount, day)| (index, seq, amount, day)));
        }
        Ok(Self { entries, accounts, postings })
    }
}

pub(super) async fn append(
    connection: &mut Connection,
    group: LedgerGroup<'_>,
    rows: &GroupRows<'_>,
) -> Result<(), Fault> {
    let newest = newest_heads(connection, 1).await?;
    let ends = newest.first().map_or(Head::EMPTY, |signed| signed.head);
    if ends != group.expected {
        return Err(Fault::LedgerMoved(ends.seq));
    }
    if let Some(change) = group.close {
        closes::change(connection, change).await?;
    }
    let Some(head) = group.head else { return Ok(()) };
    insert_entries(connection, &rows.entries).await?;
    let numbers = add_balances(connection, &rows.accounts).await?;
    insert_postings(connection, rows, &numbers).await?;
    sqlx::query("INSERT INTO ledger_heads (seq, booked_at, head) VALUES ($1, $2, $3)")
        .bind(to_column("entry", head.head.seq)?)
        .bind(to_column("instant", head.head.booked_at.get())?)
        .bind(head.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_entries(connection: &mut Connection, rows: &[EntryRow<'_>]) -> Result<(), Fault> {
    for batch in batches(rows) {
        let sql = format!(
            "INSERT INTO ledger_entries (seq, key, period, corrects, hash, bytes) VALUES {}",
            row_placeholders(batch.len(), 6)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in batch {
            let draft = row.entry.draft();
            query = query
                .bind(row.seq)
                .bind(draft.key.as_str())
                .bind(&row.period)
                .bind(draft.corrects.as_ref().map(|key| key.as_str()))
                .bind(row.entry.hash().as_bytes().to_vec())
                .bind(&row.bytes);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The accounts' numbers in the table, in the order of `accounts`.
async fn add_balances(
    connection: &mut Connection,
    accounts: &[AccountRow<'_>],
) -> Result<Vec<i64>, Fault> {
    let mut numbers = Vec::with_capacity(accounts.len());
    for batch in batches(accounts) {
        let sql = format!(
            "INSERT INTO ledger_accounts (holder, currency, kind, balance) VALUES {} \
             ON CONFLICT (holder, currency, kind) \
             DO UPDATE SET balance = ledger_accounts.balance + excluded.balance \
             RETURNING account, holder, currency, kind",
            row_placeholders(batch.len(), 4)
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for row in batch {
            let Account { currency, kind, .. } = row.account;
            query = query.bind(&row.holder).bind(currency.code());
            query = query.bind(kind.as_str()).bind(row.amount);
        }
        let found: Vec<(i64, String, String, String)> = query.fetch_all(&mut *connection).await?;
        // They come in no particular order.
        let found: HashMap<_, _> =
            found.iter().map(|(n, h, c, k)| ((h.as_str(), c.as_str(), k.as_str()), *n)).collect();
        for row in batch {
            let Account { currency, kind, .. } = row.account;
            match found.get(&(row.holder.as_str(), currency.code(), kind.as_str())) {
                Some(number) => numbers.push(*number),
                None => return said(format!("ledger_accounts did not take {}", row.account)),
            }
        }
    }
    Ok(numbers)
}

async fn insert_postings(
    connection: &mut Connection,
    rows: &GroupRows<'_>,
    numbers: &[i64],
) -> Result<(), Fault> {
    let mut postings: Vec<_> = (rows.postings.iter())
        .map(|(index, seq, amount, day)| (numbers[*index], *seq, *amount, *day))
        .collect();
    // In the order of the table, so that its pages fill one after the other.
    postings.sort_unstable();
    for batch in batches(&postings) {
        let sql = format!(
            "INSERT INTO ledger_postings (account, seq, amount, effective) VALUES {}",
            row_placeholders(batch.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (account, seq, amount, effective) in batch {
            query = query.bind(account).bind(seq).bind(amount).bind(effective);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
