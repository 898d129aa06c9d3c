//! A voice that sings: two pulses, a filter, a vibrato that comes late.

use super::envelope::Envelope;
use super::oscillator::{Saw, sine};
use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo};

/// A lead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lead {
    pub envelope: Envelope,
    pub cutoff_hz: f32,
    /// How far the filter opens at the beginning of a note, in octaves.
    pub opens: f32,
    pub resonance: f32,
    pub width: f32,
    /// How far the vibrato goes, in cents.
    pub vibrato: f32,
}

impl Lead {
    /// Short and round, for arpeggios.
    pub(crate) const PLUCKED: Self = Self {
        envelope: Envelope { attack: 0.004, decay: 0.32, sustain: 0.0, release: 0.12 },
        cutoff_hz: 420.0,
        opens: 2.6,
        resonance: 1.6,
        width: 0.42,
        vibrato: 0.0,
    };
    /// Long, for melodies.
    pub(crate) const SUNG: Self = Self {
        envelope: Envelope { attack: 0.03, decay: 0.6, sustain: 0.75, release: 0.28 },
        cutoff_hz: 1_050.0,
        opens: 0.8,
        resonance: 0.9,
        width: 0.36,
        vibrato: 9.0,
    };
}

impl Instrument for Lead {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let length = self.envelope.frames(tone.seconds);
        let mut saws = [Saw::new(noise), Saw::new(noise)];
        let mut filters = [Svf::default(), Svf::default()];
        let (mut left, mut right) = (Vec::with_capacity(length), Vec::with_capacity(length));
        let mut hz = tone.hz;
        for (at, level) in self.envelope.levels(tone.seconds).enumerate() {
            let t = at as f32 / RATE;
            if at % 16 == 0 {
                let vibrato = sine(t * 5.1) * self.vibrato * ((t - 0.25) * 2.0).clamp(0.0, 1.0);
                hz = tone.hz * (vibrato / 1_200.0).exp2();
                let open = self.opens * (-t * 7.0).exp() * (0.3 + tone.velocity);
                let cutoff = self.cutoff_hz * open.exp2() * (0.5 + tone.velocity) + tone.hz * 0.7;
                filters.iter_mut().for_each(|filter| filter.set(cutoff, self.resonance));
            }
            let one = saws[0].pulse(hz * 1.0017, self.width);
            let two = saws[1].pulse(hz * 0.9983, 1.0 - self.width);
            let gain = level * tone.velocity * 0.17;
            left.push(filters[0].next(one * 0.7 + two * 0.3).low * gain);
            right.push(filters[1].next(one * 0.3 + two * 0.7).low * gain);
        }
        ended(left, right)
    }
}
