//! The ties between users and listeners, and their erasure.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::listeners::{ErasedPlay, Erasure, Listener, ListenerStore, Tie};
use ledgerline_ids::UnixMs;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::HashMap;

use super::dialect::{self, Connection, Database};
use super::statements::{batches, row_placeholders, value_placeholders};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

#[async_trait]
impl ListenerStore for Store {
    async fn pseudonymise(&self, source: &str, since: UnixMs) -> Result<bool, StoreError> {
        let done = async {
            let since = to_column("a time", since.get())?;
            let mut write = self.begin_write(Area::Listeners).await?;
            let added = sqlx::query(
                "INSERT INTO pseudonymised_sources (source, since) VALUES ($1, $2) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(source)
            .bind(since)
            .execute(write.connection())
            .await;
            write.finish(added.map(|added| added.rows_affected() > 0).map_err(Fault::from)).await
        };
        done.await.map_err(|fault| self.error("pseudonymising a source", &fault))
    }

    async fn pseudonymised(&self) -> Result<Vec<String>, StoreError> {
        let read = async {
            let sources =
                sqlx::query_scalar("SELECT source FROM pseudonymised_sources ORDER BY source");
            Ok(sources.fetch_all(&mut *self.reader().await?).await?)
        };
        read.await.map_err(|fault: Fault| self.error("reading the pseudonymised sources", &fault))
    }

    async fn introduce(
        &self,
        source: &str,
        users: &[(String, Listener)],
        at: UnixMs,
    ) -> Result<Vec<Listener>, StoreError> {
        let introduced = async {
            let mut snapshot = self.begin_read().await?;
            let known = find(&mut snapshot, source, users).await?;
            snapshot.commit().await?;
            if known.len() == users.len() {
                return in_order(users, &known);
            }
            let at = to_column("a time", at.get())?;
            let mut write = self.begin_write(Area::Listeners).await?;
            let tied = tie_all(write.connection(), source, users, at).await;
            write.finish(tied).await
        };
        introduced.await.map_err(|fault| self.error("introducing listeners", &fault))
    }

    async fn ties_of(&self, user_id: &str) -> Result<Vec<Tie>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT source, user_id, listener_id, secret FROM listeners \
                 WHERE user_id = $1 ORDER BY source",
            );
            let rows = rows.bind(user_id).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(tie).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("looking up a listener", &fault))
    }

    async fn ties_after(
        &self,
        source: &str,
        user_id: &str,
        limit: u32,
    ) -> Result<Vec<Tie>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT source, user_id, listener_id, secret FROM listeners \
                 WHERE source > $1 OR source = $1 AND user_id > $2 \
                 ORDER BY source, user_id LIMIT $3",
            );
            let rows = rows.bind(source).bind(user_id).bind(i64::from(limit));
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(tie).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading the listeners", &fault))
    }

    async fn erase(
        &self,
        tie: &Tie,
        erasure: Erasure,
        plays: &[ErasedPlay],
    ) -> Result<bool, StoreError> {
        let erased = async {
            let mut write = self.begin_write(Area::Listeners).await?;
            let erased = erase(write.connection(), tie, erasure, plays).await;
            write.finish(erased).await
        };
        erased.await.map_err(|fault| self.error("erasing a listener", &fault))
    }

    async fn take_over_erasures(
        &self,
        erasures: &[Erasure],
        plays: &[ErasedPlay],
    ) -> Result<(), StoreError> {
        let taken = async {
            let mut write = self.begin_write(Area::Listeners).await?;
            let taken = take_over(write.connection(), erasures, plays).await;
            write.finish(taken).await
        };
        taken.await.map_err(|fault| self.error("taking erasures over", &fault))
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let read = async {
            let rows = sqlx::query("SELECT erased_at, tie_hash FROM erasures ORDER BY sequence");
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(erasure).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading the erasures", &fault))
    }

    async fn erased_plays(&self) -> Result<Vec<ErasedPlay>, StoreError> {
        let read = async {
            let rows =
                sqlx::query("SELECT play_hash, forget_at FROM erased_plays ORDER BY play_hash");
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(erased_play).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading erased plays", &fault))
    }

    async fn forget_erased_plays(&self, now: UnixMs) -> Result<(), StoreError> {
        let forgotten = async {
            let now = to_column("a time", now.get())?;
            let mut write = self.begin_write(Area::Listeners).await?;
            let done = sqlx::query("DELETE FROM erased_plays WHERE forget_at <= $1")
                .bind(now)
                .execute(write.connection())
                .await;
            write.finish(done.map(drop).map_err(Fault::from)).await
        };
        forgotten.await.map_err(|fault| self.error("forgetting erased plays", &fault))
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        dialect::scrub(self)
            .await
            .map_err(|fault| self.error("removing the last traces of an erasure", &fault))
    }
}

/// Reads each row on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut wrong = Vec::new();
    let rows = sqlx::query("SELECT source, user_id, listener_id, secret FROM listeners");
    let rows = rows.fetch_all(&mut *connection).await?;
    // Not by the user's name: what is wrong ends up in logs.
    wrong.extend(rows.iter().filter_map(|row| tie(row).err()).map(|fault| fault.to_string()));
    let rows = sqlx::query("SELECT erased_at, tie_hash FROM erasures");
    let rows = rows.fetch_all(&mut *connection).await?;
    wrong.extend(rows.iter().filter_map(|row| erasure(row).err()).map(|fault| fault.to_string()));
    let rows = sqlx::query("SELECT play_hash, forget_at FROM erased_plays");
    let rows = rows.fetch_all(connection).await?;
    wrong.extend(rows.iter().filter_map(|row| erased_play(row).err()).map(|it| it.to_string()));
    Ok(wrong)
}

