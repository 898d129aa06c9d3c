//! What is written down before anything sounds: pitches, chords, and how one chord leads into the next.

mod chord;
mod pitch;
mod voicing;

pub use chord::Chord;
pub(crate) use chord::changes;
pub(crate) use pitch::{hz, pitch};
pub(crate) use voicing::lead;
