//! What months earned: imports that may be repeated, and what is known.

use ledgerline_catalog::Tally;
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::revenue::PeriodRevenue;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::rights::Brought;
use crate::ports::{ImportedRows, RevenueStore, SourceFile, StoreError, Stored};

/// The revenue, rates of exchange and brought usage of a deployment.
pub struct Revenue {
    store: Arc<dyn RevenueStore>,
}

impl fmt::Debug for Revenue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revenue").finish_non_exhaustive()
    }
}

/// What a month earned in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetOfPeriod {
    /// The month.
    pub period: Period,
    /// The currency.
    pub currency: Currency,
    /// How many rows.
    pub rows: u64,
    /// Their net, added up; `None` beyond what an amount can hold.
    pub net: Option<Micros>,
}

/// What an import would do with one of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange<T> {
    /// It was not known before.
    Added,
    /// It was known otherwise: so.
    Changed(Box<Stored<T>>),
    /// It was known just so.
    Unchanged,
}

impl Revenue {
    /// Over its store.
    #[must_use]
    pub fn new(store: Arc<dyn RevenueStore>) -> Self {
        Self { store }
    }

    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn RevenueStore> {
        &self.store
    }

    /// Imports revenue from one file; the same file again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import(
        &self,
        rows: &[PeriodRevenue],
        brought: Brought<'_>,
    ) -> Result<ImportedRows, StoreError> {
        if brought.dry_run {
            let known = self.list(None).await?;
            let revision = self.store.revenue_revision().await?;
            let tally = would_change(rows, known, PeriodRevenue::key);
            return Ok(ImportedRows { revision, tally });
        }
        self.store.import_revenue(rows, only_file(brought), brought.at).await
    }

    /// What an import would do with each of its rows, in their order. Nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn preview(
        &self,
        rows: &[PeriodRevenue],
    ) -> Result<Vec<RowChange<PeriodRevenue>>, StoreError> {
        Ok(row_changes(rows, self.list(None).await?, PeriodRevenue::key))
    }

    /// The revenue as known now, of a month or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        period: Option<Period>,
    ) -> Result<Vec<Stored<PeriodRevenue>>, StoreError> {
        self.store.revenue(period, u64::MAX).await
    }
}

/// The one file that rows are brought by.
pub(super) fn only_file<'a>(brought: Brought<'a>) -> &'a SourceFile {
    brought.files.first().expect("rows are brought by one file")
}

/// What importing `rows` would add and change of what is `known`.
pub(super) fn would_change<T: PartialEq, K: Ord>(
    rows: &[T],
    known: Vec<Stored<T>>,
    key: impl Fn(&T) -> K,
) -> Tally {
    let known: BTreeMap<K, T> =
        known.into_iter().map(|stored| (key(&stored.row), stored.row)).collect();
    let latest: BTreeMap<K, &T> = rows.iter().map(|row| (key(row), row)).collect();
    let mut tally = Tally::default();
    for (key, row) in latest {
        match known.get(&key) {
            Some(before) if before == row => tally.unchanged += 1,
            Some(_) => tally.changed += 1,
            None => tally.added += 1,
        }
    }
    tally
}

/// What importing `rows` would do with each of them, in their order.
pub(super) fn row_changes<T: PartialEq + Clone, K: Ord>(
    rows: &[T],
    known: Vec<Stored<T>>,
    key: impl Fn(&T) -> K,
) -> Vec<RowChange<T>> {
    let known: BTreeMap<K, Stored<T>> =
        known.into_iter().map(|stored| (key(&stored.row), stored)).collect();
    let change = |row: &T| match known.get(&key(row)) {
        None => RowChange::Added,
        Some(before) if before.row == *row => RowChange::Unchanged,
        Some(before) => RowChange::Changed(Box::new(before.clone())),
    };
    rows.iter().map(change).collect()
}

/// What each month of `rows` earned, by currency.
#[must_use]
pub fn net_by_period(rows: &[Stored<PeriodRevenue>]) -> Vec<NetOfPeriod> {
    let mut sums = BTreeMap::<(Period, Currency), (u64, Option<Micros>)>::new();
    for PeriodRevenue { period, row } in rows.iter().map(|stored| &stored.row) {
        let sum = sums.entry((*period, row.currency)).or_insert((0, Some(Micros::ZERO)));
        sum.0 += 1;
        sum.1 = sum.1.zip(row.net()).and_then(|(sum, net)| sum.plus(net).ok());
    }
    let told = sums.into_iter().map(|((period, currency), (rows, net))| NetOfPeriod {
        period,
        currency,
        rows,
        net,
    });
    told.collect()
}
