//! Contracts that one person proposes and another approves. Only then are they in force.

use ledgerline_ids::UnixMs;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

use super::terms::{ContractFile, Terms, TermsError};
use crate::ports::proposals::{
    NewProposal, Proposal, ProposalDecision, ProposalStore, ProposedFile,
};
use crate::ports::{ContractsError, StoreError};

/// The most characters of a note.
pub const NOTE_CHARS_MAX: usize = 2_000;

/// Why a proposal isn't taken, or not decided.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// There is none of that number.
    #[error("there is no proposal {0}")]
    NoSuch(u64),
    /// It changes nothing.
    #[error("every contract is in force just so: there is nothing to propose")]
    NothingNew,
    /// Too long a note.
    #[error("a note has at most {NOTE_CHARS_MAX} characters")]
    NoteTooLong,
    /// Whoever proposed it must not approve it.
    #[error("{0} proposed this: somebody else has to approve it")]
    SamePerson(String),
    /// It was decided before.
    #[error("the proposal {number} was {state} by {by} already")]
    AlreadyDecided {
        /// Which.
        number: u64,
        /// How.
        state: &'static str,
        /// By whom.
        by: String,
    },
    /// Files are wrong, or contracts changed since somebody looked.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a proposal does to one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedChange {
    /// Which.
    pub id: String,
    /// What people call it; nothing where the text can't be read any more.
    pub title: String,
    /// The name of its file.
    pub file: String,
    /// What is in force; `None` for a new contract.
    pub before: Option<String>,
    /// What is proposed.
    pub after: String,
}

/// A proposal, held against what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// The revision of all contracts that it is held against: the newest, or of an approved one that
    /// before it.
    pub in_force: u64,
    /// What it does, by contract.
    pub changes: Vec<ProposedChange>,
}

/// The proposals of a deployment.
pub struct Proposals {
    store: Arc<dyn ProposalStore>,
    terms: Arc<Terms>,
    /// One decision at a time.
    turn: Mutex<()>,
}

impl fmt::Debug for Proposals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposals").finish_non_exhaustive()
    }
}

impl Proposals {
    /// Over their store, and the contracts that they change.
    #[must_use]
    pub fn new(store: Arc<dyn ProposalStore>, terms: Arc<Terms>) -> Self {
        Self { store, terms, turn: Mutex::new(()) }
    }

    /// Proposes files: sound ones only, of which at least one would change something.
    ///
    /// # Errors
    /// [`ProposalError`]; nothing is stored then.
    pub async fn propose(
        &self,
        files: &[ContractFile],
        note: &str,
        (by, at): (&str, UnixMs),
    ) -> Result<ShownProposal, ProposalError> {
        sound_note(note)?;
        let would = self.terms.import(files, at, true).await?;
        if would.added.is_empty() && would.changed.is_empty() {
            return Err(ProposalError::NothingNew);
        }
        let read = self.terms.read_files(files)?;
        let files = read.into_iter().map(|(id, (_, file))| ProposedFile {
            id,
            name: file.name,
            text: file.text,
        });
        let new =
            NewProposal { files: files.collect(), note: note.to_owned(), by: by.to_owned(), at };
        let proposal = self.store.propose(new).await?;
        self.held_against(proposal).await
    }

    /// Proposals from a number downwards, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, from: u64, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        self.store.proposals(from, limit).await
    }

    /// A proposal, held against what is in force.
    ///
    /// # Errors
    /// [`ProposalError`].
    pub async fn show(&self, number: u64) -> Result<ShownProposal, ProposalError> {
        let found = self.store.proposal(number).await?;
        self.held_against(found.ok_or(ProposalError::NoSuch(number))?).await
    }

    /// Approves a proposal: its contracts are in force from now on. `seen` is the revision that
    /// whoever approves looked at; it must still be the newest.
    ///
    /// # Errors
    /// [`ProposalError`]; nothing is in force then that wasn't before.
    pub async fn approve(
        &self,
        number: u64,
        (note, seen): (&str, Option<u64>),
        (by, at): (&str, UnixMs),
    ) -> Result<ShownProposal, ProposalError> {
        sound_note(note)?;
        let _turn = self.turn.lock().await;
        let proposal = self.open(number).await?;
        if proposal.proposed.by == by {
            return Err(ProposalError::SamePerson(by.to_owned()));
        }
        let now = self.terms.revision().await?;
        if let Some(known) = seen.filter(|seen| *seen != now) {
            return Err(TermsError::Change(ContractsError::Moved { known, now }).into());
        }
        let files: Vec<ContractFile> = (proposal.proposed.files.iter())
            .map(|file| ContractFile { name: file.name.clone(), text: file.text.clone() })
            .collect();
        // Broken off behind this, the same approval finds everything unchanged and is noted.
        let imported = self.terms.import(&files, at, false).await?;
        let note = note.to_owned();
        let approved = Some(imported.revision);
        self.decided(number, ProposalDecision { approved, note, by: by.to_owned(), at }).await
    }

    /// Rejects a proposal; whoever made it may so take it back.
    ///
    /// # Errors
    /// [`ProposalError`].
    pub async fn reject(
        &self,
        number: u64,
        note: &str,
        (by, at): (&str, UnixMs),
    ) -> Result<ShownProposal, ProposalError> {
        sound_note(note)?;
        let _turn = self.turn.lock().await;
        self.open(number).await?;
        let (note, by) = (note.to_owned(), by.to_owned());
        self.decided(number, ProposalDecision { approved: None, note, by, at }).await
    }

    async fn open(&self, number: u64) -> Result<Proposal, ProposalError> {
        let found = self.store.proposal(number).await?;
        let proposal = found.ok_or(ProposalError::NoSuch(number))?;
        match &proposal.decision {
            None => Ok(proposal),
            Some(decision) => Err(ProposalError::AlreadyDecided {
                number,
                state: if decision.approved.is_some() { "approved" } else { "rejected" },
                by: decision.by.clone(),
            }),
        }
    }

    async fn decided(
        &self,
        number: u64,
        decision: ProposalDecision,
    ) -> Result<ShownProposal, ProposalError> {
        if !self.store.decide_proposal(number, decision).await? {
            self.open(number).await?;
        }
        self.show(number).await
    }

    async fn held_against(&self, proposal: Proposal) -> Result<ShownProposal, ProposalError> {
        let newest = self.terms.revision().await?;
        let approved = proposal.decision.as_ref().and_then(|decision| decision.approved);
        let in_force = approved.map_or(newest, |revision| revision.saturating_sub(1));
        let known = self.terms.known_at(in_force).await?;
        let known: BTreeMap<&str, &str> =
            known.iter().map(|it| (it.text.id.as_str(), it.text.text.as_str())).collect();
        let change = |file: &ProposedFile| ProposedChange {
            id: file.id.clone(),
            title: self.terms.title_of(&file.name, &file.text),
            file: file.name.clone(),
            before: known.get(file.id.as_str()).map(|text| (*text).to_owned()),
            after: file.text.clone(),
        };
        let changes = proposal.proposed.files.iter().map(change).collect();
        Ok(ShownProposal { proposal, in_force, changes })
    }
}

fn sound_note(note: &str) -> Result<(), ProposalError> {
    match note.chars().count() {
        0..=NOTE_CHARS_MAX => Ok(()),
        _ => Err(ProposalError::NoteTooLong),
    }
}
