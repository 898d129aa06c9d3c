//! What counts by day, recording and country, in memory: the plays logs summed up, and what they got since.

use ledgerline_ids::{DayNo, Territory};
use ledgerline_records::play::{CountedAs, PlayRecord};
use std::collections::{BTreeMap, HashMap};

use crate::counts::AppliedTo;
use crate::ports::LogError;
use crate::reading::Readers;

/// Texts by their numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let number = u32::try_from(self.texts.len()).expect("fewer than 2^32 names fit in memory");
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    pub(super) fn known(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}

/// What counts on one day, by recording and country.
#[derive(Debug, Default)]
struct Day {
    /// Another number whenever anything of it has changed.
    state: u64,
    plays: HashMap<(u32, u32), i64>,
}

/// What counts on the days that charts are made of.
#[derive(Debug)]
pub(super) struct Cells {
    /// How much of each partition's plays log is in.
    read: Vec<u64>,
    pub(super) tracks: Names,
    territories: Names,
    days: BTreeMap<DayNo, Day>,
    /// Days before this one aren't kept.
    known_from: DayNo,
    cells: usize,
    cells_max: usize,
    states: u64,
}

impl Cells {
    /// Nothing yet, and never more than `cells_max` recordings and countries of days.
    pub(super) fn new(cells_max: usize) -> Self {
        Self {
            read: Vec::new(),
            tracks: Names::default(),
            territories: Names::default(),
            days: BTreeMap::new(),
            known_from: DayNo(0),
            cells: 0,
            cells_max,
            states: 0,
        }
    }

    /// Charts that begin on this day or later can be made.
    pub(super) fn known_from(&self) -> DayNo {
        self.known_from
    }

    /// The first day on which anything counts, as far as is known.
    pub(super) fn first_day(&self) -> Option<DayNo> {
        self.days.keys().next().copied()
    }

    /// Reads what the plays logs got, a partition at a time while `goes_on` says so; whether that is all. Days
    /// before `since` are left out.
    pub(super) fn catch_up(
        &mut self,
        readers: &Readers,
        of: &[AppliedTo],
        since: DayNo,
        mut goes_on: impl FnMut() -> bool,
    ) -> Result<bool, LogError> {
        self.read.resize(of.len(), 0);
        let is_shorter = |(read, applied): (&u64, &AppliedTo)| applied.plays_bytes < *read;
        if self.read.iter().zip(of).any(is_shorter) {
            // It was built again from a snapshot: what stood behind that isn't what was read.
            let cells_max = self.cells_max;
            *self = Self { states: self.states, ..Self::new(cells_max) };
            self.read.resize(of.len(), 0);
        }
        self.forget_before(since);
        for (at, applied) in of.iter().enumerate() {
            let from = self.read[at];
            if from >= applied.plays_bytes {
                continue;
            }
            if !goes_on() {
                return Ok(false);
            }
            self.states += 1;
            readers.for_each(applied.partition, from, applied.plays_bytes, &mut |_, play| {
                self.add(play);
            })?;
            self.read[at] = applied.plays_bytes;
        }
        Ok(true)
    }

    /// Adds the next record of a plays log.
    pub(super) fn add(&mut self, play: &PlayRecord<'_>) {
        let (before, after) = (play.counted_before(), play.counts_as());
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.change(&before, -1);
        }
        if let Some(after) = after {
            self.change(&after, 1);
        }
    }

    /// Adds that something counts, or (`by` is −1) does so no more.
    pub(super) fn change(&mut self, counted: &CountedAs<'_>, by: i64) {
        let on = counted.started_at.day();
        if on < self.known_from {
            return;
        }
        let track = self.tracks.number(counted.track.as_str());
        let territory = self.territories.number(counted.territory.map_or("", Territory::as_str));
        let day = self.days.entry(on).or_default();
        day.state = self.states;
        let cell = day.plays.entry((track, territory)).or_insert_with(|| {
            self.cells += 1;
            0
        });
        *cell += by;
        if self.cells > self.cells_max
            && let Some(first) = self.first_day()
        {
            self.forget_before(DayNo(first.0 + 1));
        }
    }

    fn forget_before(&mut self, day: DayNo) {
        self.known_from = self.known_from.max(day);
        while let Some(first) = self.days.first_entry().filter(|it| *it.key() < self.known_from) {
            self.cells -= first.remove().plays.len();
        }
    }

    /// What the counts of some days are now: another number whenever they may be others.
    pub(super) fn state_of(&self, first: DayNo, last: DayNo) -> u64 {
        self.days.range(first..=last).map(|(_, day)| day.state).max().unwrap_or(0)
    }

    /// Counted plays of some days by recording, of one country or of all.
    pub(super) fn sums(
        &self,
        first: DayNo,
        last: DayNo,
        territory: Option<&str>,
    ) -> HashMap<u32, i64> {
        let mut sums = HashMap::new();
        let wanted = territory.map(|territory| self.territories.known(territory));
        if wanted == Some(None) {
            return sums;
        }
        for (_, day) in self.days.range(first..=last) {
            for ((track, territory), plays) in &day.plays {
                if wanted.is_none_or(|wanted| wanted == Some(*territory)) {
                    *sums.entry(*track).or_default() += plays;
                }
            }
        }
        sums.retain(|_, plays| *plays > 0);
        sums
    }
}
