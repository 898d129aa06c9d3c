//! A book for each listener: what the fraud rules need to know of its plays.
//!
//! Books are derived from the plays log, by [`Books::note`] on each record, and are built
//! again from it at every start.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry as MapEntry;
use ledgerline_ids::{HashKey, HourNo, IdentityHash, ListenerHash, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::Producer;
use ledgerline_records::verdict::FraudRules;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasherDefault, Hasher};

use crate::identity::{book_hash, device_hash, track_hash};
use crate::index::low_half;

/// One play in a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The low half of the play's hash.
    pub play: u64,
    /// Its newest record.
    pub address: PlayAddress,
    /// Its track's hash.
    pub track: u64,
    // The start in the low 42 bits, then the flags, then the rules.
    packed: u64,
    listened_ms: u32,
    /// Its device's hash; 0 where it has none.
    pub device: u32,
}

const START_BITS: u32 = 42;
const CANDIDATE: u64 = 1 << START_BITS;
const BACKFILL: u64 = 1 << (START_BITS + 1);
const RULES_SHIFT: u32 = START_BITS + 2;

impl Entry {
    fn of(
        key: &HashKey,
        hash: IdentityHash,
        address: PlayAddress,
        play: &PlayRecord<'_>,
        candidate: bool,
    ) -> Self {
        let backfill = play.producer == Producer::Backfill;
        let packed = play.started_at.get()
            | if candidate { CANDIDATE } else { 0 }
            | if backfill { BACKFILL } else { 0 }
            | u64::from(play.rules.0) << RULES_SHIFT;
        Self {
            play: low_half(hash),
            address,
            track: track_hash(key, play.track),
            packed,
            listened_ms: u32::try_from(play.listened_ms).unwrap_or(u32::MAX),
            device: play.device.map_or(0, |device| device_hash(key, device)),
        }
    }

    /// When it started.
    #[must_use]
    pub fn started_at(&self) -> UnixMs {
        UnixMs::new(self.packed & (CANDIDATE - 1)).expect("42 bits")
    }

    /// Whether the rules look at it.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.packed & CANDIDATE != 0
    }

    /// Whether its source is a backfill, for which no watermark waits.
    #[must_use]
    pub fn is_backfill(&self) -> bool {
        self.packed & BACKFILL != 0
    }

    /// The rules that touch it.
    #[must_use]
    pub fn rules(&self) -> FraudRules {
        FraudRules(u8::try_from(self.packed >> RULES_SHIFT & 0xff).expect("eight bits"))
    }

    /// The merged listened time in milliseconds; at most 49 days.
    #[must_use]
    pub fn listened_ms(&self) -> u64 {
        u64::from(self.listened_ms)
    }
}

/// One listener's plays.
#[derive(Debug, Clone)]
pub struct Book {
    /// The least first receive time of any of them.
    pub first_seen: UnixMs,
    // The first `sorted` of them in the order of their hashes, the others as they came.
    plays: Vec<Entry>,
    sorted: usize,
    dirty: bool,
    new_plays_hour: HourNo,
    new_plays: u32,
}

impl Book {
    /// All of the listener's plays, in no order that means anything.
    #[must_use]
    pub fn plays(&self) -> &[Entry] {
        &self.plays
    }

    fn push(&mut self, entry: Entry) {
        self.plays.push(entry);
        // Sorting again each time that a sixteenth is unsorted keeps both the search and
        // the sorting cheap for the listener with a million plays.
        if self.plays.len() - self.sorted > 32 + self.sorted / 16 {
            self.plays.sort_unstable_by_key(|play| (play.play, play.address));
            self.sorted = self.plays.len();
        }
    }

    /// The plays with this hash: one, or several where its key was forgotten in between.
    fn records_of(&self, play: u64) -> impl Iterator<Item = &Entry> {
        let (sorted, rest) = self.plays.split_at(self.sorted);
        let from = sorted.partition_point(|entry| entry.play < play);
        let near = sorted[from..].iter().take_while(move |entry| entry.play == play);
        near.chain(rest.iter().rev().filter(move |entry| entry.play == play))
    }

    fn replace(&mut self, play: u64, address: PlayAddress, by: Entry) {
        let (sorted, rest) = self.plays.split_at_mut(self.sorted);
        let from = sorted.partition_point(|entry| entry.play < play);
        let near = sorted[from..].iter_mut().take_while(|entry| entry.play == play);
        let noted = near.chain(rest.iter_mut().rev()).find(|entry| entry.address == address);
        *noted.expect("a play's earlier record was noted") = by;
    }
}

/// How a record is noted.
#[derive(Debug, Clone, Copy)]
pub struct Noting {
    /// Whether the rules look at the play.
    pub candidate: bool,
    /// Whether the listener's rules were just evaluated.
    pub settled: bool,
}

