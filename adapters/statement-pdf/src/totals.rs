//! What the lines of a statement come to: read once before anything is printed, and compared with the
//! accounts.

use ledgerline_app::ports::{PrintError, StatementPaper};
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros, MoneyError};
use ledgerline_royalty::statement::{Cause, StatementLine};
use std::collections::BTreeMap;

/// How many lines are read at once.
pub(crate) const LINES_AT_ONCE: usize = 1_000;

/// The month itself, or an adjustment of one before it.
pub(crate) type Origin = (Period, Option<Cause>);

/// A sum of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) lines: u64,
    pub(crate) plays: i64,
    pub(crate) amount: Micros,
}

impl Sum {
    pub(crate) fn add(&mut self, line: &StatementLine) -> Result<(), PrintError> {
        self.lines += 1;
        self.plays = self.plays.saturating_add(line.plays);
        self.amount = self.amount.plus(line.amount).map_err(too_large)?;
        Ok(())
    }

    /// What is left where `other` is taken off.
    pub(crate) fn without(self, other: Self) -> Result<Self, PrintError> {
        Ok(Self {
            lines: self.lines - other.lines,
            plays: self.plays.saturating_sub(other.plays),
            amount: self.amount.minus(other.amount).map_err(too_large)?,
        })
    }
}

pub(crate) fn too_large(error: MoneyError) -> PrintError {
    PrintError::Failed(error.to_string())
}

/// Calls `each` with the lines that have numbers from 1 to `last`.
pub(crate) fn read(
    paper: &StatementPaper<'_>,
    last: u64,
    mut each: impl FnMut(&StatementLine) -> Result<(), PrintError>,
) -> Result<(), PrintError> {
    let mut from = 1;
    while from <= last {
        let wanted = (last - from + 1).min(LINES_AT_ONCE as u64);
        let lines = (paper.lines)(from, usize::try_from(wanted).unwrap_or(LINES_AT_ONCE))?;
        if lines.is_empty() {
            break;
        }
        for line in &lines {
            if line.number != from {
                let number = line.number;
                return Err(PrintError::Differs(format!("line {from} was read as {number}")));
            }
            each(line)?;
            from += 1;
        }
    }
    Ok(())
}

/// All sums of a statement's lines, by currency and where they come from, in the order of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals(pub(crate) BTreeMap<Currency, Vec<(Origin, Sum)>>);

impl Totals {
    /// Reads all lines.
    ///
    /// # Errors
    /// [`PrintError::Differs`] where there are fewer than the statement says, or they don't sum to
    /// what its accounts earned.
    pub(crate) fn of(paper: &StatementPaper<'_>) -> Result<Self, PrintError> {
        let statement = paper.statement;
        let mut totals = Self::default();
        let mut lines = 0;
        read(paper, u64::MAX, |line| {
            lines += 1;
            totals.sum_of(line).add(line)
        })?;
        if lines != statement.lines {
            let stated = statement.lines;
            return Err(PrintError::Differs(format!("it has {lines} lines and states {stated}")));
        }
        let mut earned: BTreeMap<Currency, Micros> = BTreeMap::new();
        for account in &statement.accounts {
            let sum = earned.entry(account.currency).or_default();
            let both = account.earned.plus(account.adjusted).map_err(too_large)?;
            *sum = sum.plus(both).map_err(too_large)?;
        }
        for (currency, stated) in earned {
            let sum = totals.total(currency)?.amount;
            if sum != stated {
                return Err(PrintError::Differs(format!(
                    "its lines come to {sum} {currency} and its accounts to {stated}"
                )));
            }
        }
        Ok(totals)
    }

    /// All lines in a currency.
    pub(crate) fn total(&self, currency: Currency) -> Result<Sum, PrintError> {
        let mut total = Sum::default();
        for (_, sum) in self.0.get(&currency).into_iter().flatten() {
            total.lines += sum.lines;
            total.plays = total.plays.saturating_add(sum.plays);
            total.amount = total.amount.plus(sum.amount).map_err(too_large)?;
        }
        Ok(total)
    }

    fn sum_of(&mut self, line: &StatementLine) -> &mut Sum {
        let origin = (line.period, line.cause);
        let sums = self.0.entry(line.currency).or_default();
        let at = sums.iter().position(|(of, _)| *of == origin).unwrap_or_else(|| {
            sums.push((origin, Sum::default()));
            sums.len() - 1
        });
        &mut sums[at].1
    }
}
