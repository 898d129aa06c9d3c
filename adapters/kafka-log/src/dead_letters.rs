//! Records that nobody can read, on a topic of their own.
//!
//! A letter stands in the same partition under the key `topic/partition/position`, with the
//! receive time it had; its headers say why. A redrive sends the value again once it can be read.

use crate::letters::{Letter, WHY};
use crate::settings::Settings;
use ledgerline_app::ports::{DeadLetter, DeadLetters, LogError};
use ledgerline_ids::{PartitionId, UnixMs};
use rdkafka::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A delivery has failed by its own limit; its answer comes a little later at most.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type Kept = Result<(), KafkaError>;

/// Dead letters on Kafka.
pub struct KafkaDeadLetters {
    settings: Settings,
    // Made for the first letter: most logs never have one.
    producer: Mutex<Option<ThreadedProducer<Answers>>>,
}

struct Answers;

impl ClientContext for Answers {}

impl ProducerContext for Answers {
    type DeliveryOpaque = Box<SyncSender<Kept>>;

    fn delivery(&self, result: &DeliveryResult<'_>, answer: Box<SyncSender<Kept>>) {
        let kept = result.as_ref().map(|_| ()).map_err(|(error, _)| error.clone());
        // Whoever asked may have given up.
        let _ = answer.send(kept);
    }
}

impl KafkaDeadLetters {
    /// On the topic that `settings` name; it is connected to with the first letter.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, producer: Mutex::new(None) }
    }
}

impl KafkaDeadLetters {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sends a letter to a topic, with the receive time it had; to its own under its key, with a header.
    pub(crate) fn send(
        &self,
        topic: &str,
        letter: &Letter,
        header: Option<(&str, &str)>,
    ) -> Result<(), LogError> {
        let key = header.map(|_| letter.stood.as_str());
        self.deliver(topic, (letter.partition, letter.received_at), key, header, &letter.bytes)
    }

    fn deliver(
        &self,
        topic: &str,
        (partition, received_at): (PartitionId, UnixMs),
        key: Option<&str>,
        header: Option<(&str, &str)>,
        bytes: &[u8],
    ) -> Result<(), LogError> {
        let failed = |detail: String| LogError::Io { file: topic.to_owned(), detail };
        let (answer, kept) = sync_channel(1);
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        let producer = match &mut *producer {
            Some(producer) => producer,
            none => {
                let made = self.settings.producer().create_with_context(Answers);
                none.insert(made.map_err(|error| failed(error.to_string()))?)
            }
        };
        let millis = i64::try_from(received_at.get()).expect("an instant has 42 bits");
        let mut record = BaseRecord::with_opaque_to(topic, Box::new(answer))
            .partition(i32::from(partition.0))
            .timestamp(millis)
            .payload(bytes);
        if let Some(key) = key {
            record = record.key(key.as_bytes());
        }
        if let Some((name, value)) = header {
            let header = Header { key: name, value: Some(value) };
            record = record.headers(OwnedHeaders::new().insert(header));
        }
        producer.send(record).map_err(|(error, _)| failed(error.to_string()))?;
        match kept.recv_timeout(self.settings.delivery_max + ANSWER_MAX) {
            Ok(kept) => kept.map_err(|error| failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl DeadLetters for KafkaDeadLetters {
    fn keep(&self, letter: &DeadLetter<'_>) -> Result<(), LogError> {
        let DeadLetter { partition, position, received_at, bytes, why } = *letter;
        let key = format!("{}/{partition}/{position}", self.settings.topic);
        let topic = &self.settings.dead_letters_topic;
        self.deliver(topic, (partition, received_at), Some(&key), Some((WHY, why)), bytes)
    }
}
