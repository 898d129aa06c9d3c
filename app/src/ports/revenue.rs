//! What months earned, rates of exchange, and usage that others counted; each revisioned.

use async_trait::async_trait;
use ledgerline_catalog::Tally;
use ledgerline_ids::{Period, UnixMs};
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue};

use super::{SourceFile, StoreError};

/// What an import of rows did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportedRows {
    /// The newest revision after it; raised by one where anything changed.
    pub revision: u64,
    /// How many rows were new, other than before, and as before.
    pub tally: Tally,
}

/// A row, with the import that it stands from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The row.
    pub row: T,
    /// The revision that brought it.
    pub revision: u64,
    /// When it was imported.
    pub at: UnixMs,
    /// From which file.
    pub file: SourceFile,
}

/// Usage that another system counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodUsage {
    /// The month.
    pub period: Period,
    /// All of it; every play counted.
    pub plays: MonthPlays,
}

/// Where revenue, rates of exchange and brought usage are kept. Each of the three has revisions
/// of its own, from 1; a row that is replaced stays readable at the revisions before.
#[async_trait]
pub trait RevenueStore: Send + Sync + 'static {
    /// The newest revision of revenue; 0 where none was imported.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revenue_revision(&self) -> Result<u64, StoreError>;

    /// Adds or replaces rows in one transaction; the last one of a key holds.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn import_revenue(
        &self,
        rows: &[PeriodRevenue],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError>;

    /// The revenue of a month as known at `revision`, sorted; all months where none is named.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revenue(
        &self,
        period: Option<Period>,
        revision: u64,
    ) -> Result<Vec<Stored<PeriodRevenue>>, StoreError>;

    /// The newest revision of the rates of exchange; 0 where none was imported.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn fx_revision(&self) -> Result<u64, StoreError>;

    /// Adds or replaces rates in one transaction; the last one of a pair and day holds.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn import_fx(
        &self,
        rows: &[FxRow],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError>;

    /// All rates as known at `revision`, sorted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn fx(&self, revision: u64) -> Result<Vec<Stored<FxRow>>, StoreError>;

    /// The newest revision of brought usage; 0 where none was imported.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn usage_revision(&self) -> Result<u64, StoreError>;

    /// Replaces all usage of `source` in each of these months, in one transaction. A month that
    /// is there just so already is left alone; the tally counts months.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn import_usage(
        &self,
        source: &str,
        months: &[PeriodUsage],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError>;

    /// The usage of a month as known at `revision`, by source.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn usage(
        &self,
        period: Period,
        revision: u64,
    ) -> Result<Vec<(String, MonthPlays)>, StoreError>;
}
