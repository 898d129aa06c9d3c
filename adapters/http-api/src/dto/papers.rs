//! A statement as one file.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Statement, StatementLine};

/// A statement with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFile {
    /// The statement.
    pub statement: Statement,
    /// Its lines, or those from `from` on.
    pub lines: Vec<StatementLine>,
    /// Where the next file begins, as `from`; null where there are no more lines.
    #[schema(required)]
    pub next: Option<u64>,
}

/// A statement as a paper: the bytes of a PDF.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PaperFile(pub Vec<u8>);
