//! The catalogue of rights, revisioned: what was known at a revision stays known.

use async_trait::async_trait;
use ledgerline_catalog::{Catalogue, Changes};
use ledgerline_ids::UnixMs;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

use super::{CatalogueTrack, StoreError};

/// A file that something was imported from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, without the folder.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl SourceFile {
    /// The file of a name that has these bytes.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), sha256: Sha256::digest(bytes).into() }
    }

    /// Its SHA-256, as 64 hex digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().fold(String::new(), |mut out, byte| {
            write!(out, "{byte:02x}").expect("a String takes everything");
            out
        })
    }
}

/// One import that changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number, from 1.
    pub revision: u64,
    /// When.
    pub at: UnixMs,
    /// From which files.
    pub files: Vec<SourceFile>,
}

/// What is to be stored of an import.
#[derive(Debug, Clone, Copy)]
pub struct RightsChange<'a> {
    /// What changes.
    pub changes: &'a Changes,
    /// The recordings in it as counting knows them, each id once. What is missing in one, such
    /// as a length, is kept of the track that is there.
    pub tracks: &'a [CatalogueTrack],
    /// The revision that the changes were judged against.
    pub known: u64,
    /// Where they come from.
    pub files: &'a [SourceFile],
    /// When.
    pub at: UnixMs,
}

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Judge it again against what is known now.
    #[error("the catalogue of rights is at revision {now}, not at {known}: import again")]
    Moved {
        /// What the change was judged against.
        known: u64,
        /// Where it is.
        now: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the catalogue of rights is kept. Nothing is ever removed: a change ends what was and
/// begins what is, so that every revision can be read again.
#[async_trait]
pub trait RightsStore: Send + Sync + 'static {
    /// The newest revision; 0 where nothing was ever imported.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rights_revision(&self) -> Result<u64, StoreError>;

    /// The catalogue as known at `revision`; one beyond the newest is the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rights(&self, revision: u64) -> Result<Catalogue, StoreError>;

    /// Stores a change, and its tracks with the facts that counting must be told, in one
    /// transaction. Says the revision that it made.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing was stored then.
    async fn change_rights(&self, change: RightsChange<'_>) -> Result<u64, ChangeError>;

    /// Up to `limit` revisions, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rights_revisions(&self, limit: u32) -> Result<Vec<Revision>, StoreError>;
}
