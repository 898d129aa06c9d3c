//! Opening, and transactions of several processes beside each other.
//!
//! Commits of facts meet in the rows of their partitions alone: each compares epoch and position, and
//! the later of two rivals waits for the row and then finds another position there. What else is
//! written, is written by areas that take turns through a lock of the transaction.

use ledgerline_app::ports::StoreError;
use sqlx::postgres::PgConnectOptions;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::connection::Connection;
use super::options::PostgresOptions;
use super::pool::{Greeting, Lent, Pool, Use};
use super::schema;
use crate::area::Area;
use crate::fault::{Fault, said};

/// What else is set on the server, transactions that write are these: a row that somebody else changed is read
/// again once it is ours.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// Several statements see one moment.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// How many prepared statements a connection keeps.
const STATEMENTS_MAX: usize = 128;

/// The state of a deployment in one schema of a PostgreSQL database, which its processes share.
///
/// Every call is one transaction, and none waits without a limit ([`PostgresOptions`]). A call that
/// fails because the connection broke while it was committing says so: it may have happened. The next
/// `FactStore::committed` waits until that is decided.
pub struct PostgresStore {
    name: String,
    readers: Pool,
    /// None where it was opened for reading.
    writers: Option<Pool>,
    /// How many commits ended without our knowing how, and how many of these are decided since.
    unknown: AtomicU64,
    decided: AtomicU64,
    clock_off_ms: Arc<AtomicI64>,
}

impl PostgresStore {
    /// Connects to the database of `url`, `postgres://user:password@host:port/database`, for reading and
    /// writing. It must have been set up by [`upgrade`](Self::upgrade). `?sslmode=verify-full` and
    /// `&sslrootcert=FILE` say how the server is to prove who it is; `?options[search_path]=NAME` names a
    /// schema other than the user's own.
    ///
    /// # Errors
    /// [`StoreError`] that names the database: the address is none, nobody answers there, the server isn't
    /// durable, or the tables are older or newer than this program's.
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let what = "opening the state";
        let (name, server) = address(url).map_err(|fault| error_at("PostgreSQL", what, &fault))?;
        let opened = async {
            let writers = Pool::new(&server, &options, Use::Writing);
            schema::require_current(writers.connect().await?).await?;
            Ok(writers)
        };
        let writers = opened.await.map_err(|fault| error_at(&name, what, &fault))?;
        Ok(Self::of(name, &server, &options, Some(writers)))
    }

    /// The same for reading only, also from a standby. The server refuses whatever would write.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_read_only(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let what = "opening the state to read it";
        let (name, server) = address(url).map_err(|fault| error_at("PostgreSQL", what, &fault))?;
        let opened = async {
            let readers = Pool::new(&server, &options, Use::Reading);
            schema::require_current(readers.connect().await?).await
        };
        opened.await.map_err(|fault| error_at(&name, what, &fault))?;
        Ok(Self::of(name, &server, &options, None))
    }

    fn of(
        name: String,
        server: &PgConnectOptions,
        options: &PostgresOptions,
        writers: Option<Pool>,
    ) -> Self {
        let readers = Pool::new(server, options, Use::Reading);
        let (unknown, decided) = (AtomicU64::new(0), AtomicU64::new(0));
        let clock_off_ms = Arc::default();
        Self { name, readers, writers, unknown, decided, clock_off_ms }
    }

    /// Makes the tables, or brings them to the form of this program. Says from which version to which.
    ///
    /// # Errors
    /// [`StoreError`] that names the database: as [`open`](Self::open), or the user may not do this. The
    /// tables have one of the two forms then, or one between of a released version.
    pub async fn upgrade(url: &str, options: PostgresOptions) -> Result<(i64, i64), StoreError> {
        let what = "upgrading the tables";
        let (name, server) = address(url).map_err(|fault| error_at("PostgreSQL", what, &fault))?;
        let upgraded = async {
            let writers = Pool::new(&server, &options, Use::Writing);
            schema::upgrade(writers.connect().await?).await
        };
        upgraded.await.map_err(|fault| error_at(&name, what, &fault))
    }

    /// Closes the store once what goes on is finished. A store that is closed answers nothing any more;
    /// closing it again does nothing.
    ///
    /// # Errors
    /// None; it has the form of the other store's.
    pub async fn close(&self) -> Result<(), StoreError> {
        if let Some(writers) = &self.writers {
            writers.close().await;
        }
        self.readers.close().await;
        Ok(())
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

    /// What findings call it: where it is, without who asks and the password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection for a single statement that reads.
    pub(crate) async fn reader(&self) -> Result<Lent, Fault> {
        self.readers.lend(Greeting::Ping).await
    }

    /// A connection that may write, outside of a transaction.
    pub(crate) async fn writer(&self) -> Result<Lent, Fault> {
        self.writers()?.lend(Greeting::Ping).await
    }

    fn writers(&self) -> Result<&Pool, Fault> {
        self.writers.as_ref().map_or_else(|| said("it was opened for reading only"), Ok)
    }

    /// Begins reading at one moment, for several statements.
    pub(crate) async fn begin_read(&self) -> Result<Snapshot, Fault> {
        Ok(Snapshot(self.readers.lend(Greeting::Begin(BEGIN_READ)).await?))
    }

    /// Begins a transaction that writes to an area, once it is this area's turn.
    pub(crate) async fn begin_write(&self, area: Area) -> Result<WriteTransaction<'_>, Fault> {
        let statements = match turn(area) {
            None => BEGIN_WRITE.to_owned(),
            Some(number) => format!(
                "{BEGIN_WRITE}; \
                 SELECT pg_advisory_xact_lock(hashtext(current_schema()), {number})"
            ),
        };
        let lent = self.writers()?.lend(Greeting::Begin(&statements)).await?;
        Ok(WriteTransaction { store: self, lent, is_open: true })
    }

    /// Waits until every commit of this store that ended without our knowing how is decided: what is
    /// read after this can't be changed by any of them.
    pub(crate) async fn settle(&self) -> Result<(), Fault> {
        let unknown = self.unknown.load(Ordering::Acquire);
        if self.decided.load(Ordering::Acquire) == unknown {
            return Ok(());
        }
        // Whoever may still be at it has these rows.
        let mut write = self.begin_write(Area::Facts).await?;
        let waited =
            sqlx::query("SELECT partition FROM partition_commits ORDER BY partition FOR SHARE")
                .fetch_all(write.connection())
                .await;
        write.give_up(waited.map(drop).map_err(Fault::from)).await?;
        self.decided.fetch_max(unknown, Ordering::AcqRel);
        Ok(())
    }

    /// The port's error for `fault`, with where the database is.
    pub(crate) fn error(&self, what: &'static str, fault: &Fault) -> StoreError {
        error_at(&self.name, what, fault)
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The number of an area's lock, which stays as it is: programs of two versions share it. Facts
/// have none, and what listeners keep.
fn turn(area: Area) -> Option<u8> {
    match area {
        Area::Facts | Area::Collection => None,
        Area::Access => Some(1),
        Area::Appeals => Some(2),
        Area::Proposals => Some(3),
        Area::Audit => Some(4),
        Area::Catalogue => Some(5),
        Area::Contracts => Some(6),
        Area::Revenue => Some(7),
        Area::Listeners => Some(8),
        Area::Ledger => Some(9),
        Area::Sums => Some(10),
        Area::Accords => Some(11),
        Area::Renditions => Some(12),
        Area::Delivery => Some(13),
        Area::Music => Some(15),
    }
}

/// Several statements that read one moment.
pub(crate) struct Snapshot(Lent);

impl Snapshot {
    /// Ends it; without this its connection is thrown away.
    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        Ok(self.0.end("COMMIT").await?)
    }
}

