//! The deployment at a glance: what became of all reports and plays, how fast they come, and that the
//! sums hold.
//!
//! It is asked for again and again by everyone who looks. So it costs no log and few rows: sums are
//! read once for all who ask within half a second, and not at all where nothing was committed since.

use ledgerline_ids::{Position, UnixMs};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Mutex;

use crate::Deployment;
use crate::ports::StoreError;
use crate::ports::facts::{HourTotals, RecentTotals};

/// So many hours are shown, up to the newest in which a report was received.
pub const HOURS_MAX: u32 = 48;
/// For how long what was read is shown to whoever else asks.
const FRESH: Duration = Duration::from_millis(500);
/// Plays are new for so long.
const NOW: Duration = Duration::from_secs(60);
/// Reports a second are those of this long.
const RATE_OVER: Duration = Duration::from_secs(5);
/// The most samples that are kept; one is taken at most twice a second.
const SAMPLES_MAX: usize = 128;

/// The deployment at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// When.
    pub as_of: UnixMs,
    /// Plays that were first reported within the last minute.
    pub plays_now: i64,
    /// Reports that were acknowledged lately: how many, in so many milliseconds.
    pub lately: (u64, u64),
    /// Records that are durable and not judged yet.
    pub waiting: u64,
    /// What everything came to, and the newest hours.
    pub totals: RecentTotals,
    /// Whether reports are the sum of their verdicts, in all and in each hour, and no status has less
    /// than no plays.
    pub sums_hold: bool,
}

/// What was seen at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    accepted: u64,
    plays: i64,
}

/// What was seen lately.
#[derive(Debug, Default)]
struct Seen {
    samples: VecDeque<Sample>,
    /// Up to where each partition was committed when sums were read.
    committed: Vec<Position>,
    newest: Option<(Duration, Arc<Overview>)>,
}

/// Shared by all who ask; one of them reads.
#[derive(Debug, Default)]
pub(crate) struct Keeper(Mutex<Seen>);

impl Deployment {
    /// The deployment at a glance, not older than half a second.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self) -> Result<Arc<Overview>, StoreError> {
        let mut seen = self.overview.0.lock().await;
        let now = self.clock.elapsed();
        if let Some((at, overview)) = &seen.newest
            && now.saturating_sub(*at) < FRESH
        {
            return Ok(overview.clone());
        }
        let progress = self.progress();
        let committed: Vec<Position> = progress.iter().map(|(_, it)| it.committed).collect();
        let known = seen.newest.as_ref().filter(|_| committed == seen.committed);
        let totals = match known {
            Some((_, overview)) => overview.totals.clone(),
            None => self.facts.recent_totals(HOURS_MAX).await?,
        };
        let ends = progress.iter().map(|(partition, it)| {
            let end = *self.log.end(*partition).borrow();
            end.0.saturating_sub(it.committed.0)
        });
        let waiting = ends.sum();
        let accepted = self.intake().metrics().accepted.load(Ordering::Relaxed);
        let plays = totals.statuses.values().sum();
        seen.take(Sample { at: now, accepted, plays });
        let overview = Arc::new(Overview {
            as_of: self.now(),
            plays_now: plays - seen.before(now, NOW).plays,
            lately: seen.rate(now, accepted),
            waiting,
            sums_hold: holds(&totals),
            totals,
        });
        seen.committed = committed;
        seen.newest = Some((now, overview.clone()));
        Ok(overview)
    }
}

impl Seen {
    fn take(&mut self, sample: Sample) {
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The oldest sample that is not older than `within`.
    fn before(&self, now: Duration, within: Duration) -> Sample {
        let recent = |sample: &&Sample| now.saturating_sub(sample.at) <= within;
        let newest = self.samples.back().expect("one was just taken");
        *self.samples.iter().find(recent).unwrap_or(newest)
    }

    fn rate(&self, now: Duration, accepted: u64) -> (u64, u64) {
        let before = self.before(now, RATE_OVER);
        let millis = now.saturating_sub(before.at).as_millis();
        (accepted.saturating_sub(before.accepted), u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

fn holds(totals: &RecentTotals) -> bool {
    let hour = |of: &HourTotals| {
        of.accepted == of.verdicts.values().sum::<i64>() && of.statuses.values().all(|it| *it > 0)
    };
    totals.accepted == totals.verdicts.values().sum::<i64>()
        && totals.statuses.values().all(|plays| *plays > 0)
        && totals.hours.values().all(hour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_ids::HourNo;
    use ledgerline_records::verdict::{Status, Verdict};

    #[test]
    fn sums_that_do_not_hold_are_seen() {
        let mut totals = RecentTotals::default();
        assert!(holds(&totals));
        totals.accepted = 2;
        totals.verdicts.insert(Verdict::Counted, 1);
        assert!(!holds(&totals), "a report without a verdict");
        totals.verdicts.insert(Verdict::Duplicate, 1);
        totals.statuses.insert(Status::Counted, 1);
        assert!(holds(&totals));
        totals.hours.entry(HourNo(7)).or_default().accepted = 1;
        assert!(!holds(&totals), "an hour's report without a verdict");
        totals.hours.clear();
        totals.statuses.insert(Status::Held, -1);
        assert!(!holds(&totals), "less than no plays");
    }

    #[test]
    fn rates_are_of_the_last_seconds_and_samples_have_a_limit() {
        let mut seen = Seen::default();
        let seconds = Duration::from_secs;
        for second in 0..600 {
            let plays = i64::try_from(second).expect("small");
            seen.take(Sample { at: seconds(second), accepted: second * 10, plays });
        }
        assert_eq!(seen.samples.len(), SAMPLES_MAX);
        assert_eq!(seen.rate(seconds(599), 5_990), (50, 5_000));
        assert_eq!(seen.before(seconds(599), NOW).plays, 539);
        // Nobody asked for a while: nothing is known of the time before.
        seen.take(Sample { at: seconds(5_000), accepted: 9_000, plays: 700 });
        assert_eq!(seen.rate(seconds(5_000), 9_000), (0, 0));
    }
}
