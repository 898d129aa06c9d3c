//! *Conservation*: whether counts add up by themselves, whoever made them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ledgerline_ids::HourNo;
use serde::Serialize;

use crate::recounted::Counts;

/// A whole that is not the sum of its parts. Prints as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imbalance {
    /// What is spoken of, such as `accepted reports of 2026-03-01T12:00:00Z`.
    pub subject: String,
    /// How many there are.
    pub whole: u64,
    /// How many its parts add up to.
    pub sum_of_parts: u64,
}

/// In every hour there are as many verdicts as accepted reports; over all hours, as many
/// statuses as plays. `plays` is how many plays there are, and every report is judged.
#[must_use]
pub fn check_conservation(counts: &Counts, plays: u64) -> Vec<Imbalance> {
    let mut verdicts: BTreeMap<HourNo, u64> = BTreeMap::new();
    for ((hour, _), count) in &counts.verdicts {
        *verdicts.entry(*hour).or_default() += count;
    }
    let hours: BTreeSet<&HourNo> = verdicts.keys().chain(counts.accepted.keys()).collect();
    let mut imbalances = Vec::new();
    let mut check = |subject: String, whole: u64, sum_of_parts: u64| {
        if whole != sum_of_parts {
            imbalances.push(Imbalance { subject, whole, sum_of_parts });
        }
    };
    for hour in hours {
        let accepted = counts.accepted.get(hour).copied().unwrap_or(0);
        let judged = verdicts.get(hour).copied().unwrap_or(0);
        check(format!("accepted reports of {hour}"), accepted, judged);
    }
    check("plays".to_owned(), plays, counts.statuses.values().sum());
    imbalances
}

impl fmt::Display for Imbalance {
    /// `accepted reports of 2026-03-01T12:00:00Z: 3, but their parts add up to 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, whole, sum_of_parts } = self;
        write!(f, "{subject}: {whole}, but their parts add up to {sum_of_parts}")
    }
}