impl Deref for Snapshot {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// A transaction that writes. Its connection is used again only after a clean end; otherwise it is thrown
/// away, and the server rolls back what was open on it.
pub(crate) struct WriteTransaction<'a> {
    store: &'a PostgresStore,
    lent: Lent,
    is_open: bool,
}

impl WriteTransaction<'_> {
    /// What to send statements to.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.lent
    }

    /// Commits where `outcome` is good, rolls back where it isn't.
    pub(crate) async fn finish<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        let value = match outcome {
            Ok(value) => value,
            Err(fault) => return self.give_up(Err(fault)).await,
        };
        match self.lent.end("COMMIT").await {
            Ok(()) => {
                self.is_open = false;
                Ok(value)
            }
            // Refused or cut off: it can have happened all the same.
            Err(error) => said(format!(
                "the connection failed while it was committing, so that it may have happened or not: {error}"
            )),
        }
    }

    /// Rolls back.
    async fn give_up<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        // Nothing can come of it any more, whether or not the server hears of that.
        self.is_open = false;
        if self.lent.is_ready() {
            let _ = self.lent.end("ROLLBACK").await;
        }
        outcome
    }
}

impl Drop for WriteTransaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.store.unknown.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The name for people, and where to connect.
fn address(url: &str) -> Result<(String, PgConnectOptions), Fault> {
    // What is wrong with it is said without it: there may be a password in there.
    let Ok(server) = url.parse::<PgConnectOptions>() else {
        return said("the address is none: write postgres://user:password@host:port/database");
    };
    let server = server.statement_cache_capacity(STATEMENTS_MAX);
    let place = match server.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", server.get_host(), server.get_port()),
    };
    let database = server.get_database().unwrap_or_else(|| server.get_username());
    Ok((format!("PostgreSQL {place}/{database}"), server))
}

fn error_at(name: &str, what: &'static str, fault: &Fault) -> StoreError {
    StoreError { what, detail: format!("{name}: {fault}") }
}
