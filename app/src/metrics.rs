//! Numbers for the operator.

use ledgerline_ids::PartitionId;
use std::sync::atomic::Ordering;

use crate::Deployment;

/// Whether a number only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A number for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its name, in Prometheus' manner.
    pub name: &'static str,
    /// What it is, as a sentence.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: MetricKind,
    /// What tells it from others of its name.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: u64,
}

impl Deployment {
    /// Numbers for the operator, in the order in which they are to be shown.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for worker in &self.workers {
            let partition = worker.partition;
            let progress = worker.progress.borrow();
            let end = *self.log.end(partition).borrow();
            let numbers = &worker.metrics;
            let load = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
            let rows = [
                (
                    "ledgerline_log_end",
                    "Position after the last durable record.",
                    MetricKind::Gauge,
                    end.0,
                ),
                (
                    "ledgerline_committed_position",
                    "Position after the last judged and committed record.",
                    MetricKind::Gauge,
                    progress.committed.0,
                ),
                (
                    "ledgerline_counting_lag_records",
                    "Durable records that are not judged and committed yet, of partitions that are followed here.",
                    MetricKind::Gauge,
                    if progress.follows { end.0.saturating_sub(progress.committed.0) } else { 0 },
                ),
                (
                    "ledgerline_plays_log_bytes",
                    "Length of the plays log.",
                    MetricKind::Gauge,
                    progress.plays_bytes,
                ),
                (
                    "ledgerline_index_table_entries",
                    "Index entries that are not sealed yet.",
                    MetricKind::Gauge,
                    load(&numbers.table_entries),
                ),
                (
                    "ledgerline_index_sealed_entries",
                    "Index entries in sealed runs.",
                    MetricKind::Gauge,
                    load(&numbers.sealed_entries),
                ),
                (
                    "ledgerline_index_sealed_memory_bytes",
                    "Memory that sealed runs take.",
                    MetricKind::Gauge,
                    load(&numbers.sealed_bytes),
                ),
                (
                    "ledgerline_commits_total",
                    "Commits since the start.",
                    MetricKind::Counter,
                    load(&numbers.commits),
                ),
                (
                    "ledgerline_snapshots_total",
                    "Snapshots since the start.",
                    MetricKind::Counter,
                    load(&numbers.snapshots),
                ),
                (
                    "ledgerline_undecodable_records_total",
                    "Records that nobody could read, kept as dead letters since the start.",
                    MetricKind::Counter,
                    load(&numbers.undecodable),
                ),
                (
                    "ledgerline_counting_stopped",
                    "1 where counting has stopped or waits.",
                    MetricKind::Gauge,
                    u64::from(progress.failed.is_some() || progress.stalled.is_some()),
                ),
            ];
            for (name, help, kind, value) in rows {
                let labels = vec![("partition", partition.to_string())];
                metrics.push(Metric { name, help, kind, labels, value });
            }
        }
        metrics.sort_by_key(|metric| metric.name);
        // Of all partitions, whether or not they are judged here.
        metrics.extend((0..self.log.partitions()).map(|partition| self.intake_stopped(partition)));
        metrics.extend(self.ownership_metrics());
        metrics.extend(self.snapshot_metrics());
        metrics.extend(self.archive_metrics());
        metrics.extend(self.delivery().shown());
        metrics.extend(self.ingest().into_iter().flat_map(|ingest| ingest.shown()));
        metrics.extend(self.spool.iter().flat_map(|spool| spool.metrics()));
        metrics.push(Metric {
            name: "ledgerline_library_loads_total",
            help: "What was asked of the music library and had to be read, since it wasn't remembered.",
            kind: MetricKind::Counter,
            labels: Vec::new(),
            value: self.library().loads(),
        });
        metrics.push(Metric {
            name: "ledgerline_conservation_broken",
            help: "1 where reports aren't the sum of their verdicts, or a status has less than no plays.",
            kind: MetricKind::Gauge,
            labels: Vec::new(),
            value: u64::from(!self.sums_hold()),
        });
        let intake = self.intake.metrics();
        for (name, help, number) in [
            (
                "ledgerline_reports_accepted_total",
                "Reports acknowledged since the start.",
                &intake.accepted,
            ),
            (
                "ledgerline_bodies_busy_total",
                "Bodies refused because too much was waiting.",
                &intake.busy,
            ),
            (
                "ledgerline_bodies_storage_total",
                "Bodies refused because the disk was full or failed.",
                &intake.storage,
            ),
            ("ledgerline_bodies_limited_total", "Bodies refused by a limit.", &intake.limited),
        ] {
            let value = number.load(Ordering::Relaxed);
            metrics.push(Metric {
                name,
                help,
                kind: MetricKind::Counter,
                labels: Vec::new(),
                value,
            });
        }
        metrics
    }

    fn intake_stopped(&self, partition: u16) -> Metric {
        let partition = PartitionId(partition);
        let spooled = self.spool.as_ref().is_some_and(|spool| spool.takes(partition));
        Metric {
            name: "ledgerline_intake_stopped",
            help: "1 where the report log takes nothing, and no spool does: disks are full or failed, or brokers away.",
            kind: MetricKind::Gauge,
            labels: vec![("partition", partition.to_string())],
            value: u64::from(!spooled && self.log.refusal(partition).is_some()),
        }
    }
}
