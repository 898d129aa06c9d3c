//! Closing a month: plays up to a cut, with everything else at pinned revisions, become lines,
//! adjustments, statements and entries, once and for good.
//!
//! 1. The record of the close begins: cut, revisions, booking time. Whoever runs the close again
//!    finds it, and computes the same.
//! 2. Everything is computed. What is missing or contradicts itself is named, all of it, and
//!    nothing is closed.
//! 3. Files are written beside their place, made durable, and renamed; where several nodes share them, they
//!    are put where all find them.
//! 4. One transaction books the entries, says that the month is closed, and signs the ledger's head.
//!
//! In reading order: `record`, `known`, `stored`, `plays`, `compute`, `statements`, `write`, `sharing`,
//! then [`reading`](mod@reading), `explaining`, `estimating`, `earning`, `preview`, [`pools`],
//! [`rehearsal`].

pub mod comparing;
mod compute;
mod earning;
mod estimating;
mod explaining;
mod known;
mod plays;
pub mod pools;
mod preview;
mod progress;
pub mod reading;
mod record;
pub mod rehearsal;
mod sharing;
mod statements;
mod stored;
mod words;
mod write;

pub use earning::{DaysHeard, Earned, EarningsQuestion, MonthEarnings};
pub use explaining::{
    ExplainPlayError, ExplainedLine, ExplainedPlay, LinePlay, PLAYS_MAX, PlayLine,
};
pub use known::{Known, KnownMonth, Sources};
pub use preview::{PreviewError, PreviewedPayee, TermsPreview};
pub use progress::Progress;
pub use record::{CloseMoney, CloseState, CloseSummary, Record, Revisions};
pub use sharing::{SharedCloses, SharedError, SharedSettings};
pub use stored::{Manifest, NamedPlay, StoredAdjustment};

use ledgerline_ids::{Period, UnixMs};
use ledgerline_ledger::EntryKey;
use ledgerline_money::MoneyError;
use ledgerline_royalty::ahead::{self, AheadKind};
use ledgerline_royalty::bookings::BookingError;
use ledgerline_royalty::closing::{AccountKey, Books, PaidAhead};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Mutex;

use super::files::FileError;
use super::ledger::{Post, PostError};
use super::usage_fold::{Cut, PartitionCut, UsageError};
use crate::Deployment;
use crate::deployment::ReadError;
use crate::ports::drive::apart;
use crate::ports::{AppendLedgerError, CloseChange, Disk, EntryQuery, StoreError};
use compute::{Outcome, Work, compute, summary};
use plays::Logs;
use stored::StoredCloses;

/// Why a month isn't closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// It isn't over.
    #[error("{period} isn't over before {ends}: close it then, or look at an estimate")]
    NotOver {
        /// Which month.
        period: Period,
        /// When it ends.
        ends: UnixMs,
    },
    /// Another month has to be closed before.
    #[error("{period} can't be closed now: {next} is the next one, because {last} was the last")]
    OutOfOrder {
        /// Which month was asked for.
        period: Period,
        /// The next one.
        next: Period,
        /// The last one that was closed.
        last: Period,
    },
    /// Something is missing or contradicts itself.
    #[error("{period} can't be closed yet:\n{}", listed(.refusals))]
    Refused {
        /// Which month.
        period: Period,
        /// What, one sentence each.
        refusals: Vec<String>,
    },
    /// Reports are accepted that can't be judged now.
    #[error("counting waits, so it isn't known what counts: {0}")]
    Waits(String),
    /// A month's plays add up to less than none.
    #[error(
        "plays of {0} add up to less than none: the plays log and the stored usage differ; run doctor"
    )]
    Negative(Period),
    /// Files are there that this close would not write.
    #[error(
        "{place} holds other files than this close would write; nothing was changed: move the folder away and close again"
    )]
    OtherFiles {
        /// Where.
        place: String,
    },
    /// A record can't be read.
    #[error(
        "the record of the close of {0} can't be read: a newer version of this program wrote it"
    )]
    Record(Period),
    /// There is no such close.
    #[error("{0} isn't closed")]
    NotClosed(Period),
    /// Its files are on another node.
    #[error(
        "the files of {0} aren't on this node: ask the one that closed it, or give all nodes a store of blobs \
         ([objects]), where it puts them"
    )]
    Elsewhere(Period),
    /// Its files can't be put where nodes share them, or be got from there.
    #[error("{0}")]
    Shared(#[source] Box<SharedError>),
    /// There is no such payee, line or play in it.
    #[error("{0}")]
    NotFound(String),
    /// Plays can't be added up.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A file is damaged or can't be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger refuses.
    #[error(transparent)]
    Post(#[from] PostError),
    /// Entries can't be made.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// Beyond what an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else changed the record.
    #[error(transparent)]
    Moved(#[from] AppendLedgerError),
    /// Counting can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Computing panicked.
    #[error("closing was broken off; the log says why")]
    BrokenOff,
}

fn listed(refusals: &[String]) -> String {
    let lines: Vec<String> = refusals.iter().map(|refusal| format!("  - {refusal}")).collect();
    lines.join("\n")
}

/// The use cases of closing.
pub struct Closes {
    sources: Sources,
    disk: Arc<dyn Disk>,
    shared: Option<SharedCloses>,
    turn: Mutex<()>,
    progress: Arc<Progress>,
    estimates: estimating::Keeper,
}

impl std::fmt::Debug for Closes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closes(..)")
    }
}

