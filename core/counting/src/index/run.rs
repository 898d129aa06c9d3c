//! A run's bytes: sections of sorted entries, each with its filter.
//!
//! Little end first. A run is a row of sections, by bucket; each is
//! a header of 48 bytes, the filter's bytes, one key for each
//! [`SPARSE_EVERY`] entries, and the entries of 32 bytes, sorted by hash:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLR1` |
//! | 4 | bucket code |
//! | 8 | number of entries |
//! | 4, 4, 4, 4, 8 | the filter: length, segment length, its mask, segment count length, seed |
//! | 4 | CRC-32 of the header before it, the filter and the sparse keys |
//! | 4 | CRC-32 of the entries |
//!
//! The filter is a binary fuse filter (Graf, Lemire: "Binary Fuse Filters", 2022).

use ledgerline_ids::IdentityHash;
use xorf::{BinaryFuse8, Descriptor, Filter};

use super::{Bucket, IndexEntry, high_half, low_half};

/// The length of an entry: 16 bytes of hash, big end first so that bytes sort as hashes do,
/// and 16 of [`IndexEntry`].
pub const ENTRY_BYTES: usize = 32;
/// One key in this many entries is kept in memory.
pub const SPARSE_EVERY: usize = 64;
const HEADER_BYTES: usize = 48;
const MAGIC: [u8; 4] = *b"LLR1";
// Below this many entries looking is cheaper than filtering.
const FILTER_FROM: usize = 32;

/// Why bytes are no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The bytes end inside a section.
    #[error("the run is cut off")]
    CutOff,
    /// A byte has changed.
    #[error("the run's {part} at byte {offset} is damaged")]
    Damaged {
        /// Header, filter or entries.
        part: &'static str,
        /// Where the section begins.
        offset: u64,
    },
}

/// What stands at the beginning of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionHeader {
    /// Whose keys.
    pub bucket: Bucket,
    /// How many.
    pub count: u64,
    filter: [u32; 4],
    seed: u64,
    checksum: u32,
    entries_checksum: u32,
}

/// A section whose filter and sparse keys are in memory; its entries may be elsewhere.
#[derive(Debug)]
pub struct Section {
    /// Whose keys.
    pub bucket: Bucket,
    /// How many.
    pub count: u64,
    /// Where its entries begin, in bytes from the run's beginning.
    pub entries_at: u64,
    /// CRC-32 of the entries.
    pub entries_checksum: u32,
    filter: Option<BinaryFuse8>,
    sparse: Vec<u64>,
}

impl SectionHeader {
    /// The length of a section's header in bytes.
    pub const BYTES: usize = HEADER_BYTES;

