//! A partition: records go in, in the order of the log; changes of plays come out.
//!
//! It is a pure state machine. What it can't hold in memory it asks of [`Memory`], and
//! what it decides it hands there. Two partitions that were given the same records have
//! decided the same changes of the same plays in the same order, with the same numbers,
//! wherever batches ended and restarts came between. (Only the addresses of their records
//! may differ.)

mod activity;
mod control;
mod delta;
mod expiry;
mod fraud;
mod heard;
mod report;

pub use delta::Delta;

use ledgerline_ids::{DayNo, HashKey, IdentityHash, ListenerHash, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::play::{PlayAddress, PlayIdentity, PlayRecord};
use ledgerline_records::report::Producer;
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::fraud::{BookEntry, Books, Flags, Noted, Pages, SealedBooks, Side};
use crate::identity::{book_hash, book_hash_of, identity_hash, own_identity, track_hash};
use crate::index::{Bucket, Homes, IndexEntry, Table};
use crate::keyless::{Window, Windows};
use crate::rules::RULE_VERSION;
use crate::status::{is_candidate, standing, without_fraud};
use crate::timing;
use activity::Activity;
use control::ToldFact;
use expiry::Deadlines;

const ALL_DAYS: RangeInclusive<DayNo> = DayNo(0)..=DayNo(u32::MAX);

/// What a partition looks up and keeps outside itself: the sealed index, the sealed books
/// and the plays log. An error leaves the partition in no defined state: it must be built
/// again from the log.
pub trait Memory: SealedBooks {
    /// The newest entry of a play in the sealed runs, in a bucket that `homes` allows.
    /// `strays` are the days that took in UUIDv7s from outside their horizon.
    ///
    /// # Errors
    /// What the runs' store says.
    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, Self::Error>;

    /// Copies the record at `address` into `out`, which is emptied first.
    ///
    /// # Errors
    /// What the plays log says.
    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), Self::Error>;

    /// What a record that can't be read back means.
    fn undecodable(&self, address: PlayAddress) -> Self::Error;

    /// Appends a record to the plays log.
    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress;
}

/// What a snapshot holds of a partition besides its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionState {
    /// The greatest receive time so far.
    pub clock: UnixMs,
    /// The greatest watermark of the fraud rules so far.
    pub evaluated_at: UnixMs,
    /// Open runs of keyless reports.
    pub windows: Vec<(u128, Window)>,
    /// The deployment's list of bot devices.
    pub devices: BTreeSet<Box<str>>,
    /// Listed or unlisted devices that no tick has looked at yet.
    pub devices_changed: BTreeSet<Box<str>>,
    /// Days that took in UUIDv7s from outside their horizon.
    pub strays: BTreeSet<DayNo>,
    /// Pages of listeners' books to be looked at again at the next tick.
    pub dirty: Vec<(ListenerHash, DayNo)>,
    /// Pages that the rule `fresh_loop` touches.
    pub fresh: BTreeMap<ListenerHash, BTreeSet<DayNo>>,
}

/// What is in no run yet, set apart to be sealed: it doesn't change any more.
#[derive(Debug, Clone)]
pub struct Unsealed {
    /// Entries of the index.
    pub table: Arc<Table>,
    /// Pages of the listeners' books.
    pub pages: Arc<Pages>,
}

/// One partition of the counting.
#[derive(Debug)]
pub struct Partition {
    key: HashKey,
    clock: UnixMs,
    evaluated_at: UnixMs,
    windows: Windows,
    devices: BTreeSet<Box<str>>,
    devices_changed: BTreeSet<Box<str>>,
    /// The hashes of `devices`.
    device_hashes: BTreeSet<u32>,
    strays: BTreeSet<DayNo>,
    table: Table,
    // Being sealed: not changed any more.
    frozen: Option<Arc<Table>>,
    books: Books,
    deadlines: Deadlines,
    delta: Delta,
    activity: Activity,
    overactive: Vec<(ListenerHash, u32)>,
    overactive_from: u32,
    // Facts that were read and not told to the plays yet: see `Partition::tell_facts`.
    facts: Vec<ToldFact>,
    scratch: Vec<Vec<u8>>,
}

/// What a report's play and listener are looked up by, where the report itself says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hashes {
    play: Option<IdentityHash>,
    listener: Option<ListenerHash>,
    // The page that the report's play is most likely on.
    page: Option<(ListenerHash, DayNo)>,
}

impl Hashes {
    /// The play's, where the report says itself which play it is of.
    #[must_use]
    pub fn play(&self) -> Option<IdentityHash> {
        self.play
    }
}

