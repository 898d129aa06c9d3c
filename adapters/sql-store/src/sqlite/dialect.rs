//! All that is SQLite's own in the statements, and around them.

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, Sqlite, SqliteConnection};
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::open::SqlStore;
use crate::area::Area;
use crate::fault::{Fault, said};

/// The database that the statements are sent to.
pub(crate) type Database = Sqlite;
/// One connection to it.
pub(crate) type Connection = SqliteConnection;
/// Connections for reading.
pub(crate) type Pool = SqlitePool;
/// One of them, taken out for a while.
pub(crate) type Reader = sqlx::pool::PoolConnection<Database>;
/// What reads see one moment of the database through.
pub(crate) type Snapshot = sqlx::Transaction<'static, Database>;

/// Begins a transaction that writes. It takes the lock at once: a transaction that reads
/// first and wants to write later can be refused when it is half done.
pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// How long a lock of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many reads go on at once; more of them wait.
const READERS_MAX: u32 = 4;
/// How many prepared statements a connection keeps; we have some fifty.
const STATEMENTS_MAX: usize = 128;
/// Writes the placeholder of the value of this number, from 1. SQLite looks a numbered one's name up
/// by walking through all names of its statement, which took nearly three quarters of the time of an
/// import of rights; one without a number is the next.
pub(crate) fn push_placeholder(text: &mut String, _number: usize) {
    text.push('?');
}

/// A text as the bytes that it is, whether or not they are a text any more.
macro_rules! as_bytes {
    ($column:literal) => {
        concat!("CAST(", $column, " AS BLOB)")
    };
}
pub(crate) use as_bytes;

/// The time of the database's clock, in milliseconds since 1970.
pub(crate) const NOW_MS: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// The table in which sqlx notes which migrations were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";
/// What SQLite puts beside the database: the write-ahead log, and its index.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];
/// Of a writer's pages so many KiB stay in memory at most.
const WRITER_CACHE: &str = "-65536";
/// Of each reader's pages so many KiB: the upper levels of a great library's indexes.
const READER_CACHE: &str = "-16384";
/// When the log has so many pages (16 MiB), they are brought into the database file: what several transactions
/// changed in one page is then written once.
const LOG_PAGES: &str = "4096";
/// Only the owner reads and writes: hashes of secrets and listeners' pseudonyms are in there.
const PRIVATE: u32 = 0o600;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Creates the file where it is missing, and closes it to everybody else. SQLite gives
/// the files that it puts beside it the same mode.
///
/// An existing file is not opened here: closing it again would take away the locks of
/// every other connection of this process (POSIX advisory locks belong to the process).
pub(crate) fn prepare_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path) {
        Ok(file) => {
            file.sync_all()?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            close_to_others(path)?;
            for suffix in SIDE_FILES {
                match close_to_others(&beside(path, suffix)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Opens the connection that writes.
pub(crate) async fn connect_writer(path: &Path) -> Result<Connection, sqlx::Error> {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // On Apple's systems an fsync alone leaves the bytes in the drive's cache.
        // What is deleted is overwritten: an erased name must not stay in a page that is free.
        .pragma("secure_delete", "ON")
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        // What one transaction of a great library touches stays in memory until it ends.
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .connect()
        .await
}

/// Opens the connections that read.
pub(crate) async fn connect_readers(path: &Path) -> Result<Pool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options(path).read_only(true).pragma("cache_size", READER_CACHE))
        .await
}

/// Begins reading at one moment.
pub(crate) async fn begin_read(readers: &Pool) -> Result<Snapshot, sqlx::Error> {
    readers.begin().await
}

/// Brings the tables to the form that this program writes.
pub(crate) async fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    // `run` does the same, but its future can't be sent to another thread (the compiler
    // finds `Acquire` "not general enough"), and so nobody could open a store in a task.
    match MIGRATIONS.run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(_)) => said(NEWER),
        Err(MigrateError::Execute(error)) => Err(error.into()),
        Err(error) => said(format!("its tables can't be brought up to date: {error}")),
    }
}

