//! An electric piano: two sines, one bending the other (J. Chowning's frequency modulation), and the tine above them.

use super::oscillator::sine;
use super::{Instrument, Tone, ended};
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames};

/// An electric piano.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ElectricPiano {
    /// How often its loudness goes from side to side, in a second.
    pub tremolo_hz: f32,
}

impl Instrument for ElectricPiano {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let rings = frames(f64::from(tone.seconds + 0.22));
        let held = frames(f64::from(tone.seconds));
        let low = (262.0 / tone.hz).sqrt().clamp(0.5, 1.6);
        let index = (0.25 + 1.25 * tone.velocity * tone.velocity) * low;
        let start = noise.unit();
        let (mut left, mut right) = (Vec::with_capacity(rings), Vec::with_capacity(rings));
        let fade = |seconds: f32| (-6.9 / (seconds * RATE)).exp();
        let (slow, quick, tick, damp) = (fade(5.2 * low), fade(1.5 * low), fade(0.34), fade(0.22));
        let (mut body, mut bend, mut tine) = (1.0_f32, 1.0_f32, 1.0_f32);
        let step = tone.hz / RATE;
        for at in 0..rings {
            let n = at as f32;
            let turns = (n * step).fract();
            let bent = turns + index * bend * sine(turns) * 0.159;
            let ping = sine((turns * 14.0).fract()) * tine * 0.06 * tone.velocity;
            let attack = (n / 120.0).min(1.0);
            let sample = (sine(bent) * body + ping) * attack * tone.velocity * 0.3;
            let sway = sine(start + n / RATE * self.tremolo_hz) * 0.22;
            left.push(sample * (1.0 + sway));
            right.push(sample * (1.0 - sway));
            body *= slow;
            bend *= quick;
            tine *= tick;
            if at > held {
                body *= damp;
            }
        }
        ended(left, right)
    }
}
