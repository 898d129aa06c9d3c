//! How a partition comes to a node that follows some only, and how it goes.
//!
//! A worker that is told to follow has nothing: before it begins, the files of its partition are those that
//! were left here the last time, or the newest snapshot's, or none where the log is whole. A worker that is told
//! to follow no more lets go of what it has in memory; its files go too, once whatever they hold can be had
//! from the store of blobs. One task sees to both, so neither is ever done while the other is.

use ledgerline_ids::{PartitionId, Position};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Owning;
use crate::Deployment;
use crate::judging::{Worker, read_snapshot_files};
use crate::ports::drive::apart;
use crate::snapshots::{SnapshotError, Snapshots};

/// How often is looked whether there is something to get ready, or to let go.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So long after a refusal it is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Why a partition couldn't be got ready.
#[derive(Debug, Clone)]
pub(super) struct Unready {
    pub why: String,
    /// Whether trying again alone doesn't help.
    pub hopeless: bool,
    not_before: Duration,
}

impl Owning {
    /// What can't be had here until somebody does something about it.
    pub(super) fn hopeless(&self) -> Vec<PartitionId> {
        let unready = self.unready.lock().expect("no holder panics");
        unready.iter().filter(|(_, of)| of.hopeless).map(|(partition, _)| *partition).collect()
    }

    /// Why a partition isn't followed here that should be.
    pub(super) fn why_unready(&self, partition: PartitionId) -> Option<String> {
        let unready = self.unready.lock().expect("no holder panics");
        unready.get(&partition).map(|of| of.why.clone())
    }

    fn may_try(&self, partition: PartitionId, now: Duration) -> bool {
        let unready = self.unready.lock().expect("no holder panics");
        unready.get(&partition).is_none_or(|of| now >= of.not_before)
    }

    fn note(&self, partition: PartitionId, unready: Option<Unready>) {
        let mut all = self.unready.lock().expect("no holder panics");
        match unready {
            Some(unready) => all.insert(partition, unready),
            None => all.remove(&partition),
        };
    }
}

impl Deployment {
    /// Whether every partition is followed here, so that whatever is asked can be read.
    #[must_use]
    pub fn follows_all(&self) -> bool {
        let follows_some = self.owning.as_ref().and_then(Owning::follows_some);
        !self.workers.is_empty() && follows_some.is_none()
    }

    /// Gets partitions ready that this node is to follow, and lets files go of those that it follows no
    /// more, as long as the future is polled. Where it follows all there is nothing to do.
    pub async fn follow_forever(&self, snapshots: Option<&Snapshots>) {
        if self.owning.as_ref().and_then(Owning::follows_some).is_none() {
            return std::future::pending().await;
        }
        loop {
            self.see_to_followed(snapshots).await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Does that once. Only one at a time may do it.
    pub async fn see_to_followed(&self, snapshots: Option<&Snapshots>) {
        let Some(owning) = &self.owning else { return };
        if owning.follows_some().is_none() {
            return;
        }
        // What is waited for comes before what is in the way.
        for follow in [true, false] {
            for worker in &self.workers {
                if owning.leaving.load(Ordering::Relaxed) {
                    return;
                }
                let rests = {
                    let progress = worker.progress.borrow();
                    !progress.follows && progress.failed.is_none()
                };
                let Some(orders) = worker.orders.as_ref().filter(|_| rests) else { continue };
                let (wanted, begins) = {
                    let orders = orders.borrow();
                    (orders.follow, orders.begin.is_some())
                };
                if wanted != follow || begins {
                    continue;
                }
                if follow {
                    self.get_ready(owning, worker, snapshots).await;
                } else {
                    self.let_go(owning, worker, snapshots).await;
                }
            }
        }
    }

    async fn get_ready(&self, owning: &Owning, worker: &Worker, snapshots: Option<&Snapshots>) {
        let partition = worker.partition;
        if !owning.may_try(partition, self.clock.elapsed()) {
            return;
        }
        let ready = match snapshots {
            Some(snapshots) => snapshots.get_ready(partition, &*self.log).await,
            None => self.is_ready_alone(partition).await,
        };
        match ready {
            Ok(committed) => {
                owning.note(partition, None);
                if let Some(orders) = &worker.orders {
                    // Where it is to follow no more by now, this is forgotten before it is to again.
                    orders.send_modify(|orders| orders.begin = orders.follow.then_some(committed));
                }
            }
            Err(error) => {
                tracing::warn!(%partition, %error, "can't be followed yet");
                let not_before = self.clock.elapsed() + TRY_AGAIN_AFTER;
                let hopeless = !error.may_pass();
                let unready = Unready { why: error.to_string(), hopeless, not_before };
                owning.note(partition, Some(unready));
            }
        }
    }

    /// Without a store of blobs there is what this node has, and the log.
    async fn is_ready_alone(&self, partition: PartitionId) -> Result<Position, SnapshotError> {
        let commits = self.facts.committed().await?;
        let commit = commits.iter().find(|commit| commit.partition == partition);
        let disk = self.disk.clone();
        let read = apart(&*self.drive, move || read_snapshot_files(&*disk, partition)).await;
        let read = read.ok_or(SnapshotError::BrokenOff { partition })??;
        let (has, start) = (read.map(|files| files.position), self.log.start(partition));
        if has.unwrap_or_default() < start {
            let why = "there is no store of blobs with snapshots".to_owned();
            return Err(SnapshotError::NoWay { partition, start, why });
        }
        Ok(commit.map_or(Position(0), |commit| commit.position))
    }

    async fn let_go(&self, owning: &Owning, worker: &Worker, snapshots: Option<&Snapshots>) {
        let partition = worker.partition;
        let Some(snapshots) = snapshots else { return };
        if !owning.may_try(partition, self.clock.elapsed()) {
            return;
        }
        let unready = match snapshots.let_go(partition, self.log.start(partition)).await {
            Ok(()) => None,
            Err(error) => {
                let not_before = self.clock.elapsed() + 10 * TRY_AGAIN_AFTER;
                Some(Unready { why: error.to_string(), hopeless: false, not_before })
            }
        };
        owning.note(partition, unready);
    }
}
