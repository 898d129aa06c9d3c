//! Calendar months in UTC: what is closed and paid as one.

use crate::{DayNo, UnixMs};
use std::fmt;

/// A calendar month in UTC, half-open: from its first instant to that of the next month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Months since January 1970.
    months: u32,
}

/// Why a text is no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a month from 1970-01 to 2109-04, such as 2026-10")]
pub struct PeriodError;

impl Period {
    /// The last whole month that instants reach.
    const MONTHS_MAX: u32 = (2109 - 1970) * 12 + 3;

    /// The month `month` (1 to 12) of `year`.
    ///
    /// # Errors
    /// [`PeriodError`] outside 1970-01 to 2109-04.
    pub fn new(year: u32, month: u32) -> Result<Self, PeriodError> {
        if !(1..=12).contains(&month) {
            return Err(PeriodError);
        }
        let months = year.checked_sub(1970).and_then(|years| years.checked_mul(12));
        match months.map(|months| months + month - 1) {
            Some(months) if months <= Self::MONTHS_MAX => Ok(Self { months }),
            _ => Err(PeriodError),
        }
    }

    /// Reads `2026-10`.
    ///
    /// # Errors
    /// [`PeriodError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('-') {
            Some((year, month))
                if year.len() == 4 && month.len() == 2 && digits(year) && digits(month) =>
            {
                let year = year.parse().map_err(|_| PeriodError)?;
                Self::new(year, month.parse().map_err(|_| PeriodError)?)
            }
            _ => Err(PeriodError),
        }
    }

    /// The month that holds `instant`.
    #[must_use]
    pub fn of(instant: UnixMs) -> Self {
        Self::of_day(instant.day())
    }

    /// The month that holds `day`.
    #[must_use]
    pub fn of_day(day: DayNo) -> Self {
        // Days to a civil date after Howard Hinnant, "chrono-Compatible Low-Level Date
        // Algorithms": eras of 400 years that begin in March.
        let days = u64::from(day.0) + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * years + years / 4 - years / 100);
        let from_march = (5 * of_year + 2) / 153;
        let year = era * 400 + years + u64::from(from_march >= 10);
        let month = if from_march < 10 { from_march + 2 } else { from_march - 10 };
        let months = (year - 1970) * 12 + month;
        Self { months: u32::try_from(months).expect("2^32 days are fewer than 2^32 months") }
    }

    /// The year, such as 2026.
    #[must_use]
    pub fn year(self) -> u32 {
        1970 + self.months / 12
    }

    /// The month of the year, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.months % 12 + 1
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { months: self.months + 1 }
    }

    /// The month before; January 1970 has none.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.months.checked_sub(1).map(|months| Self { months })
    }

    /// The first day.
    #[must_use]
    pub fn first_day(self) -> DayNo {
        // The same algorithm the other way round.
        let (year, month) = (u64::from(self.year()), u64::from(self.month()));
        let year = if month <= 2 { year - 1 } else { year };
        let (era, of_era) = (year / 400, year % 400);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * from_march + 2) / 5;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        DayNo(u32::try_from(days).expect("a year of four digits is fewer than 2^32 days"))
    }

    /// The last day.
    #[must_use]
    pub fn last_day(self) -> DayNo {
        DayNo(self.next().first_day().0 - 1)
    }

    /// The first instant.
    #[must_use]
    pub fn start(self) -> UnixMs {
        self.first_day().start()
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> UnixMs {
        self.next().start()
    }

    /// Whether `instant` lies in it.
    #[must_use]
    pub fn holds(self, instant: UnixMs) -> bool {
        (self.start()..self.end()).contains(&instant)
    }
}

impl fmt::Display for Period {
    /// `2026-10`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_in_its_month() {
        for day in 0..UnixMs::MAX.day().0 {
            let text = DayNo(day).to_string();
            let period = Period::of_day(DayNo(day));
            assert_eq!(period.to_string(), text[..7], "{text}");
            assert!(period.first_day().0 <= day && day <= period.last_day().0, "{text}");
            assert_eq!(period.first_day().to_string(), format!("{period}-01"));
        }
    }

    #[test]
    fn only_months_are_read() {
        for good in ["1970-01", "2026-10", "2109-04"] {
            assert_eq!(Period::parse(good).expect(good).to_string(), good);
        }
        for bad in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "2109-05",
            "1969-12",
            "2026-10-01",
            "+026-10",
        ] {
            assert!(Period::parse(bad).is_err(), "{bad}");
        }
    }
}
