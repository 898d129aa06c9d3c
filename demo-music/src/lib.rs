//! The demonstration's music: composed, played, mixed and mastered here.
//!
//! What it is for: a newcomer presses play and hears something; so there are a few pieces in different styles, on
//! releases with tags and covers, that belong to nobody else. All of it follows from what is written here: the same
//! bytes each time on one machine.
//! What it refuses: files, clocks and threads of its own; samples that somebody else has recorded.
//!
//! In reading order:
//! - `theory`: pitches, chords, and how one leads into the next
//! - `score`: notes in beats, and how beats become seconds
//! - `instruments`: notes become sound
//! - `effects`: filters, echoes, rooms, and the last step before it is heard
//! - `mixer`: parts and their instruments become one sound
//! - `pieces`: the music
//! - `covers`: pictures for it
//! - `releases`: what came out, by whom
//! - `files`: tracks as FLAC
//! - `noise`, `sound`: seeds and samples

// Samples, pitches and pixels are cut to whole numbers all the time; no money passes here.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod covers;
mod effects;
mod files;
mod instruments;
mod mixer;
mod noise;
mod pieces;
mod releases;
mod score;
mod sound;
mod theory;

pub use files::flac;
pub use pieces::Performance;
pub use releases::{Release, Take, Track, releases};
pub use score::{Harmony, Section};
pub use sound::{RATE_HZ, Stereo};
pub use theory::Chord;
