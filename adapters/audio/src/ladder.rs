//! The rungs: each bitrate once, at ingest, in segments that begin and end together.

use std::fmt;
use std::str::FromStr;

use crate::decode::{Decoded, Source, SourceFacts, decode};
use crate::error::{AudioError, Limits};
use crate::flac::{FlacEncoder, keeps};
use crate::isolate::isolated;
use crate::mp4::{MuxedCodec, Muxer, Sample, SegmentIndex};
use crate::opus::{Encoder, PACKET_FRAMES};
use crate::resample::{RATE_HZ, Resampler, to_stereo};

/// How a rung is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// Opus.
    Opus,
    /// FLAC: what the source had, to the bit; only where that was lossless itself.
    Flac,
}

impl Codec {
    /// Its word, which is also what MediaSource calls it in `codecs`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Flac => "flac",
        }
    }
}

/// A rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RungSpec {
    /// How it is coded.
    pub codec: Codec,
    /// Kilobits a second; 0 for FLAC, which takes what it needs.
    pub bitrate_kbps: u32,
}

impl fmt::Display for RungSpec {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.codec {
            Codec::Flac => to.write_str("flac"),
            Codec::Opus => write!(to, "opus-{}", self.bitrate_kbps),
        }
    }
}

/// Which rungs a track gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    rungs: Vec<RungSpec>,
    segment_ms: u32,
    complexity: u8,
}

/// Why a ladder is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// A rung's name isn't known.
    #[error("\"{0}\" is no rung: it wants opus-6 to opus-510 (kilobits a second), or flac")]
    Rung(String),
    /// There are none, too many, or one twice.
    #[error("a ladder has one to {RUNGS_MAX} rungs, each once")]
    Count,
}

/// The most rungs of a ladder.
pub const RUNGS_MAX: usize = 8;
/// How long a segment is: short, so that a player may change the rung soon; long enough that its head
/// is a small part of the lowest rung.
const SEGMENT_MS: u32 = 2_000;
/// libopus' own scale of how hard it tries, up to 10.
const COMPLEXITY: u8 = 10;
/// Frames in front of the first audible one. The encoder itself is 312 behind; with one whole packet,
/// segments begin on whole seconds, as those of FLAC do.
const PRIMING_FRAMES: usize = PACKET_FRAMES;
/// How far a sound is continued beyond its end.
const MIRRORED_FRAMES: usize = PACKET_FRAMES;

impl Default for Ladder {
    fn default() -> Self {
        "opus-24,opus-96,opus-160,opus-320,flac".parse().expect("these are rungs")
    }
}

impl FromStr for Ladder {
    type Err = LadderError;

    fn from_str(text: &str) -> Result<Self, LadderError> {
        let rung = |word: &str| {
            let refused = || LadderError::Rung(word.to_owned());
            if word == "flac" {
                return Ok(RungSpec { codec: Codec::Flac, bitrate_kbps: 0 });
            }
            let number = word.strip_prefix("opus-").ok_or_else(refused)?;
            let bitrate_kbps: u32 = number.parse().map_err(|_| refused())?;
            let within = (6..=510).contains(&bitrate_kbps);
            within.then_some(RungSpec { codec: Codec::Opus, bitrate_kbps }).ok_or_else(refused)
        };
        let mut rungs =
            text.split(',').map(|word| rung(word.trim())).collect::<Result<Vec<_>, _>>()?;
        rungs.sort_unstable();
        let count = rungs.len();
        rungs.dedup();
        if count > RUNGS_MAX || rungs.len() != count {
            return Err(LadderError::Count);
        }
        Ok(Self { rungs, segment_ms: SEGMENT_MS, complexity: COMPLEXITY })
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.rungs.iter().map(ToString::to_string).collect();
        to.write_str(&words.join(","))
    }
}

impl Ladder {
    /// Its rungs, the lowest first and FLAC last.
    #[must_use]
    pub fn rungs(&self) -> &[RungSpec] {
        &self.rungs
    }

    /// How long a segment is, in milliseconds.
    #[must_use]
    pub fn segment_ms(&self) -> u32 {
        self.segment_ms
    }

    /// The same with some of its rungs only.
    ///
    /// # Errors
    /// [`LadderError::Count`] where none is left.
    pub fn only(&self, wanted: impl Fn(&RungSpec) -> bool) -> Result<Self, LadderError> {
        let rungs: Vec<RungSpec> = self.rungs.iter().copied().filter(wanted).collect();
        if rungs.is_empty() { Err(LadderError::Count) } else { Ok(Self { rungs, ..self.clone() }) }
    }
}

/// A rung of one track: a file of fragmented MP4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which rung.
    pub rung: RungSpec,
    /// The file.
    pub bytes: Vec<u8>,
    /// Where its segments are.
    pub index: SegmentIndex,
    /// How many frames are heard, at the index' clock.
    pub frames: u64,
    /// Frames in front of the first that is heard.
    pub priming_frames: u32,
}

