//! The bytes on the disk, computed by another program (Python's struct and zlib).

use crate::support::{TestClock, group};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{PlaysLog, ReportLog};
use ledgerline_ids::PartitionId;
use ledgerline_segment_log::{Options, PlaysOptions, SegmentPlaysLog, SegmentReportLog};
use std::sync::Arc;

const FIRST_SEGMENT: &[&str] = &[
    // magic, version 1, reports, partition 1 of 2, position 0, byte 0, mark 0, checksum
    "4c4c53470100010001000200000000000000000000000000000000000000000000000000621758e1",
    // magic, 5 bytes, checksum, 2 records, position 0, receive time; `a`, `bb`
    "4c4c46310500000092d0d97d020000000000000000000000950865a99c0100000161026262",
];
const SECOND_SEGMENT: &[&str] = &[
    // position 2, byte 37, marked with the receive time
    "4c4c5347010001000100020002000000000000002500000000000000950865a99c010000d1ded0d2",
    // `ccc`
    "4c4c463104000000e7072de0010000000200000000000000950865a99c01000003636363",
];
const CLOSED: &[&str] = &[
    // magic, version 1, partition 1, end 3, last segment 2, its length 76, checksum
    "4c4c434c01000100030000000000000002000000000000004c00000000000000ef570e29",
];
const FIRST_PLAYS: &[&str] = &[
    // plays, partition 3 of 8
    "4c4c5347010002000300080000000000000000000000000000000000000000000000000093aef1e6",
    // `play`
    "4c4c463105000000bb49fb10010000000000000000000000000000000000000004706c6179",
];
const SECOND_PLAYS: &[&str] = &[
    // position 1, byte 37, durable up to there
    "4c4c53470100020003000800010000000000000025000000000000002500000000000000ed0124bb",
    // `next`
    "4c4c463105000000a30487d50100000001000000000000000000000000000000046e657874",
];

fn check(disk: &MemoryDisk, path: &str, expected: &[&str]) {
    let hex = |byte: &u8| format!("{byte:02x}");
    let found = disk.contents(path).unwrap().iter().map(hex).collect::<String>();
    assert_eq!(found, expected.concat(), "{path}");
}

#[test]
fn segments_of_reports() {
    let disk = MemoryDisk::new();
    let clock = TestClock::at(1_772_368_496_789);
    let options = Options { segment_bytes_max: 1, ..Options::new(2) };
    let log = SegmentReportLog::open(Arc::new(disk.clone()), clock, options, &[]).unwrap();
    for texts in [&["a", "bb"][..], &["ccc"]] {
        log.append(PartitionId(1), group(texts)).blocking_recv().unwrap().unwrap();
    }
    log.close();
    check(&disk, "reports/p001/00000000000000000000.log", FIRST_SEGMENT);
    check(&disk, "reports/p001/00000000000000000002.log", SECOND_SEGMENT);
    check(&disk, "reports/p001/closed", CLOSED);
}

#[test]
fn segments_of_plays() {
    let disk = MemoryDisk::new();
    let options = PlaysOptions { segment_bytes_max: 1, ..PlaysOptions::default() };
    let mut log =
        SegmentPlaysLog::open(Arc::new(disk.clone()), PartitionId(3), 8, options).unwrap();
    let address = log.append(&mut |out| out.extend_from_slice(b"play"));
    assert_eq!(address.0, 32, "behind the frame's header");
    log.sync().unwrap();
    let address = log.append(&mut |out| out.extend_from_slice(b"next"));
    assert_eq!(address.0, 37 + 32);
    log.sync().unwrap();
    check(&disk, "plays/p003/00000000000000000000.log", FIRST_PLAYS);
    check(&disk, "plays/p003/00000000000000000037.log", SECOND_PLAYS);
}
