//! Records go from one log into another, at the same positions and with the same receive times, and are then read
//! back and compared.

use ledgerline_app::ports::{AppendError, Appended, Frame, LogError, ReceivedLog, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{RecordGroup, Records};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use tokio::sync::oneshot::Receiver;

use crate::failure::Failure;
use crate::progress;

/// So much is read at once.
const BYTES_AT_ONCE: usize = 4 << 20;
/// So many records are compared at once.
const COMPARED_AT_ONCE: u64 = 20_000;
/// So many groups wait to be acknowledged.
const WAITING_MAX: usize = 64;

/// When the oldest record was received; `None` where there is none.
pub fn oldest(log: &dyn ReportLog) -> Result<Option<UnixMs>, Failure> {
    let mut oldest = None;
    for partition in (0..log.partitions()).map(PartitionId) {
        let frames =
            log.read(partition, log.start(partition), 1).map_err(|error| failed(&error))?;
        let first = frames.first().map(|frame| frame.header.received_at);
        oldest = oldest.into_iter().chain(first).min();
    }
    Ok(oldest)
}

/// Copies all records into a log that has none, or the first ones of them already, and compares them. Says how many
/// there are.
pub fn copy(source: &dyn ReportLog, target: &dyn ReceivedLog) -> Result<u64, Failure> {
    let bar = progress::count("records");
    let mut putting = Putting { target, waiting: VecDeque::new() };
    let mut records = 0;
    for partition in (0..source.partitions()).map(PartitionId) {
        let end = from_the_first(source, target, partition)?;
        let had = *target.end(partition).borrow();
        let mut next = had;
        while next < end {
            let frames = source.read(partition, next, BYTES_AT_ONCE);
            for frame in frames.map_err(|error| failed(&error))? {
                let group = rest_of(&frame, next)?;
                let count = u64::from(group.count());
                putting.put(partition, next, &group, frame.header.received_at)?;
                next = next.plus(count);
                bar.inc(count);
            }
        }
        putting.finish()?;
        compare(source, target, partition, (had, end))?;
        records += end.0;
    }
    bar.finish_and_clear();
    Ok(records)
}

type Answer = Result<Appended, AppendError>;

/// Puts records into a log, each with its receive time; several groups may wait to be acknowledged.
struct Putting<'t> {
    target: &'t dyn ReceivedLog,
    waiting: VecDeque<(PartitionId, Position, Receiver<Answer>)>,
}

impl Putting<'_> {
    /// Puts a group where `first` is.
    fn put(
        &mut self,
        partition: PartitionId,
        first: Position,
        group: &RecordGroup,
        at: UnixMs,
    ) -> Result<(), Failure> {
        while self.waiting.len() >= WAITING_MAX {
            self.settle_one()?;
        }
        loop {
            let mut receiver = self.target.append_received(partition, group.clone(), at);
            // A log that has no room says so at once, and has some once another is acknowledged.
            match receiver.try_recv() {
                Ok(Err(AppendError::Busy)) if !self.waiting.is_empty() => self.settle_one()?,
                Ok(answer) => return look_at(partition, first, answer),
                Err(_) => {
                    self.waiting.push_back((partition, first, receiver));
                    return Ok(());
                }
            }
        }
    }

    /// Waits for the one that has waited for longest.
    fn settle_one(&mut self) -> Result<(), Failure> {
        let oldest = self.waiting.pop_front();
        oldest.map_or(Ok(()), |(partition, first, receiver)| settle(partition, first, receiver))
    }

    /// Waits until all of them are durable.
    fn finish(&mut self) -> Result<(), Failure> {
        while !self.waiting.is_empty() {
            self.settle_one()?;
        }
        Ok(())
    }
}

const AGAIN: &str = "nothing has moved yet: begin again with the same words";

fn settle(
    partition: PartitionId,
    first: Position,
    receiver: Receiver<Answer>,
) -> Result<(), Failure> {
    match receiver.blocking_recv() {
        Ok(answer) => look_at(partition, first, answer),
        Err(_) => Err(Failure::failed(format!("the log gave no answer; {AGAIN}"))),
    }
}

