//! How long anything is waited for.

use std::time::Duration;

/// Limits of a [`PostgresStore`](super::PostgresStore), and what it may be content with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// How many transactions that write go on at once; more of them wait. Each is a connection.
    pub writers_max: u32,
    /// How many reads go on at once; more of them wait. Each is a connection.
    pub readers_max: u32,
    /// How long a call waits for one of these.
    pub turn_max: Duration,
    /// How long connecting may take.
    pub connect_max: Duration,
    /// How long the server waits for a lock before it refuses.
    pub lock_max: Duration,
    /// How long the server works on one statement before it refuses; looking for damage has no such limit.
    pub statement_max: Duration,
    /// How long nothing may come from the server, before the connection counts as broken. More than
    /// `statement_max`, or its refusals are never heard.
    pub answer_max: Duration,
    /// How long a transaction may be idle until the server rolls it back, and its locks with it: so
    /// long does a process that was stopped in its midst hold the others up. Less than `lock_max`, or they
    /// give up before.
    pub idle_max: Duration,
    /// For tests alone: also a server that loses what it called durable when its machine goes down.
    pub accept_unsafe_server: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            writers_max: 8,
            readers_max: 8,
            turn_max: Duration::from_secs(30),
            connect_max: Duration::from_secs(5),
            lock_max: Duration::from_secs(20),
            statement_max: Duration::from_secs(30),
            answer_max: Duration::from_secs(35),
            idle_max: Duration::from_secs(10),
            accept_unsafe_server: false,
        }
    }
}
