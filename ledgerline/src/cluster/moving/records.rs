//! Records go from one log into another, at the same positions and with the same receive times, and are then read
//! back and compared.

use ledgerline_app::ports::{AppendError, Appended, Clock, Frame, LogError, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::KafkaReportLog;
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{RecordGroup, Records};
use ledgerline_segment_log::SegmentReportLog;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

use crate::failure::Failure;
use crate::progress;

/// So much is read at once.
const BYTES_AT_ONCE: usize = 4 << 20;
/// So many records are compared at once.
const COMPARED_AT_ONCE: u64 = 20_000;
/// So many groups wait to be acknowledged.
const WAITING_MAX: usize = 64;

/// A clock that says what it was told.
#[derive(Debug, Clone, Default)]
pub struct GivenClock(Arc<AtomicU64>);

impl GivenClock {
    fn set(&self, at: UnixMs) {
        self.0.store(at.get(), Ordering::Release);
    }
}

impl Clock for GivenClock {
    fn now(&self) -> UnixMs {
        UnixMs::new(self.0.load(Ordering::Acquire)).expect("it was told an instant")
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

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

/// Copies all records into a topic that has none, or the first ones of them already. Says how many there are.
pub fn to_kafka(source: &dyn ReportLog, target: &KafkaReportLog) -> Result<u64, Failure> {
    let bar = progress::count("records");
    let mut records = 0;
    for partition in (0..source.partitions()).map(PartitionId) {
        let end = from_the_first(source, target, partition)?;
        let had = *target.end(partition).borrow();
        let mut waiting: VecDeque<(Position, Receiver<Result<Appended, AppendError>>)> =
            VecDeque::new();
        let mut next = had;
        while next < end {
            for frame in
                source.read(partition, next, BYTES_AT_ONCE).map_err(|error| failed(&error))?
            {
                let group = rest_of(&frame, next)?;
                let count = u64::from(group.count());
                while waiting.len() >= WAITING_MAX {
                    settle(partition, waiting.pop_front())?;
                }
                let at = frame.header.received_at;
                let receiver = append(target, partition, &group, at, &mut waiting)?;
                waiting.push_back((next, receiver));
                next = next.plus(count);
                bar.inc(count);
            }
        }
        while !waiting.is_empty() {
            settle(partition, waiting.pop_front())?;
        }
        compare(source, target, partition, (had, end))?;
        records += end.0;
    }
    bar.finish_and_clear();
    Ok(records)
}

/// Appends a group, once there is room for it: whenever there is none, what waits the longest is waited for.
fn append(
    target: &KafkaReportLog,
    partition: PartitionId,
    group: &RecordGroup,
    at: UnixMs,
    waiting: &mut VecDeque<(Position, Receiver<Result<Appended, AppendError>>)>,
) -> Result<Receiver<Result<Appended, AppendError>>, Failure> {
    loop {
        let mut receiver = target.append_received(partition, group.clone(), at);
        // A log that has no room says so at once.
        match receiver.try_recv() {
            Ok(Err(AppendError::Busy)) if !waiting.is_empty() => {
                settle(partition, waiting.pop_front())?;
            }
            Ok(Err(error)) => return Err(Failure::failed(format!("{error}; {AGAIN}"))),
            Ok(Ok(appended)) => {
                let (answer, receiver) = tokio::sync::oneshot::channel();
                answer.send(Ok(appended)).expect("the receiver is here");
                return Ok(receiver);
            }
            Err(_) => return Ok(receiver),
        }
    }
}

const AGAIN: &str = "nothing has moved yet: begin again with the same words";

/// Waits for an answer, and looks that the records are where they were.
fn settle(
    partition: PartitionId,
    waiting: Option<(Position, Receiver<Result<Appended, AppendError>>)>,
) -> Result<(), Failure> {
    let Some((first, receiver)) = waiting else { return Ok(()) };
    match receiver.blocking_recv() {
        Ok(Ok(appended)) if appended.first == first => Ok(()),
        Ok(Ok(appended)) => Err(Failure::failed(format!(
            "what was at {first} of {partition} came to {}: somebody else writes to the topic; make another",
            appended.first
        ))),
        Ok(Err(error)) => Err(Failure::failed(format!("{error}; {AGAIN}"))),
        Err(_) => Err(Failure::failed(format!("Kafka gave no answer; {AGAIN}"))),
    }
}

/// Copies all records of a topic into a log that has none, or the first ones of them already.
pub fn from_kafka(
    source: &KafkaReportLog,
    target: &SegmentReportLog,
    clock: &GivenClock,
) -> Result<u64, Failure> {
    let bar = progress::count("records");
    let mut records = 0;
    for partition in (0..source.partitions()).map(PartitionId) {
        let end = from_the_first(source, target, partition)?;
        let had = *target.end(partition).borrow();
        let mut next = had;
        while next < end {
            for frame in
                source.read(partition, next, BYTES_AT_ONCE).map_err(|error| failed(&error))?
            {
                let group = rest_of(&frame, next)?;
                let count = u64::from(group.count());
                // One at a time: what waits together gets one receive time.
                clock.set(frame.header.received_at);
                settle(partition, Some((next, target.append(partition, group))))?;
                next = next.plus(count);
                bar.inc(count);
            }
        }
        compare(source, target, partition, (had, end))?;
        records += end.0;
    }
    bar.finish_and_clear();
    Ok(records)
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
