//! Group commit, limits, receive times, release.

use crate::support::{
    GatedDisk, P0, TestClock, all, append, end, group, open, read_from, segments, small, small_log,
};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{AppendError, Disk, LocalLog, LogError, ReceivedLog, ReportLog};
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::RecordGroup;
use ledgerline_segment_log::{Options, SegmentReportLog, Verify};
use std::sync::Arc;

fn gated(disk: &GatedDisk, options: Options) -> SegmentReportLog {
    SegmentReportLog::open(Arc::new(disk.clone()), TestClock::at(1000), options, &[]).unwrap()
}

// A log that is writing one group and can't end that.
fn stuck(disk: &GatedDisk, options: Options) -> SegmentReportLog {
    let log = gated(disk, options);
    disk.shut(true);
    drop(log.append(P0, group(&["first"])));
    disk.wait_until_stuck();
    log
}

#[test]
fn groups_that_wait_become_one_frame() {
    let disk = GatedDisk::default();
    let log = stuck(&disk, Options::new(1));
    let texts = (0..1000).map(|number| number.to_string()).collect::<Vec<_>>();
    let waiting = texts.iter().map(|text| log.append(P0, group(&[text]))).collect::<Vec<_>>();
    disk.shut(false);
    for (number, answer) in waiting.into_iter().enumerate() {
        assert_eq!(answer.blocking_recv().unwrap().unwrap().first.0, 1 + number as u64);
    }
    let frames = log.read(P0, Position(1), 1 << 20).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.header.count).collect::<Vec<_>>(), [1000]);
    assert_eq!(all(&log)[1..], texts);
}

#[test]
fn a_commit_is_limited_but_for_one_large_group() {
    let disk = GatedDisk::default();
    let log = stuck(&disk, Options { commit_bytes_max: 100, ..Options::new(1) });
    let sizes = [30, 30, 30, 30, 500, 30, 99, 30];
    let waiting = sizes.map(|size| log.append(P0, group(&[&"x".repeat(size)])));
    disk.shut(false);
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
    let frames = log.read(P0, Position(1), 1 << 20).unwrap();
    let counts = frames.iter().map(|frame| frame.header.count).collect::<Vec<_>>();
    assert_eq!(counts, [3, 1, 1, 1, 1, 1]);
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let limits = [
        Options { queue_bytes_max: 100, ..Options::new(1) },
        Options { queue_groups_max: 2, ..Options::new(1) },
    ];
    for options in limits {
        let disk = GatedDisk::default();
        let log = stuck(&disk, options);
        let text = "x".repeat(40);
        let waiting = [log.append(P0, group(&[&text])), log.append(P0, group(&[&text]))];
        let mut refused = log.append(P0, group(&[&text]));
        assert_eq!(refused.try_recv().unwrap(), Err(AppendError::Busy), "without waiting");
        disk.shut(false);
        for answer in waiting {
            answer.blocking_recv().unwrap().unwrap();
        }
        append(&log, &["there is room again"]);
    }
}

#[test]
fn a_group_larger_than_the_queue_is_taken_alone() {
    let log = open(&MemoryDisk::new(), Options { queue_bytes_max: 100, ..Options::new(1) });
    append(&log, &[&"x".repeat(5000)]);
    append(&log, &[&"x".repeat(5000)]);
    assert_eq!(end(&log), 2);
}

#[test]
fn a_group_that_fits_into_no_frame_is_refused() {
    let log = open(&MemoryDisk::new(), Options::new(1));
    let mut group = RecordGroup::default();
    group.push_with(|out| out.resize(65 << 20, 0));
    let refused = log.append(P0, group).blocking_recv().unwrap();
    assert!(matches!(refused, Err(AppendError::Failed(_))));
    append(&log, &["the log is well"]);
}

#[test]
fn receive_times_never_go_back() {
    let disk = MemoryDisk::new();
    let clock = TestClock::at(5000);
    let reopen = |options: &Options| {
        let disk = Arc::new(disk.clone());
        SegmentReportLog::open(disk, clock.clone(), options.clone(), &[]).unwrap()
    };
    // Every frame in a segment of its own, so that segments begin at all these instants.
    let options = Options { segment_bytes_max: 1, ..Options::new(1) };
    let mut log = reopen(&options);
    for (now, stamped) in [(5000, 5000), (4000, 5000), (6000, 6000), (1, 6000), (7000, 7000)] {
        clock.set(now);
        assert_eq!(append(&log, &["x"]).received_at.get(), stamped);
    }
    for in_order in [true, false] {
        if in_order {
            log.close();
        }
        drop(log);
        clock.set(2000);
        log = reopen(&options);
        assert_eq!(append(&log, &["x"]).received_at.get(), 7000);
    }
}

