//! The records of closes: bytes with a revision.

use ledgerline_app::ports::{CloseChange, CloseRecord};
use ledgerline_ids::Period;

use super::super::dialect::Connection;
use crate::fault::{Fault, from_column, to_column};

/// Changes a record, if it is at the expected revision.
pub(super) async fn change(connection: &mut Connection, change: &CloseChange) -> Result<(), Fault> {
    let expected = to_column("revision", change.expected)?;
    let period = change.period.to_string();
    let query = match expected {
        0 => sqlx::query(
            "INSERT INTO close_records (period, revision, record) VALUES ($1, $2 + 1, $3) \
             ON CONFLICT (period) DO NOTHING",
        ),
        _ => sqlx::query(
            "UPDATE close_records SET revision = $2 + 1, record = $3 \
             WHERE period = $1 AND revision = $2",
        ),
    };
    let query = query.bind(period).bind(expected).bind(change.record.as_slice());
    match query.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Fault::CloseMoved(change.period)),
    }
}

/// All of them, by month.
pub(super) async fn records(connection: &mut Connection) -> Result<Vec<CloseRecord>, Fault> {
    let rows: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT period, revision, record FROM close_records ORDER BY period")
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|(period, revision, record)| {
            let of = |error| Fault::Said(format!("close_records.period {period:?} {error}"));
            let revision = from_column("close_records.revision", revision)?;
            Ok(CloseRecord { period: Period::parse(&period).map_err(of)?, revision, record })
        })
        .collect()
}
