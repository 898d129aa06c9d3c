//! What a partition's thread does: judge, commit, take snapshots, answer.

use ledgerline_counting::Partition;
use ledgerline_ids::{PlayId, Position, SourceName, UserId};
use ledgerline_records::control::TICK;
use ledgerline_records::frame::Records;
use ledgerline_records::play::{PlayIdentity, PlayKey, PlayRecord};
use ledgerline_records::{DecodeError, LogRecord};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::memory::PartitionMemory;
use super::runs::Runs;
use super::snapshot::{self, Snapshot};
use super::worker::{Found, Message, Progress, WorkerMetrics, WorkerParts, WorkerSettings};
use crate::intake::Overactive;
use crate::ports::{
    Clock, CommitError, Disk, FactStore, Frame, LogError, PartitionCommit, PartitionDelta,
    ReportLog,
};

/// How long a worker waits before it tries again what the disk or the store refused.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The state that the thread owns.
pub(super) struct Running {
    commit: PartitionCommit,
    /// Where the next record stands that is to be judged.
    position: Position,
    /// Up to here everything was committed before this worker started.
    committed_before: Position,
    snapshot_at: Position,
    /// No snapshot is tried again before this.
    snapshot_not_before: Duration,
    partition: Partition,
    memory: PartitionMemory,
    unticked: bool,
    log: Arc<dyn ReportLog>,
    end: watch::Receiver<Position>,
    facts: Arc<dyn FactStore>,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    overactive: Arc<Overactive>,
    settings: WorkerSettings,
    runtime: Handle,
    announce: watch::Sender<Progress>,
    metrics: Arc<WorkerMetrics>,
    last_commit: Duration,
}

/// Why a worker stops: the log, or the store of the facts.
#[derive(Debug, thiserror::Error)]
enum WorkerError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error("the record at position {position} can't be read: {detail}")]
    Record { position: Position, detail: String },
    #[error("stopped while waiting for the disk or the store")]
    Stopped,
}

impl Running {
    pub(super) fn build(
        commit: PartitionCommit,
        parts: WorkerParts,
        settings: WorkerSettings,
        runtime: Handle,
        announce: watch::Sender<Progress>,
        metrics: Arc<WorkerMetrics>,
    ) -> Result<Self, LogError> {
        let partition = commit.partition;
        let snapshot = snapshot::read(&*parts.disk, partition)?.unwrap_or_default();
        if snapshot.position > commit.position {
            return Err(LogError::Damaged {
                file: format!("{}/manifest", snapshot::folder(partition)),
                offset: 0,
                detail: format!(
                    "it is of position {}, but only {} is committed: state.db is older than the \
                     index. Restore the right state.db, or remove the folder {} to have it built \
                     again",
                    snapshot.position,
                    commit.position,
                    snapshot::folder(partition),
                ),
            });
        }
        let runs = Runs::open(parts.disk.clone(), snapshot::folder(partition), &snapshot.runs)?;
        let mut plays = parts.plays;
        if plays.length() < snapshot.plays_bytes {
            return Err(LogError::Damaged {
                file: format!("plays/{partition}"),
                offset: plays.length(),
                detail: format!(
                    "it is shorter than its snapshot says ({} bytes); remove the folders plays/{partition} \
                     and {} to have both built again from the report log",
                    snapshot.plays_bytes,
                    snapshot::folder(partition),
                ),
            });
        }
        plays.truncate(snapshot.plays_bytes)?;
        let mut memory = PartitionMemory::new(runs, plays);
        let mut counting = Partition::restore(parts.key, &snapshot.state);
        counting.report_overactive_from(settings.new_plays_per_listener_hour);
        recall(&mut counting, &mut memory, &snapshot)?;
        let end = parts.log.end(partition);
        Ok(Self {
            commit,
            position: snapshot.position,
            committed_before: commit.position,
            snapshot_at: snapshot.position,
            snapshot_not_before: Duration::ZERO,
            partition: counting,
            memory,
            unticked: true,
            log: parts.log,
            end,
            facts: parts.facts,
            disk: parts.disk,
            clock: parts.clock,
            overactive: parts.overactive,
            settings,
            runtime,
            announce,
            metrics,
            last_commit: Duration::ZERO,
        })
    }

    pub(super) fn run(&mut self, mut inbox: mpsc::Receiver<Message>) {
        if let Err(error) = self.work(&mut inbox) {
            // Corrupt money state stops counting: what was accepted stays in the log, and
            // the intake goes on.
            tracing::error!(partition = %self.commit.partition, %error, "counting has stopped");
            self.announce_failure(&error.to_string());
        }
    }

    /// Says that counting has stopped, and why.
    pub(super) fn announce_failure(&self, why: &str) {
        self.announce.send_modify(|progress| progress.failed = Some(why.to_owned()));
    }

