//! A report log that several machines reach over a network: real segments on a machine of its own,
//! which has no trouble; all the trouble is on the way to it.

use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{AppendError, Appended, Frame, LogError, ReportLog};
use ledgerline_ids::{PartitionId, Position};
use ledgerline_records::frame::RecordGroup;
use ledgerline_segment_log::SegmentReportLog;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{oneshot, watch};

use crate::clock::SimulatedClock;
use crate::random::Random;
use crate::stepper::Stepper;
use crate::taste::Taste;

/// The log's machine.
pub struct Broker {
    /// What is on its disk.
    pub disk: MemoryDisk,
    /// Its loops.
    pub stepper: Stepper,
    log: Arc<SegmentReportLog>,
}

impl Broker {
    /// An empty log.
    ///
    /// # Panics
    /// Where an empty disk can't be opened.
    #[must_use]
    pub fn new(taste: &Taste, clock: Arc<SimulatedClock>) -> Self {
        let (disk, stepper) = (MemoryDisk::new(), Stepper::default());
        let options = taste.log.clone();
        let opened =
            SegmentReportLog::open_driven(Arc::new(disk.clone()), clock, &stepper, options, &[]);
        let log = Arc::new(opened.expect("nothing fails here"));
        Self { disk, stepper, log }
    }

    /// The position after the last record.
    #[must_use]
    pub fn end(&self, partition: PartitionId) -> Position {
        *self.log.end(partition).borrow()
    }

    /// Lets each of its loops have a turn.
    pub fn step(&self) {
        for place in self.stepper.going() {
            self.stepper.step(place);
        }
        self.stepper.work(0);
    }

    /// The log as one process reaches it, over a `road` of its own.
    #[must_use]
    pub fn reached(&self, road: Arc<Road>, random: Random) -> NodeLog {
        NodeLog::new(self.log.clone(), road, random)
    }
}

/// The way from one machine to the log.
#[derive(Debug, Default)]
pub struct Road {
    /// Whether nothing gets through.
    pub closed: AtomicBool,
}

/// The log, as one process sees it: it learns of what others appended when it gets round to it.
pub struct NodeLog {
    log: Arc<SegmentReportLog>,
    road: Arc<Road>,
    ends: Vec<watch::Sender<Position>>,
    closed: AtomicBool,
    random: Mutex<Random>,
}

impl NodeLog {
    /// A log, over a road.
    #[must_use]
    pub fn new(log: Arc<SegmentReportLog>, road: Arc<Road>, random: Random) -> Self {
        let ends = (0..log.partitions()).map(PartitionId);
        let ends = ends.map(|partition| watch::channel(*log.end(partition).borrow()).0).collect();
        Self { log, road, ends, closed: AtomicBool::new(false), random: Mutex::new(random) }
    }

    /// Learns how far the log is, where the road is open. Says whether that was news.
    pub fn look(&self) -> bool {
        if self.is_away() {
            return false;
        }
        let mut news = false;
        for (number, end) in (0..).zip(&self.ends) {
            let now = *self.log.end(PartitionId(number)).borrow();
            news |= end.send_if_modified(|end| std::mem::replace(end, now) != now);
        }
        news
    }

    fn is_away(&self) -> bool {
        self.road.closed.load(Ordering::Relaxed)
    }
}

impl ReportLog for NodeLog {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn append(
        &self,
        partition: PartitionId,
        group: RecordGroup,
    ) -> oneshot::Receiver<Result<Appended, AppendError>> {
        let (answer, receiver) = oneshot::channel();
        if self.closed.load(Ordering::Relaxed) {
            let _ = answer.send(Err(AppendError::Closing));
            return receiver;
        }
        if !self.is_away() {
            return self.log.append(partition, group);
        }
        // Nobody answers; it may have got through.
        if self.random.lock().expect("no holder panics").percent(30) {
            drop(self.log.append(partition, group));
        }
        receiver
    }

    fn start(&self, partition: PartitionId) -> Position {
        self.log.start(partition)
    }

    fn end(&self, partition: PartitionId) -> watch::Receiver<Position> {
        self.ends[usize::from(partition.0)].subscribe()
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError> {
        if self.is_away() {
            let (file, detail) = (format!("reports/{partition}"), "nobody answers".to_owned());
            return Err(LogError::Io { file, detail });
        }
        self.log.read(partition, from, bytes_max)
    }

    fn release(&self, _: PartitionId, _: Position) -> Result<(), LogError> {
        Ok(())
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
