//! All that months' money follows from besides plays, at pinned revisions.

use ledgerline_catalog::Catalogue;
use ledgerline_ids::Period;
use ledgerline_money::ExchangeRates;
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::revenue::{FxRow, RevenueRow};
use ledgerline_royalty::terms::Contract;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::record::Revisions;
use crate::money::terms::Terms;
use crate::ports::{RevenueStore, RightsStore, StoreError};

/// Where it all comes from.
#[derive(Clone)]
pub struct Sources {
    /// Who holds what.
    pub rights: Arc<dyn RightsStore>,
    /// Revenue, rates of exchange, usage that others counted.
    pub revenue: Arc<dyn RevenueStore>,
    /// Contracts.
    pub contracts: Arc<Terms>,
}

/// What is known of all months together.
#[derive(Clone)]
pub struct Known {
    /// As of which revisions.
    pub revisions: Revisions,
    /// Contracts.
    pub contracts: Arc<Vec<Contract>>,
    /// Who holds what.
    pub catalogue: Arc<Catalogue>,
    /// Rates of exchange.
    pub rates: Arc<ExchangeRates>,
    /// What is known of each month.
    pub months: BTreeMap<Period, KnownMonth>,
}

/// What is known of one month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownMonth {
    /// What it earned.
    pub revenue: Vec<RevenueRow>,
    /// Usage that others counted.
    pub brought: MonthPlays,
}

impl Known {
    /// What is known of a month; `nothing` where nothing is.
    #[must_use]
    pub fn month_or<'k>(&'k self, period: Period, nothing: &'k KnownMonth) -> &'k KnownMonth {
        self.months.get(&period).unwrap_or(nothing)
    }
}

impl Sources {
    /// The newest revisions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self) -> Result<Revisions, StoreError> {
        Ok(Revisions {
            revenue: self.revenue.revenue_revision().await?,
            fx: self.revenue.fx_revision().await?,
            usage: self.revenue.usage_revision().await?,
            rights: self.rights.rights_revision().await?,
            contracts: self.contracts.revision().await?,
        })
    }

    /// What is known of `months` at `revisions`; what `like` has of the same revision already is
    /// shared with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known(
        &self,
        revisions: Revisions,
        months: &BTreeSet<Period>,
        like: Option<&Known>,
    ) -> Result<Known, StoreError> {
        let like_at =
            |of: fn(&Revisions) -> u64| like.filter(|like| of(&like.revisions) == of(&revisions));
        let contracts = match like_at(|it| it.contracts) {
            Some(like) => like.contracts.clone(),
            None => Arc::new(self.contracts.contracts_at(revisions.contracts).await?),
        };
        let catalogue = match like_at(|it| it.rights) {
            Some(like) => like.catalogue.clone(),
            None => Arc::new(self.rights.rights(revisions.rights).await?),
        };
        let rates = match like_at(|it| it.fx) {
            Some(like) => like.rates.clone(),
            None => {
                let rows = self.revenue.fx(revisions.fx).await?;
                Arc::new(rates(rows.into_iter().map(|stored| stored.row))?)
            }
        };
        let mut known = BTreeMap::new();
        for month in months {
            let same = |of: fn(&Revisions) -> u64| like_at(of).and_then(|it| it.months.get(month));
            let revenue = match same(|it| it.revenue) {
                Some(same) => same.revenue.clone(),
                None => {
                    let rows = self.revenue.revenue(Some(*month), revisions.revenue).await?;
                    rows.into_iter().map(|stored| stored.row.row).collect()
                }
            };
            let brought = match same(|it| it.usage) {
                Some(same) => same.brought.clone(),
                None if revisions.usage == 0 => MonthPlays::default(),
                None => {
                    let sources = self.revenue.usage(*month, revisions.usage).await?;
                    let months = sources.into_iter().map(|(_, plays)| plays);
                    months.fold(MonthPlays::default(), MonthPlays::plus)
                }
            };
            known.insert(*month, KnownMonth { revenue, brought });
        }
        Ok(Known { revisions, contracts, catalogue, rates, months: known })
    }
}

fn rates(rows: impl Iterator<Item = FxRow>) -> Result<ExchangeRates, StoreError> {
    let mut rates = ExchangeRates::default();
    for row in rows {
        let pair = (row.base, row.quote);
        let added = if row.inverse {
            rates.add_both_ways(pair, row.day, row.rate)
        } else {
            rates.add(pair, row.day, row.rate)
        };
        added.map_err(|error| StoreError {
            what: "reading rates of exchange",
            detail: format!("{} to {} on {}: {error}", row.base, row.quote, row.day),
        })?;
    }
    Ok(rates)
}
