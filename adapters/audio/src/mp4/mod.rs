//! Fragmented MP4, ISO/IEC 14496-12: what MediaSource takes.
//!
//! A rendition is one file: `ftyp`, `moov`, `sidx`, then a `moof` and an `mdat` for each segment. Its head is
//! appended once; each segment may then be appended by itself. Segments of all rungs of a track cover the
//! same time to the frame, so a player changes the rung with the next one.

pub mod boxes;
mod index;
mod write;

pub use index::{IndexError, SEGMENTS_MAX, SegmentIndex, SegmentPlace};
pub(crate) use write::{MuxedCodec, Muxer, Sample};