    fn work(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<(), WorkerError> {
        let held_at_start = *self.end.borrow();
        loop {
            while let Ok(message) = inbox.try_recv() {
                if self.answer(message) {
                    return self.finish(inbox);
                }
            }
            let end = *self.end.borrow_and_update();
            if self.position < end {
                self.judge_some(inbox)?;
            }
            let caught_up = self.position >= end;
            if caught_up || self.clock.elapsed() - self.last_commit >= self.settings.commit_every {
                self.commit(self.position >= held_at_start, inbox)?;
            }
            if self.partition.table().len() >= self.settings.table_entries_max
                && self.clock.elapsed() >= self.snapshot_not_before
            {
                self.commit(self.position >= held_at_start, inbox)?;
                self.try_snapshot();
            }
            if caught_up && self.wait(inbox) {
                return self.finish(inbox);
            }
        }
    }

    /// Waits for more of the log or for a message. Says whether to stop.
    fn wait(&mut self, inbox: &mut mpsc::Receiver<Message>) -> bool {
        let runtime = self.runtime.clone();
        let message = runtime.block_on(async {
            tokio::select! {
                message = inbox.recv() => Some(message),
                changed = self.end.changed() => match changed {
                    Ok(()) => None,
                    // The log is closed: only messages come now.
                    Err(_) => Some(inbox.recv().await),
                },
            }
        });
        match message {
            Some(Some(message)) => self.answer(message),
            Some(None) => true,
            None => false,
        }
    }

    fn finish(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<(), WorkerError> {
        while self.position < *self.end.borrow_and_update() {
            self.judge_some(inbox)?;
        }
        self.commit(true, inbox)?;
        if self.position > self.snapshot_at {
            self.try_snapshot();
        }
        Ok(())
    }

    fn judge_some(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<(), WorkerError> {
        let partition = self.commit.partition;
        for frame in self.log.read(partition, self.position, self.settings.batch_bytes)? {
            self.judge_frame(&frame)?;
        }
        while let Err(error) = self.memory.plays.flush() {
            self.stall(&error.to_string(), inbox)?;
        }
        for (listener, _) in self.partition.take_overactive() {
            self.overactive.close(listener, self.partition.clock());
        }
        let table = self.partition.table().len() as u64;
        self.metrics.table_entries.store(table, Ordering::Relaxed);
        Ok(())
    }

    fn judge_frame(&mut self, frame: &Frame) -> Result<(), WorkerError> {
        let mut position = frame.header.first;
        for record in Records::new(&frame.payload) {
            let undecodable =
                |error: DecodeError| WorkerError::Record { position, detail: error.to_string() };
            let (_, bytes) = record.map_err(undecodable)?;
            if position >= self.position {
                let record = LogRecord::decode(bytes).map_err(undecodable)?;
                let at = frame.header.received_at;
                self.partition.apply(position, at, &record, &mut self.memory)?;
                self.unticked = bytes[0] != TICK;
                self.position = position.plus(1);
                if self.position == self.committed_before {
                    // All of this was committed before the restart.
                    let _ = self.partition.take_delta();
                }
            }
            position = position.plus(1);
        }
        Ok(())
    }

    /// Commits what was judged since the last commit: sums and position in one transaction.
    fn commit(
        &mut self,
        ready: bool,
        inbox: &mut mpsc::Receiver<Message>,
    ) -> Result<(), WorkerError> {
        self.last_commit = self.clock.elapsed();
        let plays_bytes = self.memory.plays.length();
        let moved = self.position > self.commit.position
            || (self.position == self.commit.position && plays_bytes != self.commit.plays_bytes);
        if moved {
            let delta = self.partition.take_delta();
            let delta = PartitionDelta {
                partition: self.commit.partition,
                epoch: self.commit.epoch,
                expected: self.commit.position,
                position: self.position,
                plays_bytes,
                accepted: delta.accepted,
                verdicts: delta.verdicts,
                statuses: delta.statuses,
                counted: delta.counted,
            };
            self.commit_once(&[delta], inbox)?;
            self.commit.position = self.position;
            self.commit.plays_bytes = plays_bytes;
            self.metrics.commits.fetch_add(1, Ordering::Relaxed);
        }
        let (commit, unticked) = (self.commit, self.unticked);
        let ticked_at = self.partition.evaluated_at();
        let caught_up = ready && commit.position == self.position;
        self.announce.send_if_modified(|progress| {
            let next = Progress {
                committed: commit.position,
                plays_bytes: commit.plays_bytes,
                ready: progress.ready || caught_up,
                unticked,
                ticked_at,
                stalled: None,
                failed: None,
            };
            let changed = *progress != next;
            *progress = next;
            changed
        });
        Ok(())
    }

    /// Commits, exactly once. After an unknown outcome the store is asked what it has.
    fn commit_once(
        &mut self,
        delta: &[PartitionDelta; 1],
        inbox: &mut mpsc::Receiver<Message>,
    ) -> Result<(), WorkerError> {
        let facts = self.facts.clone();
        let [PartitionDelta { partition, epoch, expected, position, plays_bytes, .. }] = delta;
        let done = PartitionCommit {
            partition: *partition,
            epoch: *epoch,
            position: *position,
            plays_bytes: *plays_bytes,
        };
        let mut outcome = self.runtime.block_on(facts.commit(delta));
        loop {
            match outcome {
                Ok(()) => return Ok(()),
                Err(error @ CommitError::Fenced { .. }) => return Err(error.into()),
                Err(CommitError::Store(error)) => {
                    self.stall(&error.to_string(), inbox)?;
                    outcome = match self.runtime.block_on(facts.committed()) {
                        Ok(commits) if commits.contains(&done) => Ok(()),
                        Ok(commits)
                            if commits.iter().any(|commit| {
                                (commit.partition, commit.epoch, commit.position)
                                    == (*partition, *epoch, *expected)
                            }) =>
                        {
                            self.runtime.block_on(facts.commit(delta))
                        }
                        Ok(_) => Err(CommitError::Fenced { partition: *partition }),
                        Err(error) => Err(CommitError::Store(error)),
                    };
                }
            }
        }
    }

    /// Waits a moment, says why, and answers what is asked meanwhile.
    fn stall(&mut self, why: &str, inbox: &mut mpsc::Receiver<Message>) -> Result<(), WorkerError> {
        tracing::warn!(partition = %self.commit.partition, why, "counting waits");
        self.announce.send_modify(|progress| progress.stalled = Some(why.to_owned()));
        let runtime = self.runtime.clone();
        let until = self.clock.elapsed() + TRY_AGAIN_AFTER;
        while let Some(left) = until.checked_sub(self.clock.elapsed()) {
            let message =
                runtime.block_on(async { tokio::time::timeout(left, inbox.recv()).await });
            match message {
                Ok(Some(message)) => {
                    if self.answer(message) {
                        return Err(WorkerError::Stopped);
                    }
                }
                Ok(None) => return Err(WorkerError::Stopped),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Seals the index entries in memory and writes a snapshot. Where that fails, counting
    /// goes on: a restart then takes longer, and nothing else is lost.
    fn try_snapshot(&mut self) {
        if let Err(error) = self.snapshot_now() {
            tracing::warn!(partition = %self.commit.partition, %error, "no snapshot was taken");
            self.snapshot_not_before = self.clock.elapsed() + TRY_AGAIN_AFTER * 10;
        }
    }

    fn snapshot_now(&mut self) -> Result<(), LogError> {
        self.memory.plays.sync()?;
        let sorted = self.partition.table().sorted();
        let state = self.partition.state();
        let runs = self.memory.runs.seal(&sorted, state.clock)?;
        let snapshot = Snapshot {
            position: self.position,
            plays_bytes: self.memory.plays.length(),
            runs,
            state,
        };
        snapshot::write(&*self.disk, self.commit.partition, &snapshot)?;
        self.memory.runs.remove_replaced()?;
        self.partition.sealed();
        self.snapshot_at = self.position;
        let (entries, bytes) = self.memory.runs.size();
        self.metrics.sealed_entries.store(entries, Ordering::Relaxed);
        self.metrics.sealed_bytes.store(bytes as u64, Ordering::Relaxed);
        self.metrics.table_entries.store(0, Ordering::Relaxed);
        self.metrics.snapshots.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Answers a message. Says whether it was to stop.
    fn answer(&mut self, message: Message) -> bool {
        match message {
            Message::Stop => true,
            Message::Find { source, user, play_id, reply } => {
                let found = self.find(source.as_deref(), user.as_deref(), &play_id);
                // Whoever asked may have gone.
                let _ = reply.send(found);
                false
            }
        }
    }

    fn find(&mut self, source: Option<&str>, user: Option<&str>, play_id: &str) -> Found {
        let Ok(play_id) = PlayId::new(play_id) else { return Vec::new() };
        let user = match user.map(UserId::new).transpose() {
            Ok(user) => user,
            Err(_) => return Vec::new(),
        };
        let sources: Vec<Box<str>> = match source {
            Some(source) => vec![source.into()],
            None => self.memory.sources.iter().cloned().collect(),
        };
        let mut found = Vec::new();
        for source in sources {
            let Ok(name) = SourceName::new(&source) else { continue };
            let identity = PlayIdentity { source: name, user, key: PlayKey::Keyed(play_id) };
            if let Ok(Some(address)) = self.partition.newest(&identity, &mut self.memory) {
                found.push((source, address));
            }
        }
        found
    }
}

/// Gives the partition every record of the plays log that its snapshot covers.
fn recall(
    counting: &mut Partition,
    memory: &mut PartitionMemory,
    snapshot: &Snapshot,
) -> Result<(), LogError> {
    let reader = memory.plays.reader();
    let mut broken = None;
    reader.scan(
        0,
        snapshot.plays_bytes,
        &mut |address, bytes| match PlayRecord::decode(bytes) {
            Ok(play) => {
                memory.note_source(&play);
                counting.recall(address, &play);
            }
            Err(error) => broken = broken.take().or(Some((address, error))),
        },
    )?;
    if let Some((address, error)) = broken {
        return Err(LogError::Damaged {
            file: "plays log".to_owned(),
            offset: address.0,
            detail: error.to_string(),
        });
    }
    counting.recalled(&snapshot.state);
    Ok(())
}
