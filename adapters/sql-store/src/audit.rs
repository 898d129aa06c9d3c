//! Who did what: a table to which rows are only added.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::audit::{AuditStore, Deed, NumberedDeed};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, to_column};

type Row = <Database as sqlx::Database>::Row;

const COLUMNS: &str = "number, at, who, role, method, path, object, status";

#[async_trait]
impl AuditStore for Store {
    async fn note(&self, deed: Deed) -> Result<(), StoreError> {
        let noted = async {
            let mut write = self.begin_write(Area::Audit).await?;
            let noted = note(write.connection(), &deed).await;
            write.finish(noted).await
        };
        noted.await.map_err(|fault| self.error("noting what was done", &fault))
    }

    async fn deeds(&self, from: u64, limit: u32) -> Result<Vec<NumberedDeed>, StoreError> {
        let listed = async {
            let statement = format!(
                "SELECT {COLUMNS} FROM audit_log WHERE number <= $1 ORDER BY number DESC LIMIT $2"
            );
            let from = i64::try_from(from).unwrap_or(i64::MAX);
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(from);
            let rows = query.bind(i64::from(limit)).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(deed).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("reading the audit log", &fault))
    }
}

async fn note(connection: &mut Connection, deed: &Deed) -> Result<(), Fault> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT MAX(number) FROM audit_log").fetch_one(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO audit_log (number, at, who, role, method, path, object, status) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(last.unwrap_or(0) + 1)
    .bind(to_column("a time", deed.at.get())?)
    .bind(&deed.who)
    .bind(&deed.role)
    .bind(&deed.method)
    .bind(&deed.path)
    .bind(&deed.object)
    .bind(i64::from(deed.status))
    .execute(connection)
    .await?;
    Ok(())
}

fn deed(row: &Row) -> Result<NumberedDeed, Fault> {
    let number = from_column("the number of a deed", row.try_get("number")?)?;
    let at = UnixMs::new(from_column("the time of a deed", row.try_get("at")?)?);
    let deed = Deed {
        at: at.map_err(|error| Fault::Said(format!("the deed {number}: {error}")))?,
        who: row.try_get("who")?,
        role: row.try_get("role")?,
        method: row.try_get("method")?,
        path: row.try_get("path")?,
        object: row.try_get("object")?,
        status: from_column("the status of a deed", row.try_get("status")?)?,
    };
    Ok(NumberedDeed { number, deed })
}

/// What was taken out of the middle, or can't be read.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let statement = format!("SELECT {COLUMNS} FROM audit_log ORDER BY number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(connection).await?;
    let mut findings = Vec::new();
    for (expected, row) in (1..).zip(&rows) {
        match deed(row) {
            Err(fault) => findings.push(fault.to_string()),
            Ok(deed) if deed.number != expected => {
                findings.push(format!("the audit log lacks the deed {expected}"));
                break;
            }
            Ok(_) => {}
        }
    }
    Ok(findings)
}
