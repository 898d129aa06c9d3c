//! What a crash tore is cut off; everything else is refused, and the disk left as it is.

use crate::support::{all, all_contents, append, end, open, segments, small, small_log, try_open};
use ledgerline_app::ports::ReportLog;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_segment_log::{OpenError, Options, Verify};

const FRAME_BYTES: usize = 32 + 31;

fn damaged(disk: &MemoryDisk, options: Options, expected_end: u64) -> (String, u64, String) {
    let before = all_contents(disk);
    let refused = try_open(disk, options, expected_end).err().expect("it is damaged");
    assert_eq!(all_contents(disk), before, "a damaged log is left as it is");
    let text = refused.to_string();
    match refused {
        OpenError::Damaged { file, offset, .. } => (file, offset, text),
        other => panic!("{other}"),
    }
}

fn tamper(disk: &MemoryDisk, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> MemoryDisk {
    let disk = disk.copy();
    let mut bytes = disk.contents(path).unwrap();
    change(&mut bytes);
    disk.tamper(path, bytes);
    disk
}

// The last frame of the last segment, with other bytes from each of its bytes on.
fn tears(disk: &MemoryDisk) -> Vec<MemoryDisk> {
    let last = segments(disk).pop().unwrap();
    let length = disk.contents(&last).unwrap().len();
    let mut torn = Vec::new();
    for at in length - FRAME_BYTES..length {
        if at > length - FRAME_BYTES {
            torn.push(tamper(disk, &last, |bytes| bytes.truncate(at)));
        }
        torn.push(tamper(disk, &last, |bytes| bytes[at..].fill(0)));
        torn.push(tamper(disk, &last, |bytes| bytes[at..].fill(0xa5)));
    }
    torn
}

#[test]
fn a_torn_last_frame_is_cut_off_after_a_crash() {
    for disk in tears(&small_log(false)) {
        let log = open(&disk, small());
        assert_eq!(end(&log), 7);
        assert_eq!(append(&log, &["after the crash"]).first.0, 7);
        log.close();
        assert_eq!(all(&open(&disk, small())).last().unwrap(), "after the crash");
    }
}

#[test]
fn a_torn_last_frame_is_damage_if_it_was_counted() {
    let last = segments(&small_log(false)).pop().unwrap();
    for disk in tears(&small_log(false)) {
        let (file, _, text) = damaged(&disk, small(), 8);
        assert_eq!(file, last);
        assert!(text.contains("at position 7, but 8 was counted"), "{text}");
        assert!(text.ends_with("restore this file from a backup, or run `ledgerline doctor`"));
    }
}

#[test]
fn a_torn_last_frame_is_damage_after_an_orderly_end() {
    let last = segments(&small_log(true)).pop().unwrap();
    for disk in tears(&small_log(true)) {
        let (file, ..) = damaged(&disk, small(), 0);
        assert_eq!(file, last);
    }
}

#[test]
fn a_whole_frame_that_is_gone_is_damage_after_an_orderly_end() {
    let disk = small_log(true);
    let last = segments(&disk).pop().unwrap();
    let disk = tamper(&disk, &last, |bytes| bytes.truncate(bytes.len() - FRAME_BYTES));
    let (file, _, text) = damaged(&disk, small(), 0);
    assert_eq!(file, last);
    assert!(text.contains("closed in order at position 8"), "{text}");
}

#[test]
fn any_flipped_byte_is_found_after_an_orderly_end() {
    let disk = small_log(true);
    for verify in [Verify::All, Verify::Tail, Verify::Unsealed] {
        let mut flips = 0;
        for (path, contents) in all_contents(&disk) {
            let sealed = path.ends_with(".log") && path != *segments(&disk).last().unwrap();
            for at in 0..contents.len() {
                // The frames of earlier segments are left to the reader then, or to the
                // verifying behind the start: see `sealed.rs`.
                if verify != Verify::All && sealed && at >= 40 {
                    continue;
                }
                let disk = tamper(&disk, &path, |bytes| bytes[at] ^= 0x10);
                let options = Options { verify, ..small() };
                let before = all_contents(&disk);
                assert!(try_open(&disk, options, 0).is_err(), "{path} at {at}");
                assert_eq!(all_contents(&disk), before);
                flips += 1;
            }
        }
        assert!(flips > 200, "{flips}");
    }
}

#[test]
fn any_flipped_byte_is_found_after_a_crash_or_is_in_the_last_frame() {
    let disk = small_log(false);
    let last = segments(&disk).pop().unwrap();
    for (path, contents) in all_contents(&disk) {
        for at in 0..contents.len() {
            let flipped = tamper(&disk, &path, |bytes| bytes[at] ^= 0x10);
            let before = all_contents(&flipped);
            let last_frame = path == last && at >= contents.len() - FRAME_BYTES;
            for expected_end in [8, 7, 0] {
                match try_open(&flipped.copy(), small(), expected_end) {
                    Ok(log) => {
                        assert!(last_frame && expected_end < 8, "{path} at {at}");
                        assert_eq!(end(&log), 7);
                    }
                    Err(_) => assert!(!last_frame || expected_end == 8, "{path} at {at}"),
                }
            }
            if !last_frame {
                assert!(try_open(&flipped, small(), 0).is_err());
                assert_eq!(all_contents(&flipped), before, "a damaged log is left as it is");
            }
        }
    }
}

#[test]
fn a_flipped_byte_that_opening_passed_over_is_found_by_reading() {
    let disk = small_log(true);
    let first = segments(&disk).remove(0);
    let contents = disk.contents(&first).unwrap();
    for at in 40..contents.len() {
        let disk = tamper(&disk, &first, |bytes| bytes[at] ^= 0x10);
        let options = Options { verify: Verify::Tail, tail_bytes_max: 0, ..small() };
        let log = open(&disk, options);
        let read = crate::support::read_from(&log, crate::support::P0, ledgerline_ids::Position(0));
        assert!(read.is_err(), "{at}");
    }
}

#[test]
fn damage_names_the_frame() {
    let disk = small_log(false);
    let paths = segments(&disk);
    for (path, at, frame) in [(&paths[0], 50, 40), (&paths[1], 40 + 63 + 5, 40 + 63)] {
        let disk = tamper(&disk, path, |bytes| bytes[at] ^= 1);
        let (file, offset, text) = damaged(&disk, small(), 0);
        assert_eq!((&file, offset), (path, frame), "{text}");
    }
}

#[test]
fn a_missing_segment_is_damage() {
    for in_order in [true, false] {
        for verify in [Verify::All, Verify::Tail, Verify::Unsealed] {
            let disk = small_log(in_order);
            let paths = segments(&disk);
            ledgerline_app::ports::Disk::remove(&disk, &paths[1]).unwrap();
            let (file, offset, text) = damaged(&disk, Options { verify, ..small() }, 0);
            assert_eq!((&file, offset), (&paths[0], 40 + 3 * FRAME_BYTES as u64));
            assert!(text.contains(&paths[2]), "{text}");
        }
    }
}

#[test]
fn a_missing_last_segment_is_damage_if_it_was_counted_or_the_end_was_orderly() {
    for (in_order, expected_end, refused) in [(true, 0, true), (false, 7, true), (false, 6, false)]
    {
        let disk = small_log(in_order);
        let last = segments(&disk).pop().unwrap();
        ledgerline_app::ports::Disk::remove(&disk, &last).unwrap();
        assert_eq!(try_open(&disk, small(), expected_end).is_err(), refused);
    }
}

#[test]
fn a_log_that_is_gone_is_damage_if_it_was_counted() {
    let (file, offset, text) = damaged(&MemoryDisk::new(), small(), 5);
    assert_eq!((file.as_str(), offset), ("reports/p000/00000000000000000000.log", 0));
    assert!(text.contains("at position 0, but 5 was counted"), "{text}");
}

#[test]
fn an_earlier_segment_that_was_cut_is_damage() {
    for verify in [Verify::All, Verify::Tail, Verify::Unsealed] {
        let disk = small_log(false);
        let path = segments(&disk).remove(0);
        for cut in [1, FRAME_BYTES, FRAME_BYTES + 1] {
            let disk = tamper(&disk, &path, |bytes| bytes.truncate(bytes.len() - cut));
            let (file, ..) = damaged(&disk, Options { verify, ..small() }, 0);
            assert_eq!(file, path);
        }
    }
}

/// Its checksums are right, and its positions such that their sum overflows.
#[test]
fn a_segment_where_no_log_gets_to_is_damage() {
    let small_log = small_log(false);
    let mut bytes = small_log.contents(&segments(&small_log)[0]).unwrap();
    bytes[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..36]);
    bytes[36..40].copy_from_slice(&checksum.to_le_bytes());
    let (disk, path) = (MemoryDisk::new(), format!("reports/p000/{}.log", u64::MAX));
    disk.tamper(&path, bytes);
    for verify in [Verify::All, Verify::Tail] {
        let (file, offset, _) = damaged(&disk, Options { verify, ..small() }, 0);
        assert_eq!((file, offset), (path.clone(), 0));
    }
}

