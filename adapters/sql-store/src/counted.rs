//! What counts by day, recording, country and plan: inserted by commits, rolled up by one job.

use ledgerline_app::ports::{CountedDeltas, CountedKey, StoredCounts};
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{DayNo, PartitionId, Position};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

use super::dialect::Connection;
use super::statements::{batches, row_placeholders};
use crate::fault::{Fault, from_column, said, to_column};

/// Day, recording, country, plan, plays.
type Row = (i64, String, String, String, i64);

/// Recording, country, plan, plays: as a row has several of them.
type Entry<'r> = (&'r str, &'r str, &'r str, i64);

/// A row has no more entries than this: some 1 500 bytes.
const ENTRIES_MAX: usize = 32;
/// How many findings of one kind are told.
const FINDINGS_MAX: i64 = 20;

/// Inserts what is due of one partition, whose commit has its row already.
pub(crate) async fn insert(
    connection: &mut Connection,
    partition: PartitionId,
    committed: Position,
    counted: &CountedDeltas,
) -> Result<(), Fault> {
    if counted.position > committed || counted.position < counted.expected {
        return said(format!(
            "what counts of {partition} would be of {} to {}, and {committed} is committed",
            counted.expected, counted.position
        ));
    }
    move_on(connection, partition, counted).await?;
    let (number, position) = (i64::from(partition.0), to_column("position", counted.position.0)?);
    let rows = pages(&counted.rows);
    let rows: Vec<(i64, &(i64, String))> = (0..).zip(&rows).collect();
    for batch in batches(&rows) {
        let sql = format!(
            "INSERT INTO counted_deltas (partition, position, number, day, entries) VALUES {}",
            row_placeholders(batch.len(), 5)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (row, (day, entries)) in batch {
            query = query.bind(number).bind(position).bind(row).bind(day).bind(entries);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Entries of a day for each row.
fn pages(rows: &BTreeMap<CountedKey, i64>) -> Vec<(i64, String)> {
    let mut pages: Vec<(i64, Vec<Entry<'_>>)> = Vec::new();
    for (key, plays) in rows {
        let (day, entry) =
            (i64::from(key.day.0), (&*key.track, &*key.territory, &*key.tier, *plays));
        match pages.last_mut() {
            Some((of, entries)) if *of == day && entries.len() < ENTRIES_MAX => entries.push(entry),
            _ => pages.push((day, vec![entry])),
        }
    }
    let written = |entries| serde_json::to_string(entries).expect("texts and numbers have a form");
    pages.iter().map(|(day, entries)| (*day, written(entries))).collect()
}

/// Moves the partition's place on, if it is where the deltas begin.
async fn move_on(
    connection: &mut Connection,
    partition: PartitionId,
    counted: &CountedDeltas,
) -> Result<(), Fault> {
    let (expected, position) =
        (to_column("position", counted.expected.0)?, to_column("position", counted.position.0)?);
    if expected == 0 {
        sqlx::query(
            "INSERT INTO counted_positions (partition, position) VALUES ($1, 0) \
             ON CONFLICT (partition) DO NOTHING",
        )
        .bind(i64::from(partition.0))
        .execute(&mut *connection)
        .await?;
    }
    let moved = sqlx::query(
        "UPDATE counted_positions SET position = $1 WHERE partition = $2 AND position = $3",
    )
    .bind(position)
    .bind(i64::from(partition.0))
    .bind(expected)
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced(partition)) }
}

/// Up to where a partition is counted.
pub(crate) async fn position(
    connection: &mut Connection,
    partition: PartitionId,
) -> Result<Position, Fault> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT position FROM counted_positions WHERE partition = $1")
            .bind(i64::from(partition.0))
            .fetch_optional(connection)
            .await?;
    found.map_or(Ok(Position(0)), |position| {
        Ok(Position(from_column("counted_positions.position", position)?))
    })
}

/// Takes some of the inserted rows, the oldest of a partition first, and adds them to the sums. One
/// statement takes them: what is inserted meanwhile is either in its answer or stays.
pub(crate) async fn roll_up(connection: &mut Connection, rows_max: u32) -> Result<u32, Fault> {
    let taken: Vec<(i64, String)> = sqlx::query_as(
        "DELETE FROM counted_deltas WHERE (partition, position, number) IN \
         (SELECT partition, position, number FROM counted_deltas \
          ORDER BY partition, position, number LIMIT $1) \
         RETURNING day, entries",
    )
    .bind(i64::from(rows_max))
    .fetch_all(&mut *connection)
    .await?;
    let rolled = u32::try_from(taken.len()).expect("no more than were asked for");
    let mut sums: BTreeMap<(i64, String, String, String), i64> = BTreeMap::new();
    for (day, entries) in taken {
        let entries: Vec<(String, String, String, i64)> = match serde_json::from_str(&entries) {
            Ok(entries) => entries,
            Err(error) => return said(format!("counted_deltas of day {day}: {error}")),
        };
        for (track, territory, tier, plays) in entries {
            let sum = sums.entry((day, track, territory, tier)).or_default();
            *sum = match sum.checked_add(plays) {
                Some(sum) => sum,
                None => return said("a count is more than the database can hold"),
            };
        }
    }
    // In the order of the keys.
    let sums: Vec<_> = sums.into_iter().filter(|(_, plays)| *plays != 0).collect();
    for batch in batches(&sums) {
        let sql = format!(
            "INSERT INTO counted_sums (day, track_id, territory, tier, plays) VALUES {} \
             ON CONFLICT (day, track_id, territory, tier) \
             DO UPDATE SET plays = counted_sums.plays + excluded.plays",
            row_placeholders(batch.len(), 5)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((day, track, territory, tier), plays) in batch {
            query = query.bind(day).bind(track).bind(territory).bind(tier).bind(plays);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(rolled)
}

/// Sums of both tables, as they are at one moment.
pub(crate) async fn counted_by(
    connection: &mut Connection,
    by: Dimension,
    days: Days,
) -> Result<StoredCounts, Fault> {
    let value = match by {
        Dimension::Track => "track_id",
        Dimension::Territory => "territory",
        Dimension::Tier => "tier",
        Dimension::Day => "CAST(day AS TEXT)",
        Dimension::User => return said("of listeners the store has nothing"),
    };
    let positions: Vec<(i64, i64)> =
        sqlx::query_as("SELECT partition, position FROM counted_positions ORDER BY partition")
            .fetch_all(&mut *connection)
            .await?;
    let mut up_to = Vec::with_capacity(positions.len());
    for (partition, position) in positions {
        let partition = PartitionId(from_column("counted_positions.partition", partition)?);
        up_to.push((partition, Position(from_column("counted_positions.position", position)?)));
    }
    let sql = format!(
        "SELECT {value}, CAST(SUM(plays) AS BIGINT) FROM counted_rows \
         WHERE day >= $1 AND day < $2 GROUP BY {value}"
    );
    let (from, to) = (days.from.map_or(0, |day| day.0), days.to.map_or(u32::MAX, |day| day.0));
    let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(i64::from(from))
        .bind(i64::from(to))
        .fetch_all(connection)
        .await?;
    let mut counted = BTreeMap::new();
    for (value, plays) in rows.into_iter().filter(|(_, plays)| *plays != 0) {
        let value = if by == Dimension::Day { day_name(&value)? } else { value };
        counted.insert(value, plays);
    }
    Ok(StoredCounts { up_to, counted })
}

fn day_name(number: &str) -> Result<String, Fault> {
    match number.parse() {
        Ok(day) => Ok(DayNo(day).to_string()),
        Err(_) => said(format!("counted_sums.day is {number}, out of range")),
    }
}

/// What contradicts itself, in sentences.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    let ahead: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT counted_positions.partition, counted_positions.position FROM counted_positions \
         LEFT JOIN partition_commits ON partition_commits.partition = counted_positions.partition \
         WHERE partition_commits.position IS NULL OR counted_positions.position < 0 \
         OR counted_positions.position > partition_commits.position ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (partition, position) in ahead {
        findings.push(format!(
            "counted_positions of partition {partition}: {position} is beyond what is committed"
        ));
    }
    let strays: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT DISTINCT counted_deltas.partition, counted_deltas.position FROM counted_deltas \
         LEFT JOIN counted_positions ON counted_positions.partition = counted_deltas.partition \
         WHERE counted_positions.position IS NULL \
         OR counted_deltas.position > counted_positions.position ORDER BY 1, 2 LIMIT $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(&mut *connection)
    .await?;
    for (partition, position) in strays {
        findings.push(format!(
            "counted_deltas of partition {partition}: rows of {position} are beyond \
             counted_positions"
        ));
    }
    findings.extend(negative(connection).await?);
    findings.extend(days(connection).await?);
    Ok(findings)
}

/// A play leaves only where it has come in, so no sum is less than nothing.
async fn negative(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT day, track_id, territory, tier, plays FROM counted_sums WHERE plays < 0 \
         ORDER BY day, track_id, territory, tier LIMIT $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(connection)
    .await?;
    let sentence = |(day, track, territory, tier, plays): Row| {
        format!("counted_sums of day {day}, {track:?}, {territory:?}, {tier:?}: {plays} plays")
    };
    Ok(rows.into_iter().map(sentence).collect())
}

/// Where both go as far as each other, the days say the same as `counted_totals`.
async fn days(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let behind: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM partition_commits \
         LEFT JOIN counted_positions ON counted_positions.partition = partition_commits.partition \
         WHERE counted_positions.position IS NULL \
         OR counted_positions.position <> partition_commits.position",
    )
    .fetch_one(&mut *connection)
    .await?;
    if behind > 0 {
        return Ok(Vec::new());
    }
    let differing: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT day, CAST(SUM(plays) AS BIGINT) FROM (\
         SELECT day, plays FROM counted_rows UNION ALL SELECT day, -plays FROM counted_totals) \
         AS both_sums \
         GROUP BY day HAVING SUM(plays) <> 0 ORDER BY day LIMIT $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(connection)
    .await?;
    let sentence = |(day, more): (i64, i64)| {
        format!(
            "counted_sums and counted_deltas have {more} plays more of day {day} than counted_totals"
        )
    };
    Ok(differing.into_iter().map(sentence).collect())
}
