//! The spool: reports are kept on this machine's disk while the log that all nodes share takes none, and are
//! sent to it once it does.
//!
//! It holds reports only. What counting is told besides (ticks, catalogue facts, people's decisions) waits for the
//! log: who tells it can tell it again.
//!
//! Architecture invariant: what is in the spool and not noted as drained is acknowledged and nowhere else, so
//! nothing of it is removed before all of it is durable in the log. What is sent twice because a crash came between
//! sending and noting is one play (decision 44).
//!
//! In reading order:
//! - [`Spool`]: what is kept, where a report goes, how it is told
//! - `keeping`: one group on its way into the spool
//! - `draining`: from the spool into the log, a partition at a time
//! - `stale`: what the catalogue has learnt since a report was stamped
//! - `marks`: up to where a partition is drained

mod draining;
mod keeping;
mod marks;
mod stale;

pub use marks::drained;

pub use keeping::{Keeping, Where};

use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::RecordGroup;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

use crate::metrics::{Metric, MetricKind};
use crate::ports::drive::{Drive, apart};
use crate::ports::{AppendError, Appended, Clock, Disk, LocalLog, ReceivedLog};
use keeping::Kept;

/// A stop waits no longer than this for the spool to be empty.
const FINISH_MAX: Duration = Duration::from_secs(10);
/// How often is looked whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So many partitions are drained at once.
const DRAINED_AT_ONCE: usize = 16;

/// What a spool is made of.
pub struct SpoolParts {
    /// Its log, on a disk of this machine that is kept.
    pub log: Arc<dyn LocalLog>,
    /// The log that all nodes share.
    pub shared: Arc<dyn ReceivedLog>,
    /// The spool's folder: beside its log it keeps up to where that is drained.
    pub disk: Arc<dyn Disk>,
    /// Up to where it was drained when it was opened, as [`drained`] says.
    pub drained: Vec<Position>,
    /// The most bytes of the disk that it takes.
    pub bytes_max: u64,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What its blocking work runs on.
    pub drive: Arc<dyn Drive>,
}

/// Reports on this machine's disk that the shared log hasn't got yet.
pub struct Spool {
    log: Arc<dyn LocalLog>,
    shared: Arc<dyn ReceivedLog>,
    disk: Arc<dyn Disk>,
    bytes_max: u64,
    clock: Arc<dyn Clock>,
    drive: Arc<dyn Drive>,
    seats: Vec<Seat>,
    /// Whether the last that came was too much, and nothing was removed since.
    full: AtomicBool,
    /// Bytes that are queued for its log.
    queued_bytes: AtomicU64,
    /// Reports kept and drained since the start.
    kept: AtomicU64,
    drained: AtomicU64,
    draining: Semaphore,
    retention: Mutex<Option<(Duration, Option<Duration>)>>,
}

/// A partition of the spool.
struct Seat {
    /// The position after the last record that the shared log is known to have.
    drained: AtomicU64,
    /// Groups that are queued for the spool's log.
    queued: AtomicU32,
    told: Mutex<Told>,
}

/// What is told of a partition.
#[derive(Default)]
struct Told {
    /// When the first record that isn't drained was received.
    oldest: Option<UnixMs>,
    /// Why it isn't drained, where the shared log takes records and somebody must do something.
    trouble: Option<String>,
}

impl Seat {
    fn drained(&self) -> Position {
        Position(self.drained.load(Ordering::Acquire))
    }

