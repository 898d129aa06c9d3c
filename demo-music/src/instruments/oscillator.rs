//! Waves without frequencies above what samples can hold.

use crate::noise::Noise;
use crate::sound::RATE;

/// The sine of a number of whole turns, to about five digits.
pub(crate) fn sine(turns: f32) -> f32 {
    // A quarter turn to each side, where a short polynomial is enough.
    let x = turns - turns.round();
    let x = if x > 0.25 {
        0.5 - x
    } else if x < -0.25 {
        -0.5 - x
    } else {
        x
    };
    let y = x * x;
    x * (std::f32::consts::TAU + y * (-41.341_7 + y * (81.605_2 + y * (-76.705_8 + y * 39.722))))
}

/// A sawtooth whose edge is rounded over two samples (PolyBLEP: Välimäki and Huovilainen, 2007).
#[derive(Debug, Clone)]
pub(crate) struct Saw {
    phase: f32,
}

impl Saw {
    pub(crate) fn new(noise: &mut Noise) -> Self {
        Self { phase: noise.unit() }
    }

    /// The next sample at a frequency.
    pub(crate) fn next(&mut self, hz: f32) -> f32 {
        let step = hz / RATE;
        self.phase += step;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
        2.0 * self.phase - 1.0 - edge(self.phase, step)
    }

    /// The same as a pulse that is high for a part of its period.
    pub(crate) fn pulse(&mut self, hz: f32, width: f32) -> f32 {
        let saw = self.next(hz);
        let step = hz / RATE;
        let other = (self.phase + 1.0 - width).fract();
        saw - (2.0 * other - 1.0 - edge(other, step)) - (1.0 - 2.0 * width)
    }
}

fn edge(phase: f32, step: f32) -> f32 {
    if phase < step {
        let x = phase / step;
        x + x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + x + x + 1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_one() {
        for at in -300..300 {
            let turns = at as f32 / 97.0;
            let exact = (turns * std::f32::consts::TAU).sin();
            assert!((sine(turns) - exact).abs() < 2e-4, "{turns}");
        }
    }
}
