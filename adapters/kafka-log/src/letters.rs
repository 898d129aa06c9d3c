//! Dead letters, read again: listed, and sent back to where they came from once they can be read.

use crate::dead_letters::KafkaDeadLetters;
use crate::said::Consumer;
use crate::settings::Settings;
use crate::watching::all_marks;
use ledgerline_app::ports::LogError;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::{DecodeError, LogRecord};
use rdkafka::consumer::Consumer as _;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A read looks as often whether its time is over.
const POLL_MAX: Duration = Duration::from_millis(100);
/// The header that says why a record is a dead letter, and the one of a note that it was sent back.
pub(crate) const WHY: &str = "why";
pub(crate) const REDRIVEN: &str = "redriven";

/// A record that couldn't be read, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its partition, there as here.
    pub partition: PartitionId,
    /// Where it stands among the dead letters.
    pub number: Position,
    /// Where it stood: `topic/partition/position`.
    pub stood: String,
    /// When it was received.
    pub received_at: UnixMs,
    /// Why it couldn't be read.
    pub why: String,
    /// The record.
    pub bytes: Vec<u8>,
    /// Whether a note says that it was sent back.
    pub redriven: bool,
}

/// Some dead letters of one partition, and where the next ones begin, if there are any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// In their order.
    pub letters: Vec<Letter>,
    /// What to ask for next.
    pub next: Option<Position>,
}

/// Why a letter isn't sent back.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// This program can't read it either.
    #[error("it can't be read still: {0}; a newer program may, or it isn't ours")]
    Unreadable(DecodeError),
    /// It was sent back before.
    #[error("it was sent back already")]
    Redriven,
    /// It stood in another topic than the one that is configured.
    #[error("it stood in {0}, which isn't the topic of the reports")]
    Elsewhere(String),
    /// The brokers don't take it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Letter {
    /// What it says, where it can be read by now: as a program shows it to another.
    ///
    /// # Errors
    /// Why it can't.
    pub fn read(&self) -> Result<String, DecodeError> {
        LogRecord::decode(&self.bytes).map(|record| format!("{record:?}"))
    }

    /// Its bytes in hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl KafkaDeadLetters {
    /// The dead letters of a partition from `from` on, `letters_max` at most.
    ///
    /// # Errors
    /// [`LogError::Io`], where the topic can't be read.
    pub fn list(
        &self,
        partition: PartitionId,
        from: Position,
        letters_max: usize,
    ) -> Result<Letters, LogError> {
        let (start, end) = self.marks(partition)?;
        let mut letters = Vec::new();
        let mut redriven = BTreeSet::new();
        // Notes stand behind what they are of: all is read, and so many are kept.
        let mut next = None;
        self.read(partition, from.max(start), end, &mut |message| {
            let stood = message.key().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
            if header(message, REDRIVEN).is_some() {
                redriven.insert(stood);
            } else if letters.len() < letters_max {
                letters.push(letter_of(message, partition, stood));
            } else if next.is_none() {
                next = u64::try_from(message.offset()).ok().map(Position);
            }
        })?;
        for letter in &mut letters {
            letter.redriven = redriven.contains(&letter.stood);
        }
        Ok(Letters { letters, next })
    }

    /// Sends a letter that can be read by now back to the end of the log, with the receive time it had,
    /// and notes that. Where the note fails it may be sent again, which is harmless: a report that comes
    /// twice is one play.
    ///
    /// # Errors
    /// [`RedriveError`].
    pub fn redrive(&self, letter: &Letter) -> Result<(), RedriveError> {
        LogRecord::decode(&letter.bytes).map_err(RedriveError::Unreadable)?;
        let topic = &self.settings().topic;
        if letter.stood.split('/').next() != Some(topic.as_str()) {
            return Err(RedriveError::Elsewhere(letter.stood.clone()));
        }
        let there = self.list(letter.partition, letter.number, 1)?;
        if there.letters.first().is_some_and(|there| there.redriven) {
            return Err(RedriveError::Redriven);
        }
        self.send(topic, letter, None)?;
        self.send(&self.settings().dead_letters_topic, letter, Some((REDRIVEN, "yes")))?;
        Ok(())
    }

    fn marks(&self, partition: PartitionId) -> Result<(Position, Position), LogError> {
        let own = self.own();
        let consumer = own.new_consumer().map_err(|error| self.failed(&error.to_string()))?;
        let marks = all_marks(&consumer, &own, own.open_max);
        let (starts, ends) = marks.map_err(|detail| self.failed(&detail))?;
        let index = usize::from(partition.0);
        match (starts.get(index), ends.get(index)) {
            (Some(start), Some(end)) => Ok((*start, *end)),
            _ => Err(self.failed(&format!("there is no {partition}"))),
        }
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        end: Position,
        each: &mut dyn FnMut(&BorrowedMessage<'_>),
    ) -> Result<(), LogError> {
        if from >= end {
            return Ok(());
        }
        let own = self.own();
        let consumer: Consumer =
            own.new_consumer().map_err(|error| self.failed(&error.to_string()))?;
        let mut here = TopicPartitionList::with_capacity(1);
        let offset = i64::try_from(from.0).map(Offset::Offset).unwrap_or(Offset::Invalid);
        here.add_partition_offset(&own.topic, i32::from(partition.0), offset)
            .and_then(|()| consumer.assign(&here))
            .map_err(|error| self.failed(&error.to_string()))?;
        let mut came_at = Instant::now();
        let mut next = from;
        while next < end {
            match consumer.poll(POLL_MAX) {
                Some(Ok(message)) => {
                    came_at = Instant::now();
                    next = Position(u64::try_from(message.offset()).unwrap_or_default() + 1);
                    if next <= end {
                        each(&message);
                    }
                }
                // The client itself tries again.
                Some(Err(error)) => tracing::debug!(%error, "reading dead letters"),
                None => {}
            }
            if came_at.elapsed() > own.open_max {
                return Err(self.failed("no letter comes, though there are some"));
            }
        }
        Ok(())
    }

    /// Settings by which their topic is read.
    fn own(&self) -> Settings {
        let settings = self.settings();
        Settings { topic: settings.dead_letters_topic.clone(), ..settings.clone() }
    }

    fn failed(&self, detail: &str) -> LogError {
        let file = self.settings().dead_letters_topic.clone();
        LogError::Io { file, detail: detail.to_owned() }
    }
}

fn letter_of(message: &BorrowedMessage<'_>, partition: PartitionId, stood: String) -> Letter {
    let millis = message.timestamp().to_millis().and_then(|millis| u64::try_from(millis).ok());
    Letter {
        partition,
        number: Position(u64::try_from(message.offset()).unwrap_or_default()),
        stood,
        received_at: millis.and_then(|it| UnixMs::new(it).ok()).unwrap_or(UnixMs::EPOCH),
        why: header(message, WHY).unwrap_or_default(),
        bytes: message.payload().unwrap_or_default().to_vec(),
        redriven: false,
    }
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let headers = message.headers()?;
    let found = headers.iter().find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(found.value.unwrap_or_default()).into_owned())
}
