//! Which stretches of a log may hold what somebody looks for.
//!
//! A log is read in the order in which it was written, and what concerns one play or one recording is
//! spread over all of it. A *sieve* has a filter for each *stretch* of a log: of the report log by the
//! plays that its reports are of, of the plays log by the recordings. Whoever looks for something reads
//! the stretches that may hold it, and those of which nothing is known.
//!
//! Sieves are derived, and nothing is decided by them: what is missing of one costs time and
//! changes no answer. They are written without waiting for the disk; a stretch is believed after a
//! restart only where its row says so, and a row is written once the filter is durable. What is behind
//! the snapshot that a worker begins with is forgotten, for it is judged again.
//!
//! Two files each, in the partition's index folder: `NAME.sieve` has the filters one after another,
//! `NAME.stretches` a row of 48 bytes for each (first, end, cause, offset: u64; blocks, keys, CRC-32 of the filter and
//! of the row: u32, little endian). Filters are read a block at a time, so their checksums are for the audit.

mod filter;
mod verify;
mod writing;

pub(crate) use verify::verify;
pub(crate) use writing::SieveWriter;

use ledgerline_ids::{IdentityHash, PartitionId, Position};
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

use super::snapshot;
use crate::ports::{Disk, DiskFile};
use filter::BLOCK_BYTES;

/// The bytes of a row.
const ROW_BYTES: usize = 48;
/// So many rows are read at once.
const ROWS_AT_ONCE: usize = 8192;

/// The sieves of one partition.
#[derive(Clone)]
pub(crate) struct Sieves {
    /// Of the report log, by plays and by tracks of which something became known; in positions.
    pub reports: Arc<Sieve>,
    /// Of the plays log, by recordings; in addresses.
    pub plays: Arc<Sieve>,
}

impl Sieves {
    /// Nothing is known until a worker opens them.
    pub(crate) fn new(disk: &Arc<dyn Disk>, partition: PartitionId) -> Self {
        let of = |name: &str| {
            let path = format!("{}/{name}", snapshot::folder(partition));
            Arc::new(Sieve::new(disk.clone(), path))
        };
        Self { reports: of("reports"), plays: of("plays") }
    }
}

/// The files of a partition's sieves and how much of each, from its beginning on, is of what stands
/// before a snapshot: what a copy of them consists of. What can't be read is left out.
pub(crate) fn files(
    disk: &dyn Disk,
    partition: PartitionId,
    position: Position,
    plays_bytes: u64,
) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    for (name, believed) in [("reports", position.0), ("plays", plays_bytes)] {
        let path = format!("{}/{name}", snapshot::folder(partition));
        let Ok(rows) = disk.open(&format!("{path}.stretches")) else { continue };
        let stretches = writing::read_rows(&*rows, believed);
        let Some(last) = stretches.last() else { continue };
        files.push((format!("{path}.sieve"), last.filter_end()));
        files.push((format!("{path}.stretches"), (stretches.len() * ROW_BYTES) as u64));
    }
    files
}

/// The key that a play is looked for by.
pub(crate) fn play_key(hash: IdentityHash) -> u64 {
    u64::try_from(hash.0 & u128::from(u64::MAX)).expect("64 bits are left")
}

/// A stretch of a log that has a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    first: u64,
    end: u64,
    /// The position of the report that caused what stands first in it.
    cause: u64,
    /// Where its filter begins.
    offset: u64,
    blocks: u32,
    keys: u32,
    /// Of its filter.
    checksum: u32,
}

impl Stretch {
    fn row(&self) -> [u8; ROW_BYTES] {
        let mut row = [0; ROW_BYTES];
        for (at, number) in [self.first, self.end, self.cause, self.offset].into_iter().enumerate()
        {
            row[at * 8..at * 8 + 8].copy_from_slice(&number.to_le_bytes());
        }
        row[32..36].copy_from_slice(&self.blocks.to_le_bytes());
        row[36..40].copy_from_slice(&self.keys.to_le_bytes());
        row[40..44].copy_from_slice(&self.checksum.to_le_bytes());
        let sum = crc32fast::hash(&row[..44]);
        row[44..].copy_from_slice(&sum.to_le_bytes());
        row
    }

