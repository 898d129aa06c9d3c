//! The plays log: every change of every play, derived from the report log.
//!
//! Its address space is the bytes of its partition's files laid end to end. It is
//! written without waiting for the disk: it can be derived again from a snapshot on.

use ledgerline_ids::PartitionId;
use ledgerline_records::play::PlayAddress;
use std::sync::Arc;

use super::report_log::LogError;

/// The writing end; one worker has it.
pub trait PlaysLog: Send + 'static {
    /// Appends one record that `encode` writes, and says where it stands. The record can
    /// be read at once through this value, and by others after [`PlaysLog::flush`].
    fn append(&mut self, encode: &mut dyn FnMut(&mut Vec<u8>)) -> PlayAddress;

    /// Hands what was appended to the system as one frame.
    ///
    /// # Errors
    /// [`LogError`]; what was appended is kept, and the next flush tries again.
    fn flush(&mut self) -> Result<(), LogError>;

    /// Flushes and makes everything durable.
    ///
    /// # Errors
    /// [`LogError`].
    fn sync(&mut self) -> Result<(), LogError>;

    /// The log's length in bytes, what was flushed only.
    fn length(&self) -> u64;

    /// Cuts the log to `length`, which must be the end of a frame.
    ///
    /// # Errors
    /// [`LogError`].
    fn truncate(&mut self, length: u64) -> Result<(), LogError>;

    /// Copies the record at `address` into `out`, which is emptied first.
    ///
    /// # Errors
    /// [`LogError`].
    fn read(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError>;

    /// A reading end that other threads may use.
    fn reader(&self) -> Arc<dyn PlaysLogReader>;
}

/// Opens a node's plays logs, each time that one is needed.
pub trait OpenPlaysLog: Send + Sync + 'static {
    /// Opens that of a partition, as it stands on the disk.
    ///
    /// # Errors
    /// [`LogError`].
    fn open(&self, partition: PartitionId) -> Result<Box<dyn PlaysLog>, LogError>;
}

/// The reading end; it sees what was flushed.
pub trait PlaysLogReader: Send + Sync + 'static {
    /// Copies the record at `address` into `out`, which is emptied first.
    ///
    /// # Errors
    /// [`LogError`].
    fn read(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError>;

    /// Gives the records of the whole frames in `from..until` to `each`, in order, checked
    /// against their checksums. `from` must be the beginning of a frame (0 is one).
    ///
    /// # Errors
    /// [`LogError`].
    fn scan(
        &self,
        from: u64,
        until: u64,
        each: &mut dyn FnMut(PlayAddress, &[u8]),
    ) -> Result<(), LogError>;
}

/// A file of a plays log, from its beginning on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaysFile {
    /// Its path in the data folder.
    pub path: String,
    /// How many of its bytes, from the first on, belong to the log up to a point.
    pub bytes: u64,
}

/// Which files a node's plays logs are: what a copy of one consists of.
pub trait PlaysFiles: Send + Sync + 'static {
    /// The files of a partition's log up to the address `until`, which is the end of a frame; oldest
    /// first. Bytes that stand before a snapshot's length never change.
    ///
    /// # Errors
    /// [`LogError`], also where the log ends before `until`.
    fn files(&self, partition: PartitionId, until: u64) -> Result<Vec<PlaysFile>, LogError>;
}
