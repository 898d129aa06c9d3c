//! Where the segments of a rendition are: its segment index, read.

use super::boxes::Boxes;

/// The most segments of a rendition.
pub const SEGMENTS_MAX: usize = 16_384;

/// A segment of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentPlace {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// How long it is.
    pub bytes: u32,
    /// When it begins, in ticks of the index' clock, from the track's first audible frame.
    pub start: u64,
    /// How long it is heard, in ticks.
    pub ticks: u32,
}

/// Where the segments of a rendition are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentIndex {
    /// Ticks a second: the rate of samples.
    pub timescale: u32,
    /// How much in front of the first segment has to be appended once, in bytes.
    pub head_bytes: u64,
    /// The segments, in order and without gaps.
    pub segments: Vec<SegmentPlace>,
}

/// Why the beginning of a file is no head of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A box isn't there, or not whole.
    #[error("the rendition's head has no whole {0}; encode the track again")]
    Missing(&'static str),
    /// What stands in the index can't be.
    #[error("the rendition's index is damaged: {0}; encode the track again")]
    Damaged(&'static str),
}

impl SegmentIndex {
    /// Reads it from a rendition's beginning, of which everything up to the first segment must be there.
    ///
    /// # Errors
    /// [`IndexError`] where it isn't there, or can't be right.
    pub fn read(head: &[u8]) -> Result<Self, IndexError> {
        for kind in [b"ftyp", b"moov"] {
            Boxes::of(head).find(kind).ok_or(IndexError::Missing("ftyp and moov"))?;
        }
        let sidx = Boxes::of(head).find(b"sidx").ok_or(IndexError::Missing("sidx"))?;
        let damaged = IndexError::Damaged("its numbers end too early");
        let number = |at: usize| {
            let bytes = sidx.body.get(at..).and_then(|rest| rest.first_chunk::<4>());
            bytes.map(|bytes| u32::from_be_bytes(*bytes)).ok_or(damaged)
        };
        let wide = |at: usize| Ok((u64::from(number(at)?) << 32) | u64::from(number(at + 4)?));
        if number(0)? != 0x0100_0000 {
            return Err(IndexError::Damaged("it is of another version"));
        }
        let timescale = number(8)?;
        if timescale == 0 {
            return Err(IndexError::Damaged("its clock stands"));
        }
        let (mut start, first_offset) = (wide(12)?, wide(20)?);
        let count = usize::try_from(number(28)? & 0xffff).expect("16 bits");
        let head_bytes = (sidx.at + sidx.bytes) as u64;
        let mut offset = head_bytes
            .checked_add(first_offset)
            .ok_or(IndexError::Damaged("its segments are beyond every file"))?;
        if count == 0 || count > SEGMENTS_MAX || sidx.body.len() != 32 + 12 * count {
            return Err(IndexError::Damaged("its number of segments isn't its length"));
        }
        let mut segments = Vec::with_capacity(count);
        for entry in 0..count {
            let (bytes, ticks) = (number(32 + 12 * entry)?, number(36 + 12 * entry)?);
            if bytes == 0 || bytes >> 31 != 0 || ticks == 0 {
                return Err(IndexError::Damaged("a segment is empty"));
            }
            segments.push(SegmentPlace { offset, bytes, start, ticks });
            let beyond = IndexError::Damaged("its segments are beyond every file");
            offset = offset.checked_add(bytes.into()).ok_or(beyond)?;
            start = start.checked_add(ticks.into()).ok_or(beyond)?;
        }
        Ok(Self { timescale, head_bytes, segments })
    }

    /// The whole file's length in bytes.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.segments.last().map_or(self.head_bytes, |last| last.offset + u64::from(last.bytes))
    }

    /// How long the track is heard, in ticks.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.segments.last().map_or(0, |last| last.start + u64::from(last.ticks))
    }

    /// The segment that a moment is in, in ticks; the last one for moments behind the end.
    #[must_use]
    pub fn segment_at(&self, tick: u64) -> usize {
        let after = self.segments.partition_point(|segment| segment.start <= tick);
        after.saturating_sub(1)
    }
}
