//! What others were told of what counts, held against what counts.

use ledgerline_app::ports::memory_counted_plays::{MemoryCountedPlays, counted_by_track};
use std::collections::BTreeMap;

use super::Claims;

/// One call in so many fails after half of its work, where anything fails.
pub const PUBLISHING_FAILS_EVERY: u64 = 5;

/// Whoever puts each change in the place of the one with its id has what counts.
///
/// # Errors
/// What they have, where that is something else.
pub fn check_told(told: &MemoryCountedPlays, claims: &Claims) -> Result<(), String> {
    let have = counted_by_track(&told.changes());
    let claimed = claims.counted_by_track().into_iter().filter(|(_, plays)| *plays != 0);
    let claimed: BTreeMap<String, i64> =
        claimed.map(|(track, plays)| (track, i64::try_from(plays).unwrap_or(i64::MAX))).collect();
    if have == claimed {
        return Ok(());
    }
    Err(format!("others were told that {have:?} count, and {claimed:?} do"))
}
