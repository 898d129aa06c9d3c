//! What became of each report of one play: judged again from the log, on request.

use ledgerline_counting::fraud::{BookEntry, SealedBooks, Side};
use ledgerline_counting::identity::{identity_hash, own_identity, track_hash};
use ledgerline_counting::index::{Homes, IndexEntry};
use ledgerline_counting::{Memory, Partition};
use ledgerline_ids::{DayNo, HashKey, IdentityHash, ListenerHash, PartitionId, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::Records;
use ledgerline_records::play::{PlayAddress, PlayIdentity, PlayRecord};
use ledgerline_records::report::ReportRecord;
use ledgerline_records::verdict::Status;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use crate::judging::{Sieve, play_key};
use crate::plays::ReportView;
use crate::ports::{LogError, PlaysLogReader, ReportLog};

/// So much of the log is read at once: about what a stretch of it has.
const READ_BYTES: usize = 1 << 20;
/// More reports of one play than this are not shown.
const REPORTS_MAX: usize = 10_000;

/// The logs of a partition, and where to look in them.
pub(crate) struct Logs<'a> {
    pub partition: PartitionId,
    pub reports: &'a dyn ReportLog,
    pub plays: &'a dyn PlaysLogReader,
    pub sieve: &'a Sieve,
}

/// The reports of the play whose newest record stands at `address`, each with its verdict.
pub(crate) fn verdicts_of(
    logs: &Logs<'_>,
    key: &HashKey,
    address: PlayAddress,
) -> Result<Vec<ReportView>, LogError> {
    let partition = logs.partition;
    let mut bytes = Vec::new();
    let mut from = Position::default();
    let mut next = Some(address);
    let mut conflict = false;
    while let Some(address) = next {
        logs.plays.read(address, &mut bytes)?;
        let play = decode(&bytes, partition, address)?;
        (from, next) = (play.cause, play.previous);
        conflict |= play.to == Status::Conflict;
    }
    logs.plays.read(address, &mut bytes)?;
    let newest = decode(&bytes, partition, address)?;
    let mut again = Again::new(key, &newest.identity);
    let end = *logs.reports.end(partition).borrow();
    let wanted = from.max(logs.reports.start(partition)).0..end.0;
    let ranges = if conflict {
        // What became known of any recording that its reports name may have a part in it.
        vec![wanted]
    } else {
        let keys = [play_key(again.hash), track_hash(key, newest.track)];
        logs.sieve.ranges(&keys, wanted, None)
    };
    for range in ranges {
        again.read(logs, Position(range.start)..Position(range.end))?;
    }
    Ok(again.reports)
}

fn decode<'b>(
    bytes: &'b [u8],
    partition: PartitionId,
    address: PlayAddress,
) -> Result<PlayRecord<'b>, LogError> {
    PlayRecord::decode(bytes).map_err(|error| LogError::Damaged {
        file: format!("plays/{partition}"),
        offset: address.0,
        detail: error.to_string(),
    })
}

/// A partition that is given the records of one play only.
struct Again<'w> {
    wanted: &'w PlayIdentity<'w>,
    hash: IdentityHash,
    partition: Partition,
    memory: InMemory,
    reports: Vec<ReportView>,
}

impl<'w> Again<'w> {
    fn new(key: &HashKey, wanted: &'w PlayIdentity<'w>) -> Self {
        Self {
            wanted,
            hash: identity_hash(key, wanted),
            partition: Partition::new(*key),
            memory: InMemory::default(),
            reports: Vec::new(),
        }
    }

    /// Takes what of the report log stands in `wanted`.
    fn read(&mut self, logs: &Logs<'_>, wanted: Range<Position>) -> Result<(), LogError> {
        let mut position = wanted.start;
        while position < wanted.end && self.reports.len() < REPORTS_MAX {
            for frame in logs.reports.read(logs.partition, position, READ_BYTES)? {
                let mut at = frame.header.first;
                for record in Records::new(frame.payload()) {
                    if at >= wanted.end {
                        return Ok(());
                    }
                    if at >= wanted.start
                        && let Some(record) = logs.reports.record(logs.partition, at, record)?
                    {
                        self.record(at, frame.header.received_at, &record)?;
                    }
                    at = at.plus(1);
                }
                position = at;
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        position: Position,
        frame_at: UnixMs,
        record: &LogRecord<'_>,
    ) -> Result<(), LogError> {
        let concerns = match record {
            LogRecord::Report(report) => self.concerns(report),
            LogRecord::Adjudicated(decided) => decided.play == *self.wanted,
            LogRecord::TrackFact(_) => true,
            // Fraud is no part of a verdict.
            LogRecord::Tick(_) | LogRecord::DeviceFact(_) | LogRecord::FraudRuling(_) => false,
        };
        if !concerns {
            return Ok(());
        }
        let verdict = self.partition.apply(position, frame_at, record, &mut self.memory)?;
        if let (Some(verdict), LogRecord::Report(report)) = (verdict, record) {
            self.reports.push(ReportView {
                position,
                received_at: ledgerline_counting::timing::received_at(report, frame_at),
                listened_ms: report.listened_ms,
                event: report.event,
                verdict,
            });
        }
        Ok(())
    }

    /// Whether a report is of the play. Only plays with a key or a start can be named.
    fn concerns(&self, report: &ReportRecord<'_>) -> bool {
        own_identity(report).is_some_and(|identity| identity == *self.wanted)
    }
}

/// A plays log in memory, for the handful of records of one play.
#[derive(Default)]
pub(crate) struct InMemory {
    plays: Vec<Vec<u8>>,
}

impl SealedBooks for InMemory {
    type Error = LogError;

    fn page(
        &self,
        _day: DayNo,
        _listener: ListenerHash,
        _each: &mut dyn FnMut(BookEntry),
    ) -> Result<(), LogError> {
        Ok(())
    }

    fn scan_days(
        &self,
        _days: &RangeInclusive<DayNo>,
        _each: &mut dyn FnMut(DayNo, BookEntry),
    ) -> Result<(), LogError> {
        Ok(())
    }

    fn sealed_entries(&self, _day: DayNo) -> u64 {
        0
    }

    fn sealed_day(&self, _day: DayNo, _side: Side) -> Option<DayNo> {
        None
    }
}

impl Memory for InMemory {
    fn find_sealed(
        &mut self,
        _hash: IdentityHash,
        _homes: &Homes,
        _strays: &BTreeSet<DayNo>,
        _clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        Ok(None)
    }

    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), LogError> {
        let index = usize::try_from(address.0).expect("an index of a vector");
        out.clear();
        out.extend_from_slice(&self.plays[index]);
        Ok(())
    }

    fn undecodable(&self, address: PlayAddress) -> LogError {
        LogError::Damaged {
            file: "memory".to_owned(),
            offset: address.0,
            detail: "a record that was just written can't be read".to_owned(),
        }
    }

    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress {
        let mut bytes = Vec::new();
        play.encode(&mut bytes);
        self.plays.push(bytes);
        PlayAddress(self.plays.len() as u64 - 1)
    }
}
