//! What a month earned, by territory and tier; and rates of exchange, as they are brought.

use ledgerline_ids::{DayNo, Period};
use ledgerline_money::{Currency, Fraction, Micros};

/// What a subscription is sold as; weights of subscribers and of trial plays go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plan {
    /// One person's.
    Individual,
    /// Several persons' of one household.
    Family,
    /// Reduced for students.
    Student,
    /// Not paid for yet.
    Trial,
}

impl Plan {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Individual, Self::Family, Self::Student, Self::Trial];

    /// The word in files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Family => "family",
            Self::Student => "student",
            Self::Trial => "trial",
        }
    }

    /// The plan of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.word() == word)
    }
}

/// One row of revenue of one period: aggregate, or one listener's fee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevenueRow {
    /// The country; `None` is any that has no row of its own.
    pub territory: Option<Box<str>>,
    /// The listeners' plan; `None` is any that has no row of its own.
    pub tier: Option<Box<str>>,
    /// The listener whose fee it is; `None` is an aggregate.
    pub listener: Option<Box<str>>,
    /// What it was sold as.
    pub plan: Plan,
    /// How many paid; 1 for a listener's own row.
    pub subscribers: u64,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What listeners paid.
    pub gross: Micros,
    /// Sales tax in it.
    pub tax: Micros,
    /// What a store kept.
    pub store_fee: Micros,
    /// What was given back.
    pub refunds: Micros,
    /// Why, where it is added to the other rows of its territory and tier to correct them; only
    /// such a row may have a net below nothing.
    pub correction: Option<Box<str>>,
}

/// Why a row is no revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevenueError {
    /// More was taken away than was there.
    #[error(
        "gross less tax, store_fee and refunds is {0}, below nothing: correct the amounts, or say \
         in `correction` what it corrects"
    )]
    Negative(Micros),
    /// Beyond what an amount can hold.
    #[error("the amounts are too large: split them over several rows")]
    TooLarge,
}

impl RevenueRow {
    /// Gross without tax, store fee and refunds; `None` beyond what an amount can hold.
    #[must_use]
    pub fn net(&self) -> Option<Micros> {
        let Self { gross, tax, store_fee, refunds, .. } = self;
        gross.minus(*tax).ok()?.minus(*store_fee).ok()?.minus(*refunds).ok()
    }

    /// Whether it may be imported.
    ///
    /// # Errors
    /// [`RevenueError`].
    pub fn check(&self) -> Result<(), RevenueError> {
        match self.net() {
            None => Err(RevenueError::TooLarge),
            Some(net) if net.is_negative() && self.correction.is_none() => {
                Err(RevenueError::Negative(net))
            }
            Some(_) => Ok(()),
        }
    }
}

/// A row, with the month that it is of. A row of the same period, territory, tier, listener, plan
/// and correction replaces it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodRevenue {
    /// The month.
    pub period: Period,
    /// The row.
    pub row: RevenueRow,
}

/// What a row of revenue is told apart by: period, territory, tier, listener, plan, correction.
pub type RevenueKey = (Period, [Option<Box<str>>; 3], Plan, Option<Box<str>>);

impl PeriodRevenue {
    /// What it is told apart by: another row of the same key replaces it.
    #[must_use]
    pub fn key(&self) -> RevenueKey {
        let it = &self.row;
        let names = [&it.territory, &it.tier, &it.listener].map(Clone::clone);
        (self.period, names, it.plan, it.correction.clone())
    }
}

/// A rate of exchange: what one unit of `base` was worth in `quote` on a day. One of the same
/// pair and day replaces it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FxRow {
    /// What is converted.
    pub base: Currency,
    /// Into what.
    pub quote: Currency,
    /// When.
    pub day: DayNo,
    /// How many `quote` one `base` is; more than 0.
    pub rate: Fraction,
    /// Whether it may be used the other way round too.
    pub inverse: bool,
    /// Who published it.
    pub source: Box<str>,
}

impl FxRow {
    /// What it is told apart by: another rate of the same key replaces it.
    #[must_use]
    pub fn key(&self) -> (Currency, Currency, DayNo) {
        (self.base, self.quote, self.day)
    }
}
