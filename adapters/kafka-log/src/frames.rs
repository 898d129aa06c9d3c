//! Messages into frames: a run of records with the same receive time is one.

use ledgerline_app::ports::Frame;
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES, PAYLOAD_BYTES_MAX, RecordGroup};
use std::sync::Arc;

/// Before a record stands its length, in at most so many bytes.
const LENGTH_BYTES_MAX: usize = 5;

/// Frames that are being made of records which follow one another.
#[derive(Debug)]
pub(crate) struct Frames {
    done: Vec<Frame>,
    bytes: usize,
    bytes_max: usize,
    first: Position,
    received_at: UnixMs,
    group: RecordGroup,
}

impl Frames {
    /// From `first` on, in at most `bytes_max` bytes, headers included; of one record at least.
    pub(crate) fn new(first: Position, bytes_max: usize) -> Self {
        Self {
            done: Vec::new(),
            bytes: 0,
            bytes_max: bytes_max.min(PAYLOAD_BYTES_MAX),
            first,
            received_at: UnixMs::EPOCH,
            group: RecordGroup::default(),
        }
    }

    /// The position after the last record.
    pub(crate) fn next(&self) -> Position {
        self.first.plus(u64::from(self.group.count()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.group.is_empty() && self.done.is_empty()
    }

    /// Takes the next record; whether there was room.
    pub(crate) fn push(&mut self, received_at: UnixMs, record: &[u8]) -> bool {
        let begins = self.group.is_empty() || received_at != self.received_at;
        let header = if begins { HEADER_BYTES } else { 0 };
        let bytes = header + LENGTH_BYTES_MAX + record.len();
        if !self.is_empty() && self.bytes + bytes > self.bytes_max {
            return false;
        }
        if begins {
            self.end_frame();
            self.received_at = received_at;
        }
        self.bytes += bytes;
        self.group.push_with(|out| out.extend_from_slice(record));
        true
    }

    fn end_frame(&mut self) {
        let (first, next) = (self.first, self.next());
        if first == next {
            return;
        }
        let payload = self.group.payload();
        let header = FrameHeader::of(payload, self.group.count(), first, self.received_at);
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&header.encode());
        bytes.extend_from_slice(payload);
        self.done.push(Frame::new(header, Arc::new(bytes)));
        self.group.clear();
        self.first = next;
    }

    /// The frames.
    pub(crate) fn finish(mut self) -> Vec<Frame> {
        self.end_frame();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_records::frame::Records;

    #[test]
    fn runs_of_one_receive_time_are_frames() {
        let mut frames = Frames::new(Position(7), 1000);
        for (at, record) in [(5, "a"), (5, ""), (6, "ccc"), (5, "d")] {
            assert!(frames.push(UnixMs::EPOCH.plus(at), record.as_bytes()));
        }
        assert_eq!(frames.next(), Position(11));
        let frames = frames.finish();
        let shown = frames.iter().map(|frame| {
            frame.header.verify(frame.payload()).unwrap();
            let records = Records::new(frame.payload()).map(|record| record.unwrap().1.to_vec());
            let records: Vec<_> = records.map(|bytes| String::from_utf8(bytes).unwrap()).collect();
            (frame.header.first.0, frame.header.received_at.get(), records.join("|"))
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(
            shown,
            [(7, 5, "a|".to_owned()), (9, 6, "ccc".to_owned()), (10, 5, "d".to_owned()),]
        );
    }

    #[test]
    fn there_is_room_for_one_at_least() {
        for (bytes_max, fit) in [(0, 1), (1037, 1), (2073, 1), (2074, 2), (1 << 40, 9)] {
            let mut frames = Frames::new(Position(0), bytes_max);
            let mut pushed = 0;
            while pushed < 9 && frames.push(UnixMs::EPOCH.plus(pushed), &[b'x'; 1000]) {
                pushed += 1;
            }
            assert_eq!(pushed, fit, "{bytes_max}");
            assert_eq!(frames.finish().len() as u64, fit);
        }
        assert!(Frames::new(Position(0), 9).finish().is_empty());
    }
}
