//! The embedded report log.

use ledgerline_app::ports::{
    AppendError, Appended, Clock, Disk, Drive, Driven, Frame, LocalLog, LogError, ReceivedLog,
    ReportLog,
};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::RecordGroup;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

use crate::closed::ClosedMark;
use crate::error::OpenError;
use crate::options::Options;
use crate::recovery::{Opened, look};
use crate::sealed::{Unverified, verify_behind};
use crate::segment::{LogKind, Place};
use crate::writer::{Means, Partition, Writer};

/// The embedded report log: one folder of segments and one writing loop per partition.
///
/// Dropped without [`ReportLog::close`] it forgets what is queued and leaves the disk as a
/// crash would.
pub struct SegmentReportLog {
    means: Arc<Means>,
    partitions: Vec<Arc<Partition>>,
    // Empty once the log was closed.
    writers: Mutex<Vec<Box<dyn Driven>>>,
    // Ends the verifying behind the start.
    stop_verifying: Arc<AtomicBool>,
}

impl SegmentReportLog {
    /// Opens the log, or creates it where there is none, with a thread for each partition.
    ///
    /// `expected_ends` says for each partition up to which position records were counted:
    /// those must be there. Where it is too short, 0 stands for the rest.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # Panics
    /// Where `options` ask for no partition, or the system gives no thread.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        options: Options,
        expected_ends: &[Position],
    ) -> Result<Self, OpenError> {
        Self::open_driven(disk, clock, &Threads, options, expected_ends)
    }

    /// The same, with writers that go round as `drive` says.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # Panics
    /// Where `options` ask for no partition, or the system gives no thread.
    pub fn open_driven(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        drive: &dyn Drive,
        options: Options,
        expected_ends: &[Position],
    ) -> Result<Self, OpenError> {
        assert!(options.partitions > 0, "a log has a partition");
        let means = Arc::new(Means { disk, clock, options });
        let opened = open_all(&means, expected_ends)?;
        let mut partitions = Vec::new();
        let mut writers = Vec::new();
        let mut unverified = Vec::new();
        for mut opened in opened {
            let name = format!("reports-{}", opened.place.partition);
            let partition = Arc::new(Partition::new(&opened, &means));
            let segments = std::mem::take(&mut opened.unverified);
            if !segments.is_empty() {
                unverified.push(Unverified { partition: Arc::clone(&partition), segments });
            }
            let writer = Writer::new(Arc::clone(&partition), opened, Arc::clone(&means));
            let started = drive.start(&name, Box::new(writer));
            writers.push(started.expect("the system gives a thread to each partition"));
            partitions.push(partition);
        }
        let stop_verifying = Arc::new(AtomicBool::new(false));
        if !unverified.is_empty() {
            let (disk, stop) = (Arc::clone(&means.disk), Arc::clone(&stop_verifying));
            drive.begin(Box::new(move || verify_behind(&*disk, &unverified, &stop)));
        }
        Ok(Self { means, partitions, writers: Mutex::new(writers), stop_verifying })
    }

    fn partition(&self, partition: PartitionId) -> &Partition {
        let found = self.partitions.get(usize::from(partition.0));
        found.expect("the partition is one of this log's")
    }

    fn mark_closed(&self, partition: &Partition) {
        if partition.queue.has_failed() {
            return;
        }
        let last = partition.shelf.last();
        let mark = ClosedMark {
            end: *partition.end.borrow(),
            last_segment: last.header().first,
            last_length: last.end(),
        };
        if let Err(error) = mark.write(&*self.means.disk, &partition.place) {
            // The next opening will treat it like a crash, after which nothing is missing.
            let log = partition.place.folder();
            tracing::warn!(%log, %error, "that the log was closed in order could not be noted");
        }
    }
}

