//! What a month earned, by territory and tier.

use ledgerline_money::{Currency, Micros};

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
}

impl RevenueRow {
    /// Gross without tax, store fee and refunds; `None` beyond what an amount can hold.
    #[must_use]
    pub fn net(&self) -> Option<Micros> {
        let Self { gross, tax, store_fee, refunds, .. } = self;
        gross.minus(*tax).ok()?.minus(*store_fee).ok()?.minus(*refunds).ok()
    }
}
