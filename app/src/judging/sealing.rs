//! Snapshots, beside the counting: what is in no run yet is set apart, a job elsewhere
//! writes the runs, and only what is quick is done by the worker. One job at a time.
//!
//! Where the disk refuses, counting goes on and the same is tried again later: a restart
//! then takes longer, and nothing else is lost.

use ledgerline_counting::fraud::BookEntry;
use ledgerline_counting::index;
use ledgerline_counting::{Partition, Unsealed};
use ledgerline_ids::PartitionId;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::memory::PartitionMemory;
use super::runs::{MergeJob, Run, SealJob, Sealed};
use super::snapshot::{self, Snapshot};
use crate::ports::drive::Drive;
use crate::ports::{Clock, Disk, LogError};

/// How long after a refusal the disk is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What became of the jobs since they were last asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing is to be done.
    Idle,
    /// A job is at work.
    Busy,
    /// A snapshot is on the disk.
    Taken(ledgerline_ids::Position),
    /// The disk refused, and is tried again later.
    Refused,
}

/// Takes one partition's snapshots and merges its runs.
pub(super) struct Sealer {
    partition: PartitionId,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    drive: Arc<dyn Drive>,
    runtime: Handle,
    /// What was set apart, and the snapshot that it is for, until that is on the disk.
    unsealed: Option<(Unsealed, Snapshot)>,
    /// A snapshot whose runs are there, but not its manifest.
    unwritten: Option<Snapshot>,
    job: Job,
    not_before: Duration,
}

enum Job {
    None,
    Seal(Done<Sealed>),
    MergeIndex(Merged<index::Sealed>),
    MergeBooks(Merged<BookEntry>),
}

type Done<T> = oneshot::Receiver<Result<T, LogError>>;

struct Merged<E> {
    from: usize,
    count: usize,
    done: Done<Option<Run<E>>>,
}

impl Sealer {
    pub(super) fn new(
        partition: PartitionId,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        drive: Arc<dyn Drive>,
        runtime: Handle,
    ) -> Self {
        Self {
            partition,
            disk,
            clock,
            drive,
            runtime,
            unsealed: None,
            unwritten: None,
            job: Job::None,
            not_before: Duration::ZERO,
        }
    }

    /// Whether a new snapshot may be begun.
    pub(super) fn is_free(&self) -> bool {
        self.unsealed.is_none()
            && self.unwritten.is_none()
            && matches!(self.job, Job::None)
            && self.clock.elapsed() >= self.not_before
    }

    /// Begins a snapshot of what `partition` and `memory` have now, all of which is
    /// committed.
    pub(super) fn begin(
        &mut self,
        snapshot: Snapshot,
        partition: &mut Partition,
        memory: &mut PartitionMemory,
    ) {
        memory.index.forget(snapshot.state.clock);
        self.unsealed = Some((partition.freeze(), snapshot));
        self.seal(memory);
    }

    /// Brings forward what was begun.
    ///
    /// # Errors
    /// Where a file is damaged: counting must not go on.
    pub(super) fn go_on(
        &mut self,
        partition: &mut Partition,
        memory: &mut PartitionMemory,
    ) -> Result<Outcome, LogError> {
        match std::mem::replace(&mut self.job, Job::None) {
            Job::None => {}
            Job::Seal(mut done) => match finished(&mut done) {
                None => {
                    self.job = Job::Seal(done);
                    return Ok(Outcome::Busy);
                }
                Some(Ok(sealed)) => self.sealed(sealed, partition, memory),
                Some(Err(error)) => return self.refused(error),
            },
            Job::MergeIndex(mut merge) => match finished(&mut merge.done) {
                None => {
                    self.job = Job::MergeIndex(merge);
                    return Ok(Outcome::Busy);
                }
                Some(Ok(run)) => memory.index.replace(merge.from, merge.count, run),
                Some(Err(error)) => return self.refused(error),
            },
            Job::MergeBooks(mut merge) => match finished(&mut merge.done) {
                None => {
                    self.job = Job::MergeBooks(merge);
                    return Ok(Outcome::Busy);
                }
                Some(Ok(run)) => memory.books.replace(merge.from, merge.count, run),
                Some(Err(error)) => return self.refused(error),
            },
        }
        if self.clock.elapsed() < self.not_before {
            return Ok(Outcome::Refused);
        }
        if let Some(snapshot) = self.unwritten.take() {
            return match self.write(&snapshot, memory) {
                Ok(()) => {
                    self.merge(partition, memory);
                    Ok(Outcome::Taken(snapshot.position))
                }
                Err(error) => {
                    self.unwritten = Some(snapshot);
                    self.refused(error)
                }
            };
        }
        if self.unsealed.is_some() {
            self.seal(memory);
            return Ok(Outcome::Busy);
        }
        Ok(Outcome::Idle)
    }

