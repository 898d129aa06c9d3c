//! Revisions of what is imported, and statements over many of their rows.

use ledgerline_app::ports::{Revision, SourceFile};
use ledgerline_ids::UnixMs;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

use super::dialect::{Connection, Database};
use super::statements::{batches, row_placeholders, value_placeholders};
use crate::fault::{Fault, from_column, said, to_column};

/// What has revisions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rights,
    Revenue,
    Fx,
    Usage,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Rights, Self::Revenue, Self::Fx, Self::Usage];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Rights => "rights",
            Self::Revenue => "revenue",
            Self::Fx => "fx",
            Self::Usage => "usage",
        }
    }
}

/// A statement that values are being bound to.
pub(crate) type Statement<'q> =
    sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

/// The newest revision; 0 where there is none.
pub(crate) async fn newest(connection: &mut Connection, kind: Kind) -> Result<u64, Fault> {
    let newest: Option<i64> =
        sqlx::query_scalar("SELECT MAX(revision) FROM import_revisions WHERE kind = $1")
            .bind(kind.word())
            .fetch_one(connection)
            .await?;
    newest.map_or(Ok(0), |newest| from_column("import_revisions.revision", newest))
}

/// Adds the revision after the newest one. Says its number.
pub(crate) async fn add(
    connection: &mut Connection,
    kind: Kind,
    files: &[SourceFile],
    at: UnixMs,
) -> Result<i64, Fault> {
    let revision = to_column("a revision", newest(connection, kind).await? + 1)?;
    sqlx::query("INSERT INTO import_revisions (kind, revision, at) VALUES ($1, $2, $3)")
        .bind(kind.word())
        .bind(revision)
        .bind(to_column("a time", at.get())?)
        .execute(&mut *connection)
        .await?;
    for (ordinal, file) in (0_i64..).zip(files) {
        sqlx::query(
            "INSERT INTO import_files (kind, revision, ordinal, name, sha256) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(kind.word())
        .bind(revision)
        .bind(ordinal)
        .bind(&file.name)
        .bind(file.sha256.as_slice())
        .execute(&mut *connection)
        .await?;
    }
    Ok(revision)
}

/// Up to `limit` revisions, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    kind: Kind,
    limit: u32,
) -> Result<Vec<Revision>, Fault> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT revision, at FROM import_revisions WHERE kind = $1 ORDER BY revision DESC LIMIT $2",
    )
    .bind(kind.word())
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let mut revisions = Vec::new();
    for (revision, at) in rows {
        revisions.push(Revision {
            revision: from_column("import_revisions.revision", revision)?,
            at: instant(at)?,
            files: files(connection, kind, revision).await?,
        });
    }
    Ok(revisions)
}

async fn files(
    connection: &mut Connection,
    kind: Kind,
    revision: i64,
) -> Result<Vec<SourceFile>, Fault> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT name, sha256 FROM import_files WHERE kind = $1 AND revision = $2 ORDER BY ordinal",
    )
    .bind(kind.word())
    .bind(revision)
    .fetch_all(connection)
    .await?;
    let file = |(name, sha256): (String, Vec<u8>)| match sha256.try_into() {
        Ok(sha256) => Ok(SourceFile { name, sha256 }),
        Err(_) => said(format!("import_files.sha256 of {name:?} has not 32 bytes")),
    };
    rows.into_iter().map(file).collect()
}

/// Every revision of a kind with its first file, by number.
pub(crate) async fn sources(
    connection: &mut Connection,
    kind: Kind,
) -> Result<BTreeMap<i64, (UnixMs, SourceFile)>, Fault> {
    let rows: Vec<(i64, i64, String, Vec<u8>)> = sqlx::query_as(
        "SELECT r.revision, r.at, f.name, f.sha256 FROM import_revisions r \
         JOIN import_files f ON f.kind = r.kind AND f.revision = r.revision AND f.ordinal = 0 \
         WHERE r.kind = $1",
    )
    .bind(kind.word())
    .fetch_all(connection)
    .await?;
    let mut sources = BTreeMap::new();
    for (revision, at, name, sha256) in rows {
        let Ok(sha256) = sha256.try_into() else {
            return said(format!("import_files.sha256 of {name:?} has not 32 bytes"));
        };
        sources.insert(revision, (instant(at)?, SourceFile { name, sha256 }));
    }
    Ok(sources)
}

fn instant(millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column("import_revisions.at", millis)?;
    UnixMs::new(unsigned)
        .map_err(|error| Fault::Said(format!("import_revisions.at is {millis}: {error}")))
}

/// Ends the rows of `table` that hold now and whose `column` is one of `ids`.
pub(crate) async fn end(
    connection: &mut Connection,
    (table, column): (&str, &str),
    ids: &[&str],
    revision: i64,
) -> Result<(), Fault> {
    if revision == 1 {
        return Ok(()); // There is nothing yet.
    }
    for batch in batches(ids) {
        let wanted = value_placeholders(batch.len());
        let last = batch.len() + 1;
        let sql = format!(
            "UPDATE {table} SET until_revision = ${last} \
             WHERE until_revision IS NULL AND {column} IN ({wanted})"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(*id);
        }
        query.bind(revision).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Inserts rows: `into` is the table with its columns, `bind` binds a row's values to them.
pub(crate) async fn insert<'q, T>(
    connection: &mut Connection,
    into: &str,
    columns: usize,
    rows: &'q [T],
    bind: impl Fn(Statement<'q>, &'q T) -> Result<Statement<'q>, Fault>,
) -> Result<(), Fault> {
    for batch in batches(rows) {
        let values = row_placeholders(batch.len(), columns);
        let mut query = sqlx::query(AssertSqlSafe(format!("INSERT INTO {into} VALUES {values}")));
        for row in batch {
            query = bind(query, row)?;
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// What contradicts itself in the revisions.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    for kind in Kind::ALL {
        let (count, newest): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MAX(revision) FROM import_revisions WHERE kind = $1")
                .bind(kind.word())
                .fetch_one(&mut *connection)
                .await?;
        if newest.unwrap_or(0) != count {
            findings.push(format!(
                "import_revisions of {} are not numbered from 1 on: {count} of them, the last is {}",
                kind.word(),
                newest.unwrap_or(0)
            ));
        }
    }
    Ok(findings)
}
