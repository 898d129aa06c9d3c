//! Usage that another system counted, brought month by month.

use ledgerline_catalog::Tally;
use ledgerline_royalty::month_plays::{MonthPlays, PartKey, PartRow, Standing};
use ledgerline_royalty::usage::{Usage, UsageEntry};
use std::collections::HashMap;

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
                Some((_, plays)) if plays == month.plays => tally.unchanged += 1,
                Some(_) => tally.changed += 1,
                None => tally.added += 1,
            }
        }
        Ok(ImportedRows { revision: self.store().usage_revision().await?, tally })
    }
}

/// A month's usage on its way from rows to [`MonthPlays`]: a row takes 40 bytes, a name is kept once.
#[derive(Debug, Default)]
pub struct Gathered {
    names: [Vec<Box<str>>; 4],
    numbers: [HashMap<Box<str>, u32>; 4],
    rows: Vec<PartRow>,
}

/// More plans than these in a month can't be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is one plan too many: at most {} are told apart in a month", Gathered::TIERS_MAX)]
pub struct TooManyTiers;

impl Gathered {
    /// The most plans of a month.
    pub const TIERS_MAX: usize = Usage::UNKNOWN as usize;

    /// Adds a row.
    ///
    /// # Errors
    /// [`TooManyTiers`].
    pub fn add(&mut self, entry: &UsageEntry) -> Result<(), TooManyTiers> {
        let key = PartKey {
            track: self.number(0, Some(&entry.track_id)),
            territory: self.number(1, entry.territory.as_deref()),
            tier: self.number(2, entry.tier.as_deref()),
            usage_use: entry.usage_use,
            band: 0,
            standing: Standing::Counted,
            why: 0,
        };
        if self.names[2].len() > Self::TIERS_MAX {
            return Err(TooManyTiers);
        }
        let listener = self.number(3, entry.listener.as_deref());
        let plays = i64::try_from(entry.plays).unwrap_or(i64::MAX);
        self.rows.push(PartRow { listener, started_ms: 0, key, plays });
        Ok(())
    }

    fn number(&mut self, kind: usize, name: Option<&str>) -> u32 {
        let Some(name) = name else { return MonthPlays::NOBODY };
        if let Some(number) = self.numbers[kind].get(name) {
            return *number;
        }
        let fresh =
            u32::try_from(self.names[kind].len()).expect("fewer than 2^32 names fit memory");
        self.names[kind].push(name.into());
        self.numbers[kind].insert(name.into(), fresh);
        fresh
    }

    /// Pairs of rows about the same recording, country, plan, use and listener: the one that was
    /// added first, and the other; by number from 0 in the order of adding, sorted by the other.
    #[must_use]
    pub fn repeated(&self) -> Vec<(u32, u32)> {
        let count = u32::try_from(self.rows.len()).expect("fewer than 2^32 rows fit memory");
        let mut order: Vec<u32> = (0..count).collect();
        let key = |row: u32| {
            let row = &self.rows[row as usize];
            (row.listener, row.key)
        };
        order.sort_unstable_by_key(|row| (key(*row), *row));
        let pairs = order.windows(2).filter(|pair| key(pair[0]) == key(pair[1]));
        let mut pairs: Vec<_> = pairs.map(|pair| (pair[0], pair[1])).collect();
        pairs.sort_unstable_by_key(|pair| pair.1);
        pairs
    }

    /// All of it.
    #[must_use]
    pub fn finish(self) -> MonthPlays {
        MonthPlays::of(&self.names, self.rows)
    }
}
