//! Which plays share which revenue.

use super::Refusal;
use crate::revenue::{Plan, RevenueRow};
use crate::usage::{Names, Usage};
use ledgerline_money::{Currency, Micros};
use std::collections::BTreeMap;

/// Revenue rows of the same territory and tier: their money is shared by the same plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) territory: Option<Box<str>>,
    pub(crate) tier: Option<Box<str>>,
    pub(crate) currency: Currency,
    /// All of it, never less than nothing.
    pub(crate) net: Micros,
    /// Of the rows that name no listener.
    pub(crate) net_aggregate: Micros,
    /// Whether there is such a row.
    pub(crate) has_aggregate: bool,
    /// Who paid, of the rows that name no listener.
    pub(crate) subscribers_aggregate: u64,
    /// Who paid, by plan.
    pub(crate) subscribers: BTreeMap<Plan, u64>,
    /// What each named listener paid, by the usage's number.
    pub(crate) fees: BTreeMap<u32, Micros>,
    /// What named listeners paid who have no plays at all.
    pub(crate) fees_of_silent: Micros,
    /// Counted plays.
    pub(crate) plays: u64,
    /// Counted plays of each listener who has any, in the order of listeners.
    pub(crate) listeners: Vec<(u32, u64)>,
}

/// All groups, and which plays belong to which.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) all: Vec<Group>,
    /// By territory, then tier, the last of each for what is unknown.
    of: Vec<Option<u32>>,
    tiers: usize,
}

impl Groups {
    /// Sorts revenue into groups and finds the group of every territory and tier: the most
    /// specific, (territory, tier) before (territory, any) before (any, tier) before (any, any).
    pub(crate) fn new(usage: &Usage, rows: &[RevenueRow], refusals: &mut Vec<Refusal>) -> Self {
        let mut by_key: BTreeMap<(Option<&str>, Option<&str>), Vec<&RevenueRow>> = BTreeMap::new();
        for row in rows {
            by_key.entry((row.territory.as_deref(), row.tier.as_deref())).or_default().push(row);
        }
        let mut numbers = BTreeMap::new();
        let mut all = Vec::new();
        for (key, rows) in by_key {
            match group(key, &rows, usage) {
                Ok(group) => {
                    numbers.insert(key, u32::try_from(all.len()).expect("fewer groups than rows"));
                    all.push(group);
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        let name = |names: &Names, at: usize| -> Option<String> {
            let at = u32::try_from(at).ok().filter(|at| (*at as usize) < names.len())?;
            Some(names.name(at).to_owned())
        };
        let tiers = usage.tiers.len() + 1;
        let mut of = Vec::with_capacity((usage.territories.len() + 1) * tiers);
        for territory in 0..=usage.territories.len() {
            let territory = name(&usage.territories, territory);
            for tier in 0..tiers {
                let tier = name(&usage.tiers, tier);
                let (territory, tier) = (territory.as_deref(), tier.as_deref());
                let keys = [(territory, tier), (territory, None), (None, tier), (None, None)];
                of.push(keys.iter().find_map(|key| numbers.get(key)).copied());
            }
        }
        let mut groups = Self { all, of, tiers };
        for row in usage.rows.iter().filter(|row| row.key.counted) {
            if let Some(group) = groups.of(row.key.territory, row.key.tier) {
                groups.all[group as usize].plays += row.plays;
            }
        }
        for row in usage.listener_rows.iter().filter(|row| row.key.counted) {
            if let Some(group) = groups.of(row.key.territory, row.key.tier) {
                let listeners = &mut groups.all[group as usize].listeners;
                match listeners.last_mut() {
                    Some((last, plays)) if *last == row.listener => *plays += u64::from(row.plays),
                    _ => listeners.push((row.listener, row.plays.into())),
                }
            }
        }
        groups
    }

    /// The group of a territory and tier, by the usage's numbers.
    pub(crate) fn of(&self, territory: u16, tier: u16) -> Option<u32> {
        let last = self.tiers - 1;
        let territory = usize::from(territory).min(self.of.len() / self.tiers - 1);
        self.of[territory * self.tiers + usize::from(tier).min(last)]
    }
}

fn group(
    (territory, tier): (Option<&str>, Option<&str>),
    rows: &[&RevenueRow],
    usage: &Usage,
) -> Result<Group, Refusal> {
    let named = || (territory.map(Into::into), tier.map(Into::into));
    let too_large = || Refusal::RevenueTooLarge { of: named() };
    let currency = rows[0].currency;
    if let Some(other) = rows.iter().find(|row| row.currency != currency) {
        return Err(Refusal::MixedCurrencies {
            of: named(),
            currencies: [currency, other.currency],
        });
    }
    let mut group = Group {
        territory: territory.map(Into::into),
        tier: tier.map(Into::into),
        currency,
        net: Micros::ZERO,
        net_aggregate: Micros::ZERO,
        has_aggregate: false,
        subscribers_aggregate: 0,
        subscribers: BTreeMap::new(),
        fees: BTreeMap::new(),
        fees_of_silent: Micros::ZERO,
        plays: 0,
        listeners: Vec::new(),
    };
    for row in rows {
        let net = row.net().ok_or_else(too_large)?;
        let add = |sum: &mut Micros| sum.plus(net).map(|new| *sum = new).map_err(|_| too_large());
        add(&mut group.net)?;
        match &row.listener {
            None => {
                add(&mut group.net_aggregate)?;
                group.has_aggregate = true;
                group.subscribers_aggregate =
                    group.subscribers_aggregate.saturating_add(row.subscribers);
            }
            Some(listener) => match usage.listeners.number(listener) {
                Some(number) => add(group.fees.entry(number).or_default())?,
                None => add(&mut group.fees_of_silent)?,
            },
        }
        let of_plan = group.subscribers.entry(row.plan).or_default();
        *of_plan = of_plan.saturating_add(row.subscribers);
    }
    group.net = group.net.max(Micros::ZERO);
    Ok(group)
}
