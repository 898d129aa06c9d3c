//! Rates of exchange: dated, with who published them.

use ledgerline_app::money::revenue::RowChange;
use ledgerline_app::ports::{ImportedRows, Stored};
use ledgerline_royalty::revenue::FxRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ImportedFile, Instant};

/// A page of rates as known now, the newest day first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatePage {
    /// The rates, by day from the newest, then currencies.
    pub items: Vec<Rate>,
    /// How many there are in all that were asked for.
    pub total: u64,
    /// The newest revision of all rates; 0 where none was imported.
    pub revision: u64,
    /// Which currencies are exchanged, and from when to when rates are known: of all, whatever was
    /// asked for.
    pub pairs: Vec<RatePair>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// What one unit of a currency was worth in another on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// What is exchanged, ISO 4217.
    pub base: String,
    /// Into what.
    pub quote: String,
    /// The day.
    #[schema(format = Date)]
    pub day: String,
    /// How many `quote` one `base` is, exactly: `1.0842` or `1/3`.
    pub rate: String,
    /// Whether it is used the other way round too.
    pub inverse: bool,
    /// Who published it.
    pub source: String,
    /// The revision that brought it.
    pub revision: u64,
    /// When it was imported.
    pub imported_at: Instant,
    /// From which file.
    pub file: ImportedFile,
}

/// Two currencies between which rates are known.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatePair {
    /// What is exchanged, ISO 4217.
    pub base: String,
    /// Into what.
    pub quote: String,
    /// How many days have a rate.
    pub rates: u64,
    /// The first of these days.
    #[schema(format = Date)]
    pub first: String,
    /// The last.
    #[schema(format = Date)]
    pub last: String,
}

/// Rates to import: all of them or none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateImport {
    /// Where they come from, to be found again by.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// The rows.
    #[schema(min_items = 1, max_items = 20000)]
    pub rates: Vec<RateImportRow>,
    /// Whether only to say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

/// A rate to import, as its sheet has it. What is needed and isn't there is named with its row.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateImportRow {
    /// What is exchanged, ISO 4217; needed.
    pub base: String,
    /// Into what; needed.
    pub quote: String,
    /// The day; needed.
    pub day: String,
    /// How many `quote` one `base` is: `1.0842` or `1/3`; needed.
    pub rate: String,
    /// `yes` where it may be used the other way round too.
    pub inverse: String,
    /// Who published it.
    pub source: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesImported {
    /// The newest revision of all rates after it.
    pub revision: u64,
    /// Rates that were not known before.
    pub added: u64,
    /// Rates that were known otherwise.
    pub changed: u64,
    /// Rates that were known just so.
    pub unchanged: u64,
    /// Whether nothing was changed, because only a look was asked for.
    pub dry_run: bool,
    /// Of a dry run, what would become of each row, in their order; else empty.
    pub rows: Vec<RateRowChange>,
}

/// What an import would do with one of its rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateRowChange {
    /// Its number, from 1.
    pub row: u64,
    /// `added`, `changed` or `unchanged`.
    #[schema(pattern = "^(added|changed|unchanged)$")]
    pub change: &'static str,
    /// The rate as it was read.
    pub rate: String,
    /// As it was known before; null where it wasn't, or was known just so.
    #[schema(required)]
    pub before: Option<Rate>,
}

impl RatesImported {
    /// With what would become of each of `rows`.
    pub(crate) fn previewed(mut self, rows: &[FxRow], changes: &[RowChange<FxRow>]) -> Self {
        let told = (1..).zip(rows.iter().zip(changes)).map(|(number, (row, change))| {
            let (change, before) = match change {
                RowChange::Added => ("added", None),
                RowChange::Changed(before) => ("changed", Some(Rate::from(&**before))),
                RowChange::Unchanged => ("unchanged", None),
            };
            RateRowChange { row: number, change, rate: row.rate.to_string(), before }
        });
        self.rows = told.collect();
        self.dry_run = true;
        self
    }
}

impl From<ImportedRows> for RatesImported {
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

impl From<&Stored<FxRow>> for Rate {
    fn from(stored: &Stored<FxRow>) -> Self {
        let row = &stored.row;
        Self {
            base: row.base.code().to_owned(),
            quote: row.quote.code().to_owned(),
            day: row.day.to_string(),
            rate: row.rate.to_string(),
            inverse: row.inverse,
            source: row.source.to_string(),
            revision: stored.revision,
            imported_at: Instant(stored.at),
            file: (&stored.file).into(),
        }
    }
}
