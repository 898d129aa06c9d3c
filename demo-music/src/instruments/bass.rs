//! Basses that aren't plucked.

use super::envelope::Envelope;
use super::oscillator::{Saw, sine};
use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo};

/// A round bass: a sine with a little of its octave, held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubBass {
    /// How much is bent into overtones, from 0.
    pub drive: f32,
    pub attack_s: f32,
    pub release_s: f32,
}

impl Instrument for SubBass {
    fn sound(&self, tone: &Tone, _: &mut Noise) -> Stereo {
        let envelope =
            Envelope { attack: self.attack_s, decay: 0.9, sustain: 0.6, release: self.release_s };
        let step = tone.hz / RATE;
        let one = |(at, level): (usize, f32)| {
            let turns = (at as f32 * step).fract();
            let raw = sine(turns) + 0.22 * sine(2.0 * turns) + 0.07 * sine(3.0 * turns);
            let driven = (raw * (1.0 + self.drive)).tanh();
            driven * level * tone.velocity * 0.42
        };
        let mono: Vec<f32> = envelope.levels(tone.seconds).enumerate().map(one).collect();
        ended(mono.clone(), mono)
    }
}

/// A saw behind a filter that snaps shut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcidBass {
    pub cutoff_hz: f32,
    pub resonance: f32,
}

impl Instrument for AcidBass {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let envelope = Envelope { attack: 0.003, decay: 0.35, sustain: 0.55, release: 0.05 };
        let mut saw = Saw::new(noise);
        let mut filters = [Svf::default(), Svf::default()];
        let step = tone.hz / RATE;
        let one = |(at, level): (usize, f32)| {
            if at % 16 == 0 {
                let t = at as f32 / RATE;
                let open = (-t * 14.0).exp() * (1.2 + 2.2 * tone.velocity);
                let hz = self.cutoff_hz * open.exp2();
                filters[0].set(hz, self.resonance);
                filters[1].set(hz * 1.4, 0.7);
            }
            let turns = (at as f32 * step).fract();
            let raw = saw.next(tone.hz) * 0.75 + sine(turns) * 0.8;
            let [steep, round] = &mut filters;
            let filtered = round.next(steep.next(raw).low).low;
            (filtered * 1.5).tanh() * level * tone.velocity * 0.36
        };
        let mono: Vec<f32> = envelope.levels(tone.seconds).enumerate().map(one).collect();
        ended(mono.clone(), mono)
    }
}
