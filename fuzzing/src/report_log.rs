//! The report log: written, damaged, opened again.

use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Clock, LogError, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use ledgerline_segment_log::{OpenError, Options, ReportLogReader, SegmentReportLog, Verify};
use std::sync::Arc;
use std::time::Duration;

use crate::by_hand::ByHand;
use crate::damage::{Damage, contents, damaged};
use crate::forge::{SEGMENT_HEADER_BYTES, forged, frames_of};
use crate::memory::within;
use crate::script::Script;

const PARTITION: PartitionId = PartitionId(0);
/// At most so many frames are written.
const FRAMES_MAX: usize = 12;
/// A log of a few hundred bytes is opened within this, buffers of fixed size included.
const MEMORY_MAX: usize = 4 << 20;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> UnixMs {
        UnixMs::new(1_772_368_496_789).expect("in range")
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// What was acknowledged, and how the log was left.
struct Written {
    records: Vec<Vec<u8>>,
    in_order: bool,
}

/// A log of a few frames to which something happens before it is opened again.
///
/// What was acknowledged and counted is there to the byte, or opening fails, names a file
/// of the log and changes nothing; a changed byte in front of the last frame is named
/// whether it was counted or not; opening twice is opening once; what is appended
/// afterwards stays.
pub fn report_log(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let disk = MemoryDisk::new();
    let choice = script.byte();
    let written = write(&disk, &mut script, choice & 1 == 1);
    let verify = if choice & 2 == 0 { Verify::All } else { Verify::Tail };
    if choice & 4 != 0 {
        let forged = forged(&disk, &mut script);
        return check_forged(&forged, verify, script.number());
    }
    let counted = if choice & 8 == 0 { written.records.len() } else { 0 };
    let (rotten, damages) = damaged(&disk, &mut script);
    let before = contents(&rotten);
    check_reader(&rotten, &written);
    match open(&rotten, verify, counted as u64) {
        Ok(log) => {
            let found = read_all(&log);
            let named = must_be_named(&disk, &damages, written.in_order);
            assert!(!(named && verify == Verify::All), "{damages:?} passed unseen");
            check_found(&found, &written, counted, verify);
            drop(log);
            if let Ok((start, found)) = found {
                check_again(&rotten, verify, start, &found);
            }
        }
        Err(error) => {
            check_refusal(&error, &damages);
            assert_eq!(contents(&rotten), before, "{error}");
        }
    }
}

fn options(verify: Verify) -> Options {
    Options { segment_bytes_max: 256, index_every_bytes: 1, verify, ..Options::new(1) }
}

struct Log {
    log: SegmentReportLog,
    writer: ByHand,
}

fn open(disk: &MemoryDisk, verify: Verify, counted: u64) -> Result<Log, OpenError> {
    let (disk, writer) = (Arc::new(disk.clone()), ByHand::default());
    let (clock, ends) = (Arc::new(StoppedClock), [Position(counted)]);
    let log = within(MEMORY_MAX, || {
        SegmentReportLog::open_driven(disk, clock, &writer, options(verify), &ends)
    })?;
    Ok(Log { log, writer })
}

fn write(disk: &MemoryDisk, script: &mut Script<'_>, in_order: bool) -> Written {
    let log = open(disk, Verify::All, 0).expect("an empty disk is no damage");
    let mut records = Vec::new();
    for _ in 0..script.below(FRAMES_MAX + 1) {
        let mut group = RecordGroup::default();
        for _ in 0..=script.below(3) {
            let record = vec![u8::try_from(records.len()).unwrap_or(u8::MAX); script.below(80)];
            group.push_with(|out| out.extend_from_slice(&record));
            records.push(record);
        }
        append(&log, group);
    }
    if in_order {
        log.log.close();
    }
    Written { records, in_order }
}

fn append(log: &Log, group: RecordGroup) {
    let mut answer = log.log.append(PARTITION, group);
    log.writer.go_round();
    answer.try_recv().expect("the writer has answered").expect("the disk has no faults");
}

/// Where the log begins, and every record from there on. Without its first segments a log is
/// one of which these were released.
fn read_all(Log { log, .. }: &Log) -> Result<(usize, Vec<Vec<u8>>), LogError> {
    let (mut found, start) = (Vec::new(), log.start(PARTITION));
    let mut next = start;
    let end = *log.end(PARTITION).borrow();
    while next < end {
        for frame in log.read(PARTITION, next, 100)? {
            frame.header.verify(frame.payload()).expect("what is read was verified");
            found.extend(records_of(frame.payload()));
            let after = frame.header.first.plus(u64::from(frame.header.count));
            assert!(after > next, "reading gets on");
            next = after;
        }
    }
    Ok((usize::try_from(start.0).unwrap_or(usize::MAX), found))
}

fn records_of(payload: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    Records::new(payload).map_while(|record| record.ok().map(|(_, record)| record.to_vec()))
}

fn check_found(
    found: &Result<(usize, Vec<Vec<u8>>), LogError>,
    written: &Written,
    counted: usize,
    verify: Verify,
) {
    match found {
        Ok((start, found)) => {
            let from_there = written.records.get(*start..).unwrap_or_default();
            assert!(from_there.starts_with(found), "{found:?} from {start} was never written");
            let end = start + found.len();
            assert!(end >= counted, "{end} of {counted} are left");
        }
        // What wasn't verified at opening is verified now.
        Err(error) => assert!(
            verify == Verify::Tail && matches!(error, LogError::Damaged { .. }),
            "{error:?}"
        ),
    }
}

fn check_refusal(error: &OpenError, damages: &[Damage]) {
    assert!(!damages.is_empty(), "{error} of a sound log");
    let file = match error {
        OpenError::Damaged { file, .. }
        | OpenError::Partitions { file, .. }
        | OpenError::Version { file, .. } => file,
        OpenError::Io { .. } => panic!("{error}: nothing refuses here"),
    };
    assert!(file.starts_with("reports/p000/"), "{error}");
}

// Whether the one thing that happened changed a byte that nothing but a rotting disk changes.
fn must_be_named(disk: &MemoryDisk, damages: &[Damage], in_order: bool) -> bool {
    let [Damage::Flipped { path, at }] = damages else { return false };
    let segments: Vec<String> =
        disk.files().into_iter().filter(|path| path.ends_with(".log")).collect();
    if path.ends_with("closed") || in_order || segments.last() != Some(path) {
        return true;
    }
    let frames = frames_of(&disk.contents(path).unwrap_or_default());
    // The last frame may have been torn, and a segment without frames not been finished.
    frames.last().is_some_and(|last| *at < last.offset)
}

// Opened twice more: nothing changes any more, and what is appended then stays.
fn check_again(disk: &MemoryDisk, verify: Verify, start: usize, found: &[Vec<u8>]) {
    let before = contents(disk);
    let end = (start + found.len()) as u64;
    let log = open(disk, verify, end).expect("it was opened just now");
    assert_eq!(read_all(&log), Ok((start, found.to_vec())));
    assert_eq!(contents(disk), before);
    let mut group = RecordGroup::default();
    group.push_with(|out| out.extend_from_slice(b"later"));
    append(&log, group);
    drop(log);
    let log = open(disk, verify, end + 1).expect("it was acknowledged");
    let (_, again) = read_all(&log).expect("it was acknowledged");
    assert_eq!(again.split_last(), Some((&b"later".to_vec(), found)));
}

// A reader beside the writer gives what was written, in order, or says what is wrong.
fn check_reader(disk: &MemoryDisk, written: &Written) {
    let Ok(reader) = ReportLogReader::open(Arc::new(disk.clone()), 1) else { return };
    let (Ok(start), Ok(end)) = (reader.start(PARTITION), reader.end(PARTITION)) else { return };
    let mut found = Vec::new();
    let read = within(MEMORY_MAX, || {
        reader.for_each_frame(PARTITION, start, end, &mut |_, payload| {
            found.extend(records_of(payload));
        })
    });
    if read.is_ok() && start == Position(0) {
        assert!(written.records.starts_with(&found), "{found:?} was never written");
    }
}

fn check_forged(disk: &MemoryDisk, verify: Verify, counted: u64) {
    if let Ok(reader) = ReportLogReader::open(Arc::new(disk.clone()), 1)
        && let (Ok(start), Ok(end)) = (reader.start(PARTITION), reader.end(PARTITION))
    {
        let _ = reader.for_each_frame(PARTITION, start, end, &mut |_, _| {});
    }
    let before = contents(disk);
    let Ok(log) = open(disk, verify, counted) else {
        return assert_eq!(contents(disk), before);
    };
    let found = read_all(&log);
    drop(log);
    let longest = before.iter().filter_map(|(_, bytes)| Some(bytes.as_ref()?.len())).max();
    assert!(longest.is_none_or(|longest| longest >= SEGMENT_HEADER_BYTES) || found.is_ok());
    let log = open(disk, verify, counted).expect("it was opened just now");
    assert_eq!(read_all(&log), found);
}
