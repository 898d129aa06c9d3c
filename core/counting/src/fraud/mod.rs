//! The fraud rules: pure functions of one listener's plays, sorted by start and identity.
//!
//! A rule never touches a report's verdict. It marks plays; a person may overrule it. Each
//! rule has its own file and says which plays it marks.

mod books;
mod bot_device;
mod fresh_loop;
mod loops;
mod rate;
mod round_the_clock;

pub use books::{Book, Books, Entry, Noted, Noting};

use ledgerline_ids::UnixMs;
use ledgerline_records::verdict::{FraudRule, FraudRules};

use crate::rules::FraudLimits;

/// A candidate play, as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// When it started.
    pub started_at: UnixMs,
    /// Which track, by its hash.
    pub track: u64,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// Whether its device is on the deployment's list.
    pub listed_device: bool,
}

/// Which rules touch which of a listener's plays: one set for each candidate.
///
/// `candidates` are sorted by `(started_at, identity)`; `first_seen` is the least first
/// receive time of any of the listener's plays.
#[must_use]
pub fn evaluate(
    candidates: &[Candidate],
    first_seen: UnixMs,
    limits: &FraudLimits,
) -> Vec<FraudRules> {
    let mut marks = vec![FraudRules::NONE; candidates.len()];
    bot_device::mark(candidates, &mut marks);
    // No other rule touches a listener with a handful of short plays, which most are.
    let listened_ms: u64 = candidates.iter().map(|play| play.listened_ms).sum();
    if candidates.len() >= limits.fresh_plays_per_day.min(limits.loop_plays)
        || listened_ms > limits.waking_ms
    {
        rate::mark(candidates, limits, &mut marks);
        loops::mark(candidates, limits, &mut marks);
        fresh_loop::mark(candidates, first_seen, limits, &mut marks);
        round_the_clock::mark(candidates, limits, &mut marks);
    }
    marks
}

/// Neighbours of equal `key`, as ranges, in order.
fn runs<K: PartialEq>(
    candidates: &[Candidate],
    key: impl Fn(&Candidate) -> K,
) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for index in 1..=candidates.len() {
        let ends = index == candidates.len() || key(&candidates[index]) != key(&candidates[start]);
        if ends {
            runs.push(start..index);
            start = index;
        }
    }
    runs
}

fn mark_all(marks: &mut [FraudRules], rule: FraudRule) {
    for mark in marks {
        *mark = mark.with(rule);
    }
}
