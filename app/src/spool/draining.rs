//! From the spool into the log, a partition at a time, in order and with the receive times that records have.

use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot::Receiver;
use tokio::task::JoinSet;

use super::{Spool, marks, stale};
use crate::catalogue::Catalogue;
use crate::ports::drive::apart;
use crate::ports::{AppendError, Appended, Frame, LogError};

/// So many bytes of a partition are on their way at once. What is on its way when the process dies is sent again.
const CHUNK_BYTES: usize = 512 << 10;
/// How often is looked whether the log is back.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long is waited after a trouble that doesn't mend itself: twice as long each time.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A log that is in sight and refuses the same records so often has something against them.
const REFUSALS_MAX: u32 = 50;
/// So often is looked whether the writer has begun another segment.
const TIDY_LOOKS_MAX: u32 = 20;
/// How often a spool that had no room is asked whether it has.
const ROOM_EVERY: Duration = Duration::from_secs(5);
/// From this age on is asked how long the log keeps records.
const OLD_AFTER: Duration = Duration::from_secs(3600);
/// How long an answer to that is believed.
const RETENTION_FOR: Duration = Duration::from_secs(60);
/// Records must have this time left at least to be counted, or a quarter of the retention.
const MARGIN_MAX: Duration = Duration::from_secs(86_400);

/// Why a partition isn't drained.
enum Undrained {
    /// The log takes nothing now.
    Away,
    /// Something that somebody must see to.
    Trouble(String),
}

impl From<LogError> for Undrained {
    fn from(error: LogError) -> Self {
        Self::Trouble(error.to_string())
    }
}

impl Spool {
    /// Drains the spool as long as the future is polled.
    pub async fn drain_forever(self: &Arc<Self>, catalogue: &Arc<Catalogue>) {
        let mut partitions = JoinSet::new();
        for partition in self.partitions() {
            let (spool, catalogue) = (Arc::clone(self), Arc::clone(catalogue));
            partitions.spawn(async move { spool.drain(&catalogue, partition).await });
        }
        let spool = Arc::clone(self);
        partitions.spawn(async move { spool.look_for_room().await });
        while partitions.join_next().await.is_some() {}
    }

