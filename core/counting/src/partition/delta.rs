//! What applying some records added: sums, each by an hour or a day.

use ledgerline_ids::{DayNo, HourNo};
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

/// What applying some records added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Reports by their receive hour.
    pub accepted: BTreeMap<HourNo, i64>,
    /// Their verdicts, by the same hour.
    pub verdicts: BTreeMap<(HourNo, Verdict), i64>,
    /// Plays into a status minus plays out of it, by the receive hour of the play's first report.
    pub statuses: BTreeMap<(HourNo, Status), i64>,
    /// Counted plays in minus out, by the day of their start.
    pub counted: BTreeMap<DayNo, i64>,
}

impl Delta {
    pub(super) fn report(&mut self, hour: HourNo, verdict: Verdict) {
        *self.accepted.entry(hour).or_default() += 1;
        *self.verdicts.entry((hour, verdict)).or_default() += 1;
    }

    pub(super) fn play(&mut self, play: &PlayRecord<'_>) {
        let hour = play.first_received_at.hour();
        if play.from != Some(play.to) {
            if let Some(from) = play.from {
                *self.statuses.entry((hour, from)).or_default() -= 1;
            }
            *self.statuses.entry((hour, play.to)).or_default() += 1;
        }
        let before = play.counted_before().map(|counted| counted.started_at.day());
        let after = play.counts_as().map(|counted| counted.started_at.day());
        if before != after {
            if let Some(day) = before {
                *self.counted.entry(day).or_default() -= 1;
            }
            if let Some(day) = after {
                *self.counted.entry(day).or_default() += 1;
            }
        }
    }
}
