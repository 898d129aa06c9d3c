//! The independent recount: what `ledgerline audit` holds our counts against.
//!
//! What it is for: counting the plays of one partition again, straight from the records
//! of its report log, by code that was written from the rules alone
//! (`docs/decisions/0001-counting-details.md`; each function here quotes the paragraph
//! that it follows). It shares nothing with `counting`: no index, no hashes, no buckets.
//! Every play of the log is kept in memory, by name, and every question is answered by
//! looking at all of them.
//!
//! What it refuses: speed, input and output. The caller reads the log, decodes its
//! records and hands them over in log order.
//!
//! In reading order:
//! - [`partition`]: the whole recount, record by record
//! - [`name`]: what a play is called
//! - [`reading`]: one report: when received, when started, in time, sound
//! - [`window`]: reports with neither a key nor a start
//! - [`lifetime`]: how long a play's key is remembered
//! - [`merge`]: many reports, one play
//! - [`play`]: a play and what was decided on it
//! - [`status`]: where a play stands, and what became of a report
//! - [`fraud`]: the fraud rules
//! - [`texts`]: texts that turn up often, kept once
//! - [`recounted`]: the result
//! - [`claimed`]: what we claim, in the same shape
//! - [`compare`]: the differences between the two
//! - [`conservation`]: whether counts add up by themselves

mod claimed;
mod compare;
mod conservation;
mod fraud;
mod lifetime;
mod merge;
mod name;
mod partition;
mod play;
mod reading;
mod recounted;
mod status;
mod texts;
mod window;

pub use claimed::{Claimed, ClaimedPlay};
pub use compare::{DIFFERENCES_MAX, Difference, compare, compare_counts};
pub use conservation::{Imbalance, check_conservation};
pub use name::{Identity, IdentityKey, PlayName};
pub use partition::PartitionRecount;
pub use recounted::{Counted, Counts, Recounted, RecountedPlay, WatchedReport};
