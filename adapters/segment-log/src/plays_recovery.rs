//! Opens a partition of the plays log.
//!
//! The log is written without waiting for the disk, so a crash may leave anything behind
//! the address up to which it was durable. A segment's header says how far that was when
//! the segment was begun: what stands before is not verified again and must be there; what
//! stands behind is verified, and ends where it breaks.

use ledgerline_app::ports::{Disk, DiskFile};
use ledgerline_ids::{PartitionId, Position};
use std::sync::Arc;

use crate::error::OpenError;
use crate::segment::{
    BeginError, Candidate, HeaderFault, LogKind, Place, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::walk::{FrameWalk, Step};

/// A plays log that can be written.
pub(crate) struct OpenedPlays {
    pub headers: Vec<SegmentHeader>,
    pub length: u64,
    /// How many records the log has.
    pub next: Position,
    pub last_file: Arc<dyn DiskFile>,
    /// Segments before the last that may not be durable.
    pub unsynced: Vec<Arc<dyn DiskFile>>,
    /// Up to which address the log is known to be durable.
    pub durable: u64,
}

struct Found {
    place: Place,
    headers: Vec<SegmentHeader>,
    // How many of them, from the first on, are wholly durable. The last is never taken for
    // it, because more may have been written behind.
    durable_headers: usize,
    length: u64,
    // Not known behind a segment that was not walked.
    next: Option<Position>,
    durable: u64,
    broken: Option<&'static str>,
}

pub(crate) fn place(partition: PartitionId, partitions: u16) -> Place {
    Place { kind: LogKind::Plays, partition, partitions }
}

/// Finds where the log ends, cuts off what is behind, and opens it.
pub(crate) fn recover(disk: &dyn Disk, place: Place) -> Result<OpenedPlays, OpenError> {
    let candidates = place.candidates(disk)?;
    let found = look(disk, place, &candidates)?;
    found.act(disk, &candidates)
}

fn look(disk: &dyn Disk, place: Place, candidates: &[Candidate]) -> Result<Found, OpenError> {
    let mut durable = 0;
    for candidate in candidates {
        match &candidate.header {
            Ok(header) => durable = durable.max(header.mark),
            Err(HeaderFault::Broken(_)) => {}
            Err(fault) => return Err(fault.at(&candidate.path, place.partitions)),
        }
    }
    let mut found = Found {
        place,
        headers: Vec::new(),
        durable_headers: 0,
        length: 0,
        next: Some(Position(0)),
        durable,
        broken: None,
    };
    for (index, candidate) in candidates.iter().enumerate() {
        let last = index + 1 == candidates.len();
        if !found.add(disk, candidate, last)? {
            break;
        }
    }
    found.walk_last(disk, candidates)?;
    if found.length < durable {
        let (file, offset) = match found.headers.last() {
            Some(last) => (last.path(), SEGMENT_HEADER_BYTES + found.length - last.first_byte),
            None => (place.path(0), 0),
        };
        let why = found.broken.unwrap_or("the log ends here");
        let detail = format!("{why}, but it was durable for {} bytes more", durable - found.length);
        return Err(OpenError::damaged(&file, offset, detail));
    }
    Ok(found)
}

impl Found {
    // Whether the log goes on behind this segment.
    fn add(
        &mut self,
        disk: &dyn Disk,
        candidate: &Candidate,
        last: bool,
    ) -> Result<bool, OpenError> {
        let header = match candidate.header {
            Ok(header) if header.first_byte == self.length => header,
            _ => return Ok(false),
        };
        if self.next.is_some_and(|next| next != header.first) {
            return Ok(false);
        }
        self.headers.push(header);
        let end = header.first_byte + (candidate.length - SEGMENT_HEADER_BYTES);
        if end <= self.durable && !last {
            self.durable_headers = self.headers.len();
            self.length = end;
            self.next = None;
            return Ok(true);
        }
        self.walk(disk, &header, candidate)?;
        Ok(self.broken.is_none())
    }

    // What stands behind a segment that was taken for durable may have proved to be nothing.
    fn walk_last(&mut self, disk: &dyn Disk, candidates: &[Candidate]) -> Result<(), OpenError> {
        match (self.headers.last().copied(), self.next) {
            (Some(last), None) => {
                self.durable_headers = self.headers.len() - 1;
                self.walk(disk, &last, &candidates[self.headers.len() - 1])
            }
            _ => Ok(()),
        }
    }

    fn walk(
        &mut self,
        disk: &dyn Disk,
        header: &SegmentHeader,
        candidate: &Candidate,
    ) -> Result<(), OpenError> {
        let path = &candidate.path;
        let file = disk.open(path).map_err(OpenError::io(path))?;
        let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, candidate.length);
        let mut next = header.first;
        loop {
            match walk.step(Some(next)).map_err(OpenError::io(path))? {
                Step::Frame(_, frame, _) => next = next.plus(u64::from(frame.count)),
                Step::End => break,
                Step::Broken(_, detail) => {
                    self.broken = Some(detail);
                    break;
                }
            }
        }
        self.next = Some(next);
        self.length = header.first_byte + (walk.offset() - SEGMENT_HEADER_BYTES);
        Ok(())
    }

    fn act(self, disk: &dyn Disk, candidates: &[Candidate]) -> Result<OpenedPlays, OpenError> {
        let folder = self.place.folder();
        self.place.create_folder(disk).map_err(OpenError::io(&folder))?;
        remove_last_first(disk, &self.place, &candidates[self.headers.len()..])?;
        let Some(last) = self.headers.last() else {
            return create(disk, self.place);
        };
        let next = self.next.expect("the last segment was walked");
        let mut files = Vec::new();
        for header in &self.headers[self.durable_headers..] {
            let path = header.path();
            files.push(disk.open_or_create(&path).map_err(OpenError::io(&path))?);
        }
        let last_file = files.pop().expect("the last segment is never taken for durable");
        if let Some(detail) = self.broken {
            let path = last.path();
            let end = SEGMENT_HEADER_BYTES + (self.length - last.first_byte);
            tracing::info!(file = %path, offset = end, %detail, "the plays log is cut to what is whole");
            last_file.truncate(end).map_err(OpenError::io(&path))?;
        }
        let (length, durable) = (self.length, self.durable);
        Ok(OpenedPlays { headers: self.headers, length, next, last_file, unsynced: files, durable })
    }
}

/// Removes the newest segments one after the other, so that a crash leaves no gap.
pub(crate) fn remove_last_first(
    disk: &dyn Disk,
    place: &Place,
    segments: &[Candidate],
) -> Result<(), OpenError> {
    for segment in segments.iter().rev() {
        disk.remove(&segment.path)
            .and_then(|()| disk.sync_folder(&place.folder()))
            .map_err(OpenError::io(&segment.path))?;
    }
    Ok(())
}

fn create(disk: &dyn Disk, place: Place) -> Result<OpenedPlays, OpenError> {
    let header = SegmentHeader { place, first: Position(0), first_byte: 0, mark: 0 };
    let begun = header.begin(disk).map_err(BeginError::into_inner);
    let last_file = begun.map_err(OpenError::io(&header.path()))?;
    Ok(OpenedPlays {
        headers: vec![header],
        length: 0,
        next: Position(0),
        last_file,
        unsynced: Vec::new(),
        durable: 0,
    })
}
