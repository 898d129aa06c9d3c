//! What a payee earned in a month, added up by one thing: of a closed month its statement's lines,
//! of one that goes on the estimate's. And on which days its recordings were heard.

use ledgerline_catalog::Catalogue;
use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::Currency;
use ledgerline_royalty::earnings::{EarnedBy, EarnedRow, EarnedTotal, Earnings};
use ledgerline_royalty::estimate::{self, EstimatedEarnings};
use ledgerline_royalty::line::Pool;
use ledgerline_royalty::statement::StatementLine;
use ledgerline_royalty::terms::{Contract, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::CloseError;
use super::estimating::MadeEstimate;
use super::reading::ClosedMonth;
use super::record::CloseState;
use crate::Deployment;
use crate::money::files::FileError;
use crate::money::files::lines::SheetFile;
use crate::ports::drive::apart;

/// So many lines are looked at at once.
const LINES_AT_ONCE: usize = 10_000;

/// What is asked of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarningsQuestion {
    /// Which month.
    pub period: Period,
    /// Whose.
    pub party: String,
    /// By what.
    pub by: EarnedBy,
    /// In one currency only, where one is named.
    pub currency: Option<Currency>,
    /// So many rows, those that earned most.
    pub rows_max: usize,
}

/// What a payee earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEarnings {
    /// What was asked.
    pub question: EarningsQuestion,
    /// When the close was booked, or the estimate made.
    pub as_of: UnixMs,
    /// The rows.
    pub earned: Earned,
    /// What a row's key is called, where it has a title.
    pub titles: BTreeMap<Arc<str>, String>,
    /// How many rows there are, shown or not.
    pub rows_total: u64,
}

/// Rows, and what all of them come to, those too that are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earned {
    /// Stated, and never changed.
    Closed(Vec<EarnedRow>, Vec<EarnedTotal>),
    /// So far: never paid.
    Estimated(EstimatedEarnings),
}

/// Counted plays of a payee's recordings, by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysHeard {
    /// Which month.
    pub period: Period,
    /// Whose.
    pub party: String,
    /// Whether the recordings are those of its statement, not of an estimate.
    pub closed: bool,
    /// Every day of the month.
    pub days: Vec<(DayNo, i64)>,
}

/// What turns a line into the key of its row.
struct Keys {
    by: EarnedBy,
    catalogue: Arc<Catalogue>,
    models: BTreeMap<(String, String), &'static str>,
}

impl Keys {
    fn new(by: EarnedBy, catalogue: Arc<Catalogue>, contracts: &[Contract]) -> Self {
        let models = contracts.iter().flat_map(|contract| {
            contract.terms.iter().filter_map(|term| match &term.rule {
                Rule::Pool(pool) => {
                    Some(((contract.id.clone(), term.id.clone()), pool.model.word()))
                }
                Rule::PassOn(_) => None,
            })
        });
        Self { by, catalogue, models: models.collect() }
    }

    /// Whether the key follows from the recording, not from the pool.
    fn is_of_recording(&self) -> bool {
        matches!(self.by, EarnedBy::Recording | EarnedBy::Release)
    }

    fn of_recording(&self, track_id: &str) -> Option<Arc<str>> {
        if self.by == EarnedBy::Recording {
            return Some(track_id.into());
        }
        let recording = self.catalogue.find_recording(track_id)?;
        let release = self.catalogue.releases_of(recording).next()?;
        Some(self.catalogue.release_id(release).into())
    }

    fn of_pool(&self, pool: &Pool) -> Option<Arc<str>> {
        match self.by {
            EarnedBy::Territory => pool.territory.as_deref().map(Into::into),
            EarnedBy::Tier => pool.tier.as_deref().map(Into::into),
            EarnedBy::Right => Some(pool.right.word().into()),
            _ => {
                let term = (pool.contract.to_string(), pool.term.to_string());
                self.models.get(&term).map(|word| (*word).into())
            }
        }
    }

