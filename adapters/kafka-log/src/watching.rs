//! How far each partition goes: what this process's acknowledgements say, and what the brokers say
//! of everybody's.

use crate::said::Consumer;
use crate::settings::Settings;
use ledgerline_app::ports::LogError;
use ledgerline_ids::{PartitionId, Position};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long one look may take; a broker that is gone must not hold up the others for long.
const LOOK_MAX: Duration = Duration::from_millis(2000);
/// A partition whose leader isn't known is asked for alone, and no longer than this.
const LOOK_ALONE_MAX: Duration = Duration::from_millis(200);
/// Where the partitions begin changes by the hour at most; once in so many looks is enough.
const LOOKS_FOR_START: u32 = 20;
/// A new leader may know less for a moment. An end that stays behind what was acknowledged for
/// so long is a loss.
const BEHIND_MAX: Duration = Duration::from_secs(15);
/// What Kafka takes in the place of a time.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// Where each partition ends: the position after the last record that everybody may read.
#[derive(Debug)]
pub(crate) struct Ends(Vec<watch::Sender<Position>>);

impl Ends {
    pub(crate) fn new(ends: &[Position]) -> Self {
        Self(ends.iter().map(|end| watch::Sender::new(*end)).collect())
    }

    fn of(&self, partition: PartitionId) -> &watch::Sender<Position> {
        &self.0[usize::from(partition.0)]
    }

    pub(crate) fn watch(&self, partition: PartitionId) -> watch::Receiver<Position> {
        self.of(partition).subscribe()
    }

    pub(crate) fn now(&self, partition: PartitionId) -> Position {
        *self.of(partition).borrow()
    }

    /// The partition goes as far as `end`, at least.
    pub(crate) fn reach(&self, partition: PartitionId, end: Position) {
        self.of(partition).send_if_modified(|known| {
            let further = end > *known;
            *known = end.max(*known);
            further
        });
    }

    /// Wakes whoever waits, though nothing moved.
    fn wake(&self, partition: PartitionId) {
        self.of(partition).send_modify(|_| {});
    }
}

/// What is known of the topic; shared by all of a log.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) ends: Arc<Ends>,
    starts: Vec<AtomicU64>,
    away: Vec<AtomicBool>,
    damage: Mutex<Vec<Option<LogError>>>,
}

impl Known {
    pub(crate) fn new(starts: &[Position], ends: &[Position]) -> Self {
        Self {
            ends: Arc::new(Ends::new(ends)),
            starts: starts.iter().map(|start| AtomicU64::new(start.0)).collect(),
            away: starts.iter().map(|_| AtomicBool::new(false)).collect(),
            damage: Mutex::new(vec![None; starts.len()]),
        }
    }

    /// Of a topic of which nothing is known yet, for its brokers are out of sight.
    pub(crate) fn away(partitions: u16) -> Self {
        let nowhere = vec![Position(0); usize::from(partitions)];
        let known = Self::new(&nowhere, &nowhere);
        known.away.iter().for_each(|away| away.store(true, Ordering::Release));
        known
    }

    pub(crate) fn start(&self, partition: PartitionId) -> Position {
        Position(self.starts[usize::from(partition.0)].load(Ordering::Acquire))
    }

    pub(crate) fn starts_at(&self, partition: PartitionId, start: Position) {
        self.starts[usize::from(partition.0)].fetch_max(start.0, Ordering::AcqRel);
    }

    /// Whether its brokers have been out of sight for long.
    pub(crate) fn is_away(&self, partition: PartitionId) -> bool {
        self.away[usize::from(partition.0)].load(Ordering::Acquire)
    }

    pub(crate) fn damage(&self, partition: PartitionId) -> Option<LogError> {
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        damage[usize::from(partition.0)].clone()
    }

    fn note_damage(&self, partition: PartitionId, error: LogError) {
        let mut damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        damage[usize::from(partition.0)] = Some(error);
        drop(damage);
        self.ends.wake(partition);
    }
}

/// What one look says of a partition.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    last_at: Option<Instant>,
    behind_since: Option<Instant>,
}

/// Looks until it is told to stop.
pub(crate) struct Watcher {
    settings: Settings,
    consumer: Consumer,
    known: Arc<Known>,
    seen: Vec<Seen>,
    looks: u32,
}

impl Watcher {
    pub(crate) fn new(settings: Settings, consumer: Consumer, known: Arc<Known>) -> Self {
        let now = Seen { last_at: Some(Instant::now()), behind_since: None };
        let seen = vec![now; usize::from(settings.partitions)];
        Self { settings, consumer, known, seen, looks: 0 }
    }

    /// The loop of its thread, until the other end of `ended` is gone.
    pub(crate) fn run(mut self, ended: &Receiver<()>) {
        while ended.recv_timeout(self.settings.look_every) == Err(RecvTimeoutError::Timeout) {
            self.look();
        }
    }

