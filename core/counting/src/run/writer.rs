//! Writing a run, entry by entry.

use xorf::BinaryFuse8;

use super::section::{Directory, SectionHeader};
use super::{BLOCK_ENTRIES, FILTER_FROM, RunEntry, SECTION_ENTRIES_MAX, high_half};
use crate::index::Bucket;
use std::marker::PhantomData;

/// Makes a run of entries that come sorted by bucket and key. It keeps the keys of one
/// section, its own directory, and the bytes that nobody has taken yet.
#[derive(Debug)]
pub struct RunWriter<E> {
    // Bytes that were not taken yet, and how many were.
    out: Vec<u8>,
    taken: u64,
    directory: Vec<u8>,
    sections: u32,
    entries: u64,
    bucket: Option<Bucket>,
    before: Option<(Bucket, u128)>,
    section_at: u64,
    block_at: usize,
    count: usize,
    first: u64,
    last: u64,
    filter_keys: Vec<u64>,
    sparse: Vec<u64>,
    of: PhantomData<E>,
}

impl<E: RunEntry> Default for RunWriter<E> {
    fn default() -> Self {
        Self {
            out: Vec::new(),
            taken: 0,
            directory: Vec::new(),
            sections: 0,
            entries: 0,
            bucket: None,
            before: None,
            section_at: 0,
            block_at: 0,
            count: 0,
            first: 0,
            last: 0,
            filter_keys: Vec::new(),
            sparse: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<E: RunEntry> RunWriter<E> {
    /// Adds the next entry.
    ///
    /// # Panics
    /// Where its bucket and key don't lie behind those of the one before: it would not be
    /// found again.
    pub fn push(&mut self, bucket: Bucket, entry: &E) {
        let key = entry.key();
        let before = self.before.replace((bucket, key));
        assert!(before < self.before, "the entries of a run come sorted");
        let high = high_half(key);
        // Keys with one upper half stay in one section, so that one look finds them all.
        let full = self.count >= SECTION_ENTRIES_MAX && self.last != high;
        if self.bucket != Some(bucket) || full {
            self.end_section();
            self.bucket = Some(bucket);
            self.section_at = self.taken + self.out.len() as u64;
            self.block_at = self.out.len();
            self.first = high;
        }
        if self.count.is_multiple_of(BLOCK_ENTRIES) {
            self.end_block();
            self.sparse.push(high);
        }
        entry.encode(&mut self.out);
        let filter_key = E::filter_key(key);
        if self.filter_keys.last() != Some(&filter_key) {
            self.filter_keys.push(filter_key);
        }
        self.last = high;
        self.count += 1;
        self.entries += 1;
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.block_at
    }

    /// How many entries were added.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Takes the bytes of the blocks that are finished; they stand at `at`, from the run's
    /// beginning, and come behind those taken before.
    pub fn take(&mut self) -> (u64, Vec<u8>) {
        let rest = self.out.split_off(self.block_at);
        let bytes = std::mem::replace(&mut self.out, rest);
        let at = self.taken;
        self.taken += bytes.len() as u64;
        self.block_at = 0;
        (at, bytes)
    }

    /// Ends the run: its last bytes, and where they stand.
    #[must_use]
    pub fn finish(mut self) -> (u64, Vec<u8>) {
        self.end_section();
        let directory = Directory {
            at: self.taken + self.out.len() as u64,
            bytes: self.directory.len() as u64,
            sections: self.sections,
        };
        self.out.append(&mut self.directory);
        self.out.extend_from_slice(&directory.encode::<E>());
        (self.taken, self.out)
    }

    fn end_block(&mut self) {
        let block = &self.out[self.block_at..];
        if !block.is_empty() {
            let checksum = crc32fast::hash(block);
            self.out.extend_from_slice(&checksum.to_le_bytes());
        }
        self.block_at = self.out.len();
    }

    fn end_section(&mut self) {
        let Some(bucket) = self.bucket else { return };
        self.end_block();
        let filter = filter_of(&self.filter_keys);
        let mut resident = Vec::new();
        if let Some(filter) = &filter {
            resident.extend_from_slice(&filter.fingerprints);
        }
        let filter_bytes = resident.len();
        for high in &self.sparse {
            resident.extend_from_slice(&high.to_le_bytes());
        }
        let header = SectionHeader {
            bucket,
            count: u32::try_from(self.count).expect("a section is limited"),
            entries_at: self.section_at,
            first: self.first,
            last: self.last,
            filter: [
                u32::try_from(filter_bytes).expect("a section's filter is below 4 GiB"),
                filter.as_ref().map_or(0, |filter| filter.descriptor.segment_length),
                filter.as_ref().map_or(0, |filter| filter.descriptor.segment_length_mask),
                filter.as_ref().map_or(0, |filter| filter.descriptor.segment_count_length),
            ],
            seed: filter.as_ref().map_or(0, |filter| filter.descriptor.seed),
        };
        self.directory.extend_from_slice(&header.encode(&resident));
        self.directory.extend_from_slice(&resident);
        self.sections += 1;
        self.filter_keys.clear();
        self.sparse.clear();
        self.count = 0;
        self.bucket = None;
    }
}

/// A filter over keys that differ; none where they are few, or where it can't be built.
fn filter_of(keys: &[u64]) -> Option<BinaryFuse8> {
    if keys.len() < FILTER_FROM { None } else { BinaryFuse8::try_from(keys).ok() }
}
