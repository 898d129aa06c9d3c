//! Statements as papers: what a person prints, files and reads without this program.

use ledgerline_royalty::statement::{Statement, StatementLine};

use crate::money::close::CloseError;
use crate::ports::StoreError;

/// What a recording is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingName {
    /// Its title.
    pub title: String,
    /// Its artists; none where none is known.
    pub artists: Vec<String>,
}

/// What parties and recordings are called, as the catalogue had it when the month was closed.
pub trait PaperNames {
    /// A party's name; `None` where the catalogue doesn't have it.
    fn party(&self, id: &str) -> Option<String>;

    /// A recording's; `None` where the catalogue doesn't have it.
    fn recording(&self, track_id: &str) -> Option<RecordingName>;
}

/// Reads lines of the statement from a number on, at most so many; fewer only at its end.
pub type LineReader<'a> = dyn Fn(u64, usize) -> Result<Vec<StatementLine>, CloseError> + 'a;

/// A statement on its way to paper.
pub struct StatementPaper<'a> {
    /// The statement without its lines.
    pub statement: &'a Statement,
    /// What its ids stand for.
    pub names: &'a dyn PaperNames,
    /// Its lines, which may be read several times: a label's have no room in memory.
    pub lines: &'a LineReader<'a>,
}

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The lines are not those of the statement's accounts.
    #[error(
        "the statement isn't printed, because its lines don't agree with it: {0}; run `royalty closes verify`"
    )]
    Differs(String),
    /// The paper can't be made.
    #[error("the statement can't be printed: {0}")]
    Failed(String),
    /// The month can't be read.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// A store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes papers of statements. The same statement and names give the same bytes.
pub trait StatementPrinter: Send + Sync + 'static {
    /// The paper as a file's bytes.
    ///
    /// # Errors
    /// [`PrintError`]; a failure to read lines is handed on as it is.
    fn print(&self, paper: &StatementPaper<'_>) -> Result<Vec<u8>, PrintError>;
}

/// For deployments that hand nothing on: every statement is refused.
#[cfg(feature = "conformance")]
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrinter;

#[cfg(feature = "conformance")]
impl StatementPrinter for NoPrinter {
    fn print(&self, _: &StatementPaper<'_>) -> Result<Vec<u8>, PrintError> {
        Err(PrintError::Failed("this deployment has no printer".to_owned()))
    }
}
