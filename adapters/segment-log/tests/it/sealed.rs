//! Segments that were sealed are verified behind the start; all others before anything is served.

use crate::support::{
    Later, P0, all, append, open, read_from, segments, small, small_log, try_append, try_open,
    try_open_unsealed,
};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, LogError, ReportLog};
use ledgerline_ids::Position;

const FRAME_BYTES: usize = 32 + 31;
const LIST: &str = "reports/p000/sealed";

fn tamper(disk: &MemoryDisk, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> MemoryDisk {
    let disk = disk.copy();
    let mut bytes = disk.contents(path).unwrap();
    change(&mut bytes);
    disk.tamper(path, bytes);
    disk
}

#[test]
fn a_sound_log_stays_readable() {
    for in_order in [true, false] {
        let (disk, later) = (small_log(in_order), Later::default());
        let log = try_open_unsealed(&disk, &later, 8).unwrap();
        assert_eq!(all(&log).len(), 8);
        assert_eq!(later.now(), 1);
        assert_eq!(log.damage(P0), None);
        append(&log, &["goes on"]);
        assert_eq!(all(&log).len(), 9);
    }
}

#[test]
fn any_flipped_byte_of_a_sealed_segment_is_found_behind_the_start() {
    let disk = small_log(false);
    let sealed = segments(&disk);
    for path in &sealed[..2] {
        for at in 40..disk.contents(path).unwrap().len() {
            let (disk, later) = (tamper(&disk, path, |bytes| bytes[at] ^= 0x10), Later::default());
            let log = try_open_unsealed(&disk, &later, 8).unwrap();
            assert_eq!(log.damage(P0), None, "nothing was looked at yet");
            let mut end = log.end(P0);
            end.borrow_and_update();
            later.now();
            let Some(LogError::Damaged { file, offset, .. }) = log.damage(P0) else {
                panic!("{path} at {at}");
            };
            let frame = 40 + (at - 40) / FRAME_BYTES * FRAME_BYTES;
            assert_eq!((&file, offset), (path, frame as u64), "at {at}");
            assert!(end.has_changed().unwrap(), "who waits for more is woken");
            assert_eq!(log.read(P0, Position(7), 1000).err(), log.damage(P0));
            // What is accepted is durable all the same.
            append(&log, &["goes on"]);
        }
    }
}

#[test]
fn a_flipped_byte_is_found_by_whoever_reads_it_first() {
    let disk = small_log(false);
    let path = segments(&disk).remove(0);
    let (disk, later) = (tamper(&disk, &path, |bytes| bytes[60] ^= 1), Later::default());
    let log = try_open_unsealed(&disk, &later, 8).unwrap();
    assert!(read_from(&log, P0, Position(0)).is_err());
}

/// A sound segment with the same header and length, and other records.
#[test]
fn a_segment_that_is_not_the_sealed_one_is_found() {
    let other = MemoryDisk::new();
    let log = open(&other, small());
    for number in 0..8 {
        append(&log, &[&(number + 1).to_string().repeat(30)]);
    }
    drop(log);
    let disk = small_log(false);
    let path = segments(&disk).remove(0);
    let disk = tamper(&disk, &path, |bytes| *bytes = other.contents(&path).unwrap());
    let text = try_open(&disk, small(), 8).err().unwrap().to_string();
    assert!(text.contains(&path) && text.contains("not the segment that was sealed"), "{text}");
    let later = Later::default();
    let log = try_open_unsealed(&disk, &later, 8).unwrap();
    later.now();
    let text = log.damage(P0).unwrap().to_string();
    assert!(text.contains(&path) && text.contains("not those that it was sealed with"), "{text}");
}

#[test]
fn what_is_not_known_to_be_sealed_is_verified_before_the_start() {
    let disk = small_log(false);
    disk.remove(LIST).unwrap();
    let path = segments(&disk).remove(0);
    let damaged = tamper(&disk, &path, |bytes| bytes[60] ^= 1);
    assert!(try_open_unsealed(&damaged, &Later::default(), 8).is_err());
    // It is known from then on.
    let later = Later::default();
    drop(try_open_unsealed(&disk, &later, 8).unwrap());
    assert_eq!(later.now(), 0);
    let damaged = tamper(&disk, &path, |bytes| bytes[60] ^= 1);
    let later = Later::default();
    let log = try_open_unsealed(&damaged, &later, 8).unwrap();
    assert_eq!(later.now(), 1);
    assert!(log.damage(P0).is_some());
}

#[test]
fn a_sealed_segment_of_another_length_is_damage_at_once() {
    let disk = small_log(false);
    for path in &segments(&disk)[..2] {
        let longer = tamper(&disk, path, |bytes| bytes.push(0));
        let shorter = tamper(&disk, path, |bytes| bytes.truncate(bytes.len() - FRAME_BYTES));
        for disk in [longer, shorter] {
            let text = try_open_unsealed(&disk, &Later::default(), 8).err().unwrap().to_string();
            assert!(text.contains(path.as_str()), "{text}");
        }
    }
}

#[test]
fn a_broken_list_is_named_with_the_way_out() {
    let disk = small_log(false);
    for at in 0..disk.contents(LIST).unwrap().len() {
        let disk = tamper(&disk, LIST, |bytes| bytes[at] ^= 0x10);
        let text = try_open_unsealed(&disk, &Later::default(), 8).err().unwrap().to_string();
        assert!(text.contains(LIST), "{text}");
        disk.remove(LIST).unwrap();
        assert!(try_open_unsealed(&disk, &Later::default(), 8).is_ok());
    }
    let cut = tamper(&disk, LIST, |bytes| bytes.truncate(bytes.len() - 28));
    assert!(try_open_unsealed(&cut, &Later::default(), 8).is_err());
}

#[test]
fn what_was_released_is_not_missed() {
    let (disk, later) = (small_log(false), Later::default());
    let log = try_open_unsealed(&disk, &later, 8).unwrap();
    log.release(P0, Position(7)).unwrap();
    later.now();
    assert_eq!(log.damage(P0), None);
    assert!(try_append(&log, &["goes on"]).is_ok());
    drop(log);
    assert!(try_open_unsealed(&disk, &Later::default(), 8).is_ok());
}

#[test]
fn closing_ends_the_verifying() {
    let disk = small_log(false);
    let path = segments(&disk).remove(0);
    let (disk, later) = (tamper(&disk, &path, |bytes| bytes[60] ^= 1), Later::default());
    let log = try_open_unsealed(&disk, &later, 8).unwrap();
    log.close();
    later.now();
    assert_eq!(log.damage(P0), None, "it was told to stop before it began");
}
