//! A closed month, computed anew with everything that is known by now, cause by cause.
//!
//! Each cause is taken in on top of those before it, and is charged with the difference that it
//! makes, line by line. So the differences add up to the month as it is known now, less all that
//! was stated for it so far.

use crate::month::{Inputs, Month, Refusal};
use crate::month_plays::MonthPlays;
use crate::music::{CatalogueMusic, Music};
use crate::revenue::RevenueRow;
use crate::sheet::Sheet;
use crate::statement::Cause;
use crate::terms::{Contract, Right};
use crate::usage::{Names, Usage};
use ledgerline_catalog::Catalogue;
use ledgerline_ids::Period;
use ledgerline_money::{ExchangeRates, MoneyError};

/// All that one month's money follows from, as known at one time.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Its plays.
    pub usage: &'a Usage,
    /// What it earned.
    pub revenue: &'a [RevenueRow],
    /// Rates of exchange.
    pub rates: &'a ExchangeRates,
    /// The catalogue of rights.
    pub catalogue: &'a Catalogue,
    /// All contracts.
    pub contracts: &'a [Contract],
}

/// What a month came to by now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restated {
    /// What each cause changed, in the order of the causes; none that changed nothing.
    pub changes: Vec<(Cause, Sheet)>,
    /// The whole month as it is known now.
    pub now: Sheet,
    /// Why it can't be computed.
    pub refusals: Vec<Refusal>,
}

impl Facts<'_> {
    /// The month by these facts.
    #[must_use]
    pub fn month(&self, period: Period) -> Month {
        let music = CatalogueMusic::new(self.catalogue, self.usage, period.last_day());
        crate::month::month(&Inputs {
            period,
            usage: self.usage,
            revenue: self.revenue,
            contracts: self.contracts,
            music: &music,
            rates: self.rates,
        })
    }

    /// The same as lines with their names; the refusals beside them.
    #[must_use]
    pub fn sheet(&self, period: Period) -> (Sheet, Vec<Refusal>) {
        sheet_of(self.month(period), self.usage.tracks.clone())
    }
}

/// A month as lines with their names; the refusals beside them.
#[must_use]
pub fn sheet_of(month: Month, tracks: Names) -> (Sheet, Vec<Refusal>) {
    let Month { payees, pools, lines, ways, refusals } = month;
    (Sheet::of((payees, tracks), (pools, ways), &lines), refusals)
}

/// A month's plays without those that were taken away since, and without those that came.
#[must_use]
pub fn without_reversed(old: &MonthPlays, new: &MonthPlays) -> MonthPlays {
    let mut gone = new.clone().plus(old.negated());
    gone.rows.retain(|row| row.plays < 0);
    old.clone().plus(gone)
}

/// Which causes there are between what was known and what is; `between` is the usage without the
/// plays that were taken away.
#[must_use]
pub fn causes(period: Period, old: &Facts<'_>, between: &Usage, new: &Facts<'_>) -> Vec<Cause> {
    let day = period.last_day();
    let holding = |contracts: &[Contract]| -> Vec<Contract> {
        contracts.iter().filter(|it| it.dates.hold(day)).cloned().collect()
    };
    let differs = |cause: &Cause| match cause {
        Cause::ReversedPlays => between != old.usage,
        Cause::LatePlays => new.usage != between,
        Cause::Revenue => old.revenue != new.revenue,
        Cause::ExchangeRates => old.rates != new.rates,
        Cause::Shares => !same_music(new.usage, period, old.catalogue, new.catalogue),
        Cause::Terms => holding(old.contracts) != holding(new.contracts),
    };
    Cause::ALL.into_iter().filter(differs).collect()
}

/// Computes a closed month anew. `stated` is all that was stated for it so far.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn restate(
    period: Period,
    (old, between, new): (&Facts<'_>, &Usage, &Facts<'_>),
    causes: &[Cause],
    stated: Sheet,
) -> Result<Restated, MoneyError> {
    let mut restated = Restated { now: stated, ..Restated::default() };
    let mut facts = *old;
    for cause in causes {
        match cause {
            Cause::ReversedPlays => facts.usage = between,
            Cause::LatePlays => facts.usage = new.usage,
            Cause::Revenue => facts.revenue = new.revenue,
            Cause::ExchangeRates => facts.rates = new.rates,
            Cause::Shares => facts.catalogue = new.catalogue,
            Cause::Terms => facts.contracts = new.contracts,
        }
        let (sheet, refusals) = facts.sheet(period);
        restated.refusals = refusals;
        if !restated.refusals.is_empty() {
            // What comes next may be what is missing: late plays and the revenue for them.
            continue;
        }
        let change = Sheet::difference(&sheet, &[&restated.now])?;
        if !change.is_empty() {
            restated.changes.push((*cause, change));
        }
        restated.now = sheet;
    }
    Ok(restated)
}

/// Whether two catalogues say the same of everything that a month's plays ask.
fn same_music(usage: &Usage, period: Period, old: &Catalogue, new: &Catalogue) -> bool {
    if old.revision() == new.revision() {
        return true;
    }
    let day = period.last_day();
    let (old, new) = (CatalogueMusic::new(old, usage, day), CatalogueMusic::new(new, usage, day));
    let territories: Vec<u16> =
        (0..).take(usage.territories.len()).chain([Usage::UNKNOWN]).collect();
    (0..).take(usage.tracks.len()).all(|track| {
        let itself = |music: &CatalogueMusic<'_>| (music.duration_ms(track), music.is_noise(track));
        itself(&old) == itself(&new)
            && old.subject(track) == new.subject(track)
            && Right::ALL.into_iter().all(|right| {
                let vary = old.holders_vary(track, right) || new.holders_vary(track, right);
                let asked = if vary { &territories[..] } else { &[Usage::UNKNOWN] };
                asked.iter().all(|territory| {
                    old.holders(track, right, *territory) == new.holders(track, right, *territory)
                })
            })
    })
}
