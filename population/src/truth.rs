//! The true answer: what the listeners played, and what each play must be counted as.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::digits::{DAY_MS, push_day};
use crate::names::{TERRITORIES, TIERS, User, text, track_name};

/// A play counts from this listened time on, in milliseconds.
pub(crate) const THRESHOLD_MS: u32 = 30_000;

/// A map by listener or track is left out of the truth where it could hold more keys than this.
pub(crate) const MAP_KEYS_MAX: u64 = 2_000_000;

/// How many plays of each case and status are listed in [`Truth::special`].
const SAMPLES_EACH: u32 = 12;

/// What a replay of the population's reports by their own times (`--clock event`) must
/// come to, whatever their order, once a tick after the last report has let the fraud
/// rules see everything.
///
/// It holds for a deployment without a catalogue whose device list had
/// [`Truth::bot_devices`] on it from the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Truth {
    /// The population's seed.
    pub seed: u64,
    /// How many lines were written; each is a good report.
    pub reports: u64,
    /// How many of them are exact copies of another.
    pub exact_copies: u64,
    /// How many plays the listeners made.
    pub plays_total: u64,
    /// The plays by status; a status that no play has is not named.
    pub plays: BTreeMap<String, u64>,
    /// The plays with the status `counted`.
    pub counted_total: u64,
    /// The same, by what they are counted by.
    pub counted: Counted,
    /// The devices that the deployment's list must name before the replay.
    pub bot_devices: Vec<String>,
    /// Some plays of every case, in the order in which they were made up.
    pub special: Vec<SpecialPlay>,
}

/// Counted plays, by one property each. A play without the property is under `""`; a
/// key without a counted play is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// By `track_id`; left out where there are more than 2 000 000 tracks and plays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by_track: Option<BTreeMap<String, u64>>,
    /// By `user_id`; left out where there are more than 2 000 000 listeners and plays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by_user: Option<BTreeMap<String, u64>>,
    /// By the country that the least report names.
    pub by_territory: BTreeMap<String, u64>,
    /// By the plan that the least report names.
    pub by_tier: BTreeMap<String, u64>,
    /// By the UTC day of the merged start, such as `2026-03-01`.
    pub by_day: BTreeMap<String, u64>,
}

/// One play, and why it was made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialPlay {
    /// The case, such as `start_earlier`.
    pub case: String,
    /// The listener; absent for an anonymous play.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<String>,
    /// The key; absent where the play's reports carry none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub play_id: Option<String>,
    /// The recording; of several in conflict, the least in byte order.
    pub track_id: String,
    /// The merged start, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// The status in the end.
    pub status: String,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// The plan by the least report, or `""`.
    pub tier: String,
    /// The country by the least report, or `""`.
    pub territory: String,
}

impl Truth {
    /// Writes the truth as JSON to be read by people.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn write_pretty(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Where a play stands in the end. A backfilled play is never out of time, so no play
/// is in adjudication, and a short one waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Conflict,
    NotPayable,
    Excluded,
    Held,
    Counted,
    Pending,
}

impl Status {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Conflict, "conflict"),
        (Self::NotPayable, "not_payable"),
        (Self::Excluded, "excluded"),
        (Self::Held, "held"),
        (Self::Counted, "counted"),
        (Self::Pending, "pending"),
    ];

    /// The status of a payable play that no fraud rule touches.
    #[inline]
    pub(crate) fn of_listened(listened_ms: u32) -> Self {
        if listened_ms >= THRESHOLD_MS { Self::Counted } else { Self::Pending }
    }

    fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What became of one play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) case: &'static str,
    pub(crate) user: Option<User>,
    pub(crate) track: u32,
    pub(crate) start: u64,
    pub(crate) listened: u32,
    pub(crate) tier: u8,
    pub(crate) territory: u8,
    pub(crate) status: Status,
}

