//! Entries and balances, as they are asked for.

use ledgerline_app::ports::{BalanceQuery, EntryQuery};
use ledgerline_ids::PartyId;
use ledgerline_ledger::{Account, Entry, EntryKey, Holder};
use ledgerline_money::Micros;
use sqlx::AssertSqlSafe;

use super::super::dialect::Connection;
use super::super::statements::{batches, row_placeholders, value_placeholders};
use super::account;
use crate::fault::{Fault, said, to_column};

type EntryRow = (i64, Vec<u8>, Vec<u8>);
type BalanceRow = (String, String, String, i64);

pub(super) async fn entries(
    connection: &mut Connection,
    query: &EntryQuery,
) -> Result<Vec<Entry>, Fault> {
    // By account, the postings are in the order that is asked for.
    let mut sql = if query.account.is_some() {
        "SELECT e.seq, hash, bytes FROM ledger_postings p JOIN ledger_entries e ON e.seq = p.seq \
         WHERE p.seq > $1 AND p.account = (SELECT account FROM ledger_accounts \
         WHERE holder = $3 AND currency = $4 AND kind = $5)"
    } else {
        "SELECT e.seq, hash, bytes FROM ledger_entries e WHERE e.seq > $1"
    }
    .to_owned();
    let holders = query.parties.as_deref().map(holders);
    if let Some(holders) = &holders {
        let Some(wanted) = placeholders_behind(7, holders.len()) else { return Ok(Vec::new()) };
        sql.push_str(&format!(
            " AND e.seq IN (SELECT q.seq FROM ledger_postings q JOIN ledger_accounts a \
             ON a.account = q.account WHERE a.holder IN ({wanted}) AND q.seq > $1)"
        ));
    }
    if query.period.is_some() {
        sql.push_str(" AND e.period = $6");
    }
    if query.corrects.is_some() {
        sql.push_str(" AND e.corrects = $7");
    }
    sql.push_str(if query.account.is_some() {
        " ORDER BY p.seq LIMIT $2"
    } else {
        " ORDER BY e.seq LIMIT $2"
    });
    // What isn't asked for is bound all the same, so that each value keeps its number.
    let account = query.account.as_ref();
    let mut asked = sqlx::query_as(AssertSqlSafe(sql))
        .bind(to_column("entry", query.after)?)
        .bind(i64::from(query.limit))
        .bind(account.map(|account| account.holder.to_string()))
        .bind(account.map(|account| account.currency.code().to_owned()))
        .bind(account.map(|account| account.kind.as_str()))
        .bind(query.period.map(|period| period.to_string()))
        .bind(query.corrects.as_ref().map(|key| key.as_str().to_owned()));
    for holder in holders.into_iter().flatten() {
        asked = asked.bind(holder);
    }
    let rows: Vec<EntryRow> = asked.fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}

/// `party:P1` of each; a text that is no party's id holds nothing.
fn holders(parties: &[String]) -> Vec<String> {
    let ids = parties.iter().filter_map(|party| PartyId::new(party).ok());
    ids.map(|party| Holder::party(party).to_string()).collect()
}

/// `$8, $9` for two values behind seven; nothing for none.
fn placeholders_behind(before: usize, count: usize) -> Option<String> {
    let all: Vec<String> = (1..=count).map(|number| format!("${}", before + number)).collect();
    (count > 0).then(|| all.join(", "))
}

pub(super) async fn entries_by_key(
    connection: &mut Connection,
    keys: &[EntryKey],
) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for batch in batches(keys) {
        let wanted = value_placeholders(batch.len());
        let sql = format!("SELECT seq, hash, bytes FROM ledger_entries WHERE key IN ({wanted})");
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for key in batch {
            query = query.bind(key.as_str());
        }
        let rows: Vec<EntryRow> = query.fetch_all(&mut *connection).await?;
        for row in &rows {
            entries.push(entry(row)?);
        }
    }
    entries.sort_by_key(Entry::seq);
    Ok(entries)
}

