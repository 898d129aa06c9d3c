//! A month by several models, on the same plays: who gains and who loses. Nothing is stored.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::compare::{Compared, by_artist, by_payee, compare};
use ledgerline_royalty::month::{Inputs, Month};
use ledgerline_royalty::music::CatalogueMusic;
use ledgerline_royalty::terms::Contract;
use ledgerline_royalty::usage_fold::UsageNeeds;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::CloseError;
use super::known::{Known, KnownMonth};
use super::plays::{Logs, Plays};
use super::stored::StoredCloses;
use crate::Deployment;
use crate::money::usage_fold::Cut;
use crate::ports::drive::apart;

/// A month by several models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Which month.
    pub period: Period,
    /// By which models; amounts are in this order.
    pub models: Vec<Compared>,
    /// Counted plays, the same for all.
    pub plays: u64,
    /// What each payee gets.
    pub payees: Vec<ComparedRow>,
    /// What each artist's recordings come to; those without an artist last.
    pub artists: Vec<ComparedRow>,
    /// What a close would be refused for, by any of the models.
    pub missing: Vec<String>,
}

/// What one gets by each model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedRow {
    /// Who; nothing for recordings without an artist.
    pub name: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// By model.
    pub amounts: Vec<Micros>,
}

impl Deployment {
    /// A month by several models, with all that is known now; of a closed month, too. What it says
    /// is never paid.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn compare(
        self: &Arc<Self>,
        period: Period,
        models: Vec<Compared>,
    ) -> Result<Comparison, CloseError> {
        self.settle_for_reading().await?;
        let (cut, closes) = (self.cut(), self.money().closes());
        let revisions = closes.sources().newest().await?;
        let records = self.closes().await?;
        let disk = closes.disk().clone();
        self.have_closes(records.iter()).await?;
        let opened = apart(&*self.drive, move || StoredCloses::open(&*disk, &records, None));
        let stored = opened.await.unwrap_or(Err(CloseError::BrokenOff))?;
        let mut months: BTreeSet<Period> = stored.months().collect();
        months.insert(period);
        let known = closes.sources().known(revisions, &months, None).await?;
        let this = self.clone();
        let work =
            apart(&*self.drive, move || this.compared(period, models, &stored, &known, &cut));
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    fn compared(
        &self,
        period: Period,
        models: Vec<Compared>,
        stored: &StoredCloses,
        known: &Known,
        cut: &Cut,
    ) -> Result<Comparison, CloseError> {
        let (lengths, read_bytes) = (&*self.plays_lengths(), &AtomicU64::new(0));
        let logs = Logs { readers: &self.readers, key: &self.key, lengths, read_bytes };
        let disk = &**self.money().closes().disk();
        // A model may ask for more of the plays than what was agreed does.
        let all: Vec<Contract> =
            models.iter().flat_map(|model| model.contracts(&known.contracts)).collect();
        let needs = UsageNeeds::of(&all);
        let (plays, _) = Plays::going_on(logs, (disk, stored), needs, cut, None)?;
        let (usage, _) = plays.usage(period, &|it| plays.is(it), known)?;
        let nothing = KnownMonth::default();
        let music = CatalogueMusic::new(&known.catalogue, &usage, period.last_day());
        let inputs = Inputs {
            period,
            usage: &usage,
            revenue: &known.month_or(period, &nothing).revenue,
            contracts: &known.contracts,
            music: &music,
            rates: &known.rates,
        };
        let months = compare(&inputs, &models, &mut |_, _| ());
        let months: Vec<&Month> = months.iter().map(|(_, month)| month).collect();
        let refusals = months.iter().flat_map(|month| &month.refusals).map(ToString::to_string);
        let missing: BTreeSet<String> = refusals.collect();
        let payees = by_payee(months.iter().copied())?.into_iter();
        let artists = by_artist(months.iter().copied(), &music)?.into_iter();
        let row = |((name, currency), amounts)| ComparedRow { name, currency, amounts };
        let mut artists: Vec<ComparedRow> = artists.map(row).collect();
        artists.sort_by(|left, right| {
            (left.name.is_none(), &left.name).cmp(&(right.name.is_none(), &right.name))
        });
        Ok(Comparison {
            period,
            plays: usage.rows.iter().filter(|row| row.key.counted).map(|row| row.plays).sum(),
            payees: payees.map(|((name, of), sums)| row(((Some(name), of), sums))).collect(),
            artists,
            missing: missing.into_iter().collect(),
            models,
        })
    }
}
