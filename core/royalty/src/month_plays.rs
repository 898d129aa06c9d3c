//! A month's plays as they are stored: those that are paid for, and those that aren't with why.

use crate::usage::{ListenerRow, Names, Usage, UsageKey, UsageRow, Use};
use crate::usage_fold::{UsageNeeds, add_up, in_order};
use std::collections::BTreeMap;

/// Whether a play is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Standing {
    /// It counts.
    Counted = 0,
    /// It was heard for too short; contracts with thresholds of their own may pay for it.
    Short = 1,
    /// A fraud rule or a person keeps it back.
    Held = 2,
    /// A fraud rule or a person took it out.
    Excluded = 3,
    /// It can never be paid for.
    NotPayable = 4,
    /// A person has to decide on it, or its reports disagree.
    Undecided = 5,
}

impl Standing {
    /// All of them, in the order of their bytes.
    pub const ALL: [Self; 6] =
        [Self::Counted, Self::Short, Self::Held, Self::Excluded, Self::NotPayable, Self::Undecided];

    /// The word in files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Short => "below_threshold",
            Self::Held => "held",
            Self::Excluded => "excluded",
            Self::NotPayable => "not_payable",
            Self::Undecided => "undecided",
        }
    }
}

/// What a month's plays are added up by; numbers are those of the [`MonthPlays`] that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    /// The recording.
    pub track: u32,
    /// The country; [`MonthPlays::NOBODY`] where none was reported.
    pub territory: u32,
    /// The listener's plan; [`MonthPlays::NOBODY`] where none was reported.
    pub tier: u32,
    /// How it reached the listener.
    pub usage_use: Use,
    /// How many thresholds the listened time reached.
    pub band: u8,
    /// Whether it is paid for.
    pub standing: Standing,
    /// Why it isn't, as a number of whoever folded.
    pub why: u8,
}

/// Plays of one key: of one listener and, where runs are asked for, of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartRow {
    /// The listener; [`MonthPlays::NOBODY`] where no term asks.
    pub listener: u32,
    /// The start in milliseconds since 1970; 0 where no term asks.
    pub started_ms: u64,
    /// Of what.
    pub key: PartKey,
    /// How many; in what a piece of the log changed, fewer than none at times.
    pub plays: i64,
}

impl PartRow {
    pub(crate) fn place(&self) -> (u32, u64, PartKey) {
        (self.listener, self.started_ms, self.key)
    }
}

/// A month's plays, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthPlays {
    /// Recordings.
    pub tracks: Names,
    /// Countries.
    pub territories: Names,
    /// Plans.
    pub tiers: Names,
    /// Listeners' pseudonyms.
    pub listeners: Names,
    /// Sorted, each place once, none without plays.
    pub rows: Vec<PartRow>,
}

/// Plays of a recording that nobody is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnpaidRow {
    /// The recording, in [`Usage::tracks`].
    pub track: u32,
    /// Whether it is paid for; never [`Standing::Counted`].
    pub standing: Standing,
    /// Why, as a number of whoever folded.
    pub why: u8,
    /// How many.
    pub plays: u64,
}

/// A straight run of more plays than this isn't paid beyond it (37 CFR 385.2, "Play").
const STRAIGHT_MAX: u64 = 50;

impl MonthPlays {
    /// Stands for a name that there is none of.
    pub const NOBODY: u32 = u32::MAX;

