//! What operators see of the snapshots.

use ledgerline_ids::{PartitionId, Position, UnixMs};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::manifest::Manifest;
use crate::Deployment;
use crate::metrics::{Metric, MetricKind};

/// The newest snapshot of a partition that this node owns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotView {
    /// The position after the last record that is in it; `None` where there is none in the store.
    pub position: Option<Position>,
    /// When it was put.
    pub taken_at: Option<UnixMs>,
    /// How many bytes it has.
    pub bytes: u64,
    /// Why the last one couldn't be put, where it couldn't.
    pub trouble: Option<String>,
}

/// What is known of the snapshots of the partitions that this node owns.
#[derive(Debug)]
pub struct SnapshotsSeen {
    warn_after: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    partitions: BTreeMap<PartitionId, SnapshotView>,
    refusals: u64,
}

impl SnapshotsSeen {
    pub(super) fn new(warn_after: Duration) -> Self {
        Self { warn_after, seen: Mutex::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.seen.lock().expect("no holder panics"))
    }

    pub(super) fn is_there(&self, partition: PartitionId, manifest: &Manifest) {
        self.with(|seen| {
            let view = seen.partitions.entry(partition).or_default();
            view.position = Some(Position(manifest.position));
            view.taken_at = UnixMs::new(manifest.taken_at_ms).ok();
            view.bytes = manifest.bytes();
            view.trouble = None;
        });
    }

    pub(super) fn refused(&self, partition: PartitionId, why: &str) {
        self.with(|seen| {
            seen.refusals += 1;
            seen.partitions.entry(partition).or_default().trouble = Some(why.to_owned());
        });
    }

    pub(super) fn is_not_ours(&self, partition: PartitionId) {
        self.with(|seen| seen.partitions.remove(&partition));
    }

    /// Whether the partition has gone on, and its newest snapshot is as old as that, or there is none.
    pub(super) fn is_due(
        &self,
        partition: PartitionId,
        committed: Position,
        now: UnixMs,
        every: Duration,
    ) -> bool {
        let view = self.of(partition).unwrap_or_default();
        let gone_on = view.position.unwrap_or_default() < committed;
        let age = view.taken_at.map(|at| Duration::from_millis(now.since(at)));
        gone_on && age.is_none_or(|age| age >= every)
    }

    /// Of a partition; `None` where another node owns it.
    #[must_use]
    pub fn of(&self, partition: PartitionId) -> Option<SnapshotView> {
        self.with(|seen| seen.partitions.get(&partition).cloned())
    }

    /// How many uploads were refused since the start.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.with(|seen| seen.refusals)
    }

    /// One sentence where a partition has gone on for too long without a snapshot.
    fn warning(&self, partition: PartitionId, committed: Position, now: UnixMs) -> Option<String> {
        let view = self.of(partition)?;
        let why = view.trouble.as_ref().map_or(String::new(), |why| format!(": {why}"));
        if !self.is_due(partition, committed, now, self.warn_after) {
            return None;
        }
        Some(match view.taken_at {
            Some(at) => {
                let minutes = now.since(at) / 60_000;
                format!("the newest snapshot of {partition} is {minutes} minutes old{why}")
            }
            None if view.trouble.is_some() => {
                format!("{partition} has no snapshot in the store of blobs{why}")
            }
            None => return None,
        })
    }
}

impl Deployment {
    /// Shows from now on what is known of snapshots.
    pub(super) fn show_snapshots(&self, seen: std::sync::Arc<SnapshotsSeen>) {
        // Whoever begins a second time shows the same.
        let _ = self.snapshots.set(seen);
    }

    /// What is known of the snapshots of the partitions that this node owns; `None` where none are put.
    #[must_use]
    pub fn snapshots(&self) -> Option<&SnapshotsSeen> {
        self.snapshots.get().map(|seen| &**seen)
    }

    /// What operators should look after besides standbys, one sentence each; counting goes on meanwhile.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.archive_warnings();
        warnings.extend(self.closes_warnings());
        let Some(seen) = self.snapshots() else { return warnings };
        let of = |worker: &crate::judging::Worker| {
            let committed = worker.progress.borrow().committed;
            seen.warning(worker.partition, committed, self.clock.now())
        };
        warnings.extend(self.workers.iter().filter_map(of));
        warnings
    }

    /// Numbers of the snapshots; none where none are put.
    pub(crate) fn snapshot_metrics(&self) -> Vec<Metric> {
        let Some(seen) = self.snapshots() else { return Vec::new() };
        let mut metrics = vec![Metric {
            name: "ledgerline_snapshot_refusals_total",
            help: "Snapshots that could not be put into the store of blobs.",
            kind: MetricKind::Counter,
            labels: Vec::new(),
            value: seen.refusals(),
        }];
        let now = self.clock.now();
        for worker in &self.workers {
            let Some(view) = seen.of(worker.partition) else { continue };
            let rows = [
                (
                    "ledgerline_snapshot_age_seconds",
                    "Age of the newest snapshot in the store of blobs.",
                    view.taken_at.map(|at| now.since(at) / 1000),
                ),
                (
                    "ledgerline_snapshot_bytes",
                    "Length of the newest snapshot in the store of blobs.",
                    view.taken_at.map(|_| view.bytes),
                ),
                (
                    "ledgerline_snapshot_position",
                    "Position that the newest snapshot in the store of blobs is of.",
                    view.position.map(|position| position.0),
                ),
            ];
            for (name, help, value) in rows {
                let labels = vec![("partition", worker.partition.to_string())];
                metrics.extend(value.map(|value| Metric {
                    name,
                    help,
                    kind: MetricKind::Gauge,
                    labels,
                    value,
                }));
            }
        }
        metrics.sort_by_key(|metric| metric.name);
        metrics
    }
}
