//! Which files, and how much of each, are a log up to a point: what a copy of it consists of.
//!
//! A file's bytes before the point never change again: a report log is only appended to, and a
//! plays log is cut at a snapshot's length at most.

use ledgerline_app::ports::{Disk, LogError, PlaysFile, PlaysFiles};
use ledgerline_ids::{PartitionId, Position};
use std::sync::Arc;

use crate::error::{damaged, refused};
use crate::plays_recovery;
use crate::reader::ReportLogReader;
use crate::report_log;
use crate::segment::{Candidate, HeaderFault, Place, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::walk::{FrameWalk, Step};

/// A file of a log, from its beginning on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The file, relative to the data folder.
    pub path: String,
    /// How many of its bytes, from the first on, belong to the log up to the point.
    pub bytes: u64,
    /// Whether the log goes on in another file, so that this one never grows again.
    pub sealed: bool,
}

impl ReportLogReader {
    /// The files of a partition that hold its records before `until`, oldest first, the last
    /// one up to the end of the frame that holds the record before `until`. Every frame is
    /// verified, but those of a file that `is_known` says to be known already.
    ///
    /// # Errors
    /// [`LogError`], also where the log ends before `until`.
    pub fn extents(
        &self,
        disk: &dyn Disk,
        partition: PartitionId,
        until: Position,
        is_known: &dyn Fn(&Extent) -> bool,
    ) -> Result<Vec<Extent>, LogError> {
        let place = report_log::place(partition, self.partitions());
        let headers = whole_headers(place, place.candidates(disk)?)?;
        let mut extents = Vec::new();
        let mut reached = Position(0);
        for (index, (header, length)) in headers.iter().enumerate() {
            if header.first >= until {
                break;
            }
            let next = headers.get(index + 1).map(|(next, _)| next.first);
            let sealed = next.is_some_and(|next| next <= until);
            let mut extent = Extent { path: header.path(), bytes: *length, sealed };
            if sealed && is_known(&extent) {
                reached = next.expect("a sealed segment is followed by another");
            } else {
                let end = next.filter(|_| sealed).unwrap_or(until);
                (reached, extent.bytes) = verify_until(disk, header, *length, end)?;
            }
            extents.push(extent);
        }
        if reached < until {
            let detail = format!("the log ends at position {reached}, before {until}");
            return Err(damaged(&place.folder(), 0, detail));
        }
        Ok(extents)
    }
}

/// The files of a partition's plays log up to the address `until`, which is the end of a
/// frame; oldest first.
///
/// # Errors
/// [`LogError`], also where the log ends before `until`.
pub fn plays_extents(
    disk: &Arc<dyn Disk>,
    partition: PartitionId,
    partitions: u16,
    until: u64,
) -> Result<Vec<Extent>, LogError> {
    let place = plays_recovery::place(partition, partitions);
    let headers = whole_headers(place, place.candidates(&**disk)?)?;
    let mut extents = Vec::new();
    let mut reached = 0;
    for (header, length) in headers {
        if header.first_byte >= until || header.first_byte != reached {
            break;
        }
        let held = length - SEGMENT_HEADER_BYTES;
        let wanted = held.min(until - header.first_byte);
        reached = header.first_byte + wanted;
        let sealed = wanted == held && reached < until;
        extents.push(Extent { path: header.path(), bytes: SEGMENT_HEADER_BYTES + wanted, sealed });
    }
    if reached < until {
        let detail = format!("the log ends at byte {reached}, before {until}");
        return Err(damaged(&place.folder(), 0, detail));
    }
    Ok(extents)
}

/// The files of a data folder's plays logs.
pub struct SegmentPlaysFiles {
    disk: Arc<dyn Disk>,
    partitions: u16,
}

impl SegmentPlaysFiles {
    /// Of the data folder `disk`, with so many partitions.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, partitions: u16) -> Self {
        Self { disk, partitions }
    }
}

impl PlaysFiles for SegmentPlaysFiles {
    fn files(&self, partition: PartitionId, until: u64) -> Result<Vec<PlaysFile>, LogError> {
        let extents = plays_extents(&self.disk, partition, self.partitions, until)?;
        let file = |extent: Extent| PlaysFile { path: extent.path, bytes: extent.bytes };
        Ok(extents.into_iter().map(file).collect())
    }
}

// The segments' headers and lengths. One that is being created isn't there yet.
fn whole_headers(
    place: Place,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<(SegmentHeader, u64)>, LogError> {
    candidates.pop_if(|last| {
        let headless = matches!(last.header, Err(HeaderFault::Broken(_)));
        headless && last.length <= SEGMENT_HEADER_BYTES
    });
    let headers = candidates.into_iter().map(|candidate| {
        let header = candidate.header.map_err(|fault| fault.at(&candidate.path, place.partitions));
        Ok((header?, candidate.length))
    });
    headers.collect()
}

// Walks a segment from its beginning to the frame that holds the record before `until`: the
// position behind it, and the file's offset there.
fn verify_until(
    disk: &dyn Disk,
    header: &SegmentHeader,
    length: u64,
    until: Position,
) -> Result<(Position, u64), LogError> {
    let path = header.path();
    let file = disk.open(&path).map_err(refused(&path))?;
    let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, length);
    let mut next = header.first;
    while next < until {
        match walk.step(Some(next)).map_err(refused(&path))? {
            Step::Frame(_, frame, _) => next = next.plus(u64::from(frame.count)),
            Step::End => break,
            Step::Broken(offset, detail) => return Err(damaged(&path, offset, detail)),
        }
    }
    Ok((next, walk.offset()))
}
