//! Two channels of samples.

/// Samples of a channel in a second.
pub const RATE_HZ: u32 = 48_000;
/// The same, to reckon with.
pub(crate) const RATE: f32 = RATE_HZ as f32;

/// What both ears hear. Full scale is ±1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stereo {
    /// The left channel.
    pub left: Vec<f32>,
    /// The right channel, of the same length.
    pub right: Vec<f32>,
}

impl Stereo {
    /// So many frames of silence.
    #[must_use]
    pub fn silence(frames: usize) -> Self {
        Self { left: vec![0.0; frames], right: vec![0.0; frames] }
    }

    /// How many frames there are.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.left.len()
    }

    /// Both channels, frame by frame.
    #[must_use]
    pub fn interleaved(&self) -> Vec<f32> {
        self.left.iter().zip(&self.right).flat_map(|(left, right)| [*left, *right]).collect()
    }

    /// A part of it.
    #[must_use]
    pub fn cut(&self, frames: std::ops::Range<usize>) -> Self {
        Self { left: self.left[frames.clone()].to_vec(), right: self.right[frames].to_vec() }
    }

    /// A sound that is the same on both sides, with its place between them from −1 to 1; as loud in the middle as at a
    /// side.
    pub(crate) fn panned(mono: &[f32], pan: f32) -> Self {
        let (left, right) = pan_gains(pan);
        let scaled = |gain: f32| mono.iter().map(|sample| sample * gain).collect();
        Self { left: scaled(left), right: scaled(right) }
    }

    /// Adds another one from a frame on; what is behind the end is left out.
    pub(crate) fn add(&mut self, from: usize, other: &Self, gain: f32) {
        for (own, others) in [(&mut self.left, &other.left), (&mut self.right, &other.right)] {
            let own = own.get_mut(from..).unwrap_or_default();
            for (sample, more) in own.iter_mut().zip(others) {
                *sample += more * gain;
            }
        }
    }

    pub(crate) fn scale(&mut self, gain: f32) {
        self.each(|sample| sample * gain);
    }

    /// Changes every sample of both channels.
    pub(crate) fn each(&mut self, change: impl Fn(f32) -> f32) {
        for sample in self.left.iter_mut().chain(&mut self.right) {
            *sample = change(*sample);
        }
    }

    /// Passes each channel through a filter of its own.
    pub(crate) fn filter<F: FnMut(f32) -> f32>(&mut self, make: impl Fn() -> F) {
        for channel in [&mut self.left, &mut self.right] {
            let mut filter = make();
            for sample in channel {
                *sample = filter(*sample);
            }
        }
    }
}

/// What the channels get of a sound at a place between them.
pub(crate) fn pan_gains(pan: f32) -> (f32, f32) {
    let angle = (pan.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
    (angle.cos() * std::f32::consts::SQRT_2, angle.sin() * std::f32::consts::SQRT_2)
}

/// How many frames some seconds are.
pub(crate) fn frames(seconds: f64) -> usize {
    (seconds.max(0.0) * f64::from(RATE_HZ)).round() as usize
}
