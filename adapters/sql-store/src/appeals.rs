//! Appeals, in three tables to which rows are only added.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::appeals::{
    Appeal, AppealDecision, AppealStore, Decided, NewAppeal, Outcome,
};
use ledgerline_ids::UnixMs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const SELECT: &str = "SELECT a.number, a.subject, a.plays, a.unnamed, a.appellant, a.grounds, \
     a.opened_by, a.opened_at, d.outcome, d.reason, d.decided_by, d.decided_at, r.applied_at \
     FROM appeals a LEFT JOIN appeal_decisions d ON d.number = a.number \
     LEFT JOIN appeal_rulings r ON r.number = a.number";

#[async_trait]
impl AppealStore for Store {
    async fn open(&self, appeal: NewAppeal) -> Result<(Appeal, bool), StoreError> {
        let opened = async {
            let mut write = self.begin_write(Area::Appeals).await?;
            let opened = open(write.connection(), &appeal).await;
            write.finish(opened).await
        };
        opened.await.map_err(|fault| self.error("storing an appeal", &fault))
    }

    async fn appeal(&self, number: u64) -> Result<Option<Appeal>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let appeal = read_one(&mut snapshot, number).await?;
            snapshot.commit().await?;
            Ok(appeal)
        };
        read.await.map_err(|fault: Fault| self.error("reading an appeal", &fault))
    }

    async fn appeals(
        &self,
        after: u64,
        limit: u32,
        waiting: bool,
    ) -> Result<Vec<Appeal>, StoreError> {
        let listed = async {
            let wanted = if waiting { " AND d.number IS NULL" } else { "" };
            let statement =
                format!("{SELECT} WHERE a.number > $1{wanted} ORDER BY a.number LIMIT $2");
            let after = to_column("a number", after)?;
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(after);
            let rows = query.bind(i64::from(limit)).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(appeal).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing appeals", &fault))
    }

    async fn decide(&self, number: u64, decision: AppealDecision) -> Result<Decided, StoreError> {
        let decided = async {
            let mut write = self.begin_write(Area::Appeals).await?;
            let decided = decide(write.connection(), number, &decision).await;
            write.finish(decided).await
        };
        decided.await.map_err(|fault| self.error("storing a decision on an appeal", &fault))
    }

    async fn applied(&self, number: u64, at: UnixMs) -> Result<(), StoreError> {
        let noted = async {
            let mut write = self.begin_write(Area::Appeals).await?;
            let noted = note_applied(write.connection(), number, at).await;
            write.finish(noted).await
        };
        noted.await.map_err(|fault| self.error("noting the rulings of an appeal", &fault))
    }

    async fn unapplied(&self, limit: u32) -> Result<Vec<Appeal>, StoreError> {
        let listed = async {
            let statement = format!(
                "{SELECT} WHERE d.number IS NOT NULL AND r.number IS NULL ORDER BY a.number LIMIT $1"
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(i64::from(limit));
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(appeal).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing appeals", &fault))
    }
}

/// Reads each appeal on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let statement = format!("{SELECT} ORDER BY a.number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(connection).await?;
    Ok(rows.iter().filter_map(|row| appeal(row).err()).map(|fault| fault.to_string()).collect())
}

async fn open(connection: &mut Connection, new: &NewAppeal) -> Result<(Appeal, bool), Fault> {
    let subject = to_json(&new.subject)?;
    let waiting = format!("{SELECT} WHERE a.subject = $1 AND d.number IS NULL");
    let query = sqlx::query(sqlx::AssertSqlSafe(waiting)).bind(&subject);
    if let Some(row) = query.fetch_optional(&mut *connection).await? {
        return Ok((appeal(&row)?, false));
    }
    let last: Option<i64> =
        sqlx::query_scalar("SELECT MAX(number) FROM appeals").fetch_one(&mut *connection).await?;
    let number = last.unwrap_or(0) + 1;
    sqlx::query(
        "INSERT INTO appeals \
         (number, subject, plays, unnamed, appellant, grounds, opened_by, opened_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(number)
    .bind(&subject)
    .bind(to_json(&new.plays)?)
    .bind(to_column("a number of plays", new.unnamed)?)
    .bind(&new.appellant)
    .bind(&new.grounds)
    .bind(&new.by)
    .bind(to_column("a time", new.at.get())?)
    .execute(connection)
    .await?;
    let number = from_column("appeals.number", number)?;
    Ok((Appeal { number, opened: new.clone(), decision: None, applied_at: None }, true))
}

async fn decide(
    connection: &mut Connection,
    number: u64,
    decision: &AppealDecision,
) -> Result<Decided, Fault> {
    let Some(mut appeal) = read_one(connection, number).await? else {
        return Ok(Decided::NoSuch);
    };
    if let Some(standing) = &appeal.decision {
        let same = standing.outcome == decision.outcome;
        let appeal = Box::new(appeal);
        return Ok(if same { Decided::Stands(appeal) } else { Decided::Otherwise(appeal) });
    }
    sqlx::query(
        "INSERT INTO appeal_decisions (number, outcome, reason, decided_by, decided_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(to_column("a number", number)?)
    .bind(decision.outcome.as_str())
    .bind(&decision.reason)
    .bind(&decision.by)
    .bind(to_column("a time", decision.at.get())?)
    .execute(connection)
    .await?;
    appeal.decision = Some(decision.clone());
    Ok(Decided::Stands(Box::new(appeal)))
}

async fn note_applied(connection: &mut Connection, number: u64, at: UnixMs) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO appeal_rulings (number, applied_at) \
         SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM appeal_rulings WHERE number = $1)",
    )
    .bind(to_column("a number", number)?)
    .bind(to_column("a time", at.get())?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn read_one(connection: &mut Connection, number: u64) -> Result<Option<Appeal>, Fault> {
    let statement = format!("{SELECT} WHERE a.number = $1");
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(to_column("a number", number)?);
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(appeal).transpose()
}

fn appeal(row: &Row) -> Result<Appeal, Fault> {
    let number: u64 = from_column("appeals.number", row.try_get("number")?)?;
    let of = |column: &str| format!("appeals.{column} of appeal {number}");
    let opened = NewAppeal {
        subject: from_json(&of("subject"), row.try_get("subject")?)?,
        plays: from_json(&of("plays"), row.try_get("plays")?)?,
        unnamed: from_column(&of("unnamed"), row.try_get("unnamed")?)?,
        appellant: row.try_get("appellant")?,
        grounds: row.try_get("grounds")?,
        by: row.try_get("opened_by")?,
        at: instant(&of("opened_at"), row.try_get("opened_at")?)?,
    };
    let outcome: Option<String> = row.try_get("outcome")?;
    let decision = match outcome {
        None => None,
        Some(word) => {
            let Some(outcome) = Outcome::from_word(&word) else {
                return said(format!("{} is {word:?}, an unknown word", of("outcome")));
            };
            Some(AppealDecision {
                outcome,
                reason: row.try_get("reason")?,
                by: row.try_get("decided_by")?,
                at: instant(&of("decided_at"), row.try_get("decided_at")?)?,
            })
        }
    };
    let applied_at: Option<i64> = row.try_get("applied_at")?;
    let applied_at = applied_at.map(|at| instant(&of("applied_at"), at)).transpose()?;
    Ok(Appeal { number, opened, decision, applied_at })
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column(what, millis)?;
    UnixMs::new(unsigned).map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}

fn to_json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Said(error.to_string()))
}

fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Said(format!("{what}: {error}")))
}