    /// Of rows whose numbers are places in `names` (recordings, countries, plans, listeners).
    #[must_use]
    pub fn of(names: &[Vec<Box<str>>; 4], mut rows: Vec<PartRow>) -> Self {
        let mut used: [Vec<bool>; 4] = [0, 1, 2, 3].map(|kind| vec![false; names[kind].len()]);
        for row in &rows {
            for (kind, number) in row.numbers().into_iter().enumerate() {
                if number != Self::NOBODY {
                    used[kind][number as usize] = true;
                }
            }
        }
        let of_kind = |kind: usize| -> (Names, Vec<u32>) {
            let names = names[kind].iter().zip(&used[kind]);
            let kept: Vec<Box<str>> =
                names.filter(|(_, used)| **used).map(|(n, _)| n.clone()).collect();
            let (sorted, places) = in_order(&kept);
            let mut places = places.into_iter();
            let numbers = used[kind].iter().map(|used| match used {
                true => places.next().expect("one for each that is used"),
                false => Self::NOBODY,
            });
            let numbers = numbers.collect();
            (sorted, numbers)
        };
        let [tracks, territories, tiers, listeners] = [0, 1, 2, 3].map(of_kind);
        let maps = [&tracks.1, &territories.1, &tiers.1, &listeners.1];
        for row in &mut rows {
            row.renumber(maps);
        }
        add_up(&mut rows);
        Self {
            tracks: tracks.0,
            territories: territories.0,
            tiers: tiers.0,
            listeners: listeners.0,
            rows,
        }
    }

    /// As many plays fewer.
    #[must_use]
    pub fn negated(&self) -> Self {
        let mut negated = self.clone();
        negated.rows.iter_mut().for_each(|row| row.plays = -row.plays);
        negated
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        if other.rows.is_empty() {
            return self;
        }
        if self.rows.is_empty() {
            return other;
        }
        let mut rows = self.rows;
        let mut numbers = Vec::new();
        let mut names = Vec::new();
        let mine = [self.tracks, self.territories, self.tiers, self.listeners];
        let theirs = [other.tracks, other.territories, other.tiers, other.listeners];
        for (mine, theirs) in mine.iter().zip(&theirs) {
            let mut all: Vec<Box<str>> = mine.iter().map(Into::into).collect();
            let mut map = Vec::with_capacity(theirs.len());
            for name in theirs.iter() {
                map.push(mine.number(name).unwrap_or_else(|| {
                    all.push(name.into());
                    u32::try_from(all.len() - 1).expect("fewer than 2^32 names fit memory")
                }));
            }
            numbers.push(map);
            names.push(all);
        }
        rows.extend(other.rows.into_iter().map(|mut row| {
            row.renumber([&numbers[0], &numbers[1], &numbers[2], &numbers[3]]);
            row
        }));
        add_up(&mut rows);
        let names: [Vec<Box<str>>; 4] = names.try_into().expect("four kinds of names");
        Self::of(&names, rows)
    }

    /// The month as royalties take it in, and the plays that nobody is paid for.
    #[must_use]
    pub fn usage(&self, needs: &UsageNeeds) -> (Usage, Vec<UnpaidRow>) {
        let mut rows = Vec::<UsageRow>::new();
        let mut unpaid = BTreeMap::<(u32, Standing, u8), u64>::new();
        for row in &self.rows {
            let plays = u64::try_from(row.plays).unwrap_or(0);
            let PartKey { track, standing, why, .. } = row.key;
            if standing != Standing::Counted {
                *unpaid.entry((track, standing, why)).or_default() += plays;
            }
            if let Some(key) = row.key.paid() {
                rows.push(UsageRow { key, plays });
            }
        }
        rows.sort_unstable();
        rows.dedup_by(|next, kept| {
            let same = next.key == kept.key;
            if same {
                kept.plays += next.plays;
            }
            same
        });
        let listener_rows = if needs.listeners { self.listener_rows() } else { Vec::new() };
        let usage = Usage {
            tracks: self.tracks.clone(),
            territories: self.territories.clone(),
            tiers: self.tiers.clone(),
            listeners: if needs.listeners { self.listeners.clone() } else { Names::default() },
            bands_ms: needs.bands_ms.clone(),
            rows,
            listener_rows,
            trailing_plays: Vec::new(),
        };
        let unpaid = unpaid.into_iter().map(|((track, standing, why), plays)| UnpaidRow {
            track,
            standing,
            why,
            plays,
        });
        (usage, unpaid.collect())
    }

