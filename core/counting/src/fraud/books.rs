//! The listeners' books: what the fraud rules need to know of their plays.
//!
//! A book is one listener's plays, here one user of one source; a *page* is one UTC day of
//! it, by the plays' starts. Pages are derived from the plays log, a record at a time, by
//! [`Books::note`]. What is new is in memory, in [`Pages`]; the rest is sealed in runs, by
//! day, and read when it is wanted. Nothing is kept in memory of a listener or a day that
//! nothing happens to.

use ledgerline_ids::{DayNo, ListenerHash, UnixMs};
use ledgerline_records::play::PlayAddress;
use ledgerline_records::verdict::{FraudRule, FraudRules};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::entry::{BookEntry, Flags};
use super::pages::{Page, Pages, Traits};
use crate::rules::FraudLimits;

/// The part of the books that is sealed.
pub trait SealedBooks {
    /// Why it can't be read.
    type Error;

    /// Gives the sealed entries of one page to `each`, also those that are gone.
    ///
    /// # Errors
    /// What the runs' store says.
    fn page(
        &self,
        day: DayNo,
        listener: ListenerHash,
        each: &mut dyn FnMut(BookEntry),
    ) -> Result<(), Self::Error>;

    /// Gives all sealed entries of some days to `each`, in no order that means anything.
    ///
    /// # Errors
    /// What the runs' store says.
    fn scan_days(
        &self,
        days: &RangeInclusive<DayNo>,
        each: &mut dyn FnMut(DayNo, BookEntry),
    ) -> Result<(), Self::Error>;

    /// About how many sealed entries there are of a day, those that are gone too.
    fn sealed_entries(&self, day: DayNo) -> u64;

    /// The nearest day on `side` of `day` that a run has entries of.
    fn sealed_day(&self, day: DayNo, side: Side) -> Option<DayNo>;
}

/// Before a day, or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Earlier.
    Before,
    /// Later.
    After,
}

/// A record that is noted, and what it stands for from now on.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// The entry of the new record.
    pub entry: BookEntry,
    /// The day of its page.
    pub day: DayNo,
    /// The record that it replaces, with its day and its track's hash.
    pub replaced: Option<(PlayAddress, DayNo, u64)>,
    /// When the play's first report was received.
    pub first_received_at: UnixMs,
    /// Whether the rules themselves were the cause: then nobody has to look again.
    pub settled: bool,
}

/// All listeners' books of one partition.
#[derive(Debug, Default)]
pub struct Books {
    active: Pages,
    // Being sealed: not changed any more.
    frozen: Option<Arc<Pages>>,
    dirty: Vec<(ListenerHash, DayNo)>,
    // Pages that `fresh_loop` touches: they wait for what says that the listener isn't new.
    fresh: BTreeMap<ListenerHash, BTreeSet<DayNo>>,
    // Some listeners' least first receive time, so that it is worked out once.
    first_seen: BTreeMap<ListenerHash, UnixMs>,
}

/// More than so many first receive times are not remembered.
const FIRST_SEEN_MAX: usize = 65_536;

impl Books {
    /// Books of which all pages are sealed.
    #[must_use]
    pub fn restore(
        dirty: &[(ListenerHash, DayNo)],
        fresh: &BTreeMap<ListenerHash, BTreeSet<DayNo>>,
    ) -> Self {
        Self { dirty: dirty.to_vec(), fresh: fresh.clone(), ..Self::default() }
    }

    /// Notes a new record of a play. Its listener is looked at again at the next tick,
    /// unless the rules were the cause. `listed` are the hashes of bot devices.
    pub fn note(&mut self, noted: &Noted, listed: &BTreeSet<u32>) {
        let Noted { entry, day, replaced, settled, .. } = noted;
        let before = replaced.and_then(|(address, was_on, track)| {
            let before =
                if was_on == *day { self.active.replace(*day, address, entry) } else { None };
            if before.is_none() {
                let flags = Flags::default().with(Flags::GONE, true);
                let gone = BookEntry { address, track, rules: FraudRules::NONE, flags, ..*entry };
                self.active.push(was_on, &gone);
            }
            let left = was_on != *day || track != entry.track || !entry.is_candidate();
            if left && let Some(page) = self.active.page_mut(entry.listener, was_on) {
                page.traits.remove(Traits::WHOLE);
            }
            before
        });
        let page = match before {
            Some(_) => self.active.open(entry.listener, *day),
            None => self.active.push(*day, entry),
        };
        match before.filter(BookEntry::is_candidate) {
            // One that was counted already.
            Some(before) => {
                let longer_ms = entry.listened_ms.saturating_sub(before.listened_ms);
                page.recount(entry, longer_ms, listed);
            }
            None => page.count(entry, listed),
        }
        if !settled && !page.traits.any(Traits::DIRTY) {
            page.traits.add(Traits::DIRTY);
            self.dirty.push((entry.listener, *day));
        }
        if !settled
            && let Some((_, was_on, _)) = replaced
            && was_on != day
        {
            self.mark_dirty(entry.listener, *was_on);
        }
        self.watch_freshness(noted);
    }

