//! What is sealed of a partition, in memory: runs as bytes, read as the files are.

#![expect(clippy::cast_possible_truncation, reason = "a test's runs are short")]

use ledgerline_counting::fraud::{BookEntry, Side};
use ledgerline_counting::index::{Bucket, Homes, IndexEntry, Sealed};
use ledgerline_counting::run::{
    Directory, Merge, RunEntry, RunError, RunWriter, Section, Source, TRAILER_BYTES, check_block,
    find_in_block,
};
use ledgerline_counting::{PartitionState, Unsealed};
use ledgerline_ids::{DayNo, IdentityHash, ListenerHash, UnixMs};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// The runs of a snapshot, oldest first.
#[derive(Default, Clone)]
pub struct Runs {
    index: Vec<Rc<Run>>,
    books: Vec<Rc<Run>>,
}

struct Run {
    bytes: Vec<u8>,
    sections: Vec<Section>,
}

impl Run {
    fn new<E: RunEntry>(bytes: Vec<u8>) -> Rc<Self> {
        let sections = sections::<E>(&bytes).unwrap();
        Rc::new(Self { bytes, sections })
    }
}

/// A run of entries that are sorted.
pub fn encode<E: RunEntry>(entries: impl IntoIterator<Item = (Bucket, E)>) -> Vec<u8> {
    let mut writer = RunWriter::<E>::default();
    let mut run = Vec::new();
    for (bucket, entry) in entries {
        writer.push(bucket, &entry);
        // Taken piece by piece, as a file is written.
        if writer.waiting_bytes() > 5_000 {
            let (at, bytes) = writer.take();
            assert_eq!(at, run.len() as u64);
            run.extend(bytes);
        }
    }
    let (at, bytes) = writer.finish();
    assert_eq!(at, run.len() as u64);
    run.extend(bytes);
    run
}

/// The sections of a run.
pub fn sections<E: RunEntry>(run: &[u8]) -> Result<Vec<Section>, RunError> {
    let trailer_at = run.len().checked_sub(TRAILER_BYTES).ok_or(RunError::CutOff)?;
    let directory = Directory::decode::<E>(&run[trailer_at..], run.len() as u64)?;
    directory.sections::<E>(&run[directory.at as usize..trailer_at])
}

/// All entries of a section, each block checked.
pub fn entries<E: RunEntry>(run: &[u8], section: &Section) -> Result<Vec<E>, RunError> {
    let (at, length) = section.place::<E>(&(0..section.blocks()));
    let mut rest = &run[at as usize..at as usize + length];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let block;
        (block, rest) = check_block::<E>(rest, at)?;
        entries.extend(block.chunks_exact(E::BYTES).map(E::decode));
    }
    Ok(entries)
}

/// The entry of a key in a section.
pub fn find<E: RunEntry>(run: &[u8], section: &Section, key: u128) -> Option<E> {
    if !section.may_contain::<E>(key) {
        return None;
    }
    let (at, length) = section.place::<E>(&section.blocks_to_look_at(key));
    let mut rest = &run[at as usize..at as usize + length];
    while !rest.is_empty() {
        let block;
        (block, rest) = check_block::<E>(rest, at).unwrap();
        if let Some(found) = find_in_block::<E>(block, key) {
            return Some(found);
        }
    }
    None
}

struct Reading<E>(std::vec::IntoIter<(Bucket, E)>);

impl<E> Source<E> for Reading<E> {
    type Error = Infallible;

    fn next(&mut self) -> Result<Option<(Bucket, E)>, Infallible> {
        Ok(self.0.next())
    }
}

/// One run of all that `runs`, oldest first, have; `keep` says what of it.
pub fn merge<E: RunEntry>(runs: &[Vec<u8>], keep: impl Fn(Bucket, &E) -> bool) -> Vec<u8> {
    let newest_first = runs.iter().rev().map(|run| {
        let mut all = Vec::new();
        for section in sections::<E>(run).unwrap() {
            let entries = entries::<E>(run, &section).unwrap();
            all.extend(entries.into_iter().map(|entry| (section.bucket, entry)));
        }
        Reading(all.into_iter())
    });
    let Ok(mut merge) = Merge::new(newest_first.collect());
    let mut merged = Vec::new();
    while let Ok(Some((bucket, entry))) = merge.next() {
        if keep(bucket, &entry) {
            merged.push((bucket, entry));
        }
    }
    encode(merged)
}

