//! Owner or follower: what a worker is, where several nodes share the partitions.
//!
//! Judging is the same for both, for what it comes to depends on the log alone. A follower judges up to
//! what it knows to be committed, so its state is what the owner's was there: it can be promoted where
//! it stands, and what is read on its node is exact as of there. Its sums are those that the owner
//! committed, and are not committed again. Only whoever stopped being the owner may have judged more
//! than is committed; it waits until others have committed that far, or is built again.

use ledgerline_ids::Position;
use std::time::Duration;
use tokio::sync::watch;

use super::{Running, WorkerError};
use crate::judging::orders::{Orders, Role};
use crate::judging::snapshot;
use crate::ports::{LogError, PartitionCommit, Step};

/// What a worker has to do with the others of its partition.
pub(in crate::judging) struct Roles {
    orders: watch::Receiver<Orders>,
    role: Role,
    trouble: Option<String>,
    /// Up to where the partition is known to be committed, by whomever.
    goal: Position,
    /// The epoch that this worker commits with, while it is the owner.
    owns: Option<u64>,
    /// The greatest epoch that it had and has no more.
    given_up: u64,
    /// Since when the log has held more than is committed, and nothing of it was committed.
    behind_since: Option<Duration>,
}

impl Roles {
    pub(in crate::judging) fn new(orders: watch::Receiver<Orders>) -> Self {
        Self {
            orders,
            role: Role::Follow,
            trouble: None,
            goal: Position(0),
            owns: None,
            given_up: 0,
            behind_since: None,
        }
    }

    /// Something else is ordered than what was heard last.
    pub(in crate::judging) async fn changed(&mut self) {
        if self.orders.changed().await.is_err() {
            // The node has ended; its worker is told so by a message.
            std::future::pending::<()>().await;
        }
    }

    /// When an owner stops by itself.
    pub(super) fn lapses_at(&self) -> Option<Duration> {
        match self.role {
            Role::Own { until, .. } | Role::Drain { until, .. } if self.owns.is_some() => {
                Some(until)
            }
            _ => None,
        }
    }
}

impl Roles {
    /// Hears what is ordered, for a worker that keeps nothing: the position to begin at, where it is to.
    /// What it should only give up, it has given up. Says besides whether it had.
    pub(in crate::judging) fn hear_resting(&mut self) -> (Option<Position>, bool) {
        let orders = self.orders.borrow_and_update().clone();
        self.role = orders.role;
        let mut gave_up = false;
        if let Role::Drain { epoch, .. } = orders.role
            && self.given_up < epoch
        {
            self.given_up = epoch;
            gave_up = true;
        }
        let begin = orders.begin.filter(|_| orders.follow);
        (begin.map(|begin| begin.max(orders.committed)), gave_up)
    }

    /// The greatest epoch that it had and has no more.
    pub(in crate::judging) fn given_up(&self) -> u64 {
        self.given_up
    }
}

impl Running {
    /// Whether it is to keep nothing of its partition, and nothing of its own is on the way.
    pub(in crate::judging) fn may_rest(&self) -> bool {
        let Some(roles) = &self.roles else { return false };
        !self.stopping
            && !roles.orders.borrow().follow
            && roles.owns.is_none()
            && roles.role == Role::Follow
            && !self.sealer.is_busy()
    }

    /// The epoch that it commits with, where it commits.
    pub(super) fn owns(&self) -> Option<u64> {
        self.roles.as_ref().map_or(Some(self.commit.epoch), |roles| roles.owns)
    }

