//! Fixed per play: so much for each counted play, in the contract's currency.

use super::factors::Factors;
use super::{Case, Formula, Steps, micros};
use crate::month::Refusal;
use ledgerline_money::Fraction;

pub(super) fn price(
    case: &Case<'_>,
    rate: Fraction,
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let plays = case.held_plays();
    let money = micros(&rate.unbounded()) * &plays;
    let currency = case.contract().currency;
    steps.add_money(format!("{rate} {currency} for each of {plays} plays"), &money);
    let factors = Factors::of_rule(case, None, steps)?;
    let weights = case.whole(&|at| case.entry_plays(at), &factors, steps)?;
    Ok(Formula { currency, money, weights })
}
