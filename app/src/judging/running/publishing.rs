//! What a commit changes of what is counted, told to others before it is committed.
//!
//! It is read back from the plays log, so nothing is kept in memory for it, and a worker that is
//! built again finds what it has to tell where it has judged it anew. Followers tell nothing.

use ledgerline_ids::HashKey;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use std::sync::Arc;

use super::{Running, WorkerError};
use crate::ports::counted_plays::{CountedChange, CountedPlays};
use crate::ports::{LogError, PartitionDelta, PlaysLogReader};

/// So many changes are told at once.
const CHANGES_MAX: usize = 4096;

/// What is told, and to whom.
pub(super) struct Publishing {
    to: Arc<dyn CountedPlays>,
    plays: Arc<dyn PlaysLogReader>,
    key: HashKey,
    /// The beginning of a frame of the plays log: what stands before it is told, or was by others.
    from: u64,
    /// What stands before it there is told.
    told: PlayAddress,
}

impl Publishing {
    /// Nothing before `from` needs to be told.
    pub(super) fn new(
        to: Arc<dyn CountedPlays>,
        plays: Arc<dyn PlaysLogReader>,
        key: HashKey,
        from: u64,
    ) -> Self {
        Self { to, plays, key, from, told: PlayAddress(from) }
    }

    /// Goes on at `from`, wherever it was.
    pub(super) fn go_to(&mut self, from: u64) {
        (self.from, self.told) = (from, PlayAddress(from));
    }

    /// Tells what `delta` holds, and wasn't told.
    fn publish(&mut self, delta: &PartitionDelta) -> Result<(), LogError> {
        let until = delta.plays_bytes;
        if self.from >= until {
            return Ok(());
        }
        let (plays, told) = (self.plays.clone(), self.told);
        let mut changes = Vec::new();
        let mut outcome = Ok(());
        plays.scan(self.from, until, &mut |address, bytes| {
            if outcome.is_err() || address < told {
                return;
            }
            match self.change_at(address, bytes, delta) {
                Ok(change) => changes.extend(change),
                Err(error) => outcome = Err(error),
            }
            if changes.len() == CHANGES_MAX && outcome.is_ok() {
                outcome = self.to.publish(delta.partition, &changes);
                if outcome.is_ok() {
                    self.told = PlayAddress(address.0 + 1);
                }
                changes.clear();
            }
        })?;
        outcome?;
        if !changes.is_empty() {
            self.to.publish(delta.partition, &changes)?;
        }
        self.go_to(until);
        Ok(())
    }

    fn change_at(
        &self,
        address: PlayAddress,
        bytes: &[u8],
        delta: &PartitionDelta,
    ) -> Result<Option<CountedChange>, LogError> {
        let play = PlayRecord::decode(bytes).map_err(|error| LogError::Damaged {
            file: format!("plays/{}", delta.partition),
            offset: address.0,
            detail: error.to_string(),
        })?;
        // What was committed was told before that.
        let is_new = play.cause >= delta.expected;
        Ok(if is_new { CountedChange::of(&self.key, &play) } else { None })
    }
}

impl Running {
    /// Tells others what `delta` holds, where others are told. Says whether that is done.
    pub(super) fn publish(&mut self, delta: &PartitionDelta) -> Result<bool, WorkerError> {
        let Some(publishing) = &mut self.publishing else { return Ok(true) };
        match publishing.publish(delta) {
            Ok(()) => Ok(true),
            Err(error @ LogError::Io { .. }) => {
                self.stall(&error.to_string());
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All that was flushed to the plays log is committed, or will be judged anew.
    pub(super) fn nothing_to_publish(&mut self) {
        let from = self.memory.plays.length();
        if let Some(publishing) = &mut self.publishing {
            publishing.go_to(from);
        }
    }
}
