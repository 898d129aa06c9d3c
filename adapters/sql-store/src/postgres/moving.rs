//! Taking over everything from the store of one machine, and giving everything to one.
//!
//! Both have the same tables with the same columns; what differs is how a column's values are kept. Which
//! tables there are is asked, not listed here: one that a later migration adds is moved too.
//!
//! - `same`: whether two states are the same

mod same;

use futures_core::Stream;
use ledgerline_app::ports::StoreError;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use std::future::poll_fn;
use std::pin::Pin;

use super::connection::Connection;
use super::open::PostgresStore;
use crate::area::Area;
use crate::fault::{Fault, said};
use crate::sqlite::SqlStore;

/// What belongs to the nodes that run, and to the form of one database.
const STAYING: [&str; 4] = ["nodes", "partition_leases", "accords", "_sqlx_migrations"];
/// Rows that a migration itself puts in: they are replaced.
const BEGUN: [&str; 1] = ["catalogue_revision"];
/// So many rows, or bytes, one statement carries.
const ROWS_AT_ONCE: usize = 1_000;
const BYTES_AT_ONCE: usize = 4 << 20;

/// A column's values, in either database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Flag,
    Text,
    Bytes,
}

impl Kind {
    fn of(data_type: &str) -> Option<Self> {
        Some(match data_type {
            "bigint" => Self::Number,
            "boolean" => Self::Flag,
            "text" => Self::Text,
            "bytea" => Self::Bytes,
            _ => return None,
        })
    }

    fn array(self) -> &'static str {
        match self {
            Self::Number => "BIGINT[]",
            Self::Flag => "BOOLEAN[]",
            Self::Text => "TEXT[]",
            Self::Bytes => "BYTEA[]",
        }
    }
}

/// The values of one column in a few rows.
#[derive(Debug)]
enum Values {
    Numbers(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Values {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Flag => Self::Flags(Vec::new()),
            Kind::Text => Self::Texts(Vec::new()),
            Kind::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// Takes a value of SQLite's; says how many bytes it has.
    fn take(&mut self, row: &SqliteRow, at: usize) -> Result<usize, sqlx::Error> {
        Ok(match self {
            Self::Numbers(values) => {
                values.push(row.try_get(at)?);
                8
            }
            Self::Flags(values) => {
                values.push(row.try_get::<Option<i64>, _>(at)?.map(|flag| flag != 0));
                1
            }
            Self::Texts(values) => {
                let value: Option<String> = row.try_get(at)?;
                let bytes = value.as_ref().map_or(1, String::len);
                values.push(value);
                bytes
            }
            Self::Bytes(values) => {
                let value: Option<Vec<u8>> = row.try_get(at)?;
                let bytes = value.as_ref().map_or(1, Vec::len);
                values.push(value);
                bytes
            }
        })
    }
}

/// A table that both have.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    /// The column of which each new row has the next number.
    counted: Option<String>,
}

impl Table {
    fn column_list(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.column_list(), self.name)
    }
}

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MovedState {
    /// How many tables.
    pub tables: u64,
    /// How many rows, of all of them.
    pub rows: u64,
}

impl PostgresStore {
    /// Takes everything over that `from` has, in one transaction: all of it, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]: there is something in this database already, the two have tables of different forms,
    /// or one of them doesn't answer.
    pub async fn move_in(&self, from: &SqlStore) -> Result<MovedState, StoreError> {
        let taken = async {
            let mut write = self.begin_write(Area::Facts).await?;
            let taken = take_all(write.connection(), from).await;
            write.finish(taken).await
        };
        taken.await.map_err(|fault| self.error("taking over a state", &fault))
    }

    /// Gives everything that is here to `to`, which has nothing yet, in one transaction there.
    ///
    /// # Errors
    /// As [`move_in`](Self::move_in).
    pub async fn move_out(&self, to: &SqlStore) -> Result<MovedState, StoreError> {
        let given = async {
            let mut snapshot = self.begin_read().await?;
            let mut write = to.begin_write(Area::Facts).await?;
            let given = give_all(&mut snapshot, write.connection()).await;
            let moved = write.finish(given).await?;
            snapshot.commit().await?;
            Ok(moved)
        };
        given.await.map_err(|fault| self.error("handing a state over", &fault))
    }
}

