//! Group commit: one loop per partition makes what waits durable, frame by frame.
//!
//! Each commit is one frame, one write and one sync. So at most one frame is not durable
//! at any instant, which recovery relies on to tell a torn write from damage.

use ledgerline_app::ports::{AppendError, Appended, Clock, Disk, DiskFile, LogError, Loop, Step};
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::watch;

use crate::options::Options;
use crate::queue::{Answer, Queue, Taken, Waiting};
use crate::recovery::Opened;
use crate::sealed::{self, Sealed};
use crate::segment::{BeginError, Place, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::shelf::{Segment, Shelf};
use crate::tail_cache::TailCache;

/// What the writer of a partition shares with those who append and read.
pub(crate) struct Partition {
    pub place: Place,
    pub queue: Queue,
    pub shelf: Shelf,
    pub tail: Mutex<TailCache>,
    pub end: watch::Sender<Position>,
    damage: OnceLock<LogError>,
}

/// What all partitions of a log work with.
pub(crate) struct Means {
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    pub options: Options,
}

/// The writer of one partition.
pub(crate) struct Writer {
    partition: Arc<Partition>,
    means: Arc<Means>,
    file: Arc<dyn DiskFile>,
    segment: Arc<Segment>,
    // The segment is followed by another even if the next frame would fit: its successor
    // may exist already, and is named for where this one ends now.
    sealed: bool,
    next: Position,
    // The latest so far: what is received now has none before it.
    received_at: UnixMs,
    sealed_before: Vec<Sealed>,
    // The checksum of the headers of the segment's frames so far.
    headers: crc32fast::Hasher,
}

enum Trouble {
    /// There is no room; nothing of the frame is left.
    Full,
    /// The partition is out of order; nothing of the frame is left.
    Failed(String),
    /// The partition is out of order, and the frame may or may not come to light later.
    Unknown(String),
}

impl Partition {
    pub(crate) fn new(opened: &Opened, means: &Means) -> Self {
        let (disk, options) = (Arc::clone(&means.disk), &means.options);
        Self {
            place: opened.place,
            queue: Queue::new(options.queue_bytes_max, options.queue_groups_max),
            shelf: Shelf::new(opened.place, disk, opened.segments.clone()),
            tail: Mutex::new(TailCache::new(options.tail_bytes_max)),
            end: watch::Sender::new(opened.end),
            damage: OnceLock::new(),
        }
    }

    /// What was found to be wrong with a sealed segment since the log was opened.
    pub(crate) fn damage(&self) -> Option<&LogError> {
        self.damage.get()
    }

    /// Has nothing more read of this partition, and tells those who wait for more of it.
    pub(crate) fn found_damaged(&self, error: LogError) {
        // The first one stays.
        let _ = self.damage.set(error);
        self.end.send_modify(|_| {});
    }
}

impl Loop for Writer {
    /// Makes what is queued durable, as one frame.
    fn step(&mut self) -> Step {
        match self.partition.queue.take(self.means.options.commit_bytes_max) {
            Taken::Groups(groups) => {
                self.commit(groups);
                Step::Worked
            }
            Taken::EndOfSegment => {
                self.end_segment();
                Step::Worked
            }
            Taken::Nothing => Step::Idle,
            Taken::Over => Step::Ended,
        }
    }

    fn wait(&mut self) {
        self.partition.queue.wait();
    }

    /// Nobody may wait for a writer that is gone.
    fn broken(&mut self) {
        let why = "its writer stopped; please report this with the log's last lines";
        self.partition.queue.fail(why);
    }
}

impl Writer {
    pub(crate) fn new(partition: Arc<Partition>, opened: Opened, means: Arc<Means>) -> Self {
        let segment = partition.shelf.last();
        Self {
            partition,
            means,
            file: opened.last_file,
            segment,
            sealed: false,
            next: opened.end,
            received_at: opened.received_at,
            sealed_before: opened.sealed,
            headers: opened.headers,
        }
    }

    fn commit(&mut self, groups: Vec<Waiting>) {
        // What was received before keeps its time, also behind records that came later.
        let given = groups.first().and_then(|waiting| waiting.received_at);
        let received_at = given.unwrap_or_else(|| self.means.clock.now().max(self.received_at));
        self.received_at = received_at.max(self.received_at);
        let mut first = self.next;
        let written = self.write(&groups, received_at);
        self.partition.queue.set_full(matches!(written, Err(Trouble::Full)));
        match written {
            Ok(()) => {
                for Waiting { group, answer, .. } in groups {
                    // Whoever doesn't wait for the answer doesn't want it.
                    let _ = answer.send(Ok(Appended { first, received_at }));
                    first = first.plus(u64::from(group.count()));
                }
            }
            Err(Trouble::Full) => {
                tracing::warn!(log = %self.partition.place.folder(), "the disk is full");
                answer_all(groups, &Err(AppendError::Full));
            }
            Err(Trouble::Failed(why)) => {
                self.fail(&why);
                answer_all(groups, &Err(AppendError::Failed(why)));
            }
            Err(Trouble::Unknown(why)) => {
                self.fail(&why);
                drop(groups);
            }
        }
    }

    // What is in it can be released then. One in which nothing is yet stays.
    fn end_segment(&mut self) {
        if self.segment.end() > SEGMENT_HEADER_BYTES
            && let Err(Trouble::Failed(why) | Trouble::Unknown(why)) = self.begin_segment()
        {
            self.fail(&why);
        }
    }

    fn fail(&self, why: &str) {
        let log = self.partition.place.folder();
        tracing::error!(%log, %why, "the disk failed, nothing is accepted until a restart");
        self.partition.queue.fail(why);
    }

    // Writes the groups as one frame, makes it durable and lets readers have it.
    fn write(&mut self, groups: &[Waiting], received_at: UnixMs) -> Result<(), Trouble> {
        let Some((header, frame)) = self.frame(groups, received_at) else {
            return Ok(());
        };
        if self.is_full_with(&header) {
            self.begin_segment()?;
        }
        let offset = self.segment.end();
        if let Err(error) = self.file.write_at(offset, &frame) {
            return Err(self.undo_write(&error));
        }
        if !cfg!(feature = "canary-ack-before-fsync")
            && let Err(error) = self.file.sync()
        {
            return Err(self.undo_sync(&error));
        }
        self.publish(header, frame);
        Ok(())
    }

    // `None` where there is no record in the groups.
    fn frame(&self, groups: &[Waiting], received_at: UnixMs) -> Option<(FrameHeader, Vec<u8>)> {
        let count = groups.iter().map(|waiting| waiting.group.count()).sum();
        if count == 0 {
            return None;
        }
        let payload_bytes: usize = groups.iter().map(|waiting| waiting.group.payload().len()).sum();
        let mut frame = self.tail().take_spare();
        frame.clear();
        frame.reserve(HEADER_BYTES + payload_bytes);
        frame.extend_from_slice(&[0; HEADER_BYTES]);
        for waiting in groups {
            frame.extend_from_slice(waiting.group.payload());
        }
        let header = FrameHeader::of(&frame[HEADER_BYTES..], count, self.next, received_at);
        frame[..HEADER_BYTES].copy_from_slice(&header.encode());
        Some((header, frame))
    }

    fn tail(&self) -> MutexGuard<'_, TailCache> {
        self.partition.tail.lock().expect("no thread panics in the tail cache")
    }

    fn is_full_with(&self, header: &FrameHeader) -> bool {
        let end = self.segment.end();
        let fits = end + header.frame_bytes() <= self.means.options.segment_bytes_max;
        // A frame that is larger than a segment has one for itself.
        self.sealed || (!fits && end > SEGMENT_HEADER_BYTES)
    }

    fn publish(&mut self, header: FrameHeader, frame: Vec<u8>) {
        let offset = self.segment.end();
        self.segment.note(header.first, offset);
        self.segment.set_end(offset + header.frame_bytes());
        self.headers.update(&header.encode());
        self.next = header.first.plus(u64::from(header.count));
        self.tail().push(header, frame);
        self.partition.end.send_replace(self.next);
    }

    fn begin_segment(&mut self) -> Result<(), Trouble> {
        self.sealed = true;
        let header = SegmentHeader {
            place: self.partition.place,
            first: self.next,
            first_byte: self.segment.end_byte(),
            mark: self.received_at.get(),
        };
        match header.begin(&*self.means.disk) {
            Ok(file) => {
                self.note_sealed();
                self.file = file;
                self.segment = Arc::new(Segment::new(header, self.means.options.index_every_bytes));
                self.partition.shelf.push(Arc::clone(&self.segment));
                self.sealed = false;
                Ok(())
            }
            Err(BeginError::Write(error) | BeginError::Sync(error)) if is_full(&error) => {
                // To leave the room to others. If it stays, it is begun anew next time.
                let removed = self.means.disk.remove(&header.path());
                tracing::debug!(?removed, "there is no room for another segment");
                Err(Trouble::Full)
            }
            // Nothing of the frame was written yet.
            Err(BeginError::Write(error) | BeginError::Sync(error)) => {
                Err(Trouble::Failed(format!("{}: {error}", header.path())))
            }
        }
    }

    // The segment is followed by another, and all of it is durable: it never changes again.
    fn note_sealed(&mut self) {
        let headers = std::mem::replace(&mut self.headers, crc32fast::Hasher::new()).finalize();
        let (first, length) = (self.segment.header().first, self.segment.end());
        self.sealed_before.push(Sealed { first, next: self.next, length, headers });
        let start = self.partition.shelf.start();
        self.sealed_before.retain(|sealed| sealed.first >= start);
        let place = &self.partition.place;
        if let Err(error) = sealed::write(&*self.means.disk, place, &self.sealed_before) {
            // The next start verifies it before it serves anything.
            tracing::warn!(log = %place.folder(), %error, "a sealed segment could not be noted");
        }
    }

    fn undo_write(&self, error: &io::Error) -> Trouble {
        match self.cut_back() {
            Ok(()) if is_full(error) => Trouble::Full,
            Ok(()) => Trouble::Failed(self.said(error)),
            Err(_) => Trouble::Unknown(self.said(error)),
        }
    }

    // After a failed sync the system may believe pages to be clean that never reached the
    // disk, so no later sync proves anything about them. Only for want of room, where the
    // pages are cut off again, does the log go on. In all cases this run's readers, and the
    // next run's as long as the machine is up, must not find the frame in memory.
    fn undo_sync(&self, error: &io::Error) -> Trouble {
        match self.cut_back() {
            Ok(()) if is_full(error) => Trouble::Full,
            _ => Trouble::Unknown(self.said(error)),
        }
    }

    fn cut_back(&self) -> io::Result<()> {
        self.file.truncate(self.segment.end())?;
        self.file.sync()
    }

    fn said(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.segment.path())
    }
}

fn answer_all(groups: Vec<Waiting>, answer: &Answer) {
    for waiting in groups {
        let _ = waiting.answer.send(answer.clone());
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}
