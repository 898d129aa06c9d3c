//! Pending plays stop being pending when no report of them can come in time any more.

use ledgerline_ids::{DayNo, Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::Producer;
use std::collections::BTreeSet;

use super::{Cause, Hashes, Memory, Partition};
use crate::fraud::Flags;
use crate::rules::ACCEPTANCE_MS;

/// When each pending play is to be looked at. The plays that start on one day run out 35
/// days later; until then nothing but their books has them.
#[derive(Debug)]
pub(super) struct Deadlines {
    due: BTreeSet<(UnixMs, PlayAddress)>,
    /// Of the days before this one all pending plays are in `due`.
    loaded_until: DayNo,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::at(UnixMs::EPOCH)
    }
}

impl Deadlines {
    /// Of a partition whose clock stands at `clock`: what ran out before that has been
    /// looked at.
    pub(super) fn at(clock: UnixMs) -> Self {
        Self { due: BTreeSet::new(), loaded_until: clock.minus(ACCEPTANCE_MS).day() }
    }

    /// Notes a play's newest record, which replaces the one of `replaced`: the start and
    /// the address of that.
    pub(super) fn note(
        &mut self,
        play: &PlayRecord<'_>,
        address: PlayAddress,
        pending: bool,
        replaced: Option<(UnixMs, PlayAddress)>,
    ) {
        if play.producer == Producer::Backfill {
            return;
        }
        if let Some((started_at, address)) = replaced
            && started_at.day() < self.loaded_until
        {
            self.due.remove(&(started_at.plus(ACCEPTANCE_MS), address));
        }
        if pending && play.started_at.day() < self.loaded_until {
            self.due.insert((play.started_at.plus(ACCEPTANCE_MS), address));
        }
    }

    fn pop_before(&mut self, clock: UnixMs) -> Option<PlayAddress> {
        match self.due.first() {
            Some((last, _)) if *last < clock => self.due.pop_first().map(|(_, address)| address),
            _ => None,
        }
    }
}

impl Partition {
    /// Moves the clock to `clock`, which lies after it.
    pub(super) fn advance<M: Memory>(
        &mut self,
        clock: UnixMs,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        self.clock = clock;
        self.windows.sweep(clock);
        let last = clock.minus(ACCEPTANCE_MS).day();
        while self.deadlines.loaded_until <= last {
            self.load_deadlines(last, memory)?;
            self.expire_due(position, memory)?;
        }
        self.expire_due(position, memory)
    }

    /// Takes the pending plays of the next day that has any into the deadlines.
    fn load_deadlines<M: Memory>(&mut self, last: DayNo, memory: &M) -> Result<(), M::Error> {
        let mut day = self.deadlines.loaded_until;
        if day < last && day.0 > 0 {
            // Nobody may have played for years.
            let from = DayNo(day.0 - 1);
            let next = self.books.day(from, crate::fraud::Side::After, memory);
            day = next.unwrap_or(last).clamp(day, last);
        }
        let pending = self.books.scan(&(day..=day), memory, |entry| {
            entry.flags.has(Flags::PENDING) && !entry.flags.has(Flags::BACKFILL)
        })?;
        for (day, entry) in pending {
            let deadline = entry.started_at(day).plus(ACCEPTANCE_MS);
            self.deadlines.due.insert((deadline, entry.address));
        }
        self.deadlines.loaded_until = DayNo(day.0 + 1);
        Ok(())
    }

    fn expire_due<M: Memory>(
        &mut self,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        while let Some(address) = self.deadlines.pop_before(self.clock) {
            self.with_play(address, memory, |partition, play, memory| {
                let cause = Cause {
                    position,
                    at: partition.clock,
                    fingerprint: 0,
                    by_rules: false,
                    hashes: Hashes::default(),
                };
                partition.rewrite(address, play, *play, cause, memory);
                Ok(())
            })?;
        }
        Ok(())
    }
}
