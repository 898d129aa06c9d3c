//! The newest frames in memory, so that whoever keeps up never reads from the disk.

use ledgerline_app::ports::Frame;
use ledgerline_ids::Position;
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES};
use std::collections::VecDeque;
use std::sync::Arc;

/// A durable frame as it was written, its header included.
#[derive(Clone)]
pub(crate) struct CachedFrame {
    header: FrameHeader,
    bytes: Arc<Vec<u8>>,
}

/// The newest frames of one partition, limited by bytes.
pub(crate) struct TailCache {
    frames: VecDeque<CachedFrame>,
    bytes: usize,
    bytes_max: usize,
}

impl CachedFrame {
    /// Copies the frame out.
    pub(crate) fn frame(&self) -> Frame {
        Frame { header: self.header, payload: self.bytes[HEADER_BYTES..].into() }
    }
}

impl TailCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Adds the frame that follows the newest; the memory of one that had to go.
    pub(crate) fn push(&mut self, header: FrameHeader, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.bytes += bytes.len();
        self.frames.push_back(CachedFrame { header, bytes: Arc::new(bytes) });
        let mut spare = None;
        while self.bytes > self.bytes_max {
            let oldest = self.frames.pop_front()?;
            self.bytes -= oldest.bytes.len();
            spare = Arc::into_inner(oldest.bytes);
        }
        spare
    }

    /// Frames from the one that holds `from` on: at least one, and as many as fit into
    /// `bytes_max`; none where that frame isn't here.
    pub(crate) fn from(&self, from: Position, bytes_max: u64) -> Vec<CachedFrame> {
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
