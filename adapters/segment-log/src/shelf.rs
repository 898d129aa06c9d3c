//! A partition's segments in memory, each with a sparse index of where its frames begin.

use ledgerline_app::ports::{Disk, Frame, LogError};
use ledgerline_ids::Position;
use ledgerline_records::frame::FrameHeader;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use crate::error::{damaged, refused};
use crate::open_files::OpenFiles;
use crate::segment::{Place, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::walk::{FrameWalk, Step};

/// One segment, as far as it is durable.
pub(crate) struct Segment {
    header: SegmentHeader,
    path: String,
    // The file's offset behind the last durable frame.
    end: AtomicU64,
    // Ascending; the first frame of the segment is always the first entry.
    index: Mutex<Vec<Entry>>,
    index_every_bytes: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    first: Position,
    offset: u64,
}

/// The segments of one partition of the report log, oldest first; never none.
pub(crate) struct Shelf {
    place: Place,
    disk: Arc<dyn Disk>,
    segments: RwLock<Vec<Arc<Segment>>>,
    files: OpenFiles,
    // One release at a time.
    releasing: Mutex<()>,
    // Of the segment that begins with that position, what stands before that offset needn't be
    // in memory any more.
    let_go: Mutex<(Position, u64)>,
}

/// So many bytes at least are let go of at once.
const LET_GO_BYTES: u64 = 8 << 20;

impl Segment {
    pub(crate) fn new(header: SegmentHeader, index_every_bytes: u64) -> Self {
        let first = Entry { first: header.first, offset: SEGMENT_HEADER_BYTES };
        Self {
            header,
            path: header.path(),
            end: AtomicU64::new(SEGMENT_HEADER_BYTES),
            index: Mutex::new(vec![first]),
            index_every_bytes,
        }
    }

    pub(crate) fn header(&self) -> &SegmentHeader {
        &self.header
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The file's offset behind the last durable frame.
    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The address behind the last durable frame.
    pub(crate) fn end_byte(&self) -> u64 {
        self.header.first_byte + (self.end() - SEGMENT_HEADER_BYTES)
    }

    pub(crate) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// A frame begins at `offset` with `first`.
    pub(crate) fn note(&self, first: Position, offset: u64) {
        let mut index = self.index.lock().expect(UNBROKEN);
        let last = index.last().map_or(0, |entry| entry.offset);
        if offset >= last + self.index_every_bytes {
            index.push(Entry { first, offset });
        }
    }

    // The nearest frame known at or before `position`.
    fn near(&self, position: Position) -> Entry {
        let index = self.index.lock().expect(UNBROKEN);
        let behind = index.partition_point(|entry| entry.first <= position);
        index[behind.saturating_sub(1)]
    }

    // Adds the frames from `position` on until they have `bytes_max` bytes or the segment
    // ends; the position behind the last.
    fn read(
        &self,
        files: &OpenFiles,
        position: Position,
        bytes_max: u64,
        frames: &mut FramesRead,
    ) -> Result<Position, LogError> {
        let near = self.near(position);
        let file = files.get(self.header.base(), &self.path).map_err(refused(&self.path))?;
        let mut walk = FrameWalk::new(&*file, near.offset, self.end());
        let mut next = walk
            .skip_to(near.first, position, &mut |first, offset| self.note(first, offset))
            .map_err(refused(&self.path))?
            .map_err(|detail| damaged(&self.path, walk.offset(), detail))?;
        loop {
            match walk.step(Some(next)).map_err(refused(&self.path))? {
                Step::Frame(_, header, payload) => {
                    if !frames.add(header, payload, bytes_max) {
                        return Ok(next);
                    }
                    next = next.plus(u64::from(header.count));
                }
                Step::End => return Ok(next),
                Step::Broken(offset, detail) => return Err(damaged(&self.path, offset, detail)),
            }
        }
    }
}

#[derive(Default)]
struct FramesRead {
    frames: Vec<Frame>,
    bytes: u64,
    full: bool,
}

impl FramesRead {
    // Whether there was room; the first one always has room.
    fn add(&mut self, header: FrameHeader, payload: &[u8], bytes_max: u64) -> bool {
        self.bytes += header.frame_bytes();
        self.full = !self.frames.is_empty() && self.bytes > bytes_max;
        if !self.full {
            let bytes = [&header.encode(), payload].concat();
            self.frames.push(Frame::new(header, Arc::new(bytes)));
        }
        !self.full
    }
}

impl Shelf {
    pub(crate) fn new(place: Place, disk: Arc<dyn Disk>, segments: Vec<Arc<Segment>>) -> Self {
        assert!(!segments.is_empty(), "a partition has a segment from its creation on");
        let files = OpenFiles::new(Arc::clone(&disk));
        Self {
            place,
            disk,
            segments: RwLock::new(segments),
            files,
            releasing: Mutex::new(()),
            let_go: Mutex::new((Position(0), 0)),
        }
    }

    /// The position that the oldest segment begins with.
    pub(crate) fn start(&self) -> Position {
        self.segments.read().expect(UNBROKEN)[0].header.first
    }

    /// The segment that is written.
    pub(crate) fn last(&self) -> Arc<Segment> {
        let segments = self.segments.read().expect(UNBROKEN);
        Arc::clone(segments.last().expect("a partition has a segment"))
    }

    /// How many bytes its files have together.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.segments.read().expect(UNBROKEN).iter().map(|segment| segment.end()).sum()
    }

    /// Another segment begins.
    pub(crate) fn push(&self, segment: Arc<Segment>) {
        self.segments.write().expect(UNBROKEN).push(segment);
    }

    /// Frames from the one that holds `from`, which is before `end`: at least one, and
    /// then as many as fit into `bytes_max`.
    pub(crate) fn read(
        &self,
        from: Position,
        end: Position,
        bytes_max: u64,
    ) -> Result<Vec<Frame>, LogError> {
        let mut read = FramesRead::default();
        let mut next = from;
        while next < end && !read.full {
            let segment = self.holding(next)?;
            let after = match segment.read(&self.files, next, bytes_max, &mut read) {
                // It was released since it was looked up.
                Err(LogError::Io { .. }) if self.start() > segment.header.first => {
                    return Err(self.released(next));
                }
                other => other?,
            };
            if after <= next && !read.full {
                let detail = format!("it ends before position {next}, which was durable");
                return Err(damaged(&segment.path, segment.end(), detail));
            }
            next = after;
        }
        Ok(read.frames)
    }

    /// Says that what stands before `before` needn't be in memory. A log that is read once
    /// would otherwise drive out what is read again and again.
    pub(crate) fn let_go(&self, before: Position) {
        let Ok(holding) = self.holding(before) else { return };
        let (first, offset) = (holding.header.first, holding.near(before).offset);
        let mut let_go = self.let_go.lock().expect(UNBROKEN);
        if let_go.0 < first
            && let Ok(segment) = self.holding(let_go.0)
            && segment.header.first == let_go.0
        {
            // To its end; those between, which a start may skip, were never in memory.
            self.let_go_of(&segment, let_go.1, segment.end());
        }
        if let_go.0 < first {
            *let_go = (first, 0);
        }
        if let_go.0 == first && offset >= let_go.1 + LET_GO_BYTES {
            self.let_go_of(&holding, let_go.1, offset);
            let_go.1 = offset;
        }
    }

    fn let_go_of(&self, segment: &Segment, from: u64, until: u64) {
        // One that can't be opened is found out by whoever needs it.
        if let Ok(file) = self.files.get(segment.header.base(), &segment.path) {
            file.let_go(from, until.saturating_sub(from));
        }
    }

    /// # Errors
    /// [`LogError::Released`] where `position` is no longer here.
    pub(crate) fn check_kept(&self, position: Position) -> Result<(), LogError> {
        if position < self.start() { Err(self.released(position)) } else { Ok(()) }
    }

    fn holding(&self, position: Position) -> Result<Arc<Segment>, LogError> {
        let segments = self.segments.read().expect(UNBROKEN);
        let behind = segments.partition_point(|segment| segment.header.first <= position);
        match behind.checked_sub(1) {
            Some(at) => Ok(Arc::clone(&segments[at])),
            None => {
                drop(segments);
                Err(self.released(position))
            }
        }
    }

    fn released(&self, wanted: Position) -> LogError {
        LogError::Released { partition: self.place.partition, wanted, start: self.start() }
    }

    /// Removes whole segments before `before`, durably, but never the last. One after the
    /// other, so that a crash leaves no gap.
    pub(crate) fn release(&self, before: Position) -> Result<(), LogError> {
        let _alone = self.releasing.lock().expect(UNBROKEN);
        while let Some(oldest) = self.oldest_before(before) {
            self.remove(&oldest).map_err(refused(&oldest.path))?;
            self.segments.write().expect(UNBROKEN).remove(0);
            self.files.forget(oldest.header.base());
        }
        Ok(())
    }

    fn oldest_before(&self, before: Position) -> Option<Arc<Segment>> {
        let segments = self.segments.read().expect(UNBROKEN);
        let next = segments.get(1)?;
        (next.header.first <= before).then(|| Arc::clone(&segments[0]))
    }

    fn remove(&self, segment: &Segment) -> io::Result<()> {
        self.disk.remove(&segment.path)?;
        self.disk.sync_folder(&self.place.folder())
    }
}

const UNBROKEN: &str = "no thread panics while it holds the segments";
