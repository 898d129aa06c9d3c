//! Which server this is, and which form the tables have there.

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use std::time::Duration;

use super::connection::Connection;
use super::options::PostgresOptions;
use super::pool::Use;
use crate::fault::{Fault, said};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The table in which sqlx notes which migrations were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";
/// The oldest server that the tests are run on is of this version, times 10 000.
const SERVER_MIN: i32 = 150_000;
/// What PostgreSQL says of a table that isn't there.
const UNDEFINED_TABLE: &str = "42P01";
/// Changing the form of large tables takes its time.
const UPGRADE_STATEMENT_MAX: Duration = Duration::from_secs(4 * 3600);

/// fsync, full_page_writes, in recovery, version, encoding, schema.
type Server = (String, String, bool, i32, String, Option<String>);

/// Sets the limits of a new connection and looks at its server; after a failover it is another one.
pub(crate) async fn set_up(
    connection: &mut Connection,
    options: &PostgresOptions,
    usage: Use,
) -> Result<(), Fault> {
    let read_only = if usage == Use::Reading { "on" } else { "off" };
    let millis = |limit: Duration| limit.as_millis().to_string();
    // Whatever the server does beyond a commit on its own disk is left as it is.
    let settings = sqlx::query(
        "SELECT set_config('default_transaction_read_only', $1, false), \
         set_config('statement_timeout', $2, false), set_config('lock_timeout', $3, false), \
         set_config('idle_in_transaction_session_timeout', $4, false), \
         set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
         WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false), \
         set_config('jit', 'off', false)",
    );
    settings
        .bind(read_only)
        .bind(millis(options.statement_max))
        .bind(millis(options.lock_max))
        .bind(millis(options.idle_max))
        .execute(&mut *connection)
        .await?;
    look_at(connection, options, usage).await
}

async fn look_at(
    connection: &mut Connection,
    options: &PostgresOptions,
    usage: Use,
) -> Result<(), Fault> {
    let (fsync, full_page_writes, in_recovery, version, encoding, schema): Server = sqlx::query_as(
        "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
             pg_is_in_recovery(), CAST(current_setting('server_version_num') AS INTEGER), \
             current_setting('server_encoding'), CAST(current_schema() AS TEXT)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if version < SERVER_MIN {
        return said(format!(
            "the server is PostgreSQL {}, and must be {} or newer",
            version / 10_000,
            SERVER_MIN / 10_000
        ));
    }
    if encoding != "UTF8" {
        return said(format!("the database has the encoding {encoding}, and must have UTF8"));
    }
    if schema.is_none() {
        return said("the connection's search_path names no schema that is there: create it first");
    }
    if usage == Use::Writing && in_recovery {
        return said("the server is a standby, which can't be written to: name the primary");
    }
    for (setting, value) in [("fsync", fsync), ("full_page_writes", full_page_writes)] {
        if value != "on" && !options.accept_unsafe_server {
            return said(format!(
                "the server has {setting} = {value}, and so can lose what it called committed: \
                 set it to on"
            ));
        }
    }
    Ok(())
}

/// The version of the tables there; 0 where there are none.
async fn version(connection: &mut Connection) -> Result<i64, Fault> {
    match connection.driver().list_applied_migrations(MIGRATIONS_TABLE).await {
        Ok(applied) => Ok(applied.last().map_or(0, |migration| migration.version)),
        Err(MigrateError::Execute(sqlx::Error::Database(error)))
            if error.code().as_deref() == Some(UNDEFINED_TABLE) =>
        {
            Ok(0)
        }
        Err(MigrateError::Execute(error)) => Err(error.into()),
        Err(error) => said(error.to_string()),
    }
}

/// Refuses tables that are not of the form that this program uses. The connection is used up.
pub(crate) async fn require_current(mut connection: Connection) -> Result<(), Fault> {
    let has = version(&mut connection).await?;
    let wants = MIGRATIONS.iter().last().map_or(0, |migration| migration.version);
    match has.cmp(&wants) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => said(NEWER),
        std::cmp::Ordering::Less => said(format!(
            "its tables have version {has}, this program uses version {wants}: run \
             `ledgerline schema upgrade` once, when every program that uses it can be of this version"
        )),
    }
}

/// Brings the tables to our form. Two of these at the same time wait for each other. The connection is
/// used up. Says from which version to which.
pub(crate) async fn upgrade(mut connection: Connection) -> Result<(i64, i64), Fault> {
    let set = format!("SET statement_timeout = {}", UPGRADE_STATEMENT_MAX.as_millis());
    connection.run(&set).await?;
    let before = version(&mut connection).await?;
    // `run` does the same, but its future can't be sent to another thread.
    match MIGRATIONS.run_direct(None, connection.driver(), false).await {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(_)) => return said(NEWER),
        Err(MigrateError::Execute(error)) => return Err(error.into()),
        Err(error) => {
            return said(format!("its tables can't be brought up to date: {error}"));
        }
    }
    Ok((before, version(&mut connection).await?))
}

const NEWER: &str =
    "its tables were made by a newer version of this program; use the newer program";
