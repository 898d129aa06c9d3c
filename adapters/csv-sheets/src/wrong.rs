//! What is wrong with files, as a person reads it.

use ledgerline_catalog::{Refused, RowError};
use std::fmt;

/// The most characters of a cell that a message repeats.
const VALUE_CHARS_MAX: usize = 60;

/// Why files are refused. Nothing of them may be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetsError {
    /// A file is none of these sheets, or can't be read.
    File {
        /// Which file.
        file: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Rows are wrong.
    Rows {
        /// The names of the files, in the order in which they were given.
        files: Vec<String>,
        /// The rows.
        refused: Refused,
    },
}

impl fmt::Display for SheetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, why } => write!(f, "{file}: {why}"),
            Self::Rows { files, refused } => f.write_str(&shown(files, refused)),
        }
    }
}

impl std::error::Error for SheetsError {}

/// What is wrong, row by row, with the files' names.
#[must_use]
pub fn shown(files: &[String], refused: &Refused) -> String {
    let mut text = match refused.total {
        1 => "1 thing is wrong; nothing was imported".to_owned(),
        total => format!("{total} things are wrong; nothing was imported"),
    };
    for error in &refused.errors {
        text.push_str("\n  ");
        text.push_str(&line(files, error));
    }
    let more = refused.total - refused.errors.len();
    if more > 0 {
        text.push_str(&format!("\n  … and {more} more"));
    }
    text
}

fn line(files: &[String], error: &RowError) -> String {
    let file = files.get(usize::from(error.at.file)).map_or("", String::as_str);
    let RowError { column, value, why, .. } = error;
    let mut short: String = value.chars().take(VALUE_CHARS_MAX).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    let column = if column.is_empty() { String::new() } else { format!(", column {column}") };
    let value = if short.is_empty() { String::new() } else { format!(" {short:?}:") };
    format!("{file} row {}{column}:{value} {why}", error.at.row)
}
