//! The plays log: written without waiting for the disk, damaged, opened again.

use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{LogError, PlaysLog, PlaysLogReader};
use ledgerline_ids::PartitionId;
use ledgerline_records::play::PlayAddress;
use ledgerline_segment_log::{OpenError, PlaysOptions, SegmentPlaysLog, SegmentPlaysReader};
use std::sync::Arc;

use crate::damage::{Damage, contents, damaged};
use crate::forge::forged;
use crate::memory::within;
use crate::script::Script;

const PARTITION: PartitionId = PartitionId(3);
const PARTITIONS: u16 = 8;
const STEPS_MAX: usize = 30;
const MEMORY_MAX: usize = 4 << 20;

type PlayAt = (PlayAddress, Vec<u8>);

/// What was appended, how far it was flushed, and how far it was durable.
#[derive(Default)]
struct Written {
    records: Vec<PlayAt>,
    ends: Vec<u64>,
    durable: u64,
}

/// A log of a few frames to which something happens before it is opened again.
///
/// What a crash leaves always opens, with all that was durable. Whatever else happens, a
/// record is found as it was written, or not at all, or a file of the log is named; opening
/// twice is opening once; what is appended afterwards stays.
pub fn plays_log(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let disk = MemoryDisk::new();
    let choice = script.byte();
    let written = write(&disk, &mut script);
    match choice % 4 {
        0 => {
            disk.crash(&mut |limit| {
                script.below(usize::try_from(limit).unwrap_or(usize::MAX)) as u64
            });
            let log = open(&disk).expect("a crash is no damage");
            assert!(log.length() >= written.durable, "{} of {}", log.length(), written.durable);
            check_found(&log, &written, &[]);
            drop(log);
            check_again(&disk, &written);
        }
        1 => {
            let disk = forged(&disk, &mut script);
            let before = contents(&disk);
            match open(&disk) {
                Ok(log) => drop(scan(&*log.reader(), log.length())),
                Err(_) => assert_eq!(contents(&disk), before),
            }
            if let Ok(reader) = open_beside(&disk) {
                let _ = scan(&reader, reader.length());
            }
        }
        _ => {
            let (disk, damages) = damaged(&disk, &mut script);
            check_damaged(&disk, &damages, &written);
        }
    }
}

fn check_damaged(disk: &MemoryDisk, damages: &[Damage], written: &Written) {
    let before = contents(disk);
    if let Ok(reader) = open_beside(disk) {
        let found = scan(&reader, reader.length());
        assert!(found.is_err() || is_written(&found.unwrap_or_default(), written));
    }
    match open(disk) {
        Ok(log) => {
            let durable = log.durable_length();
            assert!(durable <= written.durable && log.length() >= durable);
            let sound = check_found(&log, written, damages);
            drop(log);
            if sound {
                check_again(disk, written);
            }
        }
        Err(error) => {
            assert!(!damages.is_empty(), "{error} of a sound log");
            assert!(!matches!(error, OpenError::Io { .. }), "{error}: nothing refuses here");
            assert!(error.to_string().starts_with("plays/p003/"), "{error}");
            assert_eq!(contents(disk), before, "{error}");
        }
    }
}

fn options() -> PlaysOptions {
    PlaysOptions {
        segment_bytes_max: 256,
        frame_bytes_max: 120,
        recent_bytes_max: 100,
        unsynced_segments_max: 3,
    }
}

fn open(disk: &MemoryDisk) -> Result<SegmentPlaysLog, OpenError> {
    let disk = Arc::new(disk.clone());
    within(MEMORY_MAX, || SegmentPlaysLog::open(disk, PARTITION, PARTITIONS, options()))
}

fn open_beside(disk: &MemoryDisk) -> Result<SegmentPlaysReader, OpenError> {
    SegmentPlaysReader::open(Arc::new(disk.clone()), PARTITION, PARTITIONS)
}

