//! Facts and leases in memory: what a simulation and tests have in the place of a database.

use async_trait::async_trait;
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{PartitionId, Position};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use super::counted_deltas::{CountedKey, StoredCounts};
use super::facts::{CommitError, FactStore, PartitionCommit, PartitionDelta, PartitionTotals};
use super::leases::{Held, Lease, LeaseStore, NodeId, Standing};
use super::{Clock, StoreError};

/// What such a store holds: every call one change, or none. Times are milliseconds of the store's
/// clock.
#[derive(Debug, Clone, Default)]
pub struct KeptFacts {
    partitions: Vec<PartitionTotals>,
    leases: BTreeMap<PartitionId, KeptLease>,
    nodes: BTreeMap<NodeId, (Lasting, BTreeSet<PartitionId>)>,
    counted: KeptCounted,
}

/// By what is counted: rows as commits inserted them, and what was rolled up.
#[derive(Debug, Clone, Default)]
struct KeptCounted {
    up_to: BTreeMap<PartitionId, Position>,
    inserted: VecDeque<(CountedKey, i64)>,
    sums: BTreeMap<CountedKey, i64>,
}

#[derive(Debug, Clone)]
struct KeptLease {
    node: NodeId,
    /// A lease is of one epoch: whoever raises it otherwise ends the lease.
    epoch: u64,
    lasting: Lasting,
}

/// Something that is so for a while from a moment on.
#[derive(Debug, Clone, Copy)]
struct Lasting {
    since_ms: u64,
    lasts_ms: u64,
}

impl Lasting {
    fn is_over(self, now_ms: u64) -> bool {
        self.since_ms.abs_diff(now_ms) >= self.lasts_ms
    }
}

