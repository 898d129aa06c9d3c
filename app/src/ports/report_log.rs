//! The report log: what came in, in the order in which it is judged.

use super::DeadLetters;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES, RecordGroup};
use ledgerline_records::{DecodeError, LogRecord};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Records that are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of the group's first record.
    pub first: Position,
    /// The receive time that the group was stamped with.
    pub received_at: UnixMs,
}

/// Why a group was not appended. Nothing of it will be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Too much is queued already; try again shortly.
    #[error("the report log is busy")]
    Busy,
    /// The disk is full; try again when there is room.
    #[error("the disk of the report log is full")]
    Full,
    /// The disk failed; nothing is accepted any more until a restart has looked at it.
    #[error("the report log failed and accepts nothing until it is restarted: {0}")]
    Failed(String),
    /// The log is being closed.
    #[error("the report log is closing")]
    Closing,
}

/// Why the log can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Bytes that were durable have changed or are gone.
    #[error("{file} is damaged at byte {offset}: {detail}")]
    Damaged {
        /// Which file, relative to the data folder.
        file: String,
        /// Where.
        offset: u64,
        /// What is wrong there.
        detail: String,
    },
    /// The position was released.
    #[error("position {wanted} of {partition} was released; the log begins at {start}")]
    Released {
        /// Which partition.
        partition: PartitionId,
        /// What was asked for.
        wanted: Position,
        /// What there is.
        start: Position,
    },
    /// The disk failed, and what it holds is known only after a restart.
    #[error(
        "{file}: {detail}; what of it is on the disk isn't known: restart the server, which \
         looks, and builds again what is missing"
    )]
    Failed {
        /// Which file, relative to the data folder.
        file: String,
        /// What the system said.
        detail: String,
    },
    /// The system refused; it may be asked again.
    #[error("{file}: {detail}")]
    Io {
        /// Which file, relative to the data folder.
        file: String,
        /// What the system said.
        detail: String,
    },
}

/// A durable frame: its header, and its payload of records.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Position, count and receive time.
    pub header: FrameHeader,
    // As it was written, the header's bytes included: shared with whoever wrote it.
    bytes: Arc<Vec<u8>>,
}

impl Frame {
    /// Of a frame's bytes, which begin with those of `header` and end with its payload.
    ///
    /// # Panics
    /// Where they have another length.
    #[must_use]
    pub fn new(header: FrameHeader, bytes: Arc<Vec<u8>>) -> Self {
        assert_eq!(header.frame_bytes(), bytes.len() as u64, "a frame is whole");
        Self { header, bytes }
    }

    /// The frame's memory, for another one; `None` where somebody else still has it.
    #[must_use]
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        Arc::into_inner(self.bytes)
    }

    /// The records, each after its length.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..]
    }
}

/// A log of partitions. One process writes it.
pub trait ReportLog: Send + Sync + 'static {
    /// How many partitions; fixed when the log was created.
    fn partitions(&self) -> u16;

    /// Queues `group`. The receiver gets its answer once the group is durable, or
    /// certainly not; a receiver that is closed without an answer means *unknown*.
    fn append(
        &self,
        partition: PartitionId,
        group: RecordGroup,
    ) -> oneshot::Receiver<Result<Appended, AppendError>>;

    /// Why the partition takes nothing as long as nothing changes, where that is so:
    /// [`AppendError::Full`] or [`AppendError::Failed`], or [`AppendError::Busy`] where those who keep it are out
    /// of sight. A log that knows no such state has nothing to say.
    fn refusal(&self, _partition: PartitionId) -> Option<AppendError> {
        None
    }

    /// The oldest position that can be read.
    fn start(&self, partition: PartitionId) -> Position;

    /// The position after the last durable record; changes are announced.
    fn end(&self, partition: PartitionId) -> watch::Receiver<Position>;

    /// Frames from the one that holds `from` on: at least one where `from` is before the
    /// end, and then as many as fit into `bytes_max`.
    ///
    /// # Errors
    /// [`LogError`].
    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError>;

    /// Says that what stands before `before` is judged, and so isn't read again soon: the log
    /// needn't keep it in memory.
    fn judged(&self, _partition: PartitionId, _before: Position) {}

    /// Nobody here reads a partition on: what is kept ready for that may go.
    fn set_aside(&self, _partition: PartitionId) {}

    /// What was found to be wrong with the log since it was opened, without anybody reading
    /// there. Then nothing can be read any more; those who wait for the end are woken.
    fn damage(&self, _partition: PartitionId) -> Option<LogError> {
        None
    }

    /// Where records go that nobody can read. A log that several programs can write has such a
    /// place; in one that only we write, they are damage.
    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        None
    }

    /// Allows whole segments before `before` to be removed.
    ///
    /// # Errors
    /// [`LogError`].
    fn release(&self, partition: PartitionId, before: Position) -> Result<(), LogError>;

    /// Accepts nothing more, makes durable what was queued, and notes that the log was
    /// closed in order. Blocks until that is done.
    fn close(&self);
}

/// A log on this machine's disk, of which can be told how much room it takes.
pub trait LocalLog: ReceivedLog {
    /// How many bytes of the disk a partition has.
    fn stored_bytes(&self, partition: PartitionId) -> u64;

    /// Has what is written so far stand in whole segments soon, so that all of it can be released.
    fn end_segment(&self, partition: PartitionId);
}

/// A log that also takes records which were received before, elsewhere.
pub trait ReceivedLog: ReportLog {
    /// As [`ReportLog::append`], with the receive time that the records have. It may lie before that of
    /// records which stand there already.
    fn append_received(
        &self,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> oneshot::Receiver<Result<Appended, AppendError>>;

    /// For how long records stay, by their receive times; `None` where for ever. Blocks.
    ///
    /// # Errors
    /// [`LogError::Io`], where that can't be asked now.
    fn keeps(&self) -> Result<Option<Duration>, LogError>;
}

impl dyn ReportLog {
    /// The record at `position`, as a walk over a payload gave it; `None` where nobody can read
    /// it, and the log has a place for such.
    ///
    /// # Errors
    /// [`LogError::Damaged`], where it has none.
    pub fn record<'r>(
        &self,
        partition: PartitionId,
        position: Position,
        walked: Result<(usize, &'r [u8]), DecodeError>,
    ) -> Result<Option<LogRecord<'r>>, LogError> {
        match walked.and_then(|(_, bytes)| LogRecord::decode(bytes)) {
            Ok(record) => Ok(Some(record)),
            Err(_) if self.dead_letters().is_some() => Ok(None),
            Err(error) => Err(LogError::Damaged {
                file: format!("reports/{partition}"),
                offset: position.0,
                detail: format!("the record at this position: {error}"),
            }),
        }
    }
}
