//! The deployment at a glance: what became of all reports and plays, how fast they come, and that the
//! sums hold.
//!
//! It is asked for again and again by everyone who looks, so it reads neither a log nor the store: the
//! sums are read once, when the deployment starts, and each commit adds to them here as it did there.

use ledgerline_ids::UnixMs;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::Deployment;
use crate::ports::PartitionDelta;
use crate::ports::facts::{HourTotals, RecentTotals};

/// So many hours are shown, up to the newest in which a report was received.
pub const HOURS_MAX: u32 = 48;
/// Plays are new for so long.
const NOW: Duration = Duration::from_secs(60);
/// Reports a second are those of this long.
const RATE_OVER: Duration = Duration::from_secs(5);
/// The pause between two samples.
const SAMPLE_EVERY: Duration = Duration::from_millis(500);
/// The most samples that are kept.
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
}

/// The sums of all that is committed, as commits add to them.
#[derive(Debug, Default)]
pub(crate) struct Live {
    totals: Mutex<RecentTotals>,
    seen: Mutex<Seen>,
}

impl Live {
    /// From what was committed before.
    pub(crate) fn new(totals: RecentTotals) -> Self {
        Self { totals: Mutex::new(totals), seen: Mutex::default() }
    }

    /// Adds what was committed just now.
    pub(crate) fn add(&self, delta: &PartitionDelta) {
        self.totals.lock().expect("no holder panics").add(delta, HOURS_MAX);
    }
}

impl Deployment {
    /// Whether the sums of all that is committed, as this node knows them, obey the conservation law.
    pub(crate) fn sums_hold(&self) -> bool {
        holds(&self.live.totals.lock().expect("no holder panics"))
    }

    /// The deployment at a glance.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let progress = self.progress();
        let ends = progress.iter().map(|(partition, it)| {
            let end = *self.log.end(*partition).borrow();
            end.0.saturating_sub(it.committed.0)
        });
        let waiting = ends.sum();
        let totals = self.live.totals.lock().expect("no holder panics").clone();
        let accepted = self.intake().metrics().accepted.load(Ordering::Relaxed);
        let plays = totals.statuses.values().sum();
        let now = self.clock.elapsed();
        let mut seen = self.live.seen.lock().expect("no holder panics");
        seen.take(Sample { at: now, accepted, plays });
        Overview {
            as_of: self.now(),
            plays_now: plays - seen.before(now, NOW).plays,
            lately: seen.rate(now, accepted),
            waiting,
            sums_hold: holds(&totals),
            totals,
        }
    }
}

impl Seen {
    fn take(&mut self, sample: Sample) {
        let fresh = |last: &Sample| sample.at.saturating_sub(last.at) < SAMPLE_EVERY;
        if self.samples.back().is_some_and(fresh) {
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The oldest sample that is not older than `within`.
    fn before(&self, now: Duration, within: Duration) -> Sample {
        let recent = |sample: &&Sample| now.saturating_sub(sample.at) <= within;
        let newest = self.samples.back().expect("one was taken");
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
    use crate::ports::PartitionCommit;
    use crate::ports::facts::PartitionTotals;
    use ledgerline_ids::{HourNo, PartitionId, Position};
    use ledgerline_records::verdict::{Status, Verdict};
    use std::collections::BTreeMap;

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

    /// Adding commits up is what the store does with all of them.
    #[test]
    fn commits_add_up_to_what_the_store_says() {
        let commit = PartitionCommit {
            partition: PartitionId(0),
            epoch: 1,
            position: Position(0),
            plays_bytes: 0,
        };
        let mut stored = PartitionTotals {
            commit,
            accepted: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            statuses: BTreeMap::new(),
            counted: BTreeMap::new(),
        };
        let live = Live::default();
        // Hours to and fro, beyond the newest 48, and plays that leave a status again.
        let steps = [
            (100, Verdict::Progress, vec![(100, Status::Pending, 1)]),
            (101, Verdict::Counted, vec![(100, Status::Pending, -1), (100, Status::Counted, 1)]),
            (60, Verdict::Duplicate, vec![]),
            (52, Verdict::Counted, vec![(52, Status::Counted, 1)]),
            (148, Verdict::Counted, vec![(52, Status::Counted, -1), (52, Status::Held, 1)]),
            (400, Verdict::Duplicate, vec![(148, Status::Counted, 1)]),
            (390, Verdict::Counted, vec![(390, Status::Counted, 2), (100, Status::Counted, -1)]),
        ];
        for (hour, verdict, statuses) in steps {
            let mut delta = PartitionDelta {
                partition: PartitionId(0),
                epoch: 1,
                expected: Position(0),
                position: Position(0),
                plays_bytes: 0,
                accepted: BTreeMap::from([(HourNo(hour), 1)]),
                verdicts: BTreeMap::from([((HourNo(hour), verdict), 1)]),
                statuses: BTreeMap::new(),
                counted: BTreeMap::new(),
                counted_by: None,
            };
            for (hour, status, plays) in statuses {
                delta.statuses.insert((HourNo(hour), status), plays);
                *stored.statuses.entry((HourNo(hour), status)).or_default() += plays;
            }
            *stored.accepted.entry(HourNo(hour)).or_default() += 1;
            *stored.verdicts.entry((HourNo(hour), verdict)).or_default() += 1;
            live.add(&delta);
            let expected = RecentTotals::of(std::slice::from_ref(&stored), HOURS_MAX);
            assert_eq!(*live.totals.lock().expect("no holder panics"), expected, "at {hour}");
        }
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
