//! Everything that is stored of the ledger, read at one moment, a page at a time.

use ledgerline_app::ports::LedgerScan;
use ledgerline_ids::DayNo;
use ledgerline_ledger::{Account, Row};
use ledgerline_money::Micros;
use std::collections::VecDeque;

use super::super::dialect::{Connection, as_bytes};
use super::account;
use crate::fault::{Fault, from_column};

/// Rows of a page.
const PAGE_ROWS: usize = 4_096;

// Texts are read as the bytes that they are: a damaged one may be no text any more.
const ENTRIES: &str = concat!(
    "SELECT seq, bytes, hash, ",
    as_bytes!("key"),
    ", ",
    as_bytes!("period"),
    ", ",
    as_bytes!("corrects"),
    " FROM ledger_entries WHERE seq > $1 ORDER BY seq LIMIT $2"
);
const HEADS: &str = concat!(
    "SELECT seq, booked_at, ",
    as_bytes!("head"),
    " FROM ledger_heads WHERE seq > $1 ORDER BY seq LIMIT $2"
);
const ACCOUNTS: &str = concat!(
    "SELECT account, ",
    as_bytes!("holder"),
    ", ",
    as_bytes!("currency"),
    ", ",
    as_bytes!("kind"),
    ", balance FROM ledger_accounts WHERE account > $1 ORDER BY account LIMIT $2"
);
const POSTINGS: &str = "SELECT account, seq, amount, effective FROM ledger_postings \
     WHERE (account, seq) > ($1, $2) ORDER BY account, seq LIMIT $3";

type EntryRow = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);
type HeadRow = (i64, i64, Vec<u8>);
type AccountRow = (i64, Vec<u8>, Vec<u8>, Vec<u8>, i64);
type PostingRow = (i64, i64, i64, i64);

pub(super) async fn everything(
    connection: &mut Connection,
    scan: &mut dyn LedgerScan,
) -> Result<(), Fault> {
    entries_and_heads(connection, scan).await?;
    accounts_and_postings(connection, scan).await?;
    super::missing_triggers(connection).await?.into_iter().for_each(|gone| scan.damage(gone));
    Ok(())
}

async fn entries_and_heads(
    connection: &mut Connection,
    scan: &mut dyn LedgerScan,
) -> Result<(), Fault> {
    let (mut last, mut last_head) = (i64::MIN, i64::MIN);
    let mut heads: VecDeque<HeadRow> = VecDeque::new();
    let mut more_heads = true;
    loop {
        let rows: Vec<EntryRow> =
            sqlx::query_as(ENTRIES).bind(last).bind(limit()).fetch_all(&mut *connection).await?;
        let is_end = rows.is_empty();
        for (seq, bytes, hash, key, period, corrects) in &rows {
            last = *seq;
            let Ok(number) = from_column("ledger_entries.seq", *seq) else {
                scan.damage(format!("ledger_entries has a row with the number {seq}"));
                continue;
            };
            let corrects = corrects.as_deref();
            scan.row(Row { seq: number, bytes, hash, key, period, corrects });
            if heads.is_empty() && more_heads {
                more_heads = read_heads(connection, &mut heads, &mut last_head).await?;
            }
            while heads.front().is_some_and(|(of, ..)| of <= seq) {
                tell_head(scan, &heads.pop_front().expect("it was looked at"));
                if heads.is_empty() && more_heads {
                    more_heads = read_heads(connection, &mut heads, &mut last_head).await?;
                }
            }
        }
        if is_end {
            break;
        }
    }
    // Heads of entries that aren't there.
    loop {
        heads.drain(..).for_each(|head| tell_head(scan, &head));
        if !more_heads {
            return Ok(());
        }
        more_heads = read_heads(connection, &mut heads, &mut last_head).await?;
    }
}

