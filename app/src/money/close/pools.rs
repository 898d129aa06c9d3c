//! The pools of a closed month: what each was, and to the last ledger unit where it went.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::line::Pool;
use ledgerline_royalty::splits::UNMATCHED;
use std::collections::BTreeMap;

use super::CloseError;
use super::reading::ClosedMonth;
use super::record::CloseMoney;

/// The pools of a closed month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPools {
    /// Which month.
    pub period: Period,
    /// By currency: net revenue, pools, adjustments, payouts.
    pub money: Vec<CloseMoney>,
    /// In the order of their numbers.
    pub pools: Vec<ClosedPool>,
}

/// One pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPool {
    /// Its number, from 0.
    pub number: u32,
    /// What it is.
    pub pool: Pool,
    /// How many lines share it.
    pub lines: u64,
    /// What they come to.
    pub allocated: Micros,
    /// What no line has: nothing, or the close is unsound.
    pub remainder: Micros,
    /// Of what is allocated, the part that nobody is known to hold.
    pub unmatched: Micros,
    /// How many recordings share it, and how many payees.
    pub recordings: u64,
    /// Who is paid of it.
    pub payees: u64,
}

/// What lines of one pool come to, while they are read.
#[derive(Default, Clone)]
struct Sum {
    lines: u64,
    allocated: Micros,
    unmatched: Micros,
    payees: u64,
    last_payee: Option<u32>,
}

impl ClosedMonth {
    /// All pools of the month itself; pools that adjust earlier months are not among them.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn pools(&self) -> Result<ClosedPools, CloseError> {
        let money = self.record().summary.as_ref().map(|summary| summary.money.clone());
        let period = self.record().period;
        let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
        let mut tracks: BTreeMap<u32, std::collections::BTreeSet<u32>> = BTreeMap::new();
        let own = self.sheets().find(|(_, cause)| cause.is_none());
        let mut pools = Vec::new();
        if let Some((sheet, _)) = own {
            let unmatched = sheet.of_payee(UNMATCHED)?;
            self.for_all_lines(sheet, &mut |number, line| {
                let sum = sums.entry(line.pool).or_default();
                sum.lines += 1;
                sum.allocated = sum.allocated.plus(line.amount)?;
                if unmatched.contains(&number) {
                    sum.unmatched = sum.unmatched.plus(line.amount)?;
                }
                // Lines are sorted by payee, then pool.
                if sum.last_payee != Some(line.payee) {
                    sum.last_payee = Some(line.payee);
                    sum.payees += 1;
                }
                tracks.entry(line.pool).or_default().insert(line.track);
                Ok(())
            })?;
            pools = sheet.pools()?;
        }
        let closed = (0..).zip(pools).map(|(number, pool)| {
            let sum = sums.remove(&number).unwrap_or_default();
            Ok(ClosedPool {
                number,
                lines: sum.lines,
                allocated: sum.allocated,
                remainder: pool.money.minus(sum.allocated)?,
                unmatched: sum.unmatched,
                recordings: tracks.get(&number).map_or(0, |tracks| tracks.len() as u64),
                payees: sum.payees,
                pool,
            })
        });
        let pools = closed.collect::<Result<_, CloseError>>()?;
        Ok(ClosedPools { period, money: money.unwrap_or_default(), pools })
    }

    /// What each payee's lines come to, adjustments included, by currency.
    ///
    /// # Errors
    /// [`CloseError`].
    pub(crate) fn earned_by_payee(
        &self,
    ) -> Result<BTreeMap<(Box<str>, Currency), Micros>, CloseError> {
        let mut sums: BTreeMap<(Box<str>, Currency), Micros> = BTreeMap::new();
        for (sheet, _) in self.sheets() {
            for (key, amount) in super::compute::earned(&sheet.sheet()?)? {
                let sum = sums.entry(key).or_default();
                *sum = sum.plus(amount)?;
            }
        }
        Ok(sums)
    }
}
