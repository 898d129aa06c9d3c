//! What can go wrong inside, before it becomes a port's error, and numbers that fit.

use ledgerline_catalog::BuildError;
use ledgerline_ids::{PartitionId, Period};

/// A call that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The database refused or failed. What the connection is worth then is unknown.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// We refuse, or what was read makes no sense. The connection is sound.
    #[error("{0}")]
    Said(String),
    /// The partition is not at the expected epoch and position.
    #[error("{0} is not at the expected epoch and position")]
    Fenced(PartitionId),
    /// The ledger doesn't end where a group begins, but at this entry.
    #[error("the ledger ends at entry {0}")]
    LedgerMoved(u64),
    /// What is revisioned is at this revision, not at the one that was judged against.
    #[error("it is at revision {0} already")]
    RevisionMoved(u64),
    /// The record of a close is not at the expected revision.
    #[error("the close of {0} has another revision")]
    CloseMoved(Period),
}

impl From<BuildError> for Fault {
    fn from(error: BuildError) -> Self {
        Self::Said(format!("the catalogue of rights contradicts itself: {error}"))
    }
}

/// Shorthand for a sentence of our own.
pub(crate) fn said<T>(sentence: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Said(sentence.into()))
}

/// A number as the database can hold it: its integers have a sign.
pub(crate) fn to_column(what: &str, number: u64) -> Result<i64, Fault> {
    i64::try_from(number)
        .map_err(|_| Fault::Said(format!("{what} {number} is more than the database can hold")))
}

/// A number that was read, as the type that it must fit into.
pub(crate) fn from_column<T: TryFrom<i64>>(what: &str, number: i64) -> Result<T, Fault> {
    T::try_from(number).map_err(|_| Fault::Said(format!("{what} is {number}, out of range")))
}