    fn told<R>(&self, with: impl FnOnce(&mut Told) -> R) -> R {
        with(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Spool {
    /// A spool on what was left in it.
    #[must_use]
    pub fn new(parts: SpoolParts) -> Arc<Self> {
        let SpoolParts { log, shared, disk, drained, bytes_max, clock, drive } = parts;
        let seat = |partition| {
            let marked = drained.get(usize::from(partition)).copied().unwrap_or_default();
            let drained = marked.max(log.start(PartitionId(partition)));
            Seat {
                drained: AtomicU64::new(drained.0),
                queued: AtomicU32::new(0),
                told: Mutex::default(),
            }
        };
        Arc::new(Self {
            seats: (0..log.partitions()).map(seat).collect(),
            log,
            shared,
            disk,
            bytes_max,
            clock,
            drive,
            full: AtomicBool::new(false),
            queued_bytes: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            drained: AtomicU64::new(0),
            draining: Semaphore::new(DRAINED_AT_ONCE),
            retention: Mutex::default(),
        })
    }

    fn seat(&self, partition: PartitionId) -> &Seat {
        &self.seats[usize::from(partition.0)]
    }

    fn partitions(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.log.partitions()).map(PartitionId)
    }

    /// Takes a group of reports: for the shared log where that takes it, for the spool where it doesn't, or where
    /// earlier ones of this partition wait there still.
    pub fn append(
        self: &Arc<Self>,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> Keeping {
        let refused = self.shared.refusal(partition);
        if refused.is_some() || self.holds(partition) {
            match self.keep(partition, group.clone(), None) {
                Ok(kept) => return Keeping::kept(kept, group),
                // It takes none, and the shared log takes none either.
                Err(why) if refused.is_some() => return Keeping::refused(why),
                // To be out of order is better than to be refused.
                Err(_) => {}
            }
        }
        let answer = self.shared.append(partition, group.clone());
        Keeping::sent(answer, self, partition, group, received_at)
    }

    /// Whether records of this partition wait in the spool.
    fn holds(&self, partition: PartitionId) -> bool {
        let seat = self.seat(partition);
        seat.queued.load(Ordering::Acquire) > 0
            || *self.log.end(partition).borrow() > seat.drained()
    }

    /// The shared log's receipt for a group, where that takes any.
    fn pass_on(
        &self,
        partition: PartitionId,
        group: RecordGroup,
    ) -> Option<oneshot::Receiver<Result<Appended, AppendError>>> {
        let refused = self.shared.refusal(partition).is_some();
        (!refused).then(|| self.shared.append(partition, group))
    }

    /// Queues a group for the spool's log, with the receive time that it has, where that isn't now.
    fn keep(
        self: &Arc<Self>,
        partition: PartitionId,
        group: RecordGroup,
        received_at: Option<UnixMs>,
    ) -> Result<Kept, AppendError> {
        let kept = Kept::begin(self, partition, &group);
        let full = self.bytes() + self.queued_bytes.load(Ordering::Acquire) > self.bytes_max;
        self.full.store(full, Ordering::Release);
        if full {
            return Err(AppendError::Full);
        }
        Ok(kept.with(match received_at {
            None => self.log.append(partition, group),
            Some(at) => self.log.append_received(partition, group, at),
        }))
    }

    /// How many bytes of the disk its log has.
    fn bytes(&self) -> u64 {
        self.partitions().map(|partition| self.log.stored_bytes(partition)).sum()
    }

    /// How many records wait.
    #[must_use]
    pub fn left(&self) -> u64 {
        let left = |partition| {
            let end = *self.log.end(partition).borrow();
            end.0.saturating_sub(self.seat(partition).drained().0)
        };
        self.partitions().map(left).sum()
    }

    /// Whether it takes reports of a partition, as far as is known.
    pub(crate) fn takes(&self, partition: PartitionId) -> bool {
        self.log.refusal(partition).is_none() && !self.full.load(Ordering::Acquire)
    }

    /// What somebody must do something about, a sentence each.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let of = |partition| self.seat(partition).told(|told| told.trouble.clone());
        let mut problems: Vec<String> = self
            .partitions()
            .filter_map(|partition| of(partition).map(|why| (partition, why)))
            .map(|(partition, why)| format!("the spool keeps reports of {partition}: {why}"))
            .collect();
        let needed = self.partitions().any(|partition| self.shared.refusal(partition).is_some());
        let full = |partition| self.log.refusal(partition) == Some(AppendError::Full);
        if needed && self.full.load(Ordering::Acquire) {
            problems.push(format!(
                "the spool is full: it has {} bytes; it takes reports again once some are sent, or with a higher \
                 spool.max_bytes",
                self.bytes()
            ));
        } else if needed && self.partitions().any(full) {
            problems
                .push("the disk of the spool is full; make room, it goes on by itself".to_owned());
        }
        let refusing = |partition: &PartitionId| match self.log.refusal(*partition) {
            // What there is room for again it takes again.
            None | Some(AppendError::Full) => None,
            Some(refusal) => Some(refusal),
        };
        if let Some(refusal) = self.partitions().find_map(|partition| refusing(&partition)) {
            problems.push(format!(
                "the spool takes nothing: {refusal}; look at its disk, then restart the server"
            ));
        }
        problems
    }

    /// What is to be known and mends itself; nothing where the spool is empty and the shared log takes all.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let away = |partition: &PartitionId| self.shared.refusal(*partition).is_some();
        let away = self.partitions().filter(away).count();
        let left = self.left();
        if left == 0 && away == 0 {
            return Vec::new();
        }
        let why = if away > 0 {
            format!("the log of {away} partitions is out of sight")
        } else {
            "they are being sent to the log".to_owned()
        };
        vec![format!("{left} reports wait in this node's spool, durable on its volume only: {why}")]
    }

    /// Numbers for the operator.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let oldest = self.seats.iter().filter_map(|seat| seat.told(|told| told.oldest)).min();
        let age = oldest.map_or(0, |oldest| self.clock.now().since(oldest) / 1000);
        let row = |name, help, kind, value| Metric { name, help, kind, labels: Vec::new(), value };
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (gauge, counter) = (MetricKind::Gauge, MetricKind::Counter);
        vec![
            row("ledgerline_spool_records", "Reports that wait in the spool.", gauge, self.left()),
            row("ledgerline_spool_bytes", "Bytes that the spool has on disk.", gauge, self.bytes()),
            row(
                "ledgerline_spool_bytes_max",
                "The most bytes that it may have there.",
                gauge,
                self.bytes_max,
            ),
            row(
                "ledgerline_spool_oldest_age_seconds",
                "How long ago the oldest report in the spool was received; 0 where it is empty.",
                gauge,
                age,
            ),
            row(
                "ledgerline_spool_kept_total",
                "Reports that were put into the spool since the start.",
                counter,
                load(&self.kept),
            ),
            row(
                "ledgerline_spool_drained_total",
                "Reports of the spool that the log has taken since the start.",
                counter,
                load(&self.drained),
            ),
        ]
    }

    /// Waits a while until the spool is empty, where the shared log takes what is in it; then closes it, and says
    /// how many records are left. Nothing may be appended any more; what drains it goes on meanwhile.
    pub async fn finish(&self) -> u64 {
        let began = self.clock.elapsed();
        let goes = |partition| self.holds(partition) && self.shared.refusal(partition).is_none();
        while self.clock.elapsed().saturating_sub(began) < FINISH_MAX && self.partitions().any(goes)
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let log = self.log.clone();
        let _ = apart(&*self.drive, move || log.close()).await;
        self.left()
    }
}
