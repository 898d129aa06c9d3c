//! What the players know: what they sent, and what they were promised.

use ledgerline_app::ports::Clock;
use std::collections::BTreeMap;

use crate::clock::{DAY_MS, MINUTE_MS, SimulatedClock};
use crate::players::{Body, Heard, Source};
use crate::report::Said;

/// How often a report arrived at a server, and how often one acknowledged it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// How often a server began to take it in.
    pub arrived: u64,
    /// How often a server said that it is durable.
    pub acknowledged: u64,
}

/// What is known of one play from the outside.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The greatest listened time that a server may know of.
    pub arrived_ms: u64,
    /// The greatest listened time that a server acknowledged.
    pub acknowledged_ms: u64,
    /// Whether a report that certainly came in time was acknowledged.
    pub in_time: bool,
    /// Whether it came, or was touched by people, in a way that makes its outcome a matter
    /// of further rules.
    pub unclear: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Promises {
    /// By what was said.
    pub reports: BTreeMap<Said, Times>,
    /// By the number of the play.
    pub plays: BTreeMap<usize, Known>,
    /// By how much the wall clock was ever behind and ahead of true time, in milliseconds.
    behind_ms: u64,
    ahead_ms: u64,
}

/// A play that is still being reported so long after its start isn't simple any more: its key
/// is remembered for 45 days from the end of an hour or day, by a clock that may be ahead.
const SIMPLE_MS: u64 = 40 * DAY_MS;
const ACCEPTED_MS: u64 = 35 * DAY_MS;
const AHEAD_MS: u64 = 10 * MINUTE_MS;

impl Promises {
    /// Notes how far the wall clock is off.
    pub fn clock_is(&mut self, clock: &SimulatedClock) {
        let (now, truth) = (clock.now().get(), clock.true_ms());
        self.ahead_ms = self.ahead_ms.max(now.saturating_sub(truth));
        self.behind_ms = self.behind_ms.max(truth.saturating_sub(now));
    }

    /// A server takes a body in.
    pub fn arrives(&mut self, body: &Body, source: &Source, plays: &[Heard], true_ms: u64) {
        for (play, report) in &body.reports {
            self.reports.entry(report.said(source.name)).or_default().arrived += 1;
            let known = self.plays.entry(*play).or_default();
            known.arrived_ms = known.arrived_ms.max(report.listened_ms);
            known.unclear |= true_ms > plays[*play].started_ms + SIMPLE_MS;
        }
    }

    /// A server said that a body is durable, but for the reports at the places `rejected`.
    pub fn acknowledged(
        &mut self,
        body: &Body,
        rejected: &[usize],
        source: &Source,
        plays: &[Heard],
        true_ms: u64,
    ) {
        for (place, (play, report)) in body.reports.iter().enumerate() {
            if rejected.contains(&place) {
                continue;
            }
            self.reports.entry(report.said(source.name)).or_default().acknowledged += 1;
            let known = self.plays.entry(*play).or_default();
            known.acknowledged_ms = known.acknowledged_ms.max(report.listened_ms);
            let started_ms = plays[*play].started_ms;
            // Whatever the wall clock said at any time, the report came in time by it.
            let not_too_old = true_ms + self.ahead_ms <= started_ms + ACCEPTED_MS;
            let not_ahead = started_ms + self.behind_ms <= body.sent_ms + AHEAD_MS;
            known.in_time |= not_too_old && not_ahead;
        }
    }

    /// A person touched a play, or means to.
    pub fn touched(&mut self, play: usize) {
        self.plays.entry(play).or_default().unclear = true;
    }
}
