//! `loop`: one track in a row, over and over, no other between. All of the run. A run may go
//! on for days, so it is looked for in neighbouring pages too.

use crate::rules::FraudLimits;

/// Runs of one track in a row, as ranges of plays, and whether each is long enough. `tracks`
/// are the plays' tracks by their hashes, sorted by `(started_at, identity)`.
#[must_use]
pub fn loops(tracks: &[u64], limits: &FraudLimits) -> Vec<(std::ops::Range<usize>, bool)> {
    super::runs(tracks, |track| *track)
        .into_iter()
        .map(|run| (run.clone(), run.len() >= limits.loop_plays))
        .collect()
}
