//! The files' names and headers.
//!
//! `reports/p003/00000000000000001234.log` begins with the record at position 1234 of
//! partition 3; a segment of plays is named for its first byte's address. Each file begins
//! with a header, little end first:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLSG` |
//! | 2 | version of the format, 1 |
//! | 2 | kind of the log: 1 reports, 2 plays |
//! | 2 | the partition |
//! | 2 | how many partitions the log has |
//! | 8 | position of the first record |
//! | 8 | address of the first byte: the bytes of all frames before, headers of files not counted |
//! | 8 | mark: of reports, the latest millisecond in which a frame before was received; of plays, the log was durable up to that address when the segment was begun |
//! | 4 | CRC-32 (IEEE 802.3) of the bytes before |

use ledgerline_app::ports::{Disk, DiskFile};
use ledgerline_ids::{PartitionId, Position};
use std::io;
use std::sync::Arc;

use crate::error::OpenError;

/// The length of a segment's header in bytes.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 40;
const HEADER_BYTES: usize = 40;
const MAGIC: [u8; 4] = *b"LLSG";
const VERSION: u16 = 1;
const NAME_DIGITS: usize = 20;

/// So many times a segment may be released by another process just when it is opened.
pub(crate) const LOOKS_MAX: u32 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    Reports,
    Plays,
}

/// One partition of one log: what all its segments have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub kind: LogKind,
    pub partition: PartitionId,
    pub partitions: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub place: Place,
    pub first: Position,
    pub first_byte: u64,
    pub mark: u64,
}

/// Why the beginning of a file is no header of a segment of this place.
#[derive(Debug)]
pub(crate) enum HeaderFault {
    /// Not what was written: too short, or its checksum is wrong.
    Broken(&'static str),
    /// Written by another version.
    Version(u16),
    /// Of a log with another number of partitions.
    Partitions(u16),
    /// A sound header of another file.
    Foreign,
}

/// A file that is named like a segment.
pub(crate) struct Candidate {
    pub path: String,
    pub length: u64,
    pub base: u64,
    pub header: Result<SegmentHeader, HeaderFault>,
}

/// At which step a segment could not be begun.
pub(crate) enum BeginError {
    Write(io::Error),
    Sync(io::Error),
}

impl LogKind {
    /// The log's folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Plays => "plays",
        }
    }

    fn number(self) -> u16 {
        match self {
            Self::Reports => 1,
            Self::Plays => 2,
        }
    }
}

impl Place {
    /// The partition's folder.
    pub(crate) fn folder(&self) -> String {
        format!("{}/{}", self.kind.folder(), self.partition)
    }

    /// The path of the segment that begins at `base`: a position or an address.
    pub(crate) fn path(&self, base: u64) -> String {
        format!("{}/{base:0NAME_DIGITS$}.log", self.folder())
    }

    /// The files of this place that are named like segments, in order, with their headers.
    pub(crate) fn candidates(&self, disk: &dyn Disk) -> Result<Vec<Candidate>, OpenError> {
        let mut looks_left = LOOKS_MAX;
        loop {
            match self.look(disk) {
                // Another process released it since the folder was listed.
                Err(OpenError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && looks_left > 0 =>
                {
                    looks_left -= 1;
                }
                looked => return looked,
            }
        }
    }

    fn look(&self, disk: &dyn Disk) -> Result<Vec<Candidate>, OpenError> {
        let folder = self.folder();
        let names = disk.list(&folder).map_err(OpenError::io(&folder))?;
        let mut candidates = Vec::new();
        for base in names.iter().filter_map(|name| base_of(name)) {
            let path = self.path(base);
            let file = disk.open(&path).map_err(OpenError::io(&path))?;
            let mut bytes = [0; HEADER_BYTES];
            let read = file.read_at(0, &mut bytes).map_err(OpenError::io(&path))?;
            let length = file.length().map_err(OpenError::io(&path))?;
            let header = SegmentHeader::decode(&bytes[..read], *self, base);
            candidates.push(Candidate { path, length, base, header });
        }
        Ok(candidates)
    }

    /// Creates the partition's folder, durably.
    pub(crate) fn create_folder(&self, disk: &dyn Disk) -> io::Result<()> {
        disk.create_folder(&self.folder())?;
        disk.sync_folder(self.kind.folder())?;
        disk.sync_folder("")
    }
}

fn base_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() == NAME_DIGITS && all_digits { digits.parse().ok() } else { None }
}

