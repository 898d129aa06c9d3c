//! API keys, by the hashes of their secrets.

use async_trait::async_trait;
use ledgerline_app::ports::{Credential, CredentialStore, NewCredential, Scope, StoreError};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const COLUMNS_BY_HASH: &str = "SELECT id, secret_hash, scopes, source, user_prefix, \
     reports_per_second, created_at, revoked_at FROM credentials WHERE secret_hash = $1";
const COLUMNS_BY_ID: &str = "SELECT id, secret_hash, scopes, source, user_prefix, \
     reports_per_second, created_at, revoked_at FROM credentials WHERE id = $1";
const COLUMNS_OF_ALL: &str = "SELECT id, secret_hash, scopes, source, user_prefix, \
     reports_per_second, created_at, revoked_at FROM credentials ORDER BY created_at, id";

#[async_trait]
impl CredentialStore for Store {
    async fn add(&self, credential: NewCredential) -> Result<(), StoreError> {
        let added = async {
            let mut write = self.begin_write(Area::Access).await?;
            let added = add(write.connection(), &credential).await;
            write.finish(added).await
        };
        added.await.map_err(|fault| self.error("storing a credential", &fault))
    }

    async fn find(&self, secret_hash: &[u8; 32]) -> Result<Option<Credential>, StoreError> {
        let found = async {
            let query = sqlx::query(COLUMNS_BY_HASH).bind(secret_hash.as_slice());
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(credential).transpose()
        };
        found.await.map_err(|fault| self.error("looking up a credential", &fault))
    }

    async fn by_id(&self, id: &str) -> Result<Option<Credential>, StoreError> {
        let found = async {
            let query = sqlx::query(COLUMNS_BY_ID).bind(id);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(credential).transpose()
        };
        found.await.map_err(|fault| self.error("looking up a credential", &fault))
    }

    async fn list(&self) -> Result<Vec<Credential>, StoreError> {
        let listed = async {
            let rows = sqlx::query(COLUMNS_OF_ALL).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(credential).collect::<Result<Vec<_>, _>>()
        };
        listed.await.map_err(|fault: Fault| self.error("listing the credentials", &fault))
    }

    async fn revoke(&self, id: &str, at: UnixMs) -> Result<bool, StoreError> {
        let revoked = async {
            let mut write = self.begin_write(Area::Access).await?;
            let revoked = revoke(write.connection(), id, at).await;
            write.finish(revoked).await
        };
        revoked.await.map_err(|fault| self.error("revoking a credential", &fault))
    }
}

/// Reads each credential on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(COLUMNS_OF_ALL).fetch_all(connection).await?;
    Ok(rows.iter().filter_map(|row| credential(row).err()).map(|f| f.to_string()).collect())
}

async fn add(connection: &mut Connection, credential: &NewCredential) -> Result<(), Fault> {
    let NewCredential { id, secret_hash, .. } = credential;
    let same_id: Option<bool> =
        sqlx::query_scalar("SELECT id = $1 FROM credentials WHERE id = $1 OR secret_hash = $2")
            .bind(id)
            .bind(secret_hash.as_slice())
            .fetch_optional(&mut *connection)
            .await?;
    match same_id {
        Some(true) => return said(format!("there is a credential {id} already")),
        Some(false) => return said("there is a credential with this secret already"),
        None => {}
    }
    let scopes: Vec<&str> = credential.scopes.iter().map(|scope| scope.as_str()).collect();
    sqlx::query(
        "INSERT INTO credentials \
         (id, secret_hash, scopes, source, user_prefix, reports_per_second, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(secret_hash.as_slice())
    .bind(scopes.join(" "))
    .bind(&credential.source)
    .bind(&credential.user_prefix)
    .bind(credential.reports_per_second.map(i64::from))
    .bind(to_column("a time", credential.created_at.get())?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn revoke(connection: &mut Connection, id: &str, at: UnixMs) -> Result<bool, Fault> {
    let revoked =
        sqlx::query("UPDATE credentials SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(to_column("a time", at.get())?)
            .bind(id)
            .execute(connection)
            .await?;
    Ok(revoked.rows_affected() > 0)
}

fn credential(row: &Row) -> Result<Credential, Fault> {
    let id: String = row.try_get("id")?;
    let of = |column: &str| format!("credentials.{column} of {id}");
    let words: String = row.try_get("scopes")?;
    let scopes: Option<Vec<Scope>> = words.split_whitespace().map(Scope::from_name).collect();
    let Some(scopes) = scopes else {
        return said(format!("{} is {words:?}, with an unknown scope", of("scopes")));
    };
    let Ok(secret_hash) = <[u8; 32]>::try_from(row.try_get::<Vec<u8>, _>("secret_hash")?) else {
        return said(format!("{} has not 32 bytes", of("secret_hash")));
    };
    let limit: Option<i64> = row.try_get("reports_per_second")?;
    let revoked_at: Option<i64> = row.try_get("revoked_at")?;
    Ok(Credential {
        key: NewCredential {
            secret_hash,
            scopes,
            source: row.try_get("source")?,
            user_prefix: row.try_get("user_prefix")?,
            reports_per_second: limit
                .map(|limit| from_column(&of("reports_per_second"), limit))
                .transpose()?,
            created_at: instant(&of("created_at"), row.try_get("created_at")?)?,
            id: id.clone(),
        },
        revoked_at: revoked_at.map(|at| instant(&of("revoked_at"), at)).transpose()?,
    })
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column(what, millis)?;
    UnixMs::new(unsigned).map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}
