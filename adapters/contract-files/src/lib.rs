//! Contracts as files that people write, and the spreadsheets that they come from.
//!
//! What it is for: one contract in one TOML file, read into exact numbers, with errors that say file,
//! line, column and what to write; the JSON Schema of such a file; templates to begin with; and
//! spreadsheets of deals turned into such files. What it refuses: floats, unknown fields, half of a
//! file, and knowing what contracts say together.
//!
//! In reading order:
//! - `cells`: shares, rates, amounts and days as texts
//! - `shape`: what a file may say, field by field; the schema comes from it
//! - [`read`](mod@read): a file's text to a contract, or every fault with its place
//! - [`write`](mod@write): a contract to a file's text
//! - [`templates`]: annotated examples
//! - [`sheet`]: rows of a spreadsheet to contracts

mod cells;
pub mod read;
mod shape;
pub mod sheet;
pub mod templates;
pub mod write;

pub use read::{BYTES_MAX, TomlContracts, read};
pub use shape::schema;
pub use write::{file_name, write};
