//! Seeded synthetic listeners, and the true answer to what they play.
//!
//! A [`Population`] writes playback reports as NDJSON, to be replayed by their own times
//! (`--clock event`), and returns the [`Truth`]: what every play must be counted as. The
//! truth is known by construction, for each play is made up first and its reports follow
//! from it; nothing here judges a report, so nothing here can share a counting error.
//!
//! It refuses populations that its special cases don't fit in, and it never makes an
//! ordinary listener touch a fraud rule.

mod seed;

mod digits;
mod names;
mod zipf;

mod plan;
mod truth;

mod cases;
mod keyless;
mod listener;
mod starts;

mod bots;
mod edges;
mod scripted;
mod windows;

mod lines;
mod retries;

mod service;
mod throughput;

use std::io;

pub use truth::{Counted, SpecialPlay, Truth};

use crate::digits::DAY_MS;
use crate::lines::LineWriter;
use crate::names::User;

/// How steeply popularity usually falls with rank.
pub const ZIPF_HUNDREDTHS: u32 = 107;
/// From here on some listener would play one track, and nothing else, all day.
pub const ZIPF_HUNDREDTHS_MAX: u32 = 120;

/// What is to be made up. Equal populations give equal bytes on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Everything follows from it.
    pub seed: u64,
    /// How many lines are written, exactly.
    pub reports: u64,
    /// How many ordinary listeners there are. Bots come on top.
    pub listeners: u64,
    /// How many tracks there are, at least 100; the n-th most popular is called `t<n>`.
    pub tracks: u64,
    /// The exponent of Zipf's law in hundredths, at most [`ZIPF_HUNDREDTHS_MAX`]: the n-th most popular
    /// track is played as often as n to the power of minus a hundredth of it. Usually
    /// [`ZIPF_HUNDREDTHS`]; 100 is Zipf's law as it is written.
    pub zipf_hundredths: u32,
    /// The same for who listens how much, except that nobody has more plays a day than a person can;
    /// `None` is everybody alike ([`Profile::Throughput`] only).
    pub listener_zipf_hundredths: Option<u32>,
    /// When the first day starts: milliseconds since 1970, a whole number of UTC days.
    pub start: u64,
    /// How many days plays start on. From 9 on, all cases at the edge of a rule are there.
    pub days: u32,
    /// The seed of the lines' order; `None` is the order in which the reports arrive.
    pub shuffle: Option<u64>,
    /// Whether to add plays whose reports carry neither a key nor a start
    /// ([`Profile::Service`] only). They stay behind the line that dates them, in any
    /// order, so the lines must be read in the order in which they were written.
    pub windows: bool,
    /// What the reports are like.
    pub profile: Profile,
}

/// What the reports are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The realistic mix with all special cases; at least 20 000 reports. Held in memory,
    /// about 60 bytes a report.
    Service,
    /// Plain reports of about 227 bytes, one a play, and 30 % of the lines copies of a
    /// recent one. Streamed; a shuffle takes 4 bytes a report.
    Throughput,
}

impl Population {
    /// Writes the reports, one a line, and returns their truth. `progress` is told now
    /// and then, and at the end, how many lines were written.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where the population doesn't fit together; the
    /// message says what to change. Any error of `out`.
    pub fn generate(
        &self,
        out: &mut dyn io::Write,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Truth> {
        let limits = self.check()?;
        let writer = LineWriter::new(out, progress);
        match self.profile {
            Profile::Service => service::generate(self, limits, writer),
            Profile::Throughput => throughput::generate(self, limits, writer),
        }
    }

    /// The fewest listeners that can make so many reports in so many days.
    #[must_use]
    pub fn listeners_min(profile: Profile, reports: u64, days: u32) -> u64 {
        let each_day = match profile {
            Profile::Service => service::DAY_REPORTS_MAX,
            // Three in ten lines are copies.
            Profile::Throughput => throughput::DAY_PLAYS_MAX * 10 / 7,
        };
        reports.div_ceil(each_day * u64::from(days.max(1))).max(1)
    }

    fn check(&self) -> io::Result<Limits> {
        let (reports_min, reports_max) = match (self.profile, self.shuffle) {
            (Profile::Service, _) => (service::REPORTS_MIN, service::REPORTS_MAX),
            (Profile::Throughput, Some(_)) => (1, u64::from(u32::MAX)),
            (Profile::Throughput, None) => (1, 1 << 48),
        };
        let listeners_min = Self::listeners_min(self.profile, self.reports, self.days);
        let last_start = (1u64 << 42).saturating_sub((u64::from(self.days) + 60) * DAY_MS);
        let of_listeners = self.listener_zipf_hundredths.unwrap_or(0);
        let steepest = u64::from(ZIPF_HUNDREDTHS_MAX);
        for (name, value, least, most) in [
            ("reports", self.reports, reports_min, reports_max),
            ("days", u64::from(self.days), 1, 10_000),
            ("tracks", self.tracks, 100, u64::from(u32::MAX)),
            ("listeners", self.listeners, listeners_min, u64::from(User::LIMIT)),
            ("start", self.start, DAY_MS, last_start),
            ("zipf in hundredths", u64::from(self.zipf_hundredths), 0, steepest),
            ("zipf of listeners in hundredths", u64::from(of_listeners), 0, steepest),
        ] {
            if value < least || value > most {
                return Err(refused(format!("{name} must be {least} to {most}, not {value}")));
            }
        }
        if !self.start.is_multiple_of(DAY_MS) {
            return Err(refused("start must be the start of a UTC day".to_owned()));
        }
        if self.profile == Profile::Service && self.listener_zipf_hundredths.is_some() {
            let why = "listeners have a life of their own in this profile; zipf of listeners is throughput's";
            return Err(refused(why.to_owned()));
        }
        Ok(Limits {
            listeners: u32::try_from(self.listeners).expect("checked to be below 2^28"),
            tracks: u32::try_from(self.tracks).expect("checked to be below 2^32"),
        })
    }
}

// The population's numbers, checked.
#[derive(Debug, Clone, Copy)]
struct Limits {
    listeners: u32,
    tracks: u32,
}

fn refused(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
