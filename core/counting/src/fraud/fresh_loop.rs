//! `fresh_loop`: a listener who is new to the log has a day that is nearly all one track.
//! The day's plays of that track.

use ledgerline_ids::UnixMs;
use ledgerline_records::verdict::{FraudRule, FraudRules};
use std::collections::BTreeMap;

use super::{Candidate, runs};
use crate::rules::FraudLimits;

pub(super) fn mark(
    candidates: &[Candidate],
    first_seen: UnixMs,
    limits: &FraudLimits,
    marks: &mut [FraudRules],
) {
    for day in runs(candidates, |play| play.started_at.day()) {
        let begins_at = candidates[day.start].started_at.day().start();
        let fresh = begins_at.since(first_seen) < limits.fresh_ms;
        if !fresh || day.len() < limits.fresh_plays_per_day {
            continue;
        }
        let mut plays_of = BTreeMap::<u64, usize>::new();
        for play in &candidates[day.clone()] {
            *plays_of.entry(play.track).or_default() += 1;
        }
        for index in day.clone() {
            let share = plays_of[&candidates[index].track] * 100;
            if share >= day.len() * limits.fresh_share_percent {
                marks[index] = marks[index].with(FraudRule::FreshLoop);
            }
        }
    }
}
