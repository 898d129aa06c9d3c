//! The plays log on disks that can be taken apart.

use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, LogError, PlaysLog, PlaysLogReader};
use ledgerline_ids::PartitionId;
use ledgerline_records::play::PlayAddress;
use ledgerline_segment_log::{OpenError, PlaysOptions, SegmentPlaysLog, SegmentPlaysReader};
use std::io::ErrorKind;
use std::sync::Arc;

const P3: PartitionId = PartitionId(3);
const FRAME_BYTES: usize = 32 + 31;

fn small() -> PlaysOptions {
    PlaysOptions { segment_bytes_max: 256, recent_bytes_max: 0, ..PlaysOptions::default() }
}

fn try_open(disk: &MemoryDisk, options: PlaysOptions) -> Result<SegmentPlaysLog, OpenError> {
    SegmentPlaysLog::open(Arc::new(disk.clone()), P3, 8, options)
}

fn open(disk: &MemoryDisk) -> SegmentPlaysLog {
    try_open(disk, small()).unwrap()
}

// One frame of one record.
fn append(log: &mut SegmentPlaysLog, number: usize) -> PlayAddress {
    let text = number.to_string().repeat(30);
    let address = log.append(&mut |out| out.extend_from_slice(text.as_bytes()));
    log.flush().unwrap();
    address
}

fn scan(reader: &dyn PlaysLogReader, from: u64, until: u64) -> Result<Vec<String>, LogError> {
    let mut found = Vec::new();
    reader.scan(from, until, &mut |_, record| {
        found.push(String::from_utf8(record.to_vec()).unwrap());
    })?;
    Ok(found)
}

// Three segments of three, three and two frames; `synced` says after which frames.
fn small_log(synced: &[usize]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let mut log = open(&disk);
    for number in 0..8 {
        append(&mut log, number);
        if synced.contains(&number) {
            log.sync().unwrap();
        }
    }
    assert_eq!(disk.files().len(), 3);
    disk
}

fn flip(disk: &MemoryDisk, path: &str, at: usize) -> MemoryDisk {
    let disk = disk.copy();
    let mut bytes = disk.contents(path).unwrap();
    bytes[at] ^= 0x20;
    disk.tamper(path, bytes);
    disk
}

fn records(disk: &MemoryDisk) -> Vec<String> {
    let log = open(disk);
    scan(&*log.reader(), 0, log.length()).unwrap()
}

#[test]
fn what_breaks_behind_the_durable_address_is_cut_off() {
    let disk = small_log(&[]);
    let paths = disk.files();
    // Header or frame of each segment, and how many frames are left before it.
    let rows =
        [(0, 10, 0), (0, 45, 0), (0, 110, 1), (1, 10, 3), (1, 170, 5), (2, 10, 6), (2, 110, 7)];
    for (segment, at, left) in rows {
        let disk = flip(&disk, &paths[segment], at);
        let mut log = open(&disk);
        assert_eq!(log.length(), (left * FRAME_BYTES) as u64, "{segment} {at}");
        append(&mut log, 99);
        log.sync().unwrap();
        drop(log);
        assert_eq!(records(&disk).len(), left + 1);
    }
}

#[test]
fn a_missing_segment_behind_the_durable_address_ends_the_log() {
    for (missing, left) in [(0, 0), (1, 3), (2, 6)] {
        let disk = small_log(&[]);
        disk.remove(&disk.files()[missing]).unwrap();
        assert_eq!(records(&disk).len(), left);
    }
}

#[test]
fn what_breaks_before_the_durable_address_is_damage() {
    // Durable up to the fourth frame, which the third segment's header says.
    let disk = small_log(&[3]);
    let paths = disk.files();
    let refused = |disk: &MemoryDisk| try_open(disk, small()).err().unwrap().to_string();
    for (segment, at) in [(0, 10), (1, 10), (1, 45)] {
        let text = refused(&flip(&disk, &paths[segment], at));
        let file = if at == 10 && segment == 1 { &paths[0] } else { &paths[segment] };
        assert!(text.starts_with(&format!("{file} is damaged")), "{text}");
    }
    for missing in [0, 1] {
        let disk = disk.copy();
        disk.remove(&paths[missing]).unwrap();
        let text = refused(&disk);
        assert!(text.starts_with(&format!("{} is damaged", paths[0])), "{text}");
    }
    for cut in [1, FRAME_BYTES] {
        let disk = disk.copy();
        let mut bytes = disk.contents(&paths[0]).unwrap();
        bytes.truncate(bytes.len() - cut);
        disk.tamper(&paths[0], bytes);
        assert!(refused(&disk).starts_with(&format!("{} is damaged", paths[0])));
    }
    // Its frames are not verified again, but whoever scans them finds out.
    let disk = flip(&disk, &paths[0], 110);
    let log = open(&disk);
    let refused = scan(&*log.reader(), 0, log.length()).unwrap_err();
    assert!(matches!(refused, LogError::Damaged { offset: 103, .. }), "{refused}");
}

#[test]
fn behind_the_durable_address_in_the_same_segment_is_cut_off() {
    let disk = small_log(&[3]);
    let disk = flip(&disk, &disk.files()[1], 110);
    assert_eq!(open(&disk).length(), (4 * FRAME_BYTES) as u64);
}

#[test]
fn the_number_of_partitions_is_fixed() {
    let disk = small_log(&[]);
    for refused in [
        SegmentPlaysLog::open(Arc::new(disk.clone()), P3, 4, small()).err().unwrap(),
        SegmentPlaysReader::open(Arc::new(disk.clone()), P3, 4).err().unwrap(),
    ] {
        assert!(matches!(refused, OpenError::Partitions { found: 8, wanted: 4, .. }));
    }
}

