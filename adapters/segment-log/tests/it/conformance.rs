use crate::support::TestClock;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, conformance};
use ledgerline_ids::PartitionId;
use ledgerline_local_disk::LocalDisk;
use ledgerline_segment_log::{Options, PlaysOptions, SegmentPlaysLog, SegmentReportLog, Verify};
use std::sync::{Arc, Mutex};

// With the limits of production, and with limits that every case runs into.
fn report_options() -> Vec<Options> {
    let normal = Options::new(2);
    let tight = Options {
        segment_bytes_max: 3000,
        commit_bytes_max: 500,
        tail_bytes_max: 0,
        index_every_bytes: 700,
        ..normal.clone()
    };
    let mixed = Options {
        segment_bytes_max: 5000,
        tail_bytes_max: 2500,
        verify: Verify::Tail,
        ..normal.clone()
    };
    vec![normal, tight, mixed]
}

fn plays_options() -> Vec<PlaysOptions> {
    let normal = PlaysOptions::default();
    let tight = PlaysOptions {
        segment_bytes_max: 2000,
        frame_bytes_max: 300,
        recent_bytes_max: 0,
        unsynced_segments_max: 2,
    };
    let mixed = PlaysOptions { segment_bytes_max: 700, recent_bytes_max: 1500, ..normal.clone() };
    vec![normal, tight, mixed]
}

fn check_report_log(new_disk: &dyn Fn() -> Arc<dyn Disk>) {
    for options in report_options() {
        conformance::report_log::suite(&|| {
            let (disk, options) = (new_disk(), options.clone());
            Box::new(move || {
                let clock = TestClock::at(1_772_368_496_789);
                let log = SegmentReportLog::open(Arc::clone(&disk), clock, options.clone(), &[]);
                Arc::new(log.unwrap())
            })
        });
    }
}

fn check_plays_log(new_disk: &dyn Fn() -> Arc<dyn Disk>) {
    for options in plays_options() {
        conformance::plays_log::suite(&|| {
            let (disk, options) = (new_disk(), options.clone());
            Box::new(move || {
                let log =
                    SegmentPlaysLog::open(Arc::clone(&disk), PartitionId(3), 8, options.clone());
                Box::new(log.unwrap())
            })
        });
    }
}

fn on_local_disks(check: fn(&dyn Fn() -> Arc<dyn Disk>)) {
    // The folders live until the suite has ended.
    let folders = Mutex::new(Vec::new());
    check(&|| {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(folder.path().to_owned());
        folders.lock().unwrap().push(folder);
        Arc::new(disk)
    });
}

#[test]
fn is_a_report_log_in_memory() {
    check_report_log(&|| Arc::new(MemoryDisk::new()));
}

#[test]
fn is_a_report_log_on_this_machine() {
    on_local_disks(check_report_log);
}

#[test]
fn is_a_plays_log_in_memory() {
    check_plays_log(&|| Arc::new(MemoryDisk::new()));
}

#[test]
fn is_a_plays_log_on_this_machine() {
    on_local_disks(check_plays_log);
}
