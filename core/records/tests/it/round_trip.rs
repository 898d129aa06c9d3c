//! Records are read as they were written, and nothing else is taken for one.

use ledgerline_ids::Position;
use ledgerline_records::frame::{FrameHeader, RecordGroup, Records, record_length};
use ledgerline_records::play::PlayRecord;
use ledgerline_records::{DecodeError, LogRecord};
use proptest::prelude::*;

use crate::samples::{at, bare_report, full_report, log_records, play_records};

#[test]
fn every_record_is_read_as_it_was_written() {
    for (name, record) in log_records() {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        assert_eq!(LogRecord::decode(&bytes), Ok(record), "{name}");
    }
    for (name, record) in play_records() {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        assert_eq!(PlayRecord::decode(&bytes), Ok(record), "{name}");
    }
}

#[test]
fn a_record_that_is_cut_or_longer_is_none() {
    for (name, record) in log_records() {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        for length in 0..bytes.len() {
            assert!(LogRecord::decode(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        bytes.push(0);
        assert_eq!(
            LogRecord::decode(&bytes),
            Err(DecodeError::TrailingBytes { extra: 1 }),
            "{name}"
        );
    }
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let mut bytes = Vec::new();
    LogRecord::Report(full_report()).encode(&mut bytes);
    bytes[1] = 3;
    let refused = LogRecord::decode(&bytes).expect_err("version 3 is not known");
    assert_eq!(refused, DecodeError::UnknownVersion { kind: 1, version: 3 });
    bytes[0] = 99;
    let refused = LogRecord::decode(&bytes).expect_err("kind 99 is not known");
    assert_eq!(refused, DecodeError::UnknownKind { kind: 99 });
}

/// What is written in one way is read in one way, so that equal records have equal bytes.
#[test]
fn a_record_in_another_form_is_none() {
    let field = |field| Err(DecodeError::Field { field });
    let bytes_of = |record: LogRecord<'_>| {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        bytes
    };
    let fact = |after: &[u8]| [b"\x03\x01\x02T1".as_slice(), after].concat();
    assert!(LogRecord::decode(&fact(&[7, 1, 0])).is_ok());
    for (name, bytes, refused) in [
        ("a number with a group too many", fact(&[0x87, 0, 1, 0]), "number"),
        ("more than 64 bits", fact(&[[0xff; 9].as_slice(), &[3, 1, 0]].concat()), "number"),
        ("a flag that is 2", fact(&[7, 2, 0]), "known"),
        ("a device that is listed twice over", b"\x04\x01\x02D1\x02".to_vec(), "listed"),
    ] {
        assert_eq!(LogRecord::decode(&bytes), field(refused), "{name}");
    }
    let largest = fact(&[[0xff; 9].as_slice(), &[1, 1, 0]].concat());
    let LogRecord::TrackFact(read) = LogRecord::decode(&largest).expect("64 bits") else {
        panic!("a track fact")
    };
    assert_eq!(read.stamp.revision, u64::MAX);

    // Bits of a report: three bytes from the third on. Bit 25 isn't known, bit 6 is the value
    // of bit 5, bits 22 and 23 exclude each other.
    let bare = bytes_of(LogRecord::Report(bare_report()));
    let with_bits = |bits: [u8; 4], at_most: usize| {
        let number: &[u8] = &bits[..at_most];
        [&bare[..2], number, &bare[5..]].concat()
    };
    assert_eq!(bare[2..5], [0x80, 0x80, 0x01], "known, and nothing else");
    assert!(LogRecord::decode(&with_bits([0x80, 0x80, 0x01, 0], 3)).is_ok());
    for bits in [[0x80, 0x80, 0x81, 0x10], [0xc0, 0x80, 0x01, 0], [0x80, 0x80, 0x81, 0x06]] {
        let length = if bits[3] == 0 { 3 } else { 4 };
        assert_eq!(LogRecord::decode(&with_bits(bits, length)), field("bits"), "{bits:?}");
    }

    let (_, bare) = play_records().remove(1);
    let mut bytes = Vec::new();
    bare.encode(&mut bytes);
    assert_eq!(bytes[2..4], [0x00, 0x02], "no bits; a window without user and place");
    for form in [0x12, 0x08] {
        let mut other = bytes.clone();
        other[3] = form;
        let refused = DecodeError::Field { field: "identity" };
        assert_eq!(PlayRecord::decode(&other), Err(refused), "{form:#x}");
    }
    let unknown_bit = [&bytes[..2], &[0x80, 0x80, 0x80, 0x02], &bytes[3..]].concat();
    assert_eq!(PlayRecord::decode(&unknown_bit), Err(DecodeError::Field { field: "bits" }));

    assert_eq!(record_length(&[0x85, 0]), Err(DecodeError::Field { field: "length" }));
    assert_eq!(record_length(&[0]), Ok((0, 1)));
}

#[test]
fn a_frame_notices_every_flipped_bit() {
    let mut group = RecordGroup::default();
    for (_, record) in log_records() {
        group.push_with(|out| record.encode(out));
    }
    let header = FrameHeader::of(group.payload(), group.count(), Position(5), at(1_000));
    let mut frame = header.encode().to_vec();
    frame.extend_from_slice(group.payload());
    let whole = |frame: &[u8]| {
        let header = FrameHeader::decode(frame)?;
        header.verify(&frame[ledgerline_records::frame::HEADER_BYTES..])
    };
    assert_eq!(whole(&frame), Ok(()));
    for bit in 0..frame.len() * 8 {
        frame[bit / 8] ^= 1 << (bit % 8);
        assert!(whole(&frame).is_err(), "bit {bit}");
        frame[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_frame_beyond_every_log_is_none() {
    for (first, read) in [(Position::LIMIT, true), (Position::LIMIT.plus(1), false)] {
        let header = FrameHeader::of(b"", u32::MAX, first, at(0));
        assert_eq!(FrameHeader::decode(&header.encode()).is_ok(), read, "{first}");
    }
}

proptest! {
    #[test]
    fn records_of_any_length_keep_their_bounds(
        records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
        long in prop::collection::vec(any::<u8>(), 16_000..17_000),
    ) {
        let mut group = RecordGroup::default();
        let all: Vec<&Vec<u8>> = records.iter().chain([&long]).collect();
        for record in &all {
            group.push_with(|out| out.extend_from_slice(record));
        }
        let read: Result<Vec<&[u8]>, _> =
            Records::new(group.payload()).map(|record| record.map(|(_, bytes)| bytes)).collect();
        let read = read.expect("what was pushed is read");
        prop_assert_eq!(read.len(), all.len());
        for (read, pushed) in read.iter().zip(&all) {
            prop_assert_eq!(*read, pushed.as_slice());
        }
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..20) {
        let _ = LogRecord::decode(&bytes);
        let _ = PlayRecord::decode(&bytes);
        if bytes.len() >= 2 {
            bytes[0] = kind;
            bytes[1] = 1;
            let _ = LogRecord::decode(&bytes);
            let _ = PlayRecord::decode(&bytes);
        }
        for record in Records::new(&bytes) {
            let _ = record;
        }
    }
}
