//! The mark of an orderly end.
//!
//! A log that was closed in order has no torn frame, so whatever differs from the mark is
//! damage and not a crash. The mark is gone, durably, before anything is appended again.
//! Little end first:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLCL` |
//! | 2 | version, 1 |
//! | 2 | the partition |
//! | 8 | position after the last record |
//! | 8 | first position of the last segment |
//! | 8 | the last segment's length in bytes |
//! | 4 | CRC-32 (IEEE 802.3) of the bytes before |

use ledgerline_app::ports::Disk;
use ledgerline_ids::Position;
use std::io::{self, ErrorKind};

use crate::error::OpenError;
use crate::segment::Place;

const BYTES: usize = 36;
const MAGIC: [u8; 4] = *b"LLCL";
const VERSION: u16 = 1;

/// Where a partition ended when it was closed in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClosedMark {
    pub end: Position,
    pub last_segment: Position,
    pub last_length: u64,
}

impl ClosedMark {
    pub(crate) fn path(place: &Place) -> String {
        format!("{}/closed", place.folder())
    }

    fn encode(&self, place: &Place) -> [u8; BYTES] {
        let mut out = [0; BYTES];
        out[..4].copy_from_slice(&MAGIC);
        out[4..6].copy_from_slice(&VERSION.to_le_bytes());
        out[6..8].copy_from_slice(&place.partition.0.to_le_bytes());
        out[8..16].copy_from_slice(&self.end.0.to_le_bytes());
        out[16..24].copy_from_slice(&self.last_segment.0.to_le_bytes());
        out[24..32].copy_from_slice(&self.last_length.to_le_bytes());
        let checksum = crc32fast::hash(&out[..32]);
        out[32..].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Writes the mark, durably and at once or not at all.
    pub(crate) fn write(&self, disk: &dyn Disk, place: &Place) -> io::Result<()> {
        replace(disk, &place.folder(), &Self::path(place), &self.encode(place))
    }

    /// Reads the mark, where there is one. It got its name when it was whole, so one that
    /// isn't is damaged.
    pub(crate) fn read(disk: &dyn Disk, place: &Place) -> Result<Option<Self>, OpenError> {
        let path = Self::path(place);
        let file = match disk.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::io(&path)(error)),
        };
        // One byte more, to see whether there is more.
        let mut bytes = [0; BYTES + 1];
        let read = file.read_at(0, &mut bytes).map_err(OpenError::io(&path))?;
        let damaged = |detail| Err(OpenError::damaged(&path, 0, detail));
        let Ok(bytes) = <&[u8; BYTES]>::try_from(&bytes[..read]) else {
            return damaged("it has not the length of a mark of closing");
        };
        let two = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let eight =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        if bytes[..4] != MAGIC {
            return damaged("it doesn't begin like a mark of closing");
        }
        if two(4) != VERSION {
            let (file, found) = (path, two(4));
            return Err(OpenError::Version { file, offset: 4, found, known: VERSION });
        }
        if crc32fast::hash(&bytes[..32]).to_le_bytes() != bytes[32..] {
            return damaged("its checksum is wrong");
        }
        if two(6) != place.partition.0 {
            return damaged("it is the mark of another partition");
        }
        Ok(Some(Self {
            end: Position(eight(8)),
            last_segment: Position(eight(16)),
            last_length: eight(24),
        }))
    }
}

/// Gives a small file new contents, durably and at once or not at all.
pub(crate) fn replace(disk: &dyn Disk, folder: &str, path: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{path}.new");
    let file = disk.open_or_create(&unfinished)?;
    file.truncate(0)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    disk.rename(&unfinished, path)?;
    disk.sync_folder(folder)
}