impl SegmentHeader {
    /// What the segment's file is named for.
    pub(crate) fn base(&self) -> u64 {
        match self.place.kind {
            LogKind::Reports => self.first.0,
            LogKind::Plays => self.first_byte,
        }
    }

    pub(crate) fn path(&self) -> String {
        self.place.path(self.base())
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..4].copy_from_slice(&MAGIC);
        out[4..6].copy_from_slice(&VERSION.to_le_bytes());
        out[6..8].copy_from_slice(&self.place.kind.number().to_le_bytes());
        out[8..10].copy_from_slice(&self.place.partition.0.to_le_bytes());
        out[10..12].copy_from_slice(&self.place.partitions.to_le_bytes());
        out[12..20].copy_from_slice(&self.first.0.to_le_bytes());
        out[20..28].copy_from_slice(&self.first_byte.to_le_bytes());
        out[28..36].copy_from_slice(&self.mark.to_le_bytes());
        let checksum = crc32fast::hash(&out[..36]);
        out[36..].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads the header of the file that is named for `base`.
    fn decode(bytes: &[u8], place: Place, base: u64) -> Result<Self, HeaderFault> {
        let Ok(bytes) = <&[u8; HEADER_BYTES]>::try_from(bytes) else {
            return Err(HeaderFault::Broken("it is too short for a segment's header"));
        };
        let two = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let eight =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        if bytes[..4] != MAGIC {
            return Err(HeaderFault::Broken("it doesn't begin like a segment"));
        }
        if two(4) != VERSION {
            return Err(HeaderFault::Version(two(4)));
        }
        if crc32fast::hash(&bytes[..36]).to_le_bytes() != bytes[36..] {
            return Err(HeaderFault::Broken("the checksum of the segment's header is wrong"));
        }
        if two(6) != place.kind.number() {
            return Err(HeaderFault::Foreign);
        }
        if two(10) != place.partitions {
            return Err(HeaderFault::Partitions(two(10)));
        }
        let header =
            Self { place, first: Position(eight(12)), first_byte: eight(20), mark: eight(28) };
        // Positions and addresses alike: sums of those below don't overflow.
        if header.first > Position::LIMIT || header.first_byte > Position::LIMIT.0 {
            return Err(HeaderFault::Broken("it begins where no log ever gets to"));
        }
        if two(8) == place.partition.0 && header.base() == base {
            Ok(header)
        } else {
            Err(HeaderFault::Foreign)
        }
    }

    /// Creates the segment's file with its header and nothing else, over what is there.
    pub(crate) fn write(&self, disk: &dyn Disk) -> io::Result<Arc<dyn DiskFile>> {
        let file = disk.open_or_create(&self.path())?;
        file.truncate(0)?;
        file.write_at(0, &self.encode())?;
        Ok(file)
    }

    /// Creates the segment's file, durably.
    pub(crate) fn begin(&self, disk: &dyn Disk) -> Result<Arc<dyn DiskFile>, BeginError> {
        let file = self.write(disk).map_err(BeginError::Write)?;
        file.sync().map_err(BeginError::Sync)?;
        if !cfg!(feature = "canary-segment-name-unsynced") {
            disk.sync_folder(&self.place.folder()).map_err(BeginError::Sync)?;
        }
        Ok(file)
    }
}

impl HeaderFault {
    pub(crate) fn at(&self, file: &str, wanted: u16) -> OpenError {
        match *self {
            Self::Broken(detail) => OpenError::damaged(file, 0, detail),
            Self::Version(found) => {
                OpenError::Version { file: file.to_owned(), offset: 4, found, known: VERSION }
            }
            Self::Partitions(found) => {
                OpenError::Partitions { file: file.to_owned(), found, wanted }
            }
            Self::Foreign => OpenError::damaged(file, 6, "it is a segment of another place"),
        }
    }
}

impl BeginError {
    pub(crate) fn into_inner(self) -> io::Error {
        match self {
            Self::Write(error) | Self::Sync(error) => error,
        }
    }
}
