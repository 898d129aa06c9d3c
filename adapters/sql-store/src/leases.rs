//! Which node owns which partition, and which nodes are there.
//!
//! A lease is of the epoch that it raised; whatever raises it again ends the lease, without a word to
//! this table. The row of a lease is locked before anything is decided on it, and before the partition's
//! own row: a commit that hangs holds up who wants that partition, and nobody else.

use async_trait::async_trait;
use ledgerline_app::ports::leases::{
    Held, Lease, LeaseStore, NodeId, Standing, partitions_of_text, partitions_text,
};
use ledgerline_app::ports::{PartitionCommit, StoreError};
use ledgerline_ids::PartitionId;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet};

use super::dialect::{Connection, NOW_MS};
use super::facts::{CommitRow, make, partition_commit};
use super::statements::{batches, row_placeholders};
use super::{Area, Store};
use crate::fault::{Fault, to_column};

/// Nodes that were heard of for the last time so long ago are forgotten.
const FORGOTTEN_AFTER_MS: i64 = 24 * 3_600_000;

/// A row holds when the clock is less than it lasts from where it began, in either direction.
const NODES: &str =
    "SELECT node, warm FROM nodes WHERE ABS($1 - since_ms) < lasts_ms ORDER BY node";
const LEASES: &str = "SELECT c.partition, c.epoch, c.position, c.plays_bytes, \
     CASE WHEN l.epoch = c.epoch AND ABS($1 - l.since_ms) < l.lasts_ms THEN l.node END \
     FROM partition_commits c LEFT JOIN partition_leases l ON l.partition = c.partition \
     ORDER BY c.partition";
const OWNER: &str = "SELECT l.node FROM partition_leases l \
     JOIN partition_commits c ON c.partition = l.partition AND c.epoch = l.epoch \
     WHERE l.partition = $2 AND l.node IS NOT NULL AND ABS($1 - l.since_ms) < l.lasts_ms";

/// A row of `partition_commits`, and who owns it.
type LeaseRow = (i64, i64, i64, i64, Option<String>);

#[async_trait]
impl LeaseStore for Store {
    async fn prepare(&self, partitions: u16) -> Result<(), StoreError> {
        let made = async {
            let off_ms = self.clock_off_ms();
            let mut write = self.begin_write(Area::Facts).await?;
            let made = prepare(write.connection(), partitions, off_ms).await;
            write.finish(made).await
        };
        made.await.map_err(|fault| self.error("making the partitions", &fault))
    }

    async fn beat(
        &self,
        node: &NodeId,
        held: &[Held],
        warm: &BTreeSet<PartitionId>,
        lasts_ms: u64,
    ) -> Result<Standing, StoreError> {
        let beaten = async {
            let off_ms = self.clock_off_ms();
            let mut write = self.begin_write(Area::Facts).await?;
            let beaten = beat(write.connection(), node, (held, warm), (off_ms, lasts_ms)).await;
            write.finish(beaten).await
        };
        beaten.await.map_err(|fault| self.error("renewing leases", &fault))
    }

    async fn acquire(
        &self,
        partition: PartitionId,
        node: &NodeId,
        lasts_ms: u64,
    ) -> Result<Option<PartitionCommit>, StoreError> {
        let got = async {
            let off_ms = self.clock_off_ms();
            let mut write = self.begin_write(Area::Facts).await?;
            let got = acquire(write.connection(), partition, node, (off_ms, lasts_ms)).await;
            write.finish(got).await
        };
        got.await.map_err(|fault| self.error("getting a lease", &fault))
    }

    async fn release(&self, node: &NodeId, held: Held) -> Result<bool, StoreError> {
        let released = async {
            let mut write = self.begin_write(Area::Facts).await?;
            let released = release(write.connection(), node, held).await;
            write.finish(released).await
        };
        released.await.map_err(|fault| self.error("giving a lease back", &fault))
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        let left = async {
            let mut write = self.begin_write(Area::Facts).await?;
            let left = leave(write.connection(), node).await;
            write.finish(left).await
        };
        left.await.map_err(|fault| self.error("giving all leases back", &fault))
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        let read = async {
            let off_ms = self.clock_off_ms();
            let mut snapshot = self.begin_read().await?;
            let now_ms = now(&mut snapshot, off_ms).await?;
            let standing = standing(&mut snapshot, now_ms).await?;
            snapshot.commit().await?;
            Ok(standing)
        };
        read.await.map_err(|fault: Fault| self.error("reading who owns what", &fault))
    }
}

