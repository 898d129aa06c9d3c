//! The reading end of a plays log.

use ledgerline_app::ports::{Disk, LogError, PlaysLogReader};
use ledgerline_ids::PartitionId;
use ledgerline_records::frame::{HEADER_BYTES, Records, record_length};
use ledgerline_records::play::PlayAddress;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use crate::error::{OpenError, damaged, refused};
use crate::open_files::OpenFiles;
use crate::options::PlaysOptions;
use crate::plays_recovery::place;
use crate::recent_bytes::RecentBytes;
use crate::segment::{HeaderFault, Place, SEGMENT_HEADER_BYTES};
use crate::walk::{FrameWalk, Step};

/// So many bytes are read at once in the hope that they hold the record.
const READ_BYTES: usize = 512;

/// What the writer of a plays log shares with its readers.
pub(crate) struct Plays {
    pub place: Place,
    files: OpenFiles,
    // The addresses that the segments begin at; ascending, never none.
    bases: RwLock<Vec<u64>>,
    length: AtomicU64,
    recent: RwLock<RecentBytes>,
}

/// Reads a plays log as far as it was flushed.
#[derive(Clone)]
pub struct SegmentPlaysReader {
    plays: Arc<Plays>,
}

impl SegmentPlaysReader {
    /// Opens a plays log beside the process that writes it. It sees what is there now and
    /// not what is flushed later; the last frame may still be on its way, so the caller
    /// must know from elsewhere how far the log is to be believed.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        partition: PartitionId,
        partitions: u16,
    ) -> Result<Self, OpenError> {
        let place = place(partition, partitions);
        let (mut bases, mut length) = (Vec::new(), 0);
        for candidate in place.candidates(&*disk)? {
            match candidate.header {
                Ok(header) if header.first_byte == length => {
                    bases.push(length);
                    length += candidate.length - SEGMENT_HEADER_BYTES;
                }
                // Being created, or left behind by a crash.
                Ok(_) | Err(HeaderFault::Broken(_)) => break,
                Err(fault) => return Err(fault.at(&candidate.path, partitions)),
            }
        }
        let plays = Plays::new(place, disk, PlaysOptions::default().recent_bytes_max);
        plays.set(bases, length);
        Ok(Self { plays: Arc::new(plays) })
    }

    pub(crate) fn of(plays: Arc<Plays>) -> Self {
        Self { plays }
    }

    /// How many bytes can be read.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.plays.length()
    }
}

impl PlaysLogReader for SegmentPlaysReader {
    fn read(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError> {
        self.plays.read(address, out)
    }

    fn scan(
        &self,
        from: u64,
        until: u64,
        each: &mut dyn FnMut(PlayAddress, &[u8]),
    ) -> Result<(), LogError> {
        let length = self.length();
        if until > length {
            let detail = format!("the log ends at byte {length}, before {until}");
            return Err(damaged(&self.plays.place.folder(), length, detail));
        }
        let mut next = from;
        while next < until {
            match self.plays.scan_segment(next, until, each)? {
                Some(after) => next = after,
                None => break,
            }
        }
        Ok(())
    }
}

impl Plays {
    /// Without segments yet.
    pub(crate) fn new(place: Place, disk: Arc<dyn Disk>, recent_bytes_max: usize) -> Self {
        Self {
            place,
            files: OpenFiles::new(disk),
            bases: RwLock::new(Vec::new()),
            length: AtomicU64::new(0),
            recent: RwLock::new(RecentBytes::new(recent_bytes_max)),
        }
    }

    pub(crate) fn set(&self, bases: Vec<u64>, length: u64) {
        *self.bases.write().expect(UNBROKEN) = bases;
        self.length.store(length, Ordering::Release);
    }

    pub(crate) fn length(&self) -> u64 {
        self.length.load(Ordering::Acquire)
    }

    /// Another segment begins at `base`.
    pub(crate) fn push_segment(&self, base: u64) {
        self.bases.write().expect(UNBROKEN).push(base);
    }

    /// A frame was written at `address`; memory to write another in.
    pub(crate) fn push_frame(&self, address: u64, frame: Vec<u8>) -> Option<Vec<u8>> {
        let length = address + frame.len() as u64;
        let spare = self.recent.write().expect(UNBROKEN).push(address, frame);
        self.length.store(length, Ordering::Release);
        spare
    }

