//! What operators see of an archive that is written for ever.

use ledgerline_ids::{PartitionId, Position, UnixMs};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::Archive;
use crate::Deployment;
use crate::metrics::{Metric, MetricKind};

/// Why something isn't archived, and since when it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    why: String,
    since: UnixMs,
}

/// What is known of the archive that a node writes, or could read.
#[derive(Default)]
pub struct ArchiveSeen {
    place: OnceLock<Archive>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The position behind the last archived record.
    archived_to: BTreeMap<PartitionId, Position>,
    /// Up to where the log was released behind it.
    released_to: BTreeMap<PartitionId, Position>,
    runs: u64,
    refusals: u64,
    /// Of a partition, or of the store itself.
    trouble: BTreeMap<Option<PartitionId>, Trouble>,
    /// Why a partition's log isn't released.
    unreleased: BTreeMap<PartitionId, String>,
}

impl ArchiveSeen {
    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.seen.lock().expect("no holder panics"))
    }

    pub(super) fn went_well(&self, partition: PartitionId, archived_to: Position, runs: u64) {
        self.with(|seen| {
            seen.archived_to.insert(partition, archived_to);
            seen.runs += runs;
            seen.trouble.remove(&Some(partition));
        });
    }

    pub(super) fn released(&self, partition: PartitionId, to: Position) {
        self.with(|seen| {
            seen.released_to.insert(partition, to);
            seen.unreleased.remove(&partition);
        });
    }

    pub(super) fn nothing_to_release(&self, partition: PartitionId) {
        self.with(|seen| seen.unreleased.remove(&partition));
    }

    pub(super) fn not_released(&self, partition: PartitionId, why: String) {
        self.with(|seen| seen.unreleased.insert(partition, why));
    }

    /// Notes that it was refused: of a partition, or (`None`) that the store itself can't be opened.
    pub fn refused(&self, partition: Option<PartitionId>, why: String, now: UnixMs) {
        self.with(|seen| {
            seen.refusals += 1;
            let since = seen.trouble.get(&partition).map_or(now, |trouble| trouble.since);
            seen.trouble.insert(partition, Trouble { why, since });
        });
    }

    /// Notes that the store itself is there.
    pub fn opened(&self, archive: Archive) {
        self.with(|seen| seen.trouble.remove(&None));
        // It is opened once.
        let _ = self.place.set(archive);
    }

    /// Where it is, once that was reached.
    #[must_use]
    pub fn place(&self) -> Option<&Archive> {
        self.place.get()
    }

    /// The position behind the last archived record; `None` where that isn't known yet.
    #[must_use]
    pub fn archived_to(&self, partition: PartitionId) -> Option<Position> {
        self.with(|seen| seen.archived_to.get(&partition).copied())
    }

    /// One sentence for each thing that keeps it from being written, or the log from being released.
    fn warnings(&self, now: UnixMs) -> Vec<String> {
        self.with(|seen| {
            let archived = seen.trouble.iter().map(|(partition, trouble)| {
                let what = partition.map_or_else(|| "the archive".to_owned(), |it| it.to_string());
                let minutes = now.since(trouble.since) / 60_000;
                format!("{what} isn't archived, for {minutes} minutes now: {}", trouble.why)
            });
            let unreleased = seen.unreleased.iter();
            let released = unreleased.map(|(it, why)| format!("{it} isn't released: {why}"));
            archived.chain(released).collect()
        })
    }
}

impl Deployment {
    /// Shows from now on what is known of the archive.
    pub fn show_archive(&self, seen: Arc<ArchiveSeen>) {
        // Whoever begins a second time shows the same.
        let _ = self.archive.set(seen);
    }

    /// What is known of the archive; `None` where no configuration names one.
    #[must_use]
    pub fn archive(&self) -> Option<&ArchiveSeen> {
        self.archive.get().map(|seen| &**seen)
    }

    /// What operators should look after.
    pub(crate) fn archive_warnings(&self) -> Vec<String> {
        self.archive().map(|seen| seen.warnings(self.clock.now())).unwrap_or_default()
    }

    /// Numbers of the archive; none where no configuration names one.
    pub(crate) fn archive_metrics(&self) -> Vec<Metric> {
        let Some(seen) = self.archive() else { return Vec::new() };
        let (archived_to, released_to, runs, refusals) = seen.with(|seen| {
            (seen.archived_to.clone(), seen.released_to.clone(), seen.runs, seen.refusals)
        });
        let total = |name, help, value| Metric {
            name,
            help,
            kind: MetricKind::Counter,
            labels: Vec::new(),
            value,
        };
        let mut metrics = vec![
            total(
                "ledgerline_archive_runs_total",
                "Runs of the report log that were put into the archive since the start.",
                runs,
            ),
            total(
                "ledgerline_archive_refusals_total",
                "Times that something could not be archived.",
                refusals,
            ),
        ];
        for (name, help, positions) in [
            (
                "ledgerline_archive_position",
                "Position behind the last archived record.",
                archived_to,
            ),
            (
                "ledgerline_released_position",
                "Position up to which the log was released behind snapshots and archive.",
                released_to,
            ),
        ] {
            metrics.extend(positions.into_iter().map(|(partition, position)| Metric {
                name,
                help,
                kind: MetricKind::Gauge,
                labels: vec![("partition", partition.to_string())],
                value: position.0,
            }));
        }
        metrics
    }
}