impl KeptFacts {
    /// Takes all partitions over, as [`FactStore::take_over`].
    ///
    /// # Errors
    /// Where there are more.
    pub fn take_over(&mut self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError> {
        self.are_at_most(partitions)?;
        self.raise_epochs();
        self.make_missing(partitions);
        Ok(self.committed())
    }

    /// Takes over what there is, whoever has it.
    pub fn raise_epochs(&mut self) {
        self.partitions.iter_mut().for_each(|totals| totals.commit.epoch += 1);
    }

    /// As [`FactStore::commit`].
    ///
    /// # Errors
    /// Where a partition has another epoch or is at another position.
    pub fn commit(&mut self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        let mut partitions = self.partitions.clone();
        for delta in deltas {
            let fenced = CommitError::Fenced { partition: delta.partition };
            let held = partitions.get_mut(usize::from(delta.partition.0));
            let is_zombie = |held: &PartitionTotals| {
                !cfg!(feature = "canary-zombie-commits") && held.commit.epoch != delta.epoch
            };
            let held = held
                .filter(|held| held.commit.position == delta.expected && !is_zombie(held))
                .ok_or(fenced.clone())?;
            add(held, delta);
            let up_to = self.counted_position(delta.partition);
            let Some(counted) = &delta.counted_by else { continue };
            if counted.expected != up_to {
                return Err(fenced);
            }
            if !(counted.expected..=delta.position).contains(&counted.position) {
                let detail = format!("{} isn't committed", counted.position);
                return Err(StoreError { what: "committing what counts", detail }.into());
            }
        }
        self.partitions = partitions;
        for delta in deltas {
            let Some(counted) = &delta.counted_by else { continue };
            self.counted.up_to.insert(delta.partition, counted.position);
            self.counted.inserted.extend(counted.rows.clone());
        }
        Ok(())
    }

    /// As [`FactStore::committed`].
    #[must_use]
    pub fn committed(&self) -> Vec<PartitionCommit> {
        self.partitions.iter().map(|totals| totals.commit).collect()
    }

    /// As [`FactStore::totals`].
    #[must_use]
    pub fn totals(&self) -> Vec<PartitionTotals> {
        self.partitions.clone()
    }

    /// As [`FactStore::counted_position`].
    #[must_use]
    pub fn counted_position(&self, partition: PartitionId) -> Position {
        self.counted.up_to.get(&partition).copied().unwrap_or_default()
    }

    /// As [`FactStore::roll_up`].
    pub fn roll_up(&mut self, rows_max: u32) -> u32 {
        let mut rolled = 0;
        while rolled < rows_max
            && let Some((key, plays)) = self.counted.inserted.pop_front()
        {
            *self.counted.sums.entry(key).or_default() += plays;
            rolled += 1;
        }
        self.counted.sums.retain(|_, plays| *plays != 0);
        rolled
    }

    /// As [`FactStore::counted_by`].
    ///
    /// # Errors
    /// Of listeners there is nothing.
    pub fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError> {
        let value: fn(&CountedKey) -> String = match by {
            Dimension::Track => |key| key.track.to_string(),
            Dimension::Territory => |key| key.territory.to_string(),
            Dimension::Tier => |key| key.tier.to_string(),
            Dimension::Day => |key| key.day.to_string(),
            Dimension::User => {
                let detail = "of listeners it has nothing".to_owned();
                return Err(StoreError { what: "reading what counts", detail });
            }
        };
        let mut counted = BTreeMap::new();
        let inserted = self.counted.inserted.iter().map(|(key, plays)| (key, plays));
        for (key, plays) in self.counted.sums.iter().chain(inserted) {
            if days.contain(key.day) {
                *counted.entry(value(key)).or_default() += plays;
            }
        }
        counted.retain(|_, plays| *plays != 0);
        let up_to = self.counted.up_to.iter().map(|(partition, to)| (*partition, *to)).collect();
        Ok(StoredCounts { up_to, counted })
    }

    /// As [`LeaseStore::prepare`].
    ///
    /// # Errors
    /// Where there are more.
    pub fn prepare(&mut self, partitions: u16) -> Result<(), StoreError> {
        self.are_at_most(partitions)?;
        self.make_missing(partitions);
        Ok(())
    }

    /// As [`LeaseStore::beat`].
    pub fn beat(
        &mut self,
        now_ms: u64,
        node: &NodeId,
        (held, warm): (&[Held], &BTreeSet<PartitionId>),
        lasts_ms: u64,
    ) -> Standing {
        let lasting = Lasting { since_ms: now_ms, lasts_ms };
        self.nodes.insert(node.clone(), (lasting, warm.clone()));
        for held in held {
            if self.has(node, *held)
                && let Some(lease) = self.leases.get_mut(&held.partition)
            {
                lease.lasting = lasting;
            }
        }
        self.standing(now_ms)
    }

    /// As [`LeaseStore::acquire`].
    pub fn acquire(
        &mut self,
        now_ms: u64,
        partition: PartitionId,
        node: &NodeId,
        lasts_ms: u64,
    ) -> Option<PartitionCommit> {
        if self.owner(now_ms, partition).is_some_and(|owner| owner != node) {
            return None;
        }
        let commit = &mut self.partitions.get_mut(usize::from(partition.0))?.commit;
        commit.epoch += 1;
        let lasting = Lasting { since_ms: now_ms, lasts_ms };
        let lease = KeptLease { node: node.clone(), epoch: commit.epoch, lasting };
        self.leases.insert(partition, lease);
        Some(*commit)
    }

    /// As [`LeaseStore::release`].
    pub fn release(&mut self, node: &NodeId, held: Held) -> bool {
        self.has(node, held) && self.leases.remove(&held.partition).is_some()
    }

    /// As [`LeaseStore::leave`].
    pub fn leave(&mut self, node: &NodeId) {
        self.leases.retain(|_, lease| lease.node != *node);
        self.nodes.remove(node);
    }

    /// As [`LeaseStore::standing`].
    #[must_use]
    pub fn standing(&self, now_ms: u64) -> Standing {
        let there = || self.nodes.iter().filter(|(_, (lasting, _))| !lasting.is_over(now_ms));
        let warm = |(node, (_, warm)): (&NodeId, &(_, BTreeSet<PartitionId>))| {
            (!warm.is_empty()).then(|| (node.clone(), warm.clone()))
        };
        let lease = |totals: &PartitionTotals| {
            let owner = self.owner(now_ms, totals.commit.partition).cloned();
            Lease { commit: totals.commit, owner }
        };
        Standing {
            nodes: there().map(|(node, _)| node.clone()).collect(),
            leases: self.partitions.iter().map(lease).collect(),
            warm: there().filter_map(warm).collect(),
        }
    }

    /// Whether `node` got this lease and nobody got the partition since.
    fn has(&self, node: &NodeId, held: Held) -> bool {
        self.leases.get(&held.partition).is_some_and(|lease| {
            lease.node == *node
                && lease.epoch == held.epoch
                && self.epoch(held.partition) == Some(held.epoch)
        })
    }

    fn owner(&self, now_ms: u64, partition: PartitionId) -> Option<&NodeId> {
        let lease = self.leases.get(&partition)?;
        let holds = self.epoch(partition) == Some(lease.epoch) && !lease.lasting.is_over(now_ms);
        holds.then_some(&lease.node)
    }

    fn epoch(&self, partition: PartitionId) -> Option<u64> {
        self.partitions.get(usize::from(partition.0)).map(|totals| totals.commit.epoch)
    }

    fn are_at_most(&self, partitions: u16) -> Result<(), StoreError> {
        let there = self.partitions.len();
        if there <= usize::from(partitions) {
            return Ok(());
        }
        let detail = format!("it holds {there} partitions, not {partitions}");
        Err(StoreError { what: "making the partitions", detail })
    }

    fn make_missing(&mut self, partitions: u16) {
        for number in self.partitions.len()..usize::from(partitions) {
            let partition = PartitionId(u16::try_from(number).expect("below a number of 16 bits"));
            let position = Position(0);
            self.partitions.push(PartitionTotals {
                commit: PartitionCommit { partition, epoch: 1, position, plays_bytes: 0 },
                accepted: BTreeMap::new(),
                verdicts: BTreeMap::new(),
                statuses: BTreeMap::new(),
                counted: BTreeMap::new(),
            });
        }
    }
}

fn add(totals: &mut PartitionTotals, delta: &PartitionDelta) {
    fn add_all<K: Ord + Copy>(sums: &mut BTreeMap<K, i64>, added: &BTreeMap<K, i64>) {
        for (key, number) in added {
            *sums.entry(*key).or_default() += number;
        }
        sums.retain(|_, sum| *sum != 0);
    }
    totals.commit.position = delta.position;
    totals.commit.plays_bytes = delta.plays_bytes;
    add_all(&mut totals.accepted, &delta.accepted);
    add_all(&mut totals.verdicts, &delta.verdicts);
    add_all(&mut totals.statuses, &delta.statuses);
    add_all(&mut totals.counted, &delta.counted);
}

/// Facts and leases in memory, by a clock of its own.
pub struct MemoryFacts {
    kept: Mutex<KeptFacts>,
    clock: Arc<dyn Clock>,
}

impl MemoryFacts {
    /// An empty store whose time is the wall-clock time of `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { kept: Mutex::default(), clock }
    }

