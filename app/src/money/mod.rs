//! Counts become money: one file for each use case.
//!
//! In reading order:
//! - [`usage_fold`]: a month's plays, added up from the plays logs
//! - [`sales_report`]: a payee's sales of a month, as a licensor's systems read them

pub mod sales_report;
pub mod usage_fold;