#[test]
fn a_full_disk_keeps_what_was_appended_for_the_next_flush() {
    for room in [0, 10, 40, 50, 100] {
        let disk = small_log(&[7]);
        let mut log = open(&disk);
        append(&mut log, 8);
        let used: usize = disk.files().iter().map(|p| disk.contents(p).unwrap().len()).sum();
        disk.limit_bytes(Some((used + room) as u64));
        let mut written = Vec::new();
        for number in 9..12 {
            let text = number.to_string().repeat(40);
            let address = log.append(&mut |out| out.extend_from_slice(text.as_bytes()));
            assert!(log.flush().is_err());
            assert!(log.sync().is_err());
            written.push((address, text));
        }
        for (address, text) in &written {
            let mut out = Vec::new();
            log.read(*address, &mut out).unwrap();
            assert_eq!(out, text.as_bytes());
        }
        disk.limit_bytes(None);
        log.sync().unwrap();
        drop(log);
        disk.crash(&mut |_| 0);
        let log = open(&disk);
        for (address, text) in &written {
            let mut out = Vec::new();
            log.read(*address, &mut out).unwrap();
            assert_eq!(out, text.as_bytes());
        }
        assert_eq!(records(&disk).len(), 12);
    }
}

#[test]
fn after_a_failed_sync_nothing_is_believed_until_it_is_opened_again() {
    let disk = small_log(&[7]);
    let mut log = open(&disk);
    let durable = log.length();
    append(&mut log, 8);
    disk.fail_syncs(1, ErrorKind::Other);
    assert!(log.sync().is_err());
    assert!(log.sync().is_err() && log.flush().is_err() && log.truncate(0).is_err());
    drop(log);
    let mut log = open(&disk);
    log.truncate(durable).unwrap();
    append(&mut log, 9);
    log.sync().unwrap();
    drop(log);
    disk.crash(&mut |_| 0);
    assert_eq!(records(&disk).last().unwrap(), &"9".repeat(30));
}

#[test]
fn flushing_waits_for_the_disk_only_when_too_much_is_not_durable() {
    let disk = MemoryDisk::new();
    let mut log = open(&disk);
    let before = disk.syncs();
    for _ in 0..12 {
        append(&mut log, 0);
    }
    assert_eq!(disk.syncs(), before, "four segments are not durable");
    append(&mut log, 0);
    assert_eq!(disk.syncs(), before + 5, "four files and the folder");
    assert_eq!(log.durable_length(), 12 * FRAME_BYTES as u64);
    log.sync().unwrap();
    assert_eq!(disk.syncs(), before + 7);
}

#[test]
fn young_records_are_read_from_memory_and_old_ones_with_one_read() {
    let disk = MemoryDisk::new();
    let options = PlaysOptions { recent_bytes_max: 10 * FRAME_BYTES, ..small() };
    let mut log = try_open(&disk, options).unwrap();
    let addresses = (0..50).map(|number| append(&mut log, number % 10)).collect::<Vec<_>>();
    let reader = log.reader();
    let mut out = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        let before = disk.reads();
        reader.read(*address, &mut out).unwrap();
        assert_eq!(out, (number % 10).to_string().repeat(30).as_bytes());
        assert_eq!(disk.reads() - before, u64::from(number < 40));
    }
}

#[test]
fn a_reader_beside_the_writer_sees_what_was_there() {
    let disk = small_log(&[3]);
    let before = disk.files();
    let reader = SegmentPlaysReader::open(Arc::new(disk.clone()), P3, 8).unwrap();
    assert_eq!(reader.length(), 8 * FRAME_BYTES as u64);
    assert_eq!(scan(&reader, 0, reader.length()).unwrap().len(), 8);
    let mut out = Vec::new();
    reader.read(PlayAddress(4 * FRAME_BYTES as u64 + 32), &mut out).unwrap();
    assert_eq!(out, "4".repeat(30).as_bytes());
    assert!(reader.read(PlayAddress(reader.length()), &mut out).is_err());
    assert!(reader.scan(0, reader.length() + 1, &mut |_, _| ()).is_err());
    assert_eq!(disk.files(), before);
    let empty = SegmentPlaysReader::open(Arc::new(MemoryDisk::new()), P3, 8).unwrap();
    assert_eq!(empty.length(), 0);
    assert!(empty.read(PlayAddress(0), &mut out).is_err());
}

#[test]
fn many_frames_are_made_of_one_large_flush() {
    let disk = MemoryDisk::new();
    let options = PlaysOptions { frame_bytes_max: 100, ..small() };
    let mut log = try_open(&disk, options).unwrap();
    let mut written = Vec::new();
    for number in 0..40 {
        let text = number.to_string().repeat(10);
        written.push((log.append(&mut |out| out.extend_from_slice(text.as_bytes())), text));
    }
    for flushed in [false, true] {
        if flushed {
            log.flush().unwrap();
        }
        for (address, text) in &written {
            let mut out = Vec::new();
            log.read(*address, &mut out).unwrap();
            assert_eq!(out, text.as_bytes());
        }
    }
    let mut found = Vec::new();
    let mut each = |address, record: &[u8]| {
        found.push((address, String::from_utf8(record.to_vec()).unwrap()));
    };
    log.reader().scan(0, log.length(), &mut each).unwrap();
    assert_eq!(found, written);
    assert!(disk.files().len() > 3);
}
