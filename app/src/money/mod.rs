//! Counts become money: one file for each use case.
//!
//! In reading order:
//! - [`usage_fold`]: a month's plays, added up from the plays logs

pub mod usage_fold;
