//! What listeners are about to hear.

use ledgerline_app::ports::collection::{
    Queue, QueueContent, QueueItem, QueueKept, QueueStep, Repeat,
};
use ledgerline_ids::UnixMs;
use sqlx::{AssertSqlSafe, Row as _};

use super::super::dialect::Connection;
use super::{Row, instant, millis, take_turn};
use crate::fault::{Fault, from_column, said, to_column};

const ALL: &str = "SELECT version, items_json, item_index, position_ms, shuffle, repeats, \
     source_kind, source_id, changed_at FROM queues";

pub(super) async fn find(
    connection: &mut Connection,
    account_id: &str,
) -> Result<Option<Queue>, Fault> {
    let sql = format!("{ALL} WHERE account_id = $1");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(account_id);
    query.fetch_optional(connection).await?.as_ref().map(queue).transpose()
}

pub(super) async fn set(
    connection: &mut Connection,
    account_id: &str,
    content: &QueueContent,
    version: Option<u64>,
    at: UnixMs,
) -> Result<QueueKept, Fault> {
    if !take_turn(connection, account_id).await? {
        return Ok(QueueKept::NoAccount);
    }
    let known = find(connection, account_id).await?.map_or(0, |queue| queue.version);
    if version.is_some_and(|version| version != known) {
        return Ok(QueueKept::Stale(known));
    }
    let queue = Queue { content: content.clone(), version: known + 1, changed_at: at };
    put(connection, account_id, &queue).await?;
    Ok(QueueKept::Kept(queue.version))
}

pub(super) async fn step(
    connection: &mut Connection,
    account_id: &str,
    step: &QueueStep,
    version: Option<u64>,
    at: UnixMs,
) -> Result<QueueKept, Fault> {
    if !take_turn(connection, account_id).await? {
        return Ok(QueueKept::NotThere);
    }
    let Some(mut queue) = find(connection, account_id).await? else {
        return Ok(QueueKept::NotThere);
    };
    if version.is_some_and(|version| version != queue.version) {
        return Ok(QueueKept::Stale(queue.version));
    }
    if !step.apply(&mut queue.content) {
        return Ok(QueueKept::NotThere);
    }
    let QueueContent { index, position_ms, shuffle, repeat, .. } = queue.content;
    // The items, which are most of it, stay.
    sqlx::query(
        "UPDATE queues SET version = $2, item_index = $3, position_ms = $4, shuffle = $5, \
         repeats = $6, changed_at = $7 WHERE account_id = $1",
    )
    .bind(account_id)
    .bind(to_column("a version", queue.version + 1)?)
    .bind(i64::from(index))
    .bind(to_column("a position", position_ms)?)
    .bind(shuffle)
    .bind(repeat.word())
    .bind(millis(at)?)
    .execute(connection)
    .await?;
    Ok(QueueKept::Kept(queue.version + 1))
}

async fn put(connection: &mut Connection, account_id: &str, queue: &Queue) -> Result<(), Fault> {
    let QueueContent { items, index, position_ms, shuffle, repeat, source } = &queue.content;
    let items: Vec<(&str, &str)> =
        items.iter().map(|item| (&*item.item_id, &*item.track_id)).collect();
    let items = serde_json::to_string(&items).expect("texts have a form");
    sqlx::query(
        "INSERT INTO queues (account_id, version, items_json, item_index, position_ms, shuffle, \
         repeats, source_kind, source_id, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, \
         items_json = excluded.items_json, item_index = excluded.item_index, \
         position_ms = excluded.position_ms, shuffle = excluded.shuffle, \
         repeats = excluded.repeats, source_kind = excluded.source_kind, \
         source_id = excluded.source_id, changed_at = excluded.changed_at",
    )
    .bind(account_id)
    .bind(to_column("a version", queue.version)?)
    .bind(items)
    .bind(i64::from(*index))
    .bind(to_column("a position", *position_ms)?)
    .bind(*shuffle)
    .bind(repeat.word())
    .bind(source.as_ref().map(|(kind, _)| kind))
    .bind(source.as_ref().map(|(_, id)| id))
    .bind(millis(queue.changed_at)?)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    Ok(rows.iter().filter_map(|row| queue(row).err()).map(|fault| fault.to_string()).collect())
}

fn queue(row: &Row) -> Result<Queue, Fault> {
    let items: &str = row.try_get("items_json")?;
    let items: Vec<(String, String)> = match serde_json::from_str(items) {
        Ok(items) => items,
        Err(error) => return said(format!("queues.items_json: {error}")),
    };
    let repeats: String = row.try_get("repeats")?;
    let Some(repeat) = Repeat::from_word(&repeats) else {
        return said(format!("queues.repeats is {repeats:?}, an unknown word"));
    };
    let source_kind: Option<String> = row.try_get("source_kind")?;
    let source_id: Option<String> = row.try_get("source_id")?;
    let items = items.into_iter().map(|(item_id, track_id)| QueueItem { item_id, track_id });
    let content = QueueContent {
        items: items.collect(),
        index: from_column("queues.item_index", row.try_get("item_index")?)?,
        position_ms: from_column("queues.position_ms", row.try_get("position_ms")?)?,
        shuffle: row.try_get("shuffle")?,
        repeat,
        source: source_kind.zip(source_id),
    };
    Ok(Queue {
        content,
        version: from_column("queues.version", row.try_get("version")?)?,
        changed_at: instant("queues.changed_at", row.try_get("changed_at")?)?,
    })
}
