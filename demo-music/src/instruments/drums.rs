//! A kit: swept sines, rung shells and noise.

use super::modes::{Mode, ring};
use super::oscillator::{Saw, sine};
use super::{Instrument, Tone, without_click};
use crate::effects::{Biquad, Kind, Svf};
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames};

/// Which drum, by the number that is written as a note's pitch.
pub(crate) mod drum {
    pub(crate) const KICK: i32 = 0;
    pub(crate) const SNARE: i32 = 1;
    pub(crate) const CLAP: i32 = 2;
    pub(crate) const RIM: i32 = 3;
    pub(crate) const HAT: i32 = 4;
    pub(crate) const OPEN_HAT: i32 = 5;
    pub(crate) const SHAKER: i32 = 6;
    pub(crate) const RIDE: i32 = 7;
    pub(crate) const CRASH: i32 = 8;
    pub(crate) const TOM_LOW: i32 = 9;
    pub(crate) const TOM_HIGH: i32 = 10;
    pub(crate) const STOMP: i32 = 11;
    pub(crate) const RISER: i32 = 12;
}

/// How a kit sounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kit {
    /// Where the kick ends up, in Hz, how far above it begins, and how long it lasts.
    pub kick_hz: f32,
    pub kick_sweep: f32,
    pub kick_s: f32,
    pub snare_hz: f32,
    pub snare_s: f32,
    /// Above this the kit is darker.
    pub dark_hz: f32,
}

impl Kit {
    /// Dusty and soft.
    pub(crate) const DUSTY: Self = Self {
        kick_hz: 50.0,
        kick_sweep: 90.0,
        kick_s: 0.30,
        snare_hz: 185.0,
        snare_s: 0.17,
        dark_hz: 7_500.0,
    };
    /// Hard and long.
    pub(crate) const CLUB: Self = Self {
        kick_hz: 47.0,
        kick_sweep: 190.0,
        kick_s: 0.36,
        snare_hz: 200.0,
        snare_s: 0.20,
        dark_hz: 16_000.0,
    };
    /// Of wood and skin.
    pub(crate) const STAGE: Self = Self {
        kick_hz: 58.0,
        kick_sweep: 110.0,
        kick_s: 0.26,
        snare_hz: 205.0,
        snare_s: 0.24,
        dark_hz: 12_000.0,
    };

    fn kick(&self, noise: &mut Noise) -> Vec<f32> {
        let mut turns = 0.0_f32;
        let sample = |at: usize| {
            let t = at as f32 / RATE;
            let hz = self.kick_hz + self.kick_sweep * (-t * 34.0).exp();
            turns = (turns + hz / RATE).fract();
            let body = sine(turns) * (-t * 5.2 / self.kick_s).exp();
            let click = noise.white() * (-t * 420.0).exp() * 0.22;
            ((body * 1.5 + click).tanh()) * (t * 1_500.0).min(1.0) * 0.85
        };
        (0..frames(f64::from(self.kick_s) * 1.5)).map(sample).collect()
    }

    fn snare(&self, tone: &Tone, noise: &mut Noise) -> Vec<f32> {
        let length = frames(f64::from(self.snare_s) * 2.2);
        let mode = |times: f32, amplitude, fades_s| Mode {
            hz: self.snare_hz * times,
            amplitude,
            fades_s,
            phase: 0.0,
        };
        let shell =
            ring(&[mode(1.0, 0.5, 0.22), mode(1.59, 0.26, 0.16), mode(2.14, 0.12, 0.10)], length);
        let mut wires = Svf::default();
        wires.set(2_300.0 + 1_500.0 * tone.velocity, 0.6);
        let sample = |(at, shell): (usize, f32)| {
            let t = at as f32 / RATE;
            let bands = wires.next(noise.white());
            let rattle = (bands.band + 0.5 * bands.high) * (-t * 5.5 / self.snare_s).exp();
            (shell + rattle * 0.36) * (t * 3_000.0).min(1.0)
        };
        shell.into_iter().enumerate().map(sample).collect()
    }

    fn dull(&self, mut sound: Vec<f32>) -> Vec<f32> {
        let mut filter = Biquad::new(Kind::LowPass { hz: self.dark_hz, q: 0.7 });
        sound.iter_mut().for_each(|sample| *sample = filter.next(*sample));
        sound
    }
}

impl Instrument for Kit {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let (raw, level, pan) = match tone.pitch {
            drum::KICK => (self.kick(noise), 1.0, 0.0),
            drum::SNARE => (self.snare(tone, noise), 0.62, 0.05),
            drum::CLAP => (clap(noise), 0.5, -0.05),
            drum::RIM => (rim(), 0.5, 0.22),
            drum::HAT => (metal(noise, 0.05, 8_200.0), 0.24, 0.28),
            drum::OPEN_HAT => (metal(noise, 0.30, 7_600.0), 0.22, 0.28),
            drum::SHAKER => (shaker(noise), 0.20, -0.35),
            drum::RIDE => (metal(noise, 0.9, 5_200.0), 0.13, -0.32),
            drum::CRASH => (metal(noise, 2.2, 4_200.0), 0.24, -0.2),
            drum::TOM_LOW => (tom(88.0), 0.75, -0.3),
            drum::TOM_HIGH => (tom(132.0), 0.7, 0.3),
            drum::STOMP => (stomp(noise), 0.7, 0.0),
            _ => (riser(noise, tone.seconds), 0.22, 0.0),
        };
        let mut sound = without_click(self.dull(raw));
        let level = level * tone.velocity.powf(1.4);
        sound.iter_mut().for_each(|sample| *sample *= level);
        Stereo::panned(&sound, pan)
    }
}

