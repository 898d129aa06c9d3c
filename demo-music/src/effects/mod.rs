//! What is done to sounds once they are there.

mod echo;
mod filter;
mod master;
mod reverb;

pub(crate) use echo::{Chorus, Echo};
pub(crate) use filter::{Biquad, Kind, Svf};
pub(crate) use master::{fade_out, master};
pub(crate) use reverb::Reverb;
