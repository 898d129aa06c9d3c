//! What months earned.

use ledgerline_app::money::revenue::{NetOfPeriod, RowChange, net_by_period};
use ledgerline_app::ports::{ImportedRows, SourceFile, Stored};
use ledgerline_royalty::revenue::PeriodRevenue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Instant;

/// Revenue as known now, and what each month earned.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueList {
    /// The rows, by period, territory, tier, listener, plan and correction.
    pub rows: Vec<RevenueRow>,
    /// The net of each month, by currency.
    pub sums: Vec<RevenueSum>,
}

/// What a month earned with a territory, tier and plan.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueRow {
    /// The month, such as `2026-10`.
    pub period: String,
    /// The country; null is any that has no row of its own.
    #[schema(required)]
    pub territory: Option<String>,
    /// The listeners' plan; null is any that has no row of its own.
    #[schema(required)]
    pub tier: Option<String>,
    /// The listener whose fee it is; null is an aggregate.
    #[schema(required)]
    pub listener: Option<String>,
    /// `individual`, `family`, `student` or `trial`.
    pub plan: String,
    /// How many paid.
    pub subscribers: u64,
    /// ISO 4217.
    pub currency: String,
    /// What listeners paid, with six digits behind the point.
    pub gross: String,
    /// Sales tax in it.
    pub tax: String,
    /// What a store kept.
    pub store_fee: String,
    /// What was given back.
    pub refunds: String,
    /// Gross less the others.
    #[schema(required)]
    pub net: Option<String>,
    /// What it corrects, where it does.
    #[schema(required)]
    pub correction: Option<String>,
    /// The revision that brought it.
    pub revision: u64,
    /// When it was imported.
    pub imported_at: Instant,
    /// From which file.
    pub file: ImportedFile,
}

/// A file that something was imported from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedFile {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes, as hex.
    pub sha256: String,
}

/// What a month earned in a currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueSum {
    /// The month.
    pub period: String,
    /// ISO 4217.
    pub currency: String,
    /// How many rows.
    pub rows: u64,
    /// Their net; null beyond what an amount can hold.
    #[schema(required)]
    pub net: Option<String>,
}

/// Revenue to import: each row with the columns of the sheet, amounts as texts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueImport {
    /// Where it comes from, to be found again by.
    pub name: String,
    /// The rows.
    pub revenue: Vec<RevenueImportRow>,
    /// Whether only to say what it would change.
    #[serde(default)]
    #[schema(nullable = false)]
    pub dry_run: Option<bool>,
}

/// A row of revenue to import.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueImportRow {
    /// The month, such as `2026-10`.
    pub period: String,
    /// The country; `*` or nothing is any.
    pub territory: Option<String>,
    /// The listeners' plan; `*` or nothing is any.
    pub tier: Option<String>,
    /// The listener whose fee it is.
    pub listener: Option<String>,
    /// `individual`, `family`, `student` or `trial`; individual where it isn't said.
    pub plan: Option<String>,
    /// How many paid.
    pub subscribers: Option<u64>,
    /// ISO 4217.
    pub currency: String,
    /// What listeners paid, such as `1234.56`.
    pub gross: String,
    /// Sales tax in it.
    pub tax: Option<String>,
    /// What a store kept.
    pub store_fee: Option<String>,
    /// What was given back.
    pub refunds: Option<String>,
    /// What it corrects, where it does; only then the net may be below nothing.
    pub correction: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueImported {
    /// The newest revision after it.
    pub revision: u64,
    /// Rows that were not known before.
    pub added: u64,
    /// Rows that were known otherwise.
    pub changed: u64,
    /// Rows that were known just so.
    pub unchanged: u64,
    /// Whether nothing was changed, because only a look was asked for.
    pub dry_run: bool,
    /// Of a dry run, what would become of each row, in their order; else empty.
    pub rows: Vec<RevenueRowChange>,
}

/// What an import would do with one of its rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevenueRowChange {
    /// Its number, from 1.
    pub row: u64,
    /// `added`, `changed` or `unchanged`.
    #[schema(pattern = "^(added|changed|unchanged)$")]
    pub change: &'static str,
    /// As it was read, with its net; null beyond what an amount can hold.
    #[schema(required)]
    pub net: Option<String>,
    /// As it was known before; null where it wasn't, or was known just so.
    #[schema(required)]
    pub before: Option<RevenueRow>,
}

impl RevenueImported {
    /// With what would become of each of `rows`.
    #[must_use]
    pub fn previewed(
        mut self,
        rows: &[PeriodRevenue],
        changes: &[RowChange<PeriodRevenue>],
    ) -> Self {
        let told = (1..).zip(rows.iter().zip(changes)).map(|(number, (row, change))| {
            let (change, before) = match change {
                RowChange::Added => ("added", None),
                RowChange::Changed(before) => ("changed", Some(RevenueRow::from(&**before))),
                RowChange::Unchanged => ("unchanged", None),
            };
            let net = row.row.net().map(|net| net.to_string());
            RevenueRowChange { row: number, change, net, before }
        });
        self.rows = told.collect();
        self.dry_run = true;
        self
    }
}

impl From<ImportedRows> for RevenueImported {
    fn from(imported: ImportedRows) -> Self {
        let ImportedRows { revision, tally } = imported;
        Self {
            revision,
            added: tally.added,
            changed: tally.changed,
            unchanged: tally.unchanged,
            dry_run: false,
            rows: Vec::new(),
        }
    }
}

impl From<&SourceFile> for ImportedFile {
    fn from(file: &SourceFile) -> Self {
        Self { name: file.name.clone(), sha256: file.sha256_hex() }
    }
}

impl From<Vec<Stored<PeriodRevenue>>> for RevenueList {
    fn from(rows: Vec<Stored<PeriodRevenue>>) -> Self {
        let sums = net_by_period(&rows).into_iter().map(RevenueSum::from).collect();
        Self { rows: rows.iter().map(RevenueRow::from).collect(), sums }
    }
}

impl From<NetOfPeriod> for RevenueSum {
    fn from(sum: NetOfPeriod) -> Self {
        Self {
            period: sum.period.to_string(),
            currency: sum.currency.to_string(),
            rows: sum.rows,
            net: sum.net.map(|net| net.to_string()),
        }
    }
}

impl From<&Stored<PeriodRevenue>> for RevenueRow {
    fn from(stored: &Stored<PeriodRevenue>) -> Self {
        let (period, row) = (stored.row.period, &stored.row.row);
        let text = |name: &Option<Box<str>>| name.as_deref().map(str::to_owned);
        Self {
            period: period.to_string(),
            territory: text(&row.territory),
            tier: text(&row.tier),
            listener: text(&row.listener),
            plan: row.plan.word().to_owned(),
            subscribers: row.subscribers,
            currency: row.currency.to_string(),
            gross: row.gross.to_string(),
            tax: row.tax.to_string(),
            store_fee: row.store_fee.to_string(),
            refunds: row.refunds.to_string(),
            net: row.net().map(|net| net.to_string()),
            correction: text(&row.correction),
            revision: stored.revision,
            imported_at: Instant(stored.at),
            file: (&stored.file).into(),
        }
    }
}
