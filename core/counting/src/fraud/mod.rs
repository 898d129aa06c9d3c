//! The fraud rules: pure functions of one listener's plays, sorted by start and identity.
//!
//! A rule never touches a report's verdict. It marks plays; a person may overrule it. Each
//! rule has its own file and says which plays it marks. All but `loop` look at one UTC day,
//! and so one page of the listener's book.

mod books;
mod bot_device;
mod entry;
mod fresh_loop;
mod loops;
mod measure;
mod pages;
mod rate;
mod round_the_clock;

pub use books::{Books, Look, Noted, SealedBooks, Side};
pub use entry::{BookEntry, Flags};
pub use loops::loops;
pub use measure::{Measured, Measurement, measure};
pub use pages::{Pages, nearest};

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

/// Which rules that look at one UTC day touch which of its plays: one set for each, without
/// `fresh_loop`, for which see [`fresh_suspects`]. `candidates` are of one listener and day.
#[must_use]
pub fn evaluate_day(candidates: &[Candidate], limits: &FraudLimits) -> Vec<FraudRules> {
    let mut marks = vec![FraudRules::NONE; candidates.len()];
    bot_device::mark(candidates, &mut marks);
    rate::mark(candidates, limits, &mut marks);
    round_the_clock::mark(candidates, limits, &mut marks);
    marks
}

/// The plays of one UTC day that `fresh_loop` marks where the listener was first seen less
/// than [`FraudLimits::fresh_ms`] before the day began, as places in `candidates`.
#[must_use]
pub fn fresh_suspects(candidates: &[Candidate], limits: &FraudLimits) -> Vec<usize> {
    fresh_loop::suspects(candidates, limits)
}

/// Neighbours of equal `key`, as ranges, in order.
fn runs<T, K: PartialEq>(plays: &[T], key: impl Fn(&T) -> K) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for index in 1..=plays.len() {
        let ends = index == plays.len() || key(&plays[index]) != key(&plays[start]);
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
