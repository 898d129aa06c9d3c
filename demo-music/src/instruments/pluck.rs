//! Plucked strings (Karplus and Strong, 1983; Jaffe and Smith, 1983): a delay as long as the string's period, that
//! loses a little of its brightness each time round.

use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames, pan_gains};

/// A string that is plucked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pluck {
    /// From 0 (nylon, thumb) to 1 (steel, pick).
    pub brightness: f32,
    /// How long it rings at 220 Hz, until it is 60 dB softer.
    pub rings_s: f32,
    /// Where it is plucked, as a part of the string.
    pub place: f32,
    /// How soon it is damped when let go.
    pub damping_s: f32,
    /// Two strings for each note, a few cents apart.
    pub courses: bool,
    pub pan: f32,
}

impl Pluck {
    pub(crate) const GUITAR: Self = Self {
        brightness: 0.5,
        rings_s: 3.4,
        place: 0.19,
        damping_s: 0.18,
        courses: false,
        pan: 0.0,
    };
    pub(crate) const MANDOLIN: Self = Self {
        brightness: 0.86,
        rings_s: 1.7,
        place: 0.12,
        damping_s: 0.22,
        courses: true,
        pan: 0.0,
    };
    pub(crate) const HARP: Self = Self {
        brightness: 0.34,
        rings_s: 4.5,
        place: 0.4,
        damping_s: 1.4,
        courses: false,
        pan: 0.0,
    };
    pub(crate) const DOUBLE_BASS: Self = Self {
        brightness: 0.20,
        rings_s: 2.2,
        place: 0.28,
        damping_s: 0.10,
        courses: false,
        pan: 0.0,
    };

    fn string(&self, hz: f32, tone: &Tone, rings: usize, noise: &mut Noise) -> Vec<f32> {
        let dull = 0.5 - 0.42 * (self.brightness * (0.55 + 0.45 * tone.velocity)).min(1.0);
        let period = RATE / hz - dull;
        // An all-pass makes up for the part of a sample that a delay can't hold.
        let whole = (period - 0.3).floor().max(2.0);
        let part = period - whole;
        let tune = (1.0 - part) / (1.0 + part);
        let length = whole as usize;
        let fades_s = self.rings_s * (220.0 / hz).powf(0.55);
        let keep = 10_f32.powf(-3.0 / (fades_s * hz)).min(0.9995);
        let mut line = self.excitation(length, tone, noise);
        let (mut at, mut before, mut passed, mut entered) = (0, 0.0_f32, 0.0_f32, 0.0_f32);
        let mut out = Vec::with_capacity(rings);
        for _ in 0..rings {
            let heard = line[at];
            let averaged = keep * ((1.0 - dull) * heard + dull * before);
            before = heard;
            passed = tune * averaged + entered - tune * passed;
            entered = averaged;
            line[at] = passed;
            at = if at + 1 == length { 0 } else { at + 1 };
            out.push(heard);
        }
        out
    }

    /// What the finger leaves on the string: noise, less of what has a knot where it plucks.
    fn excitation(&self, length: usize, tone: &Tone, noise: &mut Noise) -> Vec<f32> {
        let mut filter = Svf::default();
        let open = self.brightness * (0.35 + 0.65 * tone.velocity);
        filter.set((700.0 + 9_000.0 * open * open).max(tone.hz * 2.0), 0.7);
        // The filter is at work before the first sample counts.
        let raw: Vec<f32> =
            (0..length + 64).map(|_| filter.next(noise.white()).low).skip(64).collect();
        let back = ((length as f32 * self.place) as usize).max(1);
        let comb: Vec<f32> =
            (0..length).map(|at| raw[at] - 0.9 * raw[(at + length - back) % length]).collect();
        let mean = comb.iter().sum::<f32>() / length as f32;
        let power = comb.iter().map(|it| (it - mean).powi(2)).sum::<f32>() / length as f32;
        let level = 0.3 / power.sqrt().max(1e-6);
        comb.iter().map(|it| (it - mean) * level).collect()
    }
}

impl Instrument for Pluck {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let rings = frames(f64::from(tone.seconds + self.damping_s));
        let held = frames(f64::from(tone.seconds));
        let mut sound = self.string(tone.hz, tone, rings, noise);
        if self.courses {
            let second = self.string(tone.hz * 1.0021, tone, rings, noise);
            for (sample, more) in sound.iter_mut().zip(second) {
                *sample = (*sample + more) * 0.7;
            }
        }
        let damp = (-6.9 / (self.damping_s * RATE)).exp();
        let mut level = tone.velocity.powf(1.2) * 0.62;
        for (at, sample) in sound.iter_mut().enumerate() {
            if at > held {
                level *= damp;
            }
            *sample *= level * (at as f32 / 24.0).min(1.0);
        }
        let (left, right) = pan_gains(self.pan);
        let side = |gain: f32| sound.iter().map(|it| it * gain).collect();
        ended(side(left), side(right))
    }
}
