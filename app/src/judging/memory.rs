//! What a partition keeps outside itself: its sealed runs, its plays log, and the sieves of both logs.

use ledgerline_counting::Memory;
use ledgerline_counting::fraud::{BookEntry, SealedBooks, Side};
use ledgerline_counting::identity::{identity_hash, track_hash};
use ledgerline_counting::index::{Homes, IndexEntry, Sealed};
use ledgerline_ids::{DayNo, HashKey, IdentityHash, ListenerHash, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::runs::Runs;
use super::sieve::{SieveWriter, Sieves, play_key};
use super::snapshot::Snapshot;
use crate::ports::{Disk, LogError, PlaysLog};

/// Runs, plays log, and the sources that the plays are of.
pub(crate) struct PartitionMemory {
    pub index: Runs<Sealed>,
    pub books: Runs<BookEntry>,
    pub plays: Box<dyn PlaysLog>,
    /// Every source that has a play in this partition. There are a handful of them.
    pub sources: BTreeSet<Box<str>>,
    last_source: Box<str>,
    key: HashKey,
    /// Which stretches of the report log have reports of which plays.
    reports_sieve: SieveWriter,
    /// Which stretches of the plays log have plays of which recordings.
    plays_sieve: SieveWriter,
    scratch: Vec<u8>,
}

impl PartitionMemory {
    /// Of what a snapshot has, with sieves of the logs up to there.
    pub(crate) fn new(
        index: Runs<Sealed>,
        books: Runs<BookEntry>,
        plays: Box<dyn PlaysLog>,
        (key, sieves): (HashKey, &Sieves),
        snapshot: &Snapshot,
    ) -> Self {
        Self {
            index,
            books,
            plays,
            sources: snapshot.sources.clone(),
            last_source: "".into(),
            key,
            reports_sieve: SieveWriter::open(sieves.reports.clone(), snapshot.position.0),
            plays_sieve: SieveWriter::open(sieves.plays.clone(), snapshot.plays_bytes),
            scratch: Vec::new(),
        }
    }

    /// Notes where the report log has something that concerns a play.
    pub(crate) fn note_record(
        &mut self,
        position: Position,
        record: &LogRecord<'_>,
        play: Option<IdentityHash>,
    ) {
        let key = match record {
            LogRecord::Report(_) => play.map(play_key),
            LogRecord::Adjudicated(decided) => {
                Some(play_key(identity_hash(&self.key, &decided.play)))
            }
            LogRecord::TrackFact(fact) => Some(track_hash(&self.key, fact.track)),
            LogRecord::Tick(_) | LogRecord::DeviceFact(_) | LogRecord::FraudRuling(_) => None,
        };
        if let Some(key) = key {
            self.reports_sieve.note(key, position);
        }
        self.reports_sieve.may_end(position.plus(1).0);
    }

    /// What was appended to the plays log can be read.
    pub(crate) fn note_flushed(&mut self) {
        self.plays_sieve.may_end(self.plays.length());
    }

    /// The beginning of a frame of the plays log, before which nothing was caused at `cause` or later.
    pub(crate) fn plays_before(&self, cause: Position) -> u64 {
        self.plays_sieve.begin_before(cause)
    }

    /// Has the sieves hold what a snapshot at this position has.
    pub(crate) fn keep_sieves(&mut self, position: Position) {
        self.reports_sieve.keep(position.0);
        self.plays_sieve.keep(self.plays.length());
    }

    /// Notes the recording of a play. One whose reports disagree may have had another one before,
    /// and who looks for that one must see that it is gone.
    fn note_track(&mut self, play: &PlayRecord<'_>) {
        self.plays_sieve.note(track_hash(&self.key, play.track), play.cause);
        let Some(previous) = play.previous.filter(|_| play.to == Status::Conflict) else { return };
        let mut bytes = std::mem::take(&mut self.scratch);
        let read = self.plays.read(previous, &mut bytes);
        if let (Ok(()), Ok(before)) = (read, PlayRecord::decode(&bytes)) {
            self.plays_sieve.note(track_hash(&self.key, before.track), play.cause);
        }
        self.scratch = bytes;
    }

    /// Has everything be as a snapshot says, and forgets what was added since.
    ///
    /// # Errors
    /// [`LogError`] of a run or of the plays log; then the same must be tried again.
    pub(crate) fn reset(
        &mut self,
        disk: &Arc<dyn Disk>,
        folder: &str,
        snapshot: &Snapshot,
    ) -> Result<(), LogError> {
        let index = Runs::open(disk.clone(), folder.to_owned(), &snapshot.runs)?;
        self.index = index.named_behind(&self.index);
        let books = Runs::open(disk.clone(), folder.to_owned(), &snapshot.books)?;
        self.books = books.named_behind(&self.books);
        self.plays.truncate(snapshot.plays_bytes)?;
        self.sources = snapshot.sources.clone();
        self.last_source = "".into();
        self.reports_sieve.open_again(snapshot.position.0);
        self.plays_sieve.open_again(snapshot.plays_bytes);
        Ok(())
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
        self.note_track(play);
        self.plays.append(&mut |out| play.encode(out))
    }
}
