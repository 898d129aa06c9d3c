//! What a partition's loop does: judge, commit, take snapshots, answer.

use ledgerline_counting::{Hashes, Partition, PartitionState};
use ledgerline_ids::{HashKey, Position, UnixMs};
use ledgerline_records::LogRecord;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::sync::watch;

mod committing;
mod counted;
mod finding;
mod frames;
mod publishing;
mod roles;

use super::memory::PartitionMemory;
use super::runs::Runs;
use super::sealing::{Outcome as Sealing, Sealer};
use super::snapshot::{self, Snapshot};
use super::worker::{Message, Progress, Telling, WorkerMetrics, WorkerParts, WorkerSettings};
use crate::intake::Overactive;
use crate::overview::Live;
use crate::ports::{
    Clock, CommitError, Disk, FactStore, LogError, Loop, PartitionCommit, PartitionDelta, PlaysLog,
    ReportLog, Step,
};
use committing::Outcome;
use counted::Deltas;
use publishing::Publishing;
pub(super) use roles::Roles;

/// How long a worker waits before it tries again what the disk or the store refused.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// While a snapshot is written, so many times the entries of one may come to wait.
const UNSEALED_MAX: usize = 2;

/// The state that the loop owns.
pub(super) struct Running {
    ground: Ground,
    /// Owner or follower, where nodes share the partitions; otherwise it is the owner.
    roles: Option<Roles>,
    /// What is committed, as far as it is known; the length is that of this plays log there.
    commit: PartitionCommit,
    /// Where the next record stands that is to be judged.
    position: Position,
    /// Up to here everything was committed before this worker started.
    committed_before: Position,
    /// Once this is judged the worker is ready.
    held_at_start: Position,
    /// What is on its way into the store, and whether it may be there already.
    uncommitted: Option<(PartitionDelta, Outcome)>,
    /// Where others are told what counts.
    publishing: Option<Publishing>,
    /// Where the store has by what is counted, too.
    deltas: Option<Deltas>,
    /// Until then the disk or the store, which refused, is left alone.
    stalled_until: Option<Duration>,
    /// What is judged is committed, and a snapshot taken, before the loop ends.
    stopping: bool,
    snapshot_at: Position,
    /// Somebody wants a snapshot, however little has changed.
    snapshot_wanted: bool,
    /// Whether the snapshot that is taken at the end was begun.
    last_snapshot_tried: bool,
    sealer: Sealer,
    partition: Partition,
    memory: PartitionMemory,
    unticked: bool,
    log: Arc<dyn ReportLog>,
    end: watch::Receiver<Position>,
    facts: Arc<dyn FactStore>,
    clock: Arc<dyn Clock>,
    overactive: Arc<Overactive>,
    live: Arc<Live>,
    settings: WorkerSettings,
    runtime: Handle,
    inbox: mpsc::Receiver<Message>,
    /// A message that came while there was nothing else to do.
    received: Option<Message>,
    announce: watch::Sender<Progress>,
    metrics: Arc<WorkerMetrics>,
    last_commit: Duration,
}

/// What a worker can be built on again.
struct Ground {
    key: HashKey,
    disk: Arc<dyn Disk>,
}

impl Ground {
    fn counting(&self, settings: &WorkerSettings, state: &PartitionState) -> Partition {
        let mut counting = Partition::restore(self.key, state);
        counting.report_overactive_from(settings.new_plays_per_listener_hour);
        counting
    }
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
    #[error(
        "position {known} was committed, and now it is {now}: the store of the facts is older than \
         what was read of it. Restore the right one"
    )]
    WentBack { known: Position, now: Position },
    #[error("stopped while waiting for the disk or the store")]
    Stopped,
}

