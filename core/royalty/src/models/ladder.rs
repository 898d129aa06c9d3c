//! Ladder: the price of a play depends on how often this listener had the recording before, in
//! this month and in those before it; it never starts again. Beyond the last step it is owned.

use super::factors::Factors;
use super::{Case, Formula, Steps, per_row};
use crate::month::Refusal;
use ledgerline_money::Fraction;

pub(super) fn price(
    case: &Case<'_>,
    prices: &[Fraction],
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let currency = case.contract().currency;
    let money = per_row::money(case, prices.iter().copied())?;
    let count = prices.len();
    steps.add_money(
        format!(
            "each listener's first {count} plays of a recording in {currency}, one after another"
        ),
        &money,
    );
    let factors = Factors::of_rule(case, None, steps)?;
    let weights = case.whole(&|at| case.entry_worth(at), &factors, steps)?;
    Ok(Formula { currency, money, weights })
}
