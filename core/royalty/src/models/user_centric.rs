//! User-centric: each listener's fee goes to what that listener played.
//!
//! What a listener paid is the listener's own revenue row or, for the others, an equal part of the
//! row that names none: its net by its subscribers, or by the listeners who played where these are
//! more. What is paid by those who played nothing is shared by all plays, as pro-rata does. Plays
//! without a listener take part in that alone.

use super::factors::Factors;
use super::pro_rata::share_of_revenue;
use super::{Case, Formula, Steps, Weights, common_denominator, money, scaled, whole};
use crate::month::Refusal;
use crate::month::groups::Group;
use ledgerline_money::sums::{Counts, Source, Sums};
use ledgerline_money::{BigRational, Fraction, Micros};
use num_traits::Zero;

pub(super) fn price(
    case: &Case<'_>,
    share: Fraction,
    steps: &mut Steps,
) -> Result<Formula, Refusal> {
    let group = case.revenue();
    let fees = Fees::of(group)?;
    if fees.nobody_is_known(group) {
        // No listener is told apart: everyone's fee is shared by all plays.
        let money = share_of_revenue(case, share, steps);
        let factors = Factors::of_rule(case, None, steps)?;
        let weights = case.whole(&|at| case.entry_plays(at), &factors, steps)?;
        return Ok(Formula { currency: group.currency, money, weights });
    }
    steps.add(format!("net revenue in {}", group.currency), group.net);
    let silent = whole(fees.silent) / whole(fees.parts);
    steps.add("listeners who played", group.listeners.len());
    steps.add("paid by those who played nothing, shared by all plays", money(&silent));
    let plain = sums(case, &fees, &Factors::none())?;
    let total = plain.total(case);
    let fees_of_term = &total / whole(fees.parts) / whole(plain.times);
    steps.add_money(
        "each listener's fee by this licence's part of that listener's plays, added up",
        &fees_of_term,
    );
    let exact = fees_of_term * share.unbounded();
    steps.add_money(format!("{share} of it"), &exact);
    let factors = Factors::of_rule(case, None, steps)?;
    let mut weights = plain.weights(total);
    if !factors.are_none() {
        let weighed = sums(case, &fees, &factors)?;
        let total = weighed.total(case);
        if total.is_zero() {
            steps.add("no recording is eligible, so plays alone are weighed", case.plays_text());
        } else {
            weights = weighed.weights(total);
        }
    }
    Ok(Formula { currency: group.currency, money: exact, weights })
}

/// What listeners paid, in parts of a ledger unit that all have in common.
struct Fees {
    /// How many parts a ledger unit has.
    parts: u64,
    /// What each listener without a row of its own paid.
    others: u128,
    /// What those paid who played nothing.
    silent: u128,
}

impl Fees {
    fn of(group: &Group) -> Result<Self, Refusal> {
        let positive = |money: Micros| u128::try_from(money.get()).unwrap_or(0);
        let others =
            group.listeners.iter().filter(|(listener, _)| !group.fees.contains_key(listener));
        let (listeners, plays) =
            others.fold((0_u64, 0), |(count, plays), (_, more)| (count + 1, plays + more));
        if listeners > 0 && !group.has_aggregate {
            let of = (group.territory.clone(), group.tier.clone());
            return Err(Refusal::NoFee { of, listeners, plays });
        }
        let parts = group.subscribers_aggregate.max(listeners).max(1);
        let played = |listener: &u32| {
            group.listeners.binary_search_by_key(listener, |(listener, _)| *listener).is_ok()
        };
        let idle = group.fees.iter().filter(|(listener, _)| !played(listener));
        let idle: u128 = idle.map(|(_, fee)| positive(*fee)).sum();
        let others = positive(group.net_aggregate);
        let silent = (idle + positive(group.fees_of_silent)) * u128::from(parts)
            + others * u128::from(parts - listeners);
        Ok(Self { parts, others, silent })
    }

    fn nobody_is_known(&self, group: &Group) -> bool {
        group.listeners.is_empty()
    }

    fn of_listener(&self, group: &Group, listener: u32) -> u128 {
        group.fees.get(&listener).map_or(self.others, |fee| {
            u128::try_from(fee.get()).unwrap_or(0) * u128::from(self.parts)
        })
    }
}

/// Sources and counts of a pool.
pub(super) struct PoolSums {
    pub(super) sources: Vec<Source>,
    pub(super) counts: Vec<(u32, u32, u64)>,
    /// By so much every count is multiplied.
    pub(super) times: u64,
}

impl PoolSums {
    pub(super) fn weights(self, total: BigRational) -> Weights {
        Weights::Sums { sources: self.sources, counts: self.counts, total }
    }

    /// The sum of all weights, [`PoolSums::times`] in it.
    pub(super) fn total(&self, case: &Case<'_>) -> BigRational {
        let (items, rows) = (case.plays.entries.len(), Rows(&self.counts));
        Sums { sources: &self.sources, items, counts: &rows }.total()
    }
}

/// Rows of counts.
pub(crate) struct Rows<'a>(pub(crate) &'a [(u32, u32, u64)]);

impl Counts for Rows<'_> {
    fn each(&self, each: &mut dyn FnMut(u32, u32, u64)) {
        self.0.iter().for_each(|(source, entry, count)| each(*source, *entry, *count));
    }
}

/// What holders' parts and factors multiply each entry's counts by; and all counts alike.
pub(super) fn multipliers(case: &Case<'_>, factors: &Factors) -> Option<(Vec<u64>, u64)> {
    let shares =
        case.plays.entries.iter().map(|entry| case.gathered.parts[entry.part as usize].share);
    let mut distinct: Vec<Fraction> = shares.clone().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let times = common_denominator(distinct.into_iter()).ok()?;
    let each = case
        .plays
        .entries
        .iter()
        .zip(shares)
        .map(|(entry, share)| scaled(share, times).ok()?.checked_mul(factors.of(entry.track)));
    Some((each.collect::<Option<_>>()?, times))
}

fn sums(case: &Case<'_>, fees: &Fees, factors: &Factors) -> Result<PoolSums, Refusal> {
    let group = case.revenue();
    let (each, times) = multipliers(case, factors).ok_or_else(|| case.too_large())?;
    let counted = |entry: u32, plays: u64| {
        plays.checked_mul(each[entry as usize]).ok_or_else(|| case.too_large())
    };
    let mut sources: Vec<Source> = Vec::new();
    let mut counts = Vec::with_capacity(case.plays.by_listener.len());
    let (mut listeners, mut last) = (group.listeners.iter(), None);
    for row in &case.plays.by_listener {
        if last != Some(row.listener) {
            last = Some(row.listener);
            let (_, of) = listeners
                .find(|(listener, _)| *listener == row.listener)
                .expect("who has plays in a pool has plays in its group, in the same order");
            sources.push(Source { amount: fees.of_listener(group, row.listener), of: *of });
        }
        let source = u32::try_from(sources.len() - 1).expect("listeners have numbers");
        counts.push((source, row.entry, counted(row.entry, row.plays.into())?));
    }
    if fees.silent > 0 {
        let source = u32::try_from(sources.len()).expect("listeners have numbers");
        sources.push(Source { amount: fees.silent, of: group.plays });
        for (entry, of) in (0_u32..).zip(&case.plays.entries) {
            counts.push((source, entry, counted(entry, of.plays)?));
        }
    }
    Ok(PoolSums { sources, counts, times })
}
