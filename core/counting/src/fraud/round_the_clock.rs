//! `round_the_clock`: a UTC day without sleep, or a very long one without one skip. All of it.

use ledgerline_records::verdict::{FraudRule, FraudRules};

use super::{Candidate, mark_all, runs};
use crate::rules::FraudLimits;

pub(super) fn mark(candidates: &[Candidate], limits: &FraudLimits, marks: &mut [FraudRules]) {
    for day in runs(candidates, |play| play.started_at.day()) {
        let plays = &candidates[day.clone()];
        let listened_ms: u64 = plays.iter().map(|play| play.listened_ms).sum();
        let sleepless = listened_ms > limits.waking_ms;
        let unskipped = plays.len() >= limits.unskipped_plays
            && plays.iter().all(|play| play.listened_ms >= limits.skip_ms);
        if sleepless || unskipped {
            mark_all(&mut marks[day], FraudRule::RoundTheClock);
        }
    }
}