    fn listener_rows(&self) -> Vec<ListenerRow> {
        let mut rows = Vec::<ListenerRow>::new();
        let mut run: Option<(u32, u32, u64)> = None;
        for row in &self.rows {
            let Some(key) = row.key.paid() else { continue };
            if row.listener == Self::NOBODY {
                continue;
            }
            let plays = u64::try_from(row.plays).unwrap_or(0);
            let mut beyond = 0;
            if key.counted && row.started_ms != 0 {
                let before = match run {
                    Some((listener, track, length))
                        if (listener, track) == (row.listener, key.track) =>
                    {
                        length
                    }
                    _ => 0,
                };
                beyond = (before + plays).saturating_sub(STRAIGHT_MAX.max(before));
                run = Some((row.listener, key.track, before + plays));
            }
            let narrow = |plays: u64| u32::try_from(plays).unwrap_or(u32::MAX);
            rows.push(ListenerRow {
                listener: row.listener,
                key,
                plays: narrow(plays),
                plays_before: 0,
                plays_beyond_50_straight: narrow(beyond),
            });
        }
        rows.sort_unstable();
        rows.dedup_by(|next, kept| {
            let same = (next.listener, next.key) == (kept.listener, kept.key);
            if same {
                kept.plays = kept.plays.saturating_add(next.plays);
                kept.plays_beyond_50_straight =
                    kept.plays_beyond_50_straight.saturating_add(next.plays_beyond_50_straight);
            }
            same
        });
        rows
    }

    /// Adds this month's counted plays to what `usage` has of the last twelve months.
    pub fn add_trailing(&self, usage: &mut Usage) {
        usage.trailing_plays.resize(usage.tracks.len(), 0);
        let numbers = numbers_in(&self.tracks, &usage.tracks);
        for row in self.counted() {
            if let Some(track) = numbers[row.key.track as usize] {
                usage.trailing_plays[track as usize] += u64::try_from(row.plays).unwrap_or(0);
            }
        }
    }

    /// Adds this earlier month's counted plays to what each listener of `usage` had before it.
    pub fn add_before(&self, usage: &mut Usage) {
        let tracks = numbers_in(&self.tracks, &usage.tracks);
        let listeners = numbers_in(&self.listeners, &usage.listeners);
        for row in self.counted().filter(|row| row.listener != Self::NOBODY) {
            let (listener, track) =
                (listeners[row.listener as usize], tracks[row.key.track as usize]);
            let Some((listener, track)) = listener.zip(track) else { continue };
            let place = |other: &ListenerRow| (other.listener, other.key.track);
            let first = usage.listener_rows.partition_point(|it| place(it) < (listener, track));
            if let Some(found) = usage.listener_rows.get_mut(first)
                && place(found) == (listener, track)
            {
                let plays = u32::try_from(row.plays).unwrap_or(u32::MAX);
                found.plays_before = found.plays_before.saturating_add(plays);
            }
        }
    }

    fn counted(&self) -> impl Iterator<Item = &PartRow> {
        self.rows.iter().filter(|row| row.key.standing == Standing::Counted)
    }
}

fn numbers_in(names: &Names, others: &Names) -> Vec<Option<u32>> {
    names.iter().map(|name| others.number(name)).collect()
}

impl PartKey {
    /// The key among plays that may be paid for; `None` for those that may not.
    fn paid(&self) -> Option<UsageKey> {
        let narrow = |number: u32| match number {
            MonthPlays::NOBODY => Usage::UNKNOWN,
            number => u16::try_from(number).expect("a fold refuses more"),
        };
        matches!(self.standing, Standing::Counted | Standing::Short).then(|| UsageKey {
            track: self.track,
            territory: narrow(self.territory),
            tier: narrow(self.tier),
            usage_use: self.usage_use,
            band: self.band,
            counted: self.standing == Standing::Counted,
        })
    }
}

impl PartRow {
    fn numbers(&self) -> [u32; 4] {
        [self.key.track, self.key.territory, self.key.tier, self.listener]
    }

    fn renumber(&mut self, [tracks, territories, tiers, listeners]: [&Vec<u32>; 4]) {
        let new = |number: u32, map: &Vec<u32>| match number {
            MonthPlays::NOBODY => MonthPlays::NOBODY,
            number => map[number as usize],
        };
        self.key.track = new(self.key.track, tracks);
        self.key.territory = new(self.key.territory, territories);
        self.key.tier = new(self.key.tier, tiers);
        self.listener = new(self.listener, listeners);
    }
}