    fn of_line(&self, line: &StatementLine) -> Option<Arc<str>> {
        match self.by {
            EarnedBy::Recording | EarnedBy::Release => self.of_recording(&line.track_id),
            EarnedBy::Territory => line.territory.as_deref().map(Into::into),
            EarnedBy::Tier => line.tier.as_deref().map(Into::into),
            EarnedBy::Right => Some(line.right.word().into()),
            EarnedBy::Model => {
                let (contract, term) = line.licence.rsplit_once('/')?;
                let term = (contract.to_owned(), term.to_owned());
                self.models.get(&term).map(|word| (*word).into())
            }
        }
    }

    fn title(&self, key: &str) -> Option<String> {
        let title = match self.by {
            EarnedBy::Recording => {
                self.catalogue.title(self.catalogue.find_recording(key)?).to_owned()
            }
            EarnedBy::Release => {
                self.catalogue.release(self.catalogue.find_release(key)?).title.to_string()
            }
            _ => return None,
        };
        Some(title).filter(|title| !title.is_empty())
    }
}

/// Keys by the number of a recording or of a pool: each is made once for a sheet.
type KnownKeys = BTreeMap<u32, Option<Arc<str>>>;

impl Deployment {
    /// What a payee earned in a month.
    ///
    /// # Errors
    /// [`CloseError::NotFound`] where the payee has no statement of the closed month.
    pub async fn earnings(
        self: &Arc<Self>,
        question: EarningsQuestion,
    ) -> Result<MonthEarnings, CloseError> {
        if self.is_closed(question.period).await? {
            return self.closed_earnings(question).await;
        }
        let made = self.estimated_month(Some(question.period)).await?;
        let work = apart(&*self.drive, move || estimated_earnings(&made, question));
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    async fn is_closed(&self, period: Period) -> Result<bool, CloseError> {
        let records = self.closes().await?;
        let closed = |record: &super::Record| record.state == CloseState::Closed;
        Ok(records.iter().any(|record| record.period == period && closed(record)))
    }

    async fn closed_earnings(
        &self,
        question: EarningsQuestion,
    ) -> Result<MonthEarnings, CloseError> {
        let (month, keys) = self.month_and_keys(question.period, question.by).await?;
        let work = apart(&*self.drive, move || {
            let as_of = month.record().booked_at;
            let (rows, totals) = earned(&month, &question.party, &keys)?;
            Ok(shown(question, as_of, &keys, rows, totals, Earned::Closed))
        });
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    async fn month_and_keys(
        &self,
        period: Period,
        by: EarnedBy,
    ) -> Result<(ClosedMonth, Keys), CloseError> {
        let month = self.closed_month(period).await?;
        let catalogue = self.money().rights().now().await?;
        let revision = match by {
            EarnedBy::Model => month.record().revisions.contracts,
            _ => 0, // No other row needs to know a contract.
        };
        let contracts = self.money().terms().contracts_at(revision).await?;
        Ok((month, Keys::new(by, catalogue, &contracts)))
    }

    /// The lines of a payee's statement that are in one row of its earnings, from the line `from` on,
    /// at most `limit`; and the line to go on with, where there may be more.
    ///
    /// # Errors
    /// [`CloseError::NotFound`] where the payee has no statement of the closed month.
    pub async fn earned_lines(
        &self,
        (period, payee): (Period, String),
        (by, key): (EarnedBy, Option<String>),
        (from, limit): (u64, usize),
    ) -> Result<(Vec<StatementLine>, Option<u64>), CloseError> {
        let (month, keys) = self.month_and_keys(period, by).await?;
        let work = apart(&*self.drive, move || {
            let lines = month.statement(&payee)?.lines;
            let (mut found, mut next) = (Vec::new(), from.max(1));
            while found.len() < limit && next <= lines {
                let read = month.lines(&payee, next, LINES_AT_ONCE)?;
                if read.is_empty() {
                    return Ok((found, None));
                }
                for line in read {
                    next = line.number + 1;
                    if keys.of_line(&line).as_deref() == key.as_deref() {
                        found.push(line);
                    }
                    if found.len() == limit {
                        break;
                    }
                }
            }
            Ok((found, (next <= lines).then_some(next)))
        });
        work.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    /// On which days of a month the recordings that pay a payee were heard, as they count now.
    ///
    /// # Errors
    /// [`CloseError`], as [`Deployment::earnings`].
    pub async fn days_heard(
        self: &Arc<Self>,
        period: Period,
        party: String,
    ) -> Result<DaysHeard, CloseError> {
        let closed = self.is_closed(period).await?;
        let tracks: BTreeSet<Box<str>> = if closed {
            let payee = party.clone();
            self.read_close(period, move |month| month.tracks_of(&payee)).await?
        } else {
            let made = self.estimated_month(Some(period)).await?;
            let sheet = &made.sheet;
            let lines = sheet.payees.number(&party).map_or(&[][..], |it| sheet.of_payee(it));
            lines.iter().map(|line| sheet.tracks.name(line.track).into()).collect()
        };
        let (first, end) = (period.first_day(), period.next().first_day());
        let counted = self.counted_days(tracks, first, end).await?;
        let every_day = (first.0..end.0).map(DayNo);
        let days = every_day.map(|day| (day, counted.get(&day).copied().unwrap_or_default()));
        Ok(DaysHeard { period, party, closed, days: days.collect() })
    }
}

fn earned(
    month: &ClosedMonth,
    payee: &str,
    keys: &Keys,
) -> Result<(Vec<EarnedRow>, Vec<EarnedTotal>), CloseError> {
    month.statement(payee)?;
    let mut earnings = Earnings::default();
    for (sheet, cause) in month.sheets() {
        let mut known = KnownKeys::new();
        let pools = sheet.pools()?;
        let damaged = || FileError::damaged("own.lines", "a line is of no pool");
        month.for_each_line(sheet, payee, &mut |line| {
            let pool = pools.get(line.pool as usize).ok_or_else(damaged)?;
            let number = if keys.is_of_recording() { line.track } else { line.pool };
            let key = match known.get(&number) {
                Some(key) => key.clone(),
                None => {
                    let key = key_of(sheet, keys, line.track, pool)?;
                    known.insert(number, key.clone());
                    key
                }
            };
            match cause {
                None => earnings.add(key, pool, line)?,
                Some(_) => earnings.add_adjustment(key, pool, line)?,
            }
            Ok(())
        })?;
    }
    Ok(earnings.finish()?)
}

fn key_of(
    sheet: &SheetFile,
    keys: &Keys,
    track: u32,
    pool: &Pool,
) -> Result<Option<Arc<str>>, CloseError> {
    if keys.is_of_recording() {
        Ok(keys.of_recording(&sheet.track(track)?))
    } else {
        Ok(keys.of_pool(pool))
    }
}

fn estimated_earnings(
    made: &MadeEstimate,
    question: EarningsQuestion,
) -> Result<MonthEarnings, CloseError> {
    let keys = Keys::new(question.by, made.known.catalogue.clone(), &made.known.contracts);
    let mut known = KnownKeys::new();
    let (rows, totals) = estimate::earnings(&made.sheet, &question.party, |pool, line| {
        let number = if keys.is_of_recording() { line.track } else { line.pool };
        let key = || match keys.is_of_recording() {
            true => keys.of_recording(made.sheet.tracks.name(line.track)),
            false => keys.of_pool(pool),
        };
        known.entry(number).or_insert_with(key).clone()
    })?;
    let as_of = made.estimate.made_at;
    let earned = |rows, totals| Earned::Estimated((rows, totals));
    Ok(shown(question, as_of, &keys, rows, totals, earned))
}

fn shown<A>(
    question: EarningsQuestion,
    as_of: UnixMs,
    keys: &Keys,
    mut rows: Vec<EarnedRow<A>>,
    mut totals: Vec<EarnedTotal<A>>,
    earned: impl FnOnce(Vec<EarnedRow<A>>, Vec<EarnedTotal<A>>) -> Earned,
) -> MonthEarnings {
    let wanted = |currency| question.currency.is_none_or(|wanted| wanted == currency);
    rows.retain(|row| wanted(row.currency));
    totals.retain(|total| wanted(total.currency));
    let rows_total = rows.len() as u64;
    rows.truncate(question.rows_max);
    let named = rows.iter().filter_map(|row| row.key.clone());
    let titles = named.filter_map(|key| keys.title(&key).map(|title| (key, title))).collect();
    MonthEarnings { question, as_of, earned: earned(rows, totals), titles, rows_total }
}
