//! `fresh_loop`: a listener who is new to the log has a day that is nearly all one track.
//! The day's plays of that track.

use std::collections::BTreeMap;

use super::Candidate;
use crate::rules::FraudLimits;

/// The day's plays of a track that the day is nearly all of.
pub(super) fn suspects(day: &[Candidate], limits: &FraudLimits) -> Vec<usize> {
    if day.len() < limits.fresh_plays_per_day {
        return Vec::new();
    }
    let mut plays_of = BTreeMap::<u64, usize>::new();
    for play in day {
        *plays_of.entry(play.track).or_default() += 1;
    }
    let nearly_all = |track: u64| plays_of[&track] * 100 >= day.len() * limits.fresh_share_percent;
    (0..day.len()).filter(|index| nearly_all(day[*index].track)).collect()
}