/// An entry whose bytes are those that were hashed.
fn entry((seq, hash, bytes): &EntryRow) -> Result<Entry, Fault> {
    let entry = match Entry::from_bytes(bytes) {
        Ok(entry) => entry,
        Err(error) => return damaged(*seq, &error.to_string()),
    };
    if entry.hash().as_bytes().as_slice() != hash {
        return damaged(*seq, "its bytes don't have its hash");
    }
    if to_column("entry", entry.seq())? != *seq {
        return damaged(*seq, "its bytes are those of another entry");
    }
    Ok(entry)
}

fn damaged<T>(seq: i64, why: &str) -> Result<T, Fault> {
    said(format!("entry {seq} is damaged: {why}; `ledger verify` names all that is"))
}

pub(super) async fn balances_of(
    connection: &mut Connection,
    accounts: &[Account],
) -> Result<Vec<(Account, Micros)>, Fault> {
    let mut balances = Vec::new();
    for batch in batches(accounts) {
        let sql = format!(
            "SELECT holder, currency, kind, balance FROM ledger_accounts \
             WHERE (holder, currency, kind) IN (VALUES {})",
            row_placeholders(batch.len(), 3)
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for account in batch {
            query = query.bind(account.holder.to_string());
            query = query.bind(account.currency.code()).bind(account.kind.as_str());
        }
        let rows: Vec<BalanceRow> = query.fetch_all(&mut *connection).await?;
        for row in rows {
            balances.push(balance(&row)?);
        }
    }
    Ok(balances)
}

pub(super) async fn balances(
    connection: &mut Connection,
    query: &BalanceQuery,
) -> Result<Vec<(Account, Micros)>, Fault> {
    let until = match query.booked_by {
        // Entries are booked in the order of their numbers.
        Some(instant) => {
            let found: Option<i64> =
                sqlx::query_scalar("SELECT MAX(seq) FROM ledger_heads WHERE booked_at <= $1")
                    .bind(to_column("instant", instant.get())?)
                    .fetch_one(&mut *connection)
                    .await?;
            Some(found.unwrap_or(0))
        }
        None => None,
    };
    let is_kept = until.is_none() && query.as_of.is_none();
    let mut sql = if is_kept {
        "SELECT holder, currency, kind, balance FROM ledger_accounts WHERE $1 = $1 AND $2 = $2"
    } else {
        "SELECT holder, currency, kind, CAST(SUM(amount) AS BIGINT) FROM ledger_accounts \
         JOIN ledger_postings ON ledger_postings.account = ledger_accounts.account \
         WHERE seq <= $1 AND effective <= $2"
    }
    .to_owned();
    let holders = query.parties.as_deref().map(holders);
    if let Some(holders) = &holders {
        let Some(wanted) = placeholders_behind(6, holders.len()) else { return Ok(Vec::new()) };
        sql.push_str(&format!(" AND holder IN ({wanted})"));
    }
    if query.after.is_some() {
        sql.push_str(" AND (holder, currency, kind) > ($3, $4, $5)");
    }
    if !is_kept {
        sql.push_str(" GROUP BY holder, currency, kind");
    }
    sql.push_str(" ORDER BY holder, currency, kind LIMIT $6");
    let after = query.after.as_ref();
    let mut asked = sqlx::query_as(AssertSqlSafe(sql))
        .bind(until.unwrap_or(i64::MAX))
        .bind(query.as_of.map_or(i64::MAX, |day| i64::from(day.0)))
        .bind(after.map(|account| account.holder.to_string()))
        .bind(after.map(|account| account.currency.code().to_owned()))
        .bind(after.map(|account| account.kind.as_str()))
        .bind(i64::from(query.limit));
    for holder in holders.into_iter().flatten() {
        asked = asked.bind(holder);
    }
    let rows: Vec<BalanceRow> = asked.fetch_all(connection).await?;
    rows.iter().map(balance).collect()
}

fn balance((holder, currency, kind, micros): &BalanceRow) -> Result<(Account, Micros), Fault> {
    Ok((account(holder, currency, kind)?, Micros::new(*micros)))
}
