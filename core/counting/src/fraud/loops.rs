//! `loop`: one track in a row, over and over, no other between. All of the run.

use ledgerline_records::verdict::{FraudRule, FraudRules};

use super::{Candidate, mark_all, runs};
use crate::rules::FraudLimits;

pub(super) fn mark(candidates: &[Candidate], limits: &FraudLimits, marks: &mut [FraudRules]) {
    for run in runs(candidates, |play| play.track) {
        if run.len() >= limits.loop_plays {
            mark_all(&mut marks[run], FraudRule::Loop);
        }
    }
}
