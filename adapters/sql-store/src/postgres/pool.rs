//! A few connections to one server, lent one call at a time.
//!
//! One that comes back in the midst of something is thrown away, with its socket: the server rolls back
//! what was open on it, as soon as it notices.

use sqlx::error::Error;
use sqlx::postgres::PgConnectOptions;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::connection::Connection;
use super::options::PostgresOptions;
use super::schema;
use crate::fault::{Fault, said};

/// What the connections of a pool are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// They may write.
    Writing,
    /// The server refuses whatever would change anything.
    Reading,
}

/// What a connection is sent first. It changes nothing, so that it can be sent again to the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Greeting<'a> {
    /// Whether somebody is there.
    Ping,
    /// Statements that begin a transaction.
    Begin(&'a str),
}

impl Greeting<'_> {
    async fn send(self, connection: &mut Connection) -> Result<(), Error> {
        match self {
            Self::Ping => connection.ping().await,
            Self::Begin(statements) => connection.begin(statements).await,
        }
    }
}

/// Connections of one use.
#[derive(Debug)]
pub(crate) struct Pool {
    options: PostgresOptions,
    server: PgConnectOptions,
    usage: Use,
    turns: Arc<Semaphore>,
    shelf: Arc<Shelf>,
}

/// Where connections wait for the next call.
#[derive(Debug, Default)]
struct Shelf {
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
}

impl Shelf {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, connection: Connection) {
        if connection.is_clean() && !self.closed.load(Ordering::Acquire) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// A connection that goes back when this is dropped, if it is good for another call.
#[derive(Debug)]
pub(crate) struct Lent {
    connection: Option<Connection>,
    shelf: Arc<Shelf>,
    _turn: OwnedSemaphorePermit,
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is taken out by drop alone")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is taken out by drop alone")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.shelf.put(connection);
        }
    }
}

impl Pool {
    pub(crate) fn new(server: &PgConnectOptions, options: &PostgresOptions, usage: Use) -> Self {
        let turns = match usage {
            Use::Writing => options.writers_max,
            Use::Reading => options.readers_max,
        };
        let turns = usize::try_from(turns.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            options: options.clone(),
            server: server.clone(),
            usage,
            turns: Arc::new(Semaphore::new(turns)),
            shelf: Arc::default(),
        }
    }

    /// A connection that has just answered. Those that wait may have lost their server since: the greeting
    /// finds out.
    pub(crate) async fn lend(&self, greeting: Greeting<'_>) -> Result<Lent, Fault> {
        let waited = timeout(self.options.turn_max, self.turns.clone().acquire_owned()).await;
        let turn = match waited {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return said("it was closed"),
            Err(_) => {
                let seconds = self.options.turn_max.as_secs();
                return said(format!("no connection to it became free within {seconds} s"));
            }
        };
        let mut lent = Lent { connection: None, shelf: Arc::clone(&self.shelf), _turn: turn };
        // No more of them wait than there are turns, so this ends.
        while let Some(connection) = self.shelf.take() {
            let connection = lent.connection.insert(connection);
            match greeting.send(connection).await {
                Ok(()) => return Ok(lent),
                Err(error) if connection.is_ready() => return Err(error.into()),
                Err(_) => drop(lent.connection.take()),
            }
        }
        let connection = lent.connection.insert(self.connect().await?);
        greeting.send(connection).await?;
        Ok(lent)
    }

    /// Another connection, beside those that are lent.
    pub(crate) async fn connect(&self) -> Result<Connection, Fault> {
        let (connect_max, answer_max) = (self.options.connect_max, self.options.answer_max);
        let mut connection = Connection::open(&self.server, connect_max, answer_max).await?;
        schema::set_up(&mut connection, &self.options, self.usage).await?;
        Ok(connection)
    }

    /// Lends nothing any more, once what was lent is back or the time for it is over.
    pub(crate) async fn close(&self) {
        let all = match self.usage {
            Use::Writing => self.options.writers_max,
            Use::Reading => self.options.readers_max,
        };
        let back = self.turns.acquire_many(all.max(1));
        let _ = timeout(self.options.turn_max, back).await;
        self.turns.close();
        self.shelf.closed.store(true, Ordering::Release);
        while let Some(connection) = self.shelf.take() {
            connection.close().await;
        }
    }
}
