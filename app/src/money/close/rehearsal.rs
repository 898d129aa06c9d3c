//! What a close would come to, beside the month before: for a person to look at before it is made.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros, MoneyError};
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::review::Finding;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::compute::{Outcome, earned};

/// So many payees are compared, those whose money changes most.
pub const PAYEES_MAX: usize = 1_000;
/// So many things are told of contracts.
pub const GAPS_MAX: usize = 1_000;

/// What a rehearsal tells besides what the close would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The month that it is compared with; `None` where there is no closed one.
    pub compared_with: Option<Period>,
    /// What payees earned then, and would now; those that change most first.
    pub payees: Vec<PayeeChange>,
    /// How many payees there are, by currency, shown or not.
    pub payees_total: u64,
    /// Plays of the month that are not paid, by where they stand.
    pub unpaid: Vec<(Standing, u64)>,
    /// What contracts say together on the month's last day.
    pub gaps: Vec<Finding>,
}

/// What a payee earned in two months, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayeeChange {
    /// Who.
    pub payee: Box<str>,
    /// The currency.
    pub currency: Currency,
    /// In the month before.
    pub before: Micros,
    /// In this one.
    pub now: Micros,
    /// How much more; below nothing where it is less.
    pub change: Micros,
}

/// By payee and currency.
pub(super) type Earned = BTreeMap<(Box<str>, Currency), Micros>;

/// Holds what a close came to against what each payee earned before.
pub(super) fn preview(
    outcome: &Outcome,
    before: Option<(Period, Earned)>,
) -> Result<Preview, MoneyError> {
    let mut now: Earned = Earned::new();
    let adjusted = outcome.adjustments.iter().map(|it| &it.sheet);
    for sheet in std::iter::once(&outcome.own).chain(adjusted) {
        for (key, amount) in earned(sheet)? {
            let sum = now.entry(key).or_default();
            *sum = sum.plus(amount)?;
        }
    }
    let compared_with = before.as_ref().map(|(period, _)| *period);
    let mut both: BTreeMap<(Box<str>, Currency), [Micros; 2]> = BTreeMap::new();
    for (key, amount) in before.map(|(_, earned)| earned).unwrap_or_default() {
        both.entry(key).or_default()[0] = amount;
    }
    for (key, amount) in now {
        both.entry(key).or_default()[1] = amount;
    }
    let payees_total = both.len() as u64;
    let change = |((payee, currency), [before, now]): (_, [Micros; 2])| {
        Ok(PayeeChange { payee, currency, before, now, change: now.minus(before)? })
    };
    let mut payees: Vec<PayeeChange> =
        both.into_iter().map(change).collect::<Result<_, MoneyError>>()?;
    payees.sort_by_key(|it| Reverse(it.change.get().unsigned_abs()));
    payees.truncate(PAYEES_MAX);
    let mut unpaid: BTreeMap<Standing, u64> = BTreeMap::new();
    for row in &outcome.unpaid.rows {
        *unpaid.entry(row.standing).or_default() += row.plays;
    }
    let unpaid = unpaid.into_iter().collect();
    Ok(Preview { compared_with, payees, payees_total, unpaid, gaps: Vec::new() })
}