impl Runs {
    /// Adds what was set apart.
    pub fn seal(&mut self, unsealed: &Unsealed) {
        let table = unsealed.table.sorted();
        if !unsealed.table.is_empty() {
            self.index.push(Run::new::<Sealed>(encode(table)));
        }
        let mut pages = Vec::new();
        unsealed.pages.for_each_sorted(&mut |bucket, entry| pages.push((bucket, entry)));
        if !pages.is_empty() {
            self.books.push(Run::new::<BookEntry>(encode(pages)));
        }
    }

    /// Merges all runs into one of each kind.
    pub fn merge(&mut self, state: &PartitionState) {
        use ledgerline_counting::fraud::Flags;
        let keep = |bucket: Bucket, _: &Sealed| !bucket.is_forgotten(state.clock);
        let bytes = |run: &Rc<Run>| run.bytes.clone();
        let runs: Vec<Vec<u8>> = self.index.iter().map(bytes).collect();
        self.index = vec![Run::new::<Sealed>(merge(&runs, keep))];
        let keep = |_: Bucket, entry: &BookEntry| !entry.flags.has(Flags::GONE);
        let runs: Vec<Vec<u8>> = self.books.iter().map(bytes).collect();
        self.books = vec![Run::new::<BookEntry>(merge(&runs, keep))];
    }

    pub fn find(
        &self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Option<IndexEntry> {
        for run in self.index.iter().rev() {
            for section in &run.sections {
                let stray = matches!(section.bucket, Bucket::Day(day) if strays.contains(&day));
                if homes.may_be_in(section.bucket, stray)
                    && !section.bucket.is_forgotten(clock)
                    && let Some(found) = find::<Sealed>(&run.bytes, section, hash.0)
                {
                    return Some(found.entry);
                }
            }
        }
        None
    }

    pub fn page(&self, day: DayNo, listener: ListenerHash, each: &mut dyn FnMut(BookEntry)) {
        self.scan_days(&(day..=day), &mut |_, entry| {
            if entry.listener == listener {
                each(entry);
            }
        });
    }

    pub fn scan_days(&self, days: &RangeInclusive<DayNo>, each: &mut dyn FnMut(DayNo, BookEntry)) {
        for run in &self.books {
            for section in &run.sections {
                if let Bucket::Day(day) = section.bucket
                    && days.contains(&day)
                {
                    for entry in entries::<BookEntry>(&run.bytes, section).unwrap() {
                        each(day, entry);
                    }
                }
            }
        }
    }

    pub fn sealed_entries(&self, day: DayNo) -> u64 {
        let mut entries = 0;
        self.scan_days(&(day..=day), &mut |_, _| entries += 1);
        entries
    }

    pub fn sealed_day(&self, day: DayNo, side: Side) -> Option<DayNo> {
        let mut days = BTreeMap::new();
        for run in &self.books {
            for section in &run.sections {
                if let Bucket::Day(day) = section.bucket {
                    days.insert(day, ());
                }
            }
        }
        ledgerline_counting::fraud::nearest(&days, day, side)
    }
}

/// A memory whose sealed part is its field `runs`.
macro_rules! sealed_in_runs {
    ($memory:ty) => {
        impl ledgerline_counting::fraud::SealedBooks for $memory {
            type Error = String;

            fn page(
                &self,
                day: ledgerline_ids::DayNo,
                listener: ledgerline_ids::ListenerHash,
                each: &mut dyn FnMut(ledgerline_counting::fraud::BookEntry),
            ) -> Result<(), String> {
                self.runs.page(day, listener, each);
                Ok(())
            }

            fn scan_days(
                &self,
                days: &std::ops::RangeInclusive<ledgerline_ids::DayNo>,
                each: &mut dyn FnMut(ledgerline_ids::DayNo, ledgerline_counting::fraud::BookEntry),
            ) -> Result<(), String> {
                self.runs.scan_days(days, each);
                Ok(())
            }

            fn sealed_entries(&self, day: ledgerline_ids::DayNo) -> u64 {
                self.runs.sealed_entries(day)
            }

            fn sealed_day(
                &self,
                day: ledgerline_ids::DayNo,
                side: ledgerline_counting::fraud::Side,
            ) -> Option<ledgerline_ids::DayNo> {
                self.runs.sealed_day(day, side)
            }
        }
    };
}

pub(crate) use sealed_in_runs;
