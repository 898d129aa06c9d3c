//! Advances and costs: brought, and listed.

use ledgerline_app::money::advances as app;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of advances and costs, the newest booked first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancePage {
    /// What was booked.
    pub items: Vec<Advance>,
    /// How many there are in all that were asked for.
    pub total: u64,
    /// What they come to, by currency: all that were asked for, not this page alone.
    pub sums: Vec<AdvanceSum>,
    /// What to ask for the next page with, as `from`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// An advance or a cost, as the ledger has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// The number of its entry in the ledger.
    pub entry: u64,
    /// What tells it from the contract's others.
    pub name: String,
    /// Under which contract it is recouped.
    pub contract: String,
    /// From whose earnings.
    pub payee: String,
    /// `advance` or `cost`.
    #[schema(pattern = "^(advance|cost)$")]
    pub kind: &'static str,
    /// How much, with six digits behind the point.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// When it was paid.
    #[schema(format = Date)]
    pub on: String,
    /// A person's remark.
    pub note: String,
}

/// What advances and costs come to in a currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceSum {
    /// ISO 4217.
    pub currency: String,
    /// How much, with six digits behind the point.
    pub amount: String,
}

/// Advances and costs to book: all of them or none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceImport {
    /// Where they come from, to be found again by.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// The rows.
    #[schema(min_items = 1, max_items = 20000)]
    pub advances: Vec<AdvanceImportRow>,
    /// Whether only to say what would be booked.
    #[serde(default)]
    pub dry_run: bool,
}

/// An advance or a cost to book, as its sheet has it. What is needed and isn't there is named with its
/// row.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdvanceImportRow {
    /// Under which contract it is recouped; needed.
    pub contract: String,
    /// From whose earnings; needed.
    pub payee: String,
    /// `advance`, paid to the payee, or `cost`, paid to others for it; needed.
    pub kind: String,
    /// How much, such as `5000.00`; needed.
    pub amount: String,
    /// ISO 4217; needed.
    pub currency: String,
    /// The day on which it was paid; needed.
    pub on: String,
    /// What tells it from the contract's others, such as `signing`; needed.
    pub name: String,
    /// A person's remark.
    pub note: String,
}

/// What was booked, or would be.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancesImported {
    /// How many are new.
    pub added: u64,
    /// How many were there already, just so.
    pub unchanged: u64,
    /// Whether nothing was booked, because only a look was asked for.
    pub dry_run: bool,
    /// What became, or would become, of each row, in their order.
    pub rows: Vec<AdvanceRowChange>,
}

/// What became of a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceRowChange {
    /// Its number, from 1.
    pub row: u64,
    /// `added` or `unchanged`.
    #[schema(pattern = "^(added|unchanged)$")]
    pub change: &'static str,
    /// The amount as it was read, with six digits behind the point.
    pub amount: String,
}

impl AdvancesImported {
    /// What booking `rows` did, or would do.
    pub(crate) fn of(rows: &[app::AheadRow], booked: &app::BookedAhead, dry_run: bool) -> Self {
        let change = |(number, row): (usize, &app::AheadRow)| AdvanceRowChange {
            row: number as u64 + 1,
            change: match booked.unchanged.binary_search(&number) {
                Ok(_) => "unchanged",
                Err(_) => "added",
            },
            amount: row.amount.to_string(),
        };
        Self {
            added: booked.added as u64,
            unchanged: booked.unchanged.len() as u64,
            dry_run,
            rows: rows.iter().enumerate().map(change).collect(),
        }
    }
}

impl From<&app::ListedAhead> for Advance {
    fn from(listed: &app::ListedAhead) -> Self {
        // `ahead/CONTRACT/NAME`, of which the contract may have slashes.
        let name = listed.key.as_str().rsplit_once('/').map_or("", |(_, name)| name);
        Self {
            entry: listed.seq,
            name: name.to_owned(),
            contract: listed.account.contract.to_string(),
            payee: listed.account.payee.to_string(),
            kind: listed.kind.word(),
            amount: listed.amount.to_string(),
            currency: listed.account.currency.code().to_owned(),
            on: listed.on.to_string(),
            note: listed.note.clone(),
        }
    }
}
