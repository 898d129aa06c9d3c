//! Charts: what had the most counted plays in a day or a week, with the places that it had before.
//!
//! A chart is worked out from what counts when it is asked for, so one of any age can be had, and says what
//! counts by now: plays that came late are in it, and plays that are held or excluded aren't. It is kept until
//! something of its days changes. What counts is summed up here from the plays logs, each of which is read once
//! and then as it grows; only so many days are kept as there is room for.
//!
//! - `periods`: days and weeks
//! - `cells`: what counts by day, recording and country
//! - [`most_played`]: the recordings with the most of them lately
//! - `ranking`: whose plays they are, and the order of those who have them

mod cells;
pub mod most_played;
mod periods;
mod ranking;
#[cfg(test)]
mod tests;

use ledgerline_counting::rules::ACCEPTANCE_MS;
use ledgerline_ids::DayNo;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Deployment;
use crate::collection::Thing;
use crate::deployment::ReadError;
use crate::ports::collection::SavedKind;
use crate::ports::drive::apart;
use cells::Cells;
use ranking::{Owners, Place};

pub use periods::ChartPeriod;

/// So many places a chart has.
pub const PLACES_MAX: usize = 100;
/// Places before are looked for in so many periods, this one included.
pub const PERIODS_MAX: u32 = 52;
/// Days are kept for a year of weeks before the last one of a year ago.
const DAYS_KEPT: u32 = 2 * 7 * PERIODS_MAX;
/// So many recordings and countries of days are kept, of some twenty bytes each.
const CELLS_MAX: usize = 4_000_000;
/// So many charts are remembered.
const REMEMBERED_MAX: usize = 4_000;
/// So long is kept what the library says of who made a recording, where another process changes that.
const CREDITS_FOR_S: u64 = 600;
/// What was read so lately isn't read again.
const READ_EVERY: Duration = Duration::from_secs(1);
/// Nobody waits longer than this, and one partition, for logs that weren't read yet.
const READ_FOR: Duration = Duration::from_secs(2);

/// Which chart is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChartQuery {
    /// What is ranked.
    pub kind: SavedKind,
    /// How long it is of.
    pub period: ChartPeriod,
    /// A day in it; where none is named, the last one that is over.
    pub at: Option<DayNo>,
    /// Of which country; of all where none is named.
    pub territory: Option<String>,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What was asked for.
    pub query: ChartQuery,
    /// Its first day.
    pub first: DayNo,
    /// Its last day.
    pub last: DayNo,
    /// Whether it is over.
    pub is_over: bool,
    /// Whether no report of its plays can come in time any more.
    pub is_settled: bool,
    /// Places before are known from this day on.
    pub known_from: DayNo,
    /// Its places, the first one first.
    pub places: Vec<ShownPlace>,
}

/// A place in a chart.
#[derive(Debug, Clone)]
pub struct ShownPlace {
    /// From 1.
    pub rank: u32,
    /// The one of the period before.
    pub rank_before: Option<u32>,
    /// The best one so far.
    pub best_rank: u32,
    /// In how many periods it had one.
    pub periods: u32,
    /// Counted plays.
    pub plays: u64,
    /// Whose place.
    pub id: String,
    /// What the library knows of it.
    pub thing: Thing,
}

/// Why there is no chart.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The days are too long ago.
    #[error("charts are known of periods that begin on {0} or later")]
    Unknown(DayNo),
    /// The period hasn't begun.
    #[error("this period hasn't begun yet")]
    Future,
    /// The plays logs aren't read to their ends yet.
    #[error("plays are being added up since the server was started; ask again in a moment")]
    Counting,
    /// What counts can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<crate::ports::StoreError> for ChartError {
    fn from(error: crate::ports::StoreError) -> Self {
        Self::Read(error.into())
    }
}

/// What charts are made of, and those that were made.
pub(crate) struct Charts {
    cells: Arc<Mutex<Cells>>,
    /// Whether the plays logs were read to their ends once.
    is_read: AtomicBool,
    /// One is worked out at a time.
    turn: tokio::sync::Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    /// When the plays logs were read to their ends.
    read_at: Option<Duration>,
    owners: Owners,
    remembered: HashMap<Asked, Remembered>,
}

/// Kind, first and last day, country.
type Asked = (SavedKind, DayNo, DayNo, Option<String>);

struct Remembered {
    /// Of what counts on its days, and of the library.
    state: (u64, (u64, u64)),
    places: Arc<Vec<Place>>,
}

impl Turn {
    fn remember(
        &mut self,
        asked: Asked,
        state: (u64, (u64, u64)),
        places: Vec<Place>,
    ) -> Arc<Vec<Place>> {
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        let places = Arc::new(places);
        self.remembered.insert(asked, Remembered { state, places: places.clone() });
        places
    }
}

impl Default for Charts {
    fn default() -> Self {
        let cells = Arc::new(Mutex::new(Cells::new(CELLS_MAX)));
        Self { cells, is_read: AtomicBool::new(false), turn: tokio::sync::Mutex::default() }
    }
}

