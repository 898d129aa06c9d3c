//! Sales reports for licensors in DDEX's flat file format (Digital Sales Report, DSR).
//!
//! What it is for: a [`SalesReport`](ledgerline_app::money::sales_report::SalesReport) becomes a
//! file of the Basic Audio Profile 1.2 or of the Financial Reporting to Record Companies Profile
//! 1.0, and any such file is checked: every cell, the order of records, the counts in its footer,
//! and that usages and money add up to the summaries.
//! What it refuses: half of a report, a float, and an identifier whose check digit is wrong.
//!
//! Whoever sends such files needs DDEX's free implementation licence and a DDEX party id (DPID).
//!
//! In reading order:
//! - `cell`: what stands between two tabs, and its escapes
//! - `records`: the record types and their cells
//! - `file_name`: the name that carries recipient, sender, service, month and territory
//! - `write`: reports out; `check`: files looked through

mod cell;
mod check;
mod file_name;
mod records;
mod write;

pub use check::{Checked, Finding, check};
pub use write::DsrWriter;