    fn kept(&self) -> MutexGuard<'_, KeptFacts> {
        self.kept.lock().expect("no holder panics")
    }

    fn now_ms(&self) -> u64 {
        self.clock.now().get()
    }
}

#[async_trait]
impl FactStore for MemoryFacts {
    async fn take_over(&self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError> {
        self.kept().take_over(partitions)
    }

    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        self.kept().commit(deltas)
    }

    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError> {
        Ok(self.kept().committed())
    }

    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError> {
        Ok(self.kept().totals())
    }

    async fn counted_position(&self, partition: PartitionId) -> Result<Position, StoreError> {
        Ok(self.kept().counted_position(partition))
    }

    async fn roll_up(&self, rows_max: u32) -> Result<u32, StoreError> {
        Ok(self.kept().roll_up(rows_max))
    }

    async fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError> {
        self.kept().counted_by(by, days)
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl LeaseStore for MemoryFacts {
    async fn prepare(&self, partitions: u16) -> Result<(), StoreError> {
        self.kept().prepare(partitions)
    }

    async fn beat(
        &self,
        node: &NodeId,
        held: &[Held],
        warm: &BTreeSet<PartitionId>,
        lasts_ms: u64,
    ) -> Result<Standing, StoreError> {
        Ok(self.kept().beat(self.now_ms(), node, (held, warm), lasts_ms))
    }

    async fn acquire(
        &self,
        partition: PartitionId,
        node: &NodeId,
        lasts_ms: u64,
    ) -> Result<Option<PartitionCommit>, StoreError> {
        Ok(self.kept().acquire(self.now_ms(), partition, node, lasts_ms))
    }

    async fn release(&self, node: &NodeId, held: Held) -> Result<bool, StoreError> {
        Ok(self.kept().release(node, held))
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        self.kept().leave(node);
        Ok(())
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        Ok(self.kept().standing(self.now_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::{facts, leases};
    use ledgerline_ids::UnixMs;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    struct SetClock(AtomicU64);

    const NOON_MS: u64 = 1_772_366_400_000;

    impl Clock for SetClock {
        fn now(&self) -> UnixMs {
            UnixMs::new(self.0.load(Ordering::Relaxed)).expect("before 2109")
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    #[tokio::test]
    async fn facts_conform() {
        let clock = || Arc::new(SetClock(AtomicU64::new(NOON_MS)));
        facts::every_case(async || MemoryFacts::new(clock())).await;
    }

    #[tokio::test]
    async fn leases_conform() {
        leases::every_case(async || {
            let clock = Arc::new(SetClock(AtomicU64::new(NOON_MS)));
            let store = MemoryFacts::new(clock.clone());
            let set_off = Box::new(move |off_ms: i64| {
                clock.0.store(NOON_MS.saturating_add_signed(off_ms), Ordering::Relaxed);
            });
            leases::Clocked { store, set_off }
        })
        .await;
    }
}