impl Rendition {
    fn new(rung: RungSpec, bytes: Vec<u8>, frames: u64) -> Result<Self, AudioError> {
        let index = SegmentIndex::read(&bytes)
            .map_err(|error| AudioError::Defect(format!("what was just written: {error}")))?;
        let priming_frames = match rung.codec {
            Codec::Opus => u32::try_from(PRIMING_FRAMES).expect("960"),
            Codec::Flac => 0,
        };
        Ok(Self { rung, bytes, index, frames, priming_frames })
    }

    /// Its mean bitrate in kilobits a second, rounded.
    #[must_use]
    pub fn mean_kbps(&self) -> u64 {
        let bits = self.bytes.len() as u64 * 8 * u64::from(self.index.timescale);
        bits / (self.frames.max(1) * 1_000)
    }
}

/// Encodes one rung of Opus from stereo at 48 kHz.
pub struct RungEncoder {
    rung: RungSpec,
    encoder: Encoder,
    muxer: Muxer,
    segment_packets: usize,
    /// Frames to come in front of the first one; 0 once they were made.
    silence_frames: usize,
    /// The last frames that were pushed.
    tail: Vec<f32>,
    waiting: Vec<f32>,
    packets: Vec<Sample>,
    packets_made: u64,
    frames: u64,
}

impl RungEncoder {
    /// For a rung of Opus of `ladder`.
    ///
    /// # Errors
    /// [`AudioError::Encode`] where libopus refuses.
    pub fn new(rung: RungSpec, ladder: &Ladder) -> Result<Self, AudioError> {
        let mut encoder = Encoder::new(rung.bitrate_kbps, ladder.complexity)?;
        let lookahead = encoder.lookahead_frames()?;
        let silence_frames = PRIMING_FRAMES
            .checked_sub(lookahead)
            .ok_or_else(|| AudioError::Encode("libopus looks too far ahead".to_owned()))?;
        let priming = u32::try_from(PRIMING_FRAMES).expect("960");
        Ok(Self {
            rung,
            encoder,
            muxer: Muxer::new(RATE_HZ, priming),
            segment_packets: ladder.segment_ms as usize * RATE_HZ as usize / 1_000 / PACKET_FRAMES,
            silence_frames,
            tail: Vec::new(),
            waiting: Vec::new(),
            packets: Vec::new(),
            packets_made: 0,
            frames: 0,
        })
    }

    /// Takes interleaved stereo frames at 48 kHz.
    ///
    /// # Errors
    /// [`AudioError::Encode`] where libopus refuses.
    pub fn push(&mut self, stereo: &[f32]) -> Result<(), AudioError> {
        self.frames += (stereo.len() / 2) as u64;
        self.waiting.extend_from_slice(stereo);
        let tail = MIRRORED_FRAMES * 2;
        if stereo.len() >= tail {
            self.tail.clear();
            self.tail.extend_from_slice(&stereo[stereo.len() - tail..]);
        } else {
            self.tail.extend_from_slice(stereo);
            self.tail.drain(..self.tail.len().saturating_sub(tail));
        }
        if self.silence_frames > 0 {
            if self.waiting.len() < tail {
                return Ok(());
            }
            self.lead_in();
        }
        self.run()
    }

    /// Puts in front what leads to the first frame.
    fn lead_in(&mut self) {
        let frames = std::mem::take(&mut self.silence_frames);
        let mirrored = mirrored(self.waiting.chunks_exact(2), frames);
        let reversed = mirrored.chunks_exact(2).rev().flatten().copied();
        self.waiting.splice(..0, reversed.collect::<Vec<f32>>());
    }

    fn run(&mut self) -> Result<(), AudioError> {
        let mut read = 0;
        while let Some(packet) = self.waiting.get(read..read + PACKET_FRAMES * 2) {
            let bytes = self.encoder.encode(packet)?.to_vec();
            read += PACKET_FRAMES * 2;
            self.packets.push(Sample { bytes, ticks: u32::try_from(PACKET_FRAMES).expect("960") });
            self.packets_made += 1;
            // The first segment has the packet in front of the first audible frame besides.
            let priming = usize::from(self.muxer.segments() == 0);
            if self.packets.len() == self.segment_packets + priming {
                self.close();
            }
        }
        self.waiting.drain(..read);
        Ok(())
    }

    fn close(&mut self) {
        self.muxer.segment(&self.packets);
        self.packets.clear();
    }

    /// The rung.
    ///
    /// # Errors
    /// [`AudioError::Encode`] where libopus refuses, or nothing was pushed.
    pub fn finish(mut self) -> Result<Rendition, AudioError> {
        if self.frames == 0 {
            return Err(AudioError::Encode("there is no sound".to_owned()));
        }
        if self.silence_frames > 0 {
            self.lead_in();
        }
        let tail = std::mem::take(&mut self.tail);
        self.waiting.extend(mirrored(tail.chunks_exact(2).rev(), MIRRORED_FRAMES));
        let packet = PACKET_FRAMES as u64;
        let wanted = (self.frames + PRIMING_FRAMES as u64).div_ceil(packet);
        let left = usize::try_from(wanted - self.packets_made).expect("a few packets");
        self.waiting.resize(left * PACKET_FRAMES * 2, 0.0);
        self.run()?;
        if !self.packets.is_empty() {
            self.close();
        }
        let codec = MuxedCodec::Opus { pre_skip: u16::try_from(PRIMING_FRAMES).expect("960") };
        Rendition::new(self.rung, self.muxer.finish(&codec, self.frames), self.frames)
    }
}

