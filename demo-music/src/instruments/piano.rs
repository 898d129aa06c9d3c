//! A felt-soft grand: stiff strings in pairs, a hammer, dampers.

use super::modes::{Mode, ring};
use super::{Instrument, Tone, ended};
use crate::effects::Svf;
use crate::noise::Noise;
use crate::sound::{RATE, Stereo, frames};

/// A piano.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piano {
    /// From 0 (felt) to 1 (bright).
    pub brightness: f32,
}

/// Where the hammer strikes, as a part of the string.
const STRIKES_AT: f32 = 0.121;
/// The strings of a note differ by so many cents.
const DETUNED_CENTS: f32 = 0.55;
const DAMPING_S: f32 = 0.28;

impl Instrument for Piano {
    fn sound(&self, tone: &Tone, noise: &mut Noise) -> Stereo {
        let hz = tone.hz;
        // Stiffness spreads the partials; thick strings more at both ends of the keyboard.
        let stiffness = 2.2e-4 * (hz / 220.0).powf(1.1).max(0.6);
        let bright = (self.brightness * 0.6 + tone.velocity * 0.7) * 2_600.0 + 320.0;
        let fades_s = 11.0 * (hz / 110.0).powf(-0.62);
        let mut strings = [Vec::new(), Vec::new()];
        for number in 1..=28_u8 {
            let n = f32::from(number);
            let partial = hz * n * (1.0 + stiffness * n * n).sqrt();
            if partial > 11_000.0 {
                break;
            }
            let struck = (std::f32::consts::PI * n * STRIKES_AT).sin().abs();
            let amplitude = struck * (-(partial - hz) / bright).exp() / n.powf(0.55);
            let fades_s = fades_s / (1.0 + 0.2 * (n - 1.0));
            for (string, modes) in strings.iter_mut().enumerate() {
                // One string fades soon and the other rings on: a strong beginning, a long end.
                let (cents, times) = [(-DETUNED_CENTS, 0.5), (DETUNED_CENTS, 1.0)][string];
                let cents = cents * (1.0 + 0.3 * noise.near());
                modes.push(Mode {
                    hz: partial * (cents / 1_200.0).exp2(),
                    amplitude,
                    fades_s: fades_s * times,
                    phase: 0.0,
                });
            }
        }
        let damping = if hz > 1_400.0 { 1.0 } else { DAMPING_S };
        let rings = frames(f64::from((tone.seconds + damping).min(fades_s)));
        let [prompt, after] = strings.map(|modes| ring(&modes, rings));
        let thump = thump(tone, noise);
        let gain = 0.19 * tone.velocity.powf(1.3) * (hz / 262.0).powf(-0.12);
        // Low strings are on the left of whoever plays.
        let place = ((hz / 262.0).log2() * 0.16).clamp(-0.45, 0.45);
        let held = frames(f64::from(tone.seconds));
        let soften = (-6.9 / (damping * RATE)).exp();
        let (mut left, mut right) = (Vec::with_capacity(rings), Vec::with_capacity(rings));
        let mut damped = 1.0_f32;
        for at in 0..rings {
            if at > held {
                damped *= soften;
            }
            let rise = (at as f32 / 70.0).min(1.0);
            let level = gain * rise * damped;
            let knock = thump.get(at).copied().unwrap_or_default();
            let (one, two) = (prompt[at] * level, after[at] * level);
            left.push((one * 0.62 + two * 0.38) * (1.0 - place) + knock);
            right.push((one * 0.40 + two * 0.60) * (1.0 + place) + knock);
        }
        ended(left, right)
    }
}

/// The hammer and the key, which are heard before the string.
fn thump(tone: &Tone, noise: &mut Noise) -> Vec<f32> {
    let mut filter = Svf::default();
    filter.set(380.0 + tone.hz * 0.5, 0.8);
    let level = 0.05 * tone.velocity * tone.velocity;
    let knock = |at: usize| {
        let t = at as f32 / RATE;
        filter.next(noise.white()).band * level * (-t * 70.0).exp() * (t * 900.0).min(1.0)
    };
    (0..frames(0.09)).map(knock).collect()
}
