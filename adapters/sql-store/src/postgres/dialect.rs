//! All that is PostgreSQL's own in the statements.

use std::fmt::Write as _;

use super::connection;
use super::open::PostgresStore;
use crate::fault::Fault;

pub(crate) use super::damage::damage;

/// The database that the statements are sent to.
pub(crate) type Database = sqlx::Postgres;
/// One connection to it.
pub(crate) type Connection = connection::Connection;

/// Writes the placeholder of the value of this number, from 1.
pub(crate) fn push_placeholder(text: &mut String, number: usize) {
    // Writing to a string can't fail.
    let _ = write!(text, "${number}");
}

/// A text as the bytes that it is.
macro_rules! as_bytes {
    ($column:literal) => {
        concat!("convert_to(", $column, ", 'UTF8')")
    };
}
pub(crate) use as_bytes;

/// The time of the server's clock, in milliseconds since 1970.
pub(crate) const NOW_MS: &str =
    "SELECT CAST(floor(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";

/// The names of all triggers that fire.
pub(crate) async fn triggers(connection: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CAST(tgname AS TEXT) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND n.nspname = current_schema()",
    )
    .fetch_all(connection)
    .await
}

/// Frees the place of removed rows, so that it is written over. What was written to the write-ahead log,
/// to its archive and to standbys goes when these do; that is the operator's to see to.
pub(crate) async fn scrub(store: &PostgresStore) -> Result<(), Fault> {
    let mut lent = store.writer().await?;
    lent.run(
        "VACUUM listeners, accounts, app_passwords, web_sessions, collections, saved, playlists, \
         playlist_items, queues",
    )
    .await?;
    Ok(())
}
