//! What a pool is worth by its model, and what weighs in it; one file for each model.
//!
//! | model | money of the pool | what weighs |
//! |---|---|---|
//! | [`pro_rata`] | share · net revenue · this term's part of the plays | plays |
//! | [`user_centric`] | share · Σ each listener's fee · this term's part of that listener's plays | that, by recording |
//! | [`artist_centric`] | as pro-rata | plays, boosted by artist and capped by listener |
//! | [`fixed`] | rate · plays | plays |
//! | [`bands`] | Σ rate of the threshold that was reached | that, by recording |
//! | [`ladder`] | Σ price of each listener's first, second … play | that, by recording |
//! | [`us_mechanical`] | the four steps, by this term's part of the adjusted plays | adjusted plays |
//!
//! Over all of them: at least the minimum for each play; and recordings that aren't eligible, or
//! are noise, weigh less, which moves money within the pool and takes none from it. Where nothing
//! in a pool weighs anything, plays do.

mod artist_centric;
pub(crate) mod audience;
mod bands;
mod factors;
mod fixed;
mod ladder;
pub(crate) mod per_row;
mod pro_rata;
pub mod us_mechanical;
mod user_centric;

pub(crate) use user_centric::Rows;

use crate::line::{Pool, Step};
use crate::month::gather::{Gathered, PoolPlays};
use crate::month::groups::{Group, Groups};
use crate::month::{Inputs, Refusal, refusal::RateErrorKey};
use crate::terms::{Contract, Model, PoolRule, Right};
use factors::Factors;
use ledgerline_money::sums::Source;
use ledgerline_money::{BigRational, Currency, Fraction, Micros, MoneyError};
use std::collections::BTreeMap;

impl Model {
    /// The word in contracts, commands and answers.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::ProRata { .. } => "pro-rata",
            Self::UserCentric { .. } => "user-centric",
            Self::ArtistCentric { .. } => "artist-centric",
            Self::FixedPerPlay { .. } => "fixed-per-play",
            Self::Bands { .. } => "bands",
            Self::Ladder { .. } => "ladder",
            Self::UsMechanical(_) => "us-mechanical",
        }
    }

    /// Whether its money comes out of revenue: without revenue there is none to compute.
    #[must_use]
    pub fn is_of_revenue(&self) -> bool {
        match self {
            Self::ProRata { .. }
            | Self::UserCentric { .. }
            | Self::ArtistCentric { .. }
            | Self::UsMechanical(_) => true,
            Self::FixedPerPlay { .. } | Self::Bands { .. } | Self::Ladder { .. } => false,
        }
    }

    /// Whether it weighs what each listener played.
    pub(crate) fn asks_for_listeners(&self) -> bool {
        matches!(
            self,
            Self::UserCentric { .. } | Self::ArtistCentric { listener_plays_max: Some(_), .. }
        )
    }

    /// Whether listeners' rows say something of each play's worth.
    pub(crate) fn asks_for_listener_rows(&self) -> bool {
        matches!(self, Self::Ladder { .. } | Self::UsMechanical(_))
    }
}

/// A pool that is to be priced.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) inputs: &'a Inputs<'a>,
    pub(crate) groups: &'a Groups,
    pub(crate) gathered: &'a Gathered<'a>,
    pub(crate) plays: &'a PoolPlays,
    pub(crate) paid: &'a Paid,
}

/// What a pool came to.
#[derive(Debug)]
pub(crate) struct Priced {
    pub(crate) currency: Currency,
    pub(crate) money: Micros,
    pub(crate) weights: Weights,
    pub(crate) steps: Vec<Step>,
}

/// What each entry of a pool weighs; which part of it each holder has is not in it, but in sums.
#[derive(Debug)]
pub(crate) enum Weights {
    /// A whole number for each.
    Whole(Vec<u128>),
    /// A sum of fractions for each, with holders' parts in it.
    Sums {
        sources: Vec<Source>,
        /// Source, entry, count.
        counts: Vec<(u32, u32, u64)>,
        /// The sum of all weights.
        total: BigRational,
    },
}

/// A model's answer: money before it is rounded down, and weights.
pub(crate) struct Formula {
    currency: Currency,
    /// In ledger units.
    money: BigRational,
    weights: Weights,
}

/// What was paid for the other rights, by right and revenue group.
#[derive(Debug, Default)]
pub(crate) struct Paid {
    by_group: BTreeMap<(Right, Option<u32>), BTreeMap<Currency, Micros>>,
    /// All plays of the mechanical right by group, adjusted, in fifths.
    adjusted_plays: BTreeMap<Option<u32>, BigRational>,
}

