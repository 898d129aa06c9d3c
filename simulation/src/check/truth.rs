//! What the players know, held against the log and the plays.

use ledgerline_records::report::ReportRecord;
use ledgerline_records::verdict::Status;
use ledgerline_recount::{ClaimedPlay, IdentityKey, PlayName};
use std::collections::BTreeMap;

use crate::players::{Plan, Source};
use crate::promises::Promises;
use crate::report::{Said, said_in_log};

/// From so much listened time on a play counts, whoever asks.
const COUNTS_FROM_MS: u64 = 30_000;

/// How often each report stands in the log.
#[derive(Default)]
pub struct LogHolds(BTreeMap<Said, u64>);

impl LogHolds {
    /// Takes a report of the log.
    pub fn take(&mut self, report: &ReportRecord<'_>) {
        *self.0.entry(said_in_log(report)).or_default() += 1;
    }

    /// Each report stands in the log at least as often as it was acknowledged, and at most as
    /// often as it arrived.
    pub fn check_promises(&self, promises: &Promises) -> Result<(), String> {
        for (said, times) in &promises.reports {
            let stands = self.0.get(said).copied().unwrap_or(0);
            if stands < times.acknowledged {
                return Err(format!(
                    "lost: acknowledged {} times and {stands} times in the log: {said}",
                    times.acknowledged
                ));
            }
            if stands > times.arrived {
                return Err(format!(
                    "made up: arrived {} times and {stands} times in the log: {said}",
                    times.arrived
                ));
            }
        }
        match self.0.keys().find(|said| !promises.reports.contains_key(*said)) {
            Some(said) => Err(format!("nobody sent this, and it is in the log: {said}")),
            None => Ok(()),
        }
    }
}

/// Each plain play counts once, or not at all, as whoever heard it would say.
pub fn check_plays<'p>(
    claimed: impl Iterator<Item = (&'p PlayName, &'p ClaimedPlay)>,
    plan: &Plan,
    sources: &[Source],
    promises: &Promises,
) -> Result<(), String> {
    let mut by_key: BTreeMap<(&str, &str, &str), Vec<&ClaimedPlay>> = BTreeMap::new();
    for (name, play) in claimed {
        let identity = &name.identity;
        if let (Some(user), IdentityKey::Keyed(key)) = (&identity.user, &identity.key) {
            by_key.entry((&identity.source, user, key)).or_default().push(play);
        }
    }
    for (number, known) in &promises.plays {
        let heard = &plan.plays[*number];
        if !heard.plain || known.unclear {
            continue;
        }
        let source = sources[heard.source].name;
        let key = (source, heard.user.as_str(), heard.play_id.as_str());
        let plays = by_key.get(&key).map_or(&[][..], Vec::as_slice);
        let counted = plays.iter().filter(|play| play.status == Status::Counted).count();
        let must = known.in_time && known.acknowledged_ms >= COUNTS_FROM_MS;
        let may = known.arrived_ms >= COUNTS_FROM_MS;
        let listened = plays
            .iter()
            .all(|play| (known.acknowledged_ms..=known.arrived_ms).contains(&play.listened_ms));
        let right = plays.len() <= 1 && counted <= usize::from(may) && listened;
        if !right || counted < usize::from(must) {
            return Err(format!(
                "the play {key:?} was heard once, {} to {} ms of it are known, in time: {}; \
                 but there are {plays:?}",
                known.acknowledged_ms, known.arrived_ms, known.in_time
            ));
        }
    }
    Ok(())
}
