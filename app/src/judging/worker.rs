//! A partition's worker: a loop that owns it.

use ledgerline_ids::{DayNo, HashKey, ListenerHash, PartitionId, Position, UnixMs};
use ledgerline_records::play::PlayAddress;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use super::orders::Orders;
use super::running::{Roles, Running};
use super::seat::Seat;
use super::sieve::Sieves;
use crate::intake::Overactive;
use crate::overview::Live;
use crate::ports::drive::{Drive, Driven, apart};
use crate::ports::{
    Clock, CountedPlays, Disk, FactStore, LogError, Loop, OpenPlaysLog, PartitionCommit, PlaysLog,
    ReportLog,
};

/// How a worker paces itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkerSettings {
    /// The most bytes of the log that are judged before anything else is looked at.
    pub batch_bytes: usize,
    /// The longest that a judged report waits for its commit, while reports keep coming.
    pub commit_every: Duration,
    /// The longest that the store waits for by what is counted, where it is to know that.
    pub deltas_every: Option<Duration>,
    /// How many index entries are kept in memory before they are sealed.
    pub table_entries_max: usize,
    /// More new plays of a listener than this in an hour close the intake for it.
    pub new_plays_per_listener_hour: u32,
    /// So long a follower waits for the owner before it says that it waits.
    pub patience: Duration,
}

/// How far a worker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The position after the last committed record.
    pub committed: Position,
    /// The length of the plays log there, in bytes.
    pub plays_bytes: u64,
    /// Whether it has caught up with what the log held when it started.
    pub ready: bool,
    /// Whether anything but a tick was judged since the last tick.
    pub unticked: bool,
    /// The greatest time that it was told.
    pub ticked_at: UnixMs,
    /// The epoch that it commits with, where it is the owner.
    pub owns: Option<u64>,
    /// The greatest epoch that it had and has no more; 0 where there is none.
    pub given_up: u64,
    /// Whether it follows its partition. Where it doesn't, it keeps nothing of it, and the other numbers are
    /// of when it did last.
    pub follows: bool,
    /// Why it waits before it tries again, where it does.
    pub stalled: Option<String>,
    /// Why it stopped, where it did.
    pub failed: Option<String>,
}

/// Plays that a name may mean: the source of each, and its newest record.
pub(crate) type Found = Vec<(Box<str>, PlayAddress)>;

/// When plays started, and where their newest records stand.
pub(crate) type Places = Vec<(UnixMs, PlayAddress)>;

/// What others ask of a worker, between two batches.
pub(super) enum Message {
    Find {
        source: Option<String>,
        user: Option<String>,
        play_id: String,
        reply: oneshot::Sender<Result<Found, LogError>>,
    },
    Heard {
        listener: ListenerHash,
        before: (UnixMs, PlayAddress),
        since: DayNo,
        limit: usize,
        reply: oneshot::Sender<Result<Places, LogError>>,
    },
    Knows {
        source: String,
        reply: oneshot::Sender<bool>,
    },
    Snapshot,
    Stop,
}

/// Numbers for the operator.
#[derive(Debug, Default)]
pub(crate) struct WorkerMetrics {
    pub table_entries: AtomicU64,
    pub sealed_entries: AtomicU64,
    pub sealed_bytes: AtomicU64,
    pub commits: AtomicU64,
    pub snapshots: AtomicU64,
    /// Records that nobody could read, and that were kept elsewhere.
    pub undecodable: AtomicU64,
}

/// Where a worker says how it is doing, and where it is told and asked.
pub(super) struct Telling {
    pub announce: watch::Sender<Progress>,
    pub metrics: Arc<WorkerMetrics>,
    pub inbox: mpsc::Receiver<Message>,
    pub roles: Option<Roles>,
}

/// The handle of a running worker.
pub(crate) struct Worker {
    pub partition: PartitionId,
    pub progress: watch::Receiver<Progress>,
    pub metrics: Arc<WorkerMetrics>,
    /// What it is told, where nodes share the partitions.
    pub orders: Option<watch::Sender<Orders>>,
    messages: mpsc::Sender<Message>,
    driven: std::sync::Mutex<Option<Box<dyn Driven>>>,
}

/// What a worker works with, each time that it begins.
#[derive(Clone)]
pub(crate) struct WorkerParts {
    pub key: HashKey,
    pub log: Arc<dyn ReportLog>,
    pub facts: Arc<dyn FactStore>,
    pub counted_plays: Option<Arc<dyn CountedPlays>>,
    pub disk: Arc<dyn Disk>,
    /// Those that others ask.
    pub sieves: Sieves,
    pub clock: Arc<dyn Clock>,
    pub overactive: Arc<Overactive>,
    pub live: Arc<Live>,
    pub drive: Arc<dyn Drive>,
}

/// What a worker begins with.
pub(crate) enum Beginning {
    /// The owner, of all that the log holds.
    Owner(Box<dyn PlaysLog>),
    /// A follower, until its orders say something else.
    Follower(Box<dyn PlaysLog>),
    /// Nothing, until its orders say so: its plays log is opened then.
    Nothing(Arc<dyn OpenPlaysLog>),
}

