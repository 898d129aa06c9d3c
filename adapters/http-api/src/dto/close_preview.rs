//! What a close would come to beside the month before, and the pools of one that was made.

use ledgerline_app::money::close::{pools, rehearsal};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CloseMoney, PoolStep, TermsFinding};

/// What to look at before a month is closed in earnest.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePreview {
    /// The month that it is compared with; null where none was closed yet.
    #[schema(required, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub compared_with: Option<String>,
    /// What payees earned then and would now, those whose money changes most first.
    #[schema(max_items = 1000)]
    pub payees: Vec<PayeeChange>,
    /// How many there are, shown or not.
    pub payees_total: u64,
    /// Plays of the month that are not paid.
    pub unpaid: Vec<UnpaidStanding>,
    /// What contracts say together on the month's last day.
    #[schema(max_items = 1000)]
    pub gaps: Vec<TermsFinding>,
}

/// What a payee earned in two months in one currency, adjustments included, before anything is
/// recouped, withheld or held.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeChange {
    /// Who.
    pub payee: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// In the month before.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub before: String,
    /// In this month.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub now: String,
    /// How much more; below nothing where it is less.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub change: String,
}

/// Plays that are not paid, by where they stand.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnpaidStanding {
    /// `below_threshold`, `held`, `excluded`, `not_payable` or `undecided`.
    pub standing: String,
    /// How many.
    pub plays: u64,
}

/// The pools of a closed month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedPools {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// The close's money, by currency; what of net revenue is in no pool stays with the service.
    pub money: Vec<CloseMoney>,
    /// In the order of their numbers.
    pub items: Vec<ClosedPool>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// One pool: money of one right, revenue row and licence term, allocated once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedPool {
    /// Its number in the close.
    pub number: u32,
    /// `master`, `mechanical` or `performance`.
    pub right: String,
    /// The territory of its revenue; null is any without a row of its own.
    #[schema(required)]
    pub territory: Option<String>,
    /// The tier of its revenue; null is any without a row of its own.
    #[schema(required)]
    pub tier: Option<String>,
    /// The licence, as `contract/term`.
    pub licence: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How much, in major units.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub money: String,
    /// How the money came about.
    pub steps: Vec<PoolStep>,
    /// Counted plays that take part.
    pub plays: u64,
    /// Recordings that share it.
    pub recordings: u64,
    /// Payees that are paid of it.
    pub payees: u64,
    /// Lines that share it.
    pub lines: u64,
    /// What the lines come to.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub allocated: String,
    /// What no line has: nothing, in a close that is sound.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub remainder: String,
    /// Of what is allocated, the part that nobody is known to hold.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub unmatched: String,
}

impl From<rehearsal::Preview> for ClosePreview {
    fn from(shown: rehearsal::Preview) -> Self {
        let payee = |it: rehearsal::PayeeChange| PayeeChange {
            payee: it.payee.into(),
            currency: it.currency.to_string(),
            before: it.before.to_string(),
            now: it.now.to_string(),
            change: it.change.to_string(),
        };
        let unpaid = shown.unpaid.into_iter().map(|(standing, plays)| UnpaidStanding {
            standing: standing.word().to_owned(),
            plays,
        });
        Self {
            compared_with: shown.compared_with.map(|period| period.to_string()),
            payees: shown.payees.into_iter().map(payee).collect(),
            payees_total: shown.payees_total,
            unpaid: unpaid.collect(),
            gaps: shown.gaps.iter().map(TermsFinding::from).collect(),
        }
    }
}

impl ClosedPools {
    /// So many pools behind the one with the number `after`.
    #[must_use]
    pub fn page(closed: &pools::ClosedPools, after: Option<u32>, limit: usize) -> Self {
        let behind = |it: &&pools::ClosedPool| after.is_none_or(|after| it.number > after);
        let found: Vec<&pools::ClosedPool> =
            closed.pools.iter().filter(behind).take(limit + 1).collect();
        let shown = &found[..found.len().min(limit)];
        let next = shown.last().filter(|_| found.len() > limit).map(|it| it.number.to_string());
        Self {
            period: closed.period.to_string(),
            money: closed.money.iter().map(CloseMoney::of).collect(),
            items: shown.iter().map(|it| ClosedPool::from(*it)).collect(),
            next,
        }
    }
}

impl From<&pools::ClosedPool> for ClosedPool {
    fn from(closed: &pools::ClosedPool) -> Self {
        let pool = &closed.pool;
        Self {
            number: closed.number,
            right: pool.right.word().to_owned(),
            territory: pool.territory.as_deref().map(str::to_owned),
            tier: pool.tier.as_deref().map(str::to_owned),
            licence: format!("{}/{}", pool.contract, pool.term),
            currency: pool.currency.to_string(),
            money: pool.money.to_string(),
            steps: pool.steps.iter().map(PoolStep::of).collect(),
            plays: pool.plays,
            recordings: closed.recordings,
            payees: closed.payees,
            lines: closed.lines,
            allocated: closed.allocated.to_string(),
            remainder: closed.remainder.to_string(),
            unmatched: closed.unmatched.to_string(),
        }
    }
}
