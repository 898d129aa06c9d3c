//! Statements as papers: A4, tagged PDF (PDF/A-2a and PDF/UA-1), for whoever is paid and whoever
//! keeps the books.
//!
//! What it is for: every figure of a statement and of its lines to the digit, sums that are carried
//! from page to page, the signed head of the ledger, and for each line the reference by which it is
//! explained. The same statement gives the same bytes: nothing here knows a clock, and fonts come
//! with the program.
//! What it refuses: a statement whose lines don't sum to its accounts; and losing a letter: what the
//! font of the text doesn't have is drawn from a bitmap font, and what that doesn't have, or what
//! nobody can see, is written as its number.
//!
//! In reading order:
//! - `paper`: what stands on it, section by section; `lines`: the lines, by currency
//! - `totals`: what the lines come to, and that it agrees with the accounts
//! - `words`: causes, standings and dates in words
//! - `table`: rows that break between pages, with what is carried forward
//! - `pages`: pages, their heads and feet, and the tree of what is what
//! - `fonts`, `bitmap`: text as glyphs, and the font for all other scripts

mod bitmap;
mod fonts;
mod lines;
mod pages;
mod paper;
mod table;
mod totals;
mod words;

use ledgerline_app::ports::{PrintError, StatementPaper, StatementPrinter};

pub use lines::LINES_PRINTED_MAX;
pub use paper::UNPAID_PRINTED_MAX;

/// Prints statements as PDF.
#[derive(Debug, Clone, Default)]
pub struct PdfStatements {
    address: Option<String>,
}

impl PdfStatements {
    /// With the address at which payees reach the deployment, such as `https://money.example`: each
    /// line then is a link to its explanation. Without one its reference is printed all the same.
    #[must_use]
    pub fn new(address: Option<&str>) -> Self {
        Self { address: address.map(|address| address.trim_end_matches('/').to_owned()) }
    }
}

impl StatementPrinter for PdfStatements {
    fn print(&self, paper: &StatementPaper<'_>) -> Result<Vec<u8>, PrintError> {
        paper::print(paper, self.address.as_deref())
    }
}
