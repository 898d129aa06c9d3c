//! Reading a run: its directory, and which of its blocks to look at.

use xorf::{BinaryFuse8, Descriptor, Filter};

use super::{
    BLOCK_ENTRIES, CHECKSUM_BYTES, RunEntry, RunError, SECTION_HEADER_BYTES, TRAILER_BYTES, eight,
    four, high_half,
};
use crate::index::Bucket;

/// Where a run's directory stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// In bytes from the run's beginning; the entries end here.
    pub at: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// How many sections it tells of.
    pub sections: u32,
}

/// A section whose filter and sparse keys are in memory; its entries may be elsewhere.
#[derive(Debug)]
pub struct Section {
    /// Whose keys.
    pub bucket: Bucket,
    /// How many entries.
    pub count: u32,
    /// Where its first block begins, in bytes from the run's beginning.
    pub entries_at: u64,
    // The upper halves of the first and the last key.
    first: u64,
    last: u64,
    filter: Option<BinaryFuse8>,
    // The upper half of each block's first key.
    sparse: Box<[u64]>,
}

pub(super) struct SectionHeader {
    pub bucket: Bucket,
    pub count: u32,
    pub entries_at: u64,
    pub first: u64,
    pub last: u64,
    pub filter: [u32; 4],
    pub seed: u64,
}

impl SectionHeader {
    pub(super) fn encode(&self, resident: &[u8]) -> [u8; SECTION_HEADER_BYTES] {
        let mut out = [0; SECTION_HEADER_BYTES];
        out[..4].copy_from_slice(&self.bucket.code().to_le_bytes());
        out[4..8].copy_from_slice(&self.count.to_le_bytes());
        out[8..16].copy_from_slice(&self.entries_at.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..32].copy_from_slice(&self.last.to_le_bytes());
        for (index, part) in self.filter.iter().enumerate() {
            out[32 + 4 * index..36 + 4 * index].copy_from_slice(&part.to_le_bytes());
        }
        out[48..56].copy_from_slice(&self.seed.to_le_bytes());
        let checksum = checksum(&out, resident);
        out[56..60].copy_from_slice(&checksum.to_le_bytes());
        out
    }
}

fn checksum(header: &[u8], resident: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..56]);
    hasher.update(&header[60..SECTION_HEADER_BYTES]);
    hasher.update(resident);
    hasher.finalize()
}

impl Directory {
    /// Reads a run's last [`TRAILER_BYTES`]; the run has `run_bytes`.
    ///
    /// # Errors
    /// [`RunError`] where it is no run of such entries, or not of this length.
    pub fn decode<E: RunEntry>(trailer: &[u8], run_bytes: u64) -> Result<Self, RunError> {
        let trailer: &[u8; TRAILER_BYTES] =
            trailer.try_into().map_err(|_: std::array::TryFromSliceError| RunError::CutOff)?;
        let directory =
            Self { at: eight(trailer, 0), bytes: eight(trailer, 8), sections: four(trailer, 16) };
        let length = directory
            .at
            .checked_add(directory.bytes)
            .and_then(|end| end.checked_add(TRAILER_BYTES as u64));
        let sound = crc32fast::hash(&trailer[..20]) == four(trailer, 20)
            && trailer[24..] == E::MAGIC
            && length == Some(run_bytes);
        let offset = run_bytes.saturating_sub(TRAILER_BYTES as u64);
        sound.then_some(directory).ok_or(RunError::Damaged { part: "trailer", offset })
    }

    pub(super) fn encode<E: RunEntry>(&self) -> [u8; TRAILER_BYTES] {
        let mut out = [0; TRAILER_BYTES];
        out[..8].copy_from_slice(&self.at.to_le_bytes());
        out[8..16].copy_from_slice(&self.bytes.to_le_bytes());
        out[16..20].copy_from_slice(&self.sections.to_le_bytes());
        let checksum = crc32fast::hash(&out[..20]);
        out[20..24].copy_from_slice(&checksum.to_le_bytes());
        out[24..].copy_from_slice(&E::MAGIC);
        out
    }

    /// Reads the sections from the directory's bytes, in the order of their buckets and keys.
    ///
    /// # Errors
    /// [`RunError`] where a byte has changed.
    pub fn sections<E: RunEntry>(&self, bytes: &[u8]) -> Result<Vec<Section>, RunError> {
        let mut sections = Vec::new();
        let mut rest = bytes;
        let mut entries_at = 0;
        for _ in 0..self.sections {
            let offset = self.at + (bytes.len() - rest.len()) as u64;
            let damaged = RunError::Damaged { part: "directory", offset };
            let (section, length) = Section::decode(rest).ok_or(damaged.clone())?;
            if section.entries_at != entries_at {
                return Err(damaged);
            }
            entries_at += section.entries_bytes::<E>();
            rest = &rest[length..];
            sections.push(section);
        }
        if rest.is_empty() && entries_at == self.at {
            Ok(sections)
        } else {
            Err(RunError::Damaged { part: "directory", offset: self.at })
        }
    }
}

