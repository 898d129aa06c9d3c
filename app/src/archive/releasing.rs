//! The report log is let go of behind verified snapshots and a verified archive, and never before.

use ledgerline_ids::{PartitionId, Position};
use std::time::Duration;
use tokio::runtime::Handle;

use super::reading::runs_join;
use super::writing::Source;
use super::{Archive, ArchiveError, ArchiveReader, ArchiveSeen, key_fingerprint};
use crate::Deployment;
use crate::ports::drive::apart;
use crate::snapshots::Snapshots;

/// So many runs of a partition are verified and released at once; the next time it goes on.
const RUNS_AT_ONCE: usize = 64;

/// Why nothing of a partition is released.
enum Held {
    /// There isn't anything to release yet.
    NotYet,
    /// Something is broken.
    Broken(String),
}

impl<E: std::error::Error> From<E> for Held {
    fn from(error: E) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Deployment {
    /// Releases what is in snapshots and archive, now and every so often, for ever. What keeps a partition
    /// from being released is told, and looked at again.
    pub async fn release_forever(
        &self,
        archive: &Archive,
        snapshots: &Snapshots,
        every: Duration,
        seen: &ArchiveSeen,
    ) {
        loop {
            for (partition, progress) in self.progress() {
                let committed = progress.committed;
                let released = self.release(archive, snapshots, (partition, committed)).await;
                match released {
                    Ok(to) => {
                        tracing::info!(%partition, %to, "the log was released");
                        seen.released(partition, to);
                    }
                    Err(Held::NotYet) => seen.nothing_to_release(partition),
                    Err(Held::Broken(why)) => {
                        tracing::warn!(%partition, why, "the log isn't released");
                        seen.not_released(partition, why);
                    }
                }
            }
            tokio::time::sleep(every).await;
        }
    }

    /// Releases a partition's log up to the least of: the oldest kept snapshot, where all of them are whole;
    /// what the archive verifiably has; what is committed. Says where it begins then.
    async fn release(
        &self,
        archive: &Archive,
        snapshots: &Snapshots,
        (partition, committed): (PartitionId, Position),
    ) -> Result<Position, Held> {
        let start = self.log.start(partition);
        let snapshot = snapshots.releasable_of(partition).await?.ok_or(Held::NotYet)?;
        let until = snapshot.min(committed);
        if until <= start {
            return Err(Held::NotYet);
        }
        let source = Source {
            key: self.key,
            key_fingerprint: key_fingerprint(&self.key),
            partition,
            log: self.log.clone(),
            readers: self.readers.clone(),
            committed,
            plays_bytes: 0,
        };
        let (archive, runtime) = (archive.clone(), Handle::current());
        let reader = ArchiveReader::new(archive.clone(), &self.key);
        let verify = move || verified_to(&source, (&archive, &reader), &runtime, (start, until));
        let verified = apart(&*self.drive, verify).await;
        let verified = verified.unwrap_or(Err(ArchiveError::BrokenOff))?;
        let before = verified.min(until);
        if before <= start {
            return Err(Held::NotYet);
        }
        let log = self.log.clone();
        let released = apart(&*self.drive, move || log.release(partition, before)).await;
        released.ok_or(ArchiveError::BrokenOff)??;
        Ok(self.log.start(partition))
    }
}

/// Up to where the archive has what the log has from `start` on: each run is read, its records are compared
/// with the log's, and its changes of counted plays are there. Runs before are there as far as their
/// names tell. Blocks.
fn verified_to(
    source: &Source,
    (archive, reader): (&Archive, &ArchiveReader),
    runtime: &Handle,
    (start, until): (Position, Position),
) -> Result<Position, ArchiveError> {
    let partition = source.partition;
    let runs = reader.runs(partition)?;
    runs_join(partition, &runs, archive.limits)?;
    let from = runs.partition_point(|first| *first <= start).saturating_sub(1);
    let mut next = runs.get(from).copied().unwrap_or(start);
    for first in runs[from.min(runs.len())..].iter().take(RUNS_AT_ONCE) {
        if *first >= until {
            break;
        }
        if *first != next {
            return Err(super::reading::missing(partition, next, *first));
        }
        let (end, changes) = source.check_run(archive, runtime, *first)?;
        reader.check_changes(partition, (*first, changes))?;
        next = end;
    }
    Ok(next)
}
