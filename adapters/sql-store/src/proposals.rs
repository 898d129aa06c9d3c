//! Proposals of contracts and what was decided on them, in two tables to which rows are only added.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::proposals::{
    NewProposal, Proposal, ProposalDecision, ProposalStore, ProposedFile,
};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const SELECT: &str = "SELECT p.number, p.files, p.note, p.proposed_by, p.proposed_at, \
     d.revision, d.note AS why, d.decided_by, d.decided_at FROM terms_proposals p \
     LEFT JOIN terms_proposal_decisions d ON d.number = p.number";

#[async_trait]
impl ProposalStore for Store {
    async fn propose(&self, proposal: NewProposal) -> Result<Proposal, StoreError> {
        let stored = async {
            let mut write = self.begin_write(Area::Proposals).await?;
            let stored = propose(write.connection(), &proposal).await;
            write.finish(stored).await
        };
        let number = stored.await.map_err(|fault| self.error("storing a proposal", &fault))?;
        Ok(Proposal { number, proposed: proposal, decision: None })
    }

    async fn proposal(&self, number: u64) -> Result<Option<Proposal>, StoreError> {
        let read = async {
            let Ok(number) = i64::try_from(number) else { return Ok(None) };
            let statement = format!("{SELECT} WHERE p.number = $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(number);
            query
                .fetch_optional(&mut *self.reader().await?)
                .await?
                .as_ref()
                .map(proposal)
                .transpose()
        };
        read.await.map_err(|fault: Fault| self.error("reading a proposal", &fault))
    }

    async fn proposals(&self, from: u64, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        let listed = async {
            let statement =
                format!("{SELECT} WHERE p.number <= $1 ORDER BY p.number DESC LIMIT $2");
            let from = i64::try_from(from).unwrap_or(i64::MAX);
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(from);
            let rows = query.bind(i64::from(limit)).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(proposal).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing proposals", &fault))
    }

    async fn decide_proposal(
        &self,
        number: u64,
        decision: ProposalDecision,
    ) -> Result<bool, StoreError> {
        let decided = async {
            let mut write = self.begin_write(Area::Proposals).await?;
            let decided = decide(write.connection(), number, &decision).await;
            write.finish(decided).await
        };
        decided.await.map_err(|fault| self.error("storing a decision on a proposal", &fault))
    }
}

async fn propose(connection: &mut Connection, new: &NewProposal) -> Result<u64, Fault> {
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(number) FROM terms_proposals")
        .fetch_one(&mut *connection)
        .await?;
    let number = last.unwrap_or(0) + 1;
    let files = serde_json::to_string(&new.files);
    let files = files.map_err(|error| Fault::Said(error.to_string()))?;
    sqlx::query(
        "INSERT INTO terms_proposals (number, files, note, proposed_by, proposed_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(number)
    .bind(files)
    .bind(&new.note)
    .bind(&new.by)
    .bind(to_column("a time", new.at.get())?)
    .execute(connection)
    .await?;
    from_column("the number of a proposal", number)
}

async fn decide(
    connection: &mut Connection,
    number: u64,
    decision: &ProposalDecision,
) -> Result<bool, Fault> {
    let Ok(number) = i64::try_from(number) else { return Ok(false) };
    let revision =
        decision.approved.map(|revision| to_column("a revision", revision)).transpose()?;
    let inserted = sqlx::query(
        "INSERT INTO terms_proposal_decisions (number, revision, note, decided_by, decided_at) \
         SELECT number, $2, $3, $4, $5 FROM terms_proposals WHERE number = $1 \
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(number)
    .bind(revision)
    .bind(&decision.note)
    .bind(&decision.by)
    .bind(to_column("a time", decision.at.get())?)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

fn proposal(row: &Row) -> Result<Proposal, Fault> {
    let number: u64 = from_column("the number of a proposal", row.try_get("number")?)?;
    let files: String = row.try_get("files")?;
    let files: Vec<ProposedFile> = match serde_json::from_str(&files) {
        Ok(files) => files,
        Err(error) => return said(format!("the files of the proposal {number}: {error}")),
    };
    let time = |column: &'static str| -> Result<UnixMs, Fault> {
        let at = UnixMs::new(from_column(column, row.try_get(column)?)?);
        at.map_err(|error| Fault::Said(format!("the proposal {number}: {error}")))
    };
    let decided_by: Option<String> = row.try_get("decided_by")?;
    let decision = match decided_by {
        None => None,
        Some(by) => {
            let revision: Option<i64> = row.try_get("revision")?;
            let approved =
                revision.map(|revision| from_column("a revision", revision)).transpose()?;
            let note = row.try_get("why")?;
            Some(ProposalDecision { approved, note, by, at: time("decided_at")? })
        }
    };
    let proposed = NewProposal {
        files,
        note: row.try_get("note")?,
        by: row.try_get("proposed_by")?,
        at: time("proposed_at")?,
    };
    Ok(Proposal { number, proposed, decision })
}

/// Reads each proposal on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let statement = format!("{SELECT} ORDER BY p.number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(connection).await?;
    Ok(rows.iter().filter_map(|row| proposal(row).err()).map(|fault| fault.to_string()).collect())
}
