//! The database as somebody who owns it has it: with its triggers out of the way.

use crate::support::Folder;
use ledgerline_ledger::{Account, Entry, SignedHead};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::runtime::Runtime;

/// An open database. Closing it puts the triggers back, so that not they are what is missed.
pub struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
    triggers: Vec<(String, String)>,
}

/// A value for a statement.
#[derive(Debug, Clone)]
pub enum Bound {
    /// A whole number.
    Number(i64),
    /// Bytes; `CAST($1 AS TEXT)` makes a text of them.
    Bytes(Vec<u8>),
}

impl Database {
    /// Opens the database of a folder in which nothing runs, and forgets the checksum that an
    /// orderly end left beside it.
    pub fn open(folder: &Folder) -> Self {
        let _ = std::fs::remove_file(folder.data().join("state.db.closed"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let url = format!("sqlite://{}", folder.data().join("state.db").display());
        let connection = runtime.block_on(SqliteConnection::connect(&url)).expect("it opens");
        let mut database = Self { runtime, connection, triggers: Vec::new() };
        database.triggers =
            database.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'");
        for (name, _) in database.triggers.clone() {
            database.run(&format!("DROP TRIGGER {name}"), &[]);
        }
        database
    }

    /// Runs a statement; how many rows it changed.
    pub fn run(&mut self, sql: &str, bound: &[Bound]) -> u64 {
        let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        for value in bound {
            query = match value.clone() {
                Bound::Number(number) => query.bind(number),
                Bound::Bytes(bytes) => query.bind(bytes),
            };
        }
        let done = self.runtime.block_on(query.execute(&mut self.connection));
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// The rows of a statement.
    pub fn rows<R>(&mut self, sql: &str) -> Vec<R>
    where
        R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        let query = sqlx::query_as(AssertSqlSafe(sql.to_owned()));
        let rows = self.runtime.block_on(query.fetch_all(&mut self.connection));
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// All entries.
    pub fn entries(&mut self) -> Vec<Entry> {
        let rows: Vec<(Vec<u8>,)> = self.rows("SELECT bytes FROM ledger_entries ORDER BY seq");
        rows.iter().map(|(bytes,)| Entry::from_bytes(bytes).expect("it is sound")).collect()
    }

    /// All signed heads.
    pub fn heads(&mut self) -> Vec<SignedHead> {
        let rows: Vec<(String,)> = self.rows("SELECT head FROM ledger_heads ORDER BY seq");
        rows.iter().map(|(line,)| SignedHead::parse(line).expect("it is sound")).collect()
    }

    /// Puts an entry in the place of the one with its number, the postings by account too.
    pub fn put(&mut self, entry: &Entry) {
        let seq = i64::try_from(entry.seq()).expect("small");
        let bound = [
            Bound::Number(seq),
            Bound::Bytes(entry.hash().as_bytes().to_vec()),
            Bound::Bytes(entry.to_bytes()),
        ];
        self.run("UPDATE ledger_entries SET hash = $2, bytes = $3 WHERE seq = $1", &bound);
        self.run("DELETE FROM ledger_postings WHERE seq = $1", &bound[..1]);
        for posting in &entry.draft().postings {
            let Account { holder, currency, kind } = &posting.account;
            self.run(
                &format!(
                    "INSERT INTO ledger_postings (account, seq, amount, effective) \
                     SELECT account, {seq}, {}, {} FROM ledger_accounts \
                     WHERE holder = '{holder}' AND currency = '{currency}' AND kind = '{kind}'",
                    posting.amount.get(),
                    entry.draft().effective.0,
                ),
                &[],
            );
        }
    }

    /// Makes the balances what the postings add up to, and forgets accounts without any.
    pub fn balance(&mut self) {
        self.run(
            "DELETE FROM ledger_accounts WHERE account NOT IN (SELECT account FROM ledger_postings)",
            &[],
        );
        self.run(
            "UPDATE ledger_accounts SET balance = (SELECT SUM(amount) FROM ledger_postings p \
             WHERE p.account = ledger_accounts.account)",
            &[],
        );
    }

    /// Puts the triggers back and closes.
    pub fn close(mut self) {
        for (_, sql) in std::mem::take(&mut self.triggers) {
            self.run(&sql, &[]);
        }
        self.runtime.block_on(self.connection.close()).expect("it closes");
    }
}
