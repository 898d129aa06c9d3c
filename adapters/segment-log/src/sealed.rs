//! Which segments were sealed: followed by another, after all of their frames were durable.
//!
//! A segment that was sealed never changes. What this file knows of each is compared with the
//! segment's header and length when the log is opened, and with every one of its frames behind
//! the start ([`verify_behind`]). A segment that isn't in it is verified before anything is served.
//! Little end first:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLSL` |
//! | 2 | version, 1 |
//! | 2 | the partition |
//! | 28 for each | position of its first record; position behind its last; its file's length in bytes; CRC-32 (IEEE 802.3) of the headers of its frames, end to end |
//! | 4 | CRC-32 (IEEE 802.3) of the bytes before |

use ledgerline_app::ports::{Disk, LogError};
use ledgerline_ids::Position;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::closed::replace;
use crate::error::{OpenError, damaged, refused};
use crate::segment::{Place, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::shelf::Segment;
use crate::walk::{FrameWalk, Step};
use crate::writer::Partition;

const MAGIC: [u8; 4] = *b"LLSL";
const VERSION: u16 = 1;
const HEAD_BYTES: usize = 8;
const ENTRY_BYTES: usize = 28;
/// As many segments as a partition of 4 TiB has, and many more.
const SEGMENTS_MAX: usize = 1 << 20;

/// What is known of a segment that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The position of its first record.
    pub first: Position,
    /// The position behind its last record.
    pub next: Position,
    /// The length of its file in bytes.
    pub length: u64,
    /// The checksum of its frames' headers.
    pub headers: u32,
}

fn path(place: &Place) -> String {
    format!("{}/sealed", place.folder())
}

/// Reads what is known; nothing where there is no such file. It got its name when it was whole,
/// so one that isn't is damaged.
pub(crate) fn read(disk: &dyn Disk, place: &Place) -> Result<Vec<Sealed>, OpenError> {
    let path = path(place);
    let file = match disk.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(OpenError::io(&path)(error)),
    };
    let damaged = |detail| {
        let way_out = "remove this file to have every segment verified at the next start";
        Err(OpenError::damaged(&path, 0, format!("{detail}; {way_out}")))
    };
    let length = file.length().map_err(OpenError::io(&path))?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let entries = length.saturating_sub(HEAD_BYTES + 4) / ENTRY_BYTES;
    if length != HEAD_BYTES + entries * ENTRY_BYTES + 4 || entries > SEGMENTS_MAX {
        return damaged("it has not the length of a list of sealed segments");
    }
    let mut bytes = vec![0; length];
    let read = file.read_at(0, &mut bytes).map_err(OpenError::io(&path))?;
    let (body, checksum) = bytes.split_at(length - 4);
    if read < length || body[..4] != MAGIC {
        return damaged("it doesn't begin like a list of sealed segments");
    }
    let version = u16::from_le_bytes([body[4], body[5]]);
    if version != VERSION {
        return Err(OpenError::Version { file: path, offset: 4, found: version, known: VERSION });
    }
    if crc32fast::hash(body).to_le_bytes() != *checksum {
        return damaged("its checksum is wrong");
    }
    if u16::from_le_bytes([body[6], body[7]]) != place.partition.0 {
        return damaged("it is another partition's");
    }
    Ok(body[HEAD_BYTES..].chunks_exact(ENTRY_BYTES).map(Sealed::decode).collect())
}

/// Writes what is known, durably and at once or not at all.
pub(crate) fn write(disk: &dyn Disk, place: &Place, sealed: &[Sealed]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + sealed.len() * ENTRY_BYTES + 4);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&place.partition.0.to_le_bytes());
    for segment in sealed {
        bytes.extend_from_slice(&segment.encode());
    }
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    replace(disk, &place.folder(), &path(place), &bytes)
}

impl Sealed {
    fn encode(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        out[..8].copy_from_slice(&self.first.0.to_le_bytes());
        out[8..16].copy_from_slice(&self.next.0.to_le_bytes());
        out[16..24].copy_from_slice(&self.length.to_le_bytes());
        out[24..].copy_from_slice(&self.headers.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Self {
        let eight =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let headers = u32::from_le_bytes(bytes[24..].try_into().expect("four bytes"));
        Self { first: Position(eight(0)), next: Position(eight(8)), length: eight(16), headers }
    }

    /// Whether a segment may be this one, by its header and its file's length.
    pub(crate) fn may_be(&self, header: &SegmentHeader, length: u64) -> bool {
        (self.first, self.length) == (header.first, length)
    }
}

/// Segments of one partition that are to be verified behind the start.
pub(crate) struct Unverified {
    pub partition: Arc<Partition>,
    pub segments: Vec<(Arc<Segment>, Sealed)>,
}

/// Verifies every frame of these segments, partition by partition, until `stop`. Damage is told to
/// the partition: nothing is read of it any more. What the system refuses to read is no damage
/// yet: it is named in the log, and left to whoever reads it, the audit and the next start.
pub(crate) fn verify_behind(disk: &dyn Disk, unverified: &[Unverified], stop: &AtomicBool) {
    for Unverified { partition, segments } in unverified {
        for (segment, sealed) in segments {
            match verify_some_times(disk, segment, sealed, stop) {
                Ok(()) => {}
                // Released meanwhile.
                Err(_) if partition.shelf.start() > segment.header().first => {}
                Err(error @ LogError::Damaged { .. }) => {
                    tracing::error!(%error, "a segment that was sealed is not as it was");
                    partition.found_damaged(error);
                    break;
                }
                Err(error) => tracing::warn!(%error, "a sealed segment can't be verified now"),
            }
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// So often a segment is read whose reading the system refuses.
const TRIES_MAX: u32 = 3;

fn verify_some_times(
    disk: &dyn Disk,
    segment: &Segment,
    sealed: &Sealed,
    stop: &AtomicBool,
) -> Result<(), LogError> {
    let mut tries = 1;
    loop {
        match verify(disk, segment, sealed, stop) {
            Err(LogError::Io { .. }) if tries < TRIES_MAX => tries += 1,
            verified => return verified,
        }
    }
}

fn verify(
    disk: &dyn Disk,
    segment: &Segment,
    sealed: &Sealed,
    stop: &AtomicBool,
) -> Result<(), LogError> {
    let path = segment.path();
    let file = disk.open(path).map_err(refused(path))?;
    let mut walk = FrameWalk::new(&*file, SEGMENT_HEADER_BYTES, sealed.length);
    let mut next = sealed.first;
    let mut headers = crc32fast::Hasher::new();
    while !stop.load(Ordering::Relaxed) {
        match walk.step(Some(next)).map_err(refused(path))? {
            Step::Frame(offset, frame, _) => {
                segment.note(frame.first, offset);
                headers.update(&frame.encode());
                next = next.plus(u64::from(frame.count));
            }
            Step::End if next == sealed.next && headers.clone().finalize() == sealed.headers => {
                return Ok(());
            }
            Step::End => {
                let detail = "its frames are not those that it was sealed with";
                return Err(damaged(path, SEGMENT_HEADER_BYTES, detail));
            }
            Step::Broken(offset, detail) => return Err(damaged(path, offset, detail)),
        }
    }
    Ok(())
}