/// Reads the next heads; says whether there may be more.
async fn read_heads(
    connection: &mut Connection,
    heads: &mut VecDeque<HeadRow>,
    last: &mut i64,
) -> Result<bool, Fault> {
    let rows: Vec<HeadRow> =
        sqlx::query_as(HEADS).bind(*last).bind(limit()).fetch_all(connection).await?;
    if let Some((seq, ..)) = rows.last() {
        *last = *seq;
    }
    let is_full = rows.len() == PAGE_ROWS;
    heads.extend(rows);
    Ok(is_full)
}

fn tell_head(scan: &mut dyn LedgerScan, (seq, booked_at, line): &HeadRow) {
    let number: Result<u64, Fault> = from_column("ledger_heads.seq", *seq);
    match (number, std::str::from_utf8(line)) {
        (Ok(number), Ok(line)) => {
            if let Err(fault) = super::head(*seq, *booked_at, line) {
                scan.damage(fault.to_string());
            }
            scan.head(number, line);
        }
        _ => scan.damage(format!("ledger_heads {seq} is no signed head")),
    }
}

async fn accounts_and_postings(
    connection: &mut Connection,
    scan: &mut dyn LedgerScan,
) -> Result<(), Fault> {
    let mut postings = Postings { page: VecDeque::new(), last: (i64::MIN, i64::MIN), more: true };
    let mut last = i64::MIN;
    loop {
        let rows: Vec<AccountRow> =
            sqlx::query_as(ACCOUNTS).bind(last).bind(limit()).fetch_all(&mut *connection).await?;
        let Some((newest, ..)) = rows.last() else { break };
        last = *newest;
        for row in &rows {
            let told = match known(row) {
                Ok(account) => {
                    scan.account(&account, Micros::new(row.4));
                    true
                }
                Err(fault) => {
                    scan.damage(format!("row {} of {fault}", row.0));
                    false
                }
            };
            while let Some((of, seq, amount, effective)) =
                postings.next_until(connection, row.0).await?
            {
                let number = from_column("ledger_postings.seq", seq);
                let day = from_column("ledger_postings.effective", effective);
                match (number, day) {
                    _ if of != row.0 => scan.damage(no_account(of, seq)),
                    (Ok(seq), Ok(day)) if told => {
                        scan.posting(seq, Micros::new(amount), DayNo(day))
                    }
                    (Ok(_), Ok(_)) => {}
                    _ => scan.damage(format!("ledger_postings ({of}, {seq}) is out of range")),
                }
            }
        }
    }
    while let Some((of, seq, ..)) = postings.next_until(connection, i64::MAX).await? {
        scan.damage(no_account(of, seq));
    }
    Ok(())
}

fn no_account(account: i64, seq: i64) -> String {
    format!("ledger_postings ({account}, {seq}) belongs to no row of ledger_accounts")
}

fn known((_, holder, currency, kind, _): &AccountRow) -> Result<Account, Fault> {
    let text = |bytes| String::from_utf8_lossy(bytes);
    account(&text(holder), &text(currency), &text(kind))
}

/// The postings in the order of accounts, then entries.
struct Postings {
    page: VecDeque<PostingRow>,
    last: (i64, i64),
    more: bool,
}

impl Postings {
    /// The next one, if its account's number is at most `account`.
    async fn next_until(
        &mut self,
        connection: &mut Connection,
        account: i64,
    ) -> Result<Option<PostingRow>, Fault> {
        if self.page.is_empty() && self.more {
            let rows: Vec<PostingRow> = sqlx::query_as(POSTINGS)
                .bind(self.last.0)
                .bind(self.last.1)
                .bind(limit())
                .fetch_all(connection)
                .await?;
            self.more = rows.len() == PAGE_ROWS;
            if let Some((account, seq, ..)) = rows.last() {
                self.last = (*account, *seq);
            }
            self.page.extend(rows);
        }
        Ok(self.page.pop_front_if(|(of, ..)| *of <= account))
    }
}

fn limit() -> i64 {
    i64::try_from(PAGE_ROWS).expect("a page is small")
}