impl Running {
    pub(super) fn build(
        commit: PartitionCommit,
        (parts, plays): (WorkerParts, Box<dyn PlaysLog>),
        settings: WorkerSettings,
        runtime: Handle,
        telling: Telling,
    ) -> Result<Self, LogError> {
        let Telling { announce, metrics, inbox, roles } = telling;
        let partition = commit.partition;
        let snapshot = snapshot::read(&*parts.disk, partition)?;
        if snapshot.is_some() {
            snapshot::make_names_durable(&*parts.disk, partition)?;
        }
        let snapshot = snapshot.unwrap_or_default();
        if snapshot.position > commit.position {
            return Err(LogError::Damaged {
                file: format!("{}/manifest", snapshot::folder(partition)),
                offset: 0,
                detail: format!(
                    "it is of position {}, but only {} is committed: the state (state.db, \
                     or the nodes' database) is older than the index. Restore the right one, or remove \
                     the folder {} to have it built again",
                    snapshot.position,
                    commit.position,
                    snapshot::folder(partition),
                ),
            });
        }
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
        let publishing = parts
            .counted_plays
            .map(|to| Publishing::new(to, plays.reader(), parts.key, snapshot.plays_bytes));
        let deltas = settings.deltas_every.map(|every| Deltas::new(every, plays.reader()));
        let folder = snapshot::folder(partition);
        let mut memory = PartitionMemory::new(
            Runs::open(parts.disk.clone(), folder.clone(), &snapshot.runs)?,
            Runs::open(parts.disk.clone(), folder, &snapshot.books)?,
            plays,
            (parts.key, &parts.sieves),
            &snapshot,
        );
        memory.plays.truncate(snapshot.plays_bytes)?;
        let ground = Ground { key: parts.key, disk: parts.disk.clone() };
        let counting = ground.counting(&settings, &snapshot.state);
        let sealer =
            Sealer::new(partition, parts.disk, parts.clock.clone(), parts.drive, runtime.clone());
        let end = parts.log.end(partition);
        // What else the log holds may be another node's to judge.
        let held_at_start = if roles.is_some() { commit.position } else { *end.borrow() };
        let running = Self {
            ground,
            roles,
            commit,
            position: snapshot.position,
            committed_before: commit.position,
            held_at_start,
            uncommitted: None,
            publishing,
            deltas,
            stalled_until: None,
            stopping: false,
            snapshot_at: snapshot.position,
            snapshot_wanted: false,
            last_snapshot_tried: false,
            sealer,
            partition: counting,
            memory,
            unticked: true,
            log: parts.log,
            end,
            facts: parts.facts,
            clock: parts.clock,
            overactive: parts.overactive,
            live: parts.live,
            settings,
            runtime,
            inbox,
            received: None,
            announce,
            metrics,
            last_commit: Duration::ZERO,
        };
        running.measure_sealed();
        Ok(running)
    }

    /// A fault: whatever was left of a partition is believed to be as new as what is committed.
    #[cfg(feature = "canary-stale-state-believed")]
    pub(super) fn believing_what_was_left(self) -> Self {
        Self { position: self.commit.position, ..self }
    }

    /// Lets everything go but what it is told and asked by.
    pub(super) fn into_telling(self) -> Telling {
        let Self { announce, metrics, inbox, roles, .. } = self;
        Telling { announce, metrics, inbox, roles }
    }

    /// Says that counting has stopped, and why.
    fn announce_failure(&self, why: &str) {
        self.announce.send_modify(|progress| progress.failed = Some(why.to_owned()));
    }

    fn try_step(&mut self) -> Result<Step, WorkerError> {
        self.answer_all();
        self.hear();
        if let Some(until) = self.stalled_until {
            if self.stopping {
                return Err(WorkerError::Stopped);
            }
            if self.clock.elapsed() < until {
                return Ok(Step::Idle);
            }
            self.stalled_until = None;
        }
        if let Some(damage) = self.log.damage(self.commit.partition) {
            return Err(damage.into());
        }
        self.go_on_sealing()?;
        if self.is_full() {
            return Ok(Step::Idle);
        }
        if let Some(step) = self.play_its_role()? {
            return Ok(step);
        }
        // What was refused comes before anything else.
        if !(self.flush()? && self.commit_begun()?) {
            return Ok(Step::Idle);
        }
        let end = *self.end.borrow_and_update();
        if self.position < end && !(self.judge_some(Position(u64::MAX))? && self.flush()?) {
            return Ok(Step::Idle);
        }
        let caught_up = self.position >= end;
        let due = self.clock.elapsed() - self.last_commit >= self.settings.commit_every;
        let full = self.wants_snapshot();
        let seals = self.sealer.is_busy() || (full && self.sealer.is_free());
        let ahead = cfg!(feature = "canary-snapshot-ahead-of-commit") && seals;
        if (caught_up || due) && !ahead && !self.commit()? {
            return Ok(Step::Idle);
        }
        if full && self.sealer.is_free() {
            if !cfg!(feature = "canary-snapshot-ahead-of-commit") && !self.commit()? {
                return Ok(Step::Idle);
            }
            self.begin_snapshot();
        }
        if !caught_up {
            return Ok(Step::Worked);
        }
        if !self.stopping {
            return Ok(Step::Idle);
        }
        self.last_steps()
    }

