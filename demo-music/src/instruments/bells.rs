//! Bars and bells: a few partials that aren't in tune with each other, and ring.

use super::modes::{Mode, ring};
use super::oscillator::sine;
use super::{Instrument, Tone, ended};
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames};

/// A vibraphone: its bars are cut so that the second partial is two octaves up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vibraphone;

impl Instrument for Vibraphone {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let hard = tone.velocity * tone.velocity;
        let partials = [(1.0, 1.0, 3.6), (3.98, 0.22 * hard, 1.3), (10.6, 0.10 * hard, 0.28)];
        rung(tone, &partials, noise, 0.34, 5.4)
    }
}

/// Glass and metal, far away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bell;

impl Instrument for Bell {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let partials = [
            (1.0, 1.0, 5.5),
            (2.0, 0.36, 3.6),
            (3.01, 0.16, 2.4),
            (4.21, 0.14, 1.6),
            (5.43, 0.07, 1.0),
            (6.79, 0.05, 0.6),
        ];
        let long = Tone { seconds: tone.seconds.max(3.5), ..*tone };
        rung(&long, &partials, noise, 0.24, 0.0)
    }
}

/// Partials as (times the frequency, amplitude, seconds), with a motor that opens and closes the tubes.
fn rung(
    tone: &Tone,
    partials: &[(f32, f32, f32)],
    noise: &mut Noise,
    gain: f32,
    motor_hz: f32,
) -> Stereo {
    let length = frames(f64::from(tone.seconds + 0.5));
    let mut side = |spread: f32| {
        let mode = |(times, amplitude, fades_s): &(f32, f32, f32)| Mode {
            hz: tone.hz * times * (1.0 + spread * 0.0006 * (1.0 + noise.near())),
            amplitude: *amplitude,
            fades_s: fades_s * (440.0 / tone.hz).powf(0.35).min(1.8),
            phase: 0.0,
        };
        ring(&partials.iter().map(mode).collect::<Vec<_>>(), length)
    };
    let (mut left, mut right) = (side(-1.0), side(1.0));
    let held = frames(f64::from(tone.seconds));
    let damp = (-6.9 / (0.5 * RATE)).exp();
    let mut damped = gain * tone.velocity;
    for at in 0..length {
        if at > held {
            damped *= damp;
        }
        let attack = (at as f32 / 60.0).min(1.0);
        let motor = 1.0 - 0.16 * (1.0 + sine(at as f32 / RATE * motor_hz)) * motor_hz.min(1.0);
        left[at] *= damped * attack * motor;
        right[at] *= damped * attack * motor;
    }
    ended(left, right)
}