    /// What stands from `length` on, which is not before `base`, is about to be cut off.
    pub(crate) fn cut(&self, base: u64, length: u64) {
        self.length.store(length, Ordering::Release);
        let mut bases = self.bases.write().expect(UNBROKEN);
        for gone in bases.extract_if(.., |other| *other > base) {
            self.files.forget(gone);
        }
        drop(bases);
        self.recent.write().expect(UNBROKEN).clear();
    }

    /// Where the segment that holds `address` begins and ends.
    pub(crate) fn holding(&self, address: u64) -> (u64, u64) {
        let bases = self.bases.read().expect(UNBROKEN);
        let behind = bases.partition_point(|base| *base <= address);
        let base = bases.get(behind.saturating_sub(1)).copied().unwrap_or_default();
        (base, bases.get(behind).copied().unwrap_or_else(|| self.length()))
    }

    /// Copies the record at `address` into `out`, which is emptied first.
    pub(crate) fn read(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError> {
        out.clear();
        if address.0 >= self.length() {
            return Err(self.no_record(address.0, "the log ends before"));
        }
        let recent = self.recent.read().expect(UNBROKEN);
        if let Some(bytes) = recent.get(address.0) {
            let record = record_in(bytes);
            out.extend_from_slice(record.ok_or_else(|| self.no_record(address.0, NO_RECORD))?);
            return Ok(());
        }
        drop(recent);
        self.read_from_disk(address.0, out)
    }

    fn read_from_disk(&self, address: u64, out: &mut Vec<u8>) -> Result<(), LogError> {
        let (base, end) = self.holding(address);
        let path = self.place.path(base);
        let file = self.files.get(base, &path).map_err(refused(&path))?;
        let offset = SEGMENT_HEADER_BYTES + (address - base);
        let mut bytes = [0; READ_BYTES];
        let read = file.read_at(offset, &mut bytes).map_err(refused(&path))?;
        if let Some(record) = record_in(&bytes[..read]) {
            out.extend_from_slice(record);
            return Ok(());
        }
        let none = || self.no_record(address, NO_RECORD);
        let (length, before) = record_length(&bytes[..read]).map_err(|_| none())?;
        if (before + length) as u64 > end - address {
            return Err(none());
        }
        out.resize(length, 0);
        let offset = offset + before as u64;
        let read = file.read_at(offset, out).map_err(refused(&path))?;
        if read < length { Err(none()) } else { Ok(()) }
    }

    fn no_record(&self, address: u64, detail: &str) -> LogError {
        let (base, _) = self.holding(address);
        damaged(&self.place.path(base), SEGMENT_HEADER_BYTES + (address - base), detail)
    }

    // Gives the records of the frames of one segment that begin at `from` or later and end
    // at `until` or before. Where the next segment begins; `None` where `until` was met.
    fn scan_segment(
        &self,
        from: u64,
        until: u64,
        each: &mut dyn FnMut(PlayAddress, &[u8]),
    ) -> Result<Option<u64>, LogError> {
        let (base, end) = self.holding(from);
        let path = self.place.path(base);
        let file = self.files.get(base, &path).map_err(refused(&path))?;
        let offset_of = |address: u64| SEGMENT_HEADER_BYTES + (address - base);
        let mut walk = FrameWalk::new(&*file, offset_of(from), offset_of(end));
        loop {
            match walk.step(None).map_err(refused(&path))? {
                Step::Frame(offset, header, payload) => {
                    let address = base + (offset - SEGMENT_HEADER_BYTES);
                    if address + header.frame_bytes() > until {
                        return Ok(None);
                    }
                    for record in Records::new(payload) {
                        let (at, record) =
                            record.map_err(|error| damaged(&path, offset, error.to_string()))?;
                        each(PlayAddress(address + (HEADER_BYTES + at) as u64), record);
                    }
                }
                Step::End => return Ok(Some(end)),
                Step::Broken(offset, detail) => return Err(damaged(&path, offset, detail)),
            }
        }
    }
}

/// The record whose length stands at the beginning of `bytes`, where it is whole.
pub(crate) fn record_in(bytes: &[u8]) -> Option<&[u8]> {
    let (length, before) = record_length(bytes).ok()?;
    bytes.get(before..before.checked_add(length)?)
}

const NO_RECORD: &str = "no record begins here";
const UNBROKEN: &str = "no thread panics while it holds a plays log";
