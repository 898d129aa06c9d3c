//! Everything that the listeners did, held compactly: plays, their reports, and the
//! lines that the reports become.

use crate::Population;
use crate::digits::InstantForm;
use crate::lines::push_play_id;
use crate::names::{Device, User, text};
use crate::seed::{Random, mix, part};
use crate::truth::{MAP_KEYS_MAX, Outcome, Status, Tally};
use crate::zipf::{Exponent, Zipf};

/// What kind of key a play has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    /// `UUIDv7`, whose own time is [`Play::key_time`].
    V7,
    /// The same in upper case.
    V7Upper,
    /// `UUIDv4`: carries no time.
    V4,
    /// 32 bare hex digits: no UUID.
    Hex,
    /// A short word.
    Short,
    /// The longest key that is allowed.
    Long,
    /// None.
    None,
}

/// Why a report was sent, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Start,
    Progress,
    Complete,
    End,
    Skip,
    Absent,
}

/// What all reports of a play have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Play {
    /// The least start that counts, in milliseconds since 1970.
    pub(crate) start: u64,
    /// The time that a `UUIDv7` key carries.
    pub(crate) key_time: u64,
    /// What the key's other digits are made of; two plays with the same share the key.
    pub(crate) key: u32,
    /// Whose devices, also of an anonymous play.
    pub(crate) listener: User,
    pub(crate) track: u32,
    /// 0: the reports name no session.
    pub(crate) session: u32,
    pub(crate) device: Device,
    pub(crate) key_form: KeyForm,
    pub(crate) anonymous: bool,
    pub(crate) offline: bool,
}

/// One thing that a report has or does, as bits of [`Report::marks`].
pub(crate) mod mark {
    pub(crate) const PREVIEW: u16 = 1;
    pub(crate) const IMPORTED: u16 = 1 << 1;
    /// The two flags above are written even where they are false.
    pub(crate) const EXPLICIT: u16 = 1 << 2;
    pub(crate) const SENT_AT: u16 = 1 << 3;
    /// Names the play's other track.
    pub(crate) const OTHER_TRACK: u16 = 1 << 4;
    /// Comes from the listener's own phone, whatever the play's device.
    pub(crate) const OWN_PHONE: u16 = 1 << 5;
    /// Has fields that nobody knows.
    pub(crate) const EXTRA: u16 = 1 << 6;
    /// Letters beyond ASCII are escaped.
    pub(crate) const ESCAPED: u16 = 1 << 7;
    pub(crate) const COMPLETED: u16 = 1 << 8;
}

/// One report of a play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// Which play; set by [`Plan::add`].
    pub(crate) play: u32,
    pub(crate) listened: u32,
    /// How much later than the play's start this report says that it started.
    pub(crate) shift: u32,
    /// How long after its own time it was sent; used with [`mark::SENT_AT`].
    pub(crate) sent_after: u32,
    pub(crate) marks: u16,
    pub(crate) form: InstantForm,
    pub(crate) event: Event,
    pub(crate) tier: u8,
    pub(crate) territory: u8,
    /// How many reports, this one included, must follow each other whatever the order is.
    pub(crate) together: u8,
}

/// A play before it is put into the plan: the truth first, the reports follow from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) play: Play,
    /// The merged listened time.
    pub(crate) listened: u32,
    /// As the least report names them.
    pub(crate) tier: u8,
    pub(crate) territory: u8,
    /// When a phone that was offline sent its reports at last.
    pub(crate) flushed_at: Option<u64>,
}

impl Draft {
    /// The status where no rule of fraud touches the play.
    pub(crate) fn plain_status(&self) -> Status {
        if self.play.anonymous { Status::NotPayable } else { Status::of_listened(self.listened) }
    }

    /// A report of this play that agrees with it in everything.
    pub(crate) fn report(&self, listened: u32, event: Event, random: &mut Random) -> Report {
        let mut marks = 0;
        for (bit, share) in [
            (mark::SENT_AT, 4_000),
            (mark::EXPLICIT, 300),
            (mark::EXTRA, 100),
            (mark::ESCAPED, 5_000),
        ] {
            if random.chance(share) {
                marks |= bit;
            }
        }
        if event == Event::Complete && random.chance(5_000) {
            marks |= mark::COMPLETED;
        }
        Report {
            play: 0,
            listened,
            shift: 0,
            sent_after: 0,
            marks,
            form: instant_form(random),
            event,
            tier: self.tier,
            territory: self.territory,
            together: 1,
        }
    }

    /// The only report of a play: the last that a player sends.
    pub(crate) fn last_report(&self, random: &mut Random) -> Report {
        let event = if self.listened < 30_000 {
            Event::Skip
        } else {
            match random.below_u32(10) {
                0..=6 => Event::Complete,
                7 | 8 => Event::End,
                _ => Event::Absent,
            }
        };
        self.report(self.listened, event, random)
    }
}

