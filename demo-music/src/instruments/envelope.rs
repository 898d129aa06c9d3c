//! How a sound begins, is held, and ends.

use crate::sound::{RATE, frames};

/// Times in seconds; levels from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub attack: f32,
    pub decay: f32,
    pub sustain: f32,
    pub release: f32,
}

impl Envelope {
    /// How many frames a note sounds that is held so long.
    pub(crate) fn frames(self, seconds: f32) -> usize {
        frames(f64::from(seconds + self.release))
    }

    /// The level of each frame, in turn.
    pub(crate) fn levels(self, seconds: f32) -> impl Iterator<Item = f32> {
        let held = frames(f64::from(seconds));
        let rise = 1.0 / (self.attack * RATE).max(1.0);
        // Five time constants: what is left then is under one in a hundred.
        let pace = |time: f32| 1.0 - (-5.0 / (time * RATE).max(1.0)).exp();
        let (fall, end) = (pace(self.decay), pace(self.release));
        let (mut x, mut level, mut rising) = (0.0_f32, 0.0_f32, true);
        (0..self.frames(seconds)).map(move |at| {
            if at >= held {
                level -= level * end;
            } else if rising {
                x += rise;
                rising = x < 1.0;
                let x = x.min(1.0);
                level = x * x * (3.0 - 2.0 * x);
            } else {
                level += (self.sustain - level) * fall;
            }
            level
        })
    }
}
