//! The embedded logs: segments, checksums, group commit.
//!
//! What it is for: the report log, durable before it is acknowledged, and the plays log,
//! derived from it. Both are folders of segment files, one folder per partition, and each
//! file is a checksummed header followed by the frames of `ledgerline-records`.
//! What it refuses: to guess. Where durable bytes have changed or are gone, opening names
//! the file and the byte and leaves the disk as it is. What a crash tore, and only that,
//! is cut off.
//!
//! Architecture invariant: of the report log at most one frame, the last, is not durable
//! at any instant, and it stands in the last segment. So a torn tail is one broken frame
//! with nothing valid after it, and everything else is damage.
//!
//! In reading order:
//! - [`options`](Options): limits, and how much is verified at opening
//! - `segment`: the files' names and headers; `walk`: from frame to frame through a file
//! - `shelf`: a partition's segments in memory, with a sparse index; `open_files`
//! - `recovery`: looks at a report log, plans, then acts; `closed`: the mark of an orderly end;
//!   `sealed`: the segments that never change any more, verified behind the start
//! - `queue`, `writer`: group commit; `tail_cache`: the newest frames in memory
//! - [`SegmentReportLog`], [`ReportLogReader`]
//! - `plays_recovery`, `recent_bytes`, [`SegmentPlaysLog`], [`SegmentPlaysReader`]
//! - [`Extent`], [`SegmentPlaysFiles`]: which files, and how much of each, are a log up to a point

mod closed;
mod error;
mod extent;
mod open_files;
mod options;
mod plays;
mod plays_reader;
mod plays_recovery;
mod queue;
mod reader;
mod recent_bytes;
mod recovery;
mod report_log;
mod sealed;
mod segment;
mod shelf;
mod tail_cache;
mod walk;
mod writer;

pub use error::OpenError;
pub use extent::{Extent, SegmentPlaysFiles, plays_extents};
pub use options::{Options, PlaysOptions, Verify};
pub use plays::SegmentPlaysLog;
pub use plays_reader::SegmentPlaysReader;
pub use reader::ReportLogReader;
pub use report_log::SegmentReportLog;

/// Whether a fault is built in on purpose, for the simulation to find.
pub const CANARY: bool = cfg!(feature = "canary");
