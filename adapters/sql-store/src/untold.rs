//! Facts that counting was not told yet. They are written in the transaction of the change
//! that they are about, so that neither is there without the other.

use ledgerline_app::ports::{Fact, Untold};
use ledgerline_records::report::TrackStamp;
use sqlx::AssertSqlSafe;

use super::dialect::Connection;
use super::statements::{batches, row_placeholders, value_placeholders};
use crate::fault::{Fault, from_column, said, to_column};

/// A row of `untold_facts`.
#[derive(sqlx::FromRow)]
struct Row {
    sequence: i64,
    track_id: Option<String>,
    revision: Option<i64>,
    known: Option<bool>,
    duration_ms: Option<i64>,
    device_id: Option<String>,
    listed: Option<bool>,
}

/// Adds facts of the tracks `ids`, as they stand in the catalogue now, after all others.
pub(crate) async fn add_tracks(
    connection: &mut Connection,
    ids: &[&str],
    revision: u64,
) -> Result<(), Fault> {
    let revision = to_column("the catalogue's revision", revision)?;
    for batch in batches(ids) {
        let sql = format!(
            "INSERT INTO untold_facts (track_id, revision, known, duration_ms) \
             SELECT track_id, ${}, TRUE, duration_ms FROM tracks WHERE track_id IN ({}) \
             ORDER BY track_id",
            batch.len() + 1,
            value_placeholders(batch.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(id);
        }
        query.bind(revision).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Adds facts of the devices `ids`, in their order, after all others.
pub(crate) async fn add_devices(
    connection: &mut Connection,
    ids: &[String],
    listed: bool,
) -> Result<(), Fault> {
    for batch in batches(ids) {
        let sql = format!(
            "INSERT INTO untold_facts (device_id, listed) VALUES {}",
            row_placeholders(batch.len(), 2)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(id).bind(listed);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Up to `limit` facts, the oldest first.
pub(crate) async fn oldest(connection: &mut Connection, limit: u32) -> Result<Vec<Untold>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT sequence, track_id, revision, known, duration_ms, device_id, listed \
         FROM untold_facts ORDER BY sequence LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(untold).collect()
}

/// Removes the facts up to and with `sequence`.
pub(crate) async fn remove(connection: &mut Connection, sequence: u64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM untold_facts WHERE sequence <= $1")
        .bind(to_column("a sequence number", sequence)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says which rows are no facts.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let wrong: Vec<i64> = sqlx::query_scalar(
        "SELECT sequence FROM untold_facts WHERE NOT ( \
         sequence >= 0 AND COALESCE(duration_ms, 0) >= 0 AND ( \
         (track_id IS NOT NULL AND COALESCE(revision, -1) >= 0 AND known IS NOT NULL \
         AND device_id IS NULL AND listed IS NULL) OR \
         (device_id IS NOT NULL AND listed IS NOT NULL AND track_id IS NULL \
         AND revision IS NULL AND known IS NULL AND duration_ms IS NULL))) ORDER BY sequence",
    )
    .fetch_all(connection)
    .await?;
    Ok(wrong.into_iter().map(no_fact).collect())
}

fn untold(row: Row) -> Result<Untold, Fault> {
    let sequence = from_column("untold_facts.sequence", row.sequence)?;
    let fact = match row {
        Row {
            track_id: Some(track_id),
            revision: Some(revision),
            known: Some(known),
            duration_ms,
            device_id: None,
            listed: None,
            ..
        } => {
            let revision = from_column("untold_facts.revision", revision)?;
            let length_ms =
                duration_ms.map(|ms| from_column("untold_facts.duration_ms", ms)).transpose()?;
            Fact::Track { track_id, stamp: TrackStamp { revision, known, length_ms } }
        }
        Row {
            track_id: None,
            revision: None,
            known: None,
            duration_ms: None,
            device_id: Some(device_id),
            listed: Some(listed),
            ..
        } => Fact::Device { device_id, listed },
        Row { sequence, .. } => return said(no_fact(sequence)),
    };
    Ok(Untold { sequence, fact })
}

fn no_fact(sequence: i64) -> String {
    format!("untold_facts {sequence} is neither of a track nor of a device, or out of range")
}
