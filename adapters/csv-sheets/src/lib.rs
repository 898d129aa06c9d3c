//! The sheets that an operator brings and takes: CSV with a line of headers, or the same as JSON.
//!
//! What it is for: files become whole lists or none. Every row that is none is named with its
//! file, row, column and value, and what to write instead, so that a delivery is mended in one go.
//! What it refuses: half of a file, columns that it doesn't know, and guessing what a cell was
//! meant to be. What the columns mean, the core says (`ledgerline_catalog::fields`,
//! `ledgerline_royalty::fields`).
//!
//! In reading order:
//! - `tracks`: tracks with their lengths
//! - `devices`: a list of bot devices
//! - `sheet`: CSV and JSON as rows of columns; `csv_rows`, `json_rows`: how
//! - `rights`: parties, works, recordings, releases, shares
//! - `money`: revenue, rates of exchange, usage
//! - `export`: the catalogue of rights as the same sheets
//! - `wrong`: what is wrong with files

mod csv_rows;
mod devices;
mod export;
mod json_rows;
mod money;
mod rights;
mod sheet;
mod tracks;
mod wrong;

pub use devices::{DevicesError, read_devices};
pub use export::{RightsSheet, Unwritable, rights_as_csv, rights_as_json};
pub use money::{read_ahead, read_fx, read_revenue, read_usage};
pub use rights::read_rights;
pub use sheet::{BYTES_MAX, JSON_BYTES_MAX, NamedFile, ROWS_MAX};
pub use tracks::{DURATION_MS_MAX, TracksError, WrongRow, read_tracks};
pub use wrong::{SheetsError, shown};
