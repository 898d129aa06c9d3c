//! From a line of a statement to the plays behind it, and from a play to every cent it caused.

use ledgerline_counting::identity::track_hash;
use ledgerline_ids::{HashKey, PartitionId, Period, Position, TrackId, UnixMs};
use ledgerline_money::Fraction;
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::Status;
use ledgerline_royalty::line::Pool;
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::statement::StatementLine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::CloseError;
use super::reading::Place;
use super::record::{CloseState, Record};
use super::words::why_unpaid;
use crate::Deployment;
use crate::money::usage_fold::{Cut, part_of};
use crate::plays::{PlayError, PlayRef, PlayView};
use crate::ports::drive::apart;
use crate::reading::Readers;

/// A line, and all that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedLine {
    /// Whose.
    pub payee: String,
    /// The close that states it.
    pub stated_in: Period,
    /// The line.
    pub line: StatementLine,
    /// Its pool, with how its money came about from revenue and terms.
    pub pool: Pool,
    /// What changed, where it adjusts an earlier month.
    pub detail: Option<String>,
    /// The revisions that the close took.
    pub revisions: super::Revisions,
    /// Some of the counted plays behind it.
    pub plays: Vec<LinePlay>,
}

/// A counted play behind a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePlay {
    /// The listener.
    pub user_id: Option<String>,
    /// The player's key.
    pub play_id: Option<String>,
    /// Whose credential its reports came by.
    pub source: String,
    /// Its start.
    pub started_at: UnixMs,
    /// The merged listened time.
    pub listened_ms: u64,
    /// Where its reports are.
    pub partition: PartitionId,
    /// Where the report that made it count stands in the partition's report log.
    pub position: Position,
}

/// A play, and every line that it has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPlay {
    /// The play, with its reports.
    pub play: PlayView,
    /// The month that it belongs to.
    pub period: Period,
    /// How it stands with closes, as a sentence.
    pub sentence: String,
    /// What it caused, line by line.
    pub lines: Vec<PlayLine>,
}

/// A line that a play has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayLine {
    /// The close that states it.
    pub stated_in: Period,
    /// Whose statement it is on.
    pub payee: String,
    /// The line.
    pub line: StatementLine,
    /// One even part of its amount, in major units: the line's plays are worth the same each,
    /// unless its model weighs listeners or listened time.
    pub each: Option<Fraction>,
}

/// So many lines of one recording are looked at.
const LINES_MAX: usize = 1_000;
/// So many plays of a line are shown at most.
pub const PLAYS_MAX: usize = 100;

