//! Rates of exchange: dated, with who published them.

use ledgerline_royalty::revenue::FxRow;

use super::revenue::{Revenue, RowChange, only_file, row_changes, would_change};
use super::rights::Brought;
use crate::ports::{ImportedRows, StoreError, Stored};

impl Revenue {
    /// Imports rates of exchange from one file; the same file again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_fx(
        &self,
        rows: &[FxRow],
        brought: Brought<'_>,
    ) -> Result<ImportedRows, StoreError> {
        if brought.dry_run {
            let known = self.list_fx().await?;
            let revision = self.store().fx_revision().await?;
            let tally = would_change(rows, known, FxRow::key);
            return Ok(ImportedRows { revision, tally });
        }
        self.store().import_fx(rows, only_file(brought), brought.at).await
    }

    /// What an import would do with each of its rates, in their order. Nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn preview_fx(&self, rows: &[FxRow]) -> Result<Vec<RowChange<FxRow>>, StoreError> {
        Ok(row_changes(rows, self.list_fx().await?, FxRow::key))
    }

    /// The rates as known now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_fx(&self) -> Result<Vec<Stored<FxRow>>, StoreError> {
        self.store().fx(u64::MAX).await
    }
}
