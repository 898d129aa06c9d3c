//! What listeners saved.

use ledgerline_app::ports::collection::{Keeping, KeptCursor, Saved, SavedKind};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::BTreeSet;

use super::super::dialect::Connection;
use super::super::statements::{batches, value_placeholders};
use super::{Row, instant, millis, take_turn};
use crate::fault::{Fault, from_column};

pub(super) async fn save(
    connection: &mut Connection,
    account_id: &str,
    kind: SavedKind,
    saved: &Saved,
    most: u32,
) -> Result<Keeping<()>, Fault> {
    if !take_turn(connection, account_id).await? {
        return Ok(Keeping::NoAccount);
    }
    let id = std::slice::from_ref(&saved.id);
    if !among(connection, account_id, kind, id).await?.is_empty() {
        return Ok(Keeping::Kept(()));
    }
    if count(connection, account_id, kind).await? >= most {
        return Ok(Keeping::Full);
    }
    sqlx::query("INSERT INTO saved (account_id, kind, id, saved_at) VALUES ($1, $2, $3, $4)")
        .bind(account_id)
        .bind(kind.word())
        .bind(&saved.id)
        .bind(millis(saved.saved_at)?)
        .execute(connection)
        .await?;
    Ok(Keeping::Kept(()))
}

pub(super) async fn unsave(
    connection: &mut Connection,
    account_id: &str,
    kind: SavedKind,
    id: &str,
) -> Result<bool, Fault> {
    let removed = sqlx::query("DELETE FROM saved WHERE account_id = $1 AND kind = $2 AND id = $3")
        .bind(account_id)
        .bind(kind.word())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

pub(super) async fn list(
    connection: &mut Connection,
    account_id: &str,
    kind: SavedKind,
    after: Option<&KeptCursor>,
    limit: u32,
) -> Result<Vec<Saved>, Fault> {
    let behind = if after.is_some() { "AND (saved_at, id) < ($4, $5) " } else { "" };
    let sql = format!(
        "SELECT id, saved_at FROM saved WHERE account_id = $1 AND kind = $2 {behind}\
         ORDER BY saved_at DESC, id DESC LIMIT $3"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(account_id).bind(kind.word());
    query = query.bind(i64::from(limit));
    if let Some((saved_at, id)) = after {
        query = query.bind(millis(*saved_at)?).bind(id);
    }
    let rows = query.fetch_all(connection).await?;
    let saved = |row: &Row| {
        let saved_at = instant("saved.saved_at", row.try_get("saved_at")?)?;
        Ok(Saved { id: row.try_get("id")?, saved_at })
    };
    rows.iter().map(saved).collect()
}

pub(super) async fn count(
    connection: &mut Connection,
    account_id: &str,
    kind: SavedKind,
) -> Result<u32, Fault> {
    let count =
        sqlx::query_scalar("SELECT COUNT(*) FROM saved WHERE account_id = $1 AND kind = $2")
            .bind(account_id)
            .bind(kind.word())
            .fetch_one(connection)
            .await?;
    from_column("a number of saved things", count)
}

pub(super) async fn savers(
    connection: &mut Connection,
    kind: SavedKind,
    id: &str,
) -> Result<u64, Fault> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM saved WHERE kind = $1 AND id = $2")
        .bind(kind.word())
        .bind(id)
        .fetch_one(connection)
        .await?;
    from_column("a number of accounts", count)
}

pub(super) async fn among(
    connection: &mut Connection,
    account_id: &str,
    kind: SavedKind,
    ids: &[String],
) -> Result<Vec<String>, Fault> {
    let mut found = BTreeSet::<String>::new();
    for batch in batches(ids) {
        let values = value_placeholders(batch.len() + 2);
        let mut values = values.splitn(3, ", ");
        let mut next = || values.next().expect("an account, a kind and ids");
        let (of, kind_of, wanted) = (next(), next(), next());
        let sql = format!(
            "SELECT id FROM saved WHERE account_id = {of} AND kind = {kind_of} AND id IN ({wanted})"
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(account_id).bind(kind.word());
        for id in batch {
            query = query.bind(id);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(ids.iter().filter(|id| found.contains(*id)).cloned().collect())
}

pub(super) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let kinds: Vec<String> = sqlx::query_scalar("SELECT DISTINCT kind FROM saved ORDER BY kind")
        .fetch_all(connection)
        .await?;
    let unknown = kinds.into_iter().filter(|kind| SavedKind::from_word(kind).is_none());
    Ok(unknown.map(|kind| format!("saved.kind is {kind:?}, an unknown word")).collect())
}
