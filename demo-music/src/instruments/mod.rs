//! Instruments: each turns a note into sound.
//!
//! - [`modes`]: sums of partials that ring and fade, of which piano, bells and bars are made
//! - [`piano`], [`electric`], [`bells`], [`pluck`]: struck and plucked
//! - [`bowed`], [`pad`], [`lead`], [`bass`]: held
//! - [`drums`]: a kit; [`air`]: what sounds around the music

mod air;
mod bass;
mod bells;
mod bowed;
mod drums;
mod electric;
mod envelope;
mod lead;
mod modes;
mod oscillator;
mod pad;
mod piano;
mod pluck;

use crate::noise::Noise;
use crate::sound::Stereo;

pub(crate) use air::{Applause, Crackle, Sea};
pub(crate) use bass::{AcidBass, SubBass};
pub(crate) use bells::{Bell, Vibraphone};
pub(crate) use bowed::Bowed;
pub(crate) use drums::{Kit, drum};
pub(crate) use electric::ElectricPiano;
pub(crate) use envelope::Envelope;
pub(crate) use lead::Lead;
pub(crate) use oscillator::sine;
pub(crate) use pad::Pad;
pub(crate) use piano::Piano;
pub(crate) use pluck::Pluck;

/// What an instrument is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tone {
    /// Its frequency.
    pub hz: f32,
    /// How long it is held.
    pub seconds: f32,
    /// How strongly, from 0 to 1.
    pub velocity: f32,
    /// Its number as it was written; of drums, which drum.
    pub pitch: i32,
}

/// Turns notes into sounds, each as long as it rings.
pub(crate) trait Instrument: Sync {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo;
}

/// The last few milliseconds go to zero, so that nothing clicks.
fn without_click(mut channel: Vec<f32>) -> Vec<f32> {
    let length = channel.len().min(240);
    let from = channel.len() - length;
    for (at, sample) in channel[from..].iter_mut().enumerate() {
        *sample *= 1.0 - (at + 1) as f32 / length as f32;
    }
    channel
}

/// Both channels, ended so.
fn ended(left: Vec<f32>, right: Vec<f32>) -> Stereo {
    Stereo { left: without_click(left), right: without_click(right) }
}
