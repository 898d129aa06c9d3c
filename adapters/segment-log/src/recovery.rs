//! Looks at a partition of the report log, plans, then acts.
//!
//! Looking changes nothing. What a crash can have left, and nothing else, is in the plan:
//! one torn frame at the end of the last segment, or a last segment that was being created.

use ledgerline_app::ports::{Disk, DiskFile};
use ledgerline_ids::{Position, UnixMs};
use std::io;
use std::sync::Arc;

use crate::closed::ClosedMark;
use crate::error::OpenError;
use crate::options::{Options, Verify};
use crate::sealed::{self, Sealed};
use crate::segment::{
    BeginError, Candidate, HeaderFault, Place, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::shelf::Segment;
use crate::walk::{FrameWalk, Step, no_torn_frame};

/// What a partition holds, and what has to be done before it can be written.
pub(crate) struct Found {
    place: Place,
    segments: Vec<Arc<Segment>>,
    end: Position,
    received_at: UnixMs,
    // The file's offset of the last frame.
    last_frame: u64,
    closed_in_order: bool,
    torn: Option<Torn>,
    unfinished: Option<String>,
    index_every_bytes: u64,
    // What was known of the sealed segments, and what is known now.
    was_sealed: Vec<Sealed>,
    sealed: Vec<Sealed>,
    unverified: Vec<(Arc<Segment>, Sealed)>,
    // The checksum of the last segment's frames' headers.
    headers: crc32fast::Hasher,
}

/// The last segment's file has `length` bytes and is to be cut behind its last frame.
struct Torn {
    length: u64,
    detail: &'static str,
}

/// A partition that can be written.
pub(crate) struct Opened {
    pub place: Place,
    pub segments: Vec<Arc<Segment>>,
    pub end: Position,
    /// When the last frame was received, or nothing before that.
    pub received_at: UnixMs,
    pub last_file: Arc<dyn DiskFile>,
    /// What is known of the segments before the last.
    pub sealed: Vec<Sealed>,
    /// Those of them whose frames are still to be verified.
    pub unverified: Vec<(Arc<Segment>, Sealed)>,
    /// The checksum of the headers of the last segment's frames.
    pub headers: crc32fast::Hasher,
}

/// Where a segment's sound frames end.
struct Sound {
    next: Position,
    received_at: UnixMs,
    last_frame: u64,
    headers: crc32fast::Hasher,
    broken: Option<&'static str>,
}

/// Looks at a partition of which the records before `expected_end` must be there.
pub(crate) fn look(
    disk: &dyn Disk,
    place: Place,
    options: &Options,
    expected_end: Position,
) -> Result<Found, OpenError> {
    let mark = ClosedMark::read(disk, &place)?;
    let was_sealed = sealed::read(disk, &place)?;
    let mut candidates = place.candidates(disk)?;
    let unfinished = match &mark {
        None => take_unfinished(&mut candidates),
        Some(mark) => take_begun(&mut candidates, mark),
    };
    let mut found = Found {
        place,
        segments: Vec::new(),
        end: Position(0),
        received_at: UnixMs::EPOCH,
        last_frame: SEGMENT_HEADER_BYTES,
        closed_in_order: mark.is_some(),
        torn: None,
        unfinished: unfinished.as_ref().map(|candidate| candidate.path.clone()),
        index_every_bytes: options.index_every_bytes,
        was_sealed,
        sealed: Vec::new(),
        unverified: Vec::new(),
        headers: crc32fast::Hasher::new(),
    };
    let count = candidates.len();
    for (index, candidate) in candidates.iter().enumerate() {
        found.add(disk, candidate, options, index + 1 == count)?;
    }
    if let Some(mark) = mark {
        found.check_mark(&mark, candidates.last())?;
    }
    if let Some(unfinished) = unfinished
        && unfinished.base != found.end.0
    {
        let detail = format!("position {} comes before it and is missing", found.end);
        return Err(OpenError::damaged(&unfinished.path, 0, detail));
    }
    if found.end < expected_end {
        let (file, offset) = found.last_place();
        let detail =
            format!("the log ends here, at position {}, but {expected_end} was counted", found.end);
        return Err(OpenError::damaged(&file, offset, detail));
    }
    Ok(found)
}

// A last segment that has no header yet has no frame either: its header is durable before
// a frame is written behind it.
fn take_unfinished(candidates: &mut Vec<Candidate>) -> Option<Candidate> {
    let last = candidates.last()?;
    let headless = matches!(last.header, Err(HeaderFault::Broken(_)));
    if headless && last.length <= SEGMENT_HEADER_BYTES { candidates.pop() } else { None }
}

// A log may be closed in order while its disk is full: a segment that could only be begun
// then stands behind the end that was marked, and has no frame.
fn take_begun(candidates: &mut Vec<Candidate>, mark: &ClosedMark) -> Option<Candidate> {
    let last = candidates.last()?;
    let behind = last.base == mark.end.0 && mark.end > mark.last_segment;
    if behind && last.length <= SEGMENT_HEADER_BYTES { candidates.pop() } else { None }
}

impl Found {
    fn add(
        &mut self,
        disk: &dyn Disk,
        candidate: &Candidate,
        options: &Options,
        last: bool,
    ) -> Result<(), OpenError> {
        let path = &candidate.path;
        let header = match &candidate.header {
            Ok(header) => *header,
            Err(fault) => return Err(fault.at(path, self.place.partitions)),
        };
        self.check_follows(&header, options.verify)?;
        let segment = Arc::new(Segment::new(header, options.index_every_bytes));
        let known = self.was_sealed.iter().find(|sealed| sealed.first == header.first).copied();
        let known = known.filter(|_| !last);
        if known.is_some_and(|known| !known.may_be(&header, candidate.length)) {
            return Err(not_as_sealed(&segment));
        }
        match (options.verify, known) {
            (Verify::Unsealed, Some(known)) => {
                segment.set_end(known.length);
                self.end = known.next;
                self.sealed.push(known);
                self.unverified.push((Arc::clone(&segment), known));
            }
            (Verify::Tail, _) if !last => {
                segment.set_end(candidate.length);
                self.sealed.extend(known);
            }
            _ => self.walk(disk, &segment, candidate.length, last, known)?,
        }
        self.segments.push(segment);
        Ok(())
    }

    fn walk(
        &mut self,
        disk: &dyn Disk,
        segment: &Segment,
        length: u64,
        last: bool,
        known: Option<Sealed>,
    ) -> Result<(), OpenError> {
        let sound = walk(disk, segment, length)?;
        self.end = sound.next;
        self.received_at = sound.received_at;
        self.last_frame = sound.last_frame;
        if let Some(detail) = sound.broken {
            let torn = Torn { length, detail };
            self.check_torn(disk, segment, &torn, last)?;
            self.torn = Some(torn);
        }
        if last {
            self.headers = sound.headers;
            return Ok(());
        }
        let headers = sound.headers.finalize();
        let sealed = Sealed { first: segment.header().first, next: self.end, length, headers };
        if known.is_some_and(|known| known != sealed) {
            return Err(not_as_sealed(segment));
        }
        self.sealed.push(sealed);
        Ok(())
    }

    fn check_follows(&self, header: &SegmentHeader, verify: Verify) -> Result<(), OpenError> {
        let Some(before) = self.segments.last() else {
            return Ok(());
        };
        let positions_follow = verify == Verify::Tail || header.first == self.end;
        if positions_follow && header.first_byte == before.end_byte() {
            return Ok(());
        }
        let detail = format!(
            "it ends here, but the next segment, {}, doesn't begin here: \
             this one was cut, or one between them is missing",
            header.path()
        );
        Err(OpenError::damaged(before.path(), before.end(), detail))
    }

    // Whether a crash can have left this behind.
    fn check_torn(
        &self,
        disk: &dyn Disk,
        segment: &Segment,
        torn: &Torn,
        last: bool,
    ) -> Result<(), OpenError> {
        let path = segment.path();
        let reason = if !last || self.unfinished.is_some() {
            Some("another segment follows".to_owned())
        } else if self.closed_in_order {
            Some("the log was closed in order".to_owned())
        } else {
            let file = disk.open(path).map_err(OpenError::io(path))?;
            no_torn_frame(&*file, segment.end(), torn.length, self.end)
                .map_err(OpenError::io(path))?
        };
        match reason {
            Some(reason) => {
                let detail = format!("{}, and {reason}", torn.detail);
                Err(OpenError::damaged(path, segment.end(), detail))
            }
            None => Ok(()),
        }
    }

    fn check_mark(&self, mark: &ClosedMark, last: Option<&Candidate>) -> Result<(), OpenError> {
        let as_closed = last.is_some_and(|last| {
            (last.base, last.length) == (mark.last_segment.0, mark.last_length)
                && self.end == mark.end
        });
        if as_closed {
            return Ok(());
        }
        let detail = format!(
            "the log was closed in order at position {}, with {} bytes in the segment {}",
            mark.end, mark.last_length, mark.last_segment
        );
        let (file, offset) = self.last_place();
        Err(OpenError::damaged(&file, offset, detail))
    }

    fn last_place(&self) -> (String, u64) {
        match self.segments.last() {
            Some(last) => (last.path().to_owned(), last.end()),
            None => (self.place.path(0), 0),
        }
    }

    /// Does what was planned, durably.
    pub(crate) fn act(self, disk: &dyn Disk) -> Result<Opened, OpenError> {
        let folder = self.place.folder();
        self.place.create_folder(disk).map_err(OpenError::io(&folder))?;
        if let Some(path) = &self.unfinished {
            tracing::warn!(file = %path, "a segment that was not finished is removed");
            disk.remove(path).map_err(OpenError::io(path))?;
        }
        let Some(last) = self.segments.last() else {
            return self.create(disk);
        };
        let path = last.path();
        let last_file = disk.open_or_create(path).map_err(OpenError::io(path))?;
        if let Some(torn) = &self.torn {
            tracing::warn!(
                file = %path,
                offset = last.end(),
                bytes = torn.length - last.end(),
                end = %self.end,
                "the last write was torn by a crash and is cut off, nothing of it was acknowledged"
            );
            last_file.truncate(last.end()).map_err(OpenError::io(path))?;
        } else if !self.closed_in_order {
            write_again(last, self.last_frame, &*last_file).map_err(OpenError::io(path))?;
        }
        last_file.sync().map_err(OpenError::io(path))?;
        self.note_sealed(disk)?;
        let mark = ClosedMark::path(&self.place);
        disk.remove(&mark).map_err(OpenError::io(&mark))?;
        disk.sync_folder(&folder).map_err(OpenError::io(&folder))?;
        Ok(self.opened(last_file))
    }

    // What is no longer sealed (its successor was removed by hand) must not be taken for it
    // later, and what was verified now need not be again.
    fn note_sealed(&self, disk: &dyn Disk) -> Result<(), OpenError> {
        if self.sealed == self.was_sealed {
            return Ok(());
        }
        let folder = self.place.folder();
        sealed::write(disk, &self.place, &self.sealed).map_err(OpenError::io(&folder))
    }

    fn create(mut self, disk: &dyn Disk) -> Result<Opened, OpenError> {
        self.note_sealed(disk)?;
        let place = self.place;
        let header = SegmentHeader { place, first: Position(0), first_byte: 0, mark: 0 };
        let begun = header.begin(disk).map_err(BeginError::into_inner);
        let last_file = begun.map_err(OpenError::io(&header.path()))?;
        self.segments.push(Arc::new(Segment::new(header, self.index_every_bytes)));
        Ok(self.opened(last_file))
    }

    fn opened(self, last_file: Arc<dyn DiskFile>) -> Opened {
        let Self { place, segments, end, received_at, sealed, unverified, headers, .. } = self;
        Opened { place, segments, end, received_at, last_file, sealed, unverified, headers }
    }
}

fn not_as_sealed(segment: &Segment) -> OpenError {
    let detail = "it is not the segment that was sealed here";
    OpenError::damaged(segment.path(), 0, detail)
}

// The header and the last frame were verified but may not be durable, and where their sync
// failed in the run before, the system believes them clean and no sync tries again.
fn write_again(segment: &Segment, last_frame: u64, file: &dyn DiskFile) -> io::Result<()> {
    file.write_at(0, &segment.header().encode())?;
    let length = usize::try_from(segment.end() - last_frame).expect("a frame fits into memory");
    let mut bytes = vec![0; length];
    let read = file.read_at(last_frame, &mut bytes)?;
    file.write_at(last_frame, &bytes[..read])
}

// Verifies a segment's frames from the first to the last sound one.
fn walk(disk: &dyn Disk, segment: &Segment, length: u64) -> Result<Sound, OpenError> {
    let path = segment.path();
    let header = segment.header();
    let file = disk.open(path).map_err(OpenError::io(path))?;
    let received_at = UnixMs::new(header.mark)
        .map_err(|_| OpenError::damaged(path, 28, "its time lies after the year 2109"))?;
    let mut sound = Sound {
        next: header.first,
        received_at,
        last_frame: SEGMENT_HEADER_BYTES,
        headers: crc32fast::Hasher::new(),
        broken: None,
    };
    let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, length);
    loop {
        match walk.step(Some(sound.next)).map_err(OpenError::io(path))? {
            Step::Frame(offset, frame, _) => {
                segment.note(frame.first, offset);
                segment.set_end(offset + frame.frame_bytes());
                sound.last_frame = offset;
                sound.headers.update(&frame.encode());
                sound.next = sound.next.plus(u64::from(frame.count));
                sound.received_at = sound.received_at.max(frame.received_at);
            }
            Step::End => return Ok(sound),
            Step::Broken(_, detail) => {
                sound.broken = Some(detail);
                return Ok(sound);
            }
        }
    }
}
