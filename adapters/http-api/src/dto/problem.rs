//! The shape of every refusal.

use ledgerline_app::ports::ContractFault;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Rejected, ScopeWord};

/// The media type of a refusal (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal (RFC 9457), with what the kind of problem adds to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The kind of problem: `urn:ledgerline:problem:` and its code.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:ledgerline:problem:[a-z0-9_]+$")]
    pub kind: String,
    /// The kind of problem in a few words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A stable word for the kind of problem.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: &'static str,
    /// What is wrong with this request, and what would be right.
    pub detail: String,
    /// How many reports were accepted: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 0)]
    pub accepted: Option<u64>,
    /// The reports that were refused; at most 100 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    pub rejected: Option<Vec<Rejected>>,
    /// How many reports were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rejected_total: Option<u64>,
    /// The sources that have such a play: name one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sources: Option<Vec<String>>,
    /// The scope that the key lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<ScopeWord>,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parameter: Option<String>,
    /// What doesn't work, a sentence each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problems: Option<Vec<String>>,
    /// What is wrong in rows that were brought; at most 100 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    pub rows: Option<Vec<WrongRow>>,
    /// What is wrong in files that were brought; at most 100 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    pub faults: Option<Vec<FileFault>>,
}

/// Something that is wrong in a row that was brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WrongRow {
    /// The row's number, from 1.
    pub row: u32,
    /// The column.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong, and what to write instead.
    pub why: String,
}

/// Something that is wrong in a file that was brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileFault {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, or the column of a sheet, from 1.
    pub column: u64,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl From<&ContractFault> for FileFault {
    fn from(fault: &ContractFault) -> Self {
        Self {
            file: fault.file.clone(),
            line: fault.line as u64,
            column: fault.column as u64,
            what: fault.what.clone(),
        }
    }
}
