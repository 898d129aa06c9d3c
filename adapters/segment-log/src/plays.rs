//! The writing end of a plays log.

use ledgerline_app::ports::{Disk, DiskFile, LogError, PlaysLog, PlaysLogReader};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES, RecordGroup};
use ledgerline_records::play::PlayAddress;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{OpenError, damaged, refused};
use crate::options::PlaysOptions;
use crate::plays_reader::{Plays, SegmentPlaysReader, record_in};
use crate::plays_recovery::{place, recover, remove_last_first};
use crate::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::walk::FrameWalk;

/// One partition of the embedded plays log.
///
/// After an error of [`PlaysLog::sync`] nothing that wasn't durable before can be believed:
/// every later flush and sync gives the same error, until the log is opened again and cut
/// to a length that was durable.
pub struct SegmentPlaysLog {
    disk: Arc<dyn Disk>,
    options: PlaysOptions,
    plays: Arc<Plays>,
    segment: SegmentHeader,
    file: Arc<dyn DiskFile>,
    // The records that the flushed frames have.
    next: Position,
    flushed: u64,
    // Frames under construction, oldest first, and the one that still grows.
    frames: VecDeque<RecordGroup>,
    growing: RecordGroup,
    // The address that the growing frame begins at.
    growing_from: u64,
    unsynced: Vec<Arc<dyn DiskFile>>,
    names_unsynced: bool,
    durable: u64,
    failed: Option<LogError>,
    spare: Vec<u8>,
}

impl SegmentPlaysLog {
    /// Opens one partition's log, or creates it. What a crash tore is cut off; the owner,
    /// which knows how far it believes the log, cuts it there with [`PlaysLog::truncate`].
    ///
    /// # Errors
    /// [`OpenError`], also where bytes that were durable are gone.
    pub fn open(
        disk: Arc<dyn Disk>,
        partition: PartitionId,
        partitions: u16,
        options: PlaysOptions,
    ) -> Result<Self, OpenError> {
        let place = place(partition, partitions);
        let opened = recover(&*disk, place)?;
        let plays = Plays::new(place, Arc::clone(&disk), options.recent_bytes_max);
        plays.set(opened.headers.iter().map(|header| header.first_byte).collect(), opened.length);
        Ok(Self {
            disk,
            options,
            plays: Arc::new(plays),
            segment: *opened.headers.last().expect("a log has a segment"),
            file: opened.last_file,
            next: opened.next,
            flushed: opened.length,
            frames: VecDeque::new(),
            growing: RecordGroup::default(),
            growing_from: opened.length,
            unsynced: opened.unsynced,
            names_unsynced: true,
            durable: opened.durable,
            failed: None,
            spare: Vec::new(),
        })
    }

    /// How many bytes, from the first on, are durable.
    #[must_use]
    pub fn durable_length(&self) -> u64 {
        self.durable
    }

    fn check_sound(&self) -> Result<(), LogError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    // No later sync proves anything about pages that one has failed on.
    fn fail(&mut self, error: LogError) -> LogError {
        let error = match error {
            LogError::Io { file, detail } => LogError::Failed { file, detail },
            error => error,
        };
        self.failed = Some(error.clone());
        error
    }

    fn offset(&self, address: u64) -> u64 {
        offset_in(&self.segment, address)
    }

    // The growing frame grows no more.
    fn finish_frame(&mut self) {
        if !self.growing.is_empty() {
            self.growing_from += (HEADER_BYTES + self.growing.payload().len()) as u64;
            self.frames.push_back(std::mem::take(&mut self.growing));
        }
    }

    fn write(&mut self, group: &RecordGroup) -> Result<(), LogError> {
        let payload = group.payload();
        let header = FrameHeader::of(payload, group.count(), self.next, UnixMs::EPOCH);
        let fits =
            self.offset(self.flushed) + header.frame_bytes() <= self.options.segment_bytes_max;
        // A frame that is larger than a segment has one for itself.
        if !fits && self.flushed > self.segment.first_byte {
            self.begin_segment()?;
        }
        let mut frame = std::mem::take(&mut self.spare);
        frame.clear();
        frame.reserve(HEADER_BYTES + payload.len());
        frame.extend_from_slice(&header.encode());
        frame.extend_from_slice(payload);
        let offset = self.offset(self.flushed);
        if let Err(error) = self.file.write_at(offset, &frame) {
            // To leave the room to others; if it fails, the next try writes over it.
            let cut = self.file.truncate(offset);
            tracing::debug!(file = %self.segment.path(), %error, ?cut, "plays can't be written");
            return Err(refused(&self.segment.path())(error));
        }
        let length = self.flushed + frame.len() as u64;
        self.spare = self.plays.push_frame(self.flushed, frame).unwrap_or_default();
        self.next = self.next.plus(u64::from(group.count()));
        self.flushed = length;
        Ok(())
    }