// Changes nothing before all partitions have proved to be sound.
fn open_all(means: &Means, expected_ends: &[Position]) -> Result<Vec<Opened>, OpenError> {
    let partitions = means.options.partitions;
    let mut found = Vec::new();
    for number in 0..partitions {
        let place = place(PartitionId(number), partitions);
        let expected_end = expected_ends.get(usize::from(number)).copied().unwrap_or_default();
        found.push(look(&*means.disk, place, &means.options, expected_end)?);
    }
    found.into_iter().map(|found| found.act(&*means.disk)).collect()
}

pub(crate) fn place(partition: PartitionId, partitions: u16) -> Place {
    Place { kind: LogKind::Reports, partition, partitions }
}

impl ReportLog for SegmentReportLog {
    fn partitions(&self) -> u16 {
        u16::try_from(self.partitions.len()).expect("as many as the options said")
    }

    fn append(
        &self,
        partition: PartitionId,
        group: RecordGroup,
    ) -> oneshot::Receiver<Result<Appended, AppendError>> {
        self.partition(partition).queue.push(group, None)
    }

    fn refusal(&self, partition: PartitionId) -> Option<AppendError> {
        self.partition(partition).queue.standing_refusal()
    }

    fn start(&self, partition: PartitionId) -> Position {
        self.partition(partition).shelf.start()
    }

    fn end(&self, partition: PartitionId) -> watch::Receiver<Position> {
        self.partition(partition).end.subscribe()
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError> {
        let partition = self.partition(partition);
        if let Some(damage) = partition.damage() {
            return Err(damage.clone());
        }
        let bytes_max = bytes_max as u64;
        let end = *partition.end.borrow();
        if from >= end {
            return Ok(Vec::new());
        }
        partition.shelf.check_kept(from)?;
        let tail = partition.tail.lock().expect("no thread panics in the tail cache");
        let cached = tail.from(from, bytes_max);
        drop(tail);
        if cached.is_empty() { partition.shelf.read(from, end, bytes_max) } else { Ok(cached) }
    }

    fn judged(&self, partition: PartitionId, before: Position) {
        let partition = self.partition(partition);
        partition.tail.lock().expect("no thread panics in the tail cache").drop_before(before);
        partition.shelf.let_go(before);
    }

    fn damage(&self, partition: PartitionId) -> Option<LogError> {
        self.partition(partition).damage().cloned()
    }

    fn release(&self, partition: PartitionId, before: Position) -> Result<(), LogError> {
        self.partition(partition).shelf.release(before)
    }

    fn close(&self) {
        self.stop_verifying.store(true, Ordering::Relaxed);
        let mut writers = self.writers.lock().expect("no thread panics while it closes the log");
        if writers.is_empty() {
            return;
        }
        for partition in &self.partitions {
            partition.queue.close();
        }
        for writer in writers.drain(..) {
            // One that panicked has marked its partition as failed.
            writer.join();
        }
        for partition in &self.partitions {
            self.mark_closed(partition);
        }
    }
}

impl ReceivedLog for SegmentReportLog {
    fn append_received(
        &self,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> oneshot::Receiver<Result<Appended, AppendError>> {
        self.partition(partition).queue.push(group, Some(received_at))
    }

    /// For ever: only what was released goes.
    fn keeps(&self) -> Result<Option<Duration>, LogError> {
        Ok(None)
    }
}

impl LocalLog for SegmentReportLog {
    fn stored_bytes(&self, partition: PartitionId) -> u64 {
        self.partition(partition).shelf.stored_bytes()
    }

    fn end_segment(&self, partition: PartitionId) {
        self.partition(partition).queue.end_segment();
    }
}

impl Drop for SegmentReportLog {
    fn drop(&mut self) {
        self.stop_verifying.store(true, Ordering::Relaxed);
        for partition in &self.partitions {
            partition.queue.abandon();
        }
        if let Ok(mut writers) = self.writers.lock() {
            for writer in writers.drain(..) {
                writer.join();
            }
        }
    }
}
