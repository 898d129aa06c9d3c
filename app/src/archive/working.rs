//! All partitions, once or for ever.

use ledgerline_ids::{PartitionId, Position};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

use super::reading::last_run;
use super::runs::{Kind, first_of, folder};
use super::writing::{Source, Written};
use super::{Archive, ArchiveError, ArchiveReader, ArchiveSeen, Compared, key_fingerprint};
use crate::Deployment;
use crate::judging::Progress;
use crate::ports::BlobName;
use crate::ports::blobs::BLOB_PAGE_MAX;
use crate::ports::drive::apart;

/// What archiving a partition came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivedPartition {
    /// Which.
    pub partition: PartitionId,
    /// The position behind the last archived record.
    pub archived_to: Position,
    /// Up to where it was committed then.
    pub committed: Position,
    /// How many runs were written, by this call.
    pub runs: u64,
    /// How many records these have.
    pub records: u64,
    /// How many changes of counted plays.
    pub changes: u64,
}

/// How far a partition is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveStatus {
    /// Which.
    pub partition: PartitionId,
    /// The position behind the last archived record.
    pub archived_to: Position,
    /// Up to where it is committed.
    pub committed: Position,
    /// The oldest position that its log still has.
    pub log_start: Position,
    /// How many runs there are.
    pub runs: u64,
    /// How long the files of their records are together, in bytes.
    pub bytes: u64,
}

/// Archives a deployment, again and again, and remembers how far it came.
pub struct Archiver {
    deployment: Arc<Deployment>,
    archive: Archive,
    key_fingerprint: String,
    /// The last run of each partition: its name, and where it ends.
    last: BTreeMap<PartitionId, (BlobName, Position)>,
    /// Where a run begins that wasn't over, and up to where it was committed then.
    open: BTreeMap<PartitionId, (Position, Position)>,
}

/// So long after something failed it is tried again, at first …
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// … and at last.
const TRY_AGAIN_AFTER_MAX: Duration = Duration::from_mins(5);

/// How long to wait after so many failures in a row.
#[must_use]
pub fn pause_after(failures: u32) -> Duration {
    let doubled = TRY_AGAIN_AFTER * 2u32.saturating_pow(failures.saturating_sub(1).min(10));
    doubled.min(TRY_AGAIN_AFTER_MAX)
}

