//! Contracts as texts, revisioned.

use async_trait::async_trait;
use ledgerline_app::ports::{ContractStore, ContractText, ContractsError, NewContract, StoreError};
use ledgerline_ids::UnixMs;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Row as _};

use super::dialect::{self, Connection, Database};
use super::statements::{batches, row_placeholders};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

/// What keeps the tables from being changed.
const TRIGGERS: [&str; 4] =
    ["contract_revisions_stay", "contract_revisions_remain", "contracts_stay", "contracts_remain"];

const AT_A_REVISION: &str = "SELECT id, revision, at, file, sha256, text FROM contracts \
     JOIN contract_revisions USING (revision) \
     WHERE (id, revision) IN \
     (SELECT id, MAX(revision) FROM contracts WHERE revision <= $1 GROUP BY id) ORDER BY id";
const OF_ONE: &str = "SELECT id, revision, at, file, sha256, text FROM contracts \
     JOIN contract_revisions USING (revision) WHERE id = $1 ORDER BY revision DESC";

#[async_trait]
impl ContractStore for Store {
    async fn contracts_revision(&self) -> Result<u64, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            newest(&mut connection).await
        };
        read.await.map_err(|fault: Fault| self.error("reading the contracts' revision", &fault))
    }

    async fn contracts(&self, revision: u64) -> Result<Vec<ContractText>, StoreError> {
        let read = async {
            let revision = i64::try_from(revision).unwrap_or(i64::MAX);
            let rows = sqlx::query(AT_A_REVISION)
                .bind(revision)
                .fetch_all(&mut *self.reader().await?)
                .await?;
            rows.iter().map(contract).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading contracts", &fault))
    }

    async fn contract_history(&self, id: &str) -> Result<Vec<ContractText>, StoreError> {
        let read = async {
            let rows = sqlx::query(OF_ONE).bind(id).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(contract).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(|fault: Fault| self.error("reading a contract", &fault))
    }

    async fn change_contracts(
        &self,
        contracts: &[NewContract],
        known: u64,
        at: UnixMs,
    ) -> Result<u64, ContractsError> {
        let changed = async {
            let mut write = self.begin_write(Area::Contracts).await?;
            let changed = change(write.connection(), contracts, known, at).await;
            write.finish(changed).await
        };
        changed.await.map_err(|fault| match fault {
            Fault::RevisionMoved(now) => ContractsError::Moved { known, now },
            fault => self.error("storing contracts", &fault).into(),
        })
    }
}

async fn newest(connection: &mut Connection) -> Result<u64, Fault> {
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(revision) FROM contract_revisions")
        .fetch_one(connection)
        .await?;
    from_column("the contracts' revision", newest.unwrap_or(0))
}

async fn change(
    connection: &mut Connection,
    contracts: &[NewContract],
    known: u64,
    at: UnixMs,
) -> Result<u64, Fault> {
    let now = newest(&mut *connection).await?;
    if now != known {
        return Err(Fault::RevisionMoved(now));
    }
    if contracts.is_empty() {
        return Ok(now);
    }
    let revision = to_column("the revision", now + 1)?;
    sqlx::query("INSERT INTO contract_revisions (revision, at) VALUES ($1, $2)")
        .bind(revision)
        .bind(to_column("the time", at.get())?)
        .execute(&mut *connection)
        .await?;
    for batch in batches(contracts) {
        let statement = format!(
            "INSERT INTO contracts (id, revision, file, sha256, text) VALUES {}",
            row_placeholders(batch.len(), 5)
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for NewContract { id, file, sha256, text } in batch {
            query = query.bind(id).bind(revision).bind(file).bind(sha256.as_slice()).bind(text);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(now + 1)
}

fn contract(row: &Row) -> Result<ContractText, Fault> {
    let id: String = row.try_get("id")?;
    let sha256: Vec<u8> = row.try_get("sha256")?;
    let Ok(sha256) = <[u8; 32]>::try_from(sha256) else {
        return said(format!("the contract {id} has a checksum that is none"));
    };
    let at = UnixMs::new(from_column("the time of a contract", row.try_get("at")?)?);
    let at = at.map_err(|error| Fault::Said(format!("the contract {id}: {error}")))?;
    Ok(ContractText {
        revision: from_column("the revision of a contract", row.try_get("revision")?)?,
        at,
        file: row.try_get("file")?,
        sha256,
        text: row.try_get("text")?,
        id,
    })
}

/// Texts that are not what their checksums say, and tables that could be changed.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    let names = dialect::triggers(connection).await?;
    for missing in TRIGGERS.iter().filter(|name| !names.iter().any(|one| one == *name)) {
        findings.push(format!("the trigger {missing} is gone, which keeps contracts as they are"));
    }
    let all = "SELECT id, revision, at, file, sha256, text FROM contracts \
               JOIN contract_revisions USING (revision) ORDER BY id, revision";
    for row in sqlx::query(all).fetch_all(&mut *connection).await? {
        match contract(&row) {
            Err(fault) => findings.push(fault.to_string()),
            Ok(contract) => {
                if Sha256::digest(contract.text.as_bytes())[..] != contract.sha256 {
                    let (id, revision) = (contract.id, contract.revision);
                    findings.push(format!(
                        "the contract {id} of revision {revision} is not the text that was brought"
                    ));
                }
            }
        }
    }
    Ok(findings)
}
