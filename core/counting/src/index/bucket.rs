//! Which bucket a key lives in, and until when.

use ledgerline_ids::{DayNo, HourNo, PlayId, UnixMs};
use ledgerline_records::report::Producer;

use crate::rules::{CLOCK_SKEW_MS, DEDUPLICATION_MS, OWN_HOUR_MS};
use std::collections::BTreeSet;

/// A set of keys that are forgotten together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Keys of backfills: never forgotten.
    Archive,
    /// UUIDv7s of backfills, by their own day: never forgotten either. They are apart so
    /// that a history that is read in order is not looked for in all that was read before.
    ArchiveDay(DayNo),
    /// UUIDv7s of one hour.
    Hour(HourNo),
    /// Other keys that were first received on one day.
    Day(DayNo),
}

// A code is 0, or an hour plus 1, or a day plus one of these: 2^42 ms are 1 221 679 hours
// and 50 904 days.
const FIRST_DAY: u32 = 1 << 21;
const FIRST_ARCHIVE_DAY: u32 = FIRST_DAY + (1 << 20);

impl Bucket {
    /// The bucket as a number below 2^22.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Archive => 0,
            Self::Hour(hour) => hour.0 + 1,
            Self::Day(day) => day.0 + FIRST_DAY,
            Self::ArchiveDay(day) => day.0 + FIRST_ARCHIVE_DAY,
        }
    }

    /// The bucket of a number that [`Bucket::code`] gave.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Archive,
            hour if hour < FIRST_DAY => Self::Hour(HourNo(hour - 1)),
            day if day < FIRST_ARCHIVE_DAY => Self::Day(DayNo(day - FIRST_DAY)),
            day => Self::ArchiveDay(DayNo(day - FIRST_ARCHIVE_DAY)),
        }
    }

    /// Whether its keys are forgotten when the clock stands at `clock`.
    #[must_use]
    pub fn is_forgotten(self, clock: UnixMs) -> bool {
        let (start, length_ms) = match self {
            Self::Archive | Self::ArchiveDay(_) => return false,
            Self::Hour(hour) => (hour.start(), HourNo::MS),
            Self::Day(day) => (day.start(), DayNo::MS),
        };
        clock.since(start) >= length_ms + DEDUPLICATION_MS
    }
}

/// Where the key of a report may live: where it would be put, and where else it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Homes {
    /// The bucket that a new play's key is put into.
    pub own: Bucket,
    /// The hour that a UUIDv7 carries, where an earlier report may have put it there.
    pub hour: Option<HourNo>,
    /// Whether every live day must be looked into. False for a UUIDv7 within the horizon:
    /// only days that took in UUIDv7s from outside theirs need be, and of these only those on
    /// which it would have been outside its own.
    pub every_day: bool,
}

impl Homes {
    /// Of a report with `play_id`, received at `received_at`.
    #[must_use]
    pub fn of(producer: Producer, play_id: Option<PlayId<'_>>, received_at: UnixMs) -> Self {
        let time = play_id.and_then(PlayId::uuid_v7_time);
        if producer == Producer::Backfill {
            return Self::archive(time);
        }
        let day = Bucket::Day(received_at.day());
        let Some(time) = time else {
            return Self { own: day, hour: None, every_day: true };
        };
        let within =
            received_at.since(time) <= OWN_HOUR_MS && time.since(received_at) <= CLOCK_SKEW_MS;
        Self {
            own: if within { Bucket::Hour(time.hour()) } else { day },
            hour: Some(time.hour()),
            every_day: !within,
        }
    }

    /// Of a play of which only the key is known: where a live source may have put it, and
    /// where a backfill.
    #[must_use]
    pub fn anywhere(play_id: Option<PlayId<'_>>) -> [Self; 2] {
        let time = play_id.and_then(PlayId::uuid_v7_time);
        let hour = time.map(UnixMs::hour);
        let own = hour.map_or(Bucket::Day(DayNo(0)), Bucket::Hour);
        [Self { own, hour, every_day: true }, Self::archive(time)]
    }

    fn archive(time: Option<UnixMs>) -> Self {
        let own = time.map_or(Bucket::Archive, |time| Bucket::ArchiveDay(time.day()));
        Self { own, hour: None, every_day: false }
    }

    /// Whether it is a backfill's.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        matches!(self.own, Bucket::Archive | Bucket::ArchiveDay(_))
    }

    /// Whether a section of `bucket` may hold the key; `strays` says whether the section
    /// has UUIDv7s from outside their horizon.
    #[inline]
    #[must_use]
    pub fn may_be_in(&self, bucket: Bucket, strays: bool) -> bool {
        match bucket {
            Bucket::Archive | Bucket::ArchiveDay(_) => self.own == bucket,
            Bucket::Hour(hour) => self.hour == Some(hour),
            Bucket::Day(day) => {
                !self.is_archive() && (self.every_day || (strays && self.may_stray_to(day)))
            }
        }
    }

    /// Whether any of the days that took in UUIDv7s from outside their horizon, or every live
    /// day, must be looked into.
    #[must_use]
    pub fn may_be_in_a_day(&self, strays: &BTreeSet<DayNo>) -> bool {
        !self.is_archive() && (self.every_day || strays.iter().any(|day| self.may_stray_to(*day)))
    }

    /// Whether a report of the UUIDv7 that was received on `day` could have been outside its
    /// horizon then. Most were minted too late for that.
    fn may_stray_to(&self, day: DayNo) -> bool {
        self.hour.is_some_and(|hour| {
            day.start().plus(DayNo::MS).since(hour.start()) > OWN_HOUR_MS
                || hour.start().plus(HourNo::MS).since(day.start()) > CLOCK_SKEW_MS
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key is looked for wherever an earlier receipt of it may have put it, at the edges of
    /// its horizon too, and not on the days between.
    #[test]
    fn a_uuid_is_looked_for_on_every_day_that_may_have_it() {
        let minted = DayNo(20_000).start().plus(5 * HourNo::MS + 1_234);
        let first = minted.minus(20 * DayNo::MS);
        let mut skipped = 0;
        for quarter in 0..40 * 96 {
            let received_at = first.plus(quarter * (HourNo::MS / 4));
            let within = received_at.since(minted) <= OWN_HOUR_MS
                && minted.since(received_at) <= CLOCK_SKEW_MS;
            let homes = Homes {
                own: Bucket::Hour(minted.hour()),
                hour: Some(minted.hour()),
                every_day: false,
            };
            let day = received_at.day();
            let looked_for = homes.may_be_in(Bucket::Day(day), true);
            assert!(within || looked_for, "{quarter}");
            assert_eq!(homes.may_be_in_a_day(&BTreeSet::from([day])), looked_for);
            assert!(!homes.may_be_in(Bucket::Day(day), false));
            skipped += usize::from(!looked_for);
        }
        // From the day after it was minted to the ninth.
        assert_eq!(skipped, 9 * 96);
    }
}
