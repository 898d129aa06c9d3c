//! The report log on Kafka.
//!
//! What it is for: the same port as the embedded log, on a topic that several processes write and
//! read. One message is one record: its value the record's bytes, its timestamp (`CreateTime`) the
//! receive time, its partition ours, its offset the position. Any broker that speaks Kafka's
//! protocol with idempotent producers will do.
//! What it refuses: transactions (a consumer's position is committed with the effect instead, so a
//! retry is harmless), consumer groups (who judges a partition is decided by leases), and guessing:
//! an offset that is missing, or a topic that ends before what was acknowledged, is told.
//!
//! Architecture invariant: what is acknowledged is written to all replicas in sync
//! (`acks=all`), and the order in which one process appends to a partition is kept through every
//! retry (idempotence). A group stays together as far as this process is concerned; records of
//! other processes may stand between.
//!
//! In reading order:
//! - [`Settings`]: where the brokers are, who we are, limits
//! - [`topics`]: making and describing the topics
//! - `group`: a group on its way; `sending`: the one thread that gives groups to the producer
//! - `watching`: how far each partition goes, for all that wait for its end
//! - `frames`: messages into frames; `reading`: consumers that jump
//! - [`KafkaReportLog`]; [`KafkaDeadLetters`]: records that nobody can read; [`Letter`]:
//!   read again, and sent back
//! - [`KafkaCountedPlays`]: what counts, told to others
//! - `said`: what Kafka's client complains of; `waiting`: what it answers later

mod counted_plays;
mod dead_letters;
mod error;
mod frames;
mod group;
mod letters;
mod reading;
mod report_log;
mod said;
mod sending;
mod settings;
pub mod topics;
mod turns;
mod waiting;
mod watching;

pub use counted_plays::KafkaCountedPlays;
pub use dead_letters::KafkaDeadLetters;
pub use error::OpenError;
pub use letters::{Letter, Letters, RedriveError};
pub use report_log::KafkaReportLog;
pub use settings::{Compression, Security, Settings};