    // Doesn't wait for the disk, unless too many segments wait for it already.
    fn begin_segment(&mut self) -> Result<(), LogError> {
        if self.unsynced.len() + 1 >= self.options.unsynced_segments_max {
            self.make_durable()?;
        }
        let header = SegmentHeader {
            place: self.plays.place,
            first: self.next,
            first_byte: self.flushed,
            mark: self.durable,
        };
        let file = header.write(&*self.disk).map_err(refused(&header.path()))?;
        self.names_unsynced = true;
        let full = std::mem::replace(&mut self.file, file);
        if self.durable < self.flushed {
            self.unsynced.push(full);
        }
        self.segment = header;
        self.plays.push_segment(header.first_byte);
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), LogError> {
        self.sync_files().map_err(|error| self.fail(error))
    }

    fn sync_files(&mut self) -> Result<(), LogError> {
        let folder = self.plays.place.folder();
        for file in &self.unsynced {
            file.sync().map_err(refused(&folder))?;
        }
        self.file.sync().map_err(refused(&self.segment.path()))?;
        if self.names_unsynced {
            self.disk.sync_folder(&folder).map_err(refused(&folder))?;
        }
        self.unsynced.clear();
        self.names_unsynced = false;
        self.durable = self.flushed;
        Ok(())
    }

    // The number of records before `length`, which must be the end of a frame of the
    // segment that begins with `header`.
    fn records_before(
        &self,
        header: &SegmentHeader,
        file: &dyn DiskFile,
        length: u64,
    ) -> Result<Position, LogError> {
        let path = header.path();
        let mut walk = FrameWalk::new(file, SEGMENT_HEADER_BYTES, offset_in(header, length));
        walk.skip_to(header.first, Position(u64::MAX), &mut |_, _| {})
            .map_err(refused(&path))?
            .map_err(|detail| damaged(&path, walk.offset(), format!("{detail} at {length}")))
    }

    fn read_unflushed(&self, address: u64, out: &mut Vec<u8>) -> Option<()> {
        let mut from = self.flushed;
        for frame in self.frames.iter().chain([&self.growing]) {
            let end = from + (HEADER_BYTES + frame.payload().len()) as u64;
            if address < end {
                let at = address.checked_sub(from + HEADER_BYTES as u64)?;
                let bytes = frame.payload().get(usize::try_from(at).ok()?..)?;
                out.extend_from_slice(record_in(bytes)?);
                return Some(());
            }
            from = end;
        }
        None
    }
}

impl PlaysLog for SegmentPlaysLog {
    fn append(&mut self, encode: &mut dyn FnMut(&mut Vec<u8>)) -> PlayAddress {
        if self.growing.payload().len() >= self.options.frame_bytes_max {
            self.finish_frame();
        }
        let at = (HEADER_BYTES + self.growing.payload().len()) as u64;
        self.growing.push_with(|out| encode(out));
        PlayAddress(self.growing_from + at)
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.check_sound()?;
        self.finish_frame();
        while let Some(mut group) = self.frames.pop_front() {
            if let Err(error) = self.write(&group) {
                self.frames.push_front(group);
                return Err(error);
            }
            // Its memory serves the next frame.
            if self.frames.is_empty() {
                group.clear();
                self.growing = group;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LogError> {
        self.flush()?;
        self.make_durable()
    }

    fn length(&self) -> u64 {
        self.flushed
    }

    /// What was appended and not flushed is forgotten too. The cut is durable when this
    /// returns, and so is what is before it.
    fn truncate(&mut self, length: u64) -> Result<(), LogError> {
        self.check_sound()?;
        if length > self.flushed {
            let detail = format!("the log ends at byte {}, before {length}", self.flushed);
            return Err(damaged(&self.segment.path(), self.offset(self.flushed), detail));
        }
        let (base, _) = self.plays.holding(length);
        let mut candidates = self.plays.place.candidates(&*self.disk)?;
        let at = candidates.partition_point(|candidate| candidate.base < base);
        let kept = candidates.get(at).and_then(|kept| kept.header.as_ref().ok());
        let Some(header) = kept.copied().filter(|header| header.first_byte == base) else {
            return Err(damaged(&self.plays.place.path(base), 0, "the segment's header is gone"));
        };
        let path = header.path();
        let file = self.disk.open_or_create(&path).map_err(refused(&path))?;
        let next = self.records_before(&header, &*file, length)?;

        self.plays.cut(base, length);
        let cut = remove_last_first(&*self.disk, &self.plays.place, &candidates.split_off(at + 1))
            .map_err(LogError::from)
            .and_then(|()| file.truncate(offset_in(&header, length)).map_err(refused(&path)));
        if let Err(error) = cut {
            // Some of it may be gone.
            return Err(self.fail(error));
        }
        (self.segment, self.file) = (header, file);
        (self.next, self.flushed, self.growing_from) = (next, length, length);
        self.frames.clear();
        self.growing.clear();
        self.make_durable()
    }

    fn read(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError> {
        if address.0 < self.flushed {
            return self.plays.read(address, out);
        }
        out.clear();
        self.read_unflushed(address.0, out).ok_or_else(|| {
            damaged(&self.segment.path(), self.offset(address.0), "no record begins here")
        })
    }

    fn reader(&self) -> Arc<dyn PlaysLogReader> {
        Arc::new(SegmentPlaysReader::of(Arc::clone(&self.plays)))
    }
}

fn offset_in(segment: &SegmentHeader, address: u64) -> u64 {
    SEGMENT_HEADER_BYTES + (address - segment.first_byte)
}
