//! Partitions, how far they are judged, and what that added up to.

use async_trait::async_trait;
use ledgerline_app::ports::facts::{PartitionTotals, RecentTotals};
use ledgerline_app::ports::{
    CommitError, FactStore, PartitionCommit, PartitionDelta, StoreError, StoredCounts,
};
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{DayNo, HourNo, PartitionId, Position};
use ledgerline_records::verdict::{Status, Verdict};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

use super::dialect::Connection;
use super::statements::{batches, row_placeholders};
use super::{Area, Store};
use super::{counted, verify};
use crate::fault::{Fault, from_column, said, to_column};

/// The word in `report_totals` for all reports; the others are verdicts.
pub(crate) const ACCEPTED: &str = "accepted";

/// A row of `report_totals` or `play_totals`.
pub(crate) type WordRow = (i64, i64, String, i64);
/// A row of `counted_totals`.
pub(crate) type DayRow = (i64, i64, i64);
/// A row of `partition_commits`.
pub(crate) type CommitRow = (i64, i64, i64, i64);

pub(crate) const SELECT_COMMITS: &str = "SELECT partition, epoch, position, plays_bytes \
     FROM partition_commits ORDER BY partition";
pub(crate) const SELECT_REPORTS: &str = "SELECT partition, hour, verdict, reports \
     FROM report_totals ORDER BY partition, hour, verdict";
pub(crate) const SELECT_PLAYS: &str = "SELECT partition, hour, status, plays \
     FROM play_totals ORDER BY partition, hour, status";
pub(crate) const SELECT_COUNTED: &str = "SELECT partition, day, plays \
     FROM counted_totals ORDER BY partition, day";

#[async_trait]
impl FactStore for Store {
    async fn take_over(&self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError> {
        let taken = async {
            let mut write = self.begin_write(Area::Facts).await?;
            let taken = take_over(write.connection(), partitions).await;
            write.finish(taken).await
        };
        taken.await.map_err(|fault| self.error("taking the partitions over", &fault))
    }

    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        if deltas.is_empty() {
            return Ok(());
        }
        let committed = async {
            // Added up before it is our turn, so that the others wait for the disk only.
            let sums = Sums::of(deltas)?;
            let mut write = self.begin_write(Area::Facts).await?;
            let committed = commit(write.connection(), deltas, &sums).await;
            write.finish(committed).await
        };
        committed.await.map_err(|fault| match fault {
            Fault::Fenced(partition) => CommitError::Fenced { partition },
            fault => self.error("committing counts", &fault).into(),
        })
    }

    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError> {
        let read = async {
            self.settle().await?;
            let rows = sqlx::query_as(SELECT_COMMITS).fetch_all(&mut *self.reader().await?).await?;
            rows.into_iter().map(partition_commit).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading how far is judged", &fault))
    }

    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let totals = totals(&mut snapshot).await?;
            snapshot.commit().await?;
            Ok(totals)
        };
        read.await.map_err(|fault: Fault| self.error("reading the counts", &fault))
    }

    async fn recent_totals(&self, hours_max: u32) -> Result<RecentTotals, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let recent = recent(&mut snapshot, hours_max).await?;
            snapshot.commit().await?;
            Ok(recent)
        };
        read.await.map_err(|fault: Fault| self.error("reading the newest counts", &fault))
    }

    async fn counted_position(&self, partition: PartitionId) -> Result<Position, StoreError> {
        let read = async { counted::position(&mut *self.reader().await?, partition).await };
        read.await.map_err(|fault: Fault| self.error("reading how far is counted", &fault))
    }

    async fn roll_up(&self, rows_max: u32) -> Result<u32, StoreError> {
        let rolled = async {
            let mut write = self.begin_write(Area::Sums).await?;
            let rolled = counted::roll_up(write.connection(), rows_max).await;
            write.finish(rolled).await
        };
        rolled.await.map_err(|fault| self.error("rolling up what counts", &fault))
    }

    async fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let counts = counted::counted_by(&mut snapshot, by, days).await?;
            snapshot.commit().await?;
            Ok(counts)
        };
        read.await.map_err(|fault: Fault| self.error("reading what counts", &fault))
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        verify::findings(self).await.map_err(|fault| self.error("verifying the state", &fault))
    }
}

