//! Whether two states are the same: what a move that was broken off has done already.

use ledgerline_app::ports::StoreError;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::{Kind, SQLITE_COLUMNS, Table, agree, next, tables};
use crate::fault::Fault;
use crate::postgres::PostgresStore;
use crate::sqlite::SqlStore;

/// Rows of a table, in whatever order: how many, and the sum of their hashes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    count: u64,
    sum: [u64; 4],
}

/// A value as either database has it.
enum Value {
    Nothing,
    Number(i64),
    Bytes(Vec<u8>),
}

impl Rows {
    fn take(
        &mut self,
        values: impl Iterator<Item = Result<Value, sqlx::Error>>,
    ) -> Result<(), Fault> {
        let mut digest = Sha256::new();
        for value in values {
            match value? {
                Value::Nothing => digest.update([0]),
                Value::Number(number) => {
                    digest.update([1]);
                    digest.update(number.to_le_bytes());
                }
                Value::Bytes(bytes) => {
                    digest.update([2]);
                    digest.update((bytes.len() as u64).to_le_bytes());
                    digest.update(bytes);
                }
            }
        }
        let digest = digest.finalize();
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let part = part.try_into().expect("eight bytes");
            *sum = sum.wrapping_add(u64::from_le_bytes(part));
        }
        self.count += 1;
        Ok(())
    }
}

impl PostgresStore {
    /// Whether everything that `from` has is here, and nothing else is.
    ///
    /// # Errors
    /// [`StoreError`]: the two have tables of different forms, or one of them doesn't answer.
    pub async fn has_the_state_of(&self, from: &SqlStore) -> Result<bool, StoreError> {
        let compared = async {
            let mut here = self.begin_read().await?;
            let mut there = from.begin_read().await?;
            let tables = tables(&mut here).await?;
            agree(&tables, sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut *there).await?)?;
            for table in &tables {
                let text = table.select();
                let (mut ours, mut theirs) = (Rows::default(), Rows::default());
                let mut rows = sqlx::query(AssertSqlSafe(text.clone())).fetch(&mut *here);
                while let Some(row) = next(&mut rows).await? {
                    ours.take(values(table, |at, kind| of_postgres(&row, at, kind)))?;
                }
                drop(rows);
                let mut rows = sqlx::query(AssertSqlSafe(text)).fetch(&mut *there);
                while let Some(row) = next(&mut rows).await? {
                    theirs.take(values(table, |at, kind| of_sqlite(&row, at, kind)))?;
                }
                drop(rows);
                if ours != theirs {
                    return Ok(false);
                }
            }
            here.commit().await?;
            Ok(true)
        };
        compared.await.map_err(|fault: Fault| self.error("comparing two states", &fault))
    }
}

fn values<T>(
    table: &Table,
    of: impl Fn(usize, Kind) -> Result<T, sqlx::Error>,
) -> impl Iterator<Item = Result<T, sqlx::Error>> {
    table.columns.iter().enumerate().map(move |(at, (_, kind))| of(at, *kind))
}

fn of_postgres(row: &PgRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Number => number(row.try_get(at)?),
        Kind::Flag => number(row.try_get::<Option<bool>, _>(at)?.map(i64::from)),
        Kind::Text => bytes(row.try_get::<Option<String>, _>(at)?.map(String::into_bytes)),
        Kind::Bytes => bytes(row.try_get(at)?),
    })
}

fn of_sqlite(row: &SqliteRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Number => number(row.try_get(at)?),
        Kind::Flag => number(row.try_get::<Option<i64>, _>(at)?.map(|flag| i64::from(flag != 0))),
        Kind::Text => bytes(row.try_get::<Option<String>, _>(at)?.map(String::into_bytes)),
        Kind::Bytes => bytes(row.try_get(at)?),
    })
}

fn number(value: Option<i64>) -> Value {
    value.map_or(Value::Nothing, Value::Number)
}

fn bytes(value: Option<Vec<u8>>) -> Value {
    value.map_or(Value::Nothing, Value::Bytes)
}
