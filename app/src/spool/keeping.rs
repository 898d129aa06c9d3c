//! One group on its way into the shared log, or into the spool.

use ledgerline_ids::{PartitionId, UnixMs};
use ledgerline_records::frame::{HEADER_BYTES, RecordGroup};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot::Receiver;
use tokio::time::{Instant, timeout_at};

use super::Spool;
use crate::ports::{AppendError, Appended};

/// For so long from when it was asked the shared log's answer is waited for: longer than it takes to replace a
/// broker mostly, and less than a sender waits. A body's groups are asked together, so this is for all of them.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type Answer = Result<Appended, AppendError>;

/// A group that the spool saw to; what becomes of it is to be waited for.
pub struct Keeping(State);

enum State {
    Refused(AppendError),
    /// The spool has it; the group is for the shared log where the spool's disk doesn't take it.
    Kept(Kept, RecordGroup),
    /// The shared log has it; what is needed where it doesn't take it.
    Sent {
        answer: Receiver<Answer>,
        until: Instant,
        spool: Arc<Spool>,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    },
}

/// Where an acknowledged group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In the log that all nodes share.
    Shared,
    /// In this node's spool.
    Spool,
}

impl Keeping {
    pub(super) fn refused(why: AppendError) -> Self {
        Self(State::Refused(why))
    }

    pub(super) fn kept(kept: Kept, group: RecordGroup) -> Self {
        Self(State::Kept(kept, group))
    }

    pub(super) fn sent(
        answer: Receiver<Answer>,
        spool: &Arc<Spool>,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> Self {
        let (spool, until) = (Arc::clone(spool), Instant::now() + ANSWER_MAX);
        Self(State::Sent { answer, until, spool, partition, group, received_at })
    }

    /// Waits until the group is durable, and says where. What the shared log doesn't take, or gives no answer to, the
    /// spool keeps: where the log has it all the same, it comes twice and is one play.
    ///
    /// # Errors
    /// Why it is nowhere; `None` where that isn't known.
    pub async fn durable(self) -> Result<Where, Option<AppendError>> {
        match self.0 {
            State::Refused(why) => Err(Some(why)),
            State::Kept(kept, group) => {
                let (spool, partition) = (Arc::clone(&kept.spool), kept.partition);
                match kept.durable().await {
                    // To be out of order is better than to be refused.
                    Err(error) => match spool.pass_on(partition, group) {
                        Some(answer) => shared(answer.await),
                        None => Err(error),
                    },
                    kept => kept,
                }
            }
            State::Sent { mut answer, until, spool, partition, group, received_at } => {
                let error = match timeout_at(until, &mut answer).await {
                    Ok(Ok(Ok(_))) => return Ok(Where::Shared),
                    Ok(Ok(Err(AppendError::Closing))) => return Err(Some(AppendError::Closing)),
                    Ok(Ok(Err(error))) => Some(error),
                    Ok(Err(_)) | Err(_) => None,
                };
                match spool.keep(partition, group, Some(received_at)) {
                    Ok(kept) => kept.durable().await,
                    // Where it was refused already, that is what is said.
                    Err(_) if error.is_some() => Err(error),
                    Err(_) => shared(answer.await),
                }
            }
        }
    }
}

/// What an answer of the shared log means; one that never comes, nothing that is known.
fn shared<E>(answer: Result<Answer, E>) -> Result<Where, Option<AppendError>> {
    match answer {
        Ok(Ok(_)) => Ok(Where::Shared),
        Ok(Err(error)) => Err(Some(error)),
        Err(_) => Err(None),
    }
}

/// A group that is queued for the spool's log.
pub(crate) struct Kept {
    spool: Arc<Spool>,
    partition: PartitionId,
    bytes: u64,
    records: u64,
    answer: Option<Receiver<Answer>>,
}

impl Kept {
    /// Takes its share of what is queued, until it is dropped.
    pub(super) fn begin(spool: &Arc<Spool>, partition: PartitionId, group: &RecordGroup) -> Self {
        let bytes = group.payload().len() + HEADER_BYTES;
        let bytes = u64::try_from(bytes).expect("memory is counted in 64 bits");
        spool.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        spool.seat(partition).queued.fetch_add(1, Ordering::AcqRel);
        let (spool, records) = (Arc::clone(spool), u64::from(group.count()));
        Self { spool, partition, bytes, records, answer: None }
    }

    pub(super) fn with(mut self, answer: Receiver<Answer>) -> Self {
        self.answer = Some(answer);
        self
    }

    async fn durable(mut self) -> Result<Where, Option<AppendError>> {
        let answer = self.answer.take().expect("a group that is waited for is queued");
        match answer.await {
            Ok(Ok(_)) => {
                self.spool.kept.fetch_add(self.records, Ordering::Relaxed);
                Ok(Where::Spool)
            }
            Ok(Err(error)) => Err(Some(error)),
            Err(_) => Err(None),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.spool.queued_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.spool.seat(self.partition).queued.fetch_sub(1, Ordering::AcqRel);
    }
}
