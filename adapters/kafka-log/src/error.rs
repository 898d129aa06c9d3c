//! Why the log on Kafka can't be opened, or its topics can't be made.

use crate::settings::Settings;
use ledgerline_ids::{PartitionId, Position};
use rdkafka::consumer::BaseConsumer;
use std::time::Duration;

/// So many of the client's errors are looked at.
const SAID_MAX: usize = 50;

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
    /// That no broker answered `consumer`, with what the client has said of it meanwhile.
    pub(crate) fn unreachable(consumer: &BaseConsumer, settings: &Settings, detail: &str) -> Self {
        let mut details = vec![detail.to_owned()];
        for _ in 0..SAID_MAX {
            match consumer.poll(Duration::ZERO) {
                None => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => note(&mut details, error.to_string()),
            }
        }
        Self::Unreachable { brokers: settings.brokers.clone(), detail: details.join("; ") }
    }
}

/// Adds what hasn't been said yet.
pub(crate) fn note(details: &mut Vec<String>, detail: String) {
    if details.len() < SAID_MAX && !details.contains(&detail) {
        details.push(detail);
    }
}