    /// Reads a header; its checksum is checked by [`Section::decode`].
    ///
    /// # Errors
    /// [`RunError`] where `bytes` are too few or no header. `offset` is for the error.
    pub fn decode(bytes: &[u8], offset: u64) -> Result<Self, RunError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(RunError::CutOff)?;
        if bytes[..4] != MAGIC {
            return Err(RunError::Damaged { part: "header", offset });
        }
        Ok(Self {
            bucket: Bucket::from_code(four(bytes, 4)),
            count: eight(bytes, 8),
            filter: [four(bytes, 16), four(bytes, 20), four(bytes, 24), four(bytes, 28)],
            seed: eight(bytes, 32),
            checksum: four(bytes, 40),
            entries_checksum: four(bytes, 44),
        })
    }

    /// How many bytes of filter and sparse keys follow the header.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        u64::from(self.filter[0]) + self.count.div_ceil(SPARSE_EVERY as u64).saturating_mul(8)
    }

    /// How many bytes of entries follow those.
    #[must_use]
    pub fn entries_bytes(&self) -> u64 {
        self.count.saturating_mul(ENTRY_BYTES as u64)
    }

    /// The whole section's length in bytes.
    #[must_use]
    pub fn section_bytes(&self) -> u64 {
        (HEADER_BYTES as u64)
            .saturating_add(self.resident_bytes())
            .saturating_add(self.entries_bytes())
    }

    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..4].copy_from_slice(&MAGIC);
        out[4..8].copy_from_slice(&self.bucket.code().to_le_bytes());
        out[8..16].copy_from_slice(&self.count.to_le_bytes());
        for (index, part) in self.filter.iter().enumerate() {
            out[16 + 4 * index..20 + 4 * index].copy_from_slice(&part.to_le_bytes());
        }
        out[32..40].copy_from_slice(&self.seed.to_le_bytes());
        out[40..44].copy_from_slice(&self.checksum.to_le_bytes());
        out[44..].copy_from_slice(&self.entries_checksum.to_le_bytes());
        out
    }

    fn checksum_of(&self, resident: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let header = self.encode();
        hasher.update(&header[..40]);
        hasher.update(&header[44..]);
        hasher.update(resident);
        hasher.finalize()
    }
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn eight(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

impl Section {
    /// Reads what stands in memory of a section that begins at `offset` of its run:
    /// `resident` are the bytes between header and entries.
    ///
    /// # Errors
    /// [`RunError`] where a byte has changed.
    pub fn decode(header: &SectionHeader, resident: &[u8], offset: u64) -> Result<Self, RunError> {
        let damaged = RunError::Damaged { part: "header or filter", offset };
        if resident.len() as u64 != header.resident_bytes()
            || header.checksum_of(resident) != header.checksum
        {
            return Err(damaged);
        }
        let [filter_bytes, segment_length, segment_length_mask, segment_count_length] =
            header.filter;
        let (fingerprints, sparse) = resident.split_at(filter_bytes as usize);
        let descriptor = Descriptor {
            seed: header.seed,
            segment_length,
            segment_length_mask,
            segment_count_length,
        };
        let filter = (filter_bytes > 0)
            .then(|| BinaryFuse8 { descriptor, fingerprints: fingerprints.into() });
        Ok(Self {
            bucket: header.bucket,
            count: header.count,
            entries_at: offset + HEADER_BYTES as u64 + header.resident_bytes(),
            entries_checksum: header.entries_checksum,
            filter,
            sparse: sparse.chunks_exact(8).map(|key| eight(key, 0)).collect(),
        })
    }

    /// Whether the key may be among the entries. A no is certain.
    #[inline]
    #[must_use]
    pub fn may_contain(&self, hash: IdentityHash) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.contains(&low_half(hash)))
    }

    /// Which entries the key must be among, if it is there: a range of entry numbers.
    #[must_use]
    pub fn entries_to_look_at(&self, hash: IdentityHash) -> std::ops::Range<u64> {
        let high = high_half(hash);
        // Several blocks may begin with the same upper half: look at all that could hold it.
        let first = self.sparse.partition_point(|key| *key < high).saturating_sub(1);
        let last = self.sparse.partition_point(|key| *key <= high);
        let every = SPARSE_EVERY as u64;
        (first as u64 * every)..(last as u64 * every).min(self.count)
    }

    /// The entry of a key among the bytes of some entries.
    #[must_use]
    pub fn find(entries: &[u8], hash: IdentityHash) -> Option<IndexEntry> {
        let wanted = hash.0.to_be_bytes();
        let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
        let found = entries.binary_search_by(|entry| entry[..16].cmp(&wanted)).ok()?;
        Some(decode_entry(&entries[found]).1)
    }

    /// Bytes of memory that the section takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let filter = self.filter.as_ref().map_or(0, |filter| filter.fingerprints.len());
        size_of::<Self>() + filter + self.sparse.len() * 8
    }
}