impl Deployment {
    /// A chart, as of what counts now; of what was committed a second ago at the latest.
    ///
    /// # Errors
    /// [`ChartError`].
    pub async fn chart(&self, query: ChartQuery) -> Result<Chart, ChartError> {
        let today = self.clock.now().day();
        let period = query.period;
        let first = match query.at {
            Some(day) => period.first_day(day),
            None => period.before(period.first_day(today)).ok_or(ChartError::Future)?,
        };
        if first > today {
            return Err(ChartError::Future);
        }
        let last = period.last_day(first);
        let (known_from, charts) = self.charts_until(&query, first).await?;
        let (of, before) = charts.split_first().expect("the one that is asked for");
        let ids: Vec<String> = of.iter().map(|place| place.id.clone()).collect();
        let things = self.collection().things(query.kind, &ids).await?;
        let places = of.iter().zip(things).zip(1..);
        let places = places.map(|((place, thing), rank)| shown(place, rank, thing, before));
        Ok(Chart {
            first,
            last,
            is_over: last < today,
            is_settled: last.start().plus(DayNo::MS + ACCEPTANCE_MS) < self.clock.now(),
            known_from,
            places: places.collect(),
            query,
        })
    }

    /// The chart that begins on this day, and those before it, as far as they are known and wanted.
    async fn charts_until(
        &self,
        query: &ChartQuery,
        first: DayNo,
    ) -> Result<(DayNo, Vec<Arc<Vec<Place>>>), ChartError> {
        let charts = &self.music.charts;
        // While logs are read that were never read, others don't queue up behind that.
        let mut turn = match charts.turn.try_lock() {
            Ok(turn) => turn,
            Err(_) if !charts.is_read.load(Ordering::Relaxed) => return Err(ChartError::Counting),
            Err(_) => charts.turn.lock().await,
        };
        self.read_for_charts(&mut turn).await?;
        let library = self.library();
        // What another node changes in the library is seen after a while.
        let credits = (library.generation(), self.clock.elapsed().as_secs() / CREDITS_FOR_S);
        let (known_from, first_day) = {
            let cells = charts.cells.lock().unwrap_or_else(PoisonError::into_inner);
            (cells.known_from(), cells.first_day())
        };
        if first < known_from {
            return Err(ChartError::Unknown(known_from));
        }
        let mut found = Vec::new();
        let mut next = Some(first);
        while let Some(begins) = next.filter(|_| found.len() < PERIODS_MAX as usize) {
            let ends = query.period.last_day(begins);
            let known = begins >= known_from && first_day.is_some_and(|day| day <= ends);
            if !known && !found.is_empty() {
                break;
            }
            let asked = (query.kind, begins, ends, query.territory.clone());
            let state = {
                let cells = charts.cells.lock().unwrap_or_else(PoisonError::into_inner);
                (cells.state_of(begins, ends), credits)
            };
            let remembered = turn.remembered.get(&asked).filter(|one| one.state == state);
            let places = match remembered.map(|one| one.places.clone()) {
                Some(places) => places,
                None => {
                    let (cells, country) = (charts.cells.clone(), query.territory.clone());
                    let sums = apart(&*self.drive, move || {
                        let cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
                        cells.sums(begins, ends, country.as_deref())
                    });
                    let sums = sums.await.ok_or_else(ReadError::broken_off)?;
                    let store = &**library.store();
                    let of = (&*charts.cells, sums, credits);
                    let places = ranking::places(query.kind, of, &mut turn.owners, store).await?;
                    turn.remember(asked, state, places)
                }
            };
            found.push(places);
            next = query.period.before(begins);
        }
        Ok((known_from, found))
    }

    /// Reads what the plays logs got since.
    async fn read_for_charts(&self, turn: &mut Turn) -> Result<(), ChartError> {
        let now = self.clock.elapsed();
        if turn.read_at.is_some_and(|read_at| now < read_at + READ_EVERY) {
            return Ok(());
        }
        let (cells, readers) = (self.music.charts.cells.clone(), self.readers.clone());
        let (of, clock) = (self.applied_to(), self.clock.clone());
        let since = DayNo(self.clock.now().day().0.saturating_sub(DAYS_KEPT));
        let read = apart(&*self.drive, move || {
            let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
            cells.catch_up(&readers, &of, since, || clock.elapsed() < now + READ_FOR)
        });
        let read = read.await.ok_or_else(ReadError::broken_off)?;
        match read.map_err(ReadError::from)? {
            true => {
                turn.read_at = Some(now);
                self.music.charts.is_read.store(true, Ordering::Relaxed);
                Ok(())
            }
            false => Err(ChartError::Counting),
        }
    }
}

fn shown(place: &Place, rank: u32, thing: Thing, before: &[Arc<Vec<Place>>]) -> ShownPlace {
    let rank_in = |chart: &Arc<Vec<Place>>| {
        let at = chart.iter().position(|other| other.id == place.id)?;
        u32::try_from(at + 1).ok()
    };
    let ranks: Vec<Option<u32>> = before.iter().map(rank_in).collect();
    ShownPlace {
        rank,
        rank_before: ranks.first().copied().flatten(),
        best_rank: ranks.iter().flatten().copied().min().map_or(rank, |best| best.min(rank)),
        periods: 1 + u32::try_from(ranks.iter().flatten().count()).unwrap_or(PERIODS_MAX),
        plays: place.plays,
        id: place.id.clone(),
        thing,
    }
}