/// The tables in the order in which they were made, so that each comes behind those that it refers to.
async fn tables(connection: &mut Connection) -> Result<Vec<Table>, Fault> {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), format_type(a.atttypid, NULL), \
         a.attidentity <> '' FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 \
         AND NOT a.attisdropped ORDER BY c.oid, a.attnum",
    )
    .fetch_all(connection)
    .await?;
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, data_type, is_counted) in rows {
        if STAYING.contains(&name.as_str()) {
            continue;
        }
        let Some(kind) = Kind::of(&data_type) else {
            return said(format!("{name}.{column} is {data_type}, which no move knows"));
        };
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(Table { name, columns: Vec::new(), counted: None });
        }
        let table = tables.last_mut().expect("one was pushed");
        if is_counted {
            table.counted = Some(column.clone());
        }
        table.columns.push((column, kind));
    }
    Ok(tables)
}

/// Refuses where the other database's tables have other columns.
fn agree(tables: &[Table], mut others: Vec<(String, String)>) -> Result<(), Fault> {
    let columns = |table: &Table| {
        let named = |(column, _): &(String, Kind)| (table.name.clone(), column.clone());
        table.columns.iter().map(named).collect::<Vec<_>>()
    };
    let mut ours: Vec<(String, String)> = tables.iter().flat_map(columns).collect();
    ours.sort();
    others.retain(|(table, _)| !STAYING.contains(&table.as_str()));
    others.sort();
    let differing = ours.iter().find(|it| !others.contains(it));
    let differing = differing.or_else(|| others.iter().find(|it| !ours.contains(it)));
    match differing {
        None => Ok(()),
        Some((table, column)) => said(format!(
            "{table}.{column} is in one of the two databases only: bring both to the form of this program"
        )),
    }
}

const SQLITE_COLUMNS: &str = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";

async fn take_all(connection: &mut Connection, from: &SqlStore) -> Result<MovedState, Fault> {
    let tables = tables(connection).await?;
    let mut reading = from.begin_read().await?;
    agree(&tables, sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut *reading).await?)?;
    for table in &tables {
        make_room(connection, table).await?;
    }
    let mut moved = MovedState::default();
    for table in &tables {
        moved.tables += 1;
        let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut *reading);
        let mut values = empty(table);
        let (mut count, mut bytes) = (0, 0);
        while let Some(row) = next(&mut rows).await? {
            for (at, column) in values.iter_mut().enumerate() {
                bytes += column.take(&row, at)?;
            }
            count += 1;
            if count == ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                insert(connection, table, std::mem::replace(&mut values, empty(table))).await?;
                moved.rows += count as u64;
                (count, bytes) = (0, 0);
            }
        }
        drop(rows);
        if count > 0 {
            insert(connection, table, values).await?;
            moved.rows += count as u64;
        }
        if let Some(column) = &table.counted {
            let given: Option<i64> =
                sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?")
                    .bind(&table.name)
                    .fetch_optional(&mut *reading)
                    .await?;
            go_on_from(connection, table, column, given.unwrap_or(0)).await?;
        }
    }
    Ok(moved)
}

fn empty(table: &Table) -> Vec<Values> {
    table.columns.iter().map(|(_, kind)| Values::of(*kind)).collect()
}

/// The next row of an answer.
async fn next<T>(
    rows: &mut (impl Stream<Item = Result<T, sqlx::Error>> + Unpin),
) -> Result<Option<T>, sqlx::Error> {
    poll_fn(|context| Pin::new(&mut *rows).poll_next(context)).await.transpose()
}

/// Sees to it that the table is empty; partitions that nothing was judged of are as good as none.
async fn make_room(connection: &mut Connection, table: &Table) -> Result<(), Fault> {
    let name = &table.name;
    if name == "partition_commits" {
        connection.run("LOCK TABLE partition_commits, nodes IN EXCLUSIVE MODE").await?;
        connection.run("DELETE FROM partition_leases").await?;
        connection.run("DELETE FROM partition_commits WHERE position = 0").await?;
    } else if BEGUN.contains(&name.as_str()) {
        connection.run(&format!("DELETE FROM {name}")).await?;
    }
    let any = format!("SELECT EXISTS (SELECT FROM {name})");
    if sqlx::query_scalar(AssertSqlSafe(any)).fetch_one(connection).await? {
        return said(format!("there is a deployment in it already: {name} has rows"));
    }
    Ok(())
}

