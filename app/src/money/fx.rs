//! Rates of exchange: dated, with who published them.

use ledgerline_royalty::revenue::FxRow;

use super::revenue::{Revenue, only_file, would_change};
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
            let tally = would_change(rows, known, |row| (row.base, row.quote, row.day));
            return Ok(ImportedRows { revision, tally });
        }
        self.store().import_fx(rows, only_file(brought), brought.at).await
    }

    /// The rates as known now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_fx(&self) -> Result<Vec<Stored<FxRow>>, StoreError> {
        self.store().fx(u64::MAX).await
    }
}