impl Section {
    fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let header = bytes.get(..SECTION_HEADER_BYTES)?;
        let count = four(header, 4);
        let blocks = (count as usize).div_ceil(BLOCK_ENTRIES);
        let filter_bytes = four(header, 32) as usize;
        let resident_bytes = filter_bytes.checked_add(blocks * 8)?;
        let length = SECTION_HEADER_BYTES.checked_add(resident_bytes)?;
        let resident = bytes.get(SECTION_HEADER_BYTES..length)?;
        if count == 0 || checksum(header, resident) != four(header, 56) {
            return None;
        }
        let (fingerprints, sparse) = resident.split_at(filter_bytes);
        let descriptor = Descriptor {
            seed: eight(header, 48),
            segment_length: four(header, 36),
            segment_length_mask: four(header, 40),
            segment_count_length: four(header, 44),
        };
        let filter = (filter_bytes > 0)
            .then(|| BinaryFuse8 { descriptor, fingerprints: fingerprints.into() });
        let section = Self {
            bucket: Bucket::from_code(four(header, 0)),
            count,
            entries_at: eight(header, 8),
            first: eight(header, 16),
            last: eight(header, 24),
            filter,
            sparse: sparse.chunks_exact(8).map(|key| eight(key, 0)).collect(),
        };
        Some((section, length))
    }

    /// How many blocks it has.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.sparse.len()
    }

    /// The length of its blocks together, in bytes.
    #[must_use]
    pub fn entries_bytes<E: RunEntry>(&self) -> u64 {
        u64::from(self.count) * E::BYTES as u64 + (self.blocks() * CHECKSUM_BYTES) as u64
    }

    /// Where some neighbouring blocks stand: offset from the run's beginning, and length.
    #[must_use]
    pub fn place<E: RunEntry>(&self, blocks: &std::ops::Range<usize>) -> (u64, usize) {
        let whole = BLOCK_ENTRIES * E::BYTES + CHECKSUM_BYTES;
        let first = blocks.start * BLOCK_ENTRIES;
        let last = (blocks.end * BLOCK_ENTRIES).min(self.count as usize);
        let entries = last.saturating_sub(first);
        let at = self.entries_at + (blocks.start * whole) as u64;
        (at, entries * E::BYTES + blocks.len() * CHECKSUM_BYTES)
    }

    /// Whether the key may be among the entries. A no is certain.
    #[inline]
    #[must_use]
    pub fn may_contain<E: RunEntry>(&self, key: u128) -> bool {
        let high = high_half(key);
        self.first <= high
            && high <= self.last
            && self.filter.as_ref().is_none_or(|filter| filter.contains(&E::filter_key(key)))
    }

    /// The blocks in which all entries are whose keys have this upper half.
    #[must_use]
    pub fn blocks_to_look_at(&self, key: u128) -> std::ops::Range<usize> {
        let high = high_half(key);
        // Several blocks may begin with the same upper half: look at all that could hold it.
        let first = self.sparse.partition_point(|key| *key < high).saturating_sub(1);
        let last = self.sparse.partition_point(|key| *key <= high);
        first..last
    }

    /// Bytes of memory that the section takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let filter = self.filter.as_ref().map_or(0, |filter| filter.fingerprints.len());
        size_of::<Self>() + filter + self.sparse.len() * 8
    }
}

/// Splits a block off `bytes`, which begin with one: its entries, checked, and the rest.
/// `offset` is for the error.
///
/// # Errors
/// [`RunError`] where a byte of the block has changed, or it is cut off.
pub fn check_block<E: RunEntry>(bytes: &[u8], offset: u64) -> Result<(&[u8], &[u8]), RunError> {
    let whole = BLOCK_ENTRIES * E::BYTES + CHECKSUM_BYTES;
    let (block, rest) = bytes.split_at(whole.min(bytes.len()));
    let entries_bytes = block.len().checked_sub(CHECKSUM_BYTES).ok_or(RunError::CutOff)?;
    let (entries, checksum) = block.split_at(entries_bytes);
    if entries.is_empty() || entries.len() % E::BYTES != 0 {
        return Err(RunError::CutOff);
    }
    if crc32fast::hash(entries) != four(checksum, 0) {
        return Err(RunError::Damaged { part: "block of entries", offset });
    }
    Ok((entries, rest))
}

/// The entry of a key among a block's entries.
#[must_use]
pub fn find_in_block<E: RunEntry>(entries: &[u8], key: u128) -> Option<E> {
    let wanted = key.to_be_bytes();
    let count = entries.len() / E::BYTES;
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = usize::midpoint(from, to);
        let entry = &entries[middle * E::BYTES..(middle + 1) * E::BYTES];
        match entry[..16].cmp(&wanted) {
            std::cmp::Ordering::Less => from = middle + 1,
            std::cmp::Ordering::Greater => to = middle,
            std::cmp::Ordering::Equal => return Some(E::decode(entry)),
        }
    }
    None
}
