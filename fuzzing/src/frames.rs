//! Frames: headers, checksums, and the records in a payload.

use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES, RecordGroup, Records, record_length};

use crate::memory::within;
use crate::script::Script;

/// The bytes as a frame, as a payload, and as what a sound frame is made of.
///
/// A header that is read is written as the same bytes; a sound frame stays so and any other
/// byte in it is noticed; what a walk over a payload gives makes up the payload.
pub fn frames(bytes: &[u8]) {
    if let Ok(header) = FrameHeader::decode(bytes) {
        assert_eq!(header.encode(), bytes[..HEADER_BYTES]);
        let payload = &bytes[HEADER_BYTES..];
        if header.verify(payload).is_ok() {
            assert_eq!(header.frame_bytes(), bytes.len() as u64);
        }
    }
    check_payload(bytes);
    check_sound(bytes);
}

fn check_payload(payload: &[u8]) {
    let mut group = RecordGroup::default();
    let mut whole = true;
    let walked = within(0, || Records::new(payload).count());
    for record in Records::new(payload) {
        let Ok((offset, record)) = record else {
            whole = false;
            break;
        };
        let (length, before) = record_length(&payload[offset..]).expect("it was just read");
        assert_eq!(record, &payload[offset + before..offset + before + length]);
        let mut from_here = Records::at(payload, offset);
        assert_eq!(from_here.next(), Some(Ok((offset, record))));
        group.push_with(|out| out.extend_from_slice(record));
    }
    let read = usize::try_from(group.count()).expect("no more than bytes");
    assert_eq!(read + usize::from(!whole), walked);
    // Lengths are written in one way only.
    assert!(payload.starts_with(group.payload()));
    assert_eq!(whole, payload.len() == group.payload().len());
}

fn check_sound(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (first, count) = (Position(script.number().min(Position::LIMIT.0)), script.number());
    let received_at = UnixMs::new(script.number()).unwrap_or(UnixMs::MAX);
    let (at, change) = (script.number(), script.byte() | 1);
    let payload = script.rest();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let header = FrameHeader::of(payload, count, first, received_at);
    let mut frame = header.encode().to_vec();
    frame.extend_from_slice(payload);
    assert_eq!(FrameHeader::decode(&frame), Ok(header));
    assert_eq!(header.verify(payload), Ok(()));

    let at = usize::try_from(at % frame.len() as u64).expect("within the frame");
    frame[at] ^= change;
    let noticed = FrameHeader::decode(&frame)
        .and_then(|header| header.verify(&frame[HEADER_BYTES..]))
        .is_err();
    assert!(noticed, "byte {at} of {frame:?}");
}
