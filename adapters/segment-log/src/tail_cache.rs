//! The newest frames in memory, so that whoever keeps up never reads from the disk.

use ledgerline_app::ports::Frame;
use ledgerline_ids::Position;
use ledgerline_records::frame::FrameHeader;
use std::collections::VecDeque;
use std::sync::Arc;

/// The newest frames of one partition, limited by bytes.
pub(crate) struct TailCache {
    frames: VecDeque<Frame>,
    // The memory of a frame that went.
    spare: Option<Vec<u8>>,
    bytes: usize,
    bytes_max: usize,
}

impl TailCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), spare: None, bytes: 0, bytes_max }
    }

    /// Adds the frame that follows the newest.
    pub(crate) fn push(&mut self, header: FrameHeader, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        self.frames.push_back(Frame::new(header, Arc::new(bytes)));
        while self.bytes > self.bytes_max && self.drop_oldest() {}
    }

    /// The memory of a frame that went, for the next one.
    pub(crate) fn take_spare(&mut self) -> Vec<u8> {
        self.spare.take().unwrap_or_default()
    }

    /// Drops the frames that end at or before `position`.
    pub(crate) fn drop_before(&mut self, position: Position) {
        while self.frames.front().is_some_and(|frame| {
            let Frame { header, .. } = frame;
            header.first.plus(u64::from(header.count)) <= position
        }) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.frames.pop_front() else { return false };
        self.bytes -= usize::try_from(oldest.header.frame_bytes()).expect("it was in memory");
        // Whoever still reads it keeps it.
        self.spare = oldest.into_bytes().or(self.spare.take());
        true
    }

    /// Frames from the one that holds `from` on: at least one, and as many as fit into
    /// `bytes_max`; none where that frame isn't here.
    pub(crate) fn from(&self, from: Position, bytes_max: u64) -> Vec<Frame> {
        let behind = self.frames.partition_point(|frame| frame.header.first <= from);
        let Some(at) = behind.checked_sub(1) else {
            return Vec::new();
        };
        let mut bytes = 0;
        let mut found = Vec::new();
        for frame in self.frames.range(at..) {
            bytes += frame.header.frame_bytes();
            if !found.is_empty() && bytes > bytes_max {
                break;
            }
            found.push(frame.clone());
        }
        found
    }
}