impl Paid {
    /// Before anything was.
    pub(crate) fn new(inputs: &Inputs<'_>, gathered: &Gathered<'_>) -> Self {
        let adjusted_plays = us_mechanical::adjusted_plays(inputs, gathered);
        Self { by_group: BTreeMap::new(), adjusted_plays }
    }

    pub(crate) fn add(
        &mut self,
        right: Right,
        group: Option<u32>,
        currency: Currency,
        money: Micros,
    ) {
        let sum = self.by_group.entry((right, group)).or_default().entry(currency).or_default();
        *sum = sum.plus(money).unwrap_or(Micros::new(i64::MAX));
    }
}

/// Steps of a computation, as they are taken.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, what: impl Into<String>, result: impl std::fmt::Display) {
        self.0.push(Step { what: what.into(), result: format!("{result}") });
    }

    fn add_money(&mut self, what: impl Into<String>, exact: &BigRational) {
        self.add(what, money(exact));
    }
}

/// Ledger units as an amount: exactly where six digits hold it, else the digits and what follows.
fn money(exact: &BigRational) -> String {
    match Micros::floor_of(exact) {
        Ok(floor) if exact.is_integer() => floor.to_string(),
        Ok(floor) => format!("{floor}…"),
        Err(_) => format!("{exact} millionths"),
    }
}

impl<'a> Case<'a> {
    /// What the pool is worth, and what weighs in it.
    pub(crate) fn price(&self) -> Result<Priced, Refusal> {
        let mut steps = Steps::default();
        let rule = self.rule();
        let formula = match &rule.model {
            Model::ProRata { share } => pro_rata::price(self, *share, &mut steps),
            Model::UserCentric { share } => user_centric::price(self, *share, &mut steps),
            Model::ArtistCentric { share, artist_boost, listener_plays_max } => {
                artist_centric::price(
                    self,
                    *share,
                    (*artist_boost, *listener_plays_max),
                    &mut steps,
                )
            }
            Model::FixedPerPlay { rate } => fixed::price(self, *rate, &mut steps),
            Model::Bands { rates } => bands::price(self, rates, &mut steps),
            Model::Ladder { steps: prices } => ladder::price(self, prices, &mut steps),
            Model::UsMechanical(numbers) => us_mechanical::price(self, numbers, &mut steps),
        }?;
        let mut exact = formula.money;
        if let Some(minimum) = rule.per_play_minimum {
            let rate = self.converted(minimum, formula.currency)?;
            let least = self.held_plays() * micros(&rate);
            let plays = self.plays_text();
            steps.add_money(format!("at least {minimum} for each of {plays} plays"), &least);
            if least > exact {
                exact = least;
            }
        }
        let money = Micros::floor_of(&exact).map_err(|_| self.too_large())?;
        steps.add("the pool, rounded down to a millionth", money);
        Ok(Priced { currency: formula.currency, money, weights: formula.weights, steps: steps.0 })
    }

    /// The pool as it is told.
    pub(crate) fn described(&self, priced: Priced) -> Pool {
        let clause = self.gathered.licences.clause(self.plays.term);
        let group = self.group();
        Pool {
            right: self.plays.right,
            territory: group.and_then(|group| group.territory.clone()),
            tier: group.and_then(|group| group.tier.clone()),
            contract: clause.contract.id.as_str().into(),
            term: clause.term.id.as_str().into(),
            currency: priced.currency,
            money: priced.money,
            plays: self.plays.plays,
            steps: priced.steps,
        }
    }

