//! Commits: sums and position in one transaction, once.

use std::sync::atomic::Ordering;

use super::{Running, WorkerError};
use crate::judging::worker::Progress;
use crate::ports::{CommitError, PartitionCommit, PartitionDelta};

/// What is known of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was not tried.
    Untried,
    /// It was tried; whether it happened must be asked.
    Unknown,
}

/// The same, for a later owner. What else it counts by is read anew: others may have written some.
pub(super) fn with_epoch(delta: PartitionDelta, epoch: u64) -> PartitionDelta {
    PartitionDelta { epoch, counted_by: None, ..delta }
}

impl Running {
    /// Commits what was judged since the last commit: sums and position in one transaction.
    /// Says whether that is done.
    pub(super) fn commit(&mut self) -> Result<bool, WorkerError> {
        self.last_commit = self.clock.elapsed();
        let plays_bytes = self.memory.plays.length();
        let moved = self.position > self.commit.position
            || (self.position == self.commit.position && plays_bytes != self.commit.plays_bytes);
        let Some(counted_by) = self.counted_due()? else { return Ok(false) };
        if moved || counted_by.is_some() {
            let delta = PartitionDelta { counted_by, ..self.judged_since() };
            self.uncommit(delta);
        }
        let committed = self.commit_begun()?;
        if committed {
            self.announce_progress();
        }
        Ok(committed)
    }

    /// What was judged since it was asked for last, as a delta from what is committed.
    pub(super) fn judged_since(&mut self) -> PartitionDelta {
        let delta = self.partition.take_delta();
        PartitionDelta {
            partition: self.commit.partition,
            epoch: self.commit.epoch,
            expected: self.commit.position,
            position: self.position,
            plays_bytes: self.memory.plays.length(),
            accepted: delta.accepted,
            verdicts: delta.verdicts,
            statuses: delta.statuses,
            counted: delta.counted,
            counted_by: None,
        }
    }

    /// Begins a commit.
    pub(super) fn uncommit(&mut self, delta: PartitionDelta) {
        self.uncommitted = Some((delta, Outcome::Untried));
    }

    /// Brings a commit that was begun to its end. Says whether that is done.
    pub(super) fn commit_begun(&mut self) -> Result<bool, WorkerError> {
        let Some((delta, outcome)) = self.uncommitted.take() else { return Ok(true) };
        // What others may know is never less than what is committed.
        if !self.publish(&delta)? {
            self.uncommitted = Some((delta, outcome));
            return Ok(false);
        }
        let delta = [delta];
        match self.commit_once(&delta, outcome) {
            Ok(()) => {
                self.commit.position = delta[0].position;
                self.commit.plays_bytes = delta[0].plays_bytes;
                if let Some(counted) = &delta[0].counted_by {
                    self.counted(counted, delta[0].position, delta[0].plays_bytes);
                }
                self.metrics.commits.fetch_add(1, Ordering::Relaxed);
                self.live.add(&delta[0]);
                self.announce_progress();
                Ok(true)
            }
            Err(CommitError::Fenced { .. }) if self.roles.is_some() => {
                // Others own the partition. What was judged stays, until they have come as far.
                let [delta] = delta;
                self.uncommitted = Some((delta, outcome));
                self.give_up();
                Ok(false)
            }
            Err(error @ CommitError::Fenced { .. }) => Err(error.into()),
            Err(CommitError::Store(error)) => {
                let [delta] = delta;
                self.uncommitted = Some((delta, Outcome::Unknown));
                self.stall(&error.to_string());
                Ok(false)
            }
        }
    }

    /// Commits, exactly once. After an unknown outcome the store is asked what it has.
    fn commit_once(
        &self,
        delta: &[PartitionDelta; 1],
        outcome: Outcome,
    ) -> Result<(), CommitError> {
        let facts = &self.facts;
        let [delta_itself] = delta;
        let PartitionDelta { partition, epoch, expected, position, plays_bytes, .. } = delta_itself;
        if outcome == Outcome::Unknown && !cfg!(feature = "canary-commit-retried-unasked") {
            let commits = self.runtime.block_on(facts.committed()).map_err(CommitError::Store)?;
            let done = PartitionCommit {
                partition: *partition,
                epoch: *epoch,
                position: *position,
                plays_bytes: *plays_bytes,
            };
            if commits.contains(&done) && self.is_counted(delta_itself)? {
                return Ok(());
            }
            let undone = |commit: &PartitionCommit| {
                (commit.partition, commit.epoch, commit.position) == (*partition, *epoch, *expected)
            };
            if !commits.iter().any(undone) {
                return Err(CommitError::Fenced { partition: *partition });
            }
        }
        self.runtime.block_on(facts.commit(delta))
    }

    /// Whether the store has by what it counts, where it was to get that. A commit may move nothing else.
    fn is_counted(&self, delta: &PartitionDelta) -> Result<bool, CommitError> {
        let Some(counted) = &delta.counted_by else { return Ok(true) };
        let to = self.runtime.block_on(self.facts.counted_position(delta.partition))?;
        Ok(to == counted.position)
    }

    pub(super) fn announce_progress(&self) {
        let (commit, unticked) = (self.commit, self.unticked);
        let ticked_at = self.partition.evaluated_at();
        let caught_up = self.position >= self.held_at_start && commit.position == self.position;
        let (owns, given_up) = (self.owns(), self.given_up());
        self.announce.send_if_modified(|progress| {
            let next = Progress {
                committed: commit.position,
                plays_bytes: commit.plays_bytes,
                ready: progress.ready || caught_up,
                unticked,
                ticked_at,
                owns,
                given_up,
                follows: true,
                stalled: None,
                failed: None,
            };
            let changed = *progress != next;
            *progress = next;
            changed
        });
    }
}