/// Which nodes are there.
pub(crate) async fn nodes_there(
    connection: &mut Connection,
    off_ms: i64,
) -> Result<Vec<String>, Fault> {
    let now_ms = now(&mut *connection, off_ms).await?;
    Ok(sqlx::query_scalar(NODES).bind(now_ms).fetch_all(connection).await?)
}

/// The time of the store's clock.
async fn now(connection: &mut Connection, off_ms: i64) -> Result<i64, Fault> {
    let now: i64 = sqlx::query_scalar(NOW_MS).fetch_one(connection).await?;
    Ok(now.saturating_add(off_ms))
}

async fn prepare(connection: &mut Connection, partitions: u16, off_ms: i64) -> Result<(), Fault> {
    // Where all are there, nothing is inserted: that would wait for whoever is in the midst of a commit, who may
    // have been stopped there.
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM partition_commits")
        .fetch_one(&mut *connection)
        .await?;
    if there != i64::from(partitions) {
        make(connection, partitions, "DO NOTHING").await?;
    }
    let now_ms = now(connection, off_ms).await?;
    sqlx::query("DELETE FROM nodes WHERE ABS($1 - since_ms) - lasts_ms >= $2")
        .bind(now_ms)
        .bind(FORGOTTEN_AFTER_MS)
        .execute(connection)
        .await?;
    Ok(())
}

async fn beat(
    connection: &mut Connection,
    node: &NodeId,
    (held, warm): (&[Held], &BTreeSet<PartitionId>),
    (off_ms, lasts_ms): (i64, u64),
) -> Result<Standing, Fault> {
    let now_ms = now(connection, off_ms).await?;
    let lasts_ms = to_column("a duration", lasts_ms)?;
    sqlx::query(
        "INSERT INTO nodes (node, since_ms, lasts_ms, warm) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (node) DO UPDATE SET since_ms = excluded.since_ms, \
         lasts_ms = excluded.lasts_ms, warm = excluded.warm",
    )
    .bind(node.as_str())
    .bind(now_ms)
    .bind(lasts_ms)
    .bind(partitions_text(warm))
    .execute(&mut *connection)
    .await?;
    for batch in batches(held) {
        let after = batch.len() * 2;
        let sql = format!(
            "UPDATE partition_leases SET since_ms = ${}, lasts_ms = ${} WHERE node = ${} \
             AND (partition, epoch) IN (VALUES {})",
            after + 1,
            after + 2,
            after + 3,
            row_placeholders(batch.len(), 2)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for Held { partition, epoch } in batch {
            query = query.bind(i64::from(partition.0)).bind(to_column("epoch", *epoch)?);
        }
        let query = query.bind(now_ms).bind(lasts_ms).bind(node.as_str());
        query.execute(&mut *connection).await?;
    }
    standing(connection, now_ms).await
}

async fn acquire(
    connection: &mut Connection,
    partition: PartitionId,
    node: &NodeId,
    (off_ms, lasts_ms): (i64, u64),
) -> Result<Option<PartitionCommit>, Fault> {
    let number = i64::from(partition.0);
    let lasts_ms = to_column("a duration", lasts_ms)?;
    // Makes the lease's row, or locks the one that is there.
    let locked = sqlx::query(
        "INSERT INTO partition_leases (partition, epoch, since_ms, lasts_ms) \
         SELECT partition, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT) \
         FROM partition_commits WHERE partition = $1 \
         ON CONFLICT (partition) DO UPDATE SET epoch = partition_leases.epoch",
    )
    .bind(number)
    .execute(&mut *connection)
    .await?;
    if locked.rows_affected() == 0 {
        return Ok(None);
    }
    // Read once the row is ours: waiting for it took time.
    let now_ms = now(connection, off_ms).await?;
    let owner: Option<String> = sqlx::query_scalar(OWNER)
        .bind(now_ms)
        .bind(number)
        .fetch_optional(&mut *connection)
        .await?;
    if owner.is_some_and(|owner| owner != node.as_str()) {
        return Ok(None);
    }
    let raised: CommitRow = sqlx::query_as(
        "UPDATE partition_commits SET epoch = epoch + 1 WHERE partition = $1 \
         RETURNING partition, epoch, position, plays_bytes",
    )
    .bind(number)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE partition_leases SET node = $1, epoch = $2, since_ms = $3, lasts_ms = $4 \
         WHERE partition = $5",
    )
    .bind(node.as_str())
    .bind(raised.1)
    .bind(now_ms)
    .bind(lasts_ms)
    .bind(number)
    .execute(connection)
    .await?;
    partition_commit(raised).map(Some)
}

