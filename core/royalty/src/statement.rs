//! What a payee is told of a closed month: issued once, never changed.
//!
//! A statement is made of a close only ([`crate::estimate`] has types of its own that nothing here
//! takes). Its lines are read beside it: a label's has a million.

use crate::month_plays::Standing;
use crate::terms::Right;
use ledgerline_ids::{Period, UnixMs};
use ledgerline_money::{Currency, Fraction, Micros};

/// A payee's statement of one month, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Of which month.
    pub period: Period,
    /// Whose, by id.
    pub payee: String,
    /// When the close was booked.
    pub booked_at: UnixMs,
    /// One for each contract and currency that the payee has an account with.
    pub accounts: Vec<AccountStatement>,
    /// What the payee was owed before, what this close added, and what is carried: by currency.
    pub balances: Vec<BalanceStatement>,
    /// What is paid, or why nothing is.
    pub payout: PayoutStatement,
    /// Adjustments of earlier months, summed up by month and cause.
    pub adjustments: Vec<AdjustmentSummary>,
    /// Plays of the payee's recordings that are not paid, and why.
    pub unpaid: Vec<UnpaidPlays>,
    /// How many lines it has, adjustments included.
    pub lines: u64,
    /// SHA-256 of the payee's lines as they are stored, in hex digits.
    pub lines_sha256: String,
    /// SHA-256 of the close's manifest, in hex digits.
    pub manifest_sha256: String,
    /// The signed head of the ledger that the close made, as one line; `None` where it booked
    /// nothing.
    pub ledger_head: Option<String>,
}

/// What happened on one account in one month. Always
/// `earned + topped_up + released + drawn = costs + advance + Σ withheld + held + credited`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatement {
    /// The contract.
    pub contract: String,
    /// The currency.
    pub currency: Currency,
    /// Earned by the month's own lines.
    pub earned: Micros,
    /// Earned or taken back by adjustments of earlier months.
    pub adjusted: Micros,
    /// Added for a guarantee.
    pub topped_up: Micros,
    /// Costs recouped.
    pub costs: Micros,
    /// Advances recouped.
    pub advance: Micros,
    /// Tax withheld, by territory.
    pub withheld: Vec<(String, Micros)>,
    /// Held in reserve.
    pub held: Micros,
    /// Freed of the reserve.
    pub released: Micros,
    /// Taken out of the reserve for a correction.
    pub drawn: Micros,
    /// What is left.
    pub credited: Micros,
    /// What is due with this close.
    pub due: Micros,
    /// What waits for the end of the accounting period.
    pub pending: Micros,
    /// Costs that are not recouped yet.
    pub costs_open: Micros,
    /// Advances that are not recouped yet.
    pub advance_open: Micros,
    /// What is held in reserve now.
    pub reserve: Micros,
}

/// What a payee is owed in one currency. `opening + due = exchanged + paid + closing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceStatement {
    /// The currency.
    pub currency: Currency,
    /// Owed before this close.
    pub opening: Micros,
    /// Due with this close, of all accounts.
    pub due: Micros,
    /// Exchanged into the payee's currency; below nothing where it came in by exchange.
    pub exchanged: Micros,
    /// Paid out.
    pub paid: Micros,
    /// Carried to the next close.
    pub closing: Micros,
}

/// What is paid with a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutStatement {
    /// In which currency.
    pub currency: Currency,
    /// How much, in whole minor units; nothing where there is a reason.
    pub amount: Micros,
    /// Why nothing is paid, as a sentence.
    pub reason: Option<String>,
    /// Balances in other currencies that were exchanged: currency, amount, rate, result.
    pub exchanged: Vec<(Currency, Micros, Fraction, Micros)>,
}

/// Why a closed month is computed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// Plays that counted left the month: fraud rulings, or another track, country or plan.
    ReversedPlays = 0,
    /// Plays came to the month after its close.
    LatePlays = 1,
    /// Revenue was stated or corrected.
    Revenue = 2,
    /// Rates of exchange were stated or corrected.
    ExchangeRates = 3,
    /// The catalogue or who holds which share changed.
    Shares = 4,
    /// Contracts changed.
    Terms = 5,
}

impl Cause {
    /// All of them, in the order in which they are taken in: what each does is the difference to
    /// the month with those before it.
    pub const ALL: [Self; 6] = [
        Self::ReversedPlays,
        Self::LatePlays,
        Self::Revenue,
        Self::ExchangeRates,
        Self::Shares,
        Self::Terms,
    ];

    /// The word in files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ReversedPlays => "reversed_plays",
            Self::LatePlays => "late_plays",
            Self::Revenue => "revenue",
            Self::ExchangeRates => "exchange_rates",
            Self::Shares => "shares",
            Self::Terms => "terms",
        }
    }

    /// The cause of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

/// All that one cause changed of one earlier month, for one payee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentSummary {
    /// The earlier month.
    pub period: Period,
    /// Why.
    pub cause: Cause,
    /// What changed: how many plays and which, or which revision it was and is.
    pub detail: String,
    /// Plays added or taken away in the payee's lines.
    pub plays: i64,
    /// Money added or taken back, by currency.
    pub amounts: Vec<(Currency, Micros)>,
    /// How many lines.
    pub lines: u64,
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Its number on the statement, from 1.
    pub number: u64,
    /// The month that the plays are of.
    pub period: Period,
    /// Why it is there, where it adjusts an earlier month.
    pub cause: Option<Cause>,
    /// The recording.
    pub track_id: String,
    /// For which copyright.
    pub right: Right,
    /// The territory of the revenue; `None` is any without a row of its own.
    pub territory: Option<String>,
    /// The tier of the revenue; `None` is any without a row of its own.
    pub tier: Option<String>,
    /// The licence, as `contract/term`.
    pub licence: String,
    /// Whose share it is.
    pub holder: String,
    /// The agreements' terms that it passed, as `contract/term`.
    pub passed: Vec<String>,
    /// The contract whose account it goes to.
    pub account: String,
    /// Counted plays; in an adjustment, those added or taken away.
    pub plays: i64,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub amount: Micros,
    /// How it came about, as a sentence.
    pub sentence: String,
}

/// Plays of a payee's recording that are not paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpaidPlays {
    /// The recording.
    pub track_id: String,
    /// Where they stand.
    pub standing: Standing,
    /// How many.
    pub plays: u64,
    /// Why, as a sentence.
    pub sentence: String,
}
