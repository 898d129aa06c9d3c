//! Why a month must not be paid as it is, and what to do.

use crate::terms::Right;
use crate::usage::Use;
use ledgerline_money::{Currency, RateError};
use std::fmt;

/// A territory and a tier; `None` is any, or unknown.
pub type Place = (Option<Box<str>>, Option<Box<str>>);

/// Something that a month lacks, or that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Plays that no revenue row is about.
    NoRevenue {
        /// Where and on which plan.
        of: Place,
        /// How many counted plays.
        plays: u64,
    },
    /// Listeners who played, of whom no row says what they paid.
    NoFee {
        /// Of which revenue.
        of: Place,
        /// How many listeners.
        listeners: u64,
        /// How many counted plays.
        plays: u64,
    },
    /// Plays of which some right is licensed by no term.
    NoLicence {
        /// Which right.
        right: Right,
        /// Who holds a part of it that has none.
        holder: Box<str>,
        /// Where and on which plan.
        of: Place,
        /// How it reached the listener.
        usage_use: Use,
        /// One of the recordings, by its id.
        track: Box<str>,
        /// How many recordings.
        tracks: u64,
        /// How many counted plays.
        plays: u64,
    },
    /// Revenue rows of one territory and tier in several currencies.
    MixedCurrencies {
        /// Of which revenue.
        of: Place,
        /// Two of them.
        currencies: [Currency; 2],
    },
    /// Revenue that no amount can hold.
    RevenueTooLarge {
        /// Of which revenue.
        of: Place,
    },
    /// A term's amounts are in a currency of which there is no rate.
    NoRate {
        /// `contract/term`.
        term: Box<str>,
        /// Which rate.
        rate: RateErrorKey,
    },
    /// What a pool comes to is more than an amount can hold, or needs too many digits.
    PoolTooLarge {
        /// `contract/term`.
        term: Box<str>,
    },
    /// Agreements, or shares of a right, that contradict each other.
    Split {
        /// A recording that they are about.
        track: Box<str>,
        /// How.
        why: Box<str>,
    },
}

/// What is missing of a rate, in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateErrorKey(pub RateError);

impl PartialOrd for RateErrorKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RateErrorKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

fn place(f: &mut fmt::Formatter<'_>, (territory, tier): &Place) -> fmt::Result {
    match territory {
        Some(territory) => write!(f, "territory {territory}, ")?,
        None => f.write_str("any territory, ")?,
    }
    match tier {
        Some(tier) => write!(f, "tier {tier}"),
        None => f.write_str("any tier"),
    }
}

impl fmt::Display for Refusal {
    /// A sentence that says what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRevenue { of, plays } => {
                write!(f, "{plays} plays have no revenue (")?;
                place(f, of)?;
                f.write_str("): import a revenue row for them, or one for any territory and tier")
            }
            Self::NoFee { of, listeners, plays } => {
                write!(
                    f,
                    "of {listeners} listeners with {plays} plays no row says what they paid ("
                )?;
                place(f, of)?;
                f.write_str("): import a row for each, also where it is 0, or one for all of them")
            }
            Self::NoLicence { right, holder, of, usage_use, track, tracks, plays } => {
                let (right, usage_use) = (right.word(), usage_use.word());
                write!(
                    f,
                    "{plays} plays of {tracks} recordings have no licence for the {right} right, \
                     such as {holder}'s in {track} ("
                )?;
                place(f, of)?;
                write!(f, ", {usage_use}): add a term that covers them")
            }
            Self::MixedCurrencies { of, currencies: [one, other] } => {
                write!(f, "revenue is in {one} and in {other} (")?;
                place(f, of)?;
                f.write_str("): state a territory and tier in one currency")
            }
            Self::RevenueTooLarge { of } => {
                f.write_str("revenue is beyond what an amount can hold (")?;
                place(f, of)?;
                f.write_str("): correct the rows")
            }
            Self::NoRate { term, rate } => write!(f, "{term}: {}", rate.0),
            Self::PoolTooLarge { term } => write!(
                f,
                "{term}: the pool is beyond what an amount can hold, or its rates have too many digits: correct the term"
            ),
            Self::Split { track, why } => write!(f, "{track}: {why}"),
        }
    }
}
