//! The newest bytes of a plays log in memory: most records that are read are young.

use std::collections::VecDeque;

/// The newest frames of one partition, limited by bytes.
pub(crate) struct RecentBytes {
    // Whole frames in the order of their addresses.
    frames: VecDeque<(u64, Vec<u8>)>,
    bytes: usize,
    bytes_max: usize,
}

impl RecentBytes {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Adds the frame that begins at `address`; the memory of one that had to go.
    pub(crate) fn push(&mut self, address: u64, frame: Vec<u8>) -> Option<Vec<u8>> {
        self.bytes += frame.len();
        self.frames.push_back((address, frame));
        let mut spare = None;
        while self.bytes > self.bytes_max {
            let (_, oldest) = self.frames.pop_front()?;
            self.bytes -= oldest.len();
            spare = Some(oldest);
        }
        spare
    }

    /// The bytes from `address` to the end of its frame, where that is here.
    pub(crate) fn get(&self, address: u64) -> Option<&[u8]> {
        let behind = self.frames.partition_point(|(start, _)| *start <= address);
        let (start, frame) = self.frames.get(behind.checked_sub(1)?)?;
        frame.get(usize::try_from(address - start).ok()?..)
    }

    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }
}
