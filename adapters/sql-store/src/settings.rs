//! What an administrator has set for the whole deployment.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::settings::DeploymentSettings;
use std::collections::BTreeMap;

use super::dialect::Connection;
use super::{Area, Store};
use crate::fault::Fault;

#[async_trait]
impl DeploymentSettings for Store {
    async fn settings(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let read = async {
            let rows = sqlx::query_as("SELECT name, value FROM deployment_settings");
            let rows: Vec<(String, String)> = rows.fetch_all(&mut *self.reader().await?).await?;
            Ok(rows.into_iter().collect())
        };
        read.await.map_err(|fault: Fault| self.error("reading the settings", &fault))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let read = async {
            let value = sqlx::query_scalar("SELECT value FROM deployment_settings WHERE name = $1");
            Ok(value.bind(name).fetch_optional(&mut *self.reader().await?).await?)
        };
        read.await.map_err(|fault: Fault| self.error("reading a setting", &fault))
    }

    async fn set(&self, changes: &[(String, Option<String>)]) -> Result<(), StoreError> {
        let changed = async {
            let mut write = self.begin_write(Area::Access).await?;
            let changed = set(write.connection(), changes).await;
            write.finish(changed).await
        };
        changed.await.map_err(|fault| self.error("storing settings", &fault))
    }
}

/// Sets these within a transaction.
pub(crate) async fn set(
    connection: &mut Connection,
    changes: &[(String, Option<String>)],
) -> Result<(), Fault> {
    for (name, value) in changes {
        let query = match value {
            Some(value) => sqlx::query(
                "INSERT INTO deployment_settings (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(name)
            .bind(value),
            None => sqlx::query("DELETE FROM deployment_settings WHERE name = $1").bind(name),
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