/// Several hands that don't quite meet.
fn clap(noise: &mut Noise) -> Vec<f32> {
    let mut filter = Svf::default();
    filter.set(1_450.0, 1.1);
    let hands = [0.0, 0.011, 0.021, 0.030];
    let sample = |at: usize| {
        let t = at as f32 / RATE;
        let hit = |start: &f32| {
            let since = t - start;
            let fall = if *start > 0.029 { 22.0 } else { 170.0 };
            if since < 0.0 { 0.0 } else { (-since * fall).exp() }
        };
        let level: f32 = hands.iter().map(hit).sum();
        filter.next(noise.white()).band * level * (t * 2_000.0).min(1.0)
    };
    (0..frames(0.32)).map(sample).collect()
}

fn rim() -> Vec<f32> {
    let mode = |hz, amplitude, fades_s| Mode { hz, amplitude, fades_s, phase: 0.0 };
    ring(
        &[mode(1_720.0, 0.5, 0.05), mode(840.0, 0.35, 0.07), mode(2_950.0, 0.25, 0.03)],
        frames(0.1),
    )
}

/// Six pulses out of tune with each other and some noise, of which only the top is left.
fn metal(noise: &mut Noise, fades_s: f32, above_hz: f32) -> Vec<f32> {
    let mut pulses =
        [263.0, 400.0, 421.0, 474.0, 587.0, 845.0].map(|hz| (Saw::new(noise), hz * 1.9));
    let mut filters = [(); 2].map(|()| Biquad::new(Kind::HighPass { hz: above_hz, q: 0.8 }));
    let sample = |at: usize| {
        let t = at as f32 / RATE;
        let ring: f32 = pulses.iter_mut().map(|(saw, hz)| saw.pulse(*hz, 0.5)).sum();
        let raw = ring * 0.17 + noise.white() * 0.8;
        let [one, two] = &mut filters;
        let thin = two.next(one.next(raw));
        thin * (-t * 6.9 / fades_s).exp() * (t * 1_200.0).min(1.0)
    };
    (0..frames(f64::from(fades_s) * 1.1)).map(sample).collect()
}

fn shaker(noise: &mut Noise) -> Vec<f32> {
    let mut filter = Svf::default();
    filter.set(6_800.0, 0.9);
    let sample = |at: usize| {
        let t = at as f32 / RATE;
        let swell = (t / 0.022).min(1.0) * (-(t - 0.022).max(0.0) * 55.0).exp();
        filter.next(noise.white()).band * swell
    };
    (0..frames(0.11)).map(sample).collect()
}

fn tom(hz: f32) -> Vec<f32> {
    let mut turns = 0.0_f32;
    let sample = |at: usize| {
        let t = at as f32 / RATE;
        turns = (turns + (hz + hz * 0.5 * (-t * 24.0).exp()) / RATE).fract();
        let over = sine((turns * 1.5).fract()) * 0.2 * (-t * 18.0).exp();
        (sine(turns) + over) * (-t * 9.0).exp() * (t * 1_200.0).min(1.0)
    };
    (0..frames(0.55)).map(sample).collect()
}

/// A foot on a floor of boards.
fn stomp(noise: &mut Noise) -> Vec<f32> {
    let mode = |hz, amplitude, fades_s| Mode { hz, amplitude, fades_s, phase: 0.0 };
    let boards =
        ring(&[mode(72.0, 0.9, 0.28), mode(118.0, 0.4, 0.16), mode(211.0, 0.2, 0.09)], frames(0.3));
    let mut dull = Svf::default();
    dull.set(900.0, 0.7);
    let sample = |(at, board): (usize, f32)| {
        let t = at as f32 / RATE;
        (board + dull.next(noise.white()).low * (-t * 60.0).exp() * 0.5) * (t * 900.0).min(1.0)
    };
    boards.into_iter().enumerate().map(sample).collect()
}

/// Noise that climbs until it is let go.
fn riser(noise: &mut Noise, seconds: f32) -> Vec<f32> {
    let mut filter = Svf::default();
    let sample = |at: usize| {
        let place = at as f32 / RATE / seconds.max(0.1);
        if at.is_multiple_of(32) {
            filter.set(400.0 * (place * 4.3).exp2(), 1.4);
        }
        filter.next(noise.white()).band * place * place
    };
    (0..frames(f64::from(seconds))).map(sample).collect()
}