    /// `None` where it isn't sound.
    fn of_row(row: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(u64::from_le_bytes(row.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_le_bytes(row.get(at..at + 4)?.try_into().ok()?));
        let stretch = Self {
            first: long(0)?,
            end: long(8)?,
            cause: long(16)?,
            offset: long(24)?,
            blocks: short(32)?,
            keys: short(36)?,
            checksum: short(40)?,
        };
        let sound = stretch.first < stretch.end
            && stretch.blocks == filter::blocks_of(stretch.keys as usize)
            && short(44)? == crc32fast::hash(&row[..44]);
        sound.then_some(stretch)
    }

    fn filter_end(&self) -> u64 {
        self.offset + u64::from(self.blocks) * BLOCK_BYTES as u64
    }
}

/// One log's sieve, to be asked by anyone.
pub(crate) struct Sieve {
    disk: Arc<dyn Disk>,
    path: String,
    /// In the order of the log, apart or side by side, never over one another.
    stretches: RwLock<Vec<Stretch>>,
    filters: OnceLock<Arc<dyn DiskFile>>,
}

impl Sieve {
    fn new(disk: Arc<dyn Disk>, path: String) -> Self {
        Self { disk, path, stretches: RwLock::default(), filters: OnceLock::new() }
    }

    /// What of `wanted` may hold one of `keys`, in order: stretches whose filters say so, and
    /// whatever no stretch covers. Stretches that begin with what was caused at `before` or later are
    /// left out where that is said.
    pub(crate) fn ranges(
        &self,
        keys: &[u64],
        wanted: Range<u64>,
        before: Option<Position>,
    ) -> Vec<Range<u64>> {
        let stretches = self.stretches.read().expect(UNBROKEN);
        let mut found: Vec<Range<u64>> = Vec::new();
        let mut next = wanted.start;
        let from = stretches.partition_point(|stretch| stretch.end <= wanted.start);
        for stretch in &stretches[from..] {
            if stretch.first >= wanted.end {
                break;
            }
            if next < stretch.first {
                found.push(next..stretch.first);
            }
            next = stretch.end;
            let late = before.is_some_and(|before| stretch.cause >= before.0);
            if !late && keys.iter().any(|key| self.may_hold(stretch, *key)) {
                found.push(stretch.first..stretch.end.min(wanted.end));
            }
        }
        if next < wanted.end {
            found.push(next..wanted.end);
        }
        found
    }

    /// Where the log may be read from without missing anything that a report at `position` or behind
    /// it caused: where a stretch begins whose first record was caused before that.
    pub(crate) fn read_from(&self, position: Position) -> u64 {
        let stretches = self.stretches.read().expect(UNBROKEN);
        // Causes never go back, but a stretch in which nothing stands has none.
        let caused = stretches.iter().rev().filter(|stretch| stretch.keys > 0);
        caused
            .map(|it| (it.cause, it.first))
            .find(|(cause, _)| *cause < position.0)
            .map_or(0, |it| it.1)
    }

    /// Up to where the log must be read for all that a report before `position` caused: where the
    /// first stretch begins whose first record was caused there or later. `None` is all of it.
    pub(crate) fn read_until(&self, position: Position) -> Option<u64> {
        let stretches = self.stretches.read().expect(UNBROKEN);
        let mut caused = stretches.iter().filter(|stretch| stretch.keys > 0);
        caused.find(|stretch| stretch.cause >= position.0).map(|stretch| stretch.first)
    }

    /// A filter that can't be read may hold anything.
    fn may_hold(&self, stretch: &Stretch, key: u64) -> bool {
        let Some(file) = self.filters.get() else { return true };
        let mut block = [0; BLOCK_BYTES];
        let at = u64::from(filter::block_of(key, stretch.blocks)) * BLOCK_BYTES as u64;
        match file.read_at(stretch.offset + at, &mut block) {
            Ok(BLOCK_BYTES) => filter::may_hold(&block, key),
            _ => true,
        }
    }
}

const UNBROKEN: &str = "no thread panics while it holds a sieve's stretches";
