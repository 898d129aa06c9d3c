//! What counts by recording, country, plan and day, for the store: as deltas of a few seconds.
//!
//! They are read back from the plays log when they are due, from the position on that the store says it
//! has, by the record's cause. Nothing of them is kept in memory, so nothing can be lost with it: after a
//! crash, or on another node, what the store doesn't have is in the plays log still, or is judged again.

use ledgerline_ids::Position;
use ledgerline_records::play::{CountedAs, PlayRecord};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Running, WorkerError};
use crate::ports::counted_deltas::{CountedDeltas, CountedKey};
use crate::ports::{LogError, PlaysLogReader};

/// Deltas end early where so much of the plays log waits for them, in bytes.
const PLAYS_BYTES_MAX: u64 = 32 << 20;
/// One commit has no more rows than about this; the next one has the rest.
const ROWS_MAX: usize = 100_000;

/// Where the store's deltas end, and when the next are due.
pub(super) struct Deltas {
    every: Duration,
    plays: Arc<dyn PlaysLogReader>,
    /// Up to where the store has them; `None` where it must be asked.
    to: Option<Position>,
    /// The beginning of a frame of the plays log, before which the store has everything.
    from: u64,
    last: Duration,
}

impl Deltas {
    pub(super) fn new(every: Duration, plays: Arc<dyn PlaysLogReader>) -> Self {
        Self { every, plays, to: None, from: 0, last: Duration::ZERO }
    }

    /// What the records from `to` until `position` changed, as far as there is room.
    fn read(
        &self,
        to: Position,
        position: Position,
        until: u64,
    ) -> Result<CountedDeltas, LogError> {
        let mut rows = BTreeMap::new();
        // Causes don't go back from frame to frame, but may within one. So where there is no more room,
        // what is of the same causes is looked for to the end.
        let (mut cut, mut greatest) = (position, to);
        let mut broken = None;
        self.plays.scan(self.from, until, &mut |address, bytes| {
            let play = match PlayRecord::decode(bytes) {
                Ok(play) => play,
                Err(error) => {
                    broken = broken.take().or(Some((address, error)));
                    return;
                }
            };
            if !(to..cut).contains(&play.cause) {
                return;
            }
            greatest = greatest.max(play.cause);
            add(&mut rows, &play);
            if rows.len() >= ROWS_MAX {
                cut = cut.min(greatest.plus(1));
            }
        })?;
        if let Some((address, error)) = broken {
            let detail = error.to_string();
            return Err(LogError::Damaged {
                file: "plays log".to_owned(),
                offset: address.0,
                detail,
            });
        }
        rows.retain(|_, plays| *plays != 0);
        Ok(CountedDeltas { expected: to, position: cut, rows })
    }
}

/// Adds what a record changes.
fn add(rows: &mut BTreeMap<CountedKey, i64>, play: &PlayRecord<'_>) {
    let key = |counts: Option<CountedAs<'_>>| counts.as_ref().map(CountedKey::of);
    let (before, after) = (key(play.counted_before()), key(play.counts_as()));
    if before == after {
        return;
    }
    if let Some(before) = before {
        *rows.entry(before).or_default() -= 1;
    }
    if let Some(after) = after {
        *rows.entry(after).or_default() += 1;
    }
}

impl Running {
    /// What is due for the store, where anything is. Says nothing where the store, which must be asked
    /// first, doesn't answer.
    pub(super) fn counted_due(&mut self) -> Result<Option<Option<CountedDeltas>>, WorkerError> {
        let Some(deltas) = &self.deltas else { return Ok(Some(None)) };
        // What is judged again was committed, but where the deltas begin, the plays log isn't yet.
        if self.position < self.commit.position {
            return Ok(Some(None));
        }
        let to = match deltas.to {
            Some(to) => to,
            None => match self.ask_where_deltas_end() {
                Some(to) => to,
                None => return Ok(None),
            },
        };
        let Some(deltas) = &self.deltas else { return Ok(Some(None)) };
        let until = self.memory.plays.length();
        let due = self.stopping
            || self.clock.elapsed().saturating_sub(deltas.last) >= deltas.every
            || until.saturating_sub(deltas.from) >= PLAYS_BYTES_MAX;
        if self.position <= to || !due {
            return Ok(Some(None));
        }
        Ok(Some(Some(deltas.read(to, self.position, until)?)))
    }

    fn ask_where_deltas_end(&mut self) -> Option<Position> {
        let partition = self.commit.partition;
        match self.runtime.block_on(self.facts.counted_position(partition)) {
            Ok(to) => {
                let from = self.memory.plays_before(to);
                if let Some(deltas) = &mut self.deltas {
                    (deltas.to, deltas.from) = (Some(to), from);
                }
                Some(to)
            }
            Err(error) => {
                self.stall(&error.to_string());
                None
            }
        }
    }

    /// The store has these now, and of the plays log what stands before `plays_bytes`.
    pub(super) fn counted(&mut self, done: &CountedDeltas, until: Position, plays_bytes: u64) {
        let all = done.position == until;
        let from = if all { plays_bytes } else { self.memory.plays_before(done.position) };
        let now = self.clock.elapsed();
        if let Some(deltas) = &mut self.deltas {
            (deltas.to, deltas.from) = (Some(done.position), from);
            if all {
                deltas.last = now;
            }
        }
    }

    /// Others may have written some.
    pub(super) fn forget_where_deltas_end(&mut self) {
        if let Some(deltas) = &mut self.deltas {
            deltas.to = None;
        }
    }

    /// When an owner that has nothing else to do writes them.
    pub(super) fn counted_due_at(&self) -> Option<Duration> {
        let deltas = self.deltas.as_ref().filter(|_| self.owns().is_some())?;
        let waiting = deltas.to.is_some_and(|to| to < self.position);
        waiting.then(|| deltas.last + deltas.every)
    }
}
