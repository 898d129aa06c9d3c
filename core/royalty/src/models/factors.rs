//! What a play of a recording weighs by the rule of its term, besides the model.

use super::{Case, Steps, common_denominator, scaled};
use crate::month::Refusal;
use crate::terms::PoolRule;
use ledgerline_money::{Fraction, MoneyError};
use std::collections::BTreeMap;

/// Whole numbers in the proportion of what plays of each recording weigh.
#[derive(Debug)]
pub(super) struct Factors {
    /// Of recordings that weigh otherwise than most.
    others: BTreeMap<u32, u64>,
    most: u64,
}

/// A recording's weight by artist, for models that boost.
pub(super) type Boost<'a> = &'a dyn Fn(u32) -> Fraction;

impl Factors {
    /// All weigh the same.
    pub(super) fn none() -> Self {
        Self { others: BTreeMap::new(), most: 1 }
    }

    pub(super) fn are_none(&self) -> bool {
        self.others.is_empty()
    }

    pub(super) fn of(&self, track: u32) -> u64 {
        if self.others.is_empty() {
            return self.most;
        }
        self.others.get(&track).copied().unwrap_or(self.most)
    }

    /// By eligibility, noise and `boost`.
    pub(super) fn of_rule(
        case: &Case<'_>,
        boost: Option<Boost<'_>>,
        steps: &mut Steps,
    ) -> Result<Self, Refusal> {
        let rule = case.rule();
        if rule.eligible_plays_min.is_none() && rule.noise.is_none() && boost.is_none() {
            return Ok(Self::none());
        }
        let mut others: BTreeMap<u32, Fraction> = BTreeMap::new();
        let (mut ineligible, mut noise) = (0_u64, 0_u64);
        for entry in &case.plays.entries {
            if others.contains_key(&entry.track) {
                continue;
            }
            let mut factor = boost.map_or(Fraction::ONE, |boost| boost(entry.track));
            if !is_eligible(case, rule, entry.track) {
                factor = Fraction::ZERO;
                ineligible += 1;
            } else if let Some(weight) = noise_weight(case, rule, entry.track) {
                factor = factor.times(weight).map_err(|_| case.too_large())?;
                noise += 1;
            }
            if factor != Fraction::ONE {
                others.insert(entry.track, factor);
            }
        }
        if let Some(least) = rule.eligible_plays_min {
            let what = format!(
                "recordings with fewer than {least} plays in twelve months, whose money stays in the pool"
            );
            steps.add(what, ineligible);
        }
        if rule.noise.is_some() {
            steps.add("recordings that are noise and weigh less", noise);
        }
        Self::scaled(others).map_err(|_| case.too_large())
    }

    fn scaled(others: BTreeMap<u32, Fraction>) -> Result<Self, MoneyError> {
        let most = common_denominator(others.values().copied())?;
        let others = others.into_iter().map(|(track, factor)| Ok((track, scaled(factor, most)?)));
        Ok(Self { others: others.collect::<Result<_, MoneyError>>()?, most })
    }
}

fn is_eligible(case: &Case<'_>, rule: &PoolRule, track: u32) -> bool {
    rule.eligible_plays_min.is_none_or(|least| {
        let trailing = case.inputs.usage.trailing_plays.get(track as usize);
        trailing.is_some_and(|plays| *plays >= least)
    })
}

fn noise_weight(case: &Case<'_>, rule: &PoolRule, track: u32) -> Option<Fraction> {
    let noise = rule.noise.filter(|_| case.inputs.music.is_noise(track))?;
    let length = case.inputs.music.duration_ms(track);
    let too_short = length.is_some_and(|length| length < noise.duration_ms_min);
    Some(if too_short { Fraction::ZERO } else { noise.weight })
}
