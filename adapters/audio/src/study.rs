//! All of it in one pass over a file.

use crate::decode::{Decoded, Source, SourceFacts, decode};
use crate::error::{AudioError, Limits};
use crate::fingerprint::Fingerprinter;
use crate::isolate::isolated;
use crate::ladder::{Ladder, LadderEncoder, Rendition};
use crate::landmarks::{Landmark, Landmarks};
use crate::loudness::{Loudness, LoudnessMeter};
use crate::preview::{PreviewWindow, choose_preview};
use crate::resample::{RATE_HZ, Resampler, resampled_frames, to_stereo};
use crate::waveform::WaveformMeter;

/// What was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// What it is made of, and how long it is.
    pub decoded: Decoded,
    /// How many frames each rung of Opus is heard for: at 48 kHz.
    pub frames_48k: u64,
    /// How loud it is.
    pub loudness: Loudness,
    /// Its print, for comparing files.
    pub print: Vec<u32>,
    /// Its landmarks, for recognising clips.
    pub landmarks: Vec<Landmark>,
    /// Its peaks, from 0 to 255.
    pub waveform: Vec<u8>,
    /// Which part of it is its preview.
    pub preview: PreviewWindow,
}

struct Pass {
    encoder: LadderEncoder,
    loudness: LoudnessMeter,
    print: Fingerprinter,
    landmarks: Landmarks,
    waveform: WaveformMeter,
}

impl Pass {
    fn new(ladder: &Ladder, facts: &SourceFacts) -> Result<Self, AudioError> {
        Ok(Self {
            encoder: LadderEncoder::new(ladder, facts)?,
            loudness: LoudnessMeter::new(facts.rate_hz)?,
            print: Fingerprinter::new(facts.rate_hz)?,
            landmarks: Landmarks::to_keep(),
            waveform: WaveformMeter::default(),
        })
    }

    fn push(&mut self, frames: &[f32], stereo: &[f32]) -> Result<(), AudioError> {
        self.loudness.push(stereo)?;
        self.print.push(stereo);
        self.waveform.push(stereo);
        let resampled = self.encoder.push(frames, stereo)?;
        self.landmarks.push(resampled)
    }
}

/// Decodes a file once, measures it, and encodes its rungs.
///
/// `progress` is told after each packet how many milliseconds are done; where it says `false` the work
/// ends with [`AudioError::Encode`].
///
/// # Errors
/// [`AudioError`] as [`decode()`] has it, or where an encoder refuses.
pub fn study(
    source: impl Source,
    extension: Option<&str>,
    limits: &Limits,
    ladder: &Ladder,
    progress: &mut dyn FnMut(u64) -> bool,
) -> Result<(Study, Vec<Rendition>), AudioError> {
    isolated(|| {
        let mut pass: Option<Pass> = None;
        let (mut stereo, mut done) = (Vec::new(), 0_u64);
        let decoded = decode(source, extension, limits, &mut |facts, frames| {
            stereo.clear();
            to_stereo(frames, facts.channels, &mut stereo);
            let pass = match &mut pass {
                Some(pass) => pass,
                none => none.insert(Pass::new(ladder, facts)?),
            };
            pass.push(frames, &stereo)?;
            done += (frames.len() / facts.channels) as u64;
            let goes_on = progress(done.saturating_mul(1_000) / u64::from(facts.rate_hz));
            if goes_on { Ok(()) } else { Err(AudioError::Encode("it was called off".to_owned())) }
        })?;
        let Pass { encoder, loudness, print, mut landmarks, waveform } =
            pass.expect("a file without frames is refused");
        let (renditions, rest, frames_48k) = encoder.finish()?;
        landmarks.push(&rest)?;
        let loudness = loudness.finish()?;
        let preview = choose_preview(&loudness.momentary_lufs, decoded.duration_ms());
        debug_assert_eq!(frames_48k, resampled_frames(decoded.frames, decoded.facts.rate_hz));
        let study = Study {
            decoded,
            frames_48k,
            loudness,
            print: print.finish(),
            landmarks: landmarks.finish()?,
            waveform: waveform.finish(),
            preview,
        };
        Ok((study, renditions))
    })
}

/// The landmarks of a clip that somebody asks for: of its first `clip_ms_max` milliseconds.
///
/// # Errors
/// [`AudioError`] as [`decode()`] has it.
pub fn identify_landmarks(
    source: impl Source,
    extension: Option<&str>,
    limits: &Limits,
    clip_ms_max: u64,
) -> Result<Vec<Landmark>, AudioError> {
    isolated(|| {
        let mut resampler: Option<Resampler> = None;
        let mut landmarks = Landmarks::to_ask();
        let (mut stereo, mut resampled, mut taken) = (Vec::new(), Vec::new(), 0_u64);
        let frames_max = clip_ms_max * u64::from(RATE_HZ) / 1_000;
        decode(source, extension, limits, &mut |facts, frames| {
            if taken >= frames_max {
                return Ok(());
            }
            stereo.clear();
            to_stereo(frames, facts.channels, &mut stereo);
            let resampler = match &mut resampler {
                Some(resampler) => resampler,
                none => none.insert(Resampler::new(facts.rate_hz)?),
            };
            resampled.clear();
            resampler.push(&stereo, &mut resampled)?;
            taken += (resampled.len() / 2) as u64;
            landmarks.push(&resampled)
        })?;
        landmarks.finish()
    })
}
