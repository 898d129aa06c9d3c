//! A play: its merged reports, and what was decided on it.

use ledgerline_ids::UnixMs;
use ledgerline_records::verdict::{Decision, FraudRules, Ruling};

use crate::merge::Merged;

/// A play as the recount keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    /// What its reports say together.
    pub merged: Merged,
    /// When its first report, in log order, was received.
    pub first_received_at: UnixMs,
    /// How many reports it has had, those that added nothing included.
    pub reports: u64,
    /// Whether it was brought by a backfill: then it is never late, and its key never
    /// forgotten.
    pub backfill: bool,
    /// Whether it has no listener.
    pub anonymous: bool,
    /// The newest decision on it, where it came out of time.
    pub decision: Option<Decision>,
    /// The newest ruling on it.
    pub ruling: Option<Ruling>,
    /// The fraud rules that touched it at the last tick.
    pub rules: FraudRules,
}
