//! Shares of one right add up to 100 % on every day and in every territory.

use crate::entries::{Share, TerritoryCode};
use crate::right::Dates;
use ledgerline_ids::DayNo;
use ledgerline_money::{Fraction, FractionError};
use std::collections::BTreeSet;
use std::fmt;

/// Days on which the shares of a right, in a territory, are not the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSum {
    /// On these days.
    pub dates: Dates,
    /// In this territory; `None` is every one that no share names.
    pub territory: Option<TerritoryCode>,
    /// What they add up to; `None` where that can't be computed exactly.
    pub sum: Option<Fraction>,
}

impl fmt::Display for WrongSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in ", self.dates)?;
        match &self.territory {
            Some(territory) => write!(f, "{territory}")?,
            None => f.write_str("every territory that no share names")?,
        }
        match self.sum.map(percent) {
            Some(Ok(percent)) => write!(f, ": shares add up to {percent} %, must be 100 %"),
            _ => f.write_str(": shares have too many digits to be added up exactly"),
        }
    }
}

fn percent(share: Fraction) -> Result<Fraction, FractionError> {
    share.times(Fraction::whole(100))
}

/// The first days, in each territory, on which `shares` of one right are not the whole. Days on
/// which nobody holds anything are none of them: they are unmatched, which isn't a wrong sum.
///
/// Shares that name a territory hold there instead of those that name none.
#[must_use]
pub fn wrong_sums(shares: &[Share]) -> Vec<WrongSum> {
    let named: BTreeSet<TerritoryCode> =
        shares.iter().flat_map(|share| share.territories.iter().copied()).collect();
    let territories = std::iter::once(None).chain(named.into_iter().map(Some));
    territories.filter_map(|territory| wrong_sum(shares, territory)).collect()
}

/// What shares of one kind add up to, and how many there are.
#[derive(Clone, Copy)]
struct Sum {
    sum: Option<Fraction>,
    shares: u32,
}

impl Sum {
    fn step(&mut self, begins: bool, share: Fraction) {
        let sum = self.sum;
        let changed = sum.map(|sum| if begins { sum.plus(share) } else { sum.minus(share) });
        self.sum = changed.and_then(Result::ok);
        self.shares = if begins { self.shares + 1 } else { self.shares - 1 };
    }
}

fn wrong_sum(shares: &[Share], territory: Option<TerritoryCode>) -> Option<WrongSum> {
    // Each share begins on one day and ends on another: between two such days nothing changes.
    let mut steps: Vec<(DayNo, bool, bool, Fraction)> = Vec::new();
    for share in shares {
        let names = territory.is_some_and(|code| share.territories.contains(&code));
        if !names && !share.territories.is_empty() {
            continue;
        }
        steps.push((share.dates.from, true, names, share.share));
        if let Some(until) = share.dates.until {
            steps.push((until, false, names, share.share));
        }
    }
    steps.sort_unstable_by_key(|step| (step.0, step.1));
    let none = Sum { sum: Some(Fraction::ZERO), shares: 0 };
    let (mut here, mut anywhere) = (none, none);
    let mut rest = steps.as_slice();
    while let Some((day, ..)) = rest.first().copied() {
        let (of_day, after) = rest.split_at(rest.partition_point(|step| step.0 == day));
        for (_, begins, names, share) in of_day {
            (if *names { &mut here } else { &mut anywhere }).step(*begins, *share);
        }
        rest = after;
        let holds = if here.shares > 0 { here } else { anywhere };
        if holds.shares > 0 && holds.sum != Some(Fraction::ONE) {
            let dates = Dates { from: day, until: after.first().map(|step| step.0) };
            return Some(WrongSum { dates, territory, sum: holds.sum });
        }
    }
    None
}
