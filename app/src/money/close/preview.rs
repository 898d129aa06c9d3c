//! What a month would be worth by other contracts, beside what it is worth by those that are known.
//!
//! Both are computed from all that is known now. Where a month is closed, the first is what was paid
//! for it together with the adjustments that are still to come.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros, MoneyError};
use ledgerline_royalty::adjust::Facts;
use ledgerline_royalty::month::Month;
use ledgerline_royalty::terms::Contract;
use ledgerline_royalty::usage_fold::UsageNeeds;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::CloseError;
use super::known::{Known, KnownMonth};
use super::plays::{Logs, Plays};
use super::stored::StoredCloses;
use crate::Deployment;
use crate::money::terms::{ContractFile, TermsError};
use crate::money::usage_fold::Cut;
use crate::ports::drive::apart;

/// What one payee's lines of the month come to, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewedPayee {
    /// Who.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// By the contracts that are known.
    pub now: Micros,
    /// By these with the files.
    pub then: Micros,
    /// The difference.
    pub change: Micros,
}

/// A month by two sets of contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsPreview {
    /// Everyone who has a line by either, by id, then currency.
    pub payees: Vec<PreviewedPayee>,
    /// What keeps the month from being paid by the contracts that are known.
    pub missing_now: Vec<String>,
    /// The same, by these with the files.
    pub missing_then: Vec<String>,
}

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Files are wrong.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The month can't be read.
    #[error(transparent)]
    Close(#[from] CloseError),
}

impl Deployment {
    /// What a month would be worth with contract files added or put in the place of those with the
    /// same ids. Nothing is stored.
    ///
    /// # Errors
    /// [`PreviewError`].
    pub async fn preview_terms(
        self: &Arc<Self>,
        period: Period,
        files: &[ContractFile],
    ) -> Result<TermsPreview, PreviewError> {
        let brought = self.money().terms().read_files(files)?;
        let records = self.closes().await?;
        if let Some(why) = self.settle_for_reading().await.map_err(CloseError::from)? {
            return Err(CloseError::Waits(why).into());
        }
        let (cut, closes) = (self.cut(), self.money().closes());
        let disk = closes.disk().clone();
        self.have_closes(records.iter()).await?;
        let opened = apart(&*self.drive, move || StoredCloses::open(&*disk, &records, None));
        let stored = opened.await.unwrap_or(Err(CloseError::BrokenOff))?;
        let mut months: BTreeSet<Period> = stored.months().collect();
        months.insert(period);
        let revisions = closes.sources().newest().await.map_err(CloseError::from)?;
        let known = closes.sources().known(revisions, &months, None);
        let known = known.await.map_err(CloseError::from)?;
        let named = |contract: &Contract| (contract.id.clone(), contract.clone());
        let mut then: BTreeMap<String, Contract> = known.contracts.iter().map(named).collect();
        then.extend(brought.into_iter().map(|(id, (contract, _))| (id, contract)));
        let then: Vec<Contract> = then.into_values().collect();
        let this = self.clone();
        let work =
            apart(&*self.drive, move || this.previewed(period, &stored, &known, &then, &cut));
        Ok(work.await.unwrap_or(Err(CloseError::BrokenOff))?)
    }

    fn previewed(
        &self,
        period: Period,
        stored: &StoredCloses,
        known: &Known,
        then: &[Contract],
        cut: &Cut,
    ) -> Result<TermsPreview, CloseError> {
        let (lengths, read_bytes) = (&*self.plays_lengths(), &AtomicU64::new(0));
        let logs = Logs { readers: &self.readers, key: &self.key, lengths, read_bytes };
        let disk = &**self.money().closes().disk();
        // What either set of contracts asks of the plays.
        let asked: Vec<Contract> = known.contracts.iter().chain(then).cloned().collect();
        let needs = UsageNeeds::of(&asked);
        let (plays, _) = Plays::going_on(logs, (disk, stored), needs, cut, None)?;
        let (usage, _) = plays.usage(period, &|it| plays.is(it), known)?;
        let nothing = KnownMonth::default();
        let month = known.month_or(period, &nothing);
        let by = |contracts: &[Contract]| {
            let facts = Facts {
                usage: &usage,
                revenue: &month.revenue,
                rates: &known.rates,
                catalogue: &known.catalogue,
                contracts,
            };
            facts.month(period)
        };
        let (now, then) = (by(&known.contracts), by(then));
        let missing = |month: &Month| month.refusals.iter().map(ToString::to_string).collect();
        Ok(TermsPreview {
            payees: side_by_side(&now, &then)?,
            missing_now: missing(&now),
            missing_then: missing(&then),
        })
    }
}

fn side_by_side(now: &Month, then: &Month) -> Result<Vec<PreviewedPayee>, MoneyError> {
    let mut sums: BTreeMap<(&str, Currency), [Micros; 2]> = BTreeMap::new();
    for (side, month) in [now, then].into_iter().enumerate() {
        for line in &month.lines {
            let currency = month.pools[line.pool as usize].currency;
            let sum = sums.entry((month.payees.name(line.payee), currency)).or_default();
            sum[side] = sum[side].plus(line.amount)?;
        }
    }
    let row = |((payee, currency), [now, then]): ((&str, Currency), [Micros; 2])| {
        let payee = payee.to_owned();
        Ok(PreviewedPayee { payee, currency, now, then, change: then.minus(now)? })
    };
    sums.into_iter().map(row).collect()
}