#[test]
fn a_clock_that_jumps_while_many_append_does_no_harm() {
    let clock = TestClock::at(1_000_000);
    let options = Options { commit_bytes_max: 200, segment_bytes_max: 5000, ..Options::new(1) };
    let disk = Arc::new(MemoryDisk::new());
    let log = SegmentReportLog::open(disk, clock.clone(), options, &[]).unwrap();
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let (log, clock) = (&log, &clock);
            scope.spawn(move || {
                let mut last = None;
                for number in 0..200 {
                    clock.set(1_000_000 + (number * 7919 + sender * 31) % 1000);
                    let appended = append(log, &[&format!("{sender} {number}")]);
                    let stamp = Some((appended.first, appended.received_at));
                    assert!(stamp.map(|s| s.0) > last.map(|(first, _)| first));
                    assert!(stamp.map(|s| s.1) >= last.map(|(_, at)| at));
                    last = stamp;
                }
            });
        }
    });
    let mut last = 0;
    let mut next = Position(0);
    while next.0 < 800 {
        for frame in log.read(P0, next, 1000).unwrap() {
            assert!(frame.header.received_at.get() >= last);
            last = frame.header.received_at.get();
            next = frame.header.first.plus(u64::from(frame.header.count));
        }
    }
}

#[test]
fn whoever_keeps_up_never_reads_the_disk() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(1));
    for number in 0..100u64 {
        append(&log, &["x"]);
        let before = disk.reads();
        assert_eq!(log.read(P0, Position(number), 1000).unwrap().len(), 1);
        assert_eq!(log.read(P0, Position(0), 1 << 20).unwrap().len() as u64, number + 1);
        assert_eq!(disk.reads(), before);
    }
}

#[test]
fn whoever_lags_behind_reads_a_little_of_the_disk() {
    let disk = MemoryDisk::new();
    let options = Options {
        segment_bytes_max: 10 << 20,
        index_every_bytes: 64 << 10,
        tail_bytes_max: 0,
        ..Options::new(1)
    };
    let log = open(&disk, options.clone());
    let text = "x".repeat(10_000);
    for _ in 0..1000 {
        append(&log, &[&text]);
    }
    let check = |log: &SegmentReportLog| {
        for position in (0..1000).step_by(37) {
            let before = disk.reads();
            let frames = log.read(P0, Position(position), 0).unwrap();
            assert_eq!(frames[0].header.first.0, position);
            assert!(disk.reads() - before <= 2, "the index leads there");
        }
    };
    check(&log);
    log.close();
    drop(log);
    check(&open(&disk, options));
}

#[test]
fn the_index_of_a_segment_that_was_not_verified_is_made_while_reading() {
    let disk = MemoryDisk::new();
    let options = Options {
        segment_bytes_max: 5 << 20,
        index_every_bytes: 64 << 10,
        tail_bytes_max: 0,
        verify: Verify::Tail,
        ..Options::new(1)
    };
    let log = open(&disk, options.clone());
    let text = "x".repeat(10_000);
    for _ in 0..1000 {
        append(&log, &[&text]);
    }
    drop(log);
    let log = open(&disk, options);
    let reads_of = |position| {
        let before = disk.reads();
        log.read(P0, Position(position), 0).unwrap();
        disk.reads() - before
    };
    assert!(reads_of(499) > 10);
    assert!(reads_of(498) <= 2);
}

#[test]
fn what_is_released_is_removed_by_segments() {
    let disk = small_log(true);
    let log = open(&disk, small());
    let paths = segments(&disk);
    let rows = [(0, 3, 0), (2, 3, 0), (3, 2, 3), (5, 2, 3), (6, 1, 6), (8, 1, 6), (u64::MAX, 1, 6)];
    for (before, left, start) in rows {
        log.release(P0, Position(before)).unwrap();
        assert_eq!(segments(&disk), paths[3 - left..], "before {before}");
        assert_eq!(log.start(P0), Position(start));
    }
    let refused = read_from(&log, P0, Position(5)).unwrap_err();
    let (wanted, start) = (Position(5), Position(6));
    assert_eq!(refused, LogError::Released { partition: P0, wanted, start });
    assert_eq!(read_from(&log, P0, Position(6)).unwrap().len(), 2);
    append(&log, &["goes on"]);
    log.close();
    drop(log);
    disk.crash(&mut |_| 0);
    let log = open(&disk, small());
    assert_eq!((log.start(P0).0, end(&log)), (6, 9));
}

