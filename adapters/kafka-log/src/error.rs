//! Why the log on Kafka can't be opened, or its topics can't be made.

use crate::said::Consumer;
use crate::settings::Settings;
use ledgerline_ids::{PartitionId, Position};
use rdkafka::consumer::Consumer as _;
use std::time::Duration;

/// How often is looked what a client complained of, and how long each time.
const LOOKS: u32 = 20;
const LOOK_MAX: Duration = Duration::from_millis(50);

/// Why it can't.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No broker answers.
    #[error("no broker of {brokers} answers: {detail}; start it, or correct the address")]
    Unreachable {
        /// As they were given.
        brokers: String,
        /// What the client said last.
        detail: String,
    },
    /// A setting that the client refuses.
    #[error("the client of Kafka can't be made: {0}; correct the setting")]
    Settings(String),
    /// There is no such topic.
    #[error("there is no topic `{topic}`; create the topics first")]
    NoTopic {
        /// Its name.
        topic: String,
    },
    /// It has another number of partitions.
    #[error(
        "the topic `{topic}` has {found} partitions, not {wanted}: listeners are spread over \
         them by their number, which never changes; name the right topic"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// As configured.
        wanted: u16,
        /// As it is.
        found: usize,
    },
    /// Records are gone that were counted.
    #[error(
        "{partition} of the topic `{topic}` ends at {end}, but records up to {expected} were \
         counted: it is another topic, or brokers have lost what they acknowledged; name the \
         right one, or restore it"
    )]
    TooShort {
        /// The topic.
        topic: String,
        /// Which partition.
        partition: PartitionId,
        /// Where it ends.
        end: Position,
        /// Up to where records were counted.
        expected: Position,
    },
    /// The brokers refused.
    #[error("{what}: the brokers refuse: {detail}")]
    Refused {
        /// What was asked for.
        what: String,
        /// What they said.
        detail: String,
    },
}

impl OpenError {
    /// That no broker answered `consumer`, with what it complained of meanwhile.
    pub(crate) fn unreachable(consumer: &Consumer, settings: &Settings, detail: &str) -> Self {
        // Complaints wait in the consumer's queue until somebody looks.
        let mut looks = 0..LOOKS;
        while looks.next().is_some() && consumer.poll(LOOK_MAX).is_some() {}
        let details = [vec![detail.to_owned()], consumer.context().complaints()].concat();
        Self::Unreachable { brokers: settings.brokers.clone(), detail: details.join("; ") }
    }
}
