//! The embedded report log: segments, checksums, group commit
