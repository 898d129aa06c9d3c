//! Payouts as CSV (RFC 4180), and what was paid, read back.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros};
use std::collections::BTreeMap;

use crate::accounts::{Account, WrongRow};
use crate::pain001::minor;
use crate::payout::{Payout, end_to_end_id};

const HEADERS: [&str; 8] =
    ["period", "payee", "currency", "amount", "end_to_end_id", "name", "iban", "bic"];

/// Writes payouts with their accounts, where these are known.
#[must_use]
pub fn payout_sheet(payouts: &[Payout], accounts: &BTreeMap<String, Account>) -> String {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut rows = vec![HEADERS.map(str::to_owned)];
    for payout in payouts {
        let account = accounts.get(&payout.payee);
        let iban = account.map_or("", |account| account.iban.as_str());
        let bic = account.and_then(|account| account.bic.as_ref()).map_or("", |bic| bic.as_str());
        rows.push([
            payout.period.to_string(),
            harmless(&payout.payee),
            payout.currency.to_string(),
            minor(payout.amount, payout.currency),
            end_to_end_id(payout),
            harmless(account.map_or("", |account| &account.name)),
            iban.to_owned(),
            bic.to_owned(),
        ]);
    }
    for row in rows {
        writer.write_record(row).expect("memory takes what is written");
    }
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("text was written")
}

/// A spreadsheet computes what begins like a formula; with an apostrophe before it, it doesn't.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A payout that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaidRow {
    /// Of which close.
    pub period: Period,
    /// Whom.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Micros,
}

/// Why a file doesn't say what was paid.
#[derive(Debug, thiserror::Error)]
pub enum PaidError {
    /// Not CSV in UTF-8.
    #[error("{0}")]
    NotCsv(#[from] csv::Error),
    /// Name the columns in the first line.
    #[error(
        "the first line must name the columns period, payee, currency and amount, as an export does"
    )]
    Columns,
    /// Mend these rows.
    #[error("{} rows can't be read{}", .0.len(), listed(.0))]
    Wrong(Vec<WrongRow>),
}

fn listed(wrong: &[WrongRow]) -> String {
    wrong.iter().take(20).map(|row| format!("\n  {row}")).collect()
}

/// Reads what was paid: an exported sheet, or those rows of it that the bank carried out.
///
/// # Errors
/// [`PaidError`]; a row that can't be read spoils the file.
pub fn read_paid(bytes: &[u8]) -> Result<Vec<PaidRow>, PaidError> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let columns = ["period", "payee", "currency", "amount"].map(column);
    let [Some(period), Some(payee), Some(currency), Some(amount)] = columns else {
        return Err(PaidError::Columns);
    };
    let (mut paid, mut wrong) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or("");
        match row([cell(period), cell(payee), cell(currency), cell(amount)]) {
            Ok(row) => paid.push(row),
            Err(why) => wrong.push(WrongRow { line, why }),
        }
    }
    if wrong.is_empty() { Ok(paid) } else { Err(PaidError::Wrong(wrong)) }
}

fn row([period, payee, currency, amount]: [&str; 4]) -> Result<PaidRow, String> {
    let period = Period::parse(period).map_err(|error| format!("period {error}"))?;
    let currency = Currency::parse(currency).map_err(|error| format!("currency {error}"))?;
    let amount = Micros::parse(amount).map_err(|error| format!("amount {error}"))?;
    let payee = payee.strip_prefix('\'').unwrap_or(payee);
    if payee.is_empty() {
        return Err("payee is missing".to_owned());
    }
    Ok(PaidRow { period, payee: payee.to_owned(), currency, amount })
}
