//! Instants as whole milliseconds since 1970-01-01T00:00:00Z, and the hours and days of them.

use std::fmt;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

/// Milliseconds since 1970-01-01T00:00:00Z, UTC. At most 2^42 − 1, in May 2109.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMs(u64);

/// Whole hours since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourNo(pub u32);

/// Whole UTC days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayNo(pub u32);

/// Why a text or number is no instant that a report may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Before 1970 or after May 2109.
    #[error("must lie between 1970-01-01 and 2109-05-15")]
    OutOfRange,
    /// Not in the form that was asked for.
    #[error("must be an RFC 3339 date and time, such as 2026-03-01T12:00:00Z")]
    Form,
    /// Not a calendar day.
    #[error("must be a day, such as 2026-03-01")]
    Day,
}

impl UnixMs {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last instant that is accepted.
    pub const MAX: Self = Self((1 << 42) - 1);

    /// Wraps `millis`.
    ///
    /// # Errors
    /// [`InstantError::OutOfRange`] above [`UnixMs::MAX`].
    #[inline]
    pub fn new(millis: u64) -> Result<Self, InstantError> {
        if millis > Self::MAX.0 { Err(InstantError::OutOfRange) } else { Ok(Self(millis)) }
    }

    /// Milliseconds since 1970.
    #[inline]
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Later by `millis`; stays at [`UnixMs::MAX`].
    #[inline]
    #[must_use]
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis).min(Self::MAX.0))
    }

    /// Earlier by `millis`; stays at the epoch.
    #[inline]
    #[must_use]
    pub fn minus(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis))
    }

    /// How long after `earlier` this is, or 0.
    #[inline]
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The hour that holds this instant.
    #[inline]
    #[must_use]
    pub fn hour(self) -> HourNo {
        HourNo(u32::try_from(self.0 / HourNo::MS).expect("2^42 ms are fewer than 2^32 hours"))
    }

    /// The UTC day that holds this instant.
    #[inline]
    #[must_use]
    pub fn day(self) -> DayNo {
        DayNo(u32::try_from(self.0 / DayNo::MS).expect("2^42 ms are fewer than 2^32 days"))
    }

    /// Reads an RFC 3339 date and time, to the millisecond (finer digits are cut).
    ///
    /// # Errors
    /// [`InstantError::Form`] or [`InstantError::OutOfRange`].
    pub fn parse_rfc3339(text: &str) -> Result<Self, InstantError> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InstantError::Form)?;
        let millis = instant.unix_timestamp_nanos().div_euclid(1_000_000);
        u64::try_from(millis).map_err(|_| InstantError::OutOfRange).and_then(Self::new)
    }
}

impl fmt::Display for UnixMs {
    /// RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_day = self.0 % DayNo::MS;
        let (seconds, millis) = (in_day / 1000, in_day % 1000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z", self.day())
    }
}

impl HourNo {
    /// Milliseconds in an hour.
    pub const MS: u64 = 3_600_000;

    /// The hour's first instant.
    #[must_use]
    pub fn start(self) -> UnixMs {
        UnixMs((u64::from(self.0) * Self::MS).min(UnixMs::MAX.0))
    }
}

impl DayNo {
    /// Milliseconds in a day.
    pub const MS: u64 = 86_400_000;

    /// The day's first instant.
    #[must_use]
    pub fn start(self) -> UnixMs {
        UnixMs((u64::from(self.0) * Self::MS).min(UnixMs::MAX.0))
    }

    /// Reads `2026-03-01`.
    ///
    /// # Errors
    /// [`InstantError::Day`] or [`InstantError::OutOfRange`].
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        let date = Date::parse(text, format).map_err(|_| InstantError::Day)?;
        let days = i64::from(date.to_julian_day()) - i64::from(EPOCH_JULIAN_DAY);
        let last = i64::from(UnixMs::MAX.day().0);
        if (0..=last).contains(&days) {
            Ok(Self(u32::try_from(days).expect("checked to be in range")))
        } else {
            Err(InstantError::OutOfRange)
        }
    }
}

const EPOCH_JULIAN_DAY: i32 = 2_440_588;

impl fmt::Display for DayNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let julian = EPOCH_JULIAN_DAY.saturating_add_unsigned(self.0);
        match Date::from_julian_day(julian) {
            Ok(date) => {
                write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
            }
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

impl fmt::Display for HourNo {
    /// The hour's start: `2026-03-01T12:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:00:00Z", DayNo(self.0 / 24), self.0 % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_instants_agree() {
        let rows = [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"),
            ("2026-03-01T12:34:56.789Z", 1_772_368_496_789, "2026-03-01T12:34:56.789Z"),
            ("2026-03-01T13:34:56.789999+01:00", 1_772_368_496_789, "2026-03-01T12:34:56.789Z"),
        ];
        for (text, millis, shown) in rows {
            let instant = UnixMs::parse_rfc3339(text).expect(text);
            assert_eq!(instant.get(), millis, "{text}");
            assert_eq!(instant.to_string(), shown);
        }
        assert_eq!(UnixMs::parse_rfc3339("2026-03-01"), Err(InstantError::Form));
        assert_eq!(UnixMs::parse_rfc3339("1969-12-31T23:59:59Z"), Err(InstantError::OutOfRange));
        assert_eq!(UnixMs::parse_rfc3339("2200-01-01T00:00:00Z"), Err(InstantError::OutOfRange));
        assert_eq!(DayNo::parse("2024-02-29").expect("a leap day").to_string(), "2024-02-29");
        assert_eq!(DayNo::parse("2023-02-29"), Err(InstantError::Day));
    }
}