#[test]
fn a_release_that_is_cut_short_leaves_no_gap() {
    for calls in 1..12 {
        for choice in 0..2 {
            let disk = small_log(false);
            let log = open(&disk, small());
            disk.power_off_at(calls);
            let released = log.release(P0, Position(7));
            drop(log);
            disk.crash(&mut |_| choice);
            let log = open(&disk, small());
            assert_eq!(end(&log), 8);
            assert!(released.is_err() || log.start(P0) == Position(6));
            assert_eq!(
                read_from(&log, P0, log.start(P0)).unwrap().len() as u64,
                8 - log.start(P0).0
            );
        }
    }
}

#[test]
fn a_log_that_is_dropped_forgets_what_waits() {
    let disk = GatedDisk::default();
    let log = stuck(&disk, Options::new(1));
    let waiting = log.append(P0, group(&["waits"]));
    std::thread::scope(|scope| {
        scope.spawn(|| drop(log));
        assert!(waiting.blocking_recv().is_err(), "nobody will know");
        disk.shut(false);
    });
    assert_eq!(all(&gated(&disk, Options::new(1))), ["first"]);
}

#[test]
fn the_mark_of_an_orderly_end_is_gone_while_the_log_is_open() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options::new(3));
    append(&log, &["a"]);
    log.close();
    log.close();
    let marks =
        |disk: &MemoryDisk| disk.files().iter().filter(|path| path.ends_with("/closed")).count();
    assert_eq!(marks(&disk), 3);
    disk.crash(&mut |_| 0);
    assert_eq!(marks(&disk), 3, "it is durable");
    let log = open(&disk, Options::new(3));
    assert_eq!(marks(&disk), 0);
    drop(log);
    disk.crash(&mut |_| 0);
    assert_eq!(marks(&disk), 0, "that it is gone is durable");
    assert_eq!(disk.list("reports/p000").unwrap().len(), 1);
}

#[test]
fn a_segment_that_is_ended_is_released_whole() {
    let disk = MemoryDisk::new();
    let log = open(&disk, small());
    append(&log, &["a"]);
    append(&log, &["b", "c"]);
    let used = log.stored_bytes(P0);
    log.release(P0, Position(3)).unwrap();
    assert_eq!((log.start(P0), log.stored_bytes(P0)), (Position(0), used), "it is written still");
    log.end_segment(P0);
    // What comes behind it is written once it is ended, or before: either is right.
    while log.start(P0) < Position(3) {
        log.release(P0, Position(3)).unwrap();
    }
    assert_eq!(segments(&disk), ["reports/p000/00000000000000000003.log"]);
    assert_eq!(log.stored_bytes(P0), 40);
    // One in which nothing is stays.
    log.end_segment(P0);
    drop(log);
    assert_eq!(segments(&disk), ["reports/p000/00000000000000000003.log"]);
    let log = open(&disk, small());
    assert_eq!((log.start(P0), end(&log)), (Position(3), 3));
    assert_eq!(append(&log, &["d"]).first, Position(3));
    assert_eq!(read_from(&log, P0, Position(3)).unwrap(), ["d"]);
}

#[test]
fn what_was_received_before_keeps_its_time() {
    let disk = MemoryDisk::new();
    let clock = TestClock::at(5_000);
    let log = SegmentReportLog::open(Arc::new(disk.clone()), clock.clone(), small(), &[]).unwrap();
    let before = UnixMs::EPOCH.plus(1_000);
    append(&log, &["now"]);
    let received = log.append_received(P0, group(&["before"]), before).blocking_recv();
    assert_eq!(received.unwrap().unwrap().received_at, before);
    clock.set(4_000);
    append(&log, &["behind"]);
    let frames = log.read(P0, Position(0), 1 << 20).unwrap();
    let times = frames.iter().map(|frame| frame.header.received_at.get());
    assert_eq!(times.collect::<Vec<_>>(), [5_000, 1_000, 5_000]);
    drop((log, frames));
    // What comes now has no time before the latest, whoever wrote that.
    let log = SegmentReportLog::open(Arc::new(disk), clock, small(), &[]).unwrap();
    assert_eq!(append(&log, &["again"]).received_at.get(), 5_000);
}
