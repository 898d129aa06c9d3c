//! How fast a partition takes groups. Run with
//! `cargo test --release -p ledgerline-segment-log speed -- --ignored --nocapture`.

use crate::support::{P0, TestClock};
use ledgerline_app::ports::{AppendError, Appended, Disk, PlaysLog, ReportLog};
use ledgerline_ids::{PartitionId, Position};
use ledgerline_local_disk::LocalDisk;
use ledgerline_records::frame::RecordGroup;
use ledgerline_segment_log::{Options, PlaysOptions, SegmentPlaysLog, SegmentReportLog};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

const RECORD_BYTES: u8 = 130;
const GROUP_RECORDS: u8 = 250;
const TOTAL_BYTES: usize = 2 << 30;
const WAITING_MAX: usize = 1024;

fn report(what: &str, bytes: usize, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!("{:7.0} MB/s {what}", bytes as f64 / 1e6 / seconds);
}

// The peer: the same number of bytes, written and synced in pieces as large as a commit.
fn bare_writes(disk: &dyn Disk) {
    let file = disk.open_or_create("bare").unwrap();
    let chunk = vec![7u8; 8 << 20];
    let started = Instant::now();
    for number in 0..TOTAL_BYTES / chunk.len() {
        file.write_at((number * chunk.len()) as u64, &chunk).unwrap();
        file.sync().unwrap();
    }
    report("bare writes of 8 MiB and fdatasync", TOTAL_BYTES, started);
    disk.remove("bare").unwrap();
}

fn group() -> RecordGroup {
    let mut group = RecordGroup::default();
    for number in 0..GROUP_RECORDS {
        group.push_with(|out| out.extend((0..RECORD_BYTES).map(|at| at.wrapping_mul(31) ^ number)));
    }
    group
}

fn append(log: &SegmentReportLog) {
    let group = group();
    let bytes = group.payload().len();
    let mut waiting: VecDeque<oneshot::Receiver<Result<Appended, AppendError>>> = VecDeque::new();
    let started = Instant::now();
    for _ in 0..TOTAL_BYTES / bytes {
        if waiting.len() == WAITING_MAX {
            waiting.pop_front().unwrap().blocking_recv().unwrap().unwrap();
        }
        waiting.push_back(log.append(P0, group.clone()));
    }
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
    report("report log, one partition, durable", TOTAL_BYTES, started);
}

fn read(log: &SegmentReportLog) {
    let end = *log.end(P0).borrow();
    let (mut next, mut bytes) = (Position(0), 0);
    let started = Instant::now();
    while next < end {
        for frame in log.read(P0, next, 8 << 20).unwrap() {
            bytes += frame.payload().len();
            next = frame.header.first.plus(u64::from(frame.header.count));
        }
    }
    report("report log, read and verified", bytes, started);
}

fn plays(disk: &Arc<dyn Disk>) {
    let mut log =
        SegmentPlaysLog::open(Arc::clone(disk), PartitionId(0), 1, PlaysOptions::default())
            .unwrap();
    let record = [9u8; RECORD_BYTES as usize];
    let started = Instant::now();
    let count = TOTAL_BYTES / record.len();
    for number in 0..count {
        log.append(&mut |out| out.extend_from_slice(&record));
        if number % 10_000 == 0 {
            log.flush().unwrap();
        }
    }
    log.sync().unwrap();
    report("plays log, a flush every 10 000 records", TOTAL_BYTES, started);
}

#[test]
#[ignore = "it measures"]
fn rates() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(folder.path().to_owned()));
    bare_writes(&*disk);
    let open = || {
        let clock = TestClock::at(1);
        SegmentReportLog::open(Arc::clone(&disk), clock, Options::new(1), &[]).unwrap()
    };
    let log = open();
    append(&log);
    log.close();
    bare_writes(&*disk);
    let started = Instant::now();
    let log = open();
    report("report log, verified at opening", TOTAL_BYTES, started);
    read(&log);
    drop(log);
    plays(&disk);
    bare_writes(&*disk);
}