async fn take_over(
    connection: &mut Connection,
    partitions: u16,
) -> Result<Vec<PartitionCommit>, Fault> {
    make(connection, partitions, "DO UPDATE SET epoch = partition_commits.epoch + 1").await
}

/// Makes the partitions that are missing, does `on_conflict` with those that are there, and says what
/// there is then.
pub(crate) async fn make(
    connection: &mut Connection,
    partitions: u16,
    on_conflict: &str,
) -> Result<Vec<PartitionCommit>, Fault> {
    let numbers: Vec<u16> = (0..partitions).collect();
    for batch in batches(&numbers) {
        let sql = format!(
            "INSERT INTO partition_commits (partition, epoch, position, plays_bytes) VALUES {} \
             ON CONFLICT (partition) {on_conflict}",
            row_placeholders(batch.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for partition in batch {
            query = query.bind(i64::from(*partition)).bind(1_i64).bind(0_i64).bind(0_i64);
        }
        query.execute(&mut *connection).await?;
    }
    let rows: Vec<CommitRow> = sqlx::query_as(SELECT_COMMITS).fetch_all(connection).await?;
    // What the other partitions counted would be forgotten silently.
    if rows.len() > usize::from(partitions) {
        return said(format!("it holds {} partitions, not {partitions}", rows.len()));
    }
    rows.into_iter().map(partition_commit).collect()
}

/// What all deltas of one commit add to each table, without zeros, in the order of the keys.
struct Sums {
    reports: Vec<(i64, i64, &'static str, i64)>,
    plays: Vec<(i64, i64, &'static str, i64)>,
    counted: Vec<DayRow>,
}

impl Sums {
    fn of(deltas: &[PartitionDelta]) -> Result<Self, Fault> {
        let mut reports = BTreeMap::new();
        let mut plays = BTreeMap::new();
        let mut counted = BTreeMap::new();
        for delta in deltas {
            let partition = i64::from(delta.partition.0);
            for (hour, number) in &delta.accepted {
                add(&mut reports, (partition, i64::from(hour.0), ACCEPTED), *number)?;
            }
            for ((hour, verdict), number) in &delta.verdicts {
                add(&mut reports, (partition, i64::from(hour.0), verdict.as_str()), *number)?;
            }
            for ((hour, status), number) in &delta.statuses {
                add(&mut plays, (partition, i64::from(hour.0), status.as_str()), *number)?;
            }
            for (day, number) in &delta.counted {
                add(&mut counted, (partition, i64::from(day.0)), *number)?;
            }
        }
        let changed = |number: &i64| *number != 0;
        Ok(Self {
            reports: (reports.into_iter().filter(|(_, n)| changed(n)))
                .map(|((partition, hour, word), n)| (partition, hour, word, n))
                .collect(),
            plays: (plays.into_iter().filter(|(_, n)| changed(n)))
                .map(|((partition, hour, word), n)| (partition, hour, word, n))
                .collect(),
            counted: (counted.into_iter().filter(|(_, n)| changed(n)))
                .map(|((partition, day), n)| (partition, day, n))
                .collect(),
        })
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, i64>, key: K, number: i64) -> Result<(), Fault> {
    let sum = sums.entry(key).or_insert(0);
    match sum.checked_add(number) {
        Some(more) => *sum = more,
        None => return said("a count is more than the database can hold"),
    }
    Ok(())
}

async fn commit(
    connection: &mut Connection,
    deltas: &[PartitionDelta],
    sums: &Sums,
) -> Result<(), Fault> {
    // In one order everywhere, so that two commits never wait for each other in a circle.
    let mut in_order: Vec<&PartitionDelta> = deltas.iter().collect();
    in_order.sort_by_key(|delta| delta.partition);
    for delta in &in_order {
        advance(connection, delta).await?;
    }
    let reports = "INSERT INTO report_totals (partition, hour, verdict, reports)";
    let more_reports = "ON CONFLICT (partition, hour, verdict) \
         DO UPDATE SET reports = report_totals.reports + excluded.reports";
    add_words(connection, reports, more_reports, &sums.reports).await?;
    let plays = "INSERT INTO play_totals (partition, hour, status, plays)";
    let more_plays = "ON CONFLICT (partition, hour, status) \
         DO UPDATE SET plays = play_totals.plays + excluded.plays";
    add_words(connection, plays, more_plays, &sums.plays).await?;
    add_days(connection, &sums.counted).await?;
    for delta in in_order {
        if let Some(counted) = &delta.counted_by {
            counted::insert(connection, delta.partition, delta.position, counted).await?;
        }
    }
    Ok(())
}

/// Moves the partition on, if it is where the delta says.
async fn advance(connection: &mut Connection, delta: &PartitionDelta) -> Result<(), Fault> {
    let partition = delta.partition;
    if delta.position < delta.expected {
        return said(format!(
            "{partition} would go back from {} to {}",
            delta.expected, delta.position
        ));
    }
    let moved = sqlx::query(
        "UPDATE partition_commits SET position = $1, plays_bytes = $2 \
         WHERE partition = $3 AND epoch = $4 AND position = $5",
    )
    .bind(to_column("position", delta.position.0)?)
    .bind(to_column("the plays log's length", delta.plays_bytes)?)
    .bind(i64::from(partition.0))
    .bind(to_column("epoch", delta.epoch)?)
    .bind(to_column("position", delta.expected.0)?)
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced(partition)) }
}

async fn add_words(
    connection: &mut Connection,
    insert: &str,
    on_conflict: &str,
    rows: &[(i64, i64, &'static str, i64)],
) -> Result<(), Fault> {
    for batch in batches(rows) {
        let values = row_placeholders(batch.len(), 4);
        let mut query =
            sqlx::query(AssertSqlSafe(format!("{insert} VALUES {values} {on_conflict}")));
        for (partition, hour, word, number) in batch {
            query = query.bind(partition).bind(hour).bind(word).bind(number);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn add_days(connection: &mut Connection, rows: &[DayRow]) -> Result<(), Fault> {
    for batch in batches(rows) {
        let sql = format!(
            "INSERT INTO counted_totals (partition, day, plays) VALUES {} \
             ON CONFLICT (partition, day) \
             DO UPDATE SET plays = counted_totals.plays + excluded.plays",
            row_placeholders(batch.len(), 3)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (partition, day, number) in batch {
            query = query.bind(partition).bind(day).bind(number);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) fn partition_commit(
    (partition, epoch, position, plays_bytes): CommitRow,
) -> Result<PartitionCommit, Fault> {
    let partition = PartitionId(from_column("partition_commits.partition", partition)?);
    let of = |column: &str| format!("partition_commits.{column} of {partition}");
    Ok(PartitionCommit {
        partition,
        epoch: from_column(&of("epoch"), epoch)?,
        position: Position(from_column(&of("position"), position)?),
        plays_bytes: from_column(&of("plays_bytes"), plays_bytes)?,
    })
}

/// Hour, word, sum.
type SumRow = (i64, String, i64);

// The database adds up, and what it adds up is cast back: PostgreSQL makes a numeric of it. By hour through the tables' keys, so that old hours are not looked at.
const LAST_HOUR: &str = "SELECT COALESCE(MAX((SELECT hour FROM report_totals \
     WHERE report_totals.partition = partition_commits.partition AND verdict = $1 AND reports <> 0 \
     ORDER BY hour DESC LIMIT 1)), 0) FROM partition_commits";
const SUM_REPORTS: &str = "SELECT CAST(0 AS BIGINT), verdict, CAST(SUM(reports) AS BIGINT) \
     FROM report_totals GROUP BY verdict";
const SUM_PLAYS: &str = "SELECT CAST(0 AS BIGINT), status, CAST(SUM(plays) AS BIGINT) \
     FROM play_totals GROUP BY status";
const SUM_REPORTS_BY_HOUR: &str = "SELECT hour, verdict, CAST(SUM(reports) AS BIGINT) \
     FROM partition_commits JOIN report_totals USING (partition) WHERE hour >= $1 GROUP BY hour, verdict";
const SUM_PLAYS_BY_HOUR: &str = "SELECT hour, status, CAST(SUM(plays) AS BIGINT) \
     FROM partition_commits JOIN play_totals USING (partition) WHERE hour >= $1 GROUP BY hour, status";

async fn recent(connection: &mut Connection, hours_max: u32) -> Result<RecentTotals, Fault> {
    let last: i64 =
        sqlx::query_scalar(LAST_HOUR).bind(ACCEPTED).fetch_one(&mut *connection).await?;
    let since = (last + 1 - i64::from(hours_max)).max(0);
    let mut recent = RecentTotals::default();
    for (select, by_hour) in [(SUM_REPORTS, false), (SUM_REPORTS_BY_HOUR, true)] {
        let query = sqlx::query_as(select);
        let query = if by_hour { query.bind(since) } else { query };
        let rows: Vec<SumRow> = query.fetch_all(&mut *connection).await?;
        for (hour, word, reports) in rows {
            let hour = HourNo(from_column("report_totals.hour", hour)?);
            let (accepted, verdicts) = if by_hour {
                let of = recent.hours.entry(hour).or_default();
                (&mut of.accepted, &mut of.verdicts)
            } else {
                (&mut recent.accepted, &mut recent.verdicts)
            };
            if word == ACCEPTED {
                *accepted = reports;
            } else {
                verdicts.insert(verdict_of(&word)?, reports);
            }
        }
    }
    for (select, by_hour) in [(SUM_PLAYS, false), (SUM_PLAYS_BY_HOUR, true)] {
        let query = sqlx::query_as(select);
        let query = if by_hour { query.bind(since) } else { query };
        let rows: Vec<SumRow> = query.fetch_all(&mut *connection).await?;
        for (hour, word, plays) in rows {
            let hour = HourNo(from_column("play_totals.hour", hour)?);
            let statuses = if by_hour {
                &mut recent.hours.entry(hour).or_default().statuses
            } else {
                &mut recent.statuses
            };
            statuses.insert(status_of(&word)?, plays);
        }
    }
    Ok(recent.without_zeros())
}

fn verdict_of(word: &str) -> Result<Verdict, Fault> {
    let unknown = || Fault::Said(format!("report_totals has the unknown verdict {word:?}"));
    Verdict::from_word(word).ok_or_else(unknown)
}

fn status_of(word: &str) -> Result<Status, Fault> {
    let unknown = || Fault::Said(format!("play_totals has the unknown status {word:?}"));
    Status::from_word(word).ok_or_else(unknown)
}

/// All totals. A sum of zero is left out: whether its row exists is an accident of history.
async fn totals(connection: &mut Connection) -> Result<Vec<PartitionTotals>, Fault> {
    let mut all = BTreeMap::new();
    for row in sqlx::query_as(SELECT_COMMITS).fetch_all(&mut *connection).await? {
        let commit = partition_commit(row)?;
        let empty = PartitionTotals {
            commit,
            accepted: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            statuses: BTreeMap::new(),
            counted: BTreeMap::new(),
        };
        all.insert(i64::from(commit.partition.0), empty);
    }
    let rows: Vec<WordRow> = sqlx::query_as(SELECT_REPORTS).fetch_all(&mut *connection).await?;
    for (partition, hour, word, number) in rows {
        let of = of_partition(&mut all, "report_totals", partition)?;
        let hour = HourNo(from_column("report_totals.hour", hour)?);
        if number == 0 {
            continue;
        }
        if word == ACCEPTED {
            of.accepted.insert(hour, number);
        } else {
            of.verdicts.insert((hour, verdict_of(&word)?), number);
        }
    }
    let rows: Vec<WordRow> = sqlx::query_as(SELECT_PLAYS).fetch_all(&mut *connection).await?;
    for (partition, hour, word, number) in rows {
        let of = of_partition(&mut all, "play_totals", partition)?;
        let hour = HourNo(from_column("play_totals.hour", hour)?);
        let status = status_of(&word)?;
        if number != 0 {
            of.statuses.insert((hour, status), number);
        }
    }
    let rows: Vec<DayRow> = sqlx::query_as(SELECT_COUNTED).fetch_all(&mut *connection).await?;
    for (partition, day, number) in rows {
        let of = of_partition(&mut all, "counted_totals", partition)?;
        let day = DayNo(from_column("counted_totals.day", day)?);
        if number != 0 {
            of.counted.insert(day, number);
        }
    }
    Ok(all.into_values().collect())
}

fn of_partition<'a>(
    all: &'a mut BTreeMap<i64, PartitionTotals>,
    table: &str,
    partition: i64,
) -> Result<&'a mut PartitionTotals, Fault> {
    let missing = || Fault::Said(format!("{table} has rows of an unknown partition {partition}"));
    all.get_mut(&partition).ok_or_else(missing)
}
