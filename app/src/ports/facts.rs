//! The committed facts: how far each partition is judged, and what that added up to.

use async_trait::async_trait;
use ledgerline_ids::{DayNo, HourNo, PartitionId, Position};
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

use super::StoreError;

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

    /// Applies all of `deltas`, or none of them, by compare-and-set on epoch and position.
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

    /// Looks for damage in the store's own files: one sentence for each thing that is wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn verify(&self) -> Result<Vec<String>, StoreError>;
}
