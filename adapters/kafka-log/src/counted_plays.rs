//! What counts, on a topic for others to read.
//!
//! A change is a message: its key the recording, its value JSON, its timestamp when it was told: those
//! of a history that is brought today are not to be removed as old ones. docs/counted-plays.md says
//! what stands in it.

use crate::settings::Settings;
use ledgerline_app::ports::{CountedChange, CountedPlays, LogError};
use ledgerline_ids::PartitionId;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer,
};
use serde_json::json;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What isn't acknowledged by then is tried again: whoever judges has questions to answer meanwhile.
const DELIVERY_MAX: Duration = Duration::from_secs(3);
/// A delivery has failed by its own limit; its answer comes a little later at most.
const ANSWER_MAX: Duration = Duration::from_secs(2);
const LOOK_FOR_ROOM_EVERY: Duration = Duration::from_millis(1);
/// How many bytes of changes wait in the producer, of all partitions together.
const QUEUE_KIB_MAX: u64 = 64 << 10;
/// How many changes wait there.
const QUEUE_MAX: u64 = 100_000;

/// Changes of what counts, on Kafka.
pub struct KafkaCountedPlays {
    settings: Settings,
    // Shared by all partitions; made for the first change, and anew where it failed for good.
    producer: Mutex<Option<Arc<ThreadedProducer<Answers>>>>,
}

struct Answers;

impl ClientContext for Answers {
    fn error(&self, error: KafkaError, reason: &str) {
        // The client itself tries again.
        tracing::debug!(%error, reason, "telling what counts");
    }
}

impl ProducerContext for Answers {
    type DeliveryOpaque = Arc<Waited>;

    fn delivery(&self, result: &DeliveryResult<'_>, waited: Arc<Waited>) {
        waited.came_back(result.as_ref().err().map(|(error, _)| error.clone()));
    }
}

/// Messages that are waited for.
#[derive(Debug, Default)]
struct Waited {
    state: Mutex<(usize, Option<KafkaError>)>,
    all_back: Condvar,
}

impl Waited {
    fn came_back(&self, failed: Option<KafkaError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = state.0.saturating_sub(1);
        state.1 = state.1.take().or(failed);
        if state.0 == 0 {
            self.all_back.notify_all();
        }
    }

    /// One more is on its way.
    fn sent(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
    }

    /// Waits until all are back; what was wrong with one of them.
    fn wait(&self, limit: Duration) -> Result<(), String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.all_back.wait_timeout_while(state, limit, |state| state.0 > 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (&state.1, state.0) {
            (Some(error), _) => Err(error.to_string()),
            (None, 0) => Ok(()),
            (None, waiting) => Err(format!("{waiting} changes aren't acknowledged")),
        }
    }
}

impl KafkaCountedPlays {
    /// On the topic that `settings` name; it is connected to with the first change.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let delivery_max = settings.delivery_max.min(DELIVERY_MAX);
        Self { settings: Settings { delivery_max, ..settings }, producer: Mutex::default() }
    }

    /// The producer. One that can't keep its promise any more fails for good: another begins.
    fn producer(&self) -> Result<Arc<ThreadedProducer<Answers>>, KafkaError> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((error, reason)) = producer.as_ref().and_then(|it| it.client().fatal_error()) {
            tracing::error!(%error, reason, "the producer failed; another one is made");
            *producer = None;
        }
        match &*producer {
            Some(producer) => Ok(Arc::clone(producer)),
            None => {
                let mut config = self.settings.producer();
                config
                    // As most clients of Kafka spread keys.
                    .set("partitioner", "murmur2_random")
                    .set("queue.buffering.max.messages", QUEUE_MAX.to_string())
                    .set("queue.buffering.max.kbytes", QUEUE_KIB_MAX.to_string());
                let made = Arc::new(config.create_with_context(Answers)?);
                *producer = Some(Arc::clone(&made));
                Ok(made)
            }
        }
    }

    fn send(
        &self,
        producer: &ThreadedProducer<Answers>,
        change: &CountedChange,
        waited: &Arc<Waited>,
        until: Instant,
    ) -> Result<(), KafkaError> {
        let value = value_of(change);
        let mut record =
            BaseRecord::with_opaque_to(&self.settings.counted_plays_topic, Arc::clone(waited))
                .key(change.track_id.as_bytes())
                .payload(value.as_slice());
        waited.sent();
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < until =>
                {
                    record = back;
                    // There is room once something comes back.
                    producer.poll(LOOK_FOR_ROOM_EVERY);
                }
                Err((error, _)) => {
                    waited.came_back(Some(error.clone()));
                    return Err(error);
                }
            }
        }
    }
}

impl CountedPlays for KafkaCountedPlays {
    fn publish(&self, _: PartitionId, changes: &[CountedChange]) -> Result<(), LogError> {
        if changes.is_empty() {
            return Ok(());
        }
        let topic = &self.settings.counted_plays_topic;
        let failed = |detail: String| LogError::Io { file: topic.clone(), detail };
        let producer = self.producer().map_err(|error| failed(error.to_string()))?;
        let until = Instant::now() + self.settings.delivery_max;
        let waited = Arc::new(Waited::default());
        for change in changes {
            self.send(&producer, change, &waited, until)
                .map_err(|error| failed(error.to_string()))?;
        }
        waited.wait(self.settings.delivery_max + ANSWER_MAX).map_err(failed)
    }
}

impl Drop for KafkaCountedPlays {
    fn drop(&mut self) {
        let producer = self.producer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(producer) = producer {
            // What nobody waits for any more is told again by whoever judges next.
            producer.purge(PurgeConfig::default().queue().inflight());
        }
    }
}

/// The message's value.
fn value_of(change: &CountedChange) -> Vec<u8> {
    let value = json!({
        "version": 1,
        "id": change.id,
        "amendment": change.amendment,
        "change": change.change(),
        "play": change.play,
        "number": change.number,
        "rule_version": change.rule_version,
        "source": change.source,
        "track_id": change.track_id,
        "started_at": change.started_at.to_string(),
        "started_at_ms": change.started_at.get(),
        "day": change.started_at.day().to_string(),
        "listened_ms": change.listened_ms,
        "tier": change.tier,
        "territory": change.territory,
        "received_at_ms": change.at.get(),
    });
    serde_json::to_vec(&value).expect("a value of strings and numbers has a form")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_ids::UnixMs;

    #[test]
    fn a_change_is_written_as_documented() {
        let change = CountedChange {
            id: "1f".to_owned(),
            amendment: 2,
            enters: false,
            play: "2e".to_owned(),
            number: 3,
            rule_version: 4,
            source: "app".to_owned(),
            track_id: "t\"1".to_owned(),
            started_at: UnixMs::new(1_772_368_496_789).expect("an instant"),
            listened_ms: 31_000,
            tier: None,
            territory: Some("DE".to_owned()),
            at: UnixMs::new(1_772_368_527_000).expect("an instant"),
        };
        let expected = json!({
            "version": 1, "id": "1f", "amendment": 2, "change": -1, "play": "2e", "number": 3,
            "rule_version": 4, "source": "app", "track_id": "t\"1",
            "started_at": "2026-03-01T12:34:56.789Z", "started_at_ms": 1_772_368_496_789_u64,
            "day": "2026-03-01", "listened_ms": 31_000, "tier": null, "territory": "DE",
            "received_at_ms": 1_772_368_527_000_u64,
        });
        let written: serde_json::Value =
            serde_json::from_slice(&value_of(&change)).expect("it is JSON");
        assert_eq!(written, expected);
    }
}