/// Looks that the records are where they were.
fn look_at(partition: PartitionId, first: Position, answer: Answer) -> Result<(), Failure> {
    match answer {
        Ok(appended) if appended.first == first => Ok(()),
        Ok(appended) => Err(Failure::failed(format!(
            "what was at {first} of {partition} came to {}: somebody else writes to the topic; make another",
            appended.first
        ))),
        Err(error) => Err(Failure::failed(format!("{error}; {AGAIN}"))),
    }
}

/// Looks that the source has all its records and the target nothing but the first of them; says where the source
/// ends.
fn from_the_first(
    source: &dyn ReportLog,
    target: &dyn ReportLog,
    partition: PartitionId,
) -> Result<Position, Failure> {
    for (log, what) in [(source, "what is to be moved"), (target, "where it is to go")] {
        let start = log.start(partition);
        if start > Position(0) {
            return Err(Failure::failed(format!(
                "{what} no longer has the records of {partition} before {start}: they were released, and a move \
                 wants them all"
            )));
        }
    }
    let (end, had) = (*source.end(partition).borrow(), *target.end(partition).borrow());
    if had > end {
        return Err(Failure::failed(format!(
            "{partition} has {had} records there and {end} here: something else is there already"
        )));
    }
    compare(source, target, partition, (Position(0), had))?;
    Ok(end)
}

/// The records of a frame from a position on.
fn rest_of(frame: &Frame, from: Position) -> Result<RecordGroup, Failure> {
    let mut group = RecordGroup::default();
    for (record, at) in Records::new(frame.payload()).zip(frame.header.first.0..) {
        let (_, bytes) = record.map_err(|error| Failure::damaged(error.to_string()))?;
        if at < from.0 {
            continue;
        }
        LogRecord::decode(bytes).map_err(|error| {
            Failure::failed(format!(
                "nobody can read the record at {at}, which is among the dead letters ({error}); it can't be \
                 moved into another log"
            ))
        })?;
        group.push_with(|out| out.extend_from_slice(bytes));
    }
    Ok(group)
}

/// Compares positions, receive times and bytes of what both have in a stretch.
fn compare(
    one: &dyn ReportLog,
    other: &dyn ReportLog,
    partition: PartitionId,
    (from, to): (Position, Position),
) -> Result<(), Failure> {
    let mut next = from;
    while next < to {
        let until = Position(to.0.min(next.0 + COMPARED_AT_ONCE));
        if digest(one, partition, (next, until))? != digest(other, partition, (next, until))? {
            return Err(Failure::failed(format!(
                "{partition} differs between {next} and {until}: what is there isn't what is here; make \
                 another topic, or name another folder"
            )));
        }
        next = until;
    }
    Ok(())
}

fn digest(
    log: &dyn ReportLog,
    partition: PartitionId,
    (from, to): (Position, Position),
) -> Result<[u8; 32], Failure> {
    let mut digest = Sha256::new();
    let mut next = from;
    while next < to {
        let frames = log.read(partition, next, BYTES_AT_ONCE).map_err(|error| failed(&error))?;
        if frames.is_empty() {
            return Err(Failure::damaged(format!("{partition} ends at {next}, before {to}")));
        }
        for frame in frames {
            for (record, at) in Records::new(frame.payload()).zip(frame.header.first.0..) {
                let (_, bytes) = record.map_err(|error| Failure::damaged(error.to_string()))?;
                if at < next.0 || at >= to.0 {
                    continue;
                }
                let length = u64::try_from(bytes.len()).expect("memory is counted in 64 bits");
                for number in [at, frame.header.received_at.get(), length] {
                    digest.update(number.to_le_bytes());
                }
                digest.update(bytes);
                next = Position(at + 1);
            }
        }
    }
    Ok(digest.finalize().into())
}

fn failed(error: &LogError) -> Failure {
    Failure::damaged(error.to_string())
}