/// What noting a record says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noted {
    /// The book's listener, where the play has one.
    pub listener: Option<ListenerHash>,
    /// How many new plays the listener has in the hour of the record's receipt, where this
    /// is one of them; else 0.
    pub new_plays: u32,
}

/// All listeners' books of one partition.
#[derive(Debug, Default)]
pub struct Books {
    // Never iterated in its own order: see `sorted`.
    books: HashMap<ListenerHash, Book, BuildHasherDefault<Already>>, // pure: wrapped, only walked sorted
    dirty: Vec<ListenerHash>,
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Default, Clone)]
struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("a listener's hash is written as one number");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Books {
    /// Notes a new record of a play. The listener is looked at again
    /// at the next tick, unless `settled` says that its rules were just evaluated.
    pub fn note(
        &mut self,
        key: &HashKey,
        hash: IdentityHash,
        address: PlayAddress,
        play: &PlayRecord<'_>,
        noting: Noting,
    ) -> Noted {
        let Some(listener) = book_hash(key, &play.identity) else { return Noted::default() };
        let entry = Entry::of(key, hash, address, play, noting.candidate);
        let book = match self.books.entry(listener) {
            MapEntry::Occupied(book) => book.into_mut(),
            MapEntry::Vacant(place) => place.insert(Book {
                first_seen: play.first_received_at,
                plays: Vec::new(),
                sorted: 0,
                dirty: false,
                new_plays_hour: play.received_at.hour(),
                new_plays: 0,
            }),
        };
        book.first_seen = book.first_seen.min(play.first_received_at);
        if !book.dirty && !noting.settled {
            book.dirty = true;
            self.dirty.push(listener);
        }
        if let Some(previous) = play.previous {
            book.replace(entry.play, previous, entry);
            return Noted { listener: Some(listener), new_plays: 0 };
        }
        book.push(entry);
        let hour = play.received_at.hour();
        if hour == book.new_plays_hour {
            book.new_plays += 1;
        } else {
            (book.new_plays_hour, book.new_plays) = (hour, 1);
        }
        Noted { listener: Some(listener), new_plays: book.new_plays }
    }

    /// The book of a listener that must have one.
    ///
    /// # Panics
    /// Where it has none.
    #[must_use]
    pub fn book(&self, listener: ListenerHash) -> &Book {
        self.books.get(&listener).expect("a listener with a play has a book")
    }

    /// Takes the listeners whose plays changed since the last call, sorted.
    pub fn take_dirty(&mut self) -> Vec<ListenerHash> {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        for listener in &dirty {
            self.books.get_mut(listener).expect("a dirty listener has a book").dirty = false;
        }
        dirty
    }

    /// Has the listener looked at again at the next tick.
    pub fn mark_dirty(&mut self, listener: ListenerHash) {
        let book = self.books.get_mut(&listener).expect("a listener with a play has a book");
        if !book.dirty {
            book.dirty = true;
            self.dirty.push(listener);
        }
    }

    /// The listeners with a play that `wanted` says yes to, sorted.
    #[must_use]
    pub fn listeners_with(&self, wanted: impl Fn(&Entry) -> bool) -> BTreeSet<ListenerHash> {
        let books = self.books.iter();
        books
            .filter(|(_, book)| book.plays.iter().any(&wanted))
            .map(|(listener, _)| *listener)
            .collect()
    }

    /// The newest records of all plays, by the hash of their track.
    #[must_use]
    pub fn plays_by_track(&self) -> BTreeMap<u64, BTreeSet<PlayAddress>> {
        let mut by_track = BTreeMap::<u64, BTreeSet<PlayAddress>>::new();
        for play in self.books.values().flat_map(|book| &book.plays) {
            by_track.entry(play.track).or_default().insert(play.address);
        }
        by_track
    }

    /// The newest record of each of a listener's plays with this hash: one, or several
    /// where its key was forgotten in between.
    #[must_use]
    pub fn newest_of(&self, listener: ListenerHash, play: IdentityHash) -> Vec<PlayAddress> {
        let Some(book) = self.books.get(&listener) else { return Vec::new() };
        book.records_of(low_half(play)).map(|entry| entry.address).collect()
    }

    /// Whether the record at `address` is the newest of a listener's play.
    #[must_use]
    pub fn is_newest(
        &self,
        listener: ListenerHash,
        play: IdentityHash,
        address: PlayAddress,
    ) -> bool {
        let book = self.books.get(&listener);
        book.is_some_and(|book| {
            book.records_of(low_half(play)).any(|entry| entry.address == address)
        })
    }

    /// The listeners that the next tick looks at, sorted.
    #[must_use]
    pub fn dirty(&self) -> Vec<ListenerHash> {
        let mut dirty = self.dirty.clone();
        dirty.sort_unstable();
        dirty
    }
}