    fn rule(&self) -> &'a PoolRule {
        self.gathered.rule(self.plays)
    }

    fn contract(&self) -> &'a Contract {
        self.gathered.licences.clause(self.plays.term).contract
    }

    fn group(&self) -> Option<&'a Group> {
        self.plays.group.map(|group| &self.groups.all[group as usize])
    }

    /// The revenue group of a model that needs one.
    fn revenue(&self) -> &'a Group {
        self.group().expect("plays without revenue get no pool of a model that shares revenue")
    }

    fn too_large(&self) -> Refusal {
        let term = self.gathered.licences.clause(self.plays.term).name();
        Refusal::PoolTooLarge { term: term.into() }
    }

    /// An amount of the contract's currency in `currency`, at the rate of the month's last day.
    fn converted(&self, amount: Fraction, currency: Currency) -> Result<BigRational, Refusal> {
        Ok(amount.unbounded() * self.rate(self.contract().currency, currency)?)
    }

    fn rate(&self, from: Currency, to: Currency) -> Result<BigRational, Refusal> {
        let day = self.inputs.period.last_day();
        let rate = self.inputs.rates.rate(from, to, day).map_err(|rate| Refusal::NoRate {
            term: self.gathered.licences.clause(self.plays.term).name().into(),
            rate: RateErrorKey(rate),
        })?;
        Ok(rate.unbounded())
    }

    /// What was paid for `right` out of the same revenue, in ledger units of `currency`.
    fn paid(&self, right: Right, currency: Currency) -> Result<BigRational, Refusal> {
        let mut sum = BigRational::from_integer(0.into());
        for (from, money) in
            self.paid.by_group.get(&(right, self.plays.group)).into_iter().flatten()
        {
            sum += money.unbounded() * self.rate(*from, currency)?;
        }
        Ok(sum)
    }

    /// Plays of the pool, a holder's plays by its part of the right.
    fn held_plays(&self) -> BigRational {
        self.held(self.plays.entries.iter().map(|entry| u128::from(entry.plays)))
    }

    /// The sum of a number for each entry, by the holder's part of the right.
    fn held(&self, numbers: impl Iterator<Item = u128>) -> BigRational {
        held(self.gathered, self.plays, numbers)
    }

    fn plays_text(&self) -> String {
        self.held_plays().to_string()
    }

    /// Whole weights: a number for each entry, by what the rule makes of the recording.
    fn whole(
        &self,
        numbers: &dyn Fn(usize) -> u128,
        factors: &Factors,
        steps: &mut Steps,
    ) -> Result<Weights, Refusal> {
        let weigh = |factors: &Factors| -> Option<Vec<u128>> {
            let entries = self.plays.entries.iter().enumerate();
            let weight = |at: usize, track| numbers(at).checked_mul(u128::from(factors.of(track)));
            entries.map(|(at, entry)| weight(at, entry.track)).collect()
        };
        let weights = weigh(factors).ok_or_else(|| self.too_large())?;
        if weights.iter().any(|weight| *weight > 0) || factors.are_none() {
            return Ok(Weights::Whole(weights));
        }
        steps.add("no recording is eligible, so plays alone are weighed", self.plays_text());
        weigh(&Factors::none()).map(Weights::Whole).ok_or_else(|| self.too_large())
    }

    fn entry_plays(&self, at: usize) -> u128 {
        self.plays.entries[at].plays.into()
    }

    fn entry_worth(&self, at: usize) -> u128 {
        self.plays.worth[at]
    }
}

/// The sum of a number for each entry of a pool, by the holder's part of the right.
fn held(
    gathered: &Gathered<'_>,
    plays: &PoolPlays,
    numbers: impl Iterator<Item = u128>,
) -> BigRational {
    let mut by_share = vec![0_u128; gathered.shares.len()];
    for (entry, number) in plays.entries.iter().zip(numbers) {
        by_share[gathered.parts[entry.part as usize].share_number as usize] += number;
    }
    let held = by_share.into_iter().zip(&gathered.shares).filter(|(number, _)| *number > 0);
    held.map(|(number, share)| share.unbounded() * whole(number)).sum()
}

/// Ledger units of an amount in major units.
fn micros(amount: &BigRational) -> BigRational {
    amount * BigRational::from_integer(Micros::PER_UNIT.into())
}

/// Whole numbers as a fraction without limits.
fn whole(number: impl Into<num_bigint::BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// The least common multiple of denominators, within a word.
fn common_denominator(fractions: impl Iterator<Item = Fraction>) -> Result<u64, MoneyError> {
    let mut common = 1_u128;
    for fraction in fractions {
        let denominator = fraction.denominator().unsigned_abs();
        let shared = num_integer::gcd(common, denominator);
        common = common.checked_mul(denominator / shared).ok_or(MoneyError::TooLarge)?;
    }
    u64::try_from(common).map_err(|_| MoneyError::TooLarge)
}

/// `fraction · common` as a whole number, for a multiple of its denominator.
fn scaled(fraction: Fraction, common: u64) -> Result<u64, MoneyError> {
    let times = i128::from(common) / fraction.denominator();
    let scaled = fraction.numerator().checked_mul(times).ok_or(MoneyError::TooLarge)?;
    u64::try_from(scaled).map_err(|_| MoneyError::TooLarge)
}
