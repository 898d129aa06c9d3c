//! Files looked through, ours and others'.
//!
//! Beyond cells and order, which the trade's public validator looks at too, it checks what that
//! one doesn't: identifiers' check digits, the footer's counts, that every sale belongs to a summary
//! and every usage to a resource of its block, and that usages and money add up to the summaries.
//!
//! - `reading`: bytes to records
//! - `structure`: which record may follow which
//! - `sums`: what must add up

mod reading;
mod structure;
mod sums;

use std::fmt;

use crate::file_name::FileName;
use reading::Row;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; 0 for the file as a whole and its name.
    pub line: usize,
    /// The cell's name in the standard, where it is one cell.
    pub cell: Option<&'static str>,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.cell) {
            (0, _) => write!(f, "{}", self.what),
            (line, None) => write!(f, "line {line}: {}", self.what),
            (line, Some(cell)) => write!(f, "line {line}, {cell}: {}", self.what),
        }
    }
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Records.
    pub lines: usize,
    /// Summaries.
    pub summaries: usize,
    /// Blocks, or single records in their place.
    pub blocks: usize,
    /// What is wrong; of a very wrong file the first [`FINDINGS_MAX`] only.
    pub findings: Vec<Finding>,
}

impl Checked {
    fn find(&mut self, line: usize, cell: Option<&'static str>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { line, cell, what: what.into() });
        }
    }
}

/// The most findings of one file.
pub const FINDINGS_MAX: usize = 1_000;

/// Checks a file by its name and bytes.
#[must_use]
pub fn check(name: &str, bytes: &[u8]) -> Checked {
    let mut checked = Checked::default();
    let named = match FileName::read(name) {
        Ok(named) => Some(named),
        Err(why) => {
            checked.find(0, None, format!("the file's name {why}"));
            None
        }
    };
    let rows = match reading::rows(name, bytes, &mut checked) {
        Ok(rows) => rows,
        Err(why) => {
            checked.find(0, None, why);
            return checked;
        }
    };
    if let (Some(named), Some(head)) = (named, rows.first().filter(|row| row.is("HEAD"))) {
        against_name(&named, head, &mut checked);
    }
    structure::look(&rows, &mut checked);
    sums::look(&rows, &mut checked);
    checked.findings.sort_by_key(|finding| finding.line);
    checked
}

/// The head says what the name says.
fn against_name(named: &FileName<'_>, head: &Row, checked: &mut Checked) {
    let one_of = |cells: [&str; 2], text: &str| cells.iter().any(|cell| head.one(cell) == text);
    if !one_of(["RecipientPartyId", "RecipientName"], named.recipient) {
        checked.find(head.line, Some("RecipientPartyId"), "isn't the recipient of the file's name");
    }
    if !one_of(["SenderPartyId", "SenderName"], named.sender) {
        checked.find(head.line, Some("SenderPartyId"), "isn't the sender of the file's name");
    }
    let service = head.one("ServiceDescription");
    if !service.is_empty() && service != named.service {
        checked.find(head.line, Some("ServiceDescription"), "isn't the service of the file's name");
    }
    for (cell, number) in [("FileNumber", named.number), ("NumberOfFiles", named.files)] {
        if head.one(cell) != number.to_string() {
            checked.find(head.line, Some(cell), "isn't that of the file's name");
        }
    }
    if !head.one("UsageStartDate").starts_with(named.period.get(..7).unwrap_or(named.period)) {
        checked.find(head.line, Some("UsageStartDate"), "isn't in the period of the file's name");
    }
}