    /// Has the place where a page is looked for near at hand when it is.
    pub fn touch(&self, listener: ListenerHash, day: DayNo) {
        self.active.touch(listener, day);
    }

    fn watch_freshness(&mut self, noted: &Noted) {
        let Noted { entry, day, .. } = noted;
        if let Some(first_seen) = self.first_seen.get_mut(&entry.listener) {
            *first_seen = noted.first_received_at.min(*first_seen);
        }
        if entry.rules.contains(FraudRule::FreshLoop) {
            self.fresh.entry(entry.listener).or_default().insert(*day);
        }
        // Only a backfill may tell later of what was received before.
        if noted.replaced.is_none()
            && entry.flags.has(Flags::BACKFILL)
            && !self.fresh.is_empty()
            && let Some(days) = self.fresh.get(&entry.listener).cloned()
        {
            for day in days {
                self.mark_dirty(entry.listener, day);
            }
        }
    }

    /// Has a page looked at again at the next tick.
    pub fn mark_dirty(&mut self, listener: ListenerHash, day: DayNo) {
        match self.active.page_mut(listener, day) {
            Some(page) if page.traits.any(Traits::DIRTY) => return,
            Some(page) => page.traits.add(Traits::DIRTY),
            None => {}
        }
        self.dirty.push((listener, day));
    }

    /// Has a page looked at again at the next tick, because what is known of it changed
    /// from outside.
    pub fn mark_changed(&mut self, listener: ListenerHash, day: DayNo) {
        if let Some(page) = self.active.page_mut(listener, day) {
            page.traits.remove(Traits::WHOLE);
        }
        self.mark_dirty(listener, day);
    }

    /// Takes the pages that are to be looked at, sorted.
    pub fn take_dirty(&mut self) -> Vec<(ListenerHash, DayNo)> {
        let dirty = self.dirty();
        self.dirty = Vec::new();
        for (listener, day) in &dirty {
            if let Some(page) = self.active.page_mut(*listener, *day) {
                page.traits.remove(Traits::DIRTY);
            }
        }
        dirty
    }

    /// The pages that the next tick looks at, sorted.
    #[must_use]
    pub fn dirty(&mut self) -> Vec<(ListenerHash, DayNo)> {
        // What was asked for before is sorted already, which this sort makes use of.
        self.dirty.sort();
        self.dirty.dedup();
        self.dirty.clone()
    }

    /// The pages that `fresh_loop` touches.
    #[must_use]
    pub fn fresh(&self) -> &BTreeMap<ListenerHash, BTreeSet<DayNo>> {
        &self.fresh
    }

    /// Says that `fresh_loop` touches nothing of a page any more.
    pub fn not_fresh(&mut self, listener: ListenerHash, day: DayNo) {
        if let Some(days) = self.fresh.get_mut(&listener) {
            days.remove(&day);
            if days.is_empty() {
                self.fresh.remove(&listener);
            }
        }
    }

    /// A listener's least first receive time, where it was worked out before.
    #[must_use]
    pub fn known_first_seen(&self, listener: ListenerHash) -> Option<UnixMs> {
        self.first_seen.get(&listener).copied()
    }

    /// Remembers a listener's least first receive time.
    pub fn remember_first_seen(&mut self, listener: ListenerHash, first_seen: UnixMs) {
        if self.first_seen.len() >= FIRST_SEEN_MAX {
            self.first_seen.clear();
        }
        self.first_seen.insert(listener, first_seen);
    }

    /// Sets the pages in memory apart, to be sealed: they don't change any more.
    pub fn freeze(&mut self) -> Arc<Pages> {
        let frozen = Arc::new(std::mem::take(&mut self.active));
        self.frozen = Some(frozen.clone());
        frozen
    }

    /// Says that what was set apart is sealed.
    pub fn sealed(&mut self) {
        self.frozen = None;
    }

