//! What operators see of who owns what.

use ledgerline_ids::{PartitionId, Position};
use std::time::Duration;

use crate::Deployment;
use crate::metrics::{Metric, MetricKind};
use crate::ports::leases::{NodeId, Standing};

/// What a node learnt from the store last.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub standing: Option<Standing>,
    /// When it asked for that, by its clock that never goes back.
    pub beat_at: Option<Duration>,
    /// Why it doesn't know more, where it has asked in vain since.
    pub trouble: Option<String>,
}

/// Who owns what, as one node knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipView {
    /// This node.
    pub node: NodeId,
    /// The nodes that are there, sorted; this one too.
    pub nodes: Vec<NodeId>,
    /// How long ago that was true, in milliseconds; `None` before the store has answered.
    pub age_ms: Option<u64>,
    /// Why it isn't known better, where the store hasn't answered since.
    pub trouble: Option<String>,
    /// In the order of the partitions.
    pub partitions: Vec<PartitionOwnership>,
}

/// Who owns a partition, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionOwnership {
    /// Which.
    pub partition: PartitionId,
    /// Whose lease it is; `None` where nobody has it.
    pub owner: Option<NodeId>,
    /// Whether this node counts it now: it has the lease, and has judged what was committed before.
    pub owned_here: bool,
    /// The epoch of whoever got it last.
    pub epoch: u64,
    /// Up to where it is committed, as far as this node knows.
    pub committed: Position,
    /// Up to where it is read on this node.
    pub read_to: Position,
    /// The position after the last record of its log that this node knows of.
    pub log_end: Position,
    /// Why this node can't own it, where it can't.
    pub failed: Option<String>,
}

impl Deployment {
    /// Who owns what, as this node knows it; `None` where this process owns everything.
    #[must_use]
    pub fn ownership(&self) -> Option<OwnershipView> {
        let owning = self.owning.as_ref()?;
        let seen = owning.seen.lock().expect("no holder panics");
        let age = seen.beat_at.map(|at| self.clock.elapsed().saturating_sub(at));
        let partitions = self.workers.iter().map(|worker| {
            let progress = worker.progress.borrow();
            let place = usize::from(worker.partition.0);
            let lease = seen.standing.as_ref().and_then(|standing| standing.leases.get(place));
            let known = worker.orders.as_ref().map(|orders| orders.borrow().committed);
            PartitionOwnership {
                partition: worker.partition,
                owner: lease.and_then(|lease| lease.owner.clone()),
                owned_here: progress.owns.is_some(),
                epoch: progress.owns.or(lease.map(|lease| lease.commit.epoch)).unwrap_or(0),
                committed: known.unwrap_or_default().max(progress.committed),
                read_to: progress.committed,
                log_end: *self.log.end(worker.partition).borrow(),
                failed: progress.failed.clone(),
            }
        });
        Some(OwnershipView {
            node: owning.node.clone(),
            nodes: seen.standing.as_ref().map_or_else(Vec::new, |it| it.nodes.clone()),
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            trouble: seen.trouble.clone(),
            partitions: partitions.collect(),
        })
    }

    /// Numbers of who owns what; none where this process owns everything.
    pub(crate) fn ownership_metrics(&self) -> Vec<Metric> {
        let Some(view) = self.ownership() else { return Vec::new() };
        let gauge = |name, help, labels, value| Metric {
            name,
            help,
            kind: MetricKind::Gauge,
            labels,
            value,
        };
        let mut metrics = vec![gauge(
            "ledgerline_nodes",
            "Nodes that were heard of lately, this one included.",
            Vec::new(),
            view.nodes.len() as u64,
        )];
        metrics.extend(view.age_ms.map(|age_ms| {
            let help = "Time since this node's leases were renewed last.";
            gauge("ledgerline_lease_age_milliseconds", help, Vec::new(), age_ms)
        }));
        for of in &view.partitions {
            let rows = [
                (
                    "ledgerline_partition_owned",
                    "1 where this node owns the partition and counts it.",
                    u64::from(of.owned_here),
                ),
                (
                    "ledgerline_follower_lag_records",
                    "Committed records that this node hasn't judged yet.",
                    of.committed.0.saturating_sub(of.read_to.0),
                ),
            ];
            for (name, help, value) in rows {
                let labels = vec![("partition", of.partition.to_string())];
                metrics.push(gauge(name, help, labels, value));
            }
        }
        metrics.sort_by_key(|metric| metric.name);
        metrics
    }
}
