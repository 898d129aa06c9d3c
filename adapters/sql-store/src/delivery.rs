//! What delivery remembers: signing keys, active devices, and what access logs say.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::delivery::{
    ActiveDevice, DeliveryStore, PLACE_CHANGES_MAX, ReadLog, SentBytes, StoredKey,
};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, to_column};

type Row = <Database as sqlx::Database>::Row;

#[async_trait]
impl DeliveryStore for Store {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT id, sealed, made_at, signs_from FROM delivery_keys \
                 ORDER BY signs_from DESC, id DESC",
            )
            .fetch_all(&mut *self.reader().await?)
            .await?;
            rows.iter().map(stored_key).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(|fault| self.error("reading signing keys", &fault))
    }

    async fn add_signing_key(&self, key: &StoredKey, keys_max: u32) -> Result<bool, StoreError> {
        let added = async {
            let mut write = self.begin_write(Area::Delivery).await?;
            let added = add_key(write.connection(), key, keys_max).await;
            write.finish(added).await
        };
        added.await.map_err(|fault| self.error("storing a signing key", &fault))
    }

    async fn remove_signing_key(&self, id: u32) -> Result<bool, StoreError> {
        let removed = async {
            let mut write = self.begin_write(Area::Delivery).await?;
            let removed = sqlx::query("DELETE FROM delivery_keys WHERE id = $1")
                .bind(i64::from(id))
                .execute(write.connection())
                .await;
            write.finish(removed.map_err(Fault::from)).await
        };
        let removed =
            removed.await.map_err(|fault| self.error("removing a signing key", &fault))?;
        Ok(removed.rows_affected() > 0)
    }

    async fn active_device(&self, listener: &str) -> Result<Option<ActiveDevice>, StoreError> {
        let read = async {
            let row = sqlx::query(SELECT_DEVICE)
                .bind(listener)
                .fetch_optional(&mut *self.reader().await?)
                .await?;
            row.as_ref().map(active_device).transpose()
        };
        read.await.map_err(|fault| self.error("reading an active device", &fault))
    }

    async fn activate_device(&self, device: &ActiveDevice) -> Result<ActiveDevice, StoreError> {
        let activated = async {
            let mut write = self.begin_write(Area::Delivery).await?;
            let activated = activate(write.connection(), device).await;
            write.finish(activated).await
        };
        activated.await.map_err(|fault| self.error("storing an active device", &fault))
    }

    async fn place_changes(&self, listener: &str) -> Result<Vec<UnixMs>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT at FROM place_changes WHERE listener = $1 ORDER BY at DESC LIMIT $2",
            )
            .bind(listener)
            .bind(i64::from(PLACE_CHANGES_MAX))
            .fetch_all(&mut *self.reader().await?)
            .await?;
            rows.iter().map(|row| instant(row, "at")).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(|fault| self.error("reading changes of place", &fault))
    }

    async fn add_sent_bytes(&self, log: &ReadLog, sent: &[SentBytes]) -> Result<bool, StoreError> {
        let added = async {
            let mut write = self.begin_write(Area::Delivery).await?;
            let added = add_log(write.connection(), log, sent).await;
            write.finish(added).await
        };
        added.await.map_err(|fault| self.error("storing what an access log says", &fault))
    }

    async fn sent_bytes(&self, play_id: &str) -> Result<Vec<SentBytes>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT track_id, rung, CAST(SUM(bytes) AS BIGINT) AS bytes FROM sent_bytes \
                 WHERE play_id = $1 GROUP BY track_id, rung ORDER BY track_id, rung",
            )
            .bind(play_id)
            .fetch_all(&mut *self.reader().await?)
            .await?;
            let sent = |row: &Row| {
                Ok(SentBytes {
                    play_id: play_id.to_owned(),
                    track_id: row.try_get("track_id")?,
                    rung: row.try_get("rung")?,
                    bytes: from_column("a number of bytes", row.try_get("bytes")?)?,
                })
            };
            rows.iter().map(sent).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(|fault| self.error("reading what was sent for a play", &fault))
    }

    async fn read_logs(
        &self,
        from: UnixMs,
        to: UnixMs,
        limit: u32,
    ) -> Result<Vec<ReadLog>, StoreError> {
        let read = async {
            let rows = sqlx::query(
                "SELECT checksum, name, from_at, to_at, read_at FROM delivery_logs \
                 WHERE from_at <= $1 AND to_at >= $2 ORDER BY from_at, checksum LIMIT $3",
            )
            .bind(to_column("a time", to.get())?)
            .bind(to_column("a time", from.get())?)
            .bind(i64::from(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
            rows.iter().map(read_log).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(|fault| self.error("listing access logs", &fault))
    }

    async fn forget_read_logs(&self, before: UnixMs) -> Result<u64, StoreError> {
        let forgotten = async {
            let before = to_column("a time", before.get())?;
            let mut write = self.begin_write(Area::Delivery).await?;
            let forgotten = forget(write.connection(), before).await;
            write.finish(forgotten).await
        };
        forgotten.await.map_err(|fault| self.error("forgetting access logs", &fault))
    }
}

const SELECT_DEVICE: &str =
    "SELECT listener, device, since FROM active_devices WHERE listener = $1";

fn instant(row: &Row, column: &'static str) -> Result<UnixMs, Fault> {
    let at = UnixMs::new(from_column(column, row.try_get(column)?)?);
    at.map_err(|error| Fault::Said(format!("{column}: {error}")))
}

fn bytes<const N: usize>(row: &Row, column: &'static str) -> Result<[u8; N], Fault> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| Fault::Said(format!("{column} has another length")))
}

fn stored_key(row: &Row) -> Result<StoredKey, Fault> {
    Ok(StoredKey {
        id: from_column("the id of a signing key", row.try_get("id")?)?,
        sealed: bytes(row, "sealed")?,
        made_at: instant(row, "made_at")?,
        signs_from: instant(row, "signs_from")?,
    })
}

fn active_device(row: &Row) -> Result<ActiveDevice, Fault> {
    let (listener, device) = (row.try_get("listener")?, row.try_get("device")?);
    Ok(ActiveDevice { listener, device, since: instant(row, "since")? })
}

fn read_log(row: &Row) -> Result<ReadLog, Fault> {
    Ok(ReadLog {
        checksum: bytes(row, "checksum")?,
        name: row.try_get("name")?,
        from: instant(row, "from_at")?,
        to: instant(row, "to_at")?,
        read_at: instant(row, "read_at")?,
    })
}

async fn add_key(
    connection: &mut Connection,
    key: &StoredKey,
    keys_max: u32,
) -> Result<bool, Fault> {
    let keys: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM delivery_keys")
        .fetch_one(&mut *connection)
        .await?;
    if keys >= i64::from(keys_max) {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO delivery_keys (id, sealed, made_at, signs_from) VALUES ($1, $2, $3, $4)",
    )
    .bind(i64::from(key.id))
    .bind(key.sealed.to_vec())
    .bind(to_column("a time", key.made_at.get())?)
    .bind(to_column("a time", key.signs_from.get())?)
    .execute(connection)
    .await?;
    Ok(true)
}

async fn activate(
    connection: &mut Connection,
    device: &ActiveDevice,
) -> Result<ActiveDevice, Fault> {
    sqlx::query(
        "INSERT INTO active_devices (listener, device, since) VALUES ($1, $2, $3) \
         ON CONFLICT (listener) DO UPDATE SET device = excluded.device, since = excluded.since \
         WHERE active_devices.since <= excluded.since",
    )
    .bind(&device.listener)
    .bind(&device.device)
    .bind(to_column("a time", device.since.get())?)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query(SELECT_DEVICE).bind(&device.listener).fetch_one(&mut *connection).await?;
    let holds = active_device(&row)?;
    sqlx::query(
        "INSERT INTO place_changes (listener, at) VALUES ($1, $2) ON CONFLICT (listener, at) DO NOTHING",
    )
    .bind(&holds.listener)
    .bind(to_column("a time", holds.since.get())?)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM place_changes WHERE listener = $1 AND at < (SELECT MIN(kept.at) FROM (SELECT at \
         FROM place_changes WHERE listener = $1 ORDER BY at DESC LIMIT $2) AS kept)",
    )
    .bind(&holds.listener)
    .bind(i64::from(PLACE_CHANGES_MAX))
    .execute(connection)
    .await?;
    Ok(holds)
}

async fn add_log(
    connection: &mut Connection,
    log: &ReadLog,
    sent: &[SentBytes],
) -> Result<bool, Fault> {
    let added = sqlx::query(
        "INSERT INTO delivery_logs (checksum, name, from_at, to_at, read_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (checksum) DO NOTHING",
    )
    .bind(log.checksum.to_vec())
    .bind(&log.name)
    .bind(to_column("a time", log.from.get())?)
    .bind(to_column("a time", log.to.get())?)
    .bind(to_column("a time", log.read_at.get())?)
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    for row in sent {
        sqlx::query(
            "INSERT INTO sent_bytes (play_id, track_id, rung, checksum, bytes) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&row.play_id)
        .bind(&row.track_id)
        .bind(&row.rung)
        .bind(log.checksum.to_vec())
        .bind(to_column("a number of bytes", row.bytes)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(true)
}

async fn forget(connection: &mut Connection, before: i64) -> Result<u64, Fault> {
    sqlx::query(
        "DELETE FROM sent_bytes WHERE checksum IN \
         (SELECT checksum FROM delivery_logs WHERE to_at < $1)",
    )
    .bind(before)
    .execute(&mut *connection)
    .await?;
    let logs = sqlx::query("DELETE FROM delivery_logs WHERE to_at < $1")
        .bind(before)
        .execute(connection)
        .await?;
    Ok(logs.rows_affected())
}