    fn look(&mut self) {
        let before: Vec<Position> = self.partitions().map(|p| self.known.ends.now(p)).collect();
        let found = offsets(&self.consumer, &self.settings, LATEST, LOOK_MAX);
        let found = found.unwrap_or_else(|_| {
            // One whose leader is unknown spoils the answer for all.
            self.partitions().map(|p| self.look_alone(p)).collect()
        });
        for (partition, end) in self.partitions().zip(found) {
            self.take_in(partition, before[usize::from(partition.0)], end);
        }
        if self.looks.is_multiple_of(LOOKS_FOR_START)
            && let Ok(starts) = offsets(&self.consumer, &self.settings, EARLIEST, LOOK_MAX)
        {
            for (partition, start) in self.partitions().zip(starts) {
                start.inspect(|start| self.known.starts_at(partition, *start));
            }
        }
        self.looks = self.looks.wrapping_add(1);
    }

    fn partitions(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.settings.partitions).map(PartitionId)
    }

    fn look_alone(&self, partition: PartitionId) -> Option<Position> {
        let (topic, number) = (&self.settings.topic, i32::from(partition.0));
        let marks = self.consumer.fetch_watermarks(topic, number, LOOK_ALONE_MAX);
        marks.ok().and_then(|(_, end)| u64::try_from(end).ok()).map(Position)
    }

    /// `before` is what was known when the brokers were asked.
    fn take_in(&mut self, partition: PartitionId, before: Position, end: Option<Position>) {
        let now = Instant::now();
        let index = usize::from(partition.0);
        let away = &self.known.away[index];
        let Some(end) = end else {
            let last_at = *self.seen[index].last_at.get_or_insert(now);
            let is_away = now.duration_since(last_at) >= self.settings.away_after;
            if is_away && !away.swap(true, Ordering::AcqRel) {
                tracing::warn!(%partition, "Kafka is away: reports are refused until it is back");
            }
            return;
        };
        self.seen[index].last_at = Some(now);
        if away.swap(false, Ordering::AcqRel) {
            tracing::info!(%partition, "Kafka is back");
        }
        self.known.ends.reach(partition, end);
        if end >= before {
            self.seen[index].behind_since = None;
            return;
        }
        let since = *self.seen[index].behind_since.get_or_insert(now);
        if now.duration_since(since) >= BEHIND_MAX && self.known.damage(partition).is_none() {
            let error = LogError::Damaged {
                file: format!("{}/{partition}", self.settings.topic),
                offset: end.0,
                detail: format!(
                    "the topic ends here, though records up to position {before} were durable: \
                     brokers have lost what they acknowledged. Restore the topic, or rebuild \
                     from a backup"
                ),
            };
            tracing::error!(%partition, %error, "the log is shorter than it was");
            self.known.note_damage(partition, error);
        }
    }
}

/// Asks each broker once for the offsets of all its partitions: of the end, or of the beginning.
fn offsets(
    consumer: &Consumer,
    settings: &Settings,
    what: i64,
    limit: Duration,
) -> Result<Vec<Option<Position>>, KafkaError> {
    let mut asked = TopicPartitionList::with_capacity(usize::from(settings.partitions));
    for partition in 0..settings.partitions {
        let offset = Offset::from_raw(what);
        asked.add_partition_offset(&settings.topic, i32::from(partition), offset)?;
    }
    let answer = consumer.offsets_for_times(asked, limit)?;
    let mut offsets = vec![None; usize::from(settings.partitions)];
    for element in answer.elements() {
        let known = element.error().is_ok();
        if let (true, Offset::Offset(offset)) = (known, element.offset())
            && let Ok(partition) = usize::try_from(element.partition())
            && let Some(found) = offsets.get_mut(partition)
        {
            *found = u64::try_from(offset).ok().map(Position);
        }
    }
    Ok(offsets)
}

/// Where all partitions begin and end; asks until all are known, or `limit` has passed.
///
/// # Errors
/// What was wrong at last.
pub(crate) fn all_marks(
    consumer: &Consumer,
    settings: &Settings,
    limit: Duration,
) -> Result<(Vec<Position>, Vec<Position>), String> {
    let began = Instant::now();
    loop {
        let left = limit.saturating_sub(began.elapsed());
        let ask = |what| {
            let found = offsets(consumer, settings, what, left.min(LOOK_MAX));
            let found = found.map_err(|error| error.to_string())?;
            let all: Option<Vec<Position>> = found.into_iter().collect();
            all.ok_or_else(|| "a partition has no leader".to_owned())
        };
        match (ask(EARLIEST), ask(LATEST)) {
            (Ok(starts), Ok(ends)) => return Ok((starts, ends)),
            (Err(error), _) | (_, Err(error)) if left.is_zero() => return Err(error),
            _ => {}
        }
        // Whatever the client has to tell, it is time to ask again.
        if let Some(Err(error)) = consumer.poll(settings.look_every) {
            tracing::debug!(%error, "looking where partitions end");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_never_goes_back() {
        let ends = Ends::new(&[Position(3), Position(0)]);
        let mut watch = ends.watch(PartitionId(0));
        ends.reach(PartitionId(0), Position(2));
        assert!(!watch.has_changed().unwrap());
        ends.reach(PartitionId(0), Position(5));
        assert_eq!(*watch.borrow_and_update(), Position(5));
        ends.reach(PartitionId(1), Position(9));
        assert!(!watch.has_changed().unwrap());
        ends.wake(PartitionId(0));
        assert!(watch.has_changed().unwrap());
    }
}