type Known = HashMap<String, Listener>;

async fn find(
    connection: &mut Connection,
    source: &str,
    users: &[(String, Listener)],
) -> Result<Known, Fault> {
    let mut known = Known::new();
    for batch in batches(users) {
        let values = value_placeholders(batch.len() + 1);
        let (first, others) = values.split_once(", ").expect("a batch has a row");
        let statement = format!(
            "SELECT source, user_id, listener_id, secret FROM listeners \
             WHERE source = {first} AND user_id IN ({others})"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement)).bind(source);
        for (user, _) in batch {
            query = query.bind(user);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let tie = tie(&row)?;
            known.insert(tie.user_id, tie.listener);
        }
    }
    Ok(known)
}

fn in_order(users: &[(String, Listener)], known: &Known) -> Result<Vec<Listener>, Fault> {
    let listeners = users.iter().map(|(user, _)| known.get(user).copied());
    match listeners.collect::<Option<Vec<_>>>() {
        Some(listeners) => Ok(listeners),
        None => said("a tie that was just stored isn't there"),
    }
}

async fn tie_all(
    connection: &mut Connection,
    source: &str,
    users: &[(String, Listener)],
    at: i64,
) -> Result<Vec<Listener>, Fault> {
    for batch in batches(users) {
        let rows = row_placeholders(batch.len(), 5);
        let statement = format!(
            "INSERT INTO listeners (source, user_id, listener_id, secret, tied_at) \
             VALUES {rows} ON CONFLICT (source, user_id) DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (user, listener) in batch {
            let Listener { id, secret } = listener;
            query = query.bind(source).bind(user).bind(id.to_be_bytes().to_vec());
            query = query.bind(secret.to_vec()).bind(at);
        }
        query.execute(&mut *connection).await?;
    }
    in_order(users, &find(connection, source, users).await?)
}

/// Ties a user that is tied to nobody yet, within a transaction.
pub(crate) async fn tie_one(
    connection: &mut Connection,
    source: &str,
    user_id: &str,
    listener: Listener,
    at: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO listeners (source, user_id, listener_id, secret, tied_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(source)
    .bind(user_id)
    .bind(listener.id.to_be_bytes().to_vec())
    .bind(listener.secret.to_vec())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

async fn erase(
    connection: &mut Connection,
    tie: &Tie,
    erasure: Erasure,
    plays: &[ErasedPlay],
) -> Result<bool, Fault> {
    let erased = sqlx::query("DELETE FROM listeners WHERE source = $1 AND user_id = $2")
        .bind(&tie.source)
        .bind(&tie.user_id)
        .execute(&mut *connection)
        .await?;
    if erased.rows_affected() == 0 {
        return Ok(false);
    }
    take_over(connection, &[erasure], plays).await?;
    Ok(true)
}

async fn take_over(
    connection: &mut Connection,
    erasures: &[Erasure],
    plays: &[ErasedPlay],
) -> Result<(), Fault> {
    for erasure in erasures {
        sqlx::query(
            "INSERT INTO erasures (erased_at, tie_hash) SELECT $1, $2 \
             WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE erased_at = $1 AND tie_hash = $2)",
        )
        .bind(to_column("a time", erasure.erased_at.get())?)
        .bind(erasure.tie_hash.to_be_bytes().to_vec())
        .execute(&mut *connection)
        .await?;
    }
    for batch in batches(plays) {
        let rows = row_placeholders(batch.len(), 2);
        let statement = format!(
            "INSERT INTO erased_plays (play_hash, forget_at) VALUES {rows} ON CONFLICT DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for play in batch {
            let forget_at = play.forget_at.map(|at| to_column("a time", at.get())).transpose()?;
            query = query.bind(play.hash.to_be_bytes().to_vec()).bind(forget_at);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn tie(row: &Row) -> Result<Tie, Fault> {
    let id = u128::from_be_bytes(sixteen(row, "listeners", "listener_id")?);
    let listener = Listener { id, secret: sixteen(row, "listeners", "secret")? };
    Ok(Tie { source: row.try_get("source")?, user_id: row.try_get("user_id")?, listener })
}

fn erasure(row: &Row) -> Result<Erasure, Fault> {
    let tie_hash = u128::from_be_bytes(sixteen(row, "erasures", "tie_hash")?);
    let erased_at = instant("erasures.erased_at", row.try_get("erased_at")?)?;
    Ok(Erasure { erased_at, tie_hash })
}

fn erased_play(row: &Row) -> Result<ErasedPlay, Fault> {
    let hash = u128::from_be_bytes(sixteen(row, "erased_plays", "play_hash")?);
    let forget_at: Option<i64> = row.try_get("forget_at")?;
    let forget_at = forget_at.map(|at| instant("erased_plays.forget_at", at)).transpose()?;
    Ok(ErasedPlay { hash, forget_at })
}

fn sixteen(row: &Row, table: &str, column: &str) -> Result<[u8; 16], Fault> {
    let bytes: Vec<u8> = row.try_get(column)?;
    <[u8; 16]>::try_from(bytes)
        .map_err(|bytes| Fault::Said(format!("{table}.{column} has {} bytes, not 16", bytes.len())))
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column(what, millis)?;
    UnixMs::new(unsigned).map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}