/// Reads one entry.
#[must_use]
pub fn decode_entry(bytes: &[u8; ENTRY_BYTES]) -> (IdentityHash, IndexEntry) {
    let (hash, entry) = bytes.split_at(16);
    let hash = u128::from_be_bytes(hash.try_into().expect("sixteen bytes"));
    let entry = IndexEntry::from_bytes(entry.try_into().expect("sixteen bytes"));
    (IdentityHash(hash), entry)
}

/// Encodes entries that are sorted by bucket and hash, as the sections of a run.
#[must_use]
pub fn encode_run(entries: &[(Bucket, IdentityHash, IndexEntry)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * (ENTRY_BYTES + 2) + HEADER_BYTES);
    for section in entries.chunk_by(|left, right| left.0 == right.0) {
        encode_section(section, &mut out);
    }
    out
}

fn encode_section(entries: &[(Bucket, IdentityHash, IndexEntry)], out: &mut Vec<u8>) {
    let filter = filter_of(entries);
    let mut resident = Vec::new();
    if let Some(filter) = &filter {
        resident.extend_from_slice(&filter.fingerprints);
    }
    for (_, hash, _) in entries.iter().step_by(SPARSE_EVERY) {
        resident.extend_from_slice(&high_half(*hash).to_le_bytes());
    }
    let start = out.len();
    out.resize(start + HEADER_BYTES, 0);
    out.extend_from_slice(&resident);
    let entries_at = out.len();
    for (_, hash, entry) in entries {
        out.extend_from_slice(&hash.0.to_be_bytes());
        out.extend_from_slice(&entry.to_bytes());
    }
    let filter_bytes = filter.as_ref().map_or(0, |filter| filter.fingerprints.len());
    let mut header = SectionHeader {
        bucket: entries[0].0,
        count: entries.len() as u64,
        filter: [
            u32::try_from(filter_bytes).expect("a section's filter is below 4 GiB"),
            filter.as_ref().map_or(0, |filter| filter.descriptor.segment_length),
            filter.as_ref().map_or(0, |filter| filter.descriptor.segment_length_mask),
            filter.as_ref().map_or(0, |filter| filter.descriptor.segment_count_length),
        ],
        seed: filter.as_ref().map_or(0, |filter| filter.descriptor.seed),
        checksum: 0,
        entries_checksum: crc32fast::hash(&out[entries_at..]),
    };
    header.checksum = header.checksum_of(&resident);
    out[start..start + HEADER_BYTES].copy_from_slice(&header.encode());
}

/// A filter over the entries' low halves; none where they are few, or where two of them
/// share a low half, which a fuse filter can't be built over.
fn filter_of(entries: &[(Bucket, IdentityHash, IndexEntry)]) -> Option<BinaryFuse8> {
    if entries.len() < FILTER_FROM {
        return None;
    }
    let keys: Vec<u64> = entries.iter().map(|(_, hash, _)| low_half(*hash)).collect();
    BinaryFuse8::try_from(keys.as_slice()).ok()
}

/// Merges runs of sorted entries into one; of equal keys the one of the newest run stays.
/// `newest_first` are the runs' entries; forgotten buckets are left out by `keep`.
#[must_use]
pub fn merge_entries(
    newest_first: &[Vec<(Bucket, IdentityHash, IndexEntry)>],
    keep: impl Fn(Bucket) -> bool,
) -> Vec<(Bucket, IdentityHash, IndexEntry)> {
    let mut all: Vec<(Bucket, IdentityHash, usize, IndexEntry)> = newest_first
        .iter()
        .enumerate()
        .flat_map(|(age, run)| {
            run.iter().map(move |(bucket, hash, entry)| (*bucket, *hash, age, *entry))
        })
        .filter(|(bucket, ..)| keep(*bucket))
        .collect();
    all.sort_unstable_by_key(|(bucket, hash, age, _)| (*bucket, *hash, *age));
    all.dedup_by_key(|(bucket, hash, ..)| (*bucket, *hash));
    all.into_iter().map(|(bucket, hash, _, entry)| (bucket, hash, entry)).collect()
}
