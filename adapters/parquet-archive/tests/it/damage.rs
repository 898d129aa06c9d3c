//! Files that aren't what was written are named, and never believed.

use ledgerline_app::ports::{ArchiveFileError, ArchiveFiles as _};
use ledgerline_parquet_archive::{FORMAT, ParquetArchive};

use crate::samples::{changes, run};

#[test]
fn a_file_that_is_cut_is_damaged() {
    let file = ParquetArchive.write_reports(&run()).unwrap();
    for length in 0..file.len() {
        let read = ParquetArchive.read_reports(file[..length].to_vec());
        assert!(matches!(read, Err(ArchiveFileError::Damaged(_))), "cut to {length}: {read:?}");
    }
}

/// A byte of the footer may be one that only other readers look at; no other content comes of it.
#[test]
fn a_changed_byte_never_gives_other_content() {
    type Unlike = fn(Vec<u8>) -> Option<bool>;
    let reports: Unlike = |file| ParquetArchive.read_reports(file).ok().map(|read| read != run());
    let parts: Unlike = |file| ParquetArchive.read_changes(file).ok().map(|it| it != changes());
    for (name, file, unlike) in [
        ("reports", ParquetArchive.write_reports(&run()).unwrap(), reports),
        ("changes", ParquetArchive.write_changes(&changes()).unwrap(), parts),
    ] {
        let footer = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap());
        let columns_end = file.len() - 8 - footer as usize;
        let mut noticed = 0;
        for at in (0..file.len()).step_by(5) {
            let mut other = file.clone();
            other[at] ^= 0x01;
            match unlike(other) {
                None => noticed += 1,
                Some(_) if at < columns_end => panic!("{name}: byte {at} of a column is believed"),
                // What the footer says of the run itself: whoever asked for a run sees it.
                Some(_) => {}
            }
        }
        assert!(noticed >= columns_end / 5, "{name}: {noticed} of {}", file.len());
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let file = ParquetArchive.write_reports(&run()).unwrap();
    let key = b"ledgerline.format";
    let at = file.windows(key.len()).position(|some| some == key).unwrap() + key.len();
    let digit = at + file[at..].iter().position(|byte| *byte == b'1').unwrap();
    let mut newer = file;
    newer[digit] = b'7';
    let refused = ParquetArchive.read_reports(newer).unwrap_err();
    assert_eq!(refused, ArchiveFileError::Newer { format: 7, known: FORMAT });
    assert!(refused.to_string().contains("upgrade"), "{refused}");
}

#[test]
fn one_kind_of_file_is_not_the_other() {
    let reports = ParquetArchive.write_reports(&run()).unwrap();
    let refused = ParquetArchive.read_changes(reports).unwrap_err().to_string();
    assert!(refused.contains("it has reports where changes should be"), "{refused}");
}
