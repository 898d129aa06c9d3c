//! What a partition keeps outside itself: its sealed runs and its plays log.

use ledgerline_counting::Memory;
use ledgerline_counting::fraud::{BookEntry, SealedBooks, Side};
use ledgerline_counting::index::{Homes, IndexEntry, Sealed};
use ledgerline_ids::{DayNo, IdentityHash, ListenerHash, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::runs::Runs;
use crate::ports::{LogError, PlaysLog};

/// Runs, plays log, and the sources that the plays are of.
pub(crate) struct PartitionMemory {
    pub index: Runs<Sealed>,
    pub books: Runs<BookEntry>,
    pub plays: Box<dyn PlaysLog>,
    /// Every source that has a play in this partition. There are a handful of them.
    pub sources: BTreeSet<Box<str>>,
    last_source: Box<str>,
}

impl PartitionMemory {
    pub(crate) fn new(
        index: Runs<Sealed>,
        books: Runs<BookEntry>,
        plays: Box<dyn PlaysLog>,
        sources: BTreeSet<Box<str>>,
    ) -> Self {
        Self { index, books, plays, sources, last_source: "".into() }
    }

    /// Notes the source of a play.
    fn note_source(&mut self, play: &PlayRecord<'_>) {
        let source = play.identity.source.as_str();
        if *self.last_source != *source {
            self.last_source = source.into();
            if !self.sources.contains(source) {
                self.sources.insert(source.into());
            }
        }
    }
}

impl SealedBooks for PartitionMemory {
    type Error = LogError;

    fn page(
        &self,
        day: DayNo,
        listener: ListenerHash,
        each: &mut dyn FnMut(BookEntry),
    ) -> Result<(), LogError> {
        self.books.page(day, listener, each)
    }

    fn scan_days(
        &self,
        days: &RangeInclusive<DayNo>,
        each: &mut dyn FnMut(DayNo, BookEntry),
    ) -> Result<(), LogError> {
        self.books.scan_days(days, each)
    }

    fn sealed_entries(&self, day: DayNo) -> u64 {
        self.books.entries_of(day)
    }

    fn sealed_day(&self, day: DayNo, side: Side) -> Option<DayNo> {
        self.books.day(day, side)
    }
}

impl Memory for PartitionMemory {
    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        self.index.find(hash, homes, strays, clock)
    }

    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError> {
        self.plays.read(address, out)
    }

    fn undecodable(&self, address: PlayAddress) -> LogError {
        LogError::Damaged {
            file: "plays log".to_owned(),
            offset: address.0,
            detail: "no play record stands there".to_owned(),
        }
    }

    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress {
        self.note_source(play);
        self.plays.append(&mut |out| play.encode(out))
    }
}
