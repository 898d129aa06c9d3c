//! Reading a partition: consumers that are assigned by hand, and jump.

use crate::frames::Frames;
use crate::said::Consumer;
use crate::settings::Settings;
use crate::watching::Known;
use ledgerline_app::ports::{Frame, LogError};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// One goes on where it ended: whoever judges. The other one jumps: whoever looks something up.
const CURSORS: usize = 2;
/// A read looks as often whether its time is over.
const POLL_MAX: Duration = Duration::from_millis(100);

/// The readers of one partition.
pub(crate) struct Reader {
    settings: Settings,
    partition: PartitionId,
    cursors: Vec<Cursor>,
}

/// A consumer, and what it has read ahead.
struct Cursor {
    consumer: Consumer,
    next: Position,
    /// What was taken from the consumer, and didn't fit into what was asked for.
    held: Option<(UnixMs, Vec<u8>)>,
    /// How often it went on where it ended, since it jumped.
    went_on: u64,
}

impl Reader {
    pub(crate) fn new(settings: Settings, partition: PartitionId) -> Self {
        Self { settings, partition, cursors: Vec::new() }
    }

    /// Closes its consumers; whoever reads again opens them.
    pub(crate) fn set_aside(&mut self) {
        self.cursors.clear();
    }

    /// Frames from `from` on, which is before the partition's end.
    pub(crate) fn read(
        &mut self,
        known: &Known,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError> {
        let mut cursor = self.cursor(from)?;
        let end = known.ends.now(self.partition);
        let read = self.fill(&mut cursor, Frames::new(from, bytes_max), end);
        match read {
            Ok(frames) => {
                cursor.next = frames.next();
                self.cursors.push(cursor);
                Ok(frames.finish())
            }
            // A cursor that failed is made anew.
            Err(error) => Err(self.explain(known, from, error)),
        }
    }

    /// The cursor that stands at `from`, or one that is made to.
    fn cursor(&mut self, from: Position) -> Result<Cursor, LogError> {
        if let Some(index) = self.cursors.iter().position(|cursor| cursor.next == from) {
            let mut cursor = self.cursors.swap_remove(index);
            cursor.went_on += 1;
            return Ok(cursor);
        }
        let free = if self.cursors.len() < CURSORS {
            None
        } else {
            let least = self.cursors.iter().enumerate().min_by_key(|(_, cursor)| cursor.went_on);
            least.map(|(index, _)| index).map(|index| self.cursors.swap_remove(index).consumer)
        };
        let consumer = match free {
            Some(consumer) => consumer,
            None => self.settings.new_consumer().map_err(|error| self.io(&error))?,
        };
        let mut here = TopicPartitionList::with_capacity(1);
        let offset = i64::try_from(from.0).map(Offset::Offset).unwrap_or(Offset::Invalid);
        here.add_partition_offset(&self.settings.topic, i32::from(self.partition.0), offset)
            .and_then(|()| consumer.assign(&here))
            .map_err(|error| self.io(&error))?;
        Ok(Cursor { consumer, next: from, held: None, went_on: 0 })
    }

    /// Takes messages until the frames are full, or the end is there, or time is over.
    fn fill(&self, cursor: &mut Cursor, mut frames: Frames, end: Position) -> Result<Frames, Gone> {
        let began = Instant::now();
        if let Some((at, record)) = cursor.held.take() {
            frames.push(at, &record);
        }
        while frames.next() < end {
            let left = self.settings.read_max.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            let message = match cursor.consumer.poll(left.min(POLL_MAX)) {
                None => continue,
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    if let Some(gone) = Gone::of(&error) {
                        return Err(gone);
                    }
                    // The client itself tries again; what it says is in the log.
                    tracing::debug!(partition = %self.partition, %error, "reading");
                    continue;
                }
            };
            let at = u64::try_from(message.offset()).unwrap_or_default();
            if Position(at) < frames.next() {
                // A batch begins before what was asked for.
                continue;
            }
            if Position(at) > frames.next() {
                return Err(Gone::Gap { expected: frames.next(), found: Position(at) });
            }
            let record = message.payload().unwrap_or_default();
            if !frames.push(received_at(&message), record) {
                cursor.held = Some((received_at(&message), record.to_vec()));
                break;
            }
        }
        if frames.is_empty() { Err(Gone::Late) } else { Ok(frames) }
    }

    fn explain(&self, known: &Known, wanted: Position, gone: Gone) -> LogError {
        let file = self.file();
        match gone {
            Gone::OutOfRange => {
                let start = self.ask_for_start(wanted);
                start.inspect(|start| known.starts_at(self.partition, *start));
                match start {
                    Some(start) if start > wanted => {
                        LogError::Released { partition: self.partition, wanted, start }
                    }
                    _ => LogError::Io {
                        file,
                        detail: format!("the broker has no position {wanted} at the moment"),
                    },
                }
            }
            Gone::Gap { expected, found } => LogError::Damaged {
                file,
                offset: expected.0,
                detail: format!(
                    "the next record stands at {found}: what stood between is gone, or something \
                     else wrote with transactions, or the topic is compacted. Restore the topic"
                ),
            },
            Gone::Other(detail) => LogError::Damaged { file, offset: wanted.0, detail },
            Gone::Late => LogError::Io {
                file,
                detail: format!(
                    "no record came within {} ms, though there are some from position {wanted} on",
                    self.settings.read_max.as_millis()
                ),
            },
        }
    }

    fn ask_for_start(&self, wanted: Position) -> Option<Position> {
        let consumer = self.settings.new_consumer().ok()?;
        let (topic, number) = (&self.settings.topic, i32::from(self.partition.0));
        let marks = consumer.fetch_watermarks(topic, number, self.settings.read_max).ok()?;
        tracing::debug!(partition = %self.partition, %wanted, ?marks, "out of range");
        u64::try_from(marks.0).ok().map(Position)
    }

    fn io(&self, error: &KafkaError) -> LogError {
        LogError::Io { file: self.file(), detail: error.to_string() }
    }

    fn file(&self) -> String {
        format!("{}/{}", self.settings.topic, self.partition)
    }
}

/// When the message's record was received. A time that no report may carry, which only another
/// program can have written, is as old as can be: it moves nothing.
fn received_at(message: &BorrowedMessage<'_>) -> UnixMs {
    let millis = message.timestamp().to_millis().and_then(|millis| u64::try_from(millis).ok());
    millis.and_then(|millis| UnixMs::new(millis).ok()).unwrap_or(UnixMs::EPOCH)
}

/// Why nothing was read.
#[derive(Debug)]
enum Gone {
    /// Nothing came in time.
    Late,
    /// The broker has no such offset.
    OutOfRange,
    /// An offset is missing.
    Gap { expected: Position, found: Position },
    /// What the client says.
    Other(String),
}

impl Gone {
    /// What an error says of the partition; `None` where it may pass.
    fn of(error: &KafkaError) -> Option<Self> {
        match error.rdkafka_error_code()? {
            RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
                Some(Self::OutOfRange)
            }
            RDKafkaErrorCode::InvalidMessage | RDKafkaErrorCode::BadMessage => {
                Some(Self::Other(format!("a batch of messages is damaged: {error}")))
            }
            RDKafkaErrorCode::LogTruncation => Some(Self::Other(
                "the topic was cut back behind what was read: brokers have lost what they \
                 acknowledged. Restore the topic, or rebuild from a backup"
                    .to_owned(),
            )),
            _ => None,
        }
    }
}