    /// What is left when everything is judged and committed: a snapshot, for a quick start.
    fn last_steps(&mut self) -> Result<Step, WorkerError> {
        match self.go_on_sealing()? {
            Sealing::Busy => return Ok(Step::Idle),
            Sealing::Taken(_) => return Ok(Step::Worked),
            // Whoever stops the server doesn't wait for room on the disk.
            Sealing::Refused => return Ok(Step::Ended),
            Sealing::Idle => {}
        }
        if self.position == self.snapshot_at || self.last_snapshot_tried {
            return Ok(Step::Ended);
        }
        self.last_snapshot_tried = true;
        self.begin_snapshot();
        Ok(Step::Worked)
    }

    fn go_on_sealing(&mut self) -> Result<Sealing, WorkerError> {
        let outcome = self.sealer.go_on(&mut self.partition, &mut self.memory)?;
        if let Sealing::Taken(position) = outcome {
            self.snapshot_at = position;
            self.measure_sealed();
            self.metrics.snapshots.fetch_add(1, Ordering::Relaxed);
        }
        Ok(outcome)
    }

    fn measure_sealed(&self) {
        let (index, books) = (self.memory.index.size(), self.memory.books.size());
        self.metrics.sealed_entries.store(index.0, Ordering::Relaxed);
        self.metrics.sealed_bytes.store((index.1 + books.1) as u64, Ordering::Relaxed);
    }

    /// Judges what comes next in the log, before `until`. Says whether that could be read, and
    /// all of it judged.
    fn judge_some(&mut self, until: Position) -> Result<bool, WorkerError> {
        let partition = self.commit.partition;
        let read = self.log.read(partition, self.position, self.settings.batch_bytes);
        // Nothing of it was judged yet, so it can be read again.
        if let Err(error @ LogError::Io { .. }) = &read {
            self.stall(&error.to_string());
            return Ok(false);
        }
        let mut all = true;
        for frame in read? {
            if !self.judge_frame(&frame, until)? {
                all = false;
                break;
            }
        }
        self.log.judged(partition, self.position);
        self.partition.finish_batch(&mut self.memory)?;
        for (listener, _) in self.partition.take_overactive() {
            self.overactive.close(listener, self.partition.clock());
        }
        let table = self.partition.table().len() as u64;
        self.metrics.table_entries.store(table, Ordering::Relaxed);
        Ok(all)
    }

