//! Bowed strings: several players, each a saw with a vibrato of its own, through a body that opens as the bow presses.

use super::envelope::Envelope;
use super::oscillator::{Saw, sine};
use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, pan_gains};

/// A group of strings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bowed {
    /// How many play.
    pub players: usize,
    pub attack_s: f32,
    pub release_s: f32,
    /// From 0 (dark) to 1.
    pub brightness: f32,
    /// How far they sit apart, and where their middle is.
    pub width: f32,
    pub pan: f32,
}

impl Instrument for Bowed {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let envelope = Envelope {
            attack: self.attack_s.min(tone.seconds * 0.6),
            decay: 0.7,
            sustain: 0.82,
            release: self.release_s,
        };
        let length = envelope.frames(tone.seconds);
        let levels: Vec<f32> = envelope.levels(tone.seconds).collect();
        let (mut left, mut right) = (vec![0.0; length], vec![0.0; length]);
        for player in 0..self.players {
            let seat = (player as f32 + 0.5) / self.players as f32 * 2.0 - 1.0;
            let seat = if self.players == 1 { 0.0 } else { seat };
            let gains = pan_gains(self.pan + seat * self.width);
            let cents = noise.near() * 5.0;
            let (speed, depth) = (5.0 + noise.near() * 0.7, 7.0 + 3.0 * noise.unit());
            let start = noise.unit();
            let mut saw = Saw::new(noise);
            let mut body = Svf::default();
            let (mut hz, mut hiss) = (tone.hz, 0.0_f32);
            for at in 0..length {
                let t = at as f32 / RATE;
                if at % 16 == 0 {
                    // The vibrato comes once the note stands.
                    let vibrato =
                        sine(start + t * speed) * depth * ((t - 0.18) * 2.0).clamp(0.0, 1.0);
                    // The bow catches the string a little flat.
                    let caught = -14.0 * (-t * 22.0).exp();
                    hz = tone.hz * ((cents + vibrato + caught) / 1_200.0).exp2();
                    let open = levels[at] * (0.35 + 0.65 * tone.velocity);
                    body.set(hz * 1.6 + (900.0 + 4_200.0 * self.brightness) * open, 0.75);
                }
                hiss += 0.25 * (noise.white() - hiss);
                let bow = hiss * 0.09 * (0.3 + (-t * 9.0).exp());
                let sample = body.next(saw.next(hz) + bow).low * levels[at];
                left[at] += sample * gains.0;
                right[at] += sample * gains.1;
            }
        }
        let gain = 0.20 * tone.velocity / (self.players as f32).sqrt();
        left.iter_mut().chain(&mut right).for_each(|sample| *sample *= gain);
        ended(left, right)
    }
}
