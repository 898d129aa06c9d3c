//! Snapshots of the partitions in a store of blobs, for nodes that have nothing yet.
//!
//! A log that several nodes share holds some days of reports only, so whoever is new needs what was
//! derived of those before: of each partition one node's plays log, index, books and sieves, as of one
//! position. They refer to each other by addresses, so they are always one node's, and always whole.
//!
//! The owner of a partition puts what isn't there yet of the snapshot that its worker took, in *parts*
//! that are named by the SHA-256 of their bytes, and then a *manifest*, whose name has the position and the
//! epoch, where none of that name is. Right before, it looks whether it still is the owner, and whether
//! the position is committed: whoever wakes up late changes nothing, and no snapshot is ahead.
//!
//! - `manifest`: what a snapshot says of itself, and the names; `local`: a snapshot on this node's disk
//! - `uploading`, `keeping`: what the owner does; `restoring`: what a node does that starts
//! - `verifying`: up to where a log may be released
//! - `view`: what operators see

mod at_once;
mod keeping;
mod local;
mod manifest;
mod restoring;
#[cfg(all(test, feature = "conformance"))]
mod tests;
mod uploading;
mod verifying;
mod view;

use ledgerline_ids::{HashKey, PartitionId, Position};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

use crate::ports::blobs::BLOB_BYTES_MAX;
use crate::ports::drive::{Drive, apart};
use crate::ports::{
    BlobError, BlobStore, Clock, Disk, FactStore, LogError, PlaysFiles, StoreError,
};
use keeping::Kept;

pub use restoring::Restored;
pub use uploading::Uploaded;
pub use view::{SnapshotView, SnapshotsSeen};

/// What snapshots are made of.
pub struct SnapshotParts {
    /// The key of the deployment's hashes: the index is of no use to another.
    pub key: HashKey,
    /// How many partitions the deployment has.
    pub partitions: u16,
    /// Where they are kept.
    pub blobs: Arc<dyn BlobStore>,
    /// The data folder of this node.
    pub disk: Arc<dyn Disk>,
    /// Which files its plays logs are.
    pub plays: Arc<dyn PlaysFiles>,
    /// The committed facts, with the epochs.
    pub facts: Arc<dyn FactStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What reads and writes the disk.
    pub drive: Arc<dyn Drive>,
}

/// Limits. None of them changes a count.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotSettings {
    /// A file is cut into parts of so many bytes.
    pub part_bytes: usize,
    /// So many parts are on their way at once; each is in memory meanwhile.
    pub at_once: usize,
    /// So many snapshots of each partition are kept.
    pub kept: usize,
    /// Where a partition has gone on, a snapshot is asked for so long after the last one: so much has to
    /// be judged again by whoever begins with it.
    pub every: Duration,
    /// How often is looked whether there is one to put.
    pub look_every: Duration,
    /// Operators are warned where a partition has gone on for so long since its newest snapshot.
    pub warn_after: Duration,
    /// A node that has a snapshot of its own takes another one where so many records fewer are to be
    /// judged then.
    pub worth_records: u64,
    /// So often a node that starts asks a store that is away.
    pub tries_max: u32,
}

impl Default for SnapshotSettings {
    fn default() -> Self {
        Self {
            part_bytes: 16 << 20,
            at_once: 4,
            kept: 3,
            every: Duration::from_secs(3600),
            look_every: Duration::from_secs(5),
            warn_after: Duration::from_secs(6 * 3600),
            worth_records: 20_000_000,
            tries_max: 5,
        }
    }
}

/// Why a snapshot can't be put or taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store of blobs.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// This node's disk.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store of the facts.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another deployment's snapshots are there.
    #[error(
        "{name} is of another deployment, or of one with another number of partitions: each wants a store \
         of blobs, or a prefix, of its own"
    )]
    Foreign {
        /// Which blob.
        name: String,
    },
    /// A snapshot isn't what it says.
    #[error("{name} can't be used: {detail}")]
    Unusable {
        /// Which blob.
        name: String,
        /// What is wrong.
        detail: String,
    },
    /// This node isn't the owner any more, or what it took isn't committed.
    #[error(
        "{partition} is owned by another node now, or the snapshot isn't committed: nothing was put"
    )]
    NotOwned {
        /// Of which partition.
        partition: PartitionId,
    },
    /// There is no way to what the partition holds.
    #[error(
        "{partition} can't be built: its log begins at {start}, and {why}. Start this node with the data \
         folder of another one, or put the snapshots back where they were"
    )]
    NoWay {
        /// Which partition.
        partition: PartitionId,
        /// What the log holds still.
        start: Position,
        /// What became of the snapshots that there are.
        why: String,
    },
    /// A panic in work that was begun.
    #[error("working on {partition} was broken off; the log says why")]
    BrokenOff {
        /// Which partition.
        partition: PartitionId,
    },
}

impl SnapshotError {
    /// Whether trying the same again makes sense.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Blobs(error) => error.may_pass(),
            Self::Log(error) => matches!(error, LogError::Io { .. }),
            Self::Store(_) => true,
            _ => false,
        }
    }
}

/// The snapshots of one deployment, as one node deals with them.
pub struct Snapshots {
    parts: Arc<SnapshotParts>,
    settings: SnapshotSettings,
    /// What is known of each partition's; one upload of a partition at a time.
    known: Vec<Mutex<Kept>>,
    seen: Arc<SnapshotsSeen>,
}

impl Snapshots {
    /// Looks at nothing yet.
    ///
    /// # Panics
    /// Where a part would be empty, or larger than a blob, or none would be kept.
    #[must_use]
    pub fn new(parts: SnapshotParts, settings: SnapshotSettings) -> Self {
        assert!((1..=BLOB_BYTES_MAX).contains(&settings.part_bytes), "a part is a blob");
        assert!(settings.at_once > 0 && settings.kept > 0, "limits let something through");
        let known = (0..parts.partitions).map(|_| Mutex::default()).collect();
        let seen = Arc::new(SnapshotsSeen::new(settings.warn_after));
        Self { parts: Arc::new(parts), settings, known, seen }
    }

    /// What is known of the snapshots of the partitions that this node owns.
    #[must_use]
    pub fn seen(&self) -> &Arc<SnapshotsSeen> {
        &self.seen
    }

    /// Up to where each partition's log may be released as far as snapshots go: before the oldest
    /// snapshot that is kept, where there are as many as are to be kept and each part of all of them has the
    /// bytes that its name says. Whoever releases takes the least of this and of what else still needs the log, such as
    /// the archive.
    ///
    /// # Errors
    /// [`SnapshotError`] where the store can't be listed.
    pub async fn releasable(&self) -> Result<BTreeMap<PartitionId, Position>, SnapshotError> {
        let mut releasable = BTreeMap::new();
        for partition in (0..self.parts.partitions).map(PartitionId) {
            match self.releasable_of(partition).await {
                Ok(position) => releasable.extend(position.map(|position| (partition, position))),
                Err(SnapshotError::Unusable { name, detail }) => {
                    tracing::warn!(%partition, name, detail, "a snapshot can't be used");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(releasable)
    }

    fn known(&self, partition: PartitionId) -> &Mutex<Kept> {
        &self.known[usize::from(partition.0)]
    }

    /// Has the disk be read or written elsewhere.
    async fn apart<T: Send + 'static>(
        &self,
        partition: PartitionId,
        work: impl FnOnce(&SnapshotParts) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, SnapshotError> {
        let parts = self.parts.clone();
        let done = apart(&*self.parts.drive, move || work(&parts)).await;
        Ok(done.ok_or(SnapshotError::BrokenOff { partition })??)
    }
}
