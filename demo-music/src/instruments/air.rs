//! What sounds around the music: an old record, the sea, people who clap.

use super::oscillator::sine;
use super::{Instrument, Tone, ended};
use crate::effects::{Biquad, Kind, Svf};
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames};

/// An old record: hiss, and now and then a speck of dust.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crackle;

impl Instrument for Crackle {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let length = frames(f64::from(tone.seconds));
        let mut side = || {
            let mut hiss = Biquad::new(Kind::BandPass { hz: 3_200.0, q: 0.4 });
            let mut dust = Svf::default();
            dust.set(2_400.0, 1.2);
            let mut speck = 0.0_f32;
            let sample = |at: usize| {
                if noise.unit() < 9.0 / RATE {
                    speck = 0.12 + 0.5 * noise.unit().powi(3);
                }
                let pop = dust.next(speck * noise.white()).band;
                speck *= 0.992;
                let edge = (at.min(length - at) as f32 / 9_600.0).min(1.0);
                (hiss.next(noise.white()) * 0.018 + pop) * edge * tone.velocity
            };
            (0..length).map(sample).collect::<Vec<f32>>()
        };
        let (left, right) = (side(), side());
        ended(left, right)
    }
}

/// Waves that come in and run out again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sea;

impl Instrument for Sea {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let length = frames(f64::from(tone.seconds));
        let mut side = |offset: f32| {
            let mut filter = Svf::default();
            let mut level = 0.0;
            let sample = |at: usize| {
                let t = at as f32 / RATE;
                if at.is_multiple_of(64) {
                    let wave = |period_s: f32, offset: f32| {
                        let swell = 0.5 + 0.5 * sine(t / period_s + offset);
                        swell * swell
                    };
                    let swell = 0.6 * wave(9.1, offset) + 0.4 * wave(13.7, 0.4 + offset);
                    level = 0.1 + 0.9 * swell;
                    filter.set(260.0 + 1_500.0 * swell, 0.5);
                }
                let edge = (at.min(length - at) as f32 / RATE / 4.0).min(1.0);
                filter.next(noise.white()).low * level * edge * tone.velocity * 0.2
            };
            (0..length).map(sample).collect::<Vec<f32>>()
        };
        let (left, right) = (side(0.6), side(0.72));
        ended(left, right)
    }
}

/// A hall of people: so many who clap, each at a pace of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applause {
    pub people: usize,
    /// How long until most of them clap, and how long before the end they grow tired.
    pub swells_s: f32,
    pub fades_s: f32,
}

impl Instrument for Applause {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let length = frames(f64::from(tone.seconds));
        let mut sound = Stereo::silence(length);
        for _ in 0..self.people {
            let pan = noise.white() * 0.9;
            let (hz, pace_s) = (900.0 + 1_500.0 * noise.unit(), 0.19 + 0.11 * noise.unit());
            let far = 0.25 + 0.75 * noise.unit().powi(2);
            let hand = clap(hz, far, noise);
            let hand = Stereo::panned(&hand, pan);
            let mut t = self.swells_s * noise.unit() * noise.unit();
            let end = tone.seconds - self.fades_s * noise.unit();
            while t < end {
                let swell = (t / self.swells_s.max(0.1)).min(1.0).sqrt();
                let tired = ((end - t) / self.fades_s.max(0.1)).clamp(0.0, 1.0).sqrt();
                let gain = swell * tired * tone.velocity * (0.7 + 0.3 * noise.unit());
                sound.add(frames(f64::from(t)), &hand, gain);
                t += pace_s * (1.0 + 0.14 * noise.near());
            }
        }
        ended(sound.left, sound.right)
    }
}

fn clap(hz: f32, far: f32, noise: &mut Noise) -> Vec<f32> {
    let mut filter = Svf::default();
    filter.set(hz, 1.3);
    let sample = |at: usize| {
        let t = at as f32 / RATE;
        filter.next(noise.white()).band * (-t * 95.0).exp() * (t * 4_000.0).min(1.0) * far * 0.16
    };
    (0..frames(0.05)).map(sample).collect()
}
