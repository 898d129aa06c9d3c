//! What encoders take: stereo at 48 kHz, to the frame.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

use crate::error::AudioError;

/// The rate of everything behind the resampler, in hertz.
pub const RATE_HZ: u32 = 48_000;
/// About how many frames are resampled at once.
const CHUNK_FRAMES: usize = 1_024;

/// How many frames at 48 kHz a recording has: rounded to the nearest.
#[must_use]
pub fn resampled_frames(frames: u64, rate_hz: u32) -> u64 {
    let (rate, ticks) = (u128::from(rate_hz), u128::from(frames) * u128::from(RATE_HZ));
    u64::try_from((ticks + rate / 2) / rate).unwrap_or(u64::MAX)
}

/// Resamples stereo to 48 kHz, without a delay: the first frame stays the first.
pub struct Resampler {
    rate_hz: u32,
    inner: Option<Fft<f32>>,
    waiting: Vec<f32>,
    made: Vec<f32>,
    /// Frames of the filter's delay that are still to come out first.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// From `rate_hz`.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`] for a rate that can't be had.
    pub fn new(rate_hz: u32) -> Result<Self, AudioError> {
        let refused = |error: &dyn std::fmt::Display| {
            AudioError::Unsupported(format!("a rate of {rate_hz} Hz: {error}"))
        };
        let inner = if rate_hz == RATE_HZ {
            None
        } else {
            let (from, to) = (rate_hz as usize, RATE_HZ as usize);
            let made = Fft::new(from, to, CHUNK_FRAMES, 2, FixedSync::Input);
            Some(made.map_err(|error| refused(&error))?)
        };
        let delay = inner.as_ref().map_or(0, |inner| inner.output_delay());
        let made = inner.as_ref().map_or(0, |inner| inner.output_frames_max() * 2);
        Ok(Self {
            rate_hz,
            inner,
            waiting: Vec::new(),
            made: vec![0.0; made],
            delay,
            taken: 0,
            given: 0,
        })
    }

    /// Takes stereo frames, and adds to `out` what is ready.
    ///
    /// # Errors
    /// [`AudioError::Encode`] where the filter refuses.
    pub fn push(&mut self, stereo: &[f32], out: &mut Vec<f32>) -> Result<(), AudioError> {
        self.taken += (stereo.len() / 2) as u64;
        if self.inner.is_none() {
            self.given = self.taken;
            out.extend_from_slice(stereo);
            return Ok(());
        }
        self.waiting.extend_from_slice(stereo);
        self.run(out, u64::MAX)
    }

    /// Adds the rest, and says how many frames there were in all.
    ///
    /// # Errors
    /// [`AudioError::Encode`] where the filter refuses.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<u64, AudioError> {
        let all = resampled_frames(self.taken, self.rate_hz);
        while self.given < all {
            let needed = self.inner.as_ref().map_or(0, |inner| inner.input_frames_next() * 2);
            self.waiting.resize(needed.max(self.waiting.len()), 0.0);
            self.run(out, all)?;
        }
        Ok(all)
    }

    fn run(&mut self, out: &mut Vec<f32>, all: u64) -> Result<(), AudioError> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        let failed = |error: &dyn std::fmt::Display| AudioError::Encode(error.to_string());
        let mut read = 0;
        loop {
            let needed = inner.input_frames_next() * 2;
            let Some(chunk) = self.waiting.get(read..read + needed) else { break };
            let from =
                InterleavedSlice::new(chunk, 2, needed / 2).map_err(|error| failed(&error))?;
            let room = self.made.len() / 2;
            let mut to = InterleavedSlice::new_mut(&mut self.made[..], 2, room)
                .map_err(|error| failed(&error))?;
            let (_, frames) = inner
                .process_into_buffer(&from, &mut to, None::<&Indexing>)
                .map_err(|error| failed(&error))?;
            read += needed;
            let skipped = self.delay.min(frames);
            self.delay -= skipped;
            let left = usize::try_from(all - self.given).unwrap_or(usize::MAX);
            let kept = (frames - skipped).min(left);
            self.given += kept as u64;
            out.extend_from_slice(&self.made[skipped * 2..(skipped + kept) * 2]);
        }
        self.waiting.drain(..read);
        Ok(())
    }
}

