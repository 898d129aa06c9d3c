//! What a payee gets of a pool for a recording.

use crate::terms::Right;
use ledgerline_money::{Currency, Micros};

/// One pool: money that is allocated once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// For which copyright.
    pub right: Right,
    /// The territory of its revenue row; `None` is any without a row of its own.
    pub territory: Option<Box<str>>,
    /// The tier of its revenue row; `None` is any without a row of its own.
    pub tier: Option<Box<str>>,
    /// The licence.
    pub contract: Box<str>,
    /// The licence's term.
    pub term: Box<str>,
    /// The currency of its money.
    pub currency: Currency,
    /// How much.
    pub money: Micros,
    /// Counted plays that take part.
    pub plays: u64,
    /// How the money came about, step by step, for people.
    pub steps: Vec<Step>,
}

/// A step of a computation, as a sentence's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is computed, such as `70% of net revenue`.
    pub what: String,
    /// What came out, exactly.
    pub result: String,
}

/// What one payee gets of one pool for one recording by one way through the contracts.
///
/// Sixteen million of these fit half a gigabyte: names are numbers of the close that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// Who, in the close's payees, which are sorted by id.
    pub payee: u32,
    /// Of which pool, in the close's pools.
    pub pool: u32,
    /// For which recording, in the usage's tracks.
    pub track: u32,
    /// By which way from right holder to payee, in the close's ways.
    pub way: u32,
    /// Counted plays.
    pub plays: u64,
    /// How much.
    pub amount: Micros,
}

/// A way from a right holder to a payee: whose share it is, and which terms passed it on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Who holds the right.
    pub holder: Box<str>,
    /// The agreements' terms that it passed, as `contract/term`, in order.
    pub passed: Vec<Box<str>>,
}

impl Way {
    /// The contract that a payee's account is with: the agreement that passed it on last, else the
    /// licence.
    #[must_use]
    pub fn account<'a>(&'a self, licence: &'a str) -> &'a str {
        let last = self.passed.last().and_then(|term| term.rsplit_once('/'));
        last.map_or(licence, |(contract, _)| contract)
    }
}
