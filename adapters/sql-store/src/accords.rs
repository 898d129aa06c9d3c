//! What all programs that share a state must have alike: the first that starts writes it down, and every
//! later one compares.
//!
//! Here are names and values; what they mean, and what to do where they differ, whoever asks knows.

use ledgerline_app::ports::StoreError;
use std::collections::BTreeMap;

use super::dialect::Connection;
use super::{Area, Store, leases};
use crate::fault::{Fault, said};

/// More than these nobody agrees on.
const ACCORDS_MAX: usize = 64;

/// Values by name.
type Accords = BTreeMap<String, String>;

impl Store {
    /// Writes down what is offered under names that have no value yet, and says what is agreed then. Where
    /// a name has another value already, nothing is written.
    ///
    /// # Errors
    /// [`StoreError`] where the store can't be read or written; nothing is written then.
    pub async fn agree(&self, offered: &Accords) -> Result<Accords, StoreError> {
        let agreed = async {
            let mut write = self.begin_write(Area::Accords).await?;
            let agreed = agree(write.connection(), offered).await;
            write.finish(agreed).await
        };
        agreed.await.map_err(|fault| self.error("comparing what nodes have alike", &fault))
    }

    /// What is agreed.
    ///
    /// # Errors
    /// [`StoreError`] where the store can't be read.
    pub async fn accords(&self) -> Result<Accords, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let read = read(&mut snapshot).await?;
            snapshot.commit().await?;
            Ok(read)
        };
        read.await.map_err(|fault: Fault| self.error("reading what nodes have alike", &fault))
    }

    /// Puts what is said in the place of what was under these names, whoever is there: what nodes should have
    /// alike, and count right without.
    ///
    /// # Errors
    /// [`StoreError`] where the store can't be written; nothing is written then.
    pub async fn say(&self, said: &Accords) -> Result<(), StoreError> {
        let written = async {
            let mut transaction = self.begin_write(Area::Accords).await?;
            let written = write(transaction.connection(), said).await;
            transaction.finish(written).await
        };
        written.await.map_err(|fault| self.error("saying what nodes should have alike", &fault))
    }

    /// Puts what is offered in the place of what was agreed under these names, unless a node is there. Says
    /// which nodes are; nothing is written then.
    ///
    /// # Errors
    /// [`StoreError`] where the store can't be read or written; nothing is written then.
    pub async fn agree_anew(&self, offered: &Accords) -> Result<Vec<String>, StoreError> {
        let agreed = async {
            let off_ms = self.clock_off_ms();
            let mut write = self.begin_write(Area::Accords).await?;
            let agreed = agree_anew(write.connection(), offered, off_ms).await;
            write.finish(agreed).await
        };
        agreed.await.map_err(|fault| self.error("changing what nodes have alike", &fault))
    }
}

async fn read(connection: &mut Connection) -> Result<Accords, Fault> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value FROM accords ORDER BY name")
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

async fn agree(connection: &mut Connection, offered: &Accords) -> Result<Accords, Fault> {
    let there = read(&mut *connection).await?;
    let differs = |(name, value): (&String, &String)| there.get(name).is_some_and(|it| it != value);
    if offered.iter().any(differs) {
        return Ok(there);
    }
    write(&mut *connection, offered).await?;
    read(connection).await
}

async fn agree_anew(
    connection: &mut Connection,
    offered: &Accords,
    off_ms: i64,
) -> Result<Vec<String>, Fault> {
    let nodes = leases::nodes_there(&mut *connection, off_ms).await?;
    if nodes.is_empty() {
        write(connection, offered).await?;
    }
    Ok(nodes)
}

async fn write(connection: &mut Connection, offered: &Accords) -> Result<(), Fault> {
    if offered.len() > ACCORDS_MAX {
        return said(format!("more than {ACCORDS_MAX} things are to be alike"));
    }
    for (name, value) in offered {
        sqlx::query(
            "INSERT INTO accords (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