/// Adds plays up to the truth.
#[derive(Debug)]
pub(crate) struct Tally {
    by_status: [u64; 6],
    by_track: Option<HashMap<u32, u64>>,
    by_user: Option<HashMap<User, u64>>,
    by_territory: [u64; TERRITORIES.len()],
    by_tier: [u64; TIERS.len()],
    by_day: BTreeMap<u64, u64>,
    day: (u64, u64),
    sampled: BTreeMap<(&'static str, Status), u32>,
    special: Vec<SpecialPlay>,
}

impl Tally {
    /// Nothing yet; `tracks` and `users` tell which maps are kept.
    pub(crate) fn new(tracks: bool, users: bool) -> Self {
        Self {
            by_status: [0; 6],
            by_track: tracks.then(HashMap::new),
            by_user: users.then(HashMap::new),
            by_territory: [0; TERRITORIES.len()],
            by_tier: [0; TIERS.len()],
            by_day: BTreeMap::new(),
            day: (0, 0),
            sampled: BTreeMap::new(),
            special: Vec::new(),
        }
    }

    /// Adds a play; `play_id` writes its key, where it has one.
    #[inline]
    pub(crate) fn add(&mut self, play: &Outcome, play_id: impl FnOnce() -> Option<String>) {
        self.by_status[play.status as usize] += 1;
        if play.status == Status::Counted {
            if let Some(by_track) = &mut self.by_track {
                *by_track.entry(play.track).or_default() += 1;
            }
            if let (Some(by_user), Some(user)) = (&mut self.by_user, play.user) {
                *by_user.entry(user).or_default() += 1;
            }
            self.by_territory[usize::from(play.territory)] += 1;
            self.by_tier[usize::from(play.tier)] += 1;
            self.count_day(play.start / DAY_MS);
        }
        let sampled = self.sampled.entry((play.case, play.status)).or_default();
        if *sampled < SAMPLES_EACH {
            *sampled += 1;
            self.special.push(SpecialPlay {
                case: play.case.to_owned(),
                user_id: play.user.map(User::name),
                play_id: play_id(),
                track_id: track_name(play.track),
                started_at_ms: play.start,
                status: play.status.word().to_owned(),
                listened_ms: u64::from(play.listened),
                tier: TIERS[usize::from(play.tier)].to_owned(),
                territory: TERRITORIES[usize::from(play.territory)].to_owned(),
            });
        }
    }

    // Plays come day by day, mostly: the running day is kept out of the map.
    fn count_day(&mut self, day: u64) {
        if self.day.0 != day {
            self.close_day();
            self.day = (day, 0);
        }
        self.day.1 += 1;
    }

    fn close_day(&mut self) {
        if self.day.1 > 0 {
            *self.by_day.entry(self.day.0).or_default() += self.day.1;
        }
    }

    /// The truth.
    pub(crate) fn finish(mut self, seed: u64, reports: u64, exact_copies: u64) -> Truth {
        self.close_day();
        let counted = self.by_status[Status::Counted as usize];
        Truth {
            seed,
            reports,
            exact_copies,
            plays_total: self.by_status.iter().sum(),
            plays: named(Status::ALL.map(|(_, word)| word), &self.by_status),
            counted_total: counted,
            counted: Counted {
                by_track: self
                    .by_track
                    .map(|map| map.into_iter().map(|(k, n)| (track_name(k), n)).collect()),
                by_user: self
                    .by_user
                    .map(|map| map.into_iter().map(|(k, n)| (k.name(), n)).collect()),
                by_territory: named(TERRITORIES, &self.by_territory),
                by_tier: named(TIERS, &self.by_tier),
                by_day: self
                    .by_day
                    .into_iter()
                    .map(|(day, n)| (text(|out| push_day(out, day)), n))
                    .collect(),
            },
            bot_devices: Vec::new(),
            special: self.special,
        }
    }
}

fn named<const N: usize>(names: [&str; N], numbers: &[u64; N]) -> BTreeMap<String, u64> {
    let pairs = names.into_iter().zip(numbers.iter().copied());
    pairs
        .filter(|(_, number)| *number > 0)
        .map(|(name, number)| (name.to_owned(), number))
        .collect()
}
