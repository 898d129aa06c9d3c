//! The records of a frame: judged, or set apart where nobody can read them.

use ledgerline_counting::Hashes;
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::Records;
use ledgerline_records::{DecodeError, LogRecord};
use std::sync::atomic::Ordering;

use super::{Running, WorkerError};
use crate::ports::{DeadLetter, Frame, LogError};

/// So many records are prepared before the first of them is judged.
const PREPARED: usize = 16;

/// What stands at a position, before it is judged.
#[expect(clippy::large_enum_variant, reason = "nearly all are records, sixteen at a time")]
enum Prepared<'r> {
    /// A record, and its hashes.
    Record(LogRecord<'r>, Hashes),
    /// Bytes that nobody can read, and why.
    Letter(&'r [u8], DecodeError),
}

impl Running {
    /// Judges a frame's records before `until`. Says whether that could be done with all of them.
    pub(super) fn judge_frame(
        &mut self,
        frame: &Frame,
        until: Position,
    ) -> Result<bool, WorkerError> {
        let at = frame.header.received_at;
        let mut records = Records::new(frame.payload());
        let mut position = frame.header.first;
        let mut some = Vec::with_capacity(PREPARED);
        loop {
            let begun_at = position;
            for record in records.by_ref().take(PREPARED) {
                let undecodable = |error: DecodeError| WorkerError::Record {
                    position,
                    detail: error.to_string(),
                };
                let (_, bytes) = record.map_err(undecodable)?;
                if (self.position..until).contains(&position) {
                    some.push((position, self.prepare(at, bytes).map_err(undecodable)?));
                }
                position = position.plus(1);
            }
            if position == begun_at {
                return Ok(true);
            }
            let hashes = some.iter().filter_map(|(_, prepared)| match prepared {
                Prepared::Record(_, hashes) => Some(hashes),
                Prepared::Letter(..) => None,
            });
            self.partition.touch(hashes);
            for (position, prepared) in some.drain(..) {
                match prepared {
                    Prepared::Record(record, hashes) => {
                        self.judge(position, at, &record, hashes)?;
                    }
                    Prepared::Letter(bytes, why) => {
                        if !self.set_apart(position, at, bytes, &why.to_string())? {
                            return Ok(false);
                        }
                    }
                }
            }
        }
    }

    /// Reads what stands at a position. Without a place for what nobody can read, that is an
    /// error: then the log is damaged.
    fn prepare<'r>(&self, at: UnixMs, bytes: &'r [u8]) -> Result<Prepared<'r>, DecodeError> {
        match LogRecord::decode(bytes) {
            Ok(record) => {
                let hashes = self.partition.prepare(at, &record);
                Ok(Prepared::Record(record, hashes))
            }
            Err(error) if self.log.dead_letters().is_some() => Ok(Prepared::Letter(bytes, error)),
            Err(error) => Err(error),
        }
    }

    /// Keeps what nobody can read where such is kept, and goes on behind it: it will be the same
    /// tomorrow, and what comes after it must be counted. Says whether that could be done.
    fn set_apart(
        &mut self,
        position: Position,
        received_at: UnixMs,
        bytes: &[u8],
        why: &str,
    ) -> Result<bool, WorkerError> {
        let partition = self.commit.partition;
        // What is committed was kept before it was, and what a follower judges is committed.
        if let Some(letters) = self.log.dead_letters()
            && position >= self.committed_before
            && self.owns().is_some()
        {
            match letters.keep(&DeadLetter { partition, position, received_at, bytes, why }) {
                Ok(()) => {}
                Err(error @ LogError::Io { .. }) => {
                    self.stall(&error.to_string());
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
            tracing::warn!(%partition, %position, why, "a record that nobody can read is set apart");
            self.metrics.undecodable.fetch_add(1, Ordering::Relaxed);
        }
        self.passed(position)?;
        Ok(true)
    }
}