/// Adds frames to `out` as stereo. One channel is heard from both sides; more than two are mixed as ITU-R
/// BS.775 says, without the low-frequency channel, and quiet enough not to clip.
pub fn to_stereo(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    match channels {
        1 => out.extend(interleaved.iter().flat_map(|&sample| [sample, sample])),
        2 => out.extend_from_slice(interleaved),
        _ => {
            let (left, right) = weights(channels);
            let norm = 1.0 / left.iter().sum::<f32>().max(1.0);
            for frame in interleaved.chunks_exact(channels) {
                let side = |weights: &[f32; 8]| {
                    frame.iter().zip(weights).map(|(sample, weight)| sample * weight).sum::<f32>()
                };
                out.extend([side(&left) * norm, side(&right) * norm]);
            }
        }
    }
}

/// What each channel, in WAVE's order, adds to the left and to the right.
fn weights(channels: usize) -> ([f32; 8], [f32; 8]) {
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    match channels {
        3 => ([1.0, 0.0, H, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, H, 0.0, 0.0, 0.0, 0.0, 0.0]),
        4 => ([1.0, 0.0, H, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, H, 0.0, 0.0, 0.0, 0.0]),
        5 => ([1.0, 0.0, H, H, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, H, 0.0, H, 0.0, 0.0, 0.0]),
        6 => ([1.0, 0.0, H, 0.0, H, 0.0, 0.0, 0.0], [0.0, 1.0, H, 0.0, 0.0, H, 0.0, 0.0]),
        7 => ([1.0, 0.0, H, 0.0, 0.5, H, 0.0, 0.0], [0.0, 1.0, H, 0.0, 0.5, 0.0, H, 0.0]),
        _ => ([1.0, 0.0, H, 0.0, H, 0.0, H, 0.0], [0.0, 1.0, H, 0.0, 0.0, H, 0.0, H]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of both rates is the same tone, in time to a hundredth of a frame.
    #[test]
    fn nothing_is_shifted() {
        for rate_hz in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
            let tone = |rate: u32, frames: u64| -> Vec<f32> {
                let step = std::f64::consts::TAU * 440.0 / f64::from(rate);
                (0..frames)
                    .flat_map(|at| {
                        #[expect(
                            clippy::cast_precision_loss,
                            clippy::cast_possible_truncation,
                            reason = "a sample"
                        )]
                        let sample = (at as f64 * step).sin() as f32;
                        [sample, -sample]
                    })
                    .collect()
            };
            let input = tone(rate_hz, u64::from(rate_hz) + 7);
            let mut resampler = Resampler::new(rate_hz).unwrap();
            let mut out = Vec::new();
            for part in input.chunks(2 * 317) {
                resampler.push(part, &mut out).unwrap();
            }
            let frames = resampler.finish(&mut out).unwrap();
            assert_eq!(frames, resampled_frames(u64::from(rate_hz) + 7, rate_hz));
            assert_eq!(out.len() as u64, frames * 2, "{rate_hz}");
            let expected = tone(RATE_HZ, frames);
            // The filter rings where a tone begins and ends at once.
            let inside = 4_800..out.len() - 4_800;
            let worst = out[inside.clone()]
                .iter()
                .zip(&expected[inside])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-3, "{rate_hz} Hz: {worst}");
        }
    }

    #[test]
    fn mixing_never_clips() {
        for channels in 1..=8 {
            let mut out = Vec::new();
            to_stereo(&vec![1.0; channels * 3], channels, &mut out);
            assert_eq!(out.len(), 6);
            assert!(
                out.iter().all(|sample| (0.5..=1.0001).contains(sample)),
                "{channels}: {out:?}"
            );
        }
    }
}
