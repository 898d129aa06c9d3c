//! Listening histories that other services export, as somebody brings one.

use std::ops::ControlFlow;

use crate::money::trial::HeardPlay;

/// A history as it is brought: one file.
#[derive(Debug, Clone, Copy)]
pub struct BroughtHistory<'a> {
    /// What the file is called; the format is known by it.
    pub name: &'a str,
    /// The file: a zip, or one of the files that are in such zips.
    pub bytes: &'a [u8],
    /// The most bytes that it may unpack to.
    pub unpacked_bytes_max: u64,
}

/// What a history was, once it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadHistory {
    /// How many bytes it unpacks to.
    pub unpacked_bytes: u64,
    /// What was left out, one sentence each.
    pub left_out: Vec<String>,
}

/// Why a history can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It is none, or broken; says what was expected.
    #[error("{0}")]
    Unreadable(String),
    /// The machine failed, not the file.
    #[error("the history could not be read: {0}")]
    Failed(String),
}

/// Reads the histories of other services.
pub trait HistoryReader: Send + Sync + 'static {
    /// Gives each play until `each` breaks off; tells at most `left_out_max` of what was left out.
    /// Nothing of the file is kept.
    ///
    /// # Errors
    /// [`HistoryError`]; plays that were given before stay given.
    fn read(
        &self,
        brought: BroughtHistory<'_>,
        each: &mut dyn FnMut(HeardPlay<'_>) -> ControlFlow<()>,
        left_out_max: usize,
    ) -> Result<ReadHistory, HistoryError>;
}
