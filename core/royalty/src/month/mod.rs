//! A month's plays, revenue and terms in; pools and lines that sum to them out.
//!
//! Terms, shares and rates hold as they stand on the month's last day. A pool is the money of one
//! right, one revenue group and one licence term. How much that is, plain counted plays say, so
//! that one licensor's boosts, minima and caps move no other licensor's money; they move money
//! within the pool. Each pool is rounded down once and allocated once, to lines that sum to it.
//!
//! What can't be computed is named, all of it, and nothing is guessed: whoever closes a month
//! refuses while there are [`Refusal`]s, an estimate shows them.
//!
//! In reading order: `groups` (which plays share which revenue), `gather` with `asking` and `by_row`
//! (plays to pools, and who is to be paid), [`crate::models`] (what a pool is worth, and what weighs
//! in it), `share_out` (pools to lines), [`refusal`].

pub mod refusal;

mod asking;
mod by_row;
pub(crate) mod gather;
pub(crate) mod groups;
mod share_out;

use crate::line::{Line, Pool, Way};
use crate::models;
use crate::music::Music;
use crate::revenue::RevenueRow;
use crate::terms::{Contract, Model, Right};
use crate::usage::{Names, Usage};
use gather::Gathered;
use groups::Groups;
use ledgerline_ids::Period;
use ledgerline_money::{ExchangeRates, Micros};
pub use refusal::Refusal;

/// All that a month's money follows from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Which month.
    pub period: Period,
    /// Its plays.
    pub usage: &'a Usage,
    /// What it earned.
    pub revenue: &'a [RevenueRow],
    /// All contracts; those that hold are found.
    pub contracts: &'a [Contract],
    /// The catalogue.
    pub music: &'a dyn Music,
    /// Rates of exchange, for rates that are agreed in another currency than the revenue's.
    pub rates: &'a ExchangeRates,
}

/// What a month's plays are worth, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Month {
    /// Everyone who has a line, by id.
    pub payees: Names,
    /// All pools: by right, revenue group, and the term's precedence.
    pub pools: Vec<Pool>,
    /// All lines, sorted. Those of a pool sum to it.
    pub lines: Vec<Line>,
    /// All ways from holders to payees, sorted.
    pub ways: Vec<Way>,
    /// Why this must not be paid; empty where it may be.
    pub refusals: Vec<Refusal>,
}

/// How far a month is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub doing: &'static str,
    /// How much of it is.
    pub done: u64,
    /// Of how much.
    pub of: u64,
}

/// How often progress is told.
const POOLS_BETWEEN: u64 = 256;

/// Decides what a month's plays are worth, and to whom.
#[must_use]
pub fn month(inputs: &Inputs<'_>) -> Month {
    month_watched(inputs, &mut |_| ())
}

/// The same, telling how far it is.
#[must_use]
pub fn month_watched(inputs: &Inputs<'_>, watch: &mut dyn FnMut(Progress)) -> Month {
    let mut refusals = Vec::new();
    let groups = Groups::new(inputs.usage, inputs.revenue, &mut refusals);
    let mut gathered = gather::gather(inputs, &groups, &mut refusals, watch);
    let mut month = Month { pools: Vec::new(), ..Month::default() };
    let (payees, ways) = gathered.names();
    let mut paid = models::Paid::new(inputs, &gathered);
    let sharing_out = share_out::SharingOut::new(&gathered);
    let of = gathered.pools.len() as u64;
    for (done, number) in (0..).zip(in_order(&gathered)) {
        if done % POOLS_BETWEEN == 0 {
            watch(Progress { doing: "sharing pools out", done, of });
        }
        let plays = &gathered.pools[number];
        let case =
            models::Case { inputs, groups: &groups, gathered: &gathered, plays, paid: &paid };
        match case.price() {
            Ok(priced) => {
                let pool = u32::try_from(month.pools.len()).expect("fewer pools than lines");
                month.lines.extend(sharing_out.lines(plays, pool, &priced));
                let (currency, money) = (priced.currency, priced.money);
                month.pools.push(case.described(priced));
                paid.add(plays.right, plays.group, currency, money);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    month.lines = by_payee_then_pool(&month.lines, payees.len());
    month.payees = payees;
    month.ways = ways;
    refusals.sort();
    refusals.dedup();
    month.refusals = refusals;
    assert_lines_sum_to_pools(&month);
    month
}

/// Masters and performances first: what is paid for them enters the US mechanical rate.
fn in_order(gathered: &Gathered<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gathered.pools.len()).collect();
    order.sort_by_key(|number| {
        let pool = &gathered.pools[*number];
        let us = matches!(gathered.rule(pool).model, Model::UsMechanical(_));
        (pool.right == Right::Mechanical, us, pool.right, pool.group, pool.term)
    });
    order
}

/// Lines come by pool, and in each by payee, recording and way: only payees are to be put in order.
fn by_payee_then_pool(lines: &[Line], payees: usize) -> Vec<Line> {
    let mut next = vec![0_usize; payees + 1];
    for line in lines {
        next[line.payee as usize + 1] += 1;
    }
    for payee in 0..payees {
        next[payee + 1] += next[payee];
    }
    let Some(any) = lines.first() else { return Vec::new() };
    let mut sorted = vec![*any; lines.len()];
    for line in lines {
        let place = &mut next[line.payee as usize];
        sorted[*place] = *line;
        *place += 1;
    }
    sorted
}

/// I6, on the way out; the allocation asserts the same of each pool.
fn assert_lines_sum_to_pools(month: &Month) {
    let mut sums = vec![0_i128; month.pools.len()];
    for line in &month.lines {
        sums[line.pool as usize] += i128::from(line.amount.get());
    }
    for (pool, sum) in month.pools.iter().zip(sums) {
        assert_eq!(i128::from(pool.money.get()), sum, "lines sum to the pool: {pool:?}");
    }
}

impl Month {
    /// What each payee gets of all pools in `currency`, by payee number.
    ///
    /// # Errors
    /// [`ledgerline_money::MoneyError`] where a sum is beyond what an amount can hold.
    pub fn by_payee(
        &self,
        currency: ledgerline_money::Currency,
    ) -> Result<Vec<Micros>, ledgerline_money::MoneyError> {
        let mut sums = vec![Micros::ZERO; self.payees.len()];
        for line in &self.lines {
            if self.pools[line.pool as usize].currency == currency {
                let sum = &mut sums[line.payee as usize];
                *sum = sum.plus(line.amount)?;
            }
        }
        Ok(sums)
    }
}
