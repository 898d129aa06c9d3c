//! Plays added up, month by month, from what each change of a play took away and brought.
//!
//! A play belongs to the month of its start. A close takes what counts at its cut; from then on a
//! play that was in it keeps that month, even where its start moves to another. So the fold is told
//! of the cuts too, in the order in which they lie in the log, and goes on from what it had.

use crate::month_plays::{MonthPlays, PartKey, PartRow, Standing};
use crate::terms::{Contract, Model, Rule};
use crate::usage::{Names, Usage, Use};
use hashbrown::HashTable;
use ledgerline_ids::{HashKey, Period, UnixMs};
use std::collections::BTreeMap;

/// What some term asks of a month's plays beyond how many there are of each recording, territory,
/// tier and use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageNeeds {
    /// Thresholds on the merged listened time, ascending.
    pub bands_ms: Vec<u32>,
    /// Plays by listener.
    pub listeners: bool,
    /// Plays beyond the 50th straight one; includes `listeners`.
    pub straight: bool,
    /// Plays of each listener before the month; includes `listeners`.
    pub before: bool,
    /// Plays in the twelve months that end with the month.
    pub trailing: bool,
}

impl UsageNeeds {
    /// What the terms of `contracts` ask for, whenever they hold.
    #[must_use]
    pub fn of(contracts: &[Contract]) -> Self {
        let mut needs = Self::default();
        for term in contracts.iter().flat_map(|contract| &contract.terms) {
            let Rule::Pool(rule) = &term.rule else { continue };
            needs.trailing |= rule.eligible_plays_min.is_some();
            match &rule.model {
                Model::UserCentric { .. } | Model::ArtistCentric { .. } => needs.listeners = true,
                Model::Bands { rates } => needs.bands_ms.extend(rates.keys()),
                Model::Ladder { .. } => needs.before = true,
                Model::UsMechanical(_) => needs.straight = true,
                Model::ProRata { .. } | Model::FixedPerPlay { .. } => {}
            }
        }
        needs.listeners |= needs.before || needs.straight;
        needs.bands_ms.sort_unstable();
        needs.bands_ms.dedup();
        needs
    }
}

/// A play, as far as a month's sums go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayPart<'a> {
    /// Its start.
    pub started_at: UnixMs,
    /// The recording.
    pub track: &'a str,
    /// The listener's country.
    pub territory: Option<&'a str>,
    /// The listener's plan.
    pub tier: Option<&'a str>,
    /// How it reached the listener.
    pub usage_use: Use,
    /// The merged listened time.
    pub listened_ms: u64,
    /// The listener's pseudonym.
    pub listener: Option<&'a str>,
    /// Whether it is paid for.
    pub standing: Standing,
    /// Why it isn't, as the caller's number.
    pub why: u8,
}

/// Which month's counted plays a change took one from, and which it brought one to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// The month that lost it.
    pub left: Option<Period>,
    /// The month that gained it.
    pub entered: Option<Period>,
}

/// A fold can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// More countries or plans than numbers.
    #[error("plays name more than 65 534 {0}: correct the producers that send them")]
    TooMany(&'static str),
    /// Fewer than none.
    #[error(
        "plays of {0} add up to less than none: the plays log and the stored usage differ; run doctor"
    )]
    Negative(Period),
}

/// What a fold came to: enough to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// Each month that has plays.
    pub months: BTreeMap<Period, MonthPlays>,
    /// Plays that keep a month which their start or their standing no longer says, by their hash.
    pub kept: BTreeMap<u128, Period>,
}

/// Adds plays of one or more partitions up.
pub struct UsageFold {
    needs: UsageNeeds,
    tracks: Interner,
    territories: Interner,
    tiers: Interner,
    listeners: Interner,
    months: BTreeMap<Period, Rows>,
    kept: BTreeMap<u128, Period>,
    closed: Option<(Period, Period)>,
}

impl UsageFold {
    /// Without any play.
    #[must_use]
    pub fn new(needs: UsageNeeds) -> Self {
        Self {
            needs,
            tracks: Interner::default(),
            territories: Interner::default(),
            tiers: Interner::default(),
            listeners: Interner::default(),
            months: BTreeMap::new(),
            kept: BTreeMap::new(),
            closed: None,
        }
    }

    /// Notes that `period` was closed by what the log held up to here.
    pub fn cut(&mut self, period: Period) {
        self.closed = Some((self.closed.map_or(period, |(first, _)| first), period));
    }

    /// Notes plays that keep a month, of a fold that this one goes on from.
    pub fn keep(&mut self, kept: &BTreeMap<u128, Period>) {
        self.kept.extend(kept);
    }

