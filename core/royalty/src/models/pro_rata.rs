//! Pro-rata: a share of net revenue, by plays.

use super::factors::Factors;
use super::{Case, Formula, Steps, Weights, whole};
use crate::month::Refusal;
use ledgerline_money::{BigRational, Fraction};
use num_traits::Zero;

pub(super) fn price(
    case: &Case<'_>,
    share: Fraction,
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let money = share_of_revenue(case, share, steps);
    let factors = Factors::of_rule(case, None, steps)?;
    let weights: Weights = case.whole(&|at| case.entry_plays(at), &factors, steps)?;
    Ok(Formula { currency: case.revenue().currency, money, weights })
}

/// `share · net · plays of the term / all plays`, in ledger units.
pub(super) fn share_of_revenue(case: &Case<'_>, share: Fraction, steps: &mut Steps) -> BigRational {
    let group = case.revenue();
    steps.add(format!("net revenue in {}", group.currency), group.net);
    let (mine, all) = (case.held_plays(), whole(group.plays));
    steps.add("plays of this licence, of all that share the revenue", format!("{mine} of {all}"));
    let money = if all.is_zero() {
        BigRational::zero()
    } else {
        share.unbounded() * group.net.unbounded() * mine / all
    };
    steps.add_money(format!("{share} of that revenue, by that part of the plays"), &money);
    money
}