impl Deployment {
    /// Explains a line of a payee's statement, with up to `plays` of the plays behind it.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn explain_line(
        &self,
        payee: &str,
        stated_in: Period,
        number: u64,
        plays: usize,
    ) -> Result<ExplainedLine, CloseError> {
        let (payee, readers, key) = (payee.to_owned(), self.readers.clone(), self.key);
        let lengths = self.plays_lengths();
        let wanted = plays.min(PLAYS_MAX);
        self.read_close(stated_in, move |month| {
            let (line, pool) = month.line(&payee, number)?;
            let detail = month.manifest().adjustments.iter().find(|it| {
                it.period == line.period.to_string()
                    && line.cause.is_some_and(|cause| cause.word() == it.cause)
            });
            let detail = detail.map(|it| it.detail.clone());
            let record = month.record();
            let plays = match wanted {
                0 => Vec::new(),
                _ => {
                    let revenue = month.revenue_of(&line)?;
                    plays_of((&readers, &lengths), (&key, &record.cut), (&line, &revenue), wanted)?
                }
            };
            let revisions = record.revisions;
            Ok(ExplainedLine { payee, stated_in, line, pool, detail, revisions, plays })
        })
        .await
    }

    /// Explains what a play caused.
    ///
    /// # Errors
    /// [`crate::plays::PlayError`] as a sentence, or what else [`CloseError`] says.
    pub async fn explain_money_of(
        &self,
        play: &PlayRef,
    ) -> Result<ExplainedPlay, ExplainPlayError> {
        // What is durable by now may have changed how the play stands.
        let settled = self.settle_for_reading().await;
        settled.map_err(|error| PlayError::Stopped(error.to_string()))?;
        let view = self.play(play).await?;
        let records = self.closes().await?;
        let closed: Vec<Record> =
            records.into_iter().filter(|record| record.state == CloseState::Closed).collect();
        let first = self.first_close_of(play, &closed).await?;
        let (stated, kept) = first.unzip();
        let period = kept.unwrap_or(Period::of(view.started_at));
        let mut lines: Vec<PlayLine> = Vec::new();
        // Closes before the first one that contained it owe it nothing.
        let later = |record: &&Record| stated.is_some_and(|stated| record.period >= stated);
        for record in closed.iter().filter(later) {
            let month = Arc::new(self.closed_month(record.period).await?);
            let (track, this) = (view.track_id.clone(), month.clone());
            let found = apart(&*self.drive, move || this.lines_of_track(&track, LINES_MAX));
            let found = found.await.unwrap_or(Err(CloseError::BrokenOff))?;
            let mine = found
                .into_iter()
                .filter(|(_, line, pool)| line.period == period && about(pool, &view));
            let mine: Vec<_> = mine.collect();
            // Of revenue rows that are about it the most specific one is its own.
            let names = |pool: &Pool| (pool.territory.is_some(), pool.tier.is_some());
            let most = mine.iter().map(|(.., pool)| names(pool)).max();
            lines.extend(mine.into_iter().filter_map(|(payee, line, pool)| {
                (Some(names(&pool)) == most).then(|| part(record.period, payee, line))
            }));
        }
        let sentence = sentence(&view, (period, kept), &closed, lines.is_empty());
        Ok(ExplainedPlay { play: view, period, sentence, lines })
    }

    /// The first close that contained the play, and the month that the play has since.
    async fn first_close_of(
        &self,
        play: &PlayRef,
        closed: &[Record],
    ) -> Result<Option<(Period, Period)>, ExplainPlayError> {
        let located = self.locate(play).await?;
        let (readers, closed) = (self.readers.clone(), closed.to_vec());
        let walk = apart(&*self.drive, move || {
            let mut states = Vec::new();
            let mut bytes = Vec::new();
            let mut next = Some(located.address);
            while let Some(address) = next {
                readers.of(located.partition).read(address, &mut bytes)?;
                let Ok(play) = PlayRecord::decode(&bytes) else { break };
                states.push((play.cause, play.to == Status::Counted, play.started_at));
                next = play.previous;
            }
            Ok(first_close(&states, located.partition, &closed))
        });
        Ok(walk.await.unwrap_or(Ok(None)).map_err(CloseError::Usage)?)
    }
}

/// Why a play's money can't be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainPlayError {
    /// There is no such play.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// A close can't be read.
    #[error(transparent)]
    Close(#[from] CloseError),
}

/// The first close at whose cut the play counted, and its month there; states are newest first.
fn first_close(
    states: &[(Position, bool, UnixMs)],
    partition: PartitionId,
    closed: &[Record],
) -> Option<(Period, Period)> {
    let first = closed.first()?.period;
    closed.iter().find_map(|record| {
        let cut = record.cut.iter().find(|cut| cut.partition == partition)?;
        let (_, counted, started_at) = states.iter().find(|(at, ..)| *at < cut.position)?;
        let month = Period::of(*started_at);
        let taken = *counted && (first..=record.period).contains(&month);
        taken.then_some((record.period, month))
    })
}

fn about(pool: &Pool, play: &PlayView) -> bool {
    let same = |of: &Option<Box<str>>, is: &Option<String>| {
        of.as_deref().is_none_or(|of| is.as_deref() == Some(of))
    };
    same(&pool.territory, &play.territory) && same(&pool.tier, &play.tier)
}

fn part(stated_in: Period, payee: String, line: StatementLine) -> PlayLine {
    let micros = i128::from(line.amount.get());
    let each = match line.plays {
        0 => None,
        plays => Fraction::new(micros, i128::from(plays) * 1_000_000).ok(),
    };
    PlayLine { stated_in, payee, line, each }
}

