//! Judging: one worker for each partition reads its log, lets the core decide, and commits.
//!
//! The order of a worker's effects is what makes the counts exact: records are durable in
//! the report log; plays are appended to the plays log; sums and position are committed in
//! one transaction; and only then may a snapshot be taken, at that position. After a crash
//! the partition is built again from the snapshot and the log, and what was committed
//! already is not committed again.

mod memory;
mod orders;
mod running;
mod runs;
mod sealing;
mod seat;
mod sieve;
mod snapshot;
mod worker;

pub(crate) use orders::Role;
pub(crate) use sieve::{Sieve, Sieves, files as sieve_files, play_key};
#[cfg(all(test, feature = "conformance"))]
pub(crate) use snapshot::{RunFile, Snapshot, write as write_snapshot};
pub use snapshot::{SnapshotFiles, read_snapshot_files};
pub(crate) use snapshot::{files_of, folder as index_folder};
pub(crate) use worker::{Beginning, Progress, Worker, WorkerParts, WorkerSettings, start};

use crate::ports::{Disk, LogError};
use ledgerline_counting::PartitionState;
use ledgerline_counting::fraud::BookEntry;
use ledgerline_counting::index::{Bucket, IndexEntry, Sealed};
use ledgerline_ids::{IdentityHash, PartitionId, Position};

/// What is sealed of one partition's index, read from its files and checked: for the audit.
#[derive(Debug, Clone, Default)]
pub struct SealedIndex {
    /// The position that the snapshot is of.
    pub position: Position,
    /// The length of the plays log there, in bytes.
    pub plays_bytes: u64,
    /// The rest of the snapshot.
    pub state: PartitionState,
    /// How many runs there are.
    pub runs: usize,
}

/// Reads a partition's snapshot and every entry of its runs, the index's and the books',
/// oldest run first, and checks all of it against its checksums. `None` where there is no snapshot yet.
///
/// # Errors
/// [`LogError::Damaged`] names the file where a byte has changed.
pub fn read_sealed_index(
    disk: &dyn Disk,
    partition: PartitionId,
    each: &mut dyn FnMut(IdentityHash, IndexEntry),
    each_entry: &mut dyn FnMut(Bucket, BookEntry),
) -> Result<Option<SealedIndex>, LogError> {
    let Some(snapshot) = snapshot::read(disk, partition)? else { return Ok(None) };
    let folder = snapshot::folder(partition);
    for run in &snapshot.runs {
        runs::verify_run::<Sealed>(disk, &folder, run, &mut |_, sealed| {
            each(sealed.hash, sealed.entry);
        })?;
    }
    for run in &snapshot.books {
        runs::verify_run::<BookEntry>(disk, &folder, run, &mut |bucket, entry| {
            each_entry(bucket, entry);
        })?;
    }
    sieve::verify(disk, partition, &snapshot)?;
    Ok(Some(SealedIndex {
        position: snapshot.position,
        plays_bytes: snapshot.plays_bytes,
        runs: snapshot.runs.len(),
        state: snapshot.state,
    }))
}
