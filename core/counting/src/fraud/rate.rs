//! `rate`: more plays started in one clock hour than anyone listens to. All of that hour.

use ledgerline_records::verdict::{FraudRule, FraudRules};

use super::{Candidate, mark_all, runs};
use crate::rules::FraudLimits;

pub(super) fn mark(candidates: &[Candidate], limits: &FraudLimits, marks: &mut [FraudRules]) {
    for hour in runs(candidates, |play| play.started_at.hour()) {
        if hour.len() > limits.rate_plays_per_hour {
            mark_all(&mut marks[hour], FraudRule::Rate);
        }
    }
}
