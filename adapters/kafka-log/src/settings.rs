//! Where the brokers are, who we are to them, and limits.

use crate::said::{Consumer, Said};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaResult;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A large group: what one body of reports may hold, with room to spare.
const GROUP_RECORDS: u64 = 100_000;
const GROUP_BYTES: u64 = 64 << 20;

/// What the log on Kafka needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Some of the brokers, `host:port`, with commas; they name the others.
    pub brokers: String,
    /// How they are spoken to.
    pub security: Security,
    /// The topic of the reports.
    pub topic: String,
    /// The topic of the records that nobody can read.
    pub dead_letters_topic: String,
    /// The topic where others read what counts.
    pub counted_plays_topic: String,
    /// How many partitions the topic has; fixed when it was created.
    pub partitions: u16,
    /// How batches are compressed.
    pub compression: Compression,
    /// How long opening may take.
    pub open_max: Duration,
    /// How long a group may wait until it is acknowledged; then its outcome is unknown. Longer
    /// than it takes until a broker that died is replaced by another.
    pub delivery_max: Duration,
    /// How long the first message of a group waits for the others. Groups that come while others
    /// are on their way wait for those in any case.
    pub linger: Duration,
    /// How many bytes of records may wait to be acknowledged; more is refused.
    pub queue_bytes_max: u64,
    /// How many records may wait to be acknowledged; more is refused.
    pub queue_records_max: u64,
    /// How long a read may take; then it is to be tried again.
    pub read_max: Duration,
    /// How much is read ahead of what is asked for, for each partition, in bytes.
    pub ahead_bytes_max: usize,
    /// How often is looked where the partitions end.
    pub look_every: Duration,
    /// For how long a partition may be out of sight until groups for it are refused at once.
    pub away_after: Duration,
    /// Whether the log opens while no broker answers: for whoever only appends, and has something to do meanwhile.
    /// Then nothing is known of the topic until one does.
    pub opens_away: bool,
    /// Whether released records are deleted. Where not, the topic's retention alone removes.
    pub may_delete: bool,
}

/// How brokers are spoken to.
#[derive(Clone)]
pub enum Security {
    /// In the clear, and they let in whoever comes: for this machine only.
    Plain,
    /// TLS; they let in whoever comes.
    Tls {
        /// The file with the certificates that are trusted; the system's where there is none.
        ca_file: Option<PathBuf>,
    },
    /// TLS, and a name with its password by SCRAM-SHA-512.
    TlsAndScram {
        /// The file with the certificates that are trusted; the system's where there is none.
        ca_file: Option<PathBuf>,
        /// Who we are.
        user: String,
        /// What nobody else knows.
        password: String,
    },
}

impl fmt::Debug for Security {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("Plain"),
            Self::Tls { ca_file } => f.debug_struct("Tls").field("ca_file", ca_file).finish(),
            Self::TlsAndScram { ca_file, user, .. } => f
                .debug_struct("TlsAndScram")
                .field("ca_file", ca_file)
                .field("user", user)
                .finish_non_exhaustive(),
        }
    }
}

/// How batches are compressed on their way and on the brokers' disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Quickly.
    Lz4,
    /// Well.
    Zstd,
}

impl Compression {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl Settings {
    /// The usual ones, in the clear.
    #[must_use]
    pub fn new(brokers: &str, partitions: u16) -> Self {
        Self {
            brokers: brokers.to_owned(),
            security: Security::Plain,
            topic: "playback-reports".to_owned(),
            dead_letters_topic: "playback-reports-dlq".to_owned(),
            counted_plays_topic: "counted-plays".to_owned(),
            partitions,
            compression: Compression::Zstd,
            open_max: Duration::from_secs(20),
            delivery_max: Duration::from_secs(20),
            linger: Duration::from_micros(500),
            queue_bytes_max: 64 << 20,
            queue_records_max: 400_000,
            read_max: Duration::from_secs(5),
            ahead_bytes_max: 4 << 20,
            look_every: Duration::from_millis(50),
            away_after: Duration::from_secs(10),
            opens_away: false,
            may_delete: false,
        }
    }

    /// What every client of ours has in common.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // What of it is shown is decided where it is logged.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "ledgerline")
            // A broker that comes back is found again soon.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("socket.timeout.ms", "10000")
            .set("socket.nagle.disable", "true");
        let ca_file = match &self.security {
            Security::Plain => None,
            Security::Tls { ca_file } => {
                config.set("security.protocol", "ssl");
                ca_file.as_ref()
            }
            Security::TlsAndScram { ca_file, user, password } => {
                config
                    .set("security.protocol", "sasl_ssl")
                    .set("sasl.mechanism", "SCRAM-SHA-512")
                    .set("sasl.username", user)
                    .set("sasl.password", password);
                ca_file.as_ref()
            }
        };
        if let Some(file) = ca_file {
            config.set("ssl.ca.location", file.to_string_lossy());
        }
        config
    }

    /// A producer that keeps order and repeats nothing.
    pub(crate) fn producer(&self) -> ClientConfig {
        // Our own limits are reached first, also by a single group that is all there is.
        let messages = (self.queue_records_max * 2).max(GROUP_RECORDS);
        let bytes = (self.queue_bytes_max * 2).max(GROUP_BYTES);
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", self.compression.word())
            .set("linger.ms", (self.linger.as_secs_f64() * 1000.0).to_string())
            .set("delivery.timeout.ms", self.delivery_max.as_millis().to_string())
            .set("request.timeout.ms", self.delivery_max.as_millis().min(10_000).to_string())
            // A partition's turn is one request.
            .set("batch.num.messages", "10000")
            .set("batch.size", "1000000")
            .set("retry.backoff.ms", "50")
            .set("retry.backoff.max.ms", "500")
            .set("queue.buffering.max.messages", messages.to_string())
            .set("queue.buffering.max.kbytes", (bytes / 1024).to_string());
        config
    }

    /// A consumer that is told what to read, and from where.
    pub(crate) fn new_consumer(&self) -> KafkaResult<Consumer> {
        self.consumer().create_with_context(Said::default())
    }

    fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        let ahead_kib = (self.ahead_bytes_max / 1024).max(1);
        config
            // Partitions are assigned by hand; no group is ever joined.
            .set("group.id", format!("ledgerline-{}", self.topic))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_uncommitted")
            .set("check.crcs", "true")
            .set("fetch.error.backoff.ms", "50")
            .set("fetch.wait.max.ms", "500")
            .set("fetch.message.max.bytes", self.ahead_bytes_max.clamp(1024, 1 << 20).to_string())
            // Where enough was read ahead, and some of it is taken, reading goes on at once.
            .set("fetch.queue.backoff.ms", "2")
            // Reading ahead is limited by bytes alone.
            .set("queued.min.messages", "10000000")
            .set("queued.max.messages.kbytes", ahead_kib.to_string());
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let mut settings = Settings::new("there:9092", 2);
        settings.security = Security::TlsAndScram {
            ca_file: None,
            user: "who".to_owned(),
            password: "secret-word".to_owned(),
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("who") && !shown.contains("secret-word"), "{shown}");
        assert_eq!(settings.client().get("sasl.password"), Some("secret-word"));
    }

    #[test]
    fn a_producer_keeps_order_and_asks_all() {
        let config = Settings::new("there:9092", 2).producer();
        assert_eq!(config.get("enable.idempotence"), Some("true"));
        assert_eq!(config.get("acks"), Some("all"));
    }
}