    /// The newest record of each of a listener's plays on a day, in no order that means
    /// anything.
    ///
    /// # Errors
    /// What the sealed books say.
    pub fn entries<S: SealedBooks>(
        &self,
        listener: ListenerHash,
        day: DayNo,
        sealed: &S,
    ) -> Result<Vec<BookEntry>, S::Error> {
        let mut entries = Vec::new();
        let mut gone = BTreeSet::new();
        let mut take = |entry: BookEntry| {
            if entry.flags.has(Flags::GONE) {
                gone.insert(entry.address);
            } else {
                entries.push(entry);
            }
        };
        self.active.for_each(listener, day, &mut take);
        if let Some(frozen) = &self.frozen {
            frozen.for_each(listener, day, &mut take);
        }
        sealed.page(day, listener, &mut take)?;
        if !gone.is_empty() {
            entries.retain(|entry| !gone.contains(&entry.address));
        }
        Ok(entries)
    }

    /// The newest records of all plays of some days that `wanted` says yes to; of a record
    /// that is gone it is asked like of any other. In no order that means anything.
    ///
    /// # Errors
    /// What the sealed books say.
    pub fn scan<S: SealedBooks>(
        &self,
        days: &RangeInclusive<DayNo>,
        sealed: &S,
        wanted: impl Fn(&BookEntry) -> bool,
    ) -> Result<Vec<(DayNo, BookEntry)>, S::Error> {
        let mut entries = Vec::new();
        let mut gone = BTreeSet::new();
        let mut take = |day: DayNo, entry: BookEntry| {
            if entry.flags.has(Flags::GONE) {
                gone.insert(entry.address);
            } else if wanted(&entry) {
                entries.push((day, entry));
            }
        };
        self.active.scan(days, &mut take);
        if let Some(frozen) = &self.frozen {
            frozen.scan(days, &mut take);
        }
        sealed.scan_days(days, &mut take)?;
        entries.retain(|(_, entry)| !gone.contains(&entry.address));
        Ok(entries)
    }

    /// The nearest day on `side` of `day` on which anybody may have a page.
    #[must_use]
    pub fn day<S: SealedBooks>(&self, day: DayNo, side: Side, sealed: &S) -> Option<DayNo> {
        let days = [
            self.active.day(day, side),
            self.frozen.as_ref().and_then(|frozen| frozen.day(day, side)),
            sealed.sealed_day(day, side),
        ];
        match side {
            Side::Before => days.into_iter().flatten().max(),
            Side::After => days.into_iter().flatten().min(),
        }
    }