#[test]
fn a_last_segment_without_a_header_was_being_created() {
    let next = "reports/p000/00000000000000000008.log";
    for bytes in [vec![], vec![0; 40], b"LLSG\x01".to_vec()] {
        let disk = small_log(false);
        disk.tamper(next, bytes.clone());
        let log = open(&disk, small());
        assert_eq!(end(&log), 8);
        append(&log, &["goes on"]);
        drop(log);
        assert_eq!(all(&open(&disk, small())).len(), 9);

        // As it is where the log was closed in order while its disk was full.
        let disk = small_log(true);
        disk.tamper(next, bytes.clone());
        let log = open(&disk, small());
        assert_eq!(end(&log), 8);
        append(&log, &["goes on"]);
        drop(log);
        assert_eq!(all(&open(&disk, small())).len(), 9);

        // Unless something else is wrong.
        let disk = small_log(true);
        disk.tamper("reports/p000/00000000000000000009.log", bytes.clone());
        damaged(&disk, small(), 0);
        let disk = small_log(false);
        disk.tamper("reports/p000/00000000000000000009.log", bytes.clone());
        damaged(&disk, small(), 0);
        let torn = tamper(&small_log(false), &segments(&disk)[2], |bytes| {
            bytes.pop();
        });
        torn.tamper(next, bytes);
        damaged(&torn, small(), 0);
    }
    for in_order in [false, true] {
        let disk = small_log(in_order);
        disk.tamper(next, vec![0; 41]);
        damaged(&disk, small(), 0);
    }
}

