//! Leases: which node owns which partition, where several nodes share one log and one store.
//!
//! A lease is a promise of the store's clock and keeps nodes from getting in each other's way. What
//! keeps counts right is the epoch: a lease is got by raising it, in the very row that
//! [`FactStore::commit`](super::FactStore::commit) compares with, so whoever had the partition before
//! commits nothing more, whatever its own clock says. The store of leases and the store of facts are
//! therefore one.

use async_trait::async_trait;
use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::StoreError;
use super::facts::PartitionCommit;

/// What a process calls itself towards the others: no two processes ever have the same, so one that
/// was started again has another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Box<str>);

/// Why a text is no node's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no name of a node: it wants 1 to {NODE_BYTES_MAX} of the letters a to z, digits, \
     '.', '-', '_' and '/'"
)]
pub struct NodeIdError(String);

/// The longest name of a node, in bytes.
pub const NODE_BYTES_MAX: usize = 96;

impl NodeId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NodeIdError`] says what it may consist of.
    pub fn new(name: &str) -> Result<Self, NodeIdError> {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_/".contains(&byte)
        };
        if name.is_empty() || name.len() > NODE_BYTES_MAX || !name.bytes().all(allowed) {
            return Err(NodeIdError(name.to_owned()));
        }
        Ok(Self(name.into()))
    }

    /// What a process of this name calls itself that drew `number` when it started.
    #[must_use]
    pub fn started(&self, number: u32) -> Self {
        const SUFFIX_BYTES: usize = 9;
        let name = &self.0[..self.0.len().min(NODE_BYTES_MAX - SUFFIX_BYTES)];
        Self(format!("{name}/{number:08x}").into())
    }

    /// What operators call it: the same after it was started again.
    #[must_use]
    pub fn named(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(name, _)| name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// A lease, as the node has it that got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Of which partition.
    pub partition: PartitionId,
    /// The epoch that it was got with.
    pub epoch: u64,
}

/// A partition, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Up to where it is committed. The length of the plays log is that of whoever committed: another
    /// node's plays log has other addresses.
    pub commit: PartitionCommit,
    /// Who has a lease on it that isn't over.
    pub owner: Option<NodeId>,
}

/// Who is there and who owns what, all read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The nodes that were heard of lately, sorted.
    pub nodes: Vec<NodeId>,
    /// Every partition, in order.
    pub leases: Vec<Lease>,
    /// What each of the nodes keeps warm, as it said last: it has judged what was committed, and can own it
    /// at once. Those that keep nothing warm aren't in it.
    pub warm: BTreeMap<NodeId, BTreeSet<PartitionId>>,
}

impl Standing {
    /// Whether a node keeps a partition warm.
    #[must_use]
    pub fn is_warm(&self, node: &NodeId, partition: PartitionId) -> bool {
        self.warm.get(node).is_some_and(|warm| warm.contains(&partition))
    }
}

/// Partitions as a store keeps them: numbers and ranges of them, rising, `0-3,7`.
#[must_use]
pub fn partitions_text(partitions: &BTreeSet<PartitionId>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for PartitionId(number) in partitions {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let text = ranges.iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    text.collect::<Vec<_>>().join(",")
}

/// What such a text means; `None` where it is none.
#[must_use]
pub fn partitions_of_text(text: &str) -> Option<BTreeSet<PartitionId>> {
    let mut partitions = BTreeSet::new();
    for range in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        partitions.extend((first..=last).map(PartitionId));
    }
    (partitions_text(&partitions) == text).then_some(partitions)
}

/// Where nodes agree on who owns which partition. One transaction per call.
///
/// Time is the store's alone. Something that lasts `lasts_ms` from a moment on is over as soon as the
/// store's clock is that far *or farther* from that moment, in either direction: a clock that was set
/// back by a day doesn't keep a dead node's lease alive for a day.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Makes the partitions that are missing, which nobody owns, at position 0 and epoch 1. Those that
    /// are there stay as they are.
    ///
    /// # Errors
    /// [`StoreError`], also where it holds more partitions than that.
    async fn prepare(&self, partitions: u16) -> Result<(), StoreError>;

    /// Says that `node` is there and keeps `warm` warm, for `lasts_ms` from now on, and renews for as long
    /// each of its leases `held` that nobody else got since, whether it is over or not. What wasn't renewed
    /// has another owner or another epoch in the answer.
    ///
    /// # Errors
    /// [`StoreError`]; then it may have happened or not.
    async fn beat(
        &self,
        node: &NodeId,
        held: &[Held],
        warm: &BTreeSet<PartitionId>,
        lasts_ms: u64,
    ) -> Result<Standing, StoreError>;

    /// Gets a partition for `node` for `lasts_ms` from now on, where nobody has it or its lease is
    /// over or `node` has it itself: raises its epoch by one and says up to where it is committed.
    /// `None` where another node has it, or where there is no such partition.
    ///
    /// # Errors
    /// [`StoreError`]; then it may have happened or not, and may be tried again.
    async fn acquire(
        &self,
        partition: PartitionId,
        node: &NodeId,
        lasts_ms: u64,
    ) -> Result<Option<PartitionCommit>, StoreError>;

    /// Gives a lease back, so that it is anybody's at once. Says whether `node` still had it.
    ///
    /// # Errors
    /// [`StoreError`]; then it may have happened or not.
    async fn release(&self, node: &NodeId, held: Held) -> Result<bool, StoreError>;

    /// Gives back every lease that `node` has, and says that it is no longer there.
    ///
    /// # Errors
    /// [`StoreError`]; then it may have happened or not.
    async fn leave(&self, node: &NodeId) -> Result<(), StoreError>;

    /// Who is there and who owns what.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn standing(&self) -> Result<Standing, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_as_text() {
        for (numbers, text) in [
            (&[][..], ""),
            (&[0], "0"),
            (&[0, 1, 2, 3, 7], "0-3,7"),
            (&[5, 7, 8, 65_535], "5,7-8,65535"),
            (&[65_534, 65_535], "65534-65535"),
        ] {
            let partitions: BTreeSet<_> = numbers.iter().copied().map(PartitionId).collect();
            assert_eq!(partitions_text(&partitions), text);
            assert_eq!(partitions_of_text(text), Some(partitions));
        }
        for wrong in ["x", "3-1", "1,0", "0,1", "1-1", " 1", "65536", "1,", "-"] {
            assert_eq!(partitions_of_text(wrong), None, "{wrong}");
        }
    }
}
