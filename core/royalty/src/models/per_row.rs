//! Models of which single rows say what plays are worth: bands, ladders, and plays that the US
//! mechanical right doesn't count.
//!
//! What a row is worth is a whole number, in the part of the contract's currency that the term's
//! own prices have in common.

use super::{Case, common_denominator, micros, scaled, whole};
use crate::month::Refusal;
use crate::month::gather::PoolPlays;
use crate::precedence::{Licences, TermNo};
use crate::terms::{Model, Rule};
use crate::usage::{ListenerRow, Usage, UsageRow};
use ledgerline_money::{BigRational, Fraction, MoneyError};

/// What rows are worth by the terms that price them.
#[derive(Debug)]
pub(crate) struct RowPrices {
    by_term: Vec<Option<Prices>>,
}

/// What a term makes of a row.
#[derive(Debug)]
enum Prices {
    /// By how many of the usage's thresholds were reached.
    Bands(Vec<u64>),
    /// Of the first, second … play.
    Ladder(Vec<u64>),
    /// A play is a play, until a listener's row takes some away.
    Plays,
    /// Prices with too many digits: the model says so.
    None,
}

impl RowPrices {
    pub(crate) fn new(licences: &Licences<'_>, usage: &Usage) -> Self {
        let prices = |rule: &Rule| -> Option<Prices> {
            let Rule::Pool(rule) = rule else { return None };
            match &rule.model {
                Model::Bands { rates } => {
                    let common = common_denominator(rates.values().copied());
                    let reached = |band: usize| {
                        let longest = band.checked_sub(1).map(|at| usage.bands_ms[at]);
                        let rate = longest.and_then(|ms| rates.range(..=ms).next_back());
                        scaled(rate.map_or(Fraction::ZERO, |(_, rate)| *rate), common?)
                    };
                    let all: Result<_, MoneyError> =
                        (0..=usage.bands_ms.len()).map(reached).collect();
                    Some(all.map_or(Prices::None, Prices::Bands))
                }
                Model::Ladder { steps } => {
                    let common = common_denominator(steps.iter().copied());
                    let all: Result<_, MoneyError> =
                        steps.iter().map(|price| scaled(*price, common?)).collect();
                    Some(all.map_or(Prices::None, Prices::Ladder))
                }
                Model::UsMechanical(_) => Some(Prices::Plays),
                _ => None,
            }
        };
        Self {
            by_term: licences.clauses().iter().map(|clause| prices(&clause.term.rule)).collect(),
        }
    }

    /// Whether any term pays for plays that are too short to count.
    pub(crate) fn some_pay_short_plays(&self) -> bool {
        self.by_term.iter().any(|prices| matches!(prices, Some(Prices::Bands(_))))
    }

    /// Whether this one does.
    pub(crate) fn pays_short_plays(&self, term: TermNo) -> bool {
        matches!(self.by_term[term.0 as usize], Some(Prices::Bands(_)))
    }

    /// Whether entries of a term have a worth of their own.
    pub(crate) fn prices(&self, term: TermNo) -> bool {
        self.by_term[term.0 as usize].is_some()
    }

    /// What a row is worth.
    pub(crate) fn of(&self, term: TermNo, row: &UsageRow) -> u128 {
        match &self.by_term[term.0 as usize] {
            Some(Prices::Bands(by_band)) => {
                u128::from(row.plays) * u128::from(by_band[usize::from(row.key.band)])
            }
            Some(Prices::Plays) if row.key.counted => row.plays.into(),
            _ => 0,
        }
    }

    /// Adds what a listener's counted row says of an entry, with the plays that the listener had.
    pub(crate) fn add_listener(
        &self,
        pool: &mut PoolPlays,
        entry: u32,
        row: &ListenerRow,
        had: u64,
    ) {
        match &self.by_term[pool.term.0 as usize] {
            Some(Prices::Ladder(steps)) => {
                let first = usize::try_from(had).unwrap_or(usize::MAX).min(steps.len());
                let last = first.saturating_add(row.plays as usize).min(steps.len());
                let worth: u128 = steps[first..last].iter().map(|price| u128::from(*price)).sum();
                pool.worth[entry as usize] += worth;
            }
            Some(Prices::Plays) => {
                let unpaid = u128::from(row.plays_beyond_50_straight.min(row.plays));
                let worth = &mut pool.worth[entry as usize];
                *worth =
                    worth.checked_sub(unpaid).expect("a listener's plays are part of all plays");
            }
            _ => {}
        }
    }
}

/// How often a listener had a recording before a row: in earlier months, and earlier in this one.
#[derive(Debug, Default)]
pub(crate) struct Before {
    of: Option<(u32, u32)>,
    plays: u64,
}

impl Before {
    /// The counted plays before `row`; rows come by listener, then recording, all of them.
    pub(crate) fn plays(&mut self, row: &ListenerRow) -> u64 {
        let of = Some((row.listener, row.key.track));
        if self.of != of {
            (self.of, self.plays) = (of, 0);
        }
        self.plays += u64::from(row.plays_before);
        let had = self.plays;
        self.plays += if row.key.counted { u64::from(row.plays) } else { 0 };
        had
    }
}

/// The money of a pool whose entries have a worth, by the prices that they are of.
pub(super) fn money(
    case: &Case<'_>,
    prices: impl Iterator<Item = Fraction>,
) -> Result<BigRational, Refusal> {
    let common = common_denominator(prices).map_err(|_| case.too_large())?;
    Ok(micros(&case.held(case.plays.worth.iter().copied())) / whole(common))
}