    /// Whether no rule can touch a play of the page, or undo what touches another: told
    /// from sums, which most pages need no more than.
    ///
    /// # Errors
    /// What the sealed books say.
    pub fn is_quiet<S: SealedBooks>(
        &mut self,
        listener: ListenerHash,
        day: DayNo,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<bool, S::Error> {
        let page = self.whole_page(listener, day, look, sealed)?;
        if !page.is_light(day, look) {
            return Ok(false);
        }
        let before = self.reach(&page, Side::Before, look, sealed)?;
        let after = self.reach(&page, Side::After, look, sealed)?;
        let (Some(before), Some(after)) = (before, after) else { return Ok(false) };
        // A run doesn't pass through a page of several tracks.
        let reach = if page.is_mixed() { before.max(after) } else { before + after };
        Ok(reach + usize::from(page.plays) < look.limits.loop_plays)
    }

    /// How far a run of one track may reach from a page to one side. `None` where that
    /// can't be told from sums.
    fn reach<S: SealedBooks>(
        &mut self,
        page: &Page,
        side: Side,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<Option<usize>, S::Error> {
        let mut plays = 0;
        let mut track = page.is_single().then_some(page.track);
        let (listener, mut at) = (page.listener, page.day);
        while let Some(next) = self.day(at, side, sealed) {
            at = next;
            let Some(page) = self.page_beside(listener, at, look, sealed)? else { continue };
            if !page.is_light(at, look) {
                return Ok(None);
            }
            if page.plays == 0 {
                // Nothing that a rule looks at: runs pass by.
                continue;
            }
            if page.is_mixed() {
                plays += usize::from(page.plays);
                break;
            }
            if track.is_some_and(|track| track != page.track) {
                break;
            }
            track = Some(page.track);
            plays += usize::from(page.plays);
            if plays >= look.limits.loop_plays {
                return Ok(None);
            }
        }
        Ok(Some(plays))
    }

    /// A page with its sums, in memory from now on.
    fn whole_page<S: SealedBooks>(
        &mut self,
        listener: ListenerHash,
        day: DayNo,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<Page, S::Error> {
        let page = *self.active.open(listener, day);
        if page.traits.any(Traits::WHOLE) {
            return Ok(page);
        }
        let counted = self.counted(listener, day, look, sealed)?.unwrap_or(page);
        let page = self.active.open(listener, day);
        page.set_whole(&counted);
        Ok(*page)
    }

    /// The sums of a page, where it has an entry; they are kept for the next tick.
    fn page_beside<S: SealedBooks>(
        &mut self,
        listener: ListenerHash,
        day: DayNo,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<Option<Page>, S::Error> {
        match self.active.page(listener, day) {
            Some(page) if page.traits.any(Traits::WHOLE) => return Ok(Some(*page)),
            _ => {}
        }
        let counted = self.counted(listener, day, look, sealed)?;
        if let Some(counted) = &counted {
            self.active.open(listener, day).set_whole(counted);
        }
        Ok(counted)
    }

    /// Has the sums of pages that are looked at soon worked out, where it is cheaper to go
    /// through all entries of a day once than to look up each of its pages.
    ///
    /// # Errors
    /// What the sealed books say.
    pub fn count_together<S: SealedBooks>(
        &mut self,
        pages: &[(ListenerHash, DayNo)],
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<(), S::Error> {
        let is_whole = |listener, day| {
            self.active.page(listener, day).is_some_and(|page| page.traits.any(Traits::WHOLE))
        };
        let mut wanted: Vec<(DayNo, ListenerHash)> = pages
            .iter()
            .filter(|(listener, day)| !is_whole(*listener, *day))
            .map(|(listener, day)| (*day, *listener))
            .collect();
        wanted.sort_unstable();
        for of_day in wanted.chunk_by(|left, right| left.0 == right.0) {
            let day = of_day[0].0;
            if sealed.sealed_entries(day) <= of_day.len() as u64 * ENTRIES_FOR_A_LOOK {
                let listeners = of_day.iter().map(|(_, listener)| *listener);
                self.count_day(day, Sums::new(listeners, day), look, sealed)?;
            }
        }
        Ok(())
    }

    fn count_day<S: SealedBooks>(
        &mut self,
        day: DayNo,
        mut sums: Sums,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<(), S::Error> {
        for at in 0..sums.pages.len() {
            let listener = sums.pages[at].0.listener;
            self.active.for_each(listener, day, &mut |entry| sums.take(&entry, look.listed));
            if let Some(frozen) = &self.frozen {
                frozen.for_each(listener, day, &mut |entry| sums.take(&entry, look.listed));
            }
        }
        sealed.scan_days(&(day..=day), &mut |_, entry| sums.take(&entry, look.listed))?;
        for (page, seen) in &sums.pages {
            // Where a record is gone, or there is none, whoever wants the page looks itself.
            if *seen == Seen::Entries {
                self.active.open(page.listener, day).set_whole(page);
            }
        }
        Ok(())
    }

    fn counted<S: SealedBooks>(
        &self,
        listener: ListenerHash,
        day: DayNo,
        look: &Look<'_>,
        sealed: &S,
    ) -> Result<Option<Page>, S::Error> {
        let entries = self.entries(listener, day, sealed)?;
        if entries.is_empty() {
            return Ok(None);
        }
        let mut page = Page::new(listener, day);
        for entry in &entries {
            page.count(entry, look.listed);
        }
        Ok(Some(page))
    }
}

/// Looking a page up takes as long as going through so many entries.
const ENTRIES_FOR_A_LOOK: u64 = 128;

/// The sums of several listeners' pages of one day, in the order of the listeners.
struct Sums {
    pages: Vec<(Page, Seen)>,
    // Where the last entry belonged: entries mostly come in order.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Entries,
    Gone,
}

impl Sums {
    fn new(listeners: impl Iterator<Item = ListenerHash>, day: DayNo) -> Self {
        let pages = listeners.map(|listener| (Page::new(listener, day), Seen::Nothing)).collect();
        Self { pages, at: 0 }
    }

    fn take(&mut self, entry: &BookEntry, listed: &BTreeSet<u32>) {
        self.seek(entry.listener);
        let Some((page, seen)) = self.pages.get_mut(self.at) else { return };
        if page.listener != entry.listener {
            return;
        }
        if entry.flags.has(Flags::GONE) {
            *seen = Seen::Gone;
        } else {
            page.count(entry, listed);
            if *seen == Seen::Nothing {
                *seen = Seen::Entries;
            }
        }
    }

    /// Goes to the first page whose listener is not before this one.
    fn seek(&mut self, listener: ListenerHash) {
        let is_before = |(page, _): &(Page, Seen)| page.listener < listener;
        if self.at > 0 && !is_before(&self.pages[self.at - 1]) {
            self.at = self.pages.partition_point(is_before);
        }
        while self.pages.get(self.at).is_some_and(is_before) {
            self.at += 1;
        }
    }
}

/// What a tick looks with.
#[derive(Debug, Clone, Copy)]
pub struct Look<'l> {
    /// The greatest time that a tick told.
    pub watermark: UnixMs,
    /// The hashes of the devices on the list.
    pub listed: &'l BTreeSet<u32>,
    /// The rules' numbers.
    pub limits: &'l FraudLimits,
}
