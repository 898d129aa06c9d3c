//! What a partition keeps outside itself: its sealed runs and its plays log.

use ledgerline_counting::Memory;
use ledgerline_counting::index::{Homes, IndexEntry};
use ledgerline_ids::{DayNo, IdentityHash, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use std::collections::BTreeSet;

use super::runs::Runs;
use crate::ports::{LogError, PlaysLog};

/// Runs, plays log, and the sources that the plays are of.
pub(crate) struct PartitionMemory {
    pub runs: Runs,
    pub plays: Box<dyn PlaysLog>,
    /// Every source that has a play in this partition. There are a handful of them.
    pub sources: BTreeSet<Box<str>>,
    last_source: Box<str>,
}

impl PartitionMemory {
    pub(crate) fn new(runs: Runs, plays: Box<dyn PlaysLog>) -> Self {
        Self { runs, plays, sources: BTreeSet::new(), last_source: "".into() }
    }

    /// Notes the source of a play.
    pub(crate) fn note_source(&mut self, play: &PlayRecord<'_>) {
        let source = play.identity.source.as_str();
        if *self.last_source != *source {
            self.last_source = source.into();
            if !self.sources.contains(source) {
                self.sources.insert(source.into());
            }
        }
    }
}

impl Memory for PartitionMemory {
    type Error = LogError;

    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        self.runs.find(hash, homes, strays, clock)
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
