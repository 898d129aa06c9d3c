//! Sorted runs: what is sealed of the index and of the fraud rules' books, as bytes.
//!
//! Little end first. A run is written from its beginning to its end and never changed:
//! the entries of all sections, then a *directory*, then a *trailer*. A section has the
//! entries of one bucket, sorted by key, or a part of them: at most
//! [`SECTION_ENTRIES_MAX`], so that building its filter needs little memory. Entries stand
//! in blocks of [`BLOCK_ENTRIES`], each with a checksum of its own: whoever reads a block
//! checks it, and nobody has to read a whole run first.
//!
//! | where | bytes | field |
//! |---|---|---|
//! | block | 64 × entry | the entries; the last block of a section may have fewer |
//! | | 4 | CRC-32 of the block's entries |
//! | section in the directory | 4 | bucket code |
//! | | 4 | number of entries |
//! | | 8 | where its first block begins |
//! | | 8, 8 | upper half of its first and of its last key |
//! | | 4, 4, 4, 4, 8 | the filter: length, segment length, its mask, segment count length, seed |
//! | | 4 | CRC-32 of the section's header before it, of its filter and its sparse keys |
//! | | 4 | zero |
//! | | … | the filter's bytes, then the upper half of each block's first key |
//! | trailer | 8, 8 | where the directory begins, and its length |
//! | | 4 | number of sections |
//! | | 4 | CRC-32 of the trailer without its last eight bytes |
//! | | 8 | magic: what the entries are |
//!
//! The filter is a binary fuse filter (Graf, Lemire: "Binary Fuse Filters", 2022).

mod merge;
mod section;
mod writer;

pub use merge::{Merge, Source};
pub use section::{Directory, Section, check_block, find_in_block};
pub use writer::RunWriter;

/// Entries of a block, but the last of a section.
pub const BLOCK_ENTRIES: usize = 64;
/// The most entries of a section.
pub const SECTION_ENTRIES_MAX: usize = 1 << 20;
/// The length of a block's checksum in bytes.
pub const CHECKSUM_BYTES: usize = 4;
/// The length of a trailer in bytes.
pub const TRAILER_BYTES: usize = 32;

const SECTION_HEADER_BYTES: usize = 64;
// Even a few keys are worth a filter: without one, most keys between the first and the last
// would have a block read.
const FILTER_FROM: usize = 2;

/// What a run's entries are.
pub trait RunEntry: Copy {
    /// The length of an entry in bytes; its key comes first, big end first, so that bytes
    /// sort as keys do.
    const BYTES: usize;
    /// Stands at the end of each run of such entries.
    const MAGIC: [u8; 8];

    /// What entries are sorted by.
    fn key(&self) -> u128;

    /// What the filter is asked for.
    fn filter_key(key: u128) -> u64;

    /// Appends the entry's bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads an entry of [`RunEntry::BYTES`] bytes.
    fn decode(bytes: &[u8]) -> Self;
}

/// Why bytes are no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The bytes end too early.
    #[error("the run is cut off")]
    CutOff,
    /// A byte has changed.
    #[error("the run's {part} at byte {offset} is damaged")]
    Damaged {
        /// Trailer, directory or block.
        part: &'static str,
        /// Where it begins.
        offset: u64,
    },
}

/// The upper half of a key, which blocks are looked for by.
pub(crate) fn high_half(key: u128) -> u64 {
    (key >> 64) as u64
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn eight(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
