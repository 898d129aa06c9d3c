//! Contracts as data: what a file says once it was read, checked and given its exact numbers.

use crate::revenue::Plan;
use crate::usage::Use;
pub use ledgerline_catalog::{Dates, Right};
use ledgerline_ids::DayNo;
use ledgerline_money::{Currency, Fraction, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// What a term is about. An empty set is anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Recordings, by track id.
    pub recordings: BTreeSet<String>,
    /// Releases that the recording is on.
    pub releases: BTreeSet<String>,
    /// Artists of the recording (main artists).
    pub artists: BTreeSet<String>,
    /// The recording's labels.
    pub labels: BTreeSet<String>,
    /// Countries.
    pub territories: BTreeSet<String>,
    /// Listeners' plans.
    pub tiers: BTreeSet<String>,
    /// Uses.
    pub uses: BTreeSet<Use>,
}

/// What a contract is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parties {
    /// The service pays right holders: of `licensor`, or of all that have no licence of their own.
    Licence {
        /// Who licenses.
        licensor: Option<String>,
    },
    /// `grantor` passes on part of what it is paid.
    Agreement {
        /// Who passes on.
        grantor: String,
    },
}

/// One contract: one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its name, unique.
    pub id: String,
    /// Between whom.
    pub parties: Parties,
    /// What people call it.
    pub title: String,
    /// When it was signed: of two equally specific terms the later signed one wins.
    pub signed_on: DayNo,
    /// When it holds.
    pub dates: Dates,
    /// The currency of its amounts and rates.
    pub currency: Currency,
    /// Its rules.
    pub terms: Vec<Term>,
    /// What happens to the payee's money after the pools.
    pub account: AccountTerms,
}

/// One rule of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Its name within the contract.
    pub id: String,
    /// The copyrights that it is about.
    pub rights: BTreeSet<Right>,
    /// What it is about.
    pub scope: Scope,
    /// When it holds, within the contract's dates.
    pub dates: Dates,
    /// What it says.
    pub rule: Rule,
}

/// What a term says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Of a licence: how plays become a pool, and how the pool is shared.
    Pool(Box<PoolRule>),
    /// Of an agreement: who gets which part of what the grantor is paid; the grantor keeps the rest.
    PassOn(Vec<PassedOn>),
}

/// A part of what the grantor is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOn {
    /// Who gets it.
    pub payee: String,
    /// Which part of what the grantor is paid.
    pub share: Fraction,
    /// Who gets which part of that part in turn, one after another: a commission chain.
    pub commissions: Vec<Commission>,
}

/// A part of a commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Who gets it.
    pub payee: String,
    /// Which part of what the one before it gets.
    pub share: Fraction,
}

/// How plays become a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRule {
    /// By which model.
    pub model: Model,
    /// At least this for each counted play, in the contract's currency.
    pub per_play_minimum: Option<Fraction>,
    /// A recording must have had so many counted plays in the last twelve months; below it
    /// its money stays in the pool.
    pub eligible_plays_min: Option<u64>,
    /// What a play of functional noise weighs, and how long it must have been heard.
    pub noise: Option<NoiseRule>,
    /// At least this for each period and licensor, in the contract's currency.
    pub guarantee: Option<Micros>,
}

/// Rain, fans and whales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoiseRule {
    /// A play weighs so much.
    pub weight: Fraction,
    /// A recording shorter than this weighs nothing.
    pub duration_ms_min: u64,
}

/// How a pool is made and shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Model {
    /// A share of net revenue, by plays.
    ProRata {
        /// Of net revenue.
        share: Fraction,
    },
    /// A share of each listener's fee, by that listener's plays.
    UserCentric {
        /// Of net revenue.
        share: Fraction,
    },
    /// A share of net revenue, by plays that are boosted and capped.
    ArtistCentric {
        /// Of net revenue.
        share: Fraction,
        /// The boost of an artist with enough plays from enough listeners in the month.
        artist_boost: Option<ArtistBoost>,
        /// A listener's plays count as at most so many, together.
        listener_plays_max: Option<u64>,
    },
    /// So much for each counted play.
    FixedPerPlay {
        /// In the contract's currency.
        rate: Fraction,
    },
    /// So much for each play by how long it was heard; the highest threshold reached decides.
    Bands {
        /// From so many milliseconds of merged listened time on, so much.
        rates: BTreeMap<u32, Fraction>,
    },
    /// The price of a play depends on how often this listener had the recording before.
    Ladder {
        /// The price of the first, second … play; beyond the last, nothing: it is owned.
        steps: Vec<Fraction>,
    },
    /// The four steps of the US mechanical rate (37 CFR 385.21, Phonorecords IV).
    UsMechanical(UsMechanical),
}

/// A boost of artists whom enough people listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtistBoost {
    /// A play weighs so many times as much.
    pub factor: Fraction,
    /// From so many counted plays in the month …
    pub plays_min: u64,
    /// … by so many listeners on.
    pub listeners_min: u64,
}

/// The numbers of the four steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsMechanical {
    /// Of service revenue.
    pub revenue_share: Fraction,
    /// Of total content cost, which is what is paid for the masters.
    pub content_cost_share: Fraction,
    /// The content cost prong is at most this for each subscriber.
    pub content_cost_cap: Option<Fraction>,
    /// At least this for each subscriber.
    pub subscriber_floor: Option<Fraction>,
    /// As how many subscribers one of each plan counts; 1 where it isn't named.
    pub plan_weights: BTreeMap<Plan, Fraction>,
}

/// What happens to money after the pools, for each payee whose account is with this contract: of a
/// licence, the right holders that it pays; of an agreement, those that it passes on to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountTerms {
    /// Advances and costs are recouped from what is earned under this contract: this part of it.
    /// Where it says nothing, nothing is recouped.
    pub recoup_share: Option<Fraction>,
    /// The payee bears this part of what is booked as costs; all of it where it says nothing. In a
    /// net profit deal it is the payee's share of the profit.
    pub costs_share: Option<Fraction>,
    /// This part of what is left after recoupment and withholding is held back for a while.
    pub reserve: Option<Reserve>,
    /// This part of what is earned in a territory is withheld as tax.
    pub withholding: BTreeMap<String, Fraction>,
    /// Nothing is paid out below this.
    pub minimum_payout: Option<Micros>,
    /// Paid out every so many months: 1, 3, 6 or 12; counted from January.
    pub accounting_months: Option<u8>,
}

/// Money held back against later reversals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// Which part of what is left after recoupment and withholding.
    pub share: Fraction,
    /// Released with the close of so many periods later.
    pub periods: u8,
}