    /// Hears what is ordered. Whoever is the owner no longer commits nothing from here on.
    pub(super) fn hear(&mut self) {
        let Some(roles) = &mut self.roles else { return };
        let orders = roles.orders.borrow_and_update().clone();
        (roles.role, roles.trouble) = (orders.role, orders.trouble);
        roles.goal = roles.goal.max(orders.committed).max(self.commit.position);
        let (ordered, until) = match roles.role {
            Role::Own { commit, until } => (Some(commit.epoch), until),
            Role::Drain { epoch, until } => (Some(epoch), until),
            Role::Follow => (None, Duration::ZERO),
        };
        let lapsed = self.clock.elapsed() >= until;
        if roles.owns.is_some() && (roles.owns != ordered || lapsed) {
            self.give_up();
        }
        // Never was the owner, and needn't become it to drain.
        if let Some(roles) = &mut self.roles
            && let Role::Drain { epoch, .. } = roles.role
            && roles.owns.is_none()
            && roles.given_up < epoch
        {
            roles.given_up = epoch;
            self.announce_role();
        }
    }

    /// Does what a follower does, and what makes one an owner and an owner one. `None` where the step
    /// goes on as the owner's.
    pub(super) fn play_its_role(&mut self) -> Result<Option<Step>, WorkerError> {
        let Some(roles) = &self.roles else { return Ok(None) };
        match (roles.owns, roles.role) {
            (Some(_), Role::Own { .. }) if !self.stopping => Ok(None),
            (Some(_), _) => self.drain().map(Some),
            (None, Role::Own { commit, until })
                if commit.epoch > roles.given_up
                    && self.clock.elapsed() < until
                    && !self.stopping =>
            {
                self.promote(commit)
            }
            (None, _) => self.follow().map(Some),
        }
    }

    /// Becomes the owner, once it has judged exactly what is committed.
    fn promote(&mut self, commit: PartitionCommit) -> Result<Option<Step>, WorkerError> {
        let (judged, known) = (self.position, self.commit.position);
        if commit.position < known {
            return Err(WorkerError::WentBack { known, now: commit.position });
        }
        if known < commit.position && commit.position < judged {
            return self.build_again().map(Some);
        }
        if known < commit.position || judged < known {
            return self.follow().map(Some);
        }
        if !self.flush()? {
            return Ok(Some(Step::Idle));
        }
        if judged == known {
            // What the store has is the length of another node's plays log.
            self.commit.plays_bytes = self.memory.plays.length();
        }
        self.commit.epoch = commit.epoch;
        self.forget_where_deltas_end();
        // What was on its way under an older epoch did not arrive, and can't any more.
        if let Some((delta, _)) = self.uncommitted.take() {
            self.uncommit(super::committing::with_epoch(delta, commit.epoch));
        }
        let roles = self.roles.as_mut().expect("whoever is promoted has a role");
        roles.owns = Some(commit.epoch);
        roles.behind_since = None;
        tracing::info!(partition = %self.commit.partition, epoch = commit.epoch, "owns it now");
        self.tell_why_it_waits(None);
        self.announce_progress();
        Ok(None)
    }

    /// Commits what is judged, and is the owner no more.
    fn drain(&mut self) -> Result<Step, WorkerError> {
        if self.flush()? && self.commit_begun()? && self.owns().is_some() && self.commit()? {
            self.give_up();
            return Ok(Step::Worked);
        }
        Ok(if self.owns().is_none() { Step::Worked } else { Step::Idle })
    }

    /// Is the owner no more.
    pub(super) fn give_up(&mut self) {
        let Some(roles) = &mut self.roles else { return };
        let Some(epoch) = roles.owns.take() else { return };
        roles.given_up = roles.given_up.max(epoch);
        roles.behind_since = None;
        tracing::info!(partition = %self.commit.partition, epoch, "owns it no more");
        self.announce_role();
    }

    fn announce_role(&self) {
        let (owns, given_up) = (self.owns(), self.given_up());
        self.announce.send_modify(|progress| {
            progress.owns = owns;
            progress.given_up = given_up;
        });
    }

    pub(super) fn given_up(&self) -> u64 {
        self.roles.as_ref().map_or(0, |roles| roles.given_up)
    }

