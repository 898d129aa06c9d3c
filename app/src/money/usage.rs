//! Usage that another system counted, brought month by month.

use ledgerline_catalog::Tally;

use super::revenue::{Revenue, only_file};
use super::rights::Brought;
use crate::ports::{ImportedRows, PeriodUsage, StoreError};

impl Revenue {
    /// Imports the usage of `source` from one file: each month in it replaces all of that month
    /// that this source brought before. The same file again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_usage(
        &self,
        source: &str,
        months: &[PeriodUsage],
        brought: Brought<'_>,
    ) -> Result<ImportedRows, StoreError> {
        if !brought.dry_run {
            let file = only_file(brought);
            return self.store().import_usage(source, months, file, brought.at).await;
        }
        let mut tally = Tally::default();
        for month in months {
            let known = self.store().usage(month.period, u64::MAX).await?;
            match known.into_iter().find(|(known, _)| known == source) {
                Some((_, entries)) if entries == month.entries => tally.unchanged += 1,
                Some(_) => tally.changed += 1,
                None => tally.added += 1,
            }
        }
        Ok(ImportedRows { revision: self.store().usage_revision().await?, tally })
    }
}
