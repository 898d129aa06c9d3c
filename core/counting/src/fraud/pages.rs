//! The pages that are in no run yet, or changed since: what the listeners did lately.
//!
//! An entry takes 32 bytes here and a page as many; a page's entries are chained, the last
//! one first. Nothing is taken out: an entry is replaced where it stands near the chain's
//! beginning, else one that is `gone` is added.

use hashbrown::HashTable;
use ledgerline_ids::{DayNo, ListenerHash};
use ledgerline_records::play::PlayAddress;
use ledgerline_records::verdict::FraudRules;
use std::collections::{BTreeMap, BTreeSet};

use super::books::{Look, Side};
use super::entry::{BookEntry, Flags};
use crate::index::Bucket;
use crate::pieces::Pieces;

/// What is known of a page without looking at its entries. The sums are of candidates and
/// at least as great as the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Whose book.
    pub listener: ListenerHash,
    /// Which day of it.
    pub day: DayNo,
    // The slot of the newest entry.
    newest: u32,
    /// Listened time in milliseconds.
    pub listened_ms: u32,
    /// One more than the greatest start in the day of an entry that a watermark waits for;
    /// 0 where there is none.
    pub until_ms: u32,
    /// The low half of the track's hash, where there is but one track.
    pub track: u32,
    /// How many plays.
    pub plays: u16,
    /// What else there is to know.
    pub traits: Traits,
}

/// What there is to know of a page besides its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits(u8);

impl Traits {
    /// The sums have what is sealed of the page, and nothing has left it since.
    pub const WHOLE: Self = Self(1);
    /// A rule touches an entry.
    pub const MARKED: Self = Self(2);
    /// There are several tracks.
    pub const MIXED: Self = Self(4);
    /// The listener is to be looked at at the next tick.
    pub const DIRTY: Self = Self(8);
    /// An entry's device is on the list.
    pub const LISTED: Self = Self(16);

    /// Whether any of `traits` is there.
    #[must_use]
    pub fn any(self, traits: Self) -> bool {
        self.0 & traits.0 != 0
    }

    /// Adds `traits`.
    pub fn add(&mut self, traits: Self) {
        self.0 |= traits.0;
    }

    /// Takes `traits` away.
    pub fn remove(&mut self, traits: Self) {
        self.0 &= !traits.0;
    }

    /// All of both.
    #[must_use]
    pub const fn and(self, traits: Self) -> Self {
        Self(self.0 | traits.0)
    }
}

impl Page {
    /// A page without an entry.
    #[must_use]
    pub fn new(listener: ListenerHash, day: DayNo) -> Self {
        Self {
            listener,
            day,
            newest: NO_SLOT,
            listened_ms: 0,
            until_ms: 0,
            track: 0,
            plays: 0,
            traits: Traits::default(),
        }
    }

    fn is_of(&self, listener: ListenerHash, day: DayNo) -> bool {
        (self.listener, self.day) == (listener, day)
    }

    /// Takes over the sums of `counted`, which are of all entries.
    pub fn set_whole(&mut self, counted: &Self) {
        self.traits.remove(Traits::MARKED.and(Traits::MIXED).and(Traits::LISTED));
        self.traits.add(counted.traits.and(Traits::WHOLE));
        (self.plays, self.listened_ms) = (counted.plays, counted.listened_ms);
        (self.until_ms, self.track) = (counted.until_ms, counted.track);
    }

    /// Whether no rule of a day can touch a play of it, nor a watermark wait for one.
    #[must_use]
    pub fn is_light(&self, day: DayNo, look: &Look<'_>) -> bool {
        let limits = look.limits;
        let few = limits.fresh_plays_per_day.min(limits.loop_plays / 2);
        let until = day.start().plus(u64::from(self.until_ms));
        !self.traits.any(Traits::MARKED.and(Traits::LISTED))
            && usize::from(self.plays) < few
            && u64::from(self.listened_ms) <= limits.waking_ms
            && (self.until_ms == 0 || until <= look.watermark.plus(1))
    }

