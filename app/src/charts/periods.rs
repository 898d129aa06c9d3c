//! Days and weeks that charts are of.

use ledgerline_ids::DayNo;

use crate::ports::library::entries::words;

words! {
    /// How long a chart is of.
    ChartPeriod {
        /// A day in UTC.
        Day = "day",
        /// From a Friday, the day on which music comes out all over the world, until the Thursday after it.
        Week = "week",
    }
}

/// 1970-01-01 was a Thursday.
const FRIDAY: u32 = 1;

impl ChartPeriod {
    /// The word of it, as other words are read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// The first day of the period that a day is in.
    #[must_use]
    pub fn first_day(self, day: DayNo) -> DayNo {
        match self {
            Self::Day => day,
            Self::Week => DayNo(day.0.saturating_sub((day.0 + 7 - FRIDAY) % 7)),
        }
    }

    /// The last day of the period that begins on this one.
    #[must_use]
    pub fn last_day(self, first: DayNo) -> DayNo {
        DayNo(first.0 + self.days() - 1)
    }

    /// The first day of the period before.
    #[must_use]
    pub fn before(self, first: DayNo) -> Option<DayNo> {
        first.0.checked_sub(self.days()).map(DayNo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_fridays() {
        let day = |text| DayNo::parse(text).expect("a day");
        for (of, first, last) in [
            ("2026-11-27", "2026-11-27", "2026-12-03"),
            ("2026-12-03", "2026-11-27", "2026-12-03"),
            ("2026-11-26", "2026-11-20", "2026-11-26"),
            ("2024-02-29", "2024-02-23", "2024-02-29"),
        ] {
            let begins = ChartPeriod::Week.first_day(day(of));
            assert_eq!(
                (begins, ChartPeriod::Week.last_day(begins)),
                (day(first), day(last)),
                "{of}"
            );
        }
        assert_eq!(ChartPeriod::Day.first_day(day("2026-11-27")), day("2026-11-27"));
        assert_eq!(ChartPeriod::Week.before(day("2026-11-27")), Some(day("2026-11-20")));
        assert_eq!(ChartPeriod::Week.before(DayNo(1)), None);
    }
}
