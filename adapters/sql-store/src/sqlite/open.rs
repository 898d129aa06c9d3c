//! Opening and closing: one connection writes, a few others read beside it.

use ledgerline_app::ports::StoreError;
use sqlx::Connection as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

use super::dialect::{self, Connection, Pool, Reader, Snapshot};
use crate::area::Area;
use crate::fault::{Fault, said};

/// The state of a deployment in one SQLite database.
///
/// Writes of one `SqlStore` queue up behind each other, in the order in which they came;
/// reads see what is committed and wait for nobody. A write whose future is dropped half
/// way is rolled back, unless it was already committing: then either may have happened,
/// and `FactStore::committed` waits until that is decided.
pub struct SqlStore {
    path: PathBuf,
    readers: Pool,
    writer: Mutex<Writer>,
    clock_off_ms: Arc<AtomicI64>,
}

/// The one connection that writes, or why there is none.
enum Writer {
    /// Ready for the next transaction.
    Idle(Connection),
    /// In use; or it failed, was thrown away, and is made anew when it is needed.
    Missing,
    /// This store was opened for reading.
    ReadOnly,
    /// This store was closed.
    Closed,
}

impl SqlStore {
    /// Opens the database file `path` (`…/state.db`) for reading and writing. Creates it
    /// where it is missing, but not its folder; brings its tables up to date.
    ///
    /// The file and those that SQLite puts beside it (`-wal`, `-shm`) have mode 0600.
    /// The caller sees to it that no other process writes.
    ///
    /// # Errors
    /// [`StoreError`] that names the file: it can't be created or opened, it is damaged or
    /// no such database, or a newer version of this program wrote it.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let opened = async {
            dialect::prepare_file(path).map_err(sqlx::Error::Io)?;
            let mut writer = dialect::connect_writer(path).await?;
            dialect::migrate(&mut writer).await?;
            let readers = dialect::connect_readers(path).await?;
            Ok(Self::of(path, readers, Writer::Idle(writer)))
        };
        opened.await.map_err(|fault| error_at(path, "opening the state", &fault))
    }

    /// Opens the database file `path` for reading only, beside a process that may be
    /// writing to it. Everything that process committed is seen.
    ///
    /// # Errors
    /// [`StoreError`] that names the file: it isn't there, it is damaged, or its tables are
    /// older or newer than this program reads.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let opened = async {
            let readers = dialect::connect_readers(path).await?;
            let mut reader = readers.acquire().await?;
            dialect::require_current(&mut reader).await?;
            drop(reader);
            Ok(Self::of(path, readers, Writer::ReadOnly))
        };
        opened.await.map_err(|fault| error_at(path, "opening the state to read it", &fault))
    }

    fn of(path: &Path, readers: Pool, writer: Writer) -> Self {
        let (path, writer) = (path.to_owned(), Mutex::new(writer));
        Self { path, readers, writer, clock_off_ms: Arc::default() }
    }

    /// Closes the store once what goes on is finished, with everything that was committed
    /// in the one database file. A store that is closed answers nothing any more; closing
    /// it again does nothing.
    ///
    /// # Errors
    /// [`StoreError`] where somebody reads for so long that a part of the commits had to
    /// stay in the write-ahead log. The store is closed then, and nothing is lost.
    pub async fn close(&self) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        self.readers.close().await;
        let emptied = match std::mem::replace(&mut *slot, Writer::Closed) {
            Writer::Idle(connection) => empty_log_and_close(connection).await,
            Writer::Missing => match dialect::connect_writer(&self.path).await {
                Ok(connection) => empty_log_and_close(connection).await,
                Err(error) => Err(error.into()),
            },
            Writer::ReadOnly | Writer::Closed => Ok(()),
        };
        emptied.map_err(|fault| self.error("closing the state", &fault))
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For tests alone: by how many milliseconds leases take the database's clock to be off from what it is.
    #[doc(hidden)]
    pub fn clock_off(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.clock_off_ms)
    }

    /// What that is set to.
    pub(crate) fn clock_off_ms(&self) -> i64 {
        self.clock_off_ms.load(Ordering::Relaxed)
    }

    /// What findings call it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A connection for a single statement that reads.
    pub(crate) async fn reader(&self) -> Result<Reader, Fault> {
        Ok(self.readers.acquire().await?)
    }

    /// Begins reading at one moment, for several statements.
    pub(crate) async fn begin_read(&self) -> Result<Snapshot, Fault> {
        Ok(dialect::begin_read(&self.readers).await?)
    }

    /// Waits for its turn and begins a transaction that writes.
    pub(crate) async fn begin_write(&self, _area: Area) -> Result<WriteTransaction<'_>, Fault> {
        let mut slot = self.writer.lock().await;
        let mut connection = match std::mem::replace(&mut *slot, Writer::Missing) {
            Writer::Idle(connection) => connection,
            Writer::Missing => dialect::connect_writer(&self.path).await?,
            Writer::ReadOnly => {
                *slot = Writer::ReadOnly;
                return said("it was opened for reading only");
            }
            Writer::Closed => {
                *slot = Writer::Closed;
                return said("it was closed");
            }
        };
        sqlx::query(dialect::BEGIN_WRITE).execute(&mut connection).await?;
        Ok(WriteTransaction { slot, connection })
    }

    /// Waits for the writes that came before, dropped ones included: what is read after
    /// this can't be changed by any of them.
    pub(crate) async fn settle(&self) -> Result<(), Fault> {
        let slot = self.writer.lock().await;
        if !matches!(*slot, Writer::Missing) {
            return Ok(());
        }
        drop(slot);
        // The connection that was thrown away may be at its commit still. Whoever begins
        // a transaction after that gets the lock only when it is done.
        self.begin_write(Area::Facts).await?.finish(Ok(())).await
    }

    /// The port's error for `fault`, with the file's name.
    pub(crate) fn error(&self, what: &'static str, fault: &Fault) -> StoreError {
        error_at(&self.path, what, fault)
    }
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A transaction that writes. The connection goes back to its place only after a clean
/// end: a connection that failed, or whose transaction was dropped half way, is thrown
/// away, and the database rolls back what was open on it.
pub(crate) struct WriteTransaction<'a> {
    slot: MutexGuard<'a, Writer>,
    connection: Connection,
}

impl WriteTransaction<'_> {
    /// What to send statements to.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Commits where `outcome` is good, rolls back where it isn't.
    pub(crate) async fn finish<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        let statement = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = sqlx::query(statement).execute(&mut self.connection).await;
        if ended.is_ok() && !matches!(outcome, Err(Fault::Sql(_))) {
            *self.slot = Writer::Idle(self.connection);
            return outcome;
        }
        // Closed before anybody else has a turn, so that the outcome is settled by then.
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "a connection to the state could not be closed");
        }
        match ended {
            Ok(_) => outcome,
            Err(error) => outcome.and(Err(error.into())),
        }
    }
}

async fn empty_log_and_close(mut connection: Connection) -> Result<(), Fault> {
    let emptied = dialect::empty_log(&mut connection).await;
    let closed = connection.close().await;
    emptied.and(closed.map_err(Fault::from))
}

fn error_at(path: &Path, what: &'static str, fault: &Fault) -> StoreError {
    StoreError { what, detail: format!("{}: {fault}", path.display()) }
}
