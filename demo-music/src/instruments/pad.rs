//! A wide, slow sound of many saws behind a filter that breathes.

use super::envelope::Envelope;
use super::oscillator::{Saw, sine};
use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo};

/// A pad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pad {
    pub attack_s: f32,
    pub release_s: f32,
    /// Where its filter is, and how far it breathes, in Hz.
    pub cutoff_hz: f32,
    pub breath_hz: f32,
    /// How far the saws are apart.
    pub cents: f32,
}

const SAWS: usize = 3;

impl Instrument for Pad {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let envelope =
            Envelope { attack: self.attack_s, decay: 1.0, sustain: 0.9, release: self.release_s };
        let levels: Vec<f32> = envelope.levels(tone.seconds).collect();
        let start = noise.unit();
        let mut side = |offset: f32| {
            let mut saws = [(); SAWS].map(|()| (Saw::new(noise), noise.near()));
            for (at, (_, detuned)) in saws.iter_mut().enumerate() {
                let spread = at as f32 / (SAWS - 1) as f32 * 2.0 - 1.0;
                *detuned = ((spread * self.cents + *detuned * 2.0) / 1_200.0).exp2();
            }
            let mut filters = [Svf::default(), Svf::default()];
            let one = |(at, level): (usize, &f32)| {
                if at % 32 == 0 {
                    let t = at as f32 / RATE;
                    let breath = sine(start + offset + t * 0.11) * 0.5 + 0.5;
                    let hz = self.cutoff_hz * (0.4 + 0.6 * tone.velocity)
                        + self.breath_hz * breath * level;
                    filters[0].set(hz, 0.62);
                    filters[1].set(hz * 1.2, 0.85);
                }
                let saws: f32 =
                    saws.iter_mut().map(|(saw, ratio)| saw.next(tone.hz * *ratio)).sum();
                let dull = filters[0].next(saws).low;
                filters[1].next(dull).low * level * tone.velocity * 0.11
            };
            levels.iter().enumerate().map(one).collect::<Vec<f32>>()
        };
        let (left, right) = (side(0.0), side(0.37));
        ended(left, right)
    }
}
