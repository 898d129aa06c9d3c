//! The committed facts: how far each partition is judged, and what that added up to.

use async_trait::async_trait;
use ledgerline_ids::{DayNo, HourNo, PartitionId, Position};
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

use super::StoreError;
use super::counted_deltas::{CountedDeltas, StoredCounts};
use ledgerline_counting::tally::{Days, Dimension};

/// How far one partition is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionCommit {
    /// Which partition.
    pub partition: PartitionId,
    /// The epoch of its owner: a greater one has fenced off all smaller ones.
    pub epoch: u64,
    /// The position after the last record that was judged.
    pub position: Position,
    /// The length of the plays log up to there, in bytes.
    pub plays_bytes: u64,
}

/// What judging some records of one partition added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDelta {
    /// Which partition.
    pub partition: PartitionId,
    /// The owner's epoch.
    pub epoch: u64,
    /// The position that must be the committed one, or nothing is changed.
    pub expected: Position,
    /// The position after.
    pub position: Position,
    /// The length of the plays log after, in bytes.
    pub plays_bytes: u64,
    /// Reports by their receive hour.
    pub accepted: BTreeMap<HourNo, i64>,
    /// Their verdicts, by the same hour.
    pub verdicts: BTreeMap<(HourNo, Verdict), i64>,
    /// Plays into a status minus plays out of it, by the receive hour of the play's first report.
    pub statuses: BTreeMap<(HourNo, Status), i64>,
    /// Counted plays in minus out, by the day of their start.
    pub counted: BTreeMap<DayNo, i64>,
    /// What else of it counts by, where the store is to know that and it is due.
    pub counted_by: Option<CountedDeltas>,
}

/// The sums of all deltas of one partition, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTotals {
    /// As of where.
    pub commit: PartitionCommit,
    /// Reports by their receive hour.
    pub accepted: BTreeMap<HourNo, i64>,
    /// Their verdicts, by the same hour.
    pub verdicts: BTreeMap<(HourNo, Verdict), i64>,
    /// Plays by status and by the receive hour of their first report.
    pub statuses: BTreeMap<(HourNo, Status), i64>,
    /// Counted plays by the day of their start.
    pub counted: BTreeMap<DayNo, i64>,
}

/// The sums of all deltas of all partitions together, and by hour for the newest hours alone: what
/// is asked for often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecentTotals {
    /// Reports.
    pub accepted: i64,
    /// Their verdicts.
    pub verdicts: BTreeMap<Verdict, i64>,
    /// Plays by status.
    pub statuses: BTreeMap<Status, i64>,
    /// The newest hours that reports were received in, counted back from the last.
    pub hours: BTreeMap<HourNo, HourTotals>,
}

/// The sums of one hour, of all partitions. What is zero is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourTotals {
    /// Reports that were received in it.
    pub accepted: i64,
    /// Their verdicts.
    pub verdicts: BTreeMap<Verdict, i64>,
    /// Plays whose first report was received in it.
    pub statuses: BTreeMap<Status, i64>,
}

impl RecentTotals {
    /// Of all partitions' totals, with so many hours.
    #[must_use]
    pub fn of(totals: &[PartitionTotals], hours_max: u32) -> Self {
        let mut recent = Self::default();
        let received = totals.iter().filter_map(|of| of.accepted.keys().next_back());
        let last = received.max().map_or(0, |hour| hour.0);
        let since = HourNo((last + 1).saturating_sub(hours_max));
        for of in totals {
            for (hour, reports) in &of.accepted {
                recent.accepted += reports;
                if *hour >= since {
                    recent.hours.entry(*hour).or_default().accepted += reports;
                }
            }
            for ((hour, verdict), reports) in &of.verdicts {
                *recent.verdicts.entry(*verdict).or_default() += reports;
                if *hour >= since {
                    let hour = recent.hours.entry(*hour).or_default();
                    *hour.verdicts.entry(*verdict).or_default() += reports;
                }
            }
            for ((hour, status), plays) in &of.statuses {
                *recent.statuses.entry(*status).or_default() += plays;
                if *hour >= since {
                    let hour = recent.hours.entry(*hour).or_default();
                    *hour.statuses.entry(*status).or_default() += plays;
                }
            }
        }
        recent.without_zeros()
    }