/// Why a play is written again.
#[derive(Debug, Clone, Copy)]
struct Cause {
    position: Position,
    at: UnixMs,
    /// 0 where it isn't a report: the next report of the play is then looked at in full.
    fingerprint: u64,
    /// Whether the fraud rules themselves are the cause.
    by_rules: bool,
    /// What the play and its listener are looked up by, where that is known already.
    hashes: Hashes,
}

impl Partition {
    /// A partition that has seen nothing.
    #[must_use]
    pub fn new(key: HashKey) -> Self {
        Self {
            key,
            clock: UnixMs::EPOCH,
            evaluated_at: UnixMs::EPOCH,
            windows: Windows::default(),
            devices: BTreeSet::new(),
            devices_changed: BTreeSet::new(),
            device_hashes: BTreeSet::new(),
            strays: BTreeSet::new(),
            table: Table::default(),
            frozen: None,
            books: Books::default(),
            deadlines: Deadlines::default(),
            delta: Delta::default(),
            activity: Activity::default(),
            overactive: Vec::new(),
            overactive_from: u32::MAX,
            facts: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Applies the next record of the log. Says the verdict where it is a report.
    ///
    /// # Errors
    /// What [`Memory`] says; the partition must then be built again.
    pub fn apply<M: Memory>(
        &mut self,
        position: Position,
        frame_received_at: UnixMs,
        record: &LogRecord<'_>,
        memory: &mut M,
    ) -> Result<Option<Verdict>, M::Error> {
        let hashes = self.prepare(frame_received_at, record);
        self.apply_prepared(position, frame_received_at, record, hashes, memory)
    }

    /// Works out what a record that is applied soon is looked up by.
    #[must_use]
    pub fn prepare(&self, frame_received_at: UnixMs, record: &LogRecord<'_>) -> Hashes {
        let LogRecord::Report(report) = record else { return Hashes::default() };
        let play = own_identity(report).map(|identity| identity_hash(&self.key, &identity));
        let listener = report.user.map(|user| book_hash_of(&self.key, report.source, user));
        let page = listener.map(|listener| {
            let received_at = timing::received_at(report, frame_received_at);
            (listener, timing::start(report, received_at).day())
        });
        Hashes { play, listener, page }
    }

    /// Has the places near at hand where some records that are applied soon are looked for.
    /// There is nothing between one look and the next, so they wait for memory together and
    /// not each for itself.
    pub fn touch<'h>(&self, hashes: impl Iterator<Item = &'h Hashes> + Clone) {
        let plays = hashes.clone().filter_map(|hashes| hashes.play);
        for play in plays.clone() {
            self.table.touch(play);
        }
        if let Some(frozen) = &self.frozen {
            for play in plays {
                frozen.touch(play);
            }
        }
        let pages = hashes.filter_map(|hashes| hashes.page);
        for (listener, day) in pages.clone() {
            self.books.touch(listener, day);
        }
        for (listener, _) in pages {
            self.activity.touch(listener);
        }
    }

    /// As [`Partition::apply`], with what [`Partition::prepare`] gave for the record.
    ///
    /// # Errors
    /// What [`Memory`] says; the partition must then be built again.
    pub fn apply_prepared<M: Memory>(
        &mut self,
        position: Position,
        frame_received_at: UnixMs,
        record: &LogRecord<'_>,
        hashes: Hashes,
        memory: &mut M,
    ) -> Result<Option<Verdict>, M::Error> {
        let clock = match record {
            LogRecord::Report(report) if report.producer == Producer::Backfill => self.clock,
            LogRecord::Tick(tick) => frame_received_at.max(tick.at),
            _ => frame_received_at,
        };
        if clock > self.clock || !matches!(record, LogRecord::TrackFact(_)) {
            self.tell_facts(memory)?;
        }
        if clock > self.clock {
            self.advance(clock, position, memory)?;
        }
        match record {
            LogRecord::Report(report) => {
                self.report(report, position, frame_received_at, hashes, memory).map(Some)
            }
            LogRecord::Tick(tick) => self.evaluate_fraud(tick.at, position, memory).map(|()| None),
            LogRecord::TrackFact(fact) => {
                self.track_fact(fact, position, frame_received_at, memory).map(|()| None)
            }
            LogRecord::DeviceFact(fact) => {
                self.device_fact(fact);
                Ok(None)
            }
            LogRecord::Adjudicated(decided) => {
                self.adjudicated(decided, position, memory).map(|()| None)
            }
            LogRecord::FraudRuling(ruled) => self.ruled(ruled, position, memory).map(|()| None),
        }
    }

    /// Ends a batch of records: what they decided is decided when this returns. Where a
    /// batch ends changes nothing but when.
    ///
    /// # Errors
    /// What [`Memory`] says; the partition must then be built again.
    pub fn finish_batch<M: Memory>(&mut self, memory: &mut M) -> Result<(), M::Error> {
        self.tell_facts(memory)
    }

    /// Takes what was added since the last call.
    pub fn take_delta(&mut self) -> Delta {
        std::mem::take(&mut self.delta)
    }

    /// From how many new plays in an hour on a listener is overactive.
    pub fn report_overactive_from(&mut self, new_plays_per_hour: u32) {
        self.overactive_from = new_plays_per_hour;
    }

    /// Takes the listeners who became overactive since the last call, each with how many new
    /// plays it has in the hour of their receipt. A listener is named by [`book_hash`].
    pub fn take_overactive(&mut self) -> Vec<(ListenerHash, u32)> {
        std::mem::take(&mut self.overactive)
    }

    /// The greatest receive time so far.
    #[must_use]
    pub fn clock(&self) -> UnixMs {
        self.clock
    }

    /// The greatest time that a tick told: the watermark of the fraud rules.
    #[must_use]
    pub fn evaluated_at(&self) -> UnixMs {
        self.evaluated_at
    }

    /// The index entries that are in no run yet, or changed since.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Sets what is in no run yet apart, to be sealed. It is still looked into, and changes
    /// of it go elsewhere, until [`Partition::sealed`].
    ///
    /// # Panics
    /// Where what was set apart before is not sealed.
    #[must_use]
    pub fn freeze(&mut self) -> Unsealed {
        assert!(self.frozen.is_none(), "one part at a time is being sealed");
        let next = Table::as_large_as(&self.table);
        let table = Arc::new(std::mem::replace(&mut self.table, next));
        self.frozen = Some(table.clone());
        Unsealed { table, pages: self.books.freeze() }
    }

    /// Says that what was set apart is in runs, where it is looked for from now on.
    pub fn sealed(&mut self) {
        self.frozen = None;
        self.books.sealed();
        let clock = self.clock;
        self.strays.retain(|day| !Bucket::Day(*day).is_forgotten(clock));
    }

    /// What a snapshot holds besides the runs.
    #[must_use]
    pub fn state(&mut self) -> PartitionState {
        PartitionState {
            clock: self.clock,
            evaluated_at: self.evaluated_at,
            windows: self.windows.iter().collect(),
            devices: self.devices.clone(),
            devices_changed: self.devices_changed.clone(),
            strays: self.strays.clone(),
            dirty: self.books.dirty(),
            fresh: self.books.fresh().clone(),
        }
    }

    /// Builds a partition from what a snapshot holds; [`Memory`] has the runs.
    #[must_use]
    pub fn restore(key: HashKey, state: &PartitionState) -> Self {
        let mut partition = Self::new(key);
        partition.clock = state.clock;
        partition.evaluated_at = state.evaluated_at;
        partition.windows.restore(state.windows.iter().copied());
        partition.devices.clone_from(&state.devices);
        partition.devices_changed.clone_from(&state.devices_changed);
        partition.hash_devices();
        partition.strays.clone_from(&state.strays);
        partition.books = Books::restore(&state.dirty, &state.fresh);
        partition.deadlines = Deadlines::at(state.clock);
        partition
    }

    /// The entry of a play whose key is remembered.
    fn find<M: Memory>(
        &self,
        hash: IdentityHash,
        homes: &Homes,
        memory: &mut M,
    ) -> Result<Option<IndexEntry>, M::Error> {
        let unsealed =
            self.table.get(hash).or_else(|| self.frozen.as_ref().and_then(|table| table.get(hash)));
        match unsealed {
            Some(entry) => Ok((!entry.bucket().is_forgotten(self.clock)).then_some(entry)),
            None => memory.find_sealed(hash, homes, &self.strays, self.clock),
        }
    }

    /// The newest record of a play that a person names, whether its key is forgotten or not.
    ///
    /// # Errors
    /// What [`Memory`] says.
    pub fn newest<M: Memory>(
        &mut self,
        identity: &PlayIdentity<'_>,
        memory: &mut M,
    ) -> Result<Option<PlayAddress>, M::Error> {
        // An anonymous play is never paid, so there is nothing to decide on it.
        let Some(listener) = book_hash(&self.key, identity) else { return Ok(None) };
        let hash = identity_hash(&self.key, identity);
        for homes in Homes::anywhere(identity.key.play_id()) {
            if let Some(entry) = self.find(hash, &homes, memory)? {
                return Ok(Some(entry.address()));
            }
        }
        self.newest_in_book(listener, identity, memory)
    }

    /// Of several plays with one key, which was forgotten in between, the one that was
    /// opened last.
    fn newest_in_book<M: Memory>(
        &mut self,
        listener: ListenerHash,
        identity: &PlayIdentity<'_>,
        memory: &mut M,
    ) -> Result<Option<PlayAddress>, M::Error> {
        let mut newest = None;
        let mut next = Some(DayNo(0));
        while let Some(day) = next {
            for entry in self.books.entries(listener, day, memory)? {
                let address = entry.address;
                let opened = self.with_play(address, memory, |_, play, _| {
                    Ok((play.identity == *identity).then_some(play.first_received_at))
                })?;
                newest = newest.max(opened.map(|opened_at| (opened_at, address)));
            }
            next = self.books.day(day, Side::After, memory);
        }
        Ok(newest.map(|(_, address)| address))
    }

    /// Reads the record at `address` and gives it to `with`.
    fn with_play<M: Memory, R>(
        &mut self,
        address: PlayAddress,
        memory: &mut M,
        with: impl FnOnce(&mut Self, &PlayRecord<'_>, &mut M) -> Result<R, M::Error>,
    ) -> Result<R, M::Error> {
        let mut buffer = self.scratch.pop().unwrap_or_default();
        let result =
            memory.read_play(address, &mut buffer).and_then(|()| {
                match PlayRecord::decode(&buffer) {
                    Ok(play) => with(self, &play, memory),
                    Err(_) => Err(memory.undecodable(address)),
                }
            });
        self.scratch.push(buffer);
        result
    }

    /// Writes a play that nobody knew.
    fn open_play<M: Memory>(
        &mut self,
        mut play: PlayRecord<'_>,
        hash: IdentityHash,
        home: Bucket,
        cause: &Cause,
        memory: &mut M,
    ) {
        (play.to, play.reason) = standing(&play, self.clock);
        play.number = 1;
        let address = memory.append_play(&play);
        self.table.put(hash, IndexEntry::new(cause.fingerprint, address, home));
        if let Bucket::Day(day) = home
            && play.identity.key.play_id().is_some_and(|id| id.uuid_v7_time().is_some())
        {
            self.strays.insert(day);
        }
        self.wrote(address, &play, None, cause);
    }

    /// Writes a play again, after `change` was made to its record at `address`.
    fn rewrite<'a, M: Memory>(
        &mut self,
        address: PlayAddress,
        before: &PlayRecord<'a>,
        mut play: PlayRecord<'a>,
        cause: Cause,
        memory: &mut M,
    ) -> PlayAddress {
        (play.to, play.reason) = standing(&play, self.clock);
        play.from = Some(before.to);
        let was = before.attributes();
        play.counted_as = (before.to == Status::Counted && was != play.attributes()).then_some(was);
        (play.number, play.amendment) = if play.to == before.to {
            (before.number, before.amendment + 1)
        } else {
            (before.number + 1, 0)
        };
        play.previous = Some(address);
        play.cause = cause.position;
        play.received_at = cause.at;
        play.rule_version = RULE_VERSION;
        let written = memory.append_play(&play);
        let known = cause.hashes.play;
        let hash = known.unwrap_or_else(|| identity_hash(&self.key, &play.identity));
        let play_id = play.identity.key.play_id();
        let home = Homes::of(play.producer, play_id, play.first_received_at).own;
        if !home.is_forgotten(self.clock) {
            self.table.put(hash, IndexEntry::new(cause.fingerprint, written, home));
        }
        self.wrote(written, &play, Some((address, before)), &cause);
        written
    }

    fn wrote(
        &mut self,
        address: PlayAddress,
        play: &PlayRecord<'_>,
        replaced: Option<(PlayAddress, &PlayRecord<'_>)>,
        cause: &Cause,
    ) {
        self.delta.play(play);
        let known = cause.hashes.listener;
        let Some(listener) = known.or_else(|| book_hash(&self.key, &play.identity)) else {
            return;
        };
        let (status, _) = without_fraud(play, self.clock);
        let pending = status == Status::Pending;
        let mut entry = BookEntry::of(&self.key, listener, address, play);
        entry.flags =
            entry.flags.with(Flags::CANDIDATE, is_candidate(status)).with(Flags::PENDING, pending);
        let noted = Noted {
            entry,
            day: play.started_at.day(),
            replaced: replaced.map(|(address, before)| {
                let track = if before.track == play.track {
                    entry.track
                } else {
                    track_hash(&self.key, before.track)
                };
                (address, before.started_at.day(), track)
            }),
            first_received_at: play.first_received_at,
            settled: cause.by_rules,
        };
        self.books.note(&noted, &self.device_hashes);
        let replaced = replaced.map(|(address, before)| (before.started_at, address));
        self.deadlines.note(play, address, pending, replaced);
        if replaced.is_none() && play.producer != Producer::Backfill {
            let new_plays = self.activity.new_play(listener, play.received_at.hour());
            if new_plays >= self.overactive_from {
                self.overactive.push((listener, new_plays));
            }
        }
    }
}
