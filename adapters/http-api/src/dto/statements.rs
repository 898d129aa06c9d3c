//! Statements and their lines. Amounts are in major units with six digits behind the point.

use std::collections::BTreeMap;

use ledgerline_royalty::statement as core;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// A payee's statement of a closed month, without its lines. It is never changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Whose.
    pub payee: String,
    /// When the close was booked.
    pub booked_at: Instant,
    /// One for each contract and currency.
    pub accounts: Vec<StatementAccount>,
    /// What is owed, by currency.
    pub balances: Vec<StatementBalance>,
    /// What is paid, or why nothing is.
    pub payout: StatementPayout,
    /// What changed of earlier months, summed up.
    pub adjustments: Vec<StatementAdjustment>,
    /// Plays that are not paid, and why.
    pub unpaid: Vec<UnpaidPlays>,
    /// How many lines it has, adjustments included.
    pub lines: u64,
    /// SHA-256 of its lines as they are stored.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub lines_sha256: String,
    /// SHA-256 of the list of the close's files.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub manifest_sha256: String,
    /// The signed head of the ledger, as one line; null where the close booked nothing.
    #[schema(required)]
    pub ledger_head: Option<String>,
}

/// What happened on one account: `earned + adjusted + topped_up + released + drawn = costs +
/// advance + withheld + held + credited`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementAccount {
    /// The contract.
    pub contract: String,
    /// ISO 4217.
    pub currency: String,
    /// By the month's own lines.
    pub earned: String,
    /// By adjustments of earlier months.
    pub adjusted: String,
    /// Added for a guarantee.
    pub topped_up: String,
    /// Costs recouped.
    pub costs: String,
    /// Advances recouped.
    pub advance: String,
    /// Tax withheld, by territory.
    pub withheld: BTreeMap<String, String>,
    /// Held in reserve.
    pub held: String,
    /// Freed of the reserve.
    pub released: String,
    /// Taken out of the reserve for a correction.
    pub drawn: String,
    /// What is left.
    pub credited: String,
    /// What is due with this close.
    pub due: String,
    /// What waits for the end of the accounting period.
    pub pending: String,
    /// Costs that are not recouped yet.
    pub costs_open: String,
    /// Advances that are not recouped yet.
    pub advance_open: String,
    /// What is held in reserve now.
    pub reserve: String,
}

/// What is owed in one currency: `opening + due = exchanged + paid + closing`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementBalance {
    /// ISO 4217.
    pub currency: String,
    /// Before this close.
    pub opening: String,
    /// With this close.
    pub due: String,
    /// Exchanged into the payee's currency; below zero where it came in by exchange.
    pub exchanged: String,
    /// Paid out.
    pub paid: String,
    /// Carried to the next close.
    pub closing: String,
}

/// What is paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementPayout {
    /// ISO 4217.
    pub currency: String,
    /// In whole minor units.
    pub amount: String,
    /// Why nothing is paid; null where something is.
    #[schema(required)]
    pub reason: Option<String>,
    /// Balances that were exchanged.
    pub exchanged: Vec<StatementExchange>,
}

/// A balance that was exchanged.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementExchange {
    /// From which currency.
    pub from: String,
    /// How much.
    pub amount: String,
    /// At which rate, exactly.
    pub rate: String,
    /// What came out.
    pub result: String,
}

/// All that one cause changed of one earlier month, for this payee.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementAdjustment {
    /// The earlier month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Why.
    pub cause: String,
    /// What changed, as a sentence.
    pub detail: String,
    /// Plays added or taken away.
    pub plays: i64,
    /// Money added or taken back, by currency.
    pub amounts: BTreeMap<String, String>,
    /// How many lines.
    pub lines: u64,
}

/// Plays of a recording that are not paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnpaidPlays {
    /// The recording.
    pub track_id: String,
    /// Where they stand.
    pub standing: String,
    /// How many.
    pub plays: u64,
    /// Why, as a sentence.
    pub sentence: String,
}

/// A line of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementLine {
    /// Its number on the statement, from 1.
    pub number: u64,
    /// The month of the plays.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Why it is there, where it adjusts an earlier month; null where it is of the month itself.
    #[schema(required)]
    pub cause: Option<String>,
    /// The recording.
    pub track_id: String,
    /// `master`, `mechanical` or `performance`.
    pub right: String,
    /// The territory of the revenue; null is any.
    #[schema(required)]
    pub territory: Option<String>,
    /// The tier of the revenue; null is any.
    #[schema(required)]
    pub tier: Option<String>,
    /// The licence, as `contract/term`.
    pub licence: String,
    /// Whose share it is.
    pub holder: String,
    /// The agreements' terms that it passed.
    pub passed: Vec<String>,
    /// The contract whose account it goes to.
    pub account: String,
    /// Counted plays; in an adjustment, those added or taken away.
    pub plays: i64,
    /// ISO 4217.
    pub currency: String,
    /// How much.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// How it came about.
    pub sentence: String,
}

