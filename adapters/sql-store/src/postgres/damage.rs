//! What PostgreSQL itself finds wrong.

use std::time::Duration;

use super::connection::Connection;
use super::open::PostgresStore;
use crate::fault::Fault;

/// Indexes and tables are read whole, which takes as long as it takes; a stopped server is noticed later.
const ANSWER_MAX: Duration = Duration::from_secs(3600);

/// Of each foreign key: its table, that of the other, and the columns of both, joined by spaces.
const FOREIGN_KEYS: &str = "SELECT CAST(c.conrelid AS regclass)::text, \
     CAST(c.confrelid AS regclass)::text, \
     (SELECT string_agg(quote_ident(a.attname), ' ' ORDER BY k.n) \
      FROM unnest(c.conkey) WITH ORDINALITY k(attnum, n) \
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum), \
     (SELECT string_agg(quote_ident(a.attname), ' ' ORDER BY k.n) \
      FROM unnest(c.confkey) WITH ORDINALITY k(attnum, n) \
      JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum) \
     FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace \
     WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2";

/// One sentence for each thing that is wrong.
pub(crate) async fn damage(store: &PostgresStore) -> Result<Vec<String>, Fault> {
    let mut lent = store.reader().await?;
    let connection = &mut *lent;
    connection.be_patient(ANSWER_MAX);
    connection.run("SET statement_timeout = 0").await?;
    let mut findings = checksums(connection).await?;
    findings.extend(orphans(connection).await?);
    findings.extend(amcheck(connection).await?);
    // Its limits are other ones now: it is thrown away.
    connection.spoil();
    Ok(findings)
}

/// Pages whose checksum was wrong when they were read; nothing where the server keeps none.
async fn checksums(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let failures: Option<i64> = sqlx::query_scalar(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    let failures = failures.filter(|failures| *failures > 0);
    Ok(failures.map(|number| format!("{number} pages had a wrong checksum")).into_iter().collect())
}

/// Rows whose foreign key leads nowhere: the server refuses these, unless it was told not to.
async fn orphans(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let keys: Vec<(String, String, String, String)> =
        sqlx::query_as(FOREIGN_KEYS).fetch_all(&mut *connection).await?;
    let mut findings = Vec::new();
    for (table, parent, columns, parents) in keys {
        let pairs: Vec<(&str, &str)> = columns.split(' ').zip(parents.split(' ')).collect();
        let known: Vec<String> =
            pairs.iter().map(|(column, _)| format!("child.{column} IS NOT NULL")).collect();
        let same: Vec<String> = (pairs.iter())
            .map(|(column, parent)| format!("parent.{parent} = child.{column}"))
            .collect();
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {table} child WHERE {} \
             AND NOT EXISTS (SELECT 1 FROM {parent} parent WHERE {}))",
            known.join(" AND "),
            same.join(" AND ")
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        match query.fetch_one(&mut *connection).await {
            Ok(true) => findings.push(format!("a row of {table} belongs to no row of {parent}")),
            Ok(false) => {}
            Err(sqlx::Error::Database(error)) => findings.push(format!("{table}: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(findings)
}

/// Tables and indexes by the extension `amcheck`, where the operator installed it.
async fn amcheck(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let schema: Option<String> = sqlx::query_scalar(
        "SELECT quote_ident(n.nspname) FROM pg_extension e \
         JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'amcheck'",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(schema) = schema else { return Ok(Vec::new()) };
    let relations: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(CAST(c.oid AS regclass) AS TEXT), CAST(c.relkind AS TEXT) FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam \
         WHERE n.nspname = current_schema() \
         AND (c.relkind = 'r' OR c.relkind = 'i' AND a.amname = 'btree') ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut findings = Vec::new();
    for (relation, kind) in relations {
        let literal = relation.replace('\'', "''");
        let sql = if kind == "r" {
            format!(
                "SELECT 'block ' || blkno || ': ' || msg \
                 FROM {schema}.verify_heapam(CAST('{literal}' AS regclass))"
            )
        } else {
            format!(
                "SELECT CAST(NULL AS TEXT) \
                 FROM {schema}.bt_index_check(CAST('{literal}' AS regclass), true)"
            )
        };
        let query = sqlx::query_scalar::<_, Option<String>>(sqlx::AssertSqlSafe(sql));
        match query.fetch_all(&mut *connection).await {
            Ok(lines) => {
                findings.extend(lines.into_iter().flatten().map(|it| format!("{relation}: {it}")));
            }
            Err(sqlx::Error::Database(error)) => findings.push(format!("{relation}: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(findings)
}