fn write(disk: &MemoryDisk, script: &mut Script<'_>) -> Written {
    let mut log = open(disk).expect("an empty disk is no damage");
    let mut written = Written { durable: log.durable_length(), ..Written::default() };
    for _ in 0..script.below(STEPS_MAX + 1) {
        match script.below(6) {
            0 => log.flush().expect("the disk has no faults"),
            1 => log.sync().expect("the disk has no faults"),
            _ => {
                let filling = u8::try_from(written.records.len()).unwrap_or(u8::MAX);
                let record = vec![filling; script.below(160)];
                let address = log.append(&mut |out| out.extend_from_slice(&record));
                written.records.push((address, record));
            }
        }
        if written.ends.last() != Some(&log.length()) {
            written.ends.push(log.length());
        }
        written.durable = log.durable_length();
    }
    let flushed = log.length();
    written.records.retain(|(address, _)| address.0 < flushed);
    written
}

fn scan(reader: &dyn PlaysLogReader, until: u64) -> Result<Vec<PlayAt>, LogError> {
    let mut found = Vec::new();
    let mut each = |address, record: &[u8]| found.push((address, record.to_vec()));
    within(MEMORY_MAX, || reader.scan(0, until, &mut each))?;
    Ok(found)
}

fn is_written(found: &[PlayAt], written: &Written) -> bool {
    written.records.starts_with(found)
}

// Whether everything that is there is sound.
fn check_found(log: &SegmentPlaysLog, written: &Written, damages: &[Damage]) -> bool {
    let reader = log.reader();
    let found = match scan(&*reader, log.length()) {
        Ok(found) => found,
        // What was durable long ago is verified when it is read.
        Err(error) => {
            assert!(matches!(error, LogError::Damaged { .. }), "{error:?}");
            assert!(!damages.is_empty(), "{error} of a sound log");
            return false;
        }
    };
    assert!(is_written(&found, written), "{found:?} was never written");
    let mut record = Vec::new();
    for (address, expected) in &found {
        log.read(*address, &mut record).expect("it was just read");
        assert_eq!(&record, expected);
    }
    true
}

// Opened once more: nothing changes. Written on, where it ends or cut somewhere: what is there
// then stays, and nothing else.
fn check_again(disk: &MemoryDisk, written: &Written) {
    let before = contents(disk);
    let mut log = open(disk).expect("it was opened just now");
    assert_eq!(contents(disk), before);
    let length = log.length();
    write_on(disk, log, written);
    log = open(disk).expect("it was made durable");
    let middle = written.ends.iter().rfind(|end| **end <= length / 2).copied().unwrap_or(0);
    log.truncate(middle).expect("a frame ends there");
    let address = log.append(&mut |out| out.extend_from_slice(b"later"));
    log.sync().expect("the disk has no faults");
    drop(log);
    disk.crash(&mut |_| 0);
    let log = open(disk).expect("it was made durable");
    let found = scan(&*log.reader(), log.length()).expect("it was made durable");
    let (last, earlier) = found.split_last().expect("one was appended");
    assert_eq!(last, &(address, b"later".to_vec()));
    assert!(is_written(earlier, written));
    let before = written.records.iter().take_while(|(address, _)| address.0 < middle).count();
    assert_eq!(earlier.len(), before);
}

// Something as long as what was lost must not bring back what stood behind that.
fn write_on(disk: &MemoryDisk, mut log: SegmentPlaysLog, written: &Written) {
    let mut expected = scan(&*log.reader(), log.length()).expect("it is sound");
    let lost = written.records.get(expected.len()).map_or(5, |(_, record)| record.len());
    let record = vec![0xee; lost];
    let address = log.append(&mut |out| out.extend_from_slice(&record));
    log.sync().expect("the disk has no faults");
    expected.push((address, record));
    drop(log);
    let log = open(disk).expect("it was made durable");
    assert_eq!(scan(&*log.reader(), log.length()), Ok(expected));
}