#[test]
fn more_than_one_frame_at_the_end_is_no_tear() {
    // A hole of one frame with a sound frame behind it.
    let disk = small_log(false);
    let last = segments(&disk).pop().unwrap();
    let disk = tamper(&disk, &last, |bytes| bytes[40..40 + FRAME_BYTES].fill(0));
    let (file, offset, text) = damaged(&disk, small(), 0);
    assert_eq!((file, offset), (last, 40));
    assert!(text.contains("a sound frame follows at byte 103"), "{text}");
}

#[test]
fn the_number_of_partitions_is_fixed() {
    for wanted in [1, 2, 8] {
        let disk = MemoryDisk::new();
        open(&disk, Options::new(4)).close();
        let refused = try_open(&disk, Options::new(wanted), 0).err().unwrap();
        let text = refused.to_string();
        assert!(matches!(refused, OpenError::Partitions { found: 4, .. }), "{text}");
        assert!(text.contains(&format!("a log with 4 partitions, not {wanted}")), "{text}");
    }
}

#[test]
fn a_newer_version_is_left_alone() {
    let disk = small_log(false);
    let path = segments(&disk).remove(0);
    let disk = tamper(&disk, &path, |bytes| bytes[4] = 9);
    let refused = try_open(&disk, small(), 0).err().unwrap();
    assert!(matches!(refused, OpenError::Version { found: 9, known: 1, offset: 4, .. }));
}

#[test]
fn a_segment_in_the_wrong_place_is_damage() {
    let disk = small_log(false);
    let paths = segments(&disk);
    let other = disk.contents(&paths[0]).unwrap();
    disk.tamper(&paths[1], other);
    let (file, offset, _) = damaged(&disk, small(), 0);
    assert_eq!((&file, offset), (&paths[1], 6));
}

#[test]
fn files_of_others_are_left_alone() {
    let disk = small_log(true);
    let stranger = "reports/p000/notes.log";
    disk.tamper(stranger, b"mine".to_vec());
    open(&disk, small()).close();
    assert_eq!(disk.contents(stranger).unwrap(), b"mine");
}
