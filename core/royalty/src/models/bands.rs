//! Bands: so much for each play by how long it was heard, short plays among them.

use super::factors::Factors;
use super::{Case, Formula, Steps, per_row};
use crate::month::Refusal;
use ledgerline_money::Fraction;
use std::collections::BTreeMap;

pub(super) fn price(
    case: &Case<'_>,
    rates: &BTreeMap<u32, Fraction>,
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let currency = case.contract().currency;
    let money = per_row::money(case, rates.values().copied())?;
    let each: Vec<String> =
        rates.iter().map(|(from_ms, rate)| format!("{rate} from {from_ms} ms on")).collect();
    steps.add_money(
        format!("plays in {currency} by how long they were heard: {}", each.join(", ")),
        &money,
    );
    let factors = Factors::of_rule(case, None, steps)?;
    let weights = case.whole(&|at| case.entry_worth(at), &factors, steps)?;
    Ok(Formula { currency, money, weights })
}
