//! What a month that goes on comes to so far: for people to look at, never to be paid.
//!
//! An estimate has amounts of a type of its own, which nothing that books or states takes (I8), and
//! which turns into none that does:
//!
//! ```compile_fail
//! fn pay(estimated: ledgerline_royalty::estimate::EstimatedMicros) -> ledgerline_money::Micros {
//!     estimated.into()
//! }
//! ```
//!
//! ```compile_fail
//! fn state(estimate: ledgerline_royalty::estimate::Estimate) -> ledgerline_royalty::statement::Statement {
//!     estimate.into()
//! }
//! ```

use crate::earnings::{EarnedRow, EarnedTotal, Earnings};
use crate::line::Pool;
use crate::sheet::{Sheet, SheetLine};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_money::{Currency, Micros, MoneyError};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An amount that is an estimate, in ledger units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EstimatedMicros(Micros);

impl fmt::Display for EstimatedMicros {
    /// All six digits behind the point: `33.333334`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EstimatedMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "about {}", self.0)
    }
}

/// What one payee's recordings come to so far, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimatedPayee {
    /// Who.
    pub payee: String,
    /// The currency.
    pub currency: Currency,
    /// Counted plays in its lines; a play stands in one for each right.
    pub plays: i64,
    /// What they come to, before anything is recouped, withheld or held.
    pub amount: EstimatedMicros,
}

/// A month so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Which month.
    pub period: Period,
    /// When it was made.
    pub made_at: UnixMs,
    /// Up to where plays are taken in: partition, position.
    pub as_of: Vec<(u16, u64)>,
    /// Counted plays of the month.
    pub plays: u64,
    /// By payee, then currency.
    pub payees: Vec<EstimatedPayee>,
    /// What a close would be refused for: those plays have no part in this.
    pub missing: Vec<String>,
}

/// What each payee's lines come to so far.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn payees(sheet: &Sheet) -> Result<Vec<EstimatedPayee>, MoneyError> {
    let mut sums: BTreeMap<(u32, Currency), (i64, Micros)> = BTreeMap::new();
    for line in &sheet.lines {
        let currency = sheet.pools[line.pool as usize].currency;
        let (plays, amount) = sums.entry((line.payee, currency)).or_default();
        *plays += line.plays;
        *amount = amount.plus(line.amount)?;
    }
    let named = sums.into_iter().map(|((payee, currency), (plays, amount))| EstimatedPayee {
        payee: sheet.payees.name(payee).to_owned(),
        currency,
        plays,
        amount: EstimatedMicros(amount),
    });
    Ok(named.collect())
}

/// What a payee's lines come to so far, added up by what `key` says of each; and all of them.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn earnings(
    sheet: &Sheet,
    payee: &str,
    mut key: impl FnMut(&Pool, &SheetLine) -> Option<Arc<str>>,
) -> Result<EstimatedEarnings, MoneyError> {
    let mut earnings = Earnings::default();
    let lines = sheet.payees.number(payee).map_or(&[][..], |payee| sheet.of_payee(payee));
    for line in lines {
        let pool = &sheet.pools[line.pool as usize];
        earnings.add(key(pool, line), pool, line)?;
    }
    let (rows, totals) = earnings.finish()?;
    let row = |EarnedRow { key, currency, plays, amount, adjusted }| {
        let (amount, adjusted) = (EstimatedMicros(amount), EstimatedMicros(adjusted));
        EarnedRow { key, currency, plays, amount, adjusted }
    };
    let total = |EarnedTotal { currency, amount, adjusted }| {
        let (amount, adjusted) = (EstimatedMicros(amount), EstimatedMicros(adjusted));
        EarnedTotal { currency, amount, adjusted }
    };
    Ok((rows.into_iter().map(row).collect(), totals.into_iter().map(total).collect()))
}

/// Rows, and what all of them come to.
pub type EstimatedEarnings = (Vec<EarnedRow<EstimatedMicros>>, Vec<EarnedTotal<EstimatedMicros>>);
