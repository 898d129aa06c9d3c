//! The month that goes on, as it stands within seconds of a play.
//!
//! What was folded is kept, so that a request takes in only what the logs hold since the last one.

use ledgerline_ids::{PartitionId, Period};
use ledgerline_royalty::adjust::{Facts, sheet_of};
use ledgerline_royalty::estimate::{Estimate, payees};
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::sheet::Sheet;
use ledgerline_royalty::usage_fold::{Folded, UsageNeeds};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::CloseError;
use super::known::{Known, KnownMonth};
use super::plays::{Logs, Plays};
use super::record::{Record, Revisions};
use super::stored::StoredCloses;
use crate::Deployment;
use crate::money::usage_fold::{Cut, Mark};
use crate::ports::drive::apart;

/// What was folded and computed last.
#[derive(Default)]
pub(crate) struct Kept {
    known: Option<Known>,
    folded: Option<KeptFold>,
    made: Option<Arc<MadeEstimate>>,
}

/// A month that was estimated, with the lines that it is the sum of.
pub(crate) struct MadeEstimate {
    cut: Cut,
    /// What everyone may see of it.
    pub estimate: Arc<Estimate>,
    /// Its lines: they are not to be booked or stated.
    pub sheet: Sheet,
    /// What it was made of.
    pub known: Known,
}

/// Plays since the last close, up to a cut.
#[derive(Clone)]
pub(crate) struct KeptFold {
    pub last_closed: Option<Period>,
    pub needs: UsageNeeds,
    pub cut: Cut,
    pub folded: Folded,
    pub marks: BTreeMap<PartitionId, Mark>,
    /// Months as of the last close, where they were folded anew.
    pub refolded: Option<BTreeMap<Period, MonthPlays>>,
}

/// Shared between requests; one makes an estimate at a time.
pub(crate) type Keeper = Arc<Mutex<Kept>>;

impl Deployment {
    /// What a month comes to so far; the one that goes on where none is named. A closed month has
    /// no estimate.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn estimate(
        self: &Arc<Self>,
        period: Option<Period>,
    ) -> Result<Arc<Estimate>, CloseError> {
        Ok(self.estimated_month(period).await?.estimate.clone())
    }

    /// The same, with its lines.
    pub(crate) async fn estimated_month(
        self: &Arc<Self>,
        period: Option<Period>,
    ) -> Result<Arc<MadeEstimate>, CloseError> {
        let period = period.unwrap_or_else(|| Period::of(self.now()));
        let records = self.closes().await?;
        let closed = |record: &&Record| record.state == super::CloseState::Closed;
        if records.iter().filter(closed).any(|record| record.period >= period) {
            return Err(CloseError::NotFound(format!(
                "{period} is closed, or lies before a closed month: look at its statements"
            )));
        }
        self.settle_for_reading().await?;
        let (cut, closes) = (self.cut(), self.money().closes());
        let revisions = closes.sources().newest().await?;
        let keeper = closes.estimates().clone();
        if let Some(made) = made(&keeper, period, &revisions, &cut) {
            return Ok(made);
        }
        let like = keeper.lock().map(|kept| kept.known.clone()).unwrap_or_default();
        let disk = closes.disk().clone();
        self.have_closes(records.iter()).await?;
        let opened = apart(&*self.drive, move || StoredCloses::open(&*disk, &records, None));
        let stored = opened.await.unwrap_or(Err(CloseError::BrokenOff))?;
        let mut months: BTreeSet<Period> = stored.months().collect();
        months.insert(period);
        let known = closes.sources().known(revisions, &months, like.as_ref()).await?;
        let this = self.clone();
        let work =
            apart(&*self.drive, move || this.estimated(period, &stored, known, cut, &keeper));
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    fn estimated(
        &self,
        period: Period,
        stored: &StoredCloses,
        known: Known,
        cut: Cut,
        keeper: &Keeper,
    ) -> Result<Arc<MadeEstimate>, CloseError> {
        let (lengths, read_bytes) = (&*self.plays_lengths(), &AtomicU64::new(0));
        let logs = Logs { readers: &self.readers, key: &self.key, lengths, read_bytes };
        let disk = &**self.money().closes().disk();
        let needs = UsageNeeds::of(&known.contracts);
        let kept = keeper.lock().map(|mut kept| kept.folded.take()).unwrap_or_default();
        let (plays, fold) = Plays::going_on(logs, (disk, stored), needs, &cut, kept)?;
        let (usage, _) = plays.usage(period, &|it| plays.is(it), &known)?;
        let nothing = KnownMonth::default();
        let month = known.month_or(period, &nothing);
        let facts = Facts {
            usage: &usage,
            revenue: &month.revenue,
            rates: &known.rates,
            catalogue: &known.catalogue,
            contracts: &known.contracts,
        };
        let (sheet, refusals) = sheet_of(facts.month(period), usage.tracks.clone());
        let counted = usage.rows.iter().filter(|row| row.key.counted);
        let estimate = Arc::new(Estimate {
            period,
            made_at: self.now(),
            as_of: cut.iter().map(|it| (it.partition.0, it.position.0)).collect(),
            plays: counted.map(|row| row.plays).sum(),
            payees: payees(&sheet)?,
            missing: refusals.iter().map(ToString::to_string).collect(),
        });
        let made = Arc::new(MadeEstimate { cut, estimate, sheet, known });
        if let Ok(mut kept) = keeper.lock() {
            kept.known = Some(made.known.clone());
            kept.made = Some(made.clone());
            kept.folded = Some(fold);
        }
        Ok(made)
    }
}

fn made(
    keeper: &Keeper,
    period: Period,
    revisions: &Revisions,
    cut: &Cut,
) -> Option<Arc<MadeEstimate>> {
    let kept = keeper.lock().ok()?;
    let made = kept.made.as_ref()?;
    let same = (&made.known.revisions, &made.cut) == (revisions, cut);
    (same && made.estimate.period == period).then(|| made.clone())
}