/// How a report writes its start, where it does.
pub(crate) fn instant_form(random: &mut Random) -> InstantForm {
    match random.below_u32(20) {
        0..=9 => InstantForm::Millis,
        10..=16 => InstantForm::Utc,
        17 | 18 => InstantForm::Offset,
        _ => InstantForm::Micros,
    }
}

/// A place in the output: one report, or several that stay together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// When the report arrived at the service, in milliseconds since 1970.
    pub(crate) arrives_at: u64,
    pub(crate) report: u32,
}

/// The whole plan, and what it adds up to.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) population: &'a Population,
    pub(crate) zipf: Zipf,
    pub(crate) plays: Vec<Play>,
    pub(crate) reports: Vec<Report>,
    pub(crate) lines: Vec<Line>,
    pub(crate) tally: Tally,
    pub(crate) farm_devices: u32,
    delays: Random,
    keys: u32,
    sessions: u32,
}

impl<'a> Plan<'a> {
    /// Nothing yet.
    pub(crate) fn new(population: &'a Population, tracks: u32) -> Self {
        Self {
            population,
            zipf: Zipf::new(tracks, Exponent::of_hundredths(population.zipf_hundredths)),
            plays: Vec::new(),
            reports: Vec::new(),
            lines: Vec::new(),
            tally: Tally::new(
                population.tracks.min(population.reports) <= MAP_KEYS_MAX,
                population.listeners.min(population.reports) <= MAP_KEYS_MAX,
            ),
            farm_devices: 0,
            delays: Random::of(population.seed, part::DELAYS, 0),
            keys: 0,
            sessions: 0,
        }
    }

    /// How many reports there are, none counted twice.
    pub(crate) fn distinct_reports(&self) -> u64 {
        self.reports.len() as u64
    }

    /// A key that no play has yet.
    pub(crate) fn next_key(&mut self) -> u32 {
        self.keys += 1;
        self.keys
    }

    /// A session that no play has yet.
    pub(crate) fn next_session(&mut self) -> u32 {
        self.sessions += 1;
        self.sessions
    }

    /// A track, by popularity.
    pub(crate) fn any_track(&self, random: &mut Random) -> u32 {
        self.zipf.rank(random)
    }

    /// A track, by popularity, that is not `track`.
    pub(crate) fn other_track(&self, track: u32, random: &mut Random) -> u32 {
        for _ in 0..16 {
            let other = self.zipf.rank(random);
            if other != track {
                return other;
            }
        }
        self.next_track(track)
    }

    /// The track that a report in conflict names instead of `track`.
    pub(crate) fn next_track(&self, track: u32) -> u32 {
        if u64::from(track) >= self.population.tracks { 1 } else { track + 1 }
    }

    /// Adds a play whose truth is `draft` and `status`, and which `reports` tell of.
    pub(crate) fn add(
        &mut self,
        case: &'static str,
        draft: &Draft,
        status: Status,
        reports: &[Report],
    ) {
        let index = self.add_play(case, draft, status);
        for (at, report) in reports.iter().enumerate() {
            let own_time = draft.play.start + u64::from(report.shift) + u64::from(report.listened);
            let delay = 100 + self.delays.below(1_900);
            let arrives_at = match draft.flushed_at {
                Some(flushed_at) => flushed_at + at as u64 * 5,
                // A player that tries again waits before it does.
                None => own_time + delay + at as u64 * 50,
            };
            let sent_after = arrives_at.saturating_sub(own_time + 60);
            let report = Report {
                play: index,
                sent_after: u32::try_from(sent_after).expect("sent within a month"),
                ..*report
            };
            let line = Line { arrives_at, report: self.push_report(report) };
            self.lines.push(line);
        }
    }

    /// Adds a play whose reports are added one by one.
    pub(crate) fn add_play(&mut self, case: &'static str, draft: &Draft, status: Status) -> u32 {
        let index = u32::try_from(self.plays.len()).expect("the population was checked to fit");
        let play = draft.play;
        self.plays.push(play);
        let outcome = Outcome {
            case,
            user: (!play.anonymous).then_some(play.listener),
            track: play.track,
            start: play.start,
            listened: draft.listened,
            tier: draft.tier,
            territory: draft.territory,
            status,
        };
        let seed = self.key_seed();
        self.tally.add(&outcome, || {
            (play.key_form != KeyForm::None).then(|| text(|out| push_play_id(out, &play, seed)))
        });
        index
    }

    /// Adds a report without a line of its own.
    pub(crate) fn push_report(&mut self, report: Report) -> u32 {
        let index = u32::try_from(self.reports.len()).expect("the population was checked to fit");
        self.reports.push(report);
        index
    }

    /// What keys and sessions are scattered with.
    pub(crate) fn key_seed(&self) -> u64 {
        mix(self.population.seed.wrapping_add(part::KEYS))
    }
}