/// A page of statements, by payee.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementPage {
    /// What is on it.
    pub items: Vec<Statement>,
    /// The payee to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// A page of a statement's lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementLinePage {
    /// What is on it.
    pub items: Vec<StatementLine>,
    /// The line to ask for the next page with, as `from`; null on the last.
    #[schema(required)]
    pub next: Option<u64>,
}

impl From<core::Statement> for Statement {
    fn from(statement: core::Statement) -> Self {
        Self {
            period: statement.period.to_string(),
            payee: statement.payee,
            booked_at: Instant(statement.booked_at),
            accounts: statement.accounts.iter().map(StatementAccount::of).collect(),
            balances: statement.balances.iter().map(StatementBalance::of).collect(),
            payout: StatementPayout::of(&statement.payout),
            adjustments: statement.adjustments.iter().map(StatementAdjustment::of).collect(),
            unpaid: statement.unpaid.into_iter().map(UnpaidPlays::of).collect(),
            lines: statement.lines,
            lines_sha256: statement.lines_sha256,
            manifest_sha256: statement.manifest_sha256,
            ledger_head: statement.ledger_head,
        }
    }
}

impl StatementAccount {
    fn of(account: &core::AccountStatement) -> Self {
        let withheld = account.withheld.iter();
        Self {
            contract: account.contract.clone(),
            currency: account.currency.to_string(),
            earned: account.earned.to_string(),
            adjusted: account.adjusted.to_string(),
            topped_up: account.topped_up.to_string(),
            costs: account.costs.to_string(),
            advance: account.advance.to_string(),
            withheld: withheld.map(|(at, it)| (at.clone(), it.to_string())).collect(),
            held: account.held.to_string(),
            released: account.released.to_string(),
            drawn: account.drawn.to_string(),
            credited: account.credited.to_string(),
            due: account.due.to_string(),
            pending: account.pending.to_string(),
            costs_open: account.costs_open.to_string(),
            advance_open: account.advance_open.to_string(),
            reserve: account.reserve.to_string(),
        }
    }
}

impl StatementBalance {
    fn of(balance: &core::BalanceStatement) -> Self {
        Self {
            currency: balance.currency.to_string(),
            opening: balance.opening.to_string(),
            due: balance.due.to_string(),
            exchanged: balance.exchanged.to_string(),
            paid: balance.paid.to_string(),
            closing: balance.closing.to_string(),
        }
    }
}

impl StatementPayout {
    fn of(payout: &core::PayoutStatement) -> Self {
        let exchanged =
            payout.exchanged.iter().map(|(from, amount, rate, result)| StatementExchange {
                from: from.to_string(),
                amount: amount.to_string(),
                rate: rate.to_string(),
                result: result.to_string(),
            });
        Self {
            currency: payout.currency.to_string(),
            amount: payout.amount.to_string(),
            reason: payout.reason.clone(),
            exchanged: exchanged.collect(),
        }
    }
}

impl StatementAdjustment {
    fn of(adjustment: &core::AdjustmentSummary) -> Self {
        let amounts = adjustment.amounts.iter();
        Self {
            period: adjustment.period.to_string(),
            cause: adjustment.cause.word().to_owned(),
            detail: adjustment.detail.clone(),
            plays: adjustment.plays,
            amounts: amounts.map(|(of, it)| (of.to_string(), it.to_string())).collect(),
            lines: adjustment.lines,
        }
    }
}

impl UnpaidPlays {
    fn of(unpaid: core::UnpaidPlays) -> Self {
        Self {
            track_id: unpaid.track_id,
            standing: unpaid.standing.word().to_owned(),
            plays: unpaid.plays,
            sentence: unpaid.sentence,
        }
    }
}

impl From<core::StatementLine> for StatementLine {
    fn from(line: core::StatementLine) -> Self {
        Self {
            number: line.number,
            period: line.period.to_string(),
            cause: line.cause.map(|cause| cause.word().to_owned()),
            track_id: line.track_id,
            right: line.right.word().to_owned(),
            territory: line.territory,
            tier: line.tier,
            licence: line.licence,
            holder: line.holder,
            passed: line.passed,
            account: line.account,
            plays: line.plays,
            currency: line.currency.to_string(),
            amount: line.amount.to_string(),
            sentence: line.sentence,
        }
    }
}
