//! Files of music, there and back: against ffmpeg and fpcalc where they are installed, and against what
//! the tests themselves made.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "samples, and figures that are compared with a tolerance"
)]

mod broken;
mod forms;
mod identify;
mod ingest;
mod ladder;
mod loudness;
mod prints;
mod signal;
mod tools;
