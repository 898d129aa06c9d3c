//! What a worker is told by its node, where several nodes share the partitions.

use ledgerline_ids::Position;
use std::time::Duration;

use crate::ports::PartitionCommit;

/// What holds for a worker now.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    /// What it is to be.
    pub role: Role,
    /// Up to where the partition is committed, as far as its node knows.
    pub committed: Position,
    /// Whether it follows at all. Where it doesn't, it keeps nothing of its partition.
    pub follow: bool,
    /// A worker that kept nothing may begin: its files are those of a snapshot, or of the beginning, and
    /// this much at least is committed.
    pub begin: Option<Position>,
    /// Why its node doesn't know that any more, where it doesn't.
    pub trouble: Option<String>,
}

/// What a worker is to be. Instants are those of the machine's clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A follower: it judges what others committed, and commits nothing.
    Follow,
    /// The owner: it goes on where the partition was committed when its node got the lease.
    Own {
        /// The epoch of the lease, and that place.
        commit: PartitionCommit,
        /// When the lease may be over.
        until: Duration,
    },
    /// The owner that is to become a follower: it judges no more, and commits what is judged.
    Drain {
        /// The epoch of the lease.
        epoch: u64,
        /// When the lease may be over.
        until: Duration,
    },
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            role: Role::Follow,
            committed: Position(0),
            follow: true,
            begin: None,
            trouble: None,
        }
    }
}
