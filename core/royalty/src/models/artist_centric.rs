//! Artist-centric: plays weigh more for artists whom enough people listen to, and a listener's
//! plays count as at most so many, together.

use super::factors::Factors;
use super::pro_rata::share_of_revenue;
use super::user_centric::{PoolSums, multipliers};
use super::{Case, Formula, Steps, Weights};
use crate::month::Refusal;
use crate::terms::ArtistBoost;
use ledgerline_money::Fraction;
use ledgerline_money::sums::Source;
use num_traits::Zero;

pub(super) fn price(
    case: &Case<'_>,
    share: Fraction,
    (boost, plays_max): (Option<ArtistBoost>, Option<u64>),
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let money = share_of_revenue(case, share, steps);
    let factor = |boost: ArtistBoost| {
        move |track: u32| {
            let boosted =
                case.gathered.audience.reaches(track, boost.plays_min, boost.listeners_min);
            if boosted { boost.factor } else { Fraction::ONE }
        }
    };
    let boosts = boost.map(factor);
    let factors = match &boosts {
        Some(boosts) => Factors::of_rule(case, Some(boosts), steps)?,
        None => Factors::of_rule(case, None, steps)?,
    };
    if let Some(ArtistBoost { factor, plays_min, listeners_min }) = boost {
        let what = format!(
            "plays of artists with at least {plays_min} plays by {listeners_min} listeners weigh"
        );
        steps.add(what, factor);
    }
    let weights = match plays_max {
        Some(most) => capped(case, most, &factors, steps)?,
        None => case.whole(&|at| case.entry_plays(at), &factors, steps)?,
    };
    Ok(Formula { currency: case.revenue().currency, money, weights })
}

fn capped(
    case: &Case<'_>,
    most: u64,
    factors: &Factors,
    steps: &mut Steps,
) -> Result<Weights, Refusal> {
    let sums = capped_sums(case, most, factors).ok_or_else(|| case.too_large())?;
    steps.add(format!("listeners whose plays count as {most}, together"), sums.sources.len() - 1);
    let total = sums.total(case);
    if !total.is_zero() {
        return Ok(sums.weights(total));
    }
    steps.add("nothing weighs anything, so plays alone are weighed", case.plays_text());
    case.whole(&|at| case.entry_plays(at), &Factors::none(), steps)
}

/// One source for all plays that count in full, and one for each listener who has more.
fn capped_sums(case: &Case<'_>, most: u64, factors: &Factors) -> Option<PoolSums> {
    let (each, times) = multipliers(case, factors)?;
    let mut full: Vec<u64> = case.plays.entries.iter().map(|entry| entry.plays).collect();
    let mut sources = vec![Source { amount: 1, of: 1 }];
    let (mut counts, mut last) = (Vec::new(), None);
    for row in &case.plays.by_listener {
        let all = case.gathered.audience.plays_of(row.listener);
        if all <= most {
            continue;
        }
        if last != Some(row.listener) {
            last = Some(row.listener);
            sources.push(Source { amount: most.into(), of: all });
        }
        let (source, plays) = (u32::try_from(sources.len() - 1).ok()?, u64::from(row.plays));
        full[row.entry as usize] -= plays;
        counts.push((source, row.entry, plays.checked_mul(each[row.entry as usize])?));
    }
    for (entry, plays) in full.into_iter().enumerate().filter(|(_, plays)| *plays > 0) {
        counts.push((0, u32::try_from(entry).ok()?, plays.checked_mul(each[entry])?));
    }
    Some(PoolSums { sources, counts, times })
}