/// Starts a partition's worker on what `commit` says is committed.
///
/// # Errors
/// [`LogError`] where the snapshot, the runs or the plays log are damaged.
pub(crate) fn start(
    commit: PartitionCommit,
    parts: WorkerParts,
    settings: WorkerSettings,
    runtime: Handle,
    beginning: Beginning,
) -> Result<Worker, LogError> {
    let drive = parts.drive.clone();
    let partition = commit.partition;
    let committed = commit.position;
    let takes_orders = !matches!(beginning, Beginning::Owner(_));
    let follow = !matches!(beginning, Beginning::Nothing(_));
    let orders =
        takes_orders.then(|| watch::channel(Orders { committed, follow, ..Orders::default() }).0);
    let (messages, inbox) = mpsc::channel(64);
    let (announce, progress) = watch::channel(Progress {
        committed,
        // Of another node's plays log it says nothing about this one.
        plays_bytes: if takes_orders { 0 } else { commit.plays_bytes },
        ready: false,
        unticked: false,
        ticked_at: UnixMs::EPOCH,
        owns: (!takes_orders).then_some(commit.epoch),
        given_up: 0,
        follows: follow,
        stalled: None,
        failed: None,
    });
    let metrics = Arc::new(WorkerMetrics::default());
    let roles = orders.as_ref().map(|orders| Roles::new(orders.subscribe()));
    let telling = Telling { announce, metrics: metrics.clone(), inbox, roles };
    let work: Box<dyn Loop> = match beginning {
        Beginning::Owner(plays) | Beginning::Follower(plays) => {
            Box::new(Running::build(commit, (parts, plays), settings, runtime, telling)?)
        }
        Beginning::Nothing(open) => {
            Box::new(Seat::new(partition, (parts, open), settings, runtime, telling))
        }
    };
    let driven = drive
        .start(&format!("count-{partition}"), work)
        .map_err(|error| LogError::Io { file: partition.to_string(), detail: error.to_string() })?;
    let driven = std::sync::Mutex::new(Some(driven));
    Ok(Worker { partition, progress, metrics, orders, messages, driven })
}

impl Worker {
    /// The plays that `user` and `play_id` mean: of one source, or of every source. `None` where
    /// the worker has ended.
    pub(crate) async fn find(
        &self,
        source: Option<&str>,
        user: Option<&str>,
        play_id: &str,
    ) -> Option<Result<Found, LogError>> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Find {
            source: source.map(str::to_owned),
            user: user.map(str::to_owned),
            play_id: play_id.to_owned(),
            reply,
        };
        self.messages.send(message).await.ok()?;
        answer.await.ok()
    }

    /// What a listener heard last, in front of a place, as `Partition::heard` tells it. `None` where the
    /// worker has ended.
    pub(crate) async fn heard(
        &self,
        listener: ListenerHash,
        before: (UnixMs, PlayAddress),
        since: DayNo,
        limit: usize,
    ) -> Option<Result<Places, LogError>> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Heard { listener, before, since, limit, reply };
        self.messages.send(message).await.ok()?;
        answer.await.ok()
    }

    /// Whether a source has a play in the partition.
    pub(crate) async fn knows_source(&self, source: &str) -> Option<bool> {
        let (reply, answer) = oneshot::channel();
        let source = source.to_owned();
        self.messages.send(Message::Knows { source, reply }).await.ok()?;
        answer.await.ok()
    }

    /// Has the worker take a snapshot soon, where it has judged anything since the last one. What
    /// becomes of that is seen by the number of snapshots.
    pub(crate) fn ask_for_snapshot(&self) {
        // Where so much waits that there is no room, it is asked again later.
        let _ = self.messages.try_send(Message::Snapshot);
    }

    /// Waits until everything before `position` is judged and committed, and the plays log
    /// holds all that is committed: after a restart it is built again first.
    ///
    /// # Errors
    /// Why the worker stopped or waits, where it does.
    pub(crate) async fn settled(&self, position: Position) -> Result<Progress, String> {
        let mut progress = self.progress.clone();
        let reached = progress
            .wait_for(|progress| {
                (progress.ready && progress.committed >= position)
                    || progress.failed.is_some()
                    || progress.stalled.is_some()
            })
            .await
            .map_err(|_| "the counting worker has stopped".to_owned())?;
        match reached.failed.as_ref().or(reached.stalled.as_ref()) {
            Some(why) => Err(why.clone()),
            None => Ok(reached.clone()),
        }
    }

    /// Whether it is a follower with everything that is committed, as far as it knows.
    pub(crate) fn only_waits_for_its_owner(&self) -> bool {
        let progress = self.progress.borrow();
        progress.owns.is_none() && progress.ready && progress.failed.is_none() && progress.follows
    }

    /// Has the worker judge and commit what the log holds, take a snapshot, and end.
    pub(crate) async fn stop(&self, drive: &dyn Drive) {
        // A worker that has failed takes no message and has ended already.
        let _ = self.messages.send(Message::Stop).await;
        let driven = self.driven.lock().expect("no holder panics").take();
        if let Some(driven) = driven {
            let _ = apart(drive, move || driven.join()).await;
        }
    }
}
