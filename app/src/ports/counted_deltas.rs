//! What counts by recording, country, plan and day, as the store of the facts has it.

use ledgerline_ids::{DayNo, PartitionId, Position, Territory, Tier};
use ledgerline_records::play::CountedAs;
use std::collections::BTreeMap;

/// What plays are counted by in the store. It has nothing of listeners.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedKey {
    /// The UTC day of the play's start.
    pub day: DayNo,
    /// The recording.
    pub track: Box<str>,
    /// The listener's country; empty where none is known.
    pub territory: Box<str>,
    /// The listener's plan; empty where none is known.
    pub tier: Box<str>,
}

impl CountedKey {
    /// What a play counts by.
    #[must_use]
    pub fn of(play: &CountedAs<'_>) -> Self {
        Self {
            day: play.started_at.day(),
            track: play.track.as_str().into(),
            territory: play.territory.map_or("", Territory::as_str).into(),
            tier: play.tier.map_or("", Tier::as_str).into(),
        }
    }
}

/// What some records of one partition changed of what counts.
///
/// Commits follow one another several times a second, and most plays of a moment are of different
/// recordings. So these cover positions of their own, of many commits, and go into the store with
/// the commit that ends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedDeltas {
    /// Where those begin that the store doesn't have: it must be so, or nothing is changed.
    pub expected: Position,
    /// The position after the last record whose changes these are; not beyond the commit's.
    pub position: Position,
    /// Plays that count now minus plays that count no more; without zeros.
    pub rows: BTreeMap<CountedKey, i64>,
}

/// Counted plays by one dimension, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredCounts {
    /// Up to where the records of each partition are counted, in their order; a partition of which
    /// nothing is counted may be missing.
    pub up_to: Vec<(PartitionId, Position)>,
    /// By the dimension's values, without zeros: a day as `2026-03-01`, nothing as an empty text.
    pub counted: BTreeMap<String, i64>,
}
