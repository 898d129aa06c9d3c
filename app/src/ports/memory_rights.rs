//! The catalogue of rights, revenue, rates and usage in memory, for tests.

use async_trait::async_trait;
use ledgerline_catalog::{Catalogue, Tally, with_changes};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::{
    ChangeError, ImportedRows, PeriodUsage, RevenueStore, Revision, RightsChange, RightsStore,
    SourceFile, StoreError, Stored,
};

/// Rights in memory: every revision, whole. The tracks of a change are not kept.
#[derive(Debug, Default)]
pub struct MemoryRights {
    revisions: Mutex<Vec<(Revision, Catalogue)>>,
}

impl MemoryRights {
    fn revisions(&self) -> MutexGuard<'_, Vec<(Revision, Catalogue)>> {
        self.revisions.lock().expect("no holder panics")
    }
}

#[async_trait]
impl RightsStore for MemoryRights {
    async fn rights_revision(&self) -> Result<u64, StoreError> {
        Ok(self.revisions().len() as u64)
    }

    async fn rights(&self, revision: u64) -> Result<Catalogue, StoreError> {
        let revisions = self.revisions();
        let count = usize::try_from(revision).unwrap_or(usize::MAX).min(revisions.len());
        Ok(count.checked_sub(1).map_or_else(Catalogue::default, |last| revisions[last].1.clone()))
    }

    async fn change_rights(&self, change: RightsChange<'_>) -> Result<u64, ChangeError> {
        let mut revisions = self.revisions();
        let now = revisions.len() as u64;
        if now != change.known {
            return Err(ChangeError::Moved { known: change.known, now });
        }
        let known = revisions.last().map(|last| last.1.clone()).unwrap_or_default();
        let made = with_changes(&known, change.changes, now + 1);
        let made = made.map_err(|error| StoreError {
            what: "storing a change of rights",
            detail: error.to_string(),
        })?;
        let files = change.files.to_vec();
        revisions.push((Revision { revision: now + 1, at: change.at, files }, made));
        Ok(now + 1)
    }

    async fn rights_revisions(&self, limit: u32) -> Result<Vec<Revision>, StoreError> {
        let revisions = self.revisions();
        let newest = revisions.iter().rev().take(limit as usize);
        Ok(newest.map(|(revision, _)| revision.clone()).collect())
    }
}

/// Rows of one kind, each with the revision that brought it, at every revision.
#[derive(Debug)]
struct Rows<K, T> {
    /// At revision 1, 2, …
    revisions: Vec<BTreeMap<K, Stored<T>>>,
}

impl<K, T> Default for Rows<K, T> {
    fn default() -> Self {
        Self { revisions: Vec::new() }
    }
}

impl<K: Ord + Clone, T: PartialEq + Clone> Rows<K, T> {
    fn newest(&self) -> u64 {
        self.revisions.len() as u64
    }

    fn at(&self, revision: u64) -> Vec<Stored<T>> {
        let count = usize::try_from(revision).unwrap_or(usize::MAX).min(self.revisions.len());
        let rows = count.checked_sub(1).map(|last| &self.revisions[last]);
        rows.into_iter().flat_map(|rows| rows.values().cloned()).collect()
    }

    fn import(
        &mut self,
        rows: impl IntoIterator<Item = (K, T)>,
        (file, at): (&SourceFile, UnixMs),
    ) -> ImportedRows {
        let latest: BTreeMap<K, T> = rows.into_iter().collect();
        let mut known = self.revisions.last().cloned().unwrap_or_default();
        let (revision, mut tally) = (self.newest() + 1, Tally::default());
        for (key, row) in latest {
            match known.get(&key) {
                Some(before) if before.row == row => {
                    tally.unchanged += 1;
                    continue;
                }
                Some(_) => tally.changed += 1,
                None => tally.added += 1,
            }
            known.insert(key, Stored { row, revision, at, file: file.clone() });
        }
        if tally.added + tally.changed > 0 {
            self.revisions.push(known);
        }
        ImportedRows { revision: self.newest(), tally }
    }
}

/// Everything that a row of revenue is told apart by, in the order of its columns.
type RevenueKey = (Period, [String; 3], &'static str, String);

/// Revenue, rates and usage in memory.
#[derive(Debug, Default)]
pub struct MemoryRevenue {
    revenue: Mutex<Rows<RevenueKey, PeriodRevenue>>,
    fx: Mutex<Rows<(String, String, u32), FxRow>>,
    usage: Mutex<Rows<(String, Period), PeriodUsage>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

fn revenue_key(row: &PeriodRevenue) -> RevenueKey {
    let text = |name: &Option<Box<str>>| name.as_deref().unwrap_or_default().to_owned();
    let it = &row.row;
    let names = [text(&it.territory), text(&it.tier), text(&it.listener)];
    (row.period, names, it.plan.word(), text(&it.correction))
}

#[async_trait]
impl RevenueStore for MemoryRevenue {
    async fn revenue_revision(&self) -> Result<u64, StoreError> {
        Ok(held(&self.revenue).newest())
    }

    async fn import_revenue(
        &self,
        rows: &[PeriodRevenue],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let rows = rows.iter().map(|row| (revenue_key(row), row.clone()));
        Ok(held(&self.revenue).import(rows, (file, at)))
    }

    async fn revenue(
        &self,
        period: Option<Period>,
        revision: u64,
    ) -> Result<Vec<Stored<PeriodRevenue>>, StoreError> {
        let mut rows = held(&self.revenue).at(revision);
        rows.retain(|stored| period.is_none_or(|period| stored.row.period == period));
        Ok(rows)
    }

    async fn fx_revision(&self) -> Result<u64, StoreError> {
        Ok(held(&self.fx).newest())
    }

    async fn import_fx(
        &self,
        rows: &[FxRow],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let key = |row: &FxRow| (row.base.to_string(), row.quote.to_string(), row.day.0);
        let rows = rows.iter().map(|row| (key(row), row.clone()));
        Ok(held(&self.fx).import(rows, (file, at)))
    }

    async fn fx(&self, revision: u64) -> Result<Vec<Stored<FxRow>>, StoreError> {
        Ok(held(&self.fx).at(revision))
    }

    async fn usage_revision(&self) -> Result<u64, StoreError> {
        Ok(held(&self.usage).newest())
    }

    async fn import_usage(
        &self,
        source: &str,
        months: &[PeriodUsage],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let months = months.iter().map(|month| ((source.to_owned(), month.period), month.clone()));
        Ok(held(&self.usage).import(months, (file, at)))
    }

    async fn usage(
        &self,
        period: Period,
        revision: u64,
    ) -> Result<Vec<(String, MonthPlays)>, StoreError> {
        let usage = held(&self.usage);
        let count = usize::try_from(revision).unwrap_or(usize::MAX).min(usage.revisions.len());
        let Some(last) = count.checked_sub(1) else { return Ok(Vec::new()) };
        let months = usage.revisions[last].iter().filter(|(key, _)| key.1 == period);
        let told = months.map(|((source, _), month)| (source.clone(), month.row.plays.clone()));
        Ok(told.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::{revenue, rights};

    #[tokio::test]
    async fn memory_conforms() {
        rights::every_case(async || MemoryRights::default()).await;
        revenue::every_case(async || MemoryRevenue::default()).await;
    }
}
