//! Golden bytes: what was written by an earlier version must be read by this one, so a
//! change of these bytes is a new version of the record, not a new golden file.

use ledgerline_ids::Position;
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{FrameHeader, RecordGroup};
use ledgerline_records::report::ReportForm;
use std::fmt::Write as _;
use std::path::Path;

use crate::samples::{at, log_records, play_records};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

fn written() -> String {
    let mut out = String::new();
    let mut group = RecordGroup::default();
    for (name, record) in log_records() {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        group.push_with(|out| record.encode(out));
        writeln!(out, "{name}\n{}\n", hex(&bytes)).expect("a String takes everything");
    }
    for (name, record) in play_records() {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        writeln!(out, "{name}\n{}\n", hex(&bytes)).expect("a String takes everything");
    }
    let header =
        FrameHeader::of(group.payload(), group.count(), Position(5), at(1_645_557_743_000));
    let header = hex(&header.encode());
    writeln!(out, "header of a frame of all log records above\n{header}")
        .expect("a String takes everything");
    out
}

#[test]
fn the_bytes_are_the_golden_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written()).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("there is a golden file");
    assert_eq!(written(), golden, "a change of a record's bytes needs a new version of it");
}

/// Reports as version 1 wrote them: logs that hold such records are read for ever.
#[test]
fn reports_of_version_1_are_read() {
    let golden = include_str!("report_v1.txt");
    let mut read = 0;
    for (name, record) in log_records() {
        let Some((_, rest)) = golden.split_once(&format!("{name}\n")) else { continue };
        let bytes: Vec<u8> = rest
            .lines()
            .next()
            .expect("bytes follow a name")
            .as_bytes()
            .chunks(2)
            .map(|digits| std::str::from_utf8(digits).expect("hex is text"))
            .map(|digits| u8::from_str_radix(digits, 16).expect("hex"))
            .collect();
        assert_eq!(bytes[1], 1, "{name}");
        assert_eq!(LogRecord::decode(&bytes), Ok(record.clone()), "{name}");
        // Programs that read no newer form are written to in this one.
        let LogRecord::Report(report) = &record else { panic!("{name} is a report") };
        let mut written = Vec::new();
        report.encode_as(ReportForm::First, &mut written);
        assert_eq!(written, bytes, "{name}");
        for length in 0..bytes.len() {
            assert!(LogRecord::decode(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        read += 1;
    }
    assert_eq!(read, 2);
}
