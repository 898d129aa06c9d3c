//! What the client says of its own accord: why it reaches nobody is known to it alone.

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;
use std::sync::{Mutex, PoisonError};

/// So many different complaints are kept.
const COMPLAINTS_MAX: usize = 5;

/// A consumer that can be asked what it complained of.
pub(crate) type Consumer = BaseConsumer<Said>;

/// Complaints, none twice.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<Vec<String>>);

impl Said {
    /// What it complained of since it was made.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn complain(&self, complaint: &str) {
        // In front stands which thread it was, behind it how often.
        let complaint = complaint.rsplit_once("]: ").map_or(complaint, |(_, rest)| rest);
        let complaint = complaint.split_once(" (after ").map_or(complaint, |(what, _)| what);
        let mut complaints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.len() < COMPLAINTS_MAX && !complaints.iter().any(|it| it == complaint) {
            complaints.push(complaint.to_owned());
        }
    }
}

impl ClientContext for Said {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                self.complain(message);
                tracing::info!(facility, message, "Kafka's client");
            }
            _ => tracing::debug!(facility, message, "Kafka's client"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // It tries again by itself, and has logged it.
        tracing::debug!(%error, reason, "Kafka's client");
    }
}

impl ConsumerContext for Said {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_kept_once_and_without_their_thread() {
        let said = Said::default();
        for message in ["[thrd:main]: no (after 3ms in state X)", "no", "[thrd:a [b]]: never"] {
            said.log(RDKafkaLogLevel::Error, "FAIL", message);
        }
        said.log(RDKafkaLogLevel::Notice, "X", "by the way");
        assert_eq!(said.complaints(), ["no", "never"]);
        (0..9).for_each(|number| said.complain(&number.to_string()));
        assert_eq!(said.complaints().len(), COMPLAINTS_MAX);
    }
}
