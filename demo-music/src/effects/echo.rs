//! Echoes that go from side to side, and a chorus that makes one voice several.

use super::filter::{Biquad, Kind};
use crate::instruments::sine;
use crate::sound::{RATE, Stereo, frames};

/// Echoes of what is sent here, each on the other side, darker and softer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Echo {
    pub seconds: f64,
    pub feedback: f32,
    pub tone_hz: f32,
}

impl Echo {
    pub(crate) fn of(self, sent: &Stereo) -> Stereo {
        let delay = frames(self.seconds).max(1);
        let mut out = Stereo::silence(sent.frames());
        let filter = || Biquad::new(Kind::LowPass { hz: self.tone_hz, q: 0.6 });
        let thin = || Biquad::new(Kind::HighPass { hz: 220.0, q: 0.7 });
        let (mut left, mut right) = ((filter(), thin()), (filter(), thin()));
        for at in delay..sent.frames() {
            let from = at - delay;
            // The middle enters on the left; what was left comes back right.
            let entering = 0.5 * (sent.left[from] + sent.right[from]);
            let to_left = entering + self.feedback * out.right[from];
            let to_right = self.feedback.max(0.6) * out.left[from];
            out.left[at] = left.1.next(left.0.next(to_left));
            out.right[at] = right.1.next(right.0.next(to_right));
        }
        out
    }
}

/// Copies of a sound, each a little late by a time that wanders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chorus {
    pub hz: f32,
    pub depth_ms: f32,
    pub mix: f32,
}

impl Chorus {
    pub(crate) fn on(self, sound: &mut Stereo) {
        for (channel, offset) in [(&mut sound.left, 0.0), (&mut sound.right, 0.25)] {
            let dry = channel.clone();
            for (at, sample) in channel.iter_mut().enumerate() {
                let turns = at as f32 / RATE * self.hz + offset;
                let late = (8.0 + self.depth_ms * (1.0 + sine(turns))) * RATE / 1_000.0;
                let (whole, part) = (late as usize, late.fract());
                if at > whole {
                    let wet = dry[at - whole] * (1.0 - part) + dry[at - whole - 1] * part;
                    *sample = *sample * (1.0 - self.mix * 0.5) + wet * self.mix;
                }
            }
        }
    }
}