    /// Whether a job is at work.
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.job, Job::None)
    }

    /// Forgets what was begun and isn't at work: another snapshot will be taken of what is there then.
    pub(super) fn forget(&mut self) {
        assert!(!self.is_busy(), "a job may still write its files");
        self.unsealed = None;
        self.unwritten = None;
    }

    /// Leaves the disk, which refused, alone for a while.
    pub(super) fn refuse(&mut self) {
        self.not_before = self.clock.elapsed() + TRY_AGAIN_AFTER;
    }

    /// Waits until the job that is at work has ended.
    pub(super) async fn job_ended(&mut self) {
        match &mut self.job {
            Job::None => std::future::pending().await,
            Job::Seal(done) => keep(done).await,
            Job::MergeIndex(merge) => keep(&mut merge.done).await,
            Job::MergeBooks(merge) => keep(&mut merge.done).await,
        }
    }

    /// When to try again, where the disk refused.
    pub(super) fn tried_again_at(&self) -> Option<Duration> {
        let waits = self.unsealed.is_some() || self.unwritten.is_some();
        (waits && matches!(self.job, Job::None)).then_some(self.not_before)
    }

    fn seal(&mut self, memory: &mut PartitionMemory) {
        let Some((unsealed, _)) = &self.unsealed else { return };
        let job = SealJob {
            disk: self.disk.clone(),
            folder: snapshot::folder(self.partition),
            unsealed: unsealed.clone(),
            index_name: memory.index.next_name(),
            book_name: memory.books.next_name(),
        };
        self.job = Job::Seal(self.begin_job(move || job.run()));
    }

    /// Takes the new runs in. From here on they are looked into, whatever becomes of the
    /// manifest that is to name them.
    fn sealed(&mut self, sealed: Sealed, partition: &mut Partition, memory: &mut PartitionMemory) {
        let (_, snapshot) = self.unsealed.take().expect("a seal job has something to seal");
        if let Some(run) = sealed.index {
            memory.index.add(run);
        }
        if let Some(run) = sealed.books {
            memory.books.add(run);
        }
        partition.sealed();
        let (runs, books) = (memory.index.named(), memory.books.named());
        self.unwritten = Some(Snapshot { runs, books, ..snapshot });
    }

    fn write(&self, snapshot: &Snapshot, memory: &PartitionMemory) -> Result<(), LogError> {
        if cfg!(feature = "canary-runs-removed-early") {
            memory.index.remove_unnamed(&snapshot.runs)?;
        }
        snapshot::write(&*self.disk, self.partition, snapshot)?;
        memory.index.remove_unnamed(&snapshot.runs)?;
        memory.books.remove_unnamed(&snapshot.books)
    }

    fn merge(&mut self, partition: &Partition, memory: &mut PartitionMemory) {
        let (disk, folder) = (self.disk.clone(), snapshot::folder(self.partition));
        let clock = partition.clock();
        if let Some((from, runs)) = memory.index.piled_up() {
            let (count, with_oldest, name) = (runs.len(), from == 0, memory.index.next_name());
            let job = MergeJob { disk, folder, name, runs, with_oldest, clock };
            let done = self.begin_job(move || job.run());
            self.job = Job::MergeIndex(Merged { from, count, done });
        } else if let Some((from, runs)) = memory.books.piled_up() {
            let (count, with_oldest, name) = (runs.len(), from == 0, memory.books.next_name());
            let job = MergeJob { disk, folder, name, runs, with_oldest, clock };
            let done = self.begin_job(move || job.run());
            self.job = Job::MergeBooks(Merged { from, count, done });
        }
    }

    fn begin_job<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
    ) -> Done<T> {
        let (done, result) = oneshot::channel();
        let _within = self.runtime.enter();
        self.drive.begin(Box::new(move || {
            // The worker may have ended.
            let _ = done.send(work());
        }));
        result
    }

    /// What can't be written is tried again later; what is damaged stops the counting.
    fn refused(&mut self, error: LogError) -> Result<Outcome, LogError> {
        if matches!(error, LogError::Damaged { .. }) {
            return Err(error);
        }
        tracing::warn!(partition = %self.partition, %error, "no snapshot was taken");
        self.refuse();
        Ok(Outcome::Refused)
    }
}

/// Waits for a result and leaves it where it is.
async fn keep<T>(done: &mut Done<T>) {
    if let Ok(result) = (&mut *done).await {
        let (again, kept) = oneshot::channel();
        let _ = again.send(result);
        *done = kept;
    }
}

fn finished<T>(done: &mut Done<T>) -> Option<Result<T, LogError>> {
    match done.try_recv() {
        Ok(result) => Some(result),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => Some(Err(LogError::Io {
            file: "index".to_owned(),
            detail: "writing a run was broken off; the log says why".to_owned(),
        })),
    }
}
