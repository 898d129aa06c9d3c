//! The US mechanical rate for interactive streams (37 CFR 385.21, Phonorecords IV), in four steps.
//!
//! 1. the greater of a share of service revenue and the content cost prong, which is a share of
//!    what is paid for masters, at most so much for each subscriber where a cap is agreed
//! 2. less what is paid for performances
//! 3. at least so much for each subscriber, a plan counting as part of one or as more
//! 4. by adjusted plays: a recording of more than five minutes counts 1.2, and 0.2 more for each
//!    further minute begun; plays after the fiftieth straight one of a listener don't count

use super::factors::Factors;
use super::{Case, Formula, Steps, held, micros, money, whole};
use crate::month::gather::{Gathered, PoolPlays};
use crate::month::{Inputs, Refusal};
use crate::terms::{Right, UsMechanical};
use ledgerline_money::{BigRational, Fraction};
use num_traits::Zero;
use std::collections::BTreeMap;

/// Up to this a recording counts once.
const PLAIN_MS_MAX: u64 = 5 * 60_000;

/// What a play of a recording of `duration_ms` counts, in fifths.
#[must_use]
pub fn overtime_fifths(duration_ms: Option<u64>) -> u64 {
    let over = duration_ms.unwrap_or(0).saturating_sub(PLAIN_MS_MAX);
    5 + over.div_ceil(60_000)
}

/// Adjusted plays of the mechanical right by revenue group, in fifths; nothing where no pool of
/// the month goes by this rate.
pub(crate) fn adjusted_plays(
    inputs: &Inputs<'_>,
    gathered: &Gathered<'_>,
) -> BTreeMap<Option<u32>, BigRational> {
    let mut sums: BTreeMap<Option<u32>, BigRational> = BTreeMap::new();
    let is_of_rate = |pool: &PoolPlays| {
        matches!(gathered.rule(pool).model, crate::terms::Model::UsMechanical(_))
    };
    if gathered.pools.iter().any(is_of_rate) {
        for pool in gathered.pools.iter().filter(|pool| pool.right == Right::Mechanical) {
            *sums.entry(pool.group).or_insert_with(BigRational::zero) +=
                adjusted(inputs, gathered, pool, is_of_rate(pool));
        }
    }
    sums
}

fn adjusted(
    inputs: &Inputs<'_>,
    gathered: &Gathered<'_>,
    pool: &PoolPlays,
    of_rate: bool,
) -> BigRational {
    let fifths = pool.entries.iter().enumerate().map(|(at, entry)| {
        let plays = if of_rate { pool.worth[at] } else { entry.plays.into() };
        plays * u128::from(overtime_fifths(inputs.music.duration_ms(entry.track)))
    });
    held(gathered, pool, fifths)
}

pub(super) fn price(
    case: &Case<'_>,
    numbers: &UsMechanical,
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let payable = payable(case, numbers, steps)?;
    let fifth = whole(5);
    let mine = adjusted(case.inputs, case.gathered, case.plays, true) / &fifth;
    let all = case.paid.adjusted_plays.get(&case.plays.group).cloned().unwrap_or_default() / &fifth;
    let plays = |plays: &BigRational| plays.to_string();
    steps.add(
        "4. adjusted plays of this licence, of all that share the revenue",
        format!("{} of {}", plays(&mine), plays(&all)),
    );
    let exact = if all.is_zero() {
        BigRational::zero()
    } else {
        steps.add_money("for each adjusted play", &(&payable / &all));
        payable * mine / all
    };
    steps.add_money("this licence's part", &exact);
    let factors = Factors::of_rule(case, None, steps)?;
    let music = case.inputs.music;
    let fifths = |at: usize| {
        let track = case.plays.entries[at].track;
        case.entry_worth(at) * u128::from(overtime_fifths(music.duration_ms(track)))
    };
    let weights = case.whole(&fifths, &factors, steps)?;
    Ok(Formula { currency: case.revenue().currency, money: exact, weights })
}

/// Steps 1 to 3, for all plays that share the revenue; in ledger units.
fn payable(
    case: &Case<'_>,
    numbers: &UsMechanical,
    steps: &mut Steps,
) -> Result<BigRational, Refusal> {
    let group = case.revenue();
    let currency = group.currency;
    let amount = |rate: Fraction| Ok::<_, Refusal>(micros(&case.converted(rate, currency)?));
    let of_revenue = numbers.revenue_share.unbounded() * group.net.unbounded();
    let share = numbers.revenue_share;
    steps.add_money(format!("1. {share} of service revenue {} {currency}", group.net), &of_revenue);
    let cost = case.paid(Right::Master, currency)?;
    let mut of_cost = numbers.content_cost_share.unbounded() * &cost;
    let share = numbers.content_cost_share;
    steps.add_money(format!("   {share} of what is paid for masters, {}", money(&cost)), &of_cost);
    if let Some(cap) = numbers.content_cost_cap {
        let subscribers =
            whole(group.subscribers.values().map(|plan| u128::from(*plan)).sum::<u128>());
        let most = amount(cap)? * &subscribers;
        steps.add_money(format!("   at most {cap} for each of {subscribers} subscribers"), &most);
        of_cost = of_cost.min(most);
    }
    let all_in = of_revenue.max(of_cost);
    steps.add_money("   the greater of the two", &all_in);
    let performance = case.paid(Right::Performance, currency)?;
    let mut payable = all_in - &performance;
    steps.add_money(
        format!("2. less what is paid for performances, {}", money(&performance)),
        &payable,
    );
    if let Some(floor) = numbers.subscriber_floor {
        let weight = |plan| numbers.plan_weights.get(plan).copied().unwrap_or(Fraction::ONE);
        let weighted = group.subscribers.iter();
        let weighted: BigRational =
            weighted.map(|(plan, count)| weight(plan).unbounded() * whole(*count)).sum();
        let least = amount(floor)? * &weighted;
        steps.add_money(
            format!("3. at least {floor} for each of {weighted} subscribers, by plan"),
            &least,
        );
        payable = payable.max(least);
    }
    let payable = payable.max(BigRational::zero());
    steps.add_money("   the greater of the two", &payable);
    Ok(payable)
}
