//! Disks that are full or fail, and what is answered then.

use crate::support::{P0, all, append, end, group, open, segments, small, try_append, try_open};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{AppendError, Disk, ReportLog};
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::FrameHeader;
use ledgerline_segment_log::Options;
use std::io::ErrorKind;

fn used(disk: &MemoryDisk) -> u64 {
    disk.files().iter().map(|path| disk.contents(path).unwrap().len() as u64).sum()
}

#[test]
fn a_full_disk_refuses_until_there_is_room_again() {
    // Room for part of a frame, of a segment's header, of nothing.
    for room in [0, 1, 31, 39, 40, 50, 90] {
        let disk = MemoryDisk::new();
        let log = open(&disk, small());
        let text = "x".repeat(60);
        for number in 0..8 {
            append(&log, &[&format!("{number} {text}")]);
        }
        disk.limit_bytes(Some(used(&disk) + room));
        for _ in 0..3 {
            assert_eq!(try_append(&log, &[&text]), Err(AppendError::Full), "{room}");
        }
        assert_eq!(end(&log), 8);
        disk.limit_bytes(None);
        assert_eq!(append(&log, &["there is room"]).first.0, 8);
        assert_eq!(all(&log).len(), 9);
        drop(log);
        disk.crash(&mut |_| 0);
        let log = try_open(&disk, small(), 9).unwrap();
        assert_eq!(all(&log)[8], "there is room");
    }
}

#[test]
fn a_smaller_group_may_still_fit() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(1));
    disk.limit_bytes(Some(used(&disk) + 100));
    assert_eq!(try_append(&log, &[&"x".repeat(100)]), Err(AppendError::Full));
    append(&log, &["small"]);
    assert_eq!(all(&log), ["small"]);
}

#[test]
fn want_of_room_that_the_sync_reports_is_no_failure() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(1));
    append(&log, &["a"]);
    disk.fail_syncs(1, ErrorKind::StorageFull);
    assert_eq!(try_append(&log, &["b"]), Err(AppendError::Full));
    append(&log, &["c"]);
    drop(log);
    disk.crash(&mut |_| 1);
    assert_eq!(all(&try_open(&disk, Options::new(1), 2).unwrap()), ["a", "c"]);
}

#[test]
fn after_a_failed_sync_nothing_is_believed_until_a_restart() {
    // 1: the frame's sync; 2: that of cutting it off again, too.
    for failing in [1, 2] {
        for machine_crashes in [true, false] {
            let disk = MemoryDisk::new();
            let log = open(&disk, Options::new(1));
            append(&log, &["a"]);
            disk.fail_syncs(failing, ErrorKind::Other);
            let unknown = log.append(P0, group(&["b"])).blocking_recv();
            assert!(unknown.is_err(), "nobody knows what became of it: {unknown:?}");
            assert!(matches!(try_append(&log, &["c"]), Err(AppendError::Failed(_))));
            assert_eq!(all(&log), ["a"], "what is not durable is not read");
            log.close();
            drop(log);
            assert!(!disk.files().iter().any(|path| path.ends_with("closed")));
            if machine_crashes {
                disk.crash(&mut |limit| limit - 1);
            }
            let log = try_open(&disk, Options::new(1), 1).unwrap();
            assert!(all(&log) == ["a"] || (machine_crashes && all(&log) == ["a", "b"]));
            append(&log, &["d"]);
            let durable = all(&log);
            drop(log);
            disk.crash(&mut |_| 0);
            assert_eq!(all(&try_open(&disk, Options::new(1), 2).unwrap()), durable);
        }
    }
}

#[test]
fn a_failed_write_leaves_nothing_and_fails_the_partition() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(2));
    append(&log, &["a"]);
    disk.fail_writes(1, ErrorKind::Other);
    assert!(matches!(try_append(&log, &["b"]), Err(AppendError::Failed(_))));
    assert!(matches!(try_append(&log, &["c"]), Err(AppendError::Failed(_))));
    let other = log.append(ledgerline_ids::PartitionId(1), group(&["d"])).blocking_recv();
    assert!(other.unwrap().is_ok(), "the other partition is well");
    drop(log);
    assert_eq!(all(&open(&disk, Options::new(2))), ["a"]);
}

#[test]
fn a_failed_sync_of_a_new_segment_fails_the_partition() {
    for (of_folder, choice) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let disk = MemoryDisk::new();
        let log = open(&disk, Options { segment_bytes_max: 1, ..Options::new(1) });
        append(&log, &["a"]);
        if of_folder {
            disk.fail_folder_syncs(1, ErrorKind::Other);
        } else {
            disk.fail_syncs(1, ErrorKind::Other);
        }
        assert!(matches!(try_append(&log, &["b"]), Err(AppendError::Failed(_))));
        assert!(matches!(try_append(&log, &["c"]), Err(AppendError::Failed(_))));
        drop(log);
        disk.crash(&mut |_| choice);
        assert_eq!(all(&try_open(&disk, Options::new(1), 1).unwrap()), ["a"]);
    }
}

// A process that was killed could not sync, and the system failed to write what it left.
#[test]
fn a_frame_that_is_only_in_memory_is_written_again_at_opening() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(1));
    append(&log, &["a"]);
    drop(log);
    let path = segments(&disk).pop().unwrap();
    let file = disk.open_or_create(&path).unwrap();
    let long = "b".repeat(2000);
    let frame = group(&[&long]);
    let header = FrameHeader::of(frame.payload(), 1, Position(1), UnixMs::EPOCH);
    let bytes = [&header.encode(), frame.payload()].concat();
    file.write_at(file.length().unwrap(), &bytes).unwrap();
    drop(file);
    disk.fail_to_write_back();
    let log = open(&disk, Options::new(1));
    append(&log, &["c"]);
    drop(log);
    disk.crash(&mut |_| 0);
    assert_eq!(all(&try_open(&disk, Options::new(1), 3).unwrap()), ["a", &long, "c"]);
}

#[test]
fn a_header_that_is_only_in_memory_is_written_again_at_opening() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options { segment_bytes_max: 1, ..Options::new(1) });
    append(&log, &["a"]);
    disk.fail_syncs(1, ErrorKind::Other);
    assert!(matches!(try_append(&log, &["refused"]), Err(AppendError::Failed(_))));
    drop(log);
    let log = open(&disk, Options::new(1));
    assert_eq!(segments(&disk).len(), 2);
    log.close();
    drop(log);
    disk.crash(&mut |_| 0);
    assert_eq!(all(&try_open(&disk, Options::new(1), 1).unwrap()), ["a"]);
}

#[test]
fn a_disk_that_fails_at_opening_is_named() {
    let disk = MemoryDisk::new();
    open(&disk, small()).close();
    disk.fail_syncs(1, ErrorKind::Other);
    let refused = try_open(&disk, small(), 0).err().unwrap().to_string();
    assert!(refused.starts_with("reports/p000"), "{refused}");
    assert!(refused.ends_with("check the disk and the file's owner, then start again"));
    open(&disk, small());
    assert_eq!(segments(&disk).len(), 1);
}
