//! What operators see of who owns what.

use ledgerline_ids::{PartitionId, Position};
use std::time::Duration;

use super::Owning;
use crate::Deployment;
use crate::judging::Progress;
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
    /// How many nodes besides the owner are to keep each partition warm.
    pub standbys: usize,
    /// In the order of the partitions.
    pub partitions: Vec<PartitionOwnership>,
}

/// What a node is to a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It has the lease.
    Owns,
    /// It judges what the owner commits, and could go on at once.
    StandsBy,
    /// It is to stand by, or to own it, and isn't as far yet.
    CatchesUp,
    /// It keeps nothing of it.
    None,
}

impl Part {
    /// As operators read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owns => "owns",
            Self::StandsBy => "stands_by",
            Self::CatchesUp => "catches_up",
            Self::None => "not_followed",
        }
    }
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
    /// What this node is to it.
    pub part: Part,
    /// How many nodes besides the owner keep it warm.
    pub warm: usize,
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

impl Owning {
    /// Whether whoever owns the first partition follows all of them, as far as is known; where nobody has
    /// it, somebody soon will.
    pub(crate) fn first_owner_follows_all(&self) -> bool {
        let seen = self.seen.lock().expect("no holder panics");
        let Some(standing) = &seen.standing else { return true };
        let Some(first) = standing.leases.first() else { return true };
        let Some(owner) = &first.owner else { return true };
        standing.warm.get(owner).is_some_and(|warm| warm.len() == standing.leases.len())
    }
}

fn part(progress: &Progress, is_to_follow: bool) -> Part {
    if progress.owns.is_some() {
        return Part::Owns;
    }
    match (progress.follows, progress.ready) {
        (true, true) => Part::StandsBy,
        (false, _) if !is_to_follow => Part::None,
        _ => Part::CatchesUp,
    }
}

impl Deployment {
    /// What of the standbys is missing, a sentence for each partition; counting goes on meanwhile.
    #[must_use]
    pub fn standby_warnings(&self) -> Vec<String> {
        let Some(view) = self.ownership() else { return Vec::new() };
        let wanted = view.standbys.min(view.nodes.len().saturating_sub(1));
        let lacks = view.partitions.iter().filter(|of| of.warm < wanted);
        lacks
            .map(|of| {
                let (partition, warm) = (of.partition, of.warm);
                format!(
                    "{warm} nodes stand by for {partition}, and {wanted} should: if its owner dies \
                     now, it is counted on only once another has built it"
                )
            })
            .collect()
    }

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
            let owner = lease.and_then(|lease| lease.owner.as_ref());
            let others = |standing: &Standing| {
                let warm = standing.warm.iter().filter(|(node, _)| Some(*node) != owner);
                warm.filter(|(_, of)| of.contains(&worker.partition)).count()
            };
            PartitionOwnership {
                partition: worker.partition,
                part: part(&progress, self.is_to_follow(worker.partition)),
                warm: seen.standing.as_ref().map_or(0, others),
                owner: lease.and_then(|lease| lease.owner.clone()),
                owned_here: progress.owns.is_some(),
                epoch: progress.owns.or(lease.map(|lease| lease.commit.epoch)).unwrap_or(0),
                committed: known.unwrap_or_default().max(progress.committed),
                read_to: progress.committed,
                log_end: *self.log.end(worker.partition).borrow(),
                failed: progress.failed.clone().or_else(|| owning.why_unready(worker.partition)),
            }
        });
        Some(OwnershipView {
            node: owning.node.clone(),
            nodes: seen.standing.as_ref().map_or_else(Vec::new, |it| it.nodes.clone()),
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            trouble: seen.trouble.clone(),
            standbys: owning.standbys,
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
                    "ledgerline_partition_followed",
                    "1 where this node owns the partition, stands by for it or is about to.",
                    u64::from(of.part != Part::None),
                ),
                (
                    "ledgerline_partition_standbys",
                    "Nodes besides the owner that keep the partition warm.",
                    of.warm as u64,
                ),
                (
                    "ledgerline_follower_lag_records",
                    "Committed records that this node is to judge and hasn't yet.",
                    match of.part {
                        Part::None => 0,
                        _ => of.committed.0.saturating_sub(of.read_to.0),
                    },
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
