//! Limits, and how much is verified at opening.

/// How much of a report log is verified when it is opened. Its last segment always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Every frame of every segment against its checksum.
    #[default]
    All,
    /// Every frame of every segment that isn't known to have been sealed. Those that are known
    /// must have the header and the length that they were sealed with; their frames are
    /// verified behind the start, and when they are read.
    Unsealed,
    /// Of the segments before the last only their headers, and that none is missing or
    /// cut. Their frames are verified when they are read.
    Tail,
}

/// Of a report log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many partitions; fixed when the log is created.
    pub partitions: u16,
    /// A segment that has this many bytes is followed by another.
    pub segment_bytes_max: u64,
    /// A commit takes as many groups as have this many bytes together; one group may be
    /// larger, up to the limit of a frame.
    pub commit_bytes_max: usize,
    /// More bytes than this don't wait in a partition's queue …
    pub queue_bytes_max: usize,
    /// … nor more groups than this.
    pub queue_groups_max: usize,
    /// So many bytes of the newest frames are kept in memory, per partition.
    pub tail_bytes_max: usize,
    /// There is an entry of the index in memory for about so many bytes.
    pub index_every_bytes: u64,
    /// How much is verified at opening.
    pub verify: Verify,
}

impl Options {
    /// The defaults, with `partitions` partitions.
    #[must_use]
    pub fn new(partitions: u16) -> Self {
        Self {
            partitions,
            segment_bytes_max: 256 << 20,
            commit_bytes_max: 4 << 20,
            queue_bytes_max: 64 << 20,
            queue_groups_max: 65_536,
            tail_bytes_max: 16 << 20,
            index_every_bytes: 1 << 20,
            verify: Verify::All,
        }
    }
}

/// Of a plays log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaysOptions {
    /// A segment that has this many bytes is followed by another.
    pub segment_bytes_max: u64,
    /// What was appended since the last flush becomes several frames above this.
    pub frame_bytes_max: usize,
    /// So many of the newest bytes are kept in memory.
    pub recent_bytes_max: usize,
    /// A flush that would leave more segments than this not durable makes them durable.
    pub unsynced_segments_max: usize,
}

impl Default for PlaysOptions {
    fn default() -> Self {
        Self {
            segment_bytes_max: 256 << 20,
            frame_bytes_max: 8 << 20,
            recent_bytes_max: 4 << 20,
            unsynced_segments_max: 4,
        }
    }
}
