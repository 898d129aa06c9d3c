//! Counts, as a sum over the plays log: what enters `counted` minus what leaves it.

use ledgerline_ids::{DayNo, Territory, Tier, UserId};
use ledgerline_records::play::{CountedAs, PlayRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What plays can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The recording.
    Track,
    /// The listener.
    User,
    /// The listener's country.
    Territory,
    /// The listener's plan.
    Tier,
    /// The UTC day of the play's start.
    Day,
}

/// A half-open range of days; an open end has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// The first day.
    pub from: Option<DayNo>,
    /// The day after the last.
    pub to: Option<DayNo>,
}

impl Days {
    /// Whether `day` is in the range.
    #[must_use]
    pub fn contain(&self, day: DayNo) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// Counts by one dimension, in the order of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    dimension: Dimension,
    days: Days,
    /// Of these recordings only, where some are named.
    tracks: Option<Arc<BTreeSet<Box<str>>>>,
    counted: BTreeMap<Box<str>, i64>,
    by_day: BTreeMap<DayNo, i64>,
}

impl Tally {
    /// No counts yet.
    #[must_use]
    pub fn new(dimension: Dimension, days: Days) -> Self {
        let (counted, by_day) = (BTreeMap::new(), BTreeMap::new());
        Self { dimension, days, tracks: None, counted, by_day }
    }

    /// No counts yet, and only of these recordings.
    #[must_use]
    pub fn of_tracks(dimension: Dimension, days: Days, tracks: Arc<BTreeSet<Box<str>>>) -> Self {
        Self { tracks: Some(tracks), ..Self::new(dimension, days) }
    }

    /// Adds the next record of the plays log.
    pub fn add(&mut self, play: &PlayRecord<'_>) {
        let (before, after) = (play.counted_before(), play.counts_as());
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.change(play, &before, -1);
        }
        if let Some(after) = after {
            self.change(play, &after, 1);
        }
    }

    fn change(&mut self, play: &PlayRecord<'_>, counted: &CountedAs<'_>, by: i64) {
        let day = counted.started_at.day();
        let track = counted.track.as_str();
        if !self.days.contain(day) || self.tracks.as_ref().is_some_and(|it| !it.contains(track)) {
            return;
        }
        let value = match self.dimension {
            Dimension::Track => track,
            Dimension::User => play.identity.user.map_or("", UserId::as_str),
            Dimension::Territory => counted.territory.map_or("", Territory::as_str),
            Dimension::Tier => counted.tier.map_or("", Tier::as_str),
            Dimension::Day => {
                *self.by_day.entry(day).or_default() += by;
                return;
            }
        };
        match self.counted.get_mut(value) {
            Some(counted) => *counted += by,
            None => {
                self.counted.insert(value.into(), by);
            }
        }
    }

    /// Adds another tally of the same dimension and days.
    pub fn merge(&mut self, other: Self) {
        for (value, counted) in other.counted {
            *self.counted.entry(value).or_default() += counted;
        }
        for (day, counted) in other.by_day {
            *self.by_day.entry(day).or_default() += counted;
        }
    }

    /// Counted plays by day, where that is what is counted by.
    #[must_use]
    pub fn by_day(&self) -> &BTreeMap<DayNo, i64> {
        &self.by_day
    }

    /// The values that something counts for, in their order, with how many plays do.
    pub fn rows(&self) -> impl Iterator<Item = (String, i64)> {
        let by_value = self.counted.iter().map(|(value, counted)| (value.to_string(), *counted));
        let by_day = self.by_day.iter().map(|(day, counted)| (day.to_string(), *counted));
        by_value.chain(by_day).filter(|(_, counted)| *counted != 0)
    }
}
