//! The recordings that are played most lately, for whoever keeps their sound at hand.

use ledgerline_ids::DayNo;
use std::cmp::Reverse;
use std::sync::PoisonError;

use super::ChartError;
use super::cells::Cells;
use crate::Deployment;
use crate::deployment::ReadError;
use crate::ports::drive::apart;

/// Days that are looked at, today included.
pub const DAYS: u32 = 28;
/// Of so many recordings that were played one is among the most played.
pub const SHARE: usize = 100;
/// So many are among them in any case, as far as there are so many.
pub const LEAST: usize = 100;
/// So many at most.
pub const MOST: usize = 20_000;

impl Deployment {
    /// The hundredth of the recordings that has the most counted plays of the last [`DAYS`] days, at least
    /// [`LEAST`] and at most [`MOST`] of them, the most played first.
    ///
    /// # Errors
    /// [`ChartError::Counting`] while plays are added up after a start, else [`ChartError::Read`].
    pub async fn most_played(&self) -> Result<Vec<String>, ChartError> {
        let charts = &self.music.charts;
        let mut turn = charts.turn.lock().await;
        self.read_for_charts(&mut turn).await?;
        let last = self.clock.now().day();
        let first = DayNo(last.0.saturating_sub(DAYS - 1));
        let cells = charts.cells.clone();
        let most = apart(&*self.drive, move || {
            let cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
            most_of(&cells, first, last)
        });
        most.await.ok_or_else(|| ReadError::broken_off().into())
    }
}

/// The hundredth with the most plays of some days; of those with as many the lesser ids.
pub(super) fn most_of(cells: &Cells, first: DayNo, last: DayNo) -> Vec<String> {
    let sums = cells.sums(first, last, None);
    let named = |(track, plays)| (Reverse(plays), cells.tracks.text(track));
    let mut tracks: Vec<_> = sums.into_iter().map(named).collect();
    tracks.sort_unstable();
    tracks.truncate((tracks.len() / SHARE).clamp(LEAST, MOST));
    tracks.into_iter().map(|(_, track)| track.to_owned()).collect()
}
