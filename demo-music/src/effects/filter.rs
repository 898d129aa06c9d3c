//! Filters: those that stand still, and those that move.

use crate::sound::RATE;
use std::f32::consts::PI;

/// What a biquad does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    LowPass { hz: f32, q: f32 },
    HighPass { hz: f32, q: f32 },
    BandPass { hz: f32, q: f32 },
    Peak { hz: f32, q: f32, db: f32 },
    LowShelf { hz: f32, db: f32 },
    HighShelf { hz: f32, db: f32 },
}

/// Two poles and two zeros, after R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".
/// In double precision, for low ones would hum in single.
#[derive(Debug, Clone)]
pub(crate) struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    z: [f64; 2],
}

impl Biquad {
    pub(crate) fn new(kind: Kind) -> Self {
        let (hz, q, db) = match kind {
            Kind::LowPass { hz, q } | Kind::HighPass { hz, q } | Kind::BandPass { hz, q } => {
                (hz, q, 0.0)
            }
            Kind::Peak { hz, q, db } => (hz, q, db),
            Kind::LowShelf { hz, db } | Kind::HighShelf { hz, db } => (hz, 0.707, db),
        };
        let w = std::f64::consts::TAU * f64::from(hz) / f64::from(RATE);
        let (sin, cos) = w.sin_cos();
        let alpha = sin / (2.0 * f64::from(q));
        let amp = 10_f64.powf(f64::from(db) / 40.0);
        let root = 2.0 * amp.sqrt() * alpha;
        let (b, a) = match kind {
            Kind::LowPass { .. } => (
                [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0],
                [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
            ),
            Kind::HighPass { .. } => (
                [f64::midpoint(1.0, cos), -1.0 - cos, f64::midpoint(1.0, cos)],
                [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
            ),
            Kind::BandPass { .. } => ([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
            Kind::Peak { .. } => (
                [1.0 + alpha * amp, -2.0 * cos, 1.0 - alpha * amp],
                [1.0 + alpha / amp, -2.0 * cos, 1.0 - alpha / amp],
            ),
            Kind::LowShelf { .. } => (
                [
                    amp * (amp + 1.0 - (amp - 1.0) * cos + root),
                    2.0 * amp * (amp - 1.0 - (amp + 1.0) * cos),
                    amp * (amp + 1.0 - (amp - 1.0) * cos - root),
                ],
                [
                    amp + 1.0 + (amp - 1.0) * cos + root,
                    -2.0 * (amp - 1.0 + (amp + 1.0) * cos),
                    amp + 1.0 + (amp - 1.0) * cos - root,
                ],
            ),
            Kind::HighShelf { .. } => (
                [
                    amp * (amp + 1.0 + (amp - 1.0) * cos + root),
                    -2.0 * amp * (amp - 1.0 + (amp + 1.0) * cos),
                    amp * (amp + 1.0 + (amp - 1.0) * cos - root),
                ],
                [
                    amp + 1.0 - (amp - 1.0) * cos + root,
                    2.0 * (amp - 1.0 - (amp + 1.0) * cos),
                    amp + 1.0 - (amp - 1.0) * cos - root,
                ],
            ),
        };
        Self { b: b.map(|it| it / a[0]), a: [a[1] / a[0], a[2] / a[0]], z: [0.0; 2] }
    }

    pub(crate) fn next(&mut self, x: f32) -> f32 {
        let x = f64::from(x);
        let y = self.b[0] * x + self.z[0];
        self.z[0] = self.b[1] * x - self.a[0] * y + self.z[1];
        self.z[1] = self.b[2] * x - self.a[1] * y;
        y as f32
    }
}

/// A state-variable filter whose cutoff may move at any time (A. Simper, "Linear trapezoidal state variable filter").
#[derive(Debug, Clone, Default)]
pub(crate) struct Svf {
    g: f32,
    k: f32,
    first: f32,
    second: f32,
}

/// What comes out of it at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bands {
    pub low: f32,
    pub band: f32,
    pub high: f32,
}

impl Svf {
    pub(crate) fn set(&mut self, hz: f32, q: f32) {
        self.g = (PI * hz.clamp(10.0, 0.45 * RATE) / RATE).tan();
        self.k = 1.0 / q;
    }

    pub(crate) fn next(&mut self, x: f32) -> Bands {
        let a1 = 1.0 / (1.0 + self.g * (self.g + self.k));
        let band = a1 * (self.first + self.g * (x - self.second));
        let low = self.second + self.g * band;
        self.first = 2.0 * band - self.first;
        self.second = 2.0 * low - self.second;
        Bands { low, band, high: x - self.k * band - low }
    }
}