    /// With what one commit added; hours that are no longer among the newest leave the list.
    pub fn add(&mut self, delta: &PartitionDelta, hours_max: u32) {
        let received = delta.accepted.iter().filter(|(_, reports)| **reports != 0);
        let newest = received.map(|(hour, _)| *hour).chain(self.hours.keys().copied()).max();
        let since = HourNo(newest.map_or(0, |hour| (hour.0 + 1).saturating_sub(hours_max)));
        for (hour, reports) in &delta.accepted {
            self.accepted += reports;
            if *hour >= since {
                self.hours.entry(*hour).or_default().accepted += reports;
            }
        }
        for ((hour, verdict), reports) in &delta.verdicts {
            *self.verdicts.entry(*verdict).or_default() += reports;
            if *hour >= since {
                let of = self.hours.entry(*hour).or_default();
                *of.verdicts.entry(*verdict).or_default() += reports;
            }
        }
        for ((hour, status), plays) in &delta.statuses {
            *self.statuses.entry(*status).or_default() += plays;
            if *hour >= since {
                let of = self.hours.entry(*hour).or_default();
                *of.statuses.entry(*status).or_default() += plays;
            }
        }
        self.hours.retain(|hour, _| *hour >= since);
        *self = std::mem::take(self).without_zeros();
    }

    /// Whether a row is there that says nothing is an accident of history.
    #[must_use]
    pub fn without_zeros(mut self) -> Self {
        self.verdicts.retain(|_, reports| *reports != 0);
        self.statuses.retain(|_, plays| *plays != 0);
        for hour in self.hours.values_mut() {
            hour.verdicts.retain(|_, reports| *reports != 0);
            hour.statuses.retain(|_, plays| *plays != 0);
        }
        let nothing = HourTotals::default();
        self.hours.retain(|_, hour| *hour != nothing);
        self
    }
}

/// Why a commit changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Another owner has the partition, or the position is not the expected one.
    #[error("{partition} is not at the expected epoch and position; another process owns it")]
    Fenced {
        /// Which partition.
        partition: PartitionId,
    },
    /// The store failed; whether the commit happened must be read back.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where committed facts are kept. One transaction per call.
#[async_trait]
pub trait FactStore: Send + Sync + 'static {
    /// Takes all partitions over: raises each epoch by one, and creates what is missing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take_over(&self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError>;

    /// Applies all of `deltas`, or none of them, by compare-and-set on epoch and position, and where
    /// they have what they count by, on where that ends. That is inserted beside what is there, and never
    /// waits for another partition's.
    ///
    /// # Errors
    /// [`CommitError`].
    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError>;

    /// How far each partition is judged, in the order of the partitions.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError>;

    /// The sums of all deltas, all read at one moment, in the order of the partitions.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError>;

    /// The sums of all partitions together, all read at one moment; by hour for the last
    /// `hours_max` hours up to the newest in which a report was received.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn recent_totals(&self, hours_max: u32) -> Result<RecentTotals, StoreError> {
        Ok(RecentTotals::of(&self.totals().await?, hours_max))
    }

    /// Up to where the store has by what the records of a partition count: 0 where it has nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn counted_position(&self, partition: PartitionId) -> Result<Position, StoreError>;

    /// Adds up to `rows_max` of the rows that commits inserted to the sums, each exactly once, and
    /// removes them, in one transaction. Says how many there were; a row may have several changes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn roll_up(&self, rows_max: u32) -> Result<u32, StoreError>;

    /// Counted plays of some days by a dimension, all read at one moment, whether or not they were
    /// rolled up.
    ///
    /// # Errors
    /// [`StoreError`], also for listeners, of whom the store has nothing.
    async fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError>;

    /// Looks for damage in the store's own files: one sentence for each thing that is wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn verify(&self) -> Result<Vec<String>, StoreError>;
}
