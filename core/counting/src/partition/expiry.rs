//! Pending plays stop being pending when no report of them can come in time any more.

use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::Producer;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Cause, Memory, Partition};
use crate::identity::{book_hash, identity_hash};
use crate::rules::ACCEPTANCE_MS;

/// When each record of a pending play is to be looked at. A record that is no longer its
/// play's newest is passed over: the newer one has a deadline of its own.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    due: BinaryHeap<Reverse<(UnixMs, PlayAddress)>>,
}

impl Deadlines {
    pub(super) fn add(&mut self, play: &PlayRecord<'_>, address: PlayAddress) {
        if play.producer != Producer::Backfill {
            self.due.push(Reverse((play.started_at.plus(ACCEPTANCE_MS), address)));
        }
    }

    fn pop_before(&mut self, clock: UnixMs) -> Option<PlayAddress> {
        match self.due.peek() {
            Some(Reverse((last, _))) if *last < clock => {
                self.due.pop().map(|Reverse((_, address))| address)
            }
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
        while let Some(address) = self.deadlines.pop_before(clock) {
            self.with_play(address, memory, |partition, play, memory| {
                partition.expire(address, play, position, memory);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn expire<M: Memory>(
        &mut self,
        address: PlayAddress,
        play: &PlayRecord<'_>,
        position: Position,
        memory: &mut M,
    ) {
        let hash = identity_hash(&self.key, &play.identity);
        let Some(listener) = book_hash(&self.key, &play.identity) else { return };
        if self.books.is_newest(listener, hash, address) {
            let cause = Cause { position, at: self.clock, fingerprint: 0, by_rules: false };
            self.rewrite(address, play, *play, cause, memory);
        }
    }
}
