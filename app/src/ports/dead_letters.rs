//! Records of a report log that nobody can read.

use super::LogError;
use ledgerline_ids::{PartitionId, Position, UnixMs};

/// A record that can't be read, today or tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetter<'r> {
    /// Its partition.
    pub partition: PartitionId,
    /// Where it stands there; with the partition, what it is known by.
    pub position: Position,
    /// When it was received.
    pub received_at: UnixMs,
    /// The record as it stands in the log.
    pub bytes: &'r [u8],
    /// Why it can't be read.
    pub why: &'r str,
}

/// Where a log that several programs can write keeps what isn't ours, so that counting goes on.
/// Only what is certain to fail again goes there.
pub trait DeadLetters: Send + Sync + 'static {
    /// Keeps `letter`; it is durable once this returns. Blocks. After a crash the same letter may
    /// come again.
    ///
    /// # Errors
    /// [`LogError::Io`], where it may be tried again.
    fn keep(&self, letter: &DeadLetter<'_>) -> Result<(), LogError>;
}