    /// Whether the rules look at plays of one track only.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.plays > 0 && !self.is_mixed()
    }

    /// Whether the rules look at plays of several tracks.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.traits.any(Traits::MIXED)
    }

    /// Counts an entry that stands for one that was counted already.
    pub fn recount(&mut self, entry: &BookEntry, longer_ms: u32, listed: &BTreeSet<u32>) {
        self.count_traits(entry, listed);
        self.listened_ms = self.listened_ms.saturating_add(longer_ms);
        self.note_until(entry);
    }

    fn count_traits(&mut self, entry: &BookEntry, listed: &BTreeSet<u32>) {
        if entry.rules != FraudRules::NONE {
            self.traits.add(Traits::MARKED);
        }
        if entry.is_candidate() && listed.contains(&entry.device) {
            self.traits.add(Traits::LISTED);
        }
    }

    fn note_until(&mut self, entry: &BookEntry) {
        if !entry.flags.has(Flags::BACKFILL) {
            self.until_ms = self.until_ms.max(entry.start_ms + 1);
        }
    }

    /// Adds an entry to the sums.
    pub fn count(&mut self, entry: &BookEntry, listed: &BTreeSet<u32>) {
        self.count_traits(entry, listed);
        if !entry.is_candidate() {
            return;
        }
        let track = low_half(entry.track);
        if self.plays == 0 {
            self.track = track;
        } else if self.track != track {
            self.traits.add(Traits::MIXED);
        }
        self.plays = self.plays.saturating_add(1);
        self.listened_ms = self.listened_ms.saturating_add(entry.listened_ms);
        self.note_until(entry);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the other half is left out on purpose")]
fn low_half(track: u64) -> u32 {
    track as u32
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    track: u64,
    // Address in the low 42 bits, then rules, then flags.
    packed: u64,
    device: u32,
    listened_ms: u32,
    start_ms: u32,
    // The slot of the entry before it in the page.
    previous: u32,
}

const NO_SLOT: u32 = u32::MAX;
const ADDRESS_BITS: u32 = 42;
/// So many chains are walked together.
const ABREAST: usize = 16;
/// So far down a chain an entry is looked for that is to be replaced.
const NEAR: usize = 16;

impl Slot {
    fn new(entry: &BookEntry, previous: u32) -> Self {
        assert!(entry.address.0 < 1 << ADDRESS_BITS, "a plays log stays below 4 TiB");
        Self {
            track: entry.track,
            packed: entry.address.0
                | u64::from(entry.rules.0) << ADDRESS_BITS
                | u64::from(entry.flags.byte()) << (ADDRESS_BITS + 8),
            device: entry.device,
            listened_ms: entry.listened_ms,
            start_ms: entry.start_ms,
            previous,
        }
    }

    fn address(&self) -> PlayAddress {
        PlayAddress(self.packed & ((1 << ADDRESS_BITS) - 1))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a byte at a time is taken off")]
    fn entry(&self, listener: ListenerHash) -> BookEntry {
        BookEntry {
            listener,
            address: self.address(),
            track: self.track,
            device: self.device,
            listened_ms: self.listened_ms,
            start_ms: self.start_ms,
            rules: FraudRules((self.packed >> ADDRESS_BITS) as u8),
            flags: Flags::from_byte((self.packed >> (ADDRESS_BITS + 8)) as u8),
        }
    }
}

/// The nearest of some days on `side` of `day`.
#[must_use]
pub fn nearest<T>(days: &BTreeMap<DayNo, T>, day: DayNo, side: Side) -> Option<DayNo> {
    match side {
        Side::Before => days.range(..day).next_back().map(|(day, _)| *day),
        Side::After => {
            let after = (std::ops::Bound::Excluded(day), std::ops::Bound::Unbounded);
            days.range(after).next().map(|(day, _)| *day)
        }
    }
}

/// Pages by listener and day. Walked in sorted order only.
#[derive(Debug, Default)]
pub struct Pages {
    // The pages' numbers.
    numbers: HashTable<u32>,
    pages: Pieces<Page>,
    slots: Pieces<Slot>,
    // How many pages each day has.
    days: BTreeMap<DayNo, u32>,
}

fn hash(listener: ListenerHash, day: DayNo) -> u64 {
    // The listener's hash is keyed; the day only has to tell its pages apart.
    listener.0 ^ u64::from(day.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Pages {
    fn number(&self, listener: ListenerHash, day: DayNo) -> Option<u32> {
        let is_it = |number: &u32| self.pages.get(*number).is_of(listener, day);
        self.numbers.find(hash(listener, day), is_it).copied()
    }

    /// A page, where there is one.
    #[must_use]
    pub fn page(&self, listener: ListenerHash, day: DayNo) -> Option<&Page> {
        self.number(listener, day).map(|number| self.pages.get(number))
    }

    /// A page, to be changed.
    pub fn page_mut(&mut self, listener: ListenerHash, day: DayNo) -> Option<&mut Page> {
        self.number(listener, day).map(|number| self.pages.get_mut(number))
    }

    /// The page of a listener and day, which is begun where there is none.
    pub fn open(&mut self, listener: ListenerHash, day: DayNo) -> &mut Page {
        let number = self.opened(listener, day);
        self.pages.get_mut(number)
    }

    fn opened(&mut self, listener: ListenerHash, day: DayNo) -> u32 {
        self.number(listener, day).unwrap_or_else(|| {
            *self.days.entry(day).or_default() += 1;
            let Self { numbers, pages, .. } = self;
            let number = pages.push(Page::new(listener, day));
            let of = |page: &Page| hash(page.listener, page.day);
            numbers.insert_unique(hash(listener, day), number, |number| of(pages.get(*number)));
            number
        })
    }

    /// Has the place where a page is looked for near at hand when it is.
    #[inline]
    pub fn touch(&self, listener: ListenerHash, day: DayNo) {
        std::hint::black_box(self.page(listener, day).map(|page| page.newest));
    }

    /// Adds an entry to its page's chain and gives the page, whose sums are the caller's to
    /// move.
    pub fn push(&mut self, day: DayNo, entry: &BookEntry) -> &mut Page {
        let number = self.opened(entry.listener, day);
        let page = self.pages.get_mut(number);
        let slot = self.slots.push(Slot::new(entry, page.newest));
        page.newest = slot;
        page
    }

    /// Replaces the entry at `address` where it stands near the chain's beginning. Gives
    /// the one that was there.
    pub fn replace(
        &mut self,
        day: DayNo,
        address: PlayAddress,
        by: &BookEntry,
    ) -> Option<BookEntry> {
        let mut at = self.page(by.listener, day)?.newest;
        for _ in 0..NEAR {
            if at == NO_SLOT {
                return None;
            }
            let slot = self.slots.get_mut(at);
            let entry = slot.entry(by.listener);
            if entry.address == address && !entry.flags.has(Flags::GONE) {
                *slot = Slot::new(by, slot.previous);
                return Some(entry);
            }
            at = slot.previous;
        }
        None
    }

    /// Gives a page's entries to `each`, in no order that means anything.
    pub fn for_each(&self, listener: ListenerHash, day: DayNo, each: &mut dyn FnMut(BookEntry)) {
        if let Some(page) = self.page(listener, day) {
            self.for_each_of(page, each);
        }
    }

    fn for_each_of(&self, page: &Page, each: &mut dyn FnMut(BookEntry)) {
        let mut at = page.newest;
        while at != NO_SLOT {
            let slot = self.slots.get(at);
            each(slot.entry(page.listener));
            at = slot.previous;
        }
    }

    /// Gives every entry of some days to `each`, in no order that means anything.
    pub fn scan(
        &self,
        days: &std::ops::RangeInclusive<DayNo>,
        each: &mut dyn FnMut(DayNo, BookEntry),
    ) {
        if self.days.range(days.clone()).next().is_none() {
            return;
        }
        for page in self.pages.iter().filter(|page| days.contains(&page.day)) {
            self.for_each_of(page, &mut |entry| each(page.day, entry));
        }
    }

    /// The nearest day on `side` of `day` that has a page.
    #[must_use]
    pub fn day(&self, day: DayNo, side: Side) -> Option<DayNo> {
        nearest(&self.days, day, side)
    }

    /// How many pages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives all entries to `each` in the order of a run: by day, listener and address.
    /// What came and went again is left out.
    pub fn for_each_sorted(&self, each: &mut dyn FnMut(Bucket, BookEntry)) {
        let mut pages: Vec<(DayNo, ListenerHash, u32)> = (0u32..)
            .zip(self.pages.iter())
            .map(|(number, page)| (page.day, page.listener, number))
            .collect();
        pages.sort_unstable();
        let mut chains: [Vec<BookEntry>; ABREAST] = Default::default();
        for some in pages.chunks(ABREAST) {
            self.walk_abreast(some, &mut chains);
            for ((day, ..), entries) in some.iter().zip(&mut chains) {
                // Behind an entry stands the one that says that it is gone.
                entries.sort_unstable_by_key(|entry| (entry.address, entry.flags.has(Flags::GONE)));
                for same in entries.chunk_by(|left, right| left.address == right.address) {
                    if let [entry] = same {
                        each(Bucket::Day(*day), *entry);
                    }
                }
            }
        }
    }

    /// Walks several pages' chains, a step of each in turn: a chain's next step waits for
    /// memory, and the steps of different chains wait together.
    fn walk_abreast(
        &self,
        pages: &[(DayNo, ListenerHash, u32)],
        chains: &mut [Vec<BookEntry>; ABREAST],
    ) {
        let mut at = [NO_SLOT; ABREAST];
        for ((at, chain), (.., number)) in at.iter_mut().zip(&mut *chains).zip(pages) {
            *at = self.pages.get(*number).newest;
            chain.clear();
        }
        while at.iter().any(|at| *at != NO_SLOT) {
            for ((at, chain), (_, listener, _)) in at.iter_mut().zip(&mut *chains).zip(pages) {
                if *at != NO_SLOT {
                    let slot = self.slots.get(*at);
                    chain.push(slot.entry(*listener));
                    *at = slot.previous;
                }
            }
        }
    }
}