    /// Judges what is committed, as far as the log is here already.
    fn follow(&mut self) -> Result<Step, WorkerError> {
        let goal = self.goal();
        let end = *self.end.borrow_and_update();
        if self.stopping {
            if !self.flush()? {
                return Ok(Step::Idle);
            }
            self.last_snapshot_tried |= self.position > goal;
            return self.last_steps();
        }
        let until = goal.min(end);
        if !self.flush()? {
            return Ok(Step::Idle);
        }
        if self.position < until && !(self.judge_some(until)? && self.flush()?) {
            return Ok(Step::Idle);
        }
        let ready = self.announce.borrow().ready;
        if self.position == goal && (goal > self.commit.position || !ready) {
            self.confirm(goal);
        }
        if self.wants_snapshot() && self.sealer.is_free() && self.position <= goal {
            self.begin_snapshot();
        }
        if self.position < until {
            return Ok(Step::Worked);
        }
        let why = self.why_it_waits(goal, end);
        self.tell_why_it_waits(why);
        Ok(Step::Idle)
    }

    fn goal(&self) -> Position {
        self.roles.as_ref().map_or(self.commit.position, |roles| roles.goal)
    }

    /// What is judged is just what is committed: from here on it is read.
    fn confirm(&mut self, goal: Position) {
        if cfg!(feature = "canary-followed-counts-again") {
            self.commit.position = goal;
        } else if goal > self.commit.position {
            let rest = self.judged_since();
            if let Some((delta, _)) = self.uncommitted.take() {
                self.live.add(&delta);
            }
            self.live.add(&rest);
            self.commit.position = goal;
        }
        self.commit.plays_bytes = self.memory.plays.length();
        // The owner has.
        self.nothing_to_publish();
        if let Some(roles) = &mut self.roles {
            roles.behind_since = None;
        }
        self.announce_progress();
    }

    /// Why what the log holds can't be read yet, where that has been so for a while.
    fn why_it_waits(&mut self, goal: Position, end: Position) -> Option<String> {
        let now = self.clock.elapsed();
        let patience = self.settings.patience;
        let roles = self.roles.as_mut()?;
        if goal >= end {
            roles.behind_since = None;
            return None;
        }
        let since = *roles.behind_since.get_or_insert(now);
        if let Some(trouble) = &roles.trouble {
            return Some(trouble.clone());
        }
        let waits = now.saturating_sub(since) >= patience;
        waits.then(|| format!("its owner hasn't committed what the log holds from {goal} on"))
    }

    fn tell_why_it_waits(&self, why: Option<String>) {
        self.announce.send_if_modified(|progress| {
            let news = progress.stalled != why;
            progress.stalled = why;
            news
        });
    }

    /// Has judged more than is committed, and others have committed part of that: what that part came to
    /// is known only by judging it again, from the snapshot on.
    fn build_again(&mut self) -> Result<Step, WorkerError> {
        if self.sealer.is_busy() {
            return Ok(Step::Idle);
        }
        let (partition, known) = (self.commit.partition, self.commit.position);
        tracing::warn!(%partition, judged = %self.position, %known, "is built again");
        self.announce.send_modify(|progress| progress.ready = false);
        match self.restore() {
            Ok(()) => {}
            // Nothing was begun that isn't begun anew next time.
            Err(error @ LogError::Io { .. }) => {
                self.stall(&error.to_string());
                return Ok(Step::Idle);
            }
            Err(error) => return Err(error.into()),
        }
        if self.position > known {
            return Err(WorkerError::WentBack { known: self.position, now: known });
        }
        self.committed_before = known;
        self.uncommitted = None;
        Ok(Step::Worked)
    }

    fn restore(&mut self) -> Result<(), LogError> {
        let partition = self.commit.partition;
        let snapshot = snapshot::read(&*self.ground.disk, partition)?;
        if snapshot.is_some() {
            snapshot::make_names_durable(&*self.ground.disk, partition)?;
        }
        let snapshot = snapshot.unwrap_or_default();
        self.memory.reset(&self.ground.disk, &snapshot::folder(partition), &snapshot)?;
        self.nothing_to_publish();
        self.forget_where_deltas_end();
        self.sealer.forget();
        self.partition = self.ground.counting(&self.settings, &snapshot.state);
        self.position = snapshot.position;
        self.snapshot_at = snapshot.position;
        self.measure_sealed();
        Ok(())
    }
}