/// What continues a sound beyond its first or last frame, away from it: the sound itself, mirrored and
/// fading out. An encoder that met silence there instead would hear a drum, and smear it over the frames
/// that are heard.
fn mirrored<'a>(from_the_edge: impl Iterator<Item = &'a [f32]>, frames: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(frames * 2);
    for (at, frame) in from_the_edge.skip(1).take(frames).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a share of some hundred")]
        let level = 1.0 - at as f32 / frames as f32;
        out.extend(frame.iter().map(|sample| sample * level));
    }
    out.resize(frames * 2, 0.0);
    out
}

/// All rungs of a track, fed together.
pub(crate) struct LadderEncoder {
    opus: Vec<RungEncoder>,
    flac: Option<FlacEncoder>,
    resampler: Resampler,
    resampled: Vec<f32>,
}

impl LadderEncoder {
    pub(crate) fn new(ladder: &Ladder, facts: &SourceFacts) -> Result<Self, AudioError> {
        let opus = ladder
            .rungs
            .iter()
            .filter(|rung| rung.codec == Codec::Opus)
            .map(|rung| RungEncoder::new(*rung, ladder))
            .collect::<Result<_, _>>()?;
        let wants_flac = ladder.rungs.iter().any(|rung| rung.codec == Codec::Flac);
        let flac = (wants_flac && keeps(facts))
            .then(|| FlacEncoder::new(facts, ladder.segment_ms))
            .transpose()?;
        let resampler = Resampler::new(facts.rate_hz)?;
        Ok(Self { opus, flac, resampler, resampled: Vec::new() })
    }

    /// `interleaved` is what was decoded; `stereo` the same for both ears. What was resampled of it.
    pub(crate) fn push(
        &mut self,
        interleaved: &[f32],
        stereo: &[f32],
    ) -> Result<&[f32], AudioError> {
        if let Some(flac) = &mut self.flac {
            flac.push(interleaved)?;
        }
        self.resampled.clear();
        self.resampler.push(stereo, &mut self.resampled)?;
        for rung in &mut self.opus {
            rung.push(&self.resampled)?;
        }
        Ok(&self.resampled)
    }

    pub(crate) fn finish(mut self) -> Result<(Vec<Rendition>, Vec<f32>, u64), AudioError> {
        let mut rest = Vec::new();
        let frames = self.resampler.finish(&mut rest)?;
        let mut renditions = Vec::new();
        for mut rung in self.opus {
            rung.push(&rest)?;
            renditions.push(rung.finish()?);
        }
        if let Some(flac) = self.flac {
            let (bytes, frames) = flac.finish()?;
            let rung = RungSpec { codec: Codec::Flac, bitrate_kbps: 0 };
            renditions.push(Rendition::new(rung, bytes, frames)?);
        }
        Ok((renditions, rest, frames))
    }
}

/// The rungs of a file, and nothing else: where one has to be made again. The same file, ladder and
/// program give the same bytes.
///
/// # Errors
/// [`AudioError`] as [`decode()`] has it, or where an encoder refuses.
pub fn encode_ladder(
    source: impl Source,
    extension: Option<&str>,
    limits: &Limits,
    ladder: &Ladder,
) -> Result<(Decoded, Vec<Rendition>), AudioError> {
    isolated(|| {
        let mut encoder: Option<LadderEncoder> = None;
        let mut stereo = Vec::new();
        let decoded = decode(source, extension, limits, &mut |facts, frames| {
            stereo.clear();
            to_stereo(frames, facts.channels, &mut stereo);
            let encoder = match &mut encoder {
                Some(encoder) => encoder,
                none => none.insert(LadderEncoder::new(ladder, facts)?),
            };
            encoder.push(frames, &stereo).map(drop)
        })?;
        let encoder = encoder.expect("a file without frames is refused");
        Ok((decoded, encoder.finish()?.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders_are_written_and_read() {
        let ladder: Ladder = "flac, opus-320,opus-128,opus-256".parse().unwrap();
        assert_eq!(ladder.to_string(), "opus-128,opus-256,opus-320,flac");
        assert_eq!(Ladder::default().to_string(), "opus-24,opus-96,opus-160,opus-320,flac");
        for wrong in ["", "mp3-128", "opus", "opus-5", "opus-511", "opus-96,opus-96", "flac,"] {
            assert!(wrong.parse::<Ladder>().is_err(), "{wrong}");
        }
    }
}