    /// Takes the next change of the play whose identity hashes to `play`, from `before` (nothing
    /// for a new play) to `after`. `at_last_cut` says when the play started by what was known at
    /// the last cut, where it counted there; it is asked only where that decides which month the
    /// play keeps.
    ///
    /// # Errors
    /// What `at_last_cut` says.
    pub fn change<E>(
        &mut self,
        play: u128,
        before: Option<&PlayPart<'_>>,
        after: &PlayPart<'_>,
        at_last_cut: impl FnOnce() -> Result<Option<UnixMs>, E>,
    ) -> Result<Moved, E> {
        if before == Some(after) {
            return Ok(Moved::default());
        }
        let month = |part: &PlayPart<'_>| Period::of(part.started_at);
        let counts = |part: &PlayPart<'_>| part.standing == Standing::Counted;
        let was = before.filter(|before| counts(before));
        if let Some(was) = was
            && (!counts(after) || month(was) != month(after))
            && !self.kept.contains_key(&play)
            && self.is_closed(month(was))
            && let Some(started_at) = at_last_cut()?
            && self.is_closed(Period::of(started_at))
        {
            self.kept.insert(play, Period::of(started_at));
        }
        let kept = self.kept.get(&play).copied();
        let belongs = |part: &PlayPart<'_>| match kept {
            Some(kept) if counts(part) => kept,
            _ => month(part),
        };
        if let Some(before) = before {
            self.add(belongs(before), before, -1);
        }
        self.add(belongs(after), after, 1);
        Ok(Moved { left: was.map(belongs), entered: counts(after).then(|| belongs(after)) })
    }

    /// Whether a close contained this month.
    #[must_use]
    pub fn is_closed(&self, month: Period) -> bool {
        self.closed.is_some_and(|(first, last)| (first..=last).contains(&month))
    }

    fn add(&mut self, month: Period, part: &PlayPart<'_>, plays: i64) {
        let listener = match part.listener {
            Some(listener) if self.needs.listeners => self.listeners.number(listener),
            _ => MonthPlays::NOBODY,
        };
        let band = self.needs.bands_ms.iter().take_while(|ms| part.listened_ms >= u64::from(**ms));
        let key = PartKey {
            track: self.tracks.number(part.track),
            territory: part.territory.map_or(MonthPlays::NOBODY, |it| self.territories.number(it)),
            tier: part.tier.map_or(MonthPlays::NOBODY, |it| self.tiers.number(it)),
            usage_use: part.usage_use,
            band: u8::try_from(band.count()).unwrap_or(u8::MAX),
            standing: part.standing,
            why: part.why,
        };
        let started_ms = if self.needs.straight { part.started_at.get() } else { 0 };
        let row = PartRow { listener, started_ms, key, plays };
        self.months.entry(month).or_default().push(row);
    }

    /// What was added up, in the order of the names.
    ///
    /// # Errors
    /// [`FoldError::TooMany`].
    pub fn finish(self) -> Result<Folded, FoldError> {
        for (names, what) in [(&self.territories, "countries"), (&self.tiers, "tiers")] {
            if names.names.len() >= usize::from(Usage::UNKNOWN) {
                return Err(FoldError::TooMany(what));
            }
        }
        let interners = [self.tracks, self.territories, self.tiers, self.listeners];
        let names = interners.map(|interner| interner.names);
        let months = self
            .months
            .into_iter()
            .map(|(month, rows)| (month, MonthPlays::of(&names, rows.finish())));
        let months = months.filter(|(_, month)| !month.rows.is_empty()).collect();
        Ok(Folded { months, kept: self.kept })
    }
}

impl Folded {
    /// Adds what another fold came to: of another partition, or of what the log holds further on.
    pub fn add(&mut self, other: Self) {
        for (month, plays) in other.months {
            let sum = match self.months.remove(&month) {
                Some(mine) => mine.plus(plays),
                None => plays,
            };
            self.months.insert(month, sum);
        }
        self.months.retain(|_, month| !month.rows.is_empty());
        self.kept.extend(other.kept);
    }

    /// Refuses sums below nothing: what was taken away must have been there.
    ///
    /// # Errors
    /// [`FoldError::Negative`].
    pub fn checked(self) -> Result<Self, FoldError> {
        let negative = |month: &MonthPlays| month.rows.iter().any(|row| row.plays < 0);
        match self.months.iter().find(|(_, month)| negative(month)) {
            Some((month, _)) => Err(FoldError::Negative(*month)),
            None => Ok(self),
        }
    }
}

/// Rows of one month; added up whenever they have become twice as many as they need to be.
#[derive(Default)]
struct Rows {
    rows: Vec<PartRow>,
    added_up: usize,
}

/// Below this many rows nothing is added up on the way.
const ROWS_MIN: usize = 1 << 18;

impl Rows {
    fn push(&mut self, row: PartRow) {
        if self.rows.len() >= ROWS_MIN.max(2 * self.added_up) {
            add_up(&mut self.rows);
            self.added_up = self.rows.len();
        }
        self.rows.push(row);
    }

    fn finish(mut self) -> Vec<PartRow> {
        add_up(&mut self.rows);
        self.rows
    }
}

/// Sorts rows, makes one of those that differ in nothing but their plays, and drops those
/// without any.
pub(crate) fn add_up(rows: &mut Vec<PartRow>) {
    rows.sort_unstable();
    rows.dedup_by(|next, kept| {
        let same = next.place() == kept.place();
        if same {
            kept.plays += next.plays;
        }
        same
    });
    rows.retain(|row| row.plays != 0);
}

/// Texts by number, in the order in which they came.
#[derive(Default)]
struct Interner {
    names: Vec<Box<str>>,
    table: HashTable<u32>,
}

impl Interner {
    fn number(&mut self, name: &str) -> u32 {
        let hash = |name: &str| HashKey::new(*b"names of a month").hasher(0).text(name).finish64();
        let names = &self.names;
        let known = |number: &u32| &*names[*number as usize];
        let entry = self.table.entry(hash(name), |it| known(it) == name, |it| hash(known(it)));
        let fresh = u32::try_from(self.names.len()).expect("fewer than 2^32 names fit memory");
        let number = *entry.or_insert(fresh).get();
        if number == fresh {
            self.names.push(name.into());
        }
        number
    }
}

/// Names in order, and which number each that came has there.
pub(crate) fn in_order(names: &[Box<str>]) -> (Names, Vec<u32>) {
    let sorted = Names::new(names.to_vec());
    let numbers = names.iter().map(|name| sorted.number(name).expect("it is among them"));
    let numbers = numbers.collect();
    (sorted, numbers)
}