async fn release(connection: &mut Connection, node: &NodeId, held: Held) -> Result<bool, Fault> {
    let released = sqlx::query(
        "UPDATE partition_leases SET node = NULL WHERE partition = $1 AND node = $2 AND epoch = $3 \
         AND EXISTS (SELECT 1 FROM partition_commits c WHERE c.partition = $1 AND c.epoch = $3)",
    )
    .bind(i64::from(held.partition.0))
    .bind(node.as_str())
    .bind(to_column("epoch", held.epoch)?)
    .execute(connection)
    .await?;
    Ok(released.rows_affected() > 0)
}

async fn leave(connection: &mut Connection, node: &NodeId) -> Result<(), Fault> {
    for statement in [
        "UPDATE partition_leases SET node = NULL WHERE node = $1",
        "DELETE FROM nodes WHERE node = $1",
    ] {
        sqlx::query(statement).bind(node.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn standing(connection: &mut Connection, now_ms: i64) -> Result<Standing, Fault> {
    let rows: Vec<(String, String)> =
        sqlx::query_as(NODES).bind(now_ms).fetch_all(&mut *connection).await?;
    let (mut nodes, mut warm) = (Vec::new(), BTreeMap::new());
    for (name, kept) in rows {
        let (node, kept) = (named(&name)?, warmth(&name, &kept)?);
        if !kept.is_empty() {
            warm.insert(node.clone(), kept);
        }
        nodes.push(node);
    }
    let rows: Vec<LeaseRow> =
        sqlx::query_as(LEASES).bind(now_ms).fetch_all(&mut *connection).await?;
    let leases = rows.into_iter().map(|(partition, epoch, position, plays_bytes, owner)| {
        let owner = owner.map(|name| named(&name)).transpose()?;
        Ok(Lease { commit: partition_commit((partition, epoch, position, plays_bytes))?, owner })
    });
    Ok(Standing { nodes, leases: leases.collect::<Result<_, Fault>>()?, warm })
}

fn named(name: &str) -> Result<NodeId, Fault> {
    NodeId::new(name).map_err(|error| Fault::Said(error.to_string()))
}

fn warmth(node: &str, text: &str) -> Result<BTreeSet<PartitionId>, Fault> {
    let wrong = || Fault::Said(format!("\"{text}\" of {node} are no partitions"));
    partitions_of_text(text).ok_or_else(wrong)
}

/// What is no name of a node, or no time.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "SELECT node, lasts_ms FROM partition_leases UNION ALL SELECT node, lasts_ms FROM nodes",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut findings = Vec::new();
    for (name, lasts_ms) in rows {
        findings.extend(name.as_deref().and_then(|it| named(it).err()).map(|it| it.to_string()));
        if lasts_ms < 0 {
            findings.push(format!("something of {name:?} lasts {lasts_ms} ms"));
        }
    }
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT node, warm FROM nodes").fetch_all(connection).await?;
    let wrong = kept.iter().filter_map(|(node, kept)| warmth(node, kept).err());
    findings.extend(wrong.map(|it| it.to_string()));
    Ok(findings)
}