/// Refuses tables that are not of the form that this program reads.
pub(crate) async fn require_current(connection: &mut Connection) -> Result<(), Fault> {
    let applied = match connection.list_applied_migrations(MIGRATIONS_TABLE).await {
        Ok(applied) => applied,
        // Without that table the database is somebody else's, or was never set up.
        Err(MigrateError::Execute(sqlx::Error::Database(error))) if is_missing_table(&*error) => {
            Vec::new()
        }
        Err(MigrateError::Execute(error)) => return Err(error.into()),
        Err(error) => return said(error.to_string()),
    };
    let has = applied.last().map_or(0, |migration| migration.version);
    let wants = MIGRATIONS.iter().last().map_or(0, |migration| migration.version);
    match has.cmp(&wants) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => said(NEWER),
        std::cmp::Ordering::Less => said(format!(
            "its tables have version {has}, this program reads version {wants}; \
             open it for writing once to bring them up to date"
        )),
    }
}

/// Moves everything from the write-ahead log into the database file and empties the log.
pub(crate) async fn empty_log(connection: &mut Connection) -> Result<(), Fault> {
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    if busy == 0 {
        return Ok(());
    }
    said(
        "somebody still reads it, so the newest commits stay in the file ending in -wal; \
         nothing is lost, but the two files must be kept together",
    )
}

/// Empties the write-ahead log, in which what was removed may still be.
pub(crate) async fn scrub(store: &SqlStore) -> Result<(), Fault> {
    let mut write = store.begin_write(Area::Listeners).await?;
    // Within a transaction the log can't be emptied; its turn is what is wanted here.
    sqlx::query("COMMIT").execute(write.connection()).await?;
    let emptied = empty_log(write.connection()).await;
    sqlx::query(BEGIN_WRITE).execute(write.connection()).await?;
    write.finish(emptied).await
}

/// Writes all that is committed into the new file `path`, without unused pages.
pub(crate) async fn copy_into(connection: &mut Connection, path: &str) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM INTO $1").bind(path).execute(connection).await?;
    Ok(())
}

/// Syncs a file that no connection of this process has open, and closes it to everybody else.
pub(crate) fn make_durable(path: &Path) -> io::Result<()> {
    close_to_others(path)?;
    File::open(path)?.sync_all()
}

/// The names of all triggers.
pub(crate) async fn triggers(connection: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .fetch_all(connection)
        .await
}

/// What SQLite itself finds wrong in the file.
///
/// It looks through a connection of its own, because one that was used before has pages in
/// memory and would not read them again.
pub(crate) async fn damage(store: &SqlStore) -> Result<Vec<String>, Fault> {
    let options = options(store.path()).read_only(true).pragma("cell_size_check", "ON");
    let mut connection = options.connect().await?;
    let mut findings = Vec::new();
    match sqlx::query_scalar::<_, String>("PRAGMA integrity_check").fetch_all(&mut connection).await
    {
        Ok(lines) => findings.extend(lines.into_iter().filter(|line| line != "ok")),
        Err(sqlx::Error::Database(error)) => findings.push(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    let orphans = sqlx::query_as::<_, (String, Option<i64>, String, i64)>;
    match orphans("PRAGMA foreign_key_check").fetch_all(&mut connection).await {
        Ok(rows) => findings.extend(rows.into_iter().map(|(table, _, parent, _)| {
            format!("a row of {table} belongs to no row of {parent}")
        })),
        Err(sqlx::Error::Database(error)) => findings.push(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    connection.close().await?;
    Ok(findings)
}

const NEWER: &str = "it was written by a newer version of this program; use that one";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS_MAX)
        // Nothing in the file is to run code of its own accord, should somebody forge it.
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

fn is_missing_table(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.message().starts_with("no such table")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn close_to_others(path: &Path) -> io::Result<()> {
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & !PRIVATE == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode & PRIVATE))
}