    async fn drain(&self, catalogue: &Catalogue, partition: PartitionId) {
        let seat = self.seat(partition);
        let mut end = self.log.end(partition);
        let (mut pause, mut refusals) = (PAUSE_MIN, 0);
        loop {
            let drained = seat.drained();
            if end.wait_for(|end| *end > drained).await.is_err() {
                return;
            }
            let outcome = self.drain_some(catalogue, partition).await;
            let away = self.shared.refusal(partition).is_some();
            let trouble = match outcome {
                Ok(()) => {
                    (pause, refusals) = (PAUSE_MIN, 0);
                    None
                }
                Err(Undrained::Away) if away || refusals < REFUSALS_MAX => {
                    refusals = if away { 0 } else { refusals + 1 };
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
                Err(Undrained::Away) => Some(format!(
                    "the log is in sight and doesn't take what begins at {}; look what the brokers say",
                    seat.drained()
                )),
                Err(Undrained::Trouble(why)) => Some(why),
            };
            let troubled = trouble.is_some();
            if let Some(why) = &trouble {
                tracing::warn!(%partition, %why, "the spool can't be drained");
            }
            seat.told(|told| told.trouble = trouble);
            if troubled {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            } else if !self.holds(partition) {
                self.tidy(partition).await;
            }
        }
    }

    /// Sends what stands first, waits until the log has it, notes that, and removes what is noted.
    async fn drain_some(
        &self,
        catalogue: &Catalogue,
        partition: PartitionId,
    ) -> Result<(), Undrained> {
        let _turn = self.draining.acquire().await.map_err(|_| Undrained::Away)?;
        let seat = self.seat(partition);
        let from = seat.drained();
        let frames = self.read(partition, from).await?;
        let Some(oldest) = frames.iter().map(|frame| frame.header.received_at).min() else {
            return Ok(());
        };
        seat.told(|told| told.oldest = Some(oldest));
        if self.shared.refusal(partition).is_some() {
            return Err(Undrained::Away);
        }
        self.is_kept_long_enough(oldest).await?;
        for answer in self.send(partition, &frames, catalogue)? {
            match answer.await {
                Ok(Ok(_)) => {}
                // What of it the log has all the same comes again, and changes nothing.
                Ok(Err(_)) | Err(_) => return Err(Undrained::Away),
            }
        }
        let Some(last) = frames.last().map(|frame| frame.header) else { return Ok(()) };
        let drained = last.first.plus(u64::from(last.count));
        self.note(partition, drained).await;
        self.drained.fetch_add(drained.0 - from.0, Ordering::Relaxed);
        seat.drained.store(drained.0, Ordering::Release);
        if !self.holds(partition) {
            seat.told(|told| told.oldest = None);
        }
        self.release(partition, drained).await?;
        Ok(())
    }

    async fn read(&self, partition: PartitionId, from: Position) -> Result<Vec<Frame>, Undrained> {
        let log = self.log.clone();
        let read = apart(&*self.drive, move || log.read(partition, from, CHUNK_BYTES)).await;
        Ok(read.ok_or(Undrained::Away)??)
    }

    /// Queues frames for the log, and behind them what the catalogue has learnt since.
    fn send(
        &self,
        partition: PartitionId,
        frames: &[Frame],
        catalogue: &Catalogue,
    ) -> Result<Vec<Receiver<Result<Appended, AppendError>>>, Undrained> {
        // Held until all is queued, as where reports come in.
        let view = catalogue.view();
        let mut answers = Vec::with_capacity(frames.len() + 1);
        for frame in frames {
            let group = group_of(frame)?;
            let at = frame.header.received_at;
            answers.push(self.shared.append_received(partition, group, at));
        }
        let facts = stale::facts(frames, &view);
        if !facts.is_empty() {
            answers.push(self.shared.append(partition, facts));
        }
        Ok(answers)
    }

    async fn note(&self, partition: PartitionId, drained: Position) {
        let disk = self.disk.clone();
        let noted = apart(&*self.drive, move || marks::note(&*disk, partition, drained)).await;
        if let Some(Err(error)) = noted {
            // It is sent again after the next start, which changes nothing.
            tracing::warn!(%partition, %error, "what is drained can't be noted");
        }
    }

    async fn release(&self, partition: PartitionId, before: Position) -> Result<(), Undrained> {
        let log = self.log.clone();
        let released = apart(&*self.drive, move || log.release(partition, before)).await;
        released.unwrap_or(Ok(()))?;
        self.full.store(false, Ordering::Release);
        Ok(())
    }

    /// Removes what is drained from the segment that is written, too.
    async fn tidy(&self, partition: PartitionId) {
        let drained = self.seat(partition).drained();
        self.log.end_segment(partition);
        for _ in 0..TIDY_LOOKS_MAX {
            if self.release(partition, drained).await.is_err()
                || self.log.start(partition) >= drained
                || self.holds(partition)
            {
                return;
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// Whether the log keeps what was received at `oldest` until it is counted: it removes by receive time.
    async fn is_kept_long_enough(&self, oldest: UnixMs) -> Result<(), Undrained> {
        let age = Duration::from_millis(self.clock.now().since(oldest));
        if age < OLD_AFTER {
            return Ok(());
        }
        let Some(keeps) = self.retention().await? else { return Ok(()) };
        let margin = MARGIN_MAX.min(keeps / 4);
        if age + margin < keeps {
            return Ok(());
        }
        Err(Undrained::Trouble(format!(
            "some were received at {oldest}, and the topic removes what is older than {} hours: give it a longer \
             retention.ms until they are counted",
            keeps.as_secs() / 3600
        )))
    }

    async fn retention(&self) -> Result<Option<Duration>, Undrained> {
        let now = self.clock.elapsed();
        let held = *self.retention.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked_at, keeps)) = held
            && now.saturating_sub(asked_at) < RETENTION_FOR
        {
            return Ok(keeps);
        }
        let shared = self.shared.clone();
        let keeps = apart(&*self.drive, move || shared.keeps()).await.ok_or(Undrained::Away)??;
        *self.retention.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, keeps));
        Ok(keeps)
    }

    /// A log that found no room says so until it has written something. Where nobody sends any more because of
    /// that, nobody would find out.
    async fn look_for_room(&self) {
        loop {
            tokio::time::sleep(ROOM_EVERY).await;
            let full =
                |partition: &PartitionId| self.log.refusal(*partition) == Some(AppendError::Full);
            for partition in self.partitions().filter(full) {
                drop(self.log.append(partition, RecordGroup::default()));
            }
        }
    }
}

/// A frame's records. They were verified when they were read.
fn group_of(frame: &Frame) -> Result<RecordGroup, Undrained> {
    let mut group = RecordGroup::default();
    for record in Records::new(frame.payload()) {
        let (_, bytes) = record.map_err(|error| Undrained::Trouble(error.to_string()))?;
        group.push_with(|out| out.extend_from_slice(bytes));
    }
    Ok(group)
}

impl crate::Deployment {
    /// Sends what waits in the spool to the log, as long as the future is polled.
    pub async fn drain_forever(&self) {
        match &self.spool {
            Some(spool) => spool.drain_forever(&self.catalogue).await,
            None => std::future::pending().await,
        }
    }
}
