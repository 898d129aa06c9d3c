//! The files that an operator brings the catalogue in: tracks as CSV, devices as lines.
//!
//! What it is for: a file becomes a whole list or none. Every row that is none is named, so
//! that a delivery is mended in one go.
//! What it refuses: half of a file, and guessing what a cell was meant to be.
//!
//! In reading order:
//! - `tracks`: tracks with their lengths
//! - `devices`: a list of bot devices

mod devices;
mod tracks;

pub use devices::{DevicesError, read_devices};
pub use tracks::{DURATION_MS_MAX, TracksError, WrongRow, read_tracks};