async fn insert(
    connection: &mut Connection,
    table: &Table,
    values: Vec<Values>,
) -> Result<(), Fault> {
    let kinds = table.columns.iter().zip(1..);
    let arrays: Vec<String> =
        kinds.map(|((_, kind), number)| format!("${number}::{}", kind.array())).collect();
    let (name, columns) = (&table.name, table.column_list());
    let text =
        format!("INSERT INTO {name} ({columns}) SELECT * FROM UNNEST({})", arrays.join(", "));
    let mut statement = sqlx::query(AssertSqlSafe(text));
    for column in values {
        statement = match column {
            Values::Numbers(values) => statement.bind(values),
            Values::Flags(values) => statement.bind(values),
            Values::Texts(values) => statement.bind(values),
            Values::Bytes(values) => statement.bind(values),
        };
    }
    statement.execute(connection).await?;
    Ok(())
}

/// Has the next row's number be above all that were ever given.
async fn go_on_from(
    connection: &mut Connection,
    table: &Table,
    column: &str,
    given: i64,
) -> Result<(), Fault> {
    let name = &table.name;
    let text = format!(
        "SELECT setval(pg_get_serial_sequence('{name}', '{column}'), \
         GREATEST((SELECT COALESCE(MAX({column}), 0) FROM {name}), $1) + 1, false)"
    );
    sqlx::query(AssertSqlSafe(text)).bind(given).execute(connection).await?;
    Ok(())
}

async fn give_all(
    connection: &mut Connection,
    to: &mut sqlx::SqliteConnection,
) -> Result<MovedState, Fault> {
    let tables = tables(connection).await?;
    agree(&tables, sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut *to).await?)?;
    let mut moved = MovedState::default();
    for table in &tables {
        moved.tables += 1;
        let name = &table.name;
        if BEGUN.contains(&name.as_str()) {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {name}"))).execute(&mut *to).await?;
        }
        let places = vec!["?"; table.columns.len()].join(", ");
        let insert = format!("INSERT INTO {name} ({}) VALUES ({places})", table.column_list());
        let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut *connection);
        while let Some(row) = next(&mut rows).await? {
            let mut statement = sqlx::query(AssertSqlSafe(insert.clone()));
            for (at, (_, kind)) in table.columns.iter().enumerate() {
                statement = bind(statement, &row, at, *kind)?;
            }
            statement.execute(&mut *to).await?;
            moved.rows += 1;
        }
        drop(rows);
        if let Some(column) = &table.counted {
            give_sequence(connection, to, table, column).await?;
        }
    }
    Ok(moved)
}

type SqliteStatement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(
    statement: SqliteStatement<'q>,
    row: &PgRow,
    at: usize,
    kind: Kind,
) -> Result<SqliteStatement<'q>, sqlx::Error> {
    Ok(match kind {
        Kind::Number => statement.bind(row.try_get::<Option<i64>, _>(at)?),
        Kind::Flag => statement.bind(row.try_get::<Option<bool>, _>(at)?.map(i64::from)),
        Kind::Text => statement.bind(row.try_get::<Option<String>, _>(at)?),
        Kind::Bytes => statement.bind(row.try_get::<Option<Vec<u8>>, _>(at)?),
    })
}

/// The same as [`go_on_from`], the other way; a table that counts its rows otherwise has no such number.
async fn give_sequence(
    connection: &mut Connection,
    to: &mut sqlx::SqliteConnection,
    table: &Table,
    column: &str,
) -> Result<(), Fault> {
    let name = &table.name;
    let sequence: String = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, $2)")
        .bind(name)
        .bind(column)
        .fetch_one(&mut *connection)
        .await?;
    let text = format!(
        "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"
    );
    let given: i64 = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(connection).await?;
    let counts: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ? AND sql LIKE '%AUTOINCREMENT%')",
    )
    .bind(name)
    .fetch_one(&mut *to)
    .await?;
    if !counts || given < 1 {
        return Ok(());
    }
    let changed = sqlx::query("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?")
        .bind(given)
        .bind(name)
        .execute(&mut *to)
        .await?;
    if changed.rows_affected() == 0 {
        sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)")
            .bind(name)
            .bind(given)
            .execute(&mut *to)
            .await?;
    }
    Ok(())
}
