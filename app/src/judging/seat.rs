//! The worker of a partition that its node follows now and then: it begins with nothing, is built when its
//! node says so, and lets everything go when the node follows the partition no more.

use ledgerline_ids::{PartitionId, Position};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TryRecvError;

use super::running::Running;
use super::sieve::Sieves;
use super::worker::{Message, Telling, WorkerParts, WorkerSettings};
use crate::ports::{LogError, Loop, OpenPlaysLog, PartitionCommit, Step};

/// How long it waits before it tries again what the disk refused.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A place for a worker.
pub(super) struct Seat {
    partition: PartitionId,
    parts: WorkerParts,
    open: Arc<dyn OpenPlaysLog>,
    settings: WorkerSettings,
    runtime: Handle,
    taken: Taken,
    /// Until then the disk, which refused, is left alone.
    stalled_until: Option<Duration>,
    /// A message that came while there was nothing else to do.
    received: Option<Message>,
}

/// Who sits there.
enum Taken {
    /// A worker that follows its partition, or owns it.
    Running(Box<Running>),
    /// Nobody.
    Resting(Telling),
    /// Between the two.
    Changing,
}

impl Seat {
    pub(super) fn new(
        partition: PartitionId,
        (parts, open): (WorkerParts, Arc<dyn OpenPlaysLog>),
        settings: WorkerSettings,
        runtime: Handle,
        telling: Telling,
    ) -> Self {
        let taken = Taken::Resting(telling);
        Self {
            partition,
            parts,
            open,
            settings,
            runtime,
            taken,
            stalled_until: None,
            received: None,
        }
    }

    /// Lets everything go.
    fn rest(&mut self) {
        let Taken::Running(running) = std::mem::replace(&mut self.taken, Taken::Changing) else {
            unreachable!("only a worker comes to rest");
        };
        let telling = running.into_telling();
        self.parts.log.set_aside(self.partition);
        let given_up = telling.roles.as_ref().map_or(0, super::running::Roles::given_up);
        for number in [
            &telling.metrics.table_entries,
            &telling.metrics.sealed_entries,
            &telling.metrics.sealed_bytes,
        ] {
            number.store(0, Ordering::Relaxed);
        }
        telling.announce.send_modify(|progress| {
            progress.follows = false;
            progress.ready = false;
            progress.unticked = false;
            progress.plays_bytes = 0;
            progress.stalled = None;
            progress.owns = None;
            progress.given_up = given_up;
        });
        tracing::info!(partition = %self.partition, "is followed here no more");
        self.taken = Taken::Resting(telling);
    }

    /// A step of nobody: begins, where it is told to.
    fn wait_for_orders(&mut self) -> Step {
        if self.is_told_to_stop() {
            return Step::Ended;
        }
        let Taken::Resting(telling) = &mut self.taken else {
            unreachable!("nobody sits there");
        };
        let roles = telling.roles.as_mut().expect("who begins with nothing takes orders");
        let (begin, gave_up) = roles.hear_resting();
        if gave_up {
            let given_up = roles.given_up();
            telling.announce.send_modify(|progress| progress.given_up = given_up);
        }
        let now = self.parts.clock.elapsed();
        match begin {
            Some(begin) if self.stalled_until.is_none_or(|until| now >= until) => self.begin(begin),
            _ => Step::Idle,
        }
    }

    fn begin(&mut self, committed: Position) -> Step {
        self.stalled_until = None;
        match self.open.open(self.partition) {
            Ok(plays) => {
                let Taken::Resting(telling) = std::mem::replace(&mut self.taken, Taken::Changing)
                else {
                    unreachable!("nobody sits there");
                };
                let announce = telling.announce.clone();
                let commit = PartitionCommit {
                    partition: self.partition,
                    epoch: 0,
                    position: committed,
                    plays_bytes: 0,
                };
                // Files of an earlier time may be open still in those of others.
                let sieves = Sieves::new(&self.parts.disk, self.partition);
                let parts = WorkerParts { sieves, ..self.parts.clone() };
                announce.send_modify(|progress| {
                    progress.follows = true;
                    progress.committed = committed;
                });
                let runtime = self.runtime.clone();
                match Running::build(commit, (parts, plays), self.settings, runtime, telling) {
                    Ok(running) => {
                        #[cfg(feature = "canary-stale-state-believed")]
                        let running = running.believing_what_was_left();
                        tracing::info!(partition = %self.partition, %committed, "is followed here");
                        self.taken = Taken::Running(Box::new(running));
                        Step::Worked
                    }
                    Err(error) => {
                        tracing::error!(partition = %self.partition, %error, "can't be followed");
                        let why = error.to_string();
                        announce.send_modify(|progress| progress.failed = Some(why));
                        Step::Ended
                    }
                }
            }
            Err(error @ LogError::Io { .. }) => {
                let Taken::Resting(telling) = &self.taken else { return Step::Ended };
                let why = error.to_string();
                telling.announce.send_modify(|progress| progress.stalled = Some(why));
                self.stalled_until = Some(self.parts.clock.elapsed() + TRY_AGAIN_AFTER);
                Step::Idle
            }
            Err(error) => {
                self.announce_failure(&error.to_string());
                Step::Ended
            }
        }
    }

    /// Answers that it knows nothing; says whether it is to end.
    fn is_told_to_stop(&mut self) -> bool {
        let Taken::Resting(telling) = &mut self.taken else { return false };
        let mut next = self.received.take().ok_or(TryRecvError::Empty);
        loop {
            match next.or_else(|_| telling.inbox.try_recv()) {
                Ok(Message::Stop) | Err(TryRecvError::Disconnected) => return true,
                // Whoever asked hears that nobody answers.
                Ok(
                    Message::Find { .. }
                    | Message::Heard { .. }
                    | Message::Knows { .. }
                    | Message::Snapshot,
                ) => {}
                Err(TryRecvError::Empty) => return false,
            }
            next = Err(TryRecvError::Empty);
        }
    }

    fn announce_failure(&self, why: &str) {
        if let Taken::Resting(telling) = &self.taken {
            telling.announce.send_modify(|progress| progress.failed = Some(why.to_owned()));
        }
    }
}

impl Loop for Seat {
    fn step(&mut self) -> Step {
        match &mut self.taken {
            Taken::Running(running) => {
                let step = running.step();
                if step == Step::Idle && running.may_rest() {
                    self.rest();
                    return Step::Worked;
                }
                step
            }
            Taken::Resting(_) => self.wait_for_orders(),
            Taken::Changing => Step::Ended,
        }
    }

    fn wait(&mut self) {
        let now = self.parts.clock.elapsed();
        let left = self.stalled_until.map(|until| until.saturating_sub(now));
        match &mut self.taken {
            Taken::Running(running) => running.wait(),
            Taken::Changing => {}
            Taken::Resting(Telling { inbox, roles, .. }) => {
                let roles = roles.as_mut().expect("who begins with nothing takes orders");
                let passed = async {
                    match left {
                        Some(left) => tokio::time::sleep(left).await,
                        None => std::future::pending().await,
                    }
                };
                self.received = self.runtime.block_on(async {
                    tokio::select! {
                        message = inbox.recv() => Some(message.unwrap_or(Message::Stop)),
                        () = roles.changed() => None,
                        () = passed => None,
                    }
                });
            }
        }
    }

    fn broken(&mut self) {
        match &mut self.taken {
            Taken::Running(running) => running.broken(),
            _ => self.announce_failure("an invariant is broken; the log says which"),
        }
    }
}