impl Closes {
    /// Over what months' money follows from, and the folder that files go to; and where nodes share
    /// them, if they do.
    #[must_use]
    pub fn new(sources: Sources, disk: Arc<dyn Disk>, shared: Option<SharedCloses>) -> Self {
        Self {
            sources,
            disk,
            shared,
            turn: Mutex::new(()),
            progress: Arc::default(),
            estimates: estimating::Keeper::default(),
        }
    }

    /// How far the close that goes on is.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    pub(crate) fn shared(&self) -> Option<&SharedCloses> {
        self.shared.as_ref()
    }

    pub(crate) fn estimates(&self) -> &estimating::Keeper {
        &self.estimates
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }
}

/// A close as it was made or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The record; of a dry run, what it would be.
    pub record: Record,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Whether it was closed before already.
    pub already: bool,
    /// What changed of earlier months: month, cause, what, lines.
    pub adjustments: Vec<(Period, String, String, u64)>,
    /// Of a rehearsal, what a person wants to look at.
    pub preview: Option<rehearsal::Preview>,
}

/// All that a computation needs, read from the stores.
struct Prepared {
    stored: StoredCloses,
    old: Option<Known>,
    new: Known,
    books: Books,
    paid_ahead: BTreeMap<AccountKey, PaidAhead>,
}

