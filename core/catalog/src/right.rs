//! The copyrights that a play uses, and dates.

use ledgerline_ids::DayNo;
use std::fmt;

/// Which of the copyrights that one play uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// The recording: label or distributor, then artist.
    Master,
    /// The composition's reproduction: publisher and writer.
    Mechanical,
    /// The composition's performance: society, publisher and writer.
    Performance,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Master, Self::Mechanical, Self::Performance];

    /// The word in contracts, files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Mechanical => "mechanical",
            Self::Performance => "performance",
        }
    }

    /// The right of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }
}

/// Days from `from` until the day before `until`; without `until`, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dates {
    /// The first day, UTC.
    pub from: DayNo,
    /// The first day on which it no longer holds.
    pub until: Option<DayNo>,
}

impl Dates {
    /// From the beginning, for ever.
    pub const ALWAYS: Self = Self { from: DayNo(0), until: None };

    /// Whether it holds on `day`.
    #[must_use]
    pub fn hold(&self, day: DayNo) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

impl fmt::Display for Dates {
    /// `from 2026-01-01 until 2026-07-01`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}", self.from)?;
        self.until.map_or(Ok(()), |until| write!(f, " until {until}"))
    }
}
