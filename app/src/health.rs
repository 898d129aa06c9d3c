//! Whether a deployment answers, and what is wrong where it doesn't.

use ledgerline_ids::PartitionId;

use crate::Deployment;
use crate::ownership::Owning;
use crate::ports::AppendError;

/// Whether a deployment answers, and what is wrong where it doesn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether everything works and the start is over.
    pub ready: bool,
    /// What doesn't, one sentence each.
    pub problems: Vec<String>,
    /// What is to be known and mends itself, one sentence each.
    pub notes: Vec<String>,
}

impl Deployment {
    /// Whether everything works.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut problems = Vec::new();
        let mut ready = true;
        for (partition, progress) in self.progress() {
            let rests = !progress.follows && !self.is_to_follow(partition);
            ready &= progress.ready || rests;
            if !progress.ready && progress.failed.is_none() && !rests {
                problems.push(format!("{partition} is still catching up"));
            }
            if let Some(why) = progress.failed {
                problems.push(format!("counting of {partition} has stopped: {why}"));
            }
            // What a follower waits for is another node's to do.
            if let Some(why) = progress.stalled.filter(|_| progress.owns.is_some()) {
                problems.push(format!("counting of {partition} waits: {why}"));
            }
        }
        for partition in (0..self.log.partitions()).map(PartitionId) {
            if self.spool.as_ref().is_some_and(|spool| spool.takes(partition)) {
                continue;
            }
            match self.log.refusal(partition) {
                Some(AppendError::Full) => problems.push(format!(
                    "{partition} takes no reports: the disk is full; make room, it goes on by itself"
                )),
                Some(AppendError::Busy) => problems.push(format!(
                    "{partition} takes no reports: those who keep its log are out of sight; it goes on by itself"
                )),
                Some(refusal) => problems.push(format!(
                    "{partition} takes no reports: {refusal}; look at the disk, then restart the server"
                )),
                None => {}
            }
        }
        problems.extend(self.spool.iter().flat_map(|spool| spool.problems()));
        if let Some(trouble) = self.owning.as_ref().and_then(Owning::trouble) {
            problems.push(format!("the leases can't be renewed: {trouble}"));
        }
        let notes = self.spool.as_ref().map_or_else(Vec::new, |spool| spool.notes());
        Health { ready: ready && problems.is_empty(), problems, notes }
    }
}
