//! The leases that a node has, as far as it knows.

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::judging::Role;
use crate::ports::PartitionCommit;
use crate::ports::leases::{Held, NodeId, Standing};

/// A lease. Instants are those of this machine's clock that never goes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding {
    /// Its epoch, and where the partition was committed when it was got.
    pub commit: PartitionCommit,
    /// Until when it is relied on.
    pub until: Duration,
    /// Since when it is to be given up.
    pub draining_since: Option<Duration>,
}

/// All of them, and since when nobody has had the others.
#[derive(Debug, Default)]
pub(super) struct Hand {
    pub held: BTreeMap<PartitionId, Holding>,
    /// Whether the others count on this node.
    pub is_there: bool,
    /// Whether it has seen a standing of which it is a part.
    pub settled: bool,
    /// What is to be followed, where not everything is.
    pub follow: BTreeSet<PartitionId>,
    free_since: BTreeMap<PartitionId, Duration>,
}

impl Hand {
    pub(super) fn held(&self) -> Vec<Held> {
        let held = |(partition, holding): (&PartitionId, &Holding)| Held {
            partition: *partition,
            epoch: holding.commit.epoch,
        };
        self.held.iter().map(held).collect()
    }

    /// Those that were renewed last until then; the others are gone.
    pub(super) fn renewed(&mut self, node: &NodeId, standing: &Standing, until: Duration) {
        self.held.retain(|partition, holding| {
            let lease = standing.leases.get(usize::from(partition.0));
            let still = lease.is_some_and(|lease| {
                lease.owner.as_ref() == Some(node) && lease.commit.epoch == holding.commit.epoch
            });
            holding.until = until;
            still
        });
    }

    /// Nothing can be said of those whose time has run out.
    pub(super) fn drop_lapsed(&mut self, now: Duration) {
        self.held.retain(|_, holding| now < holding.until);
    }

    /// Leases of this node that it doesn't know of: it had no answer when it got them, or when it gave
    /// them back.
    pub(super) fn unknown(&self, node: &NodeId, standing: &Standing) -> Vec<Held> {
        let own = standing.leases.iter().filter(|lease| lease.owner.as_ref() == Some(node));
        let held =
            own.map(|lease| Held { partition: lease.commit.partition, epoch: lease.commit.epoch });
        held.filter(|held| !self.held.contains_key(&held.partition)).collect()
    }

    pub(super) fn note_free(&mut self, standing: &Standing, now: Duration) {
        for lease in &standing.leases {
            if lease.owner.is_some() {
                self.free_since.remove(&lease.commit.partition);
            } else {
                self.free_since.entry(lease.commit.partition).or_insert(now);
            }
        }
    }

    /// What nobody has had for so long.
    pub(super) fn forsaken(&self, now: Duration, long: Duration) -> BTreeSet<PartitionId> {
        let free = self.free_since.iter();
        let forsaken = free.filter(|(_, since)| now.saturating_sub(**since) >= long);
        forsaken.map(|(partition, _)| *partition).collect()
    }

    pub(super) fn draining(&self) -> BTreeSet<PartitionId> {
        let held = self.held.iter();
        let draining = held.filter(|(_, holding)| holding.draining_since.is_some());
        draining.map(|(partition, _)| *partition).collect()
    }

    /// What the partition's worker is to be.
    pub(super) fn role(&self, partition: PartitionId) -> Role {
        match self.held.get(&partition) {
            None => Role::Follow,
            Some(Holding { commit, until, draining_since: None }) => {
                Role::Own { commit: *commit, until: *until }
            }
            Some(Holding { commit, until, .. }) => {
                Role::Drain { epoch: commit.epoch, until: *until }
            }
        }
    }
}
