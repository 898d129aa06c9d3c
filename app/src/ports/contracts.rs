//! Contracts as their files' texts, revisioned, and how a text is read.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use ledgerline_royalty::terms::Contract;
use std::collections::BTreeMap;
use std::fmt;

use super::StoreError;

/// A contract as it was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractText {
    /// Its id.
    pub id: String,
    /// The revision of all contracts that it came with.
    pub revision: u64,
    /// When that was.
    pub at: UnixMs,
    /// The name of the file that it came from, without the folder.
    pub file: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// The file, byte by byte.
    pub text: String,
}

/// A contract to be stored: new, or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContract {
    /// Its id.
    pub id: String,
    /// The name of its file.
    pub file: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// The file, byte by byte.
    pub text: String,
}

/// Why contracts were not stored.
#[derive(Debug, thiserror::Error)]
pub enum ContractsError {
    /// Somebody else was faster.
    #[error("contracts are at revision {now}, not at {known}: import again")]
    Moved {
        /// What they were judged against.
        known: u64,
        /// Where they are.
        now: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where contracts are kept. Nothing is ever changed or removed: what changes is stored again with
/// the next revision, so that every revision can be read for ever.
#[async_trait]
pub trait ContractStore: Send + Sync + 'static {
    /// The newest revision; 0 where there was never a contract.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn contracts_revision(&self) -> Result<u64, StoreError>;

    /// All contracts as they were at `revision`, by id; one beyond the newest is the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn contracts(&self, revision: u64) -> Result<Vec<ContractText>, StoreError>;

    /// All that one contract ever was, the newest first; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn contract_history(&self, id: &str) -> Result<Vec<ContractText>, StoreError>;

    /// Stores contracts as the revision after `known`, in one transaction, and says which it is. Of
    /// one id there is one.
    ///
    /// # Errors
    /// [`ContractsError`]; nothing was stored then.
    async fn change_contracts(
        &self,
        contracts: &[NewContract],
        known: u64,
        at: UnixMs,
    ) -> Result<u64, ContractsError>;
}

/// Something in a contract's text that must be mended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContractFault {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong and what to write.
    pub what: String,
}

impl fmt::Display for ContractFault {
    /// `deals/a.toml:3:9: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

impl std::error::Error for ContractFault {}

/// An annotated example of a contract's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractTemplate {
    /// What it is called.
    pub name: &'static str,
    /// What it is, in a line.
    pub what: &'static str,
    /// The file.
    pub text: &'static str,
}

/// How a spreadsheet of deals is read: one row, one payee of one deal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DealMapping {
    /// The heading of the column of each field.
    pub columns: BTreeMap<String, String>,
    /// What each row says alike, by field, where its column says nothing.
    pub fixed: BTreeMap<String, String>,
}

/// A field of a deal that a column may be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealField {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub what: &'static str,
    /// Whether every row must say it.
    pub is_needed: bool,
}

/// Contracts that a spreadsheet became, for somebody to review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftedContracts {
    /// Their files: name, then text; by the contracts' ids.
    pub files: Vec<(String, String)>,
    /// Names that are no ids, with the ids that were made of them.
    pub renamed: BTreeMap<String, String>,
}

/// Reads the text of a contract's file.
pub trait ContractReader: Send + Sync + 'static {
    /// The contract, or everything that is wrong with the text.
    ///
    /// # Errors
    /// All [`ContractFault`]s that were found; at least one.
    fn read(&self, file: &str, text: &str) -> Result<Contract, Vec<ContractFault>>;

    /// Annotated examples of such texts, to begin with.
    fn templates(&self) -> Vec<ContractTemplate> {
        Vec::new()
    }

    /// What a spreadsheet's columns may be mapped to.
    fn deal_fields(&self) -> Vec<DealField> {
        Vec::new()
    }

    /// The contracts of a spreadsheet; its rows are counted as lines, the headings being line 1.
    ///
    /// # Errors
    /// All [`ContractFault`]s that were found; at least one. Nothing is drafted then.
    fn draft(
        &self,
        file: &str,
        _text: &str,
        _mapping: &DealMapping,
    ) -> Result<DraftedContracts, Vec<ContractFault>> {
        let what = "spreadsheets of deals can't be read here".to_owned();
        Err(vec![ContractFault { file: file.to_owned(), line: 1, column: 1, what }])
    }
}
