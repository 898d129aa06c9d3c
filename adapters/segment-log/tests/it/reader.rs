//! Reading beside the process that writes.

use crate::support::{P0, append, open, segments, small, small_log, texts};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{LogError, ReportLog};
use ledgerline_ids::{PartitionId, Position};
use ledgerline_segment_log::{OpenError, Options, ReportLogReader};
use std::sync::Arc;

fn reader(disk: &MemoryDisk) -> ReportLogReader {
    ReportLogReader::open(Arc::new(disk.clone()), 1).unwrap()
}

fn walk(reader: &ReportLogReader, from: u64, until: u64) -> Result<Vec<String>, LogError> {
    let mut found = Vec::new();
    reader.for_each_frame(P0, Position(from), Position(until), &mut |header, payload| {
        header.verify(payload).unwrap();
        found.extend(texts(payload));
    })?;
    Ok(found)
}

#[test]
fn gives_the_frames_of_a_range() {
    let disk = small_log(true);
    let before = disk.files();
    let reader = reader(&disk);
    for from in 0..8 {
        for until in 0..=8 {
            let wanted = (from..until.max(from)).map(|number| number.to_string().repeat(30));
            assert_eq!(walk(&reader, from, until).unwrap(), wanted.collect::<Vec<_>>());
        }
    }
    assert_eq!(reader.end(P0).unwrap(), Position(8));
    assert_eq!(disk.files(), before, "nothing was written, the mark of closing is there");
}

#[test]
fn gives_whole_frames() {
    let disk = MemoryDisk::new();
    let log = open(&disk, small());
    append(&log, &["a", "b", "c"]);
    append(&log, &["d", "e"]);
    let reader = reader(&disk);
    assert_eq!(walk(&reader, 1, 2).unwrap(), ["a", "b", "c"]);
    assert_eq!(walk(&reader, 2, 4).unwrap(), ["a", "b", "c", "d", "e"]);
    assert_eq!(walk(&reader, 3, 4).unwrap(), ["d", "e"]);
}

#[test]
fn a_tail_that_is_being_written_is_not_looked_at() {
    let disk = small_log(false);
    let last = segments(&disk).pop().unwrap();
    let mut bytes = disk.contents(&last).unwrap();
    bytes.extend_from_slice(b"LLF1 on its way");
    disk.tamper(&last, bytes);
    disk.tamper("reports/p000/00000000000000000009.log", b"LLSG".to_vec());
    let reader = reader(&disk);
    assert_eq!(reader.end(P0).unwrap(), Position(8));
    assert_eq!(walk(&reader, 0, 8).unwrap().len(), 8);
    let refused = walk(&reader, 0, 9).unwrap_err();
    assert!(matches!(&refused, LogError::Damaged { file, .. } if *file == last), "{refused}");
}

#[test]
fn an_end_before_what_was_counted_is_damage() {
    let disk = small_log(false);
    let refused = walk(&reader(&disk), 0, 9).unwrap_err().to_string();
    assert!(refused.contains("ends here, at position 8, before 9"), "{refused}");
    let refused = walk(&reader(&MemoryDisk::new()), 0, 1).unwrap_err().to_string();
    assert!(refused.contains("ends here, at position 0, before 1"), "{refused}");
}

#[test]
fn damage_is_found_and_named() {
    let disk = small_log(true);
    for path in segments(&disk) {
        let contents = disk.contents(&path).unwrap();
        for at in 0..contents.len() {
            let disk = disk.copy();
            let mut bytes = contents.clone();
            bytes[at] ^= 4;
            disk.tamper(&path, bytes);
            let walked = match ReportLogReader::open(Arc::new(disk), 1) {
                Ok(reader) => walk(&reader, 0, 8).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            assert!(walked.unwrap_err().contains(&path), "{at}");
        }
    }
}

#[test]
fn a_gap_is_found() {
    let disk = small_log(true);
    let paths = segments(&disk);
    ledgerline_app::ports::Disk::remove(&disk, &paths[1]).unwrap();
    let refused = walk(&reader(&disk), 0, 8).unwrap_err().to_string();
    assert!(refused.contains(&paths[2]), "{refused}");
    assert_eq!(walk(&reader(&disk), 6, 8).unwrap().len(), 2);
}

#[test]
fn what_was_released_is_said_so() {
    let disk = small_log(false);
    let log = open(&disk, small());
    log.release(P0, Position(4)).unwrap();
    let reader = reader(&disk);
    assert_eq!(reader.start(P0).unwrap(), Position(3));
    let refused = walk(&reader, 2, 8).unwrap_err();
    let (wanted, start) = (Position(2), Position(3));
    assert_eq!(refused, LogError::Released { partition: P0, wanted, start });
    assert_eq!(walk(&reader, 3, 8).unwrap().len(), 5);
}

#[test]
fn the_number_of_partitions_is_checked() {
    let disk = MemoryDisk::new();
    open(&disk, Options::new(4)).close();
    let refused = ReportLogReader::open(Arc::new(disk), 2).err().unwrap();
    assert!(matches!(refused, OpenError::Partitions { found: 4, wanted: 2, .. }), "{refused}");
}

#[test]
fn walks_beside_a_writer_that_appends_and_releases() {
    let disk = MemoryDisk::new();
    let log = open(&disk, Options { segment_bytes_max: 600, ..Options::new(1) });
    let reader = reader(&disk);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..500u64 {
                append(&log, &[&number.to_string()]);
                if number % 100 == 99 {
                    log.release(P0, Position(number - 50)).unwrap();
                }
            }
        });
        let mut from = 0;
        while from < 500 {
            let until = log.end(PartitionId(0)).borrow().0;
            match walk(&reader, from, until) {
                Ok(found) => {
                    let wanted = (from..until).map(|number| number.to_string());
                    assert_eq!(found, wanted.collect::<Vec<_>>());
                    from = until;
                }
                Err(LogError::Released { start, .. }) => from = start.0,
                Err(error) => panic!("{error}"),
            }
            assert!(reader.end(P0).unwrap().0 >= until);
        }
    });
}
