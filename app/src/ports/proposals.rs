//! Contracts that somebody proposes, and what another decides.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A file of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedFile {
    /// The id of its contract.
    pub id: String,
    /// Its name, without the folder.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposal {
    /// The contracts' files, by id.
    pub files: Vec<ProposedFile>,
    /// Why, in somebody's words.
    pub note: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: UnixMs,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalDecision {
    /// The revision of all contracts that came of it; `None` where it was rejected.
    pub approved: Option<u64>,
    /// Why, in somebody's words.
    pub note: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: UnixMs,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number, from 1.
    pub number: u64,
    /// What is proposed.
    pub proposed: NewProposal,
    /// What was decided; nothing yet where it is open.
    pub decision: Option<ProposalDecision>,
}

/// Where proposals are kept. Nothing is ever changed or removed.
#[async_trait]
pub trait ProposalStore: Send + Sync + 'static {
    /// Stores a proposal, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn propose(&self, proposal: NewProposal) -> Result<Proposal, StoreError>;

    /// The proposal of a number.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn proposal(&self, number: u64) -> Result<Option<Proposal>, StoreError>;

    /// Proposals from a number downwards, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn proposals(&self, from: u64, limit: u32) -> Result<Vec<Proposal>, StoreError>;

    /// Stores what was decided on an open proposal; false where it was decided before, or there is
    /// none, and then nothing changes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn decide_proposal(
        &self,
        number: u64,
        decision: ProposalDecision,
    ) -> Result<bool, StoreError>;
}