impl Deployment {
    /// Closes a month, or says what it would come to.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn close_month(
        self: &Arc<Self>,
        period: Period,
        dry_run: bool,
    ) -> Result<Closed, CloseError> {
        let closes = self.money().closes();
        let _turn = closes.turn.lock().await;
        let records = self.close_records().await?;
        let known = records.iter().find(|(_, record)| record.period == period);
        if let Some((_, record)) = known
            && record.state == CloseState::Closed
        {
            let (dry_run, already) = (dry_run, true);
            let record = record.clone();
            let adjustments = Vec::new();
            return Ok(Closed { record, dry_run, already, adjustments, preview: None });
        }
        self.may_be_closed(period, &records)?;
        let (mut revision, mut record) = match known {
            Some((revision, record)) if record.state == CloseState::Begun => {
                // What the cut holds must be judged again after a crash.
                if let Some(why) = self.settle_for_reading().await? {
                    return Err(CloseError::Waits(why));
                }
                (*revision, record.clone())
            }
            known => {
                let revision = known.map_or(0, |(revision, _)| *revision);
                let record = self.begun(period).await?;
                if dry_run {
                    (revision, record)
                } else {
                    (self.change_record(&record, revision).await?, record)
                }
            }
        };
        let all: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
        let outcome = Arc::new(self.computed(&record, &all).await?);
        if !outcome.refusals.is_empty() {
            let refusals = outcome.refusals.clone();
            if !dry_run {
                record.state = CloseState::Refused;
                record.refusals.clone_from(&refusals);
                self.change_record(&record, revision).await?;
            }
            return Err(CloseError::Refused { period, refusals });
        }
        record.summary = Some(summary(&outcome)?);
        record.marks.clone_from(&outcome.marks);
        record.last_key = outcome.drafts.last().map(|draft| draft.key.as_str().to_owned());
        let adjustments = told(&outcome);
        let mut preview = None;
        if dry_run {
            preview = Some(self.rehearsed(period, &all, &outcome).await?);
        } else {
            closes.progress.doing("writing statements", 0);
            record.manifest_sha256 = Some(self.written(&record, &outcome).await?);
            record.state = CloseState::Closed;
            closes.progress.doing("booking", outcome.drafts.len() as u64);
            revision = self.booked(&mut record, revision, outcome).await?;
            let _ = revision;
        }
        Ok(Closed { record, dry_run, already: false, adjustments, preview })
    }

    /// What a rehearsal shows beside the month before.
    async fn rehearsed(
        &self,
        period: Period,
        records: &[Record],
        outcome: &Arc<Outcome>,
    ) -> Result<rehearsal::Preview, CloseError> {
        let closed = |record: &&Record| record.state == CloseState::Closed;
        let last = records.iter().filter(closed).map(|record| record.period).max();
        let before = match last {
            Some(last) => {
                let read = |month: &reading::ClosedMonth| month.earned_by_payee();
                Some((last, self.read_close(last, read).await?))
            }
            None => None,
        };
        let checked = self.check_terms(period.last_day()).await?;
        let outcome = outcome.clone();
        let work = apart(&*self.drive, move || rehearsal::preview(&outcome, before));
        let mut shown = work.await.ok_or(CloseError::BrokenOff)??;
        shown.gaps = checked.findings.into_iter().take(rehearsal::GAPS_MAX).collect();
        Ok(shown)
    }

    /// The records of all closes with their revisions, by month. One that was closed has its head.
    pub(crate) async fn close_records(&self) -> Result<Vec<(u64, Record)>, CloseError> {
        let store = self.money().ledger().store();
        let mut records = Vec::new();
        for stored in store.close_records().await? {
            let record = Record::parse(stored.period, &stored.record);
            records.push((stored.revision, record.ok_or(CloseError::Record(stored.period))?));
        }
        for (_, record) in &mut records {
            if record.state == CloseState::Closed && record.head.is_none() {
                record.head = self.head_of(record).await?;
            }
        }
        Ok(records)
    }

    /// The signed head that a close made.
    async fn head_of(&self, record: &Record) -> Result<Option<String>, StoreError> {
        let Some(key) = record.last_key.as_deref().and_then(|key| EntryKey::new(key).ok()) else {
            return Ok(None);
        };
        let store = self.money().ledger().store();
        let Some(entry) = store.entries_by_key(&[key]).await?.pop() else { return Ok(None) };
        let heads = store.newest_heads(HEADS_MAX).await?;
        let head = heads.iter().find(|head| head.head.seq == entry.seq());
        Ok(head.map(ToString::to_string))
    }

    fn may_be_closed(&self, period: Period, records: &[(u64, Record)]) -> Result<(), CloseError> {
        let closed = records.iter().filter(|(_, record)| record.state == CloseState::Closed);
        if let Some((_, last)) = closed.max_by_key(|(_, record)| record.period)
            && last.period.next() != period
        {
            let (next, last) = (last.period.next(), last.period);
            return Err(CloseError::OutOfOrder { period, next, last });
        }
        if self.now() < period.end() {
            return Err(CloseError::NotOver { period, ends: period.end() });
        }
        Ok(())
    }

    /// Judges what the log holds, and fixes the cut and the revisions.
    async fn begun(&self, period: Period) -> Result<Record, CloseError> {
        self.money().closes().progress.doing("judging what the log holds", 0);
        if let Some(why) = self.settle_for_reading().await? {
            return Err(CloseError::Waits(why));
        }
        let ledger = self.money().ledger();
        let ends = ledger.head().await?.map_or(0, |head| head.head.seq);
        Ok(Record {
            period,
            state: CloseState::Begun,
            booked_at: self.now(),
            cut: self.cut(),
            revisions: self.money().closes().sources.newest().await?,
            ledger_seq: ends,
            refusals: Vec::new(),
            manifest_sha256: None,
            last_key: None,
            head: None,
            summary: None,
            marks: BTreeMap::new(),
        })
    }

    /// Up to where everything is judged and committed.
    pub(crate) fn cut(&self) -> Cut {
        let cut = |applied: &crate::counts::AppliedTo| PartitionCut {
            partition: applied.partition,
            position: applied.position,
            plays_bytes: applied.plays_bytes,
        };
        self.applied_to().iter().map(cut).collect()
    }

    /// How long each plays log is now, by partition.
    pub(crate) fn plays_lengths(&self) -> Vec<u64> {
        self.applied_to().iter().map(|applied| applied.plays_bytes).collect()
    }

    async fn change_record(&self, record: &Record, expected: u64) -> Result<u64, CloseError> {
        let change = CloseChange { period: record.period, expected, record: record.to_bytes() };
        self.money().ledger().store().change_close(&change).await?;
        Ok(expected + 1)
    }

    /// Everything but writing and booking.
    async fn computed(
        self: &Arc<Self>,
        record: &Record,
        records: &[Record],
    ) -> Result<Outcome, CloseError> {
        let prepared = self.prepared(record, records).await?;
        let (this, record) = (self.clone(), record.clone());
        let work = apart(&*self.drive, move || {
            let closes = this.money().closes();
            let first = prepared.stored.closes().first();
            compute(&Work {
                period: record.period,
                first: first.map_or(record.period, |first| first.record.period),
                cut: &record.cut,
                logs: Logs {
                    readers: &this.readers,
                    key: &this.key,
                    lengths: &this.plays_lengths(),
                    read_bytes: &AtomicU64::new(0),
                },
                disk: &*closes.disk,
                stored: &prepared.stored,
                old: prepared.old.as_ref(),
                new: &prepared.new,
                books: &prepared.books,
                paid_ahead: &prepared.paid_ahead,
                progress: &closes.progress,
            })
        });
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    async fn prepared(&self, record: &Record, records: &[Record]) -> Result<Prepared, CloseError> {
        let closes = self.money().closes();
        closes.progress.doing("reading contracts, rights and revenue", 0);
        let (disk, all, period) = (closes.disk.clone(), records.to_vec(), record.period);
        self.have_closes(all.iter().filter(|it| it.period < period)).await?;
        let stored = apart(&*self.drive, move || StoredCloses::open(&*disk, &all, Some(period)));
        let stored = stored.await.unwrap_or(Err(CloseError::BrokenOff))?;
        let mut months: BTreeSet<Period> = stored.months().collect();
        months.extend(stored.closes().iter().map(|close| close.record.period));
        months.insert(period);
        let new = closes.sources.known(record.revisions, &months, None).await?;
        let old = match stored.last() {
            Some(last) => {
                Some(closes.sources.known(last.record.revisions, &months, Some(&new)).await?)
            }
            None => None,
        };
        let books = match stored.last() {
            Some(last) => write::read_books(&*closes.disk, last)?,
            None => Books::default(),
        };
        let since = stored.last().map_or(0, |last| last.record.ledger_seq);
        let paid_ahead = self.paid_ahead(since, record.ledger_seq).await?;
        Ok(Prepared { stored, old, new, books, paid_ahead })
    }

    /// Advances and costs that were booked behind one entry, up to another.
    async fn paid_ahead(
        &self,
        since: u64,
        until: u64,
    ) -> Result<BTreeMap<AccountKey, PaidAhead>, CloseError> {
        let mut sums: BTreeMap<AccountKey, PaidAhead> = BTreeMap::new();
        let mut after = since;
        while after < until {
            let query = EntryQuery { after, limit: ENTRIES_AT_ONCE, ..EntryQuery::default() };
            let entries = self.money().ledger().entries(&query).await?;
            let Some(last) = entries.last() else { break };
            after = last.seq();
            for entry in entries.iter().filter(|entry| entry.seq() <= until) {
                let Some((key, kind, charged)) = ahead::of(entry.draft()) else { continue };
                let sum = sums.entry(key).or_default();
                match kind {
                    AheadKind::Cost => sum.costs = sum.costs.plus(charged)?,
                    AheadKind::Advance => sum.advance = sum.advance.plus(charged)?,
                }
            }
        }
        Ok(sums)
    }

    async fn written(&self, record: &Record, outcome: &Arc<Outcome>) -> Result<String, CloseError> {
        let disk = self.money().closes().disk.clone();
        let (record, outcome) = (record.clone(), outcome.clone());
        let period = record.period;
        let write = apart(&*self.drive, move || write::write(&*disk, &record, &outcome));
        let manifest_sha256 = write.await.unwrap_or(Err(CloseError::BrokenOff))?;
        // Before it is booked: what is closed is where all nodes find it.
        self.share_close(period, &manifest_sha256).await?;
        Ok(manifest_sha256)
    }

    /// Books the entries, and with them that the month is closed.
    async fn booked(
        &self,
        record: &mut Record,
        revision: u64,
        outcome: Arc<Outcome>,
    ) -> Result<u64, CloseError> {
        let change =
            CloseChange { period: record.period, expected: revision, record: record.to_bytes() };
        let drafts = match Arc::try_unwrap(outcome) {
            Ok(outcome) => outcome.drafts,
            Err(shared) => shared.drafts.clone(),
        };
        let nothing = drafts.is_empty();
        let post = Post { drafts, booked_at: Some(record.booked_at), close: Some(change) };
        let posted = self.money().ledger().post(post).await?;
        if let Some(head) = posted.head.filter(|_| !nothing) {
            record.head = Some(head.to_string());
            // Only a shortcut: the head can be found again by the last entry's key.
            return self.change_record(record, revision + 1).await;
        }
        Ok(revision + 1)
    }
}

/// So many heads are looked through for the one of a close.
const HEADS_MAX: u32 = 100_000;
/// So many entries are read at once.
const ENTRIES_AT_ONCE: u32 = 20_000;

fn told(outcome: &Outcome) -> Vec<(Period, String, String, u64)> {
    let one = |it: &compute::Adjustment| {
        let cause = it.cause.word().to_owned();
        (it.period, cause, it.detail.clone(), it.sheet.lines.len() as u64)
    };
    outcome.adjustments.iter().map(one).collect()
}