    /// Hands what was judged to the plays log's files. Says whether they took it.
    fn flush(&mut self) -> Result<bool, WorkerError> {
        match self.memory.plays.flush() {
            Ok(()) => {
                self.memory.note_flushed();
                Ok(true)
            }
            Err(error @ LogError::Io { .. }) => {
                self.stall(&error.to_string());
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn judge(
        &mut self,
        position: Position,
        at: UnixMs,
        record: &LogRecord<'_>,
        hashes: Hashes,
    ) -> Result<(), WorkerError> {
        self.partition.apply_prepared(position, at, record, hashes, &mut self.memory)?;
        self.memory.note_record(position, record, hashes.play());
        self.unticked = !matches!(record, LogRecord::Tick(_));
        self.passed(position)
    }

    /// The record at `position` is done with.
    fn passed(&mut self, position: Position) -> Result<(), WorkerError> {
        self.position = position.plus(1);
        if self.position == self.committed_before && !cfg!(feature = "canary-restart-counts-again")
        {
            // All of this was committed before the restart.
            if !cfg!(feature = "canary-row-of-facts-counted-again") {
                self.partition.finish_batch(&mut self.memory)?;
            }
            let _ = self.partition.take_delta();
            self.nothing_to_publish();
        }
        Ok(())
    }

    /// Says why counting waits for a moment. What is asked meanwhile is answered.
    fn stall(&mut self, why: &str) {
        let news = self.announce.send_if_modified(|progress| {
            progress.stalled.replace(why.to_owned()).as_deref() != Some(why)
        });
        // A disk may be full for a day.
        if news {
            tracing::warn!(partition = %self.commit.partition, why, "counting waits");
        }
        self.stalled_until = Some(self.clock.elapsed() + TRY_AGAIN_AFTER);
    }

    /// Whether so much waits to be sealed that no more is judged before some of it is.
    fn is_full(&self) -> bool {
        let most = self.settings.table_entries_max.saturating_mul(UNSEALED_MAX);
        self.sealer.is_busy() && self.partition.table().len() >= most
    }

    /// Whether a snapshot is due: so much has changed, or somebody asked for one.
    fn wants_snapshot(&self) -> bool {
        let asked = self.snapshot_wanted && self.position > self.snapshot_at;
        asked || self.partition.table().len() >= self.settings.table_entries_max
    }

    /// Begins a snapshot of what is judged, which is committed.
    fn begin_snapshot(&mut self) {
        self.snapshot_wanted = false;
        if let Err(error) = self.memory.plays.sync() {
            tracing::warn!(partition = %self.commit.partition, %error, "no snapshot was taken");
            self.sealer.refuse();
            return;
        }
        self.memory.keep_sieves(self.position);
        let mut state = self.partition.state();
        if cfg!(feature = "canary-snapshot-forgets-dirty") {
            state.dirty.clear();
        }
        let snapshot = Snapshot {
            position: self.position,
            plays_bytes: self.memory.plays.length(),
            runs: Vec::new(),
            books: Vec::new(),
            sources: self.memory.sources.clone(),
            state,
        };
        self.sealer.begin(snapshot, &mut self.partition, &mut self.memory);
        self.metrics.table_entries.store(0, Ordering::Relaxed);
    }

    /// Answers what was asked, and notes where it is time to stop.
    fn answer_all(&mut self) {
        if let Some(message) = self.received.take() {
            self.answer(message);
        }
        loop {
            match self.inbox.try_recv() {
                Ok(message) => self.answer(message),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.stopping = true;
                    return;
                }
            }
        }
    }

    fn answer(&mut self, message: Message) {
        match message {
            Message::Stop => self.stopping = true,
            // One that is being taken is as good.
            Message::Snapshot => self.snapshot_wanted |= self.sealer.is_free(),
            Message::Knows { source, reply } => {
                // Whoever asked may have gone.
                let _ = reply.send(self.memory.sources.contains(&*source));
            }
            Message::Heard { listener, before, since, limit, reply } => {
                let heard = self.partition.heard(listener, before, since, limit, &self.memory);
                // Whoever asked may have gone.
                let _ = reply.send(heard);
            }
            Message::Find { source, user, play_id, reply } => {
                let found = self.find(source.as_deref(), user.as_deref(), &play_id);
                // Whoever asked may have gone.
                let _ = reply.send(found);
            }
        }
    }
}

impl Loop for Running {
    fn step(&mut self) -> Step {
        match self.try_step() {
            Ok(step) => step,
            Err(error) => {
                // Corrupt money state stops counting: what was accepted stays in the log,
                // and the intake goes on.
                tracing::error!(partition = %self.commit.partition, %error, "counting has stopped");
                self.announce_failure(&error.to_string());
                Step::Ended
            }
        }
    }

    /// Waits for more of the log, for a message, or until what refused may be tried again.
    fn wait(&mut self) {
        if self.stopping && !self.sealer.is_busy() {
            return;
        }
        let lapses_at = self.roles.as_ref().and_then(Roles::lapses_at);
        // A worker that waits for something refused has its own time.
        let counted_at = self.counted_due_at().filter(|_| self.stalled_until.is_none());
        let until = [self.stalled_until, self.sealer.tried_again_at(), lapses_at, counted_at];
        let until = until.into_iter().flatten().min();
        let left = until.map(|until| until.saturating_sub(self.clock.elapsed()));
        // Where the end has moved on, but nothing may be judged, only what may change that
        // is waited for.
        let held_up = self.stalled_until.is_some() || self.is_full();
        let (inbox, end, sealer) = (&mut self.inbox, &mut self.end, &mut self.sealer);
        let roles = &mut self.roles;
        let ordered = async {
            match roles {
                Some(roles) => roles.changed().await,
                None => std::future::pending().await,
            }
        };
        let more = async {
            if held_up {
                std::future::pending::<()>().await;
            }
            if end.changed().await.is_err() {
                // The log is closed: only messages come now.
                std::future::pending::<()>().await;
            }
        };
        let passed = async {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        let stopping = self.stopping;
        let received = self.runtime.block_on(async {
            tokio::select! {
                message = inbox.recv(), if !stopping => Some(message),
                () = more, if !stopping => None,
                () = ordered, if !stopping => None,
                () = sealer.job_ended() => None,
                () = passed => None,
            }
        });
        match received {
            Some(Some(message)) => self.received = Some(message),
            Some(None) => self.stopping = true,
            None => {}
        }
    }

    fn broken(&mut self) {
        self.announce_failure("an invariant is broken; the log says which");
    }
}
