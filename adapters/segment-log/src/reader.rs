//! Reads a report log beside the process that writes it.

use ledgerline_app::ports::{Disk, LogError};
use ledgerline_ids::{PartitionId, Position};
use ledgerline_records::frame::FrameHeader;
use std::io::ErrorKind;
use std::sync::Arc;

use crate::error::{OpenError, damaged, refused};
use crate::report_log::place;
use crate::segment::{HeaderFault, LOOKS_MAX, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::walk::{FrameWalk, Step};

/// Reads a report log without writing to it, also while another process appends to it.
/// Every frame that it gives was verified against its checksum.
pub struct ReportLogReader {
    disk: Arc<dyn Disk>,
    partitions: u16,
}

impl ReportLogReader {
    /// Looks at the headers of all segments.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(disk: Arc<dyn Disk>, partitions: u16) -> Result<Self, OpenError> {
        let reader = Self { disk, partitions };
        for number in 0..partitions {
            reader.segments(PartitionId(number))?;
        }
        Ok(reader)
    }

    /// How many partitions.
    #[must_use]
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// The oldest position that can be read; 0 where nothing was written yet.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn start(&self, partition: PartitionId) -> Result<Position, LogError> {
        let segments = self.segments(partition)?;
        Ok(segments.first().map_or(Position(0), |segment| segment.first))
    }

    /// The position after the last whole frame at this moment. It may not be durable yet.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn end(&self, partition: PartitionId) -> Result<Position, LogError> {
        let mut looks_left = LOOKS_MAX;
        let (last, path, file) = loop {
            let segments = self.segments(partition)?;
            let Some(last) = segments.last() else {
                return Ok(Position(0));
            };
            let path = last.path();
            match self.disk.open(&path) {
                // It was followed by others and released since the folder was listed.
                Err(error) if error.kind() == ErrorKind::NotFound && looks_left > 0 => {
                    looks_left -= 1;
                }
                other => break (*last, path.clone(), other.map_err(refused(&path))?),
            }
        };
        let length = file.length().map_err(refused(&path))?;
        let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, length);
        let mut end = last.first;
        while let Step::Frame(_, header, _) = walk.step(Some(end)).map_err(refused(&path))? {
            end = end.plus(u64::from(header.count));
        }
        Ok(end)
    }

    /// Gives the frames with the records `from..until` to `each`, in order: the first
    /// holds `from`, the last holds the record before `until`. What is being written
    /// behind `until` is not looked at.
    ///
    /// # Errors
    /// [`LogError`], also where the log ends before `until`.
    pub fn for_each_frame(
        &self,
        partition: PartitionId,
        from: Position,
        until: Position,
        each: &mut dyn FnMut(&FrameHeader, &[u8]),
    ) -> Result<(), LogError> {
        if from >= until {
            return Ok(());
        }
        let segments = self.segments(partition)?;
        let start = segments.first().map_or(Position(0), |segment| segment.first);
        if from < start {
            return Err(LogError::Released { partition, wanted: from, start });
        }
        let holding = segments.partition_point(|segment| segment.first <= from);
        let segments = &segments[holding.saturating_sub(1)..];
        let mut next = segments.first().map_or(start, |segment| segment.first);
        let mut place = (place(partition, self.partitions).path(next.0), 0);
        for segment in segments {
            if next >= until {
                break;
            }
            if segment.first != next {
                let detail = format!("it begins at position {}, but {next} is next", segment.first);
                return Err(damaged(&segment.path(), 12, detail));
            }
            (next, place.1) = self.walk(partition, segment, from..until, each)?;
            place.0 = segment.path();
        }
        if next < until {
            let detail = format!("the log ends here, at position {next}, before {until}");
            return Err(damaged(&place.0, place.1, detail));
        }
        Ok(())
    }

    // The position behind the segment's last frame or behind `wanted`, and its offset.
    fn walk(
        &self,
        partition: PartitionId,
        segment: &SegmentHeader,
        wanted: std::ops::Range<Position>,
        each: &mut dyn FnMut(&FrameHeader, &[u8]),
    ) -> Result<(Position, u64), LogError> {
        let path = segment.path();
        let file = match self.disk.open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (wanted, start) = (wanted.start, self.start(partition)?);
                return Err(if wanted < start {
                    LogError::Released { partition, wanted, start }
                } else {
                    refused(&path)(error)
                });
            }
            other => other.map_err(refused(&path))?,
        };
        let length = file.length().map_err(refused(&path))?;
        let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, length);
        let mut next = walk
            .skip_to(segment.first, wanted.start, &mut |_, _| {})
            .map_err(refused(&path))?
            .map_err(|detail| damaged(&path, walk.offset(), detail))?;
        while next < wanted.end {
            match walk.step(Some(next)).map_err(refused(&path))? {
                Step::Frame(_, header, payload) => {
                    each(&header, payload);
                    next = next.plus(u64::from(header.count));
                }
                Step::End => break,
                Step::Broken(offset, detail) => return Err(damaged(&path, offset, detail)),
            }
        }
        Ok((next, walk.offset()))
    }

    // The headers of a partition's segments. One that is being created isn't there yet.
    fn segments(&self, partition: PartitionId) -> Result<Vec<SegmentHeader>, OpenError> {
        let mut candidates = place(partition, self.partitions).candidates(&*self.disk)?;
        candidates.pop_if(|last| {
            let headless = matches!(last.header, Err(HeaderFault::Broken(_)));
            headless && last.length <= SEGMENT_HEADER_BYTES
        });
        let headers = candidates.into_iter().map(|candidate| {
            candidate.header.map_err(|fault| fault.at(&candidate.path, self.partitions))
        });
        headers.collect()
    }
}
