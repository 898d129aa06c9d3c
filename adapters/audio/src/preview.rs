//! Which half minute of a track is heard first, and that half minute.

use crate::decode::{Source, decode};
use crate::error::{AudioError, Limits};
use crate::isolate::isolated;
use crate::ladder::{Ladder, Rendition, RungEncoder, RungSpec};
use crate::resample::{Resampler, to_stereo};

/// How long a preview is, in milliseconds.
pub const PREVIEW_MS: u64 = 30_000;
/// How long it comes and goes.
const FADE_MS: u64 = 600;
/// Windows that are at most so much quieter than the loudest are as good; the first of them is taken.
const AS_GOOD_LU: f64 = 0.5;
/// Where windows may begin: each second.
const STEP_BLOCKS: usize = 10;

/// A part of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewWindow {
    /// Where it begins, in milliseconds.
    pub start_ms: u64,
    /// How long it is.
    pub length_ms: u64,
}

/// The loudest half minute, by the mean energy of its blocks; of those that are about as loud the first.
/// The whole of a shorter track.
#[must_use]
pub fn choose_preview(momentary_lufs: &[f32], duration_ms: u64) -> PreviewWindow {
    let blocks = usize::try_from(PREVIEW_MS / 100).expect("300");
    if duration_ms <= PREVIEW_MS || momentary_lufs.len() <= blocks {
        return PreviewWindow { start_ms: 0, length_ms: duration_ms.min(PREVIEW_MS) };
    }
    let mut sums = vec![0.0_f64];
    for lufs in momentary_lufs {
        let before = sums[sums.len() - 1];
        sums.push(before + 10_f64.powf(f64::from(*lufs) / 10.0));
    }
    let starts = (0..=momentary_lufs.len() - blocks).step_by(STEP_BLOCKS);
    let energy = |start: usize| sums[start + blocks] - sums[start];
    let loudest = starts.clone().map(energy).fold(0.0, f64::max);
    let enough = loudest * 10_f64.powf(-AS_GOOD_LU / 10.0);
    let start = starts.clone().find(|start| energy(*start) >= enough).unwrap_or(0);
    PreviewWindow { start_ms: start as u64 * 100, length_ms: PREVIEW_MS }
}

/// Encodes a window of a file as one rung, faded in and out.
///
/// # Errors
/// [`AudioError`] as [`decode()`] has it, or where an encoder refuses.
pub fn encode_preview(
    source: impl Source,
    extension: Option<&str>,
    limits: &Limits,
    window: PreviewWindow,
    rung: RungSpec,
) -> Result<Rendition, AudioError> {
    isolated(|| {
        let mut made: Option<(Resampler, RungEncoder)> = None;
        let (mut stereo, mut resampled, mut at) = (Vec::new(), Vec::new(), 0_u64);
        // The rest of the file isn't decoded: this ends the work from within.
        let mut done = false;
        let outcome = decode(source, extension, limits, &mut |facts, frames| {
            let frame_of = |ms: u64| ms * u64::from(facts.rate_hz) / 1_000;
            let (from, to) =
                (frame_of(window.start_ms), frame_of(window.start_ms + window.length_ms));
            let first = at;
            at += (frames.len() / facts.channels) as u64;
            if first >= to {
                done = true;
                return Err(AudioError::Encode("the window is over".to_owned()));
            }
            stereo.clear();
            to_stereo(frames, facts.channels, &mut stereo);
            let place = |frame: u64| {
                usize::try_from(frame.clamp(first, at) - first).expect("within a packet") * 2
            };
            let (begin, end) = (place(from), place(to));
            let part = &mut stereo[begin..end];
            fade(part, first.max(from) - from, to - from, facts.rate_hz);
            let (resampler, encoder) = match &mut made {
                Some(made) => made,
                none => none.insert((
                    Resampler::new(facts.rate_hz)?,
                    RungEncoder::new(rung, &Ladder::default())?,
                )),
            };
            resampled.clear();
            resampler.push(part, &mut resampled)?;
            encoder.push(&resampled)
        });
        if !done {
            outcome?;
        }
        let (mut resampler, mut encoder) =
            made.ok_or_else(|| AudioError::Encode("the window is behind the end".to_owned()))?;
        resampled.clear();
        resampler.finish(&mut resampled)?;
        encoder.push(&resampled)?;
        encoder.finish()
    })
}

/// Fades frames of a window that begin with its frame `at`.
fn fade(stereo: &mut [f32], at: u64, window_frames: u64, rate_hz: u32) {
    let length = (u64::from(rate_hz) * FADE_MS / 1_000).clamp(1, window_frames.max(2) / 2);
    for (frame, number) in stereo.chunks_exact_mut(2).zip(at..) {
        let near = number.min(window_frames.saturating_sub(number + 1));
        if near < length {
            #[expect(clippy::cast_precision_loss, reason = "a share of some thousand")]
            let share = near as f32 / length as f32;
            // A quarter of a cosine: no corner that could be heard.
            let factor = (share * std::f32::consts::FRAC_PI_2).sin();
            frame.iter_mut().for_each(|sample| *sample *= factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_loudest_windows() {
        let mut blocks = vec![-30.0_f32; 1_200];
        blocks[500..800].fill(-12.0);
        blocks[900..].fill(-12.1);
        let chosen = choose_preview(&blocks, 120_000);
        assert_eq!(chosen.length_ms, PREVIEW_MS);
        assert!((47_000..=50_000).contains(&chosen.start_ms), "{chosen:?}");
        let short = choose_preview(&blocks[..100], 10_050);
        assert_eq!(short, PreviewWindow { start_ms: 0, length_ms: 10_050 });
        let silent = choose_preview(&[-70.0; 1_000], 100_000);
        assert_eq!(silent.start_ms, 0);
    }
}