fn sentence(
    play: &PlayView,
    (period, kept): (Period, Option<Period>),
    closed: &[Record],
    nothing: bool,
) -> String {
    let last = closed.last().map(|record| record.period);
    let is_closed = closed.iter().any(|record| record.period == period);
    match play.status {
        Status::Counted if !is_closed => match last {
            Some(last) if period <= last => {
                format!("It counts, but {period} lies before the first month that was closed here.")
            }
            _ => format!("It counts; {period} isn't closed yet, so it has caused no money so far."),
        },
        Status::Counted if nothing => {
            format!(
                "It counts; it came to {period} after the newest close, and is in the next one."
            )
        }
        Status::Counted => format!("It counts, and has its part in these lines of {period}."),
        _ => {
            let why = why_of(play);
            match kept {
                Some(kept) => format!(
                    "{why} It counted when {kept} was closed; what it caused there is taken back by \
                     an adjustment of the next close after that."
                ),
                None => why,
            }
        }
    }
}

fn why_of(play: &PlayView) -> String {
    let rules = play.rules.iter().fold(0, |bits, rule| bits | 1 << (*rule as u8 - 1));
    let reason = play.reason.map_or(0, |reason| reason as u8);
    match play.status {
        Status::Counted => why_unpaid(Standing::Counted, 0),
        Status::Pending | Status::BelowThreshold => why_unpaid(Standing::Short, 0),
        Status::Held => why_unpaid(Standing::Held, rules),
        Status::Excluded => why_unpaid(Standing::Excluded, rules),
        Status::NotPayable => why_unpaid(Standing::NotPayable, reason),
        Status::Adjudication | Status::Conflict => why_unpaid(Standing::Undecided, reason),
    }
}

/// Some of the counted plays of a line's recording, month, territory and tier as of a cut, in the
/// order of their starts: of each partition the newest.
fn plays_of(
    (readers, lengths): (&Readers, &[u64]),
    (key, cut): (&HashKey, &Cut),
    (line, revenue): (&StatementLine, &[Place]),
    wanted: usize,
) -> Result<Vec<LinePlay>, CloseError> {
    let Ok(track) = TrackId::new(&line.track_id) else { return Ok(Vec::new()) };
    let keys = [track_hash(key, track)];
    let mut found = Vec::new();
    for (at, length) in cut.iter().zip(lengths) {
        let sieve = &readers.sieves_of(at.partition).plays;
        // From the end on: the newest record of a play is its state, and strikes out earlier ones.
        let mut struck = BTreeSet::new();
        for range in sieve.ranges(&keys, 0..*length, Some(at.position)).into_iter().rev() {
            let mut standing: BTreeMap<u64, LinePlay> = BTreeMap::new();
            readers
                .for_each(at.partition, range.start, range.end, &mut |address, play| {
                    if play.cause >= at.position {
                        return;
                    }
                    if let Some(previous) = play.previous {
                        standing.remove(&previous.0);
                        struck.insert(previous.0);
                    }
                    if play.to == Status::Counted && is_of((line, revenue), play) {
                        standing.insert(address.0, line_play(at.partition, play));
                    }
                })
                .map_err(super::UsageError::from)?;
            let newest =
                standing.into_iter().filter(|(address, _)| !struck.contains(address)).rev();
            found.extend(newest.map(|(_, play)| play).take(wanted - found.len()));
            if found.len() == wanted {
                break;
            }
        }
        if found.len() == wanted {
            break;
        }
    }
    found.sort_by_key(|play| play.started_at);
    Ok(found)
}

/// Whether a play is of a line's recording and month, and the line's revenue is the most specific
/// that is about it.
fn is_of((line, revenue): (&StatementLine, &[Place]), play: &PlayRecord<'_>) -> bool {
    let part = part_of(play);
    if part.track != line.track_id || Period::of(part.started_at) != line.period {
        return false;
    }
    let about = |(territory, tier): &&Place| {
        territory.as_deref().is_none_or(|of| part.territory == Some(of))
            && tier.as_deref().is_none_or(|of| part.tier == Some(of))
    };
    let names = |(territory, tier): &&Place| (territory.is_some(), tier.is_some());
    let own = revenue.iter().filter(about).max_by_key(names);
    own.is_some_and(|(territory, tier)| (territory, tier) == (&line.territory, &line.tier))
}

fn line_play(partition: PartitionId, play: &PlayRecord<'_>) -> LinePlay {
    LinePlay {
        user_id: play.identity.user.map(|user| user.as_str().to_owned()),
        play_id: play.identity.key.play_id().map(|id| id.as_str().to_owned()),
        source: play.identity.source.as_str().to_owned(),
        started_at: play.started_at,
        listened_ms: play.listened_ms,
        partition,
        position: play.cause,
    }
}