impl Archiver {
    /// Nothing is looked at yet.
    #[must_use]
    pub fn new(deployment: Arc<Deployment>, archive: Archive) -> Self {
        let key_fingerprint = key_fingerprint(&deployment.key);
        Self { deployment, archive, key_fingerprint, last: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// Writes every run that is over and committed and isn't there, partition by partition, and never
    /// more than one run at a time. Others may do the same at once. Given up in between, it goes on where
    /// it was the next time. `told` is called after each run.
    ///
    /// # Errors
    /// [`ArchiveError`]; what was written until then stays.
    pub async fn archive_once(
        &mut self,
        told: &(dyn Fn(&ArchivedPartition) + Sync),
    ) -> Result<Vec<ArchivedPartition>, ArchiveError> {
        let mut all = Vec::new();
        for (partition, progress) in self.deployment.progress() {
            all.push(self.archive_partition(partition, &progress, told).await?);
        }
        Ok(all)
    }

    async fn archive_partition(
        &mut self,
        partition: PartitionId,
        progress: &Progress,
        told: &(dyn Fn(&ArchivedPartition) + Sync),
    ) -> Result<ArchivedPartition, ArchiveError> {
        let (committed, plays_bytes) = (progress.committed, progress.plays_bytes);
        self.check_last_run(partition, committed).await?;
        let mut done = ArchivedPartition {
            partition,
            archived_to: self.archived_to(partition).await?,
            committed,
            runs: 0,
            records: 0,
            changes: 0,
        };
        // A worker that begins may have to build its plays log first, and may not have judged yet
        // what others committed and archived.
        while progress.ready && done.archived_to < committed {
            // What goes on was read up to there already, and wasn't over.
            if self.open.get(&partition) == Some(&(done.archived_to, committed)) {
                break;
            }
            let first = done.archived_to;
            let Some(run) = self.write_run(partition, (committed, plays_bytes), first).await?
            else {
                self.open.insert(partition, (first, committed));
                break;
            };
            if run.created {
                done.runs += 1;
                done.records += run.records;
                done.changes += run.changes;
            }
            done.archived_to = self.archived_to(partition).await?.max(run.end);
            told(&done);
        }
        Ok(done)
    }

    /// Archives now and every so often, for ever. What fails is told, and tried again after a while, less
    /// and less often; other partitions go on. What operators see of the deployment says how it goes.
    pub async fn archive_forever(mut self, every: Duration, seen: Arc<ArchiveSeen>) {
        let mut failures = 0;
        loop {
            let went_well = self.archive_all(&seen).await;
            failures = if went_well { 0 } else { failures + 1 };
            let pause = if went_well { every } else { pause_after(failures).min(every) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether all partitions went well.
    async fn archive_all(&mut self, seen: &ArchiveSeen) -> bool {
        let mut went_well = true;
        for (partition, progress) in self.deployment.progress() {
            match self.archive_partition(partition, &progress, &|_| {}).await {
                Ok(done) => {
                    if done.runs > 0 {
                        let (runs, to) = (done.runs, done.archived_to);
                        tracing::info!(%partition, runs, %to, "archived");
                    }
                    seen.went_well(partition, done.archived_to, done.runs);
                }
                Err(error) => {
                    went_well = false;
                    if error.may_pass() {
                        tracing::warn!(%partition, %error, "archiving waits, and is tried again");
                    } else {
                        tracing::error!(%partition, %error, "archiving has stopped until that is mended");
                    }
                    let now = self.deployment.clock.now();
                    seen.refused(Some(partition), error.to_string(), now);
                }
            }
        }
        went_well
    }

    /// How far each partition is archived.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn status(&mut self) -> Result<Vec<ArchiveStatus>, ArchiveError> {
        let mut all = Vec::new();
        for (partition, progress) in self.deployment.progress() {
            let archived_to = self.archived_to(partition).await?;
            let (runs, bytes) = self.size(partition).await?;
            all.push(ArchiveStatus {
                partition,
                archived_to,
                committed: progress.committed,
                log_start: self.deployment.log.start(partition),
                runs,
                bytes,
            });
        }
        Ok(all)
    }

    /// Compares each partition's archive with its logs, as far as these have what it has.
    ///
    /// # Errors
    /// [`ArchiveError`] where something can't be read: what differs is no error.
    pub async fn compare(&self) -> Result<Vec<(PartitionId, Compared)>, ArchiveError> {
        let mut all = Vec::new();
        for (partition, progress) in self.deployment.progress() {
            let reader = ArchiveReader::new(self.archive.clone(), &self.deployment.key);
            let source = self.source(partition, (progress.committed, progress.plays_bytes));
            let compared = apart(&*self.deployment.drive, move || source.compare(&reader)).await;
            all.push((partition, compared.unwrap_or(Err(ArchiveError::BrokenOff))?));
        }
        Ok(all)
    }

    async fn size(&self, partition: PartitionId) -> Result<(u64, u64), ArchiveError> {
        let folder = folder(Kind::Reports, partition);
        let (mut runs, mut bytes, mut last) = (0, 0, None);
        loop {
            let page = self.archive.blobs.list(Some(&folder), last.as_ref(), BLOB_PAGE_MAX).await?;
            runs += page.blobs.len() as u64;
            bytes += page.blobs.iter().map(|blob| blob.bytes).sum::<u64>();
            match page.blobs.last() {
                Some(newest) if page.more => last = Some(newest.name.clone()),
                _ => return Ok((runs, bytes)),
            }
        }
    }

    /// The position behind the last archived record.
    async fn archived_to(&mut self, partition: PartitionId) -> Result<Position, ArchiveError> {
        let known = self.last.get(&partition).cloned();
        let last = last_run(&self.archive, &self.key_fingerprint, partition, known).await?;
        let end = last.as_ref().map_or(Position(0), |(_, end)| *end);
        self.last.extend(last.map(|last| (partition, last)));
        Ok(end)
    }

    /// Looks, the first time, whether the archive's last run is what the log has there: an archive of
    /// another history, from before a restore, must not be gone on with.
    async fn check_last_run(
        &mut self,
        partition: PartitionId,
        committed: Position,
    ) -> Result<(), ArchiveError> {
        if self.last.contains_key(&partition) {
            return Ok(());
        }
        let archived = self.archived_to(partition).await?;
        let Some((name, _)) = self.last.get(&partition) else { return Ok(()) };
        if archived > committed {
            // Another node may be further than this one; where there is no other, this is older.
            self.last.remove(&partition);
            return match self.deployment.owning {
                Some(_) => Ok(()),
                None => Err(ArchiveError::Ahead { partition, archived, committed }),
            };
        }
        let first = first_of(name, self.archive.files.extension())?;
        let source = self.source(partition, (committed, 0));
        let (archive, runtime) = (self.archive.clone(), Handle::current());
        let work = move || source.check_run(&archive, &runtime, first).map(drop);
        let checked = apart(&*self.deployment.drive, work).await;
        checked.unwrap_or(Err(ArchiveError::BrokenOff)).inspect_err(|_| {
            self.last.remove(&partition);
        })
    }

    async fn write_run(
        &self,
        partition: PartitionId,
        judged: (Position, u64),
        first: Position,
    ) -> Result<Option<Written>, ArchiveError> {
        let source = self.source(partition, judged);
        let (archive, runtime) = (self.archive.clone(), Handle::current());
        let work = move || source.write_run(&archive, &runtime, first);
        apart(&*self.deployment.drive, work).await.unwrap_or(Err(ArchiveError::BrokenOff))
    }

    fn source(&self, partition: PartitionId, (committed, plays_bytes): (Position, u64)) -> Source {
        let deployment = &self.deployment;
        Source {
            key: deployment.key,
            key_fingerprint: self.key_fingerprint.clone(),
            partition,
            log: deployment.log.clone(),
            readers: deployment.readers.clone(),
            committed,
            plays_bytes,
        }
    }
}
