//! Lossless: FLAC of what was decoded, in frames whose ends fall on the ends of segments.
//!
//! Frames of the original are of its encoder's length and don't; so what it holds is encoded again, which
//! loses nothing.

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr as _, StreamInfo};
use flacenc::config::Encoder as Config;
use flacenc::error::{Verified, Verify as _};
use flacenc::source::{Fill as _, FrameBuf};

use crate::decode::SourceFacts;
use crate::error::AudioError;
use crate::mp4::{MuxedCodec, Muxer, Sample};

/// The longest frame that every decoder must take at 48 kHz: FLAC's streamable subset, RFC 9639, section 7.
const BLOCK_FRAMES_MAX: u32 = 4_608;
/// The shortest one that is worth its head.
const BLOCK_FRAMES_MIN: u32 = 512;

/// Whether a source can be kept without loss: whole samples of at most 24 bits, which is what a float holds.
pub(crate) fn keeps(facts: &SourceFacts) -> bool {
    facts.codec.is_lossless()
        && facts.bits.is_some_and(|bits| bits <= 24)
        && facts.channels <= 8
        && facts.rate_hz <= 384_000
}

pub(crate) struct FlacEncoder {
    config: Verified<Config>,
    info: StreamInfo,
    frame: FrameBuf,
    muxer: Muxer,
    rate_hz: u32,
    channels: u16,
    bits: u16,
    block: usize,
    segment_frames: u64,
    waiting: Vec<i32>,
    packets: Vec<Sample>,
    packet_frames: u64,
    number: usize,
    frames: u64,
    packet_bytes: (u32, u32),
}

fn refused(error: impl std::fmt::Display) -> AudioError {
    AudioError::Encode(format!("FLAC: {error}"))
}

impl FlacEncoder {
    pub(crate) fn new(facts: &SourceFacts, segment_ms: u32) -> Result<Self, AudioError> {
        let bits = if facts.bits.unwrap_or(24) <= 16 { 16 } else { 24 };
        let segment = u64::from(facts.rate_hz) * u64::from(segment_ms) / 1_000;
        let block = block_frames(segment);
        let channels = u16::try_from(facts.channels).map_err(refused)?;
        let mut config = Config::default();
        config.multithread = false;
        config.block_size = block;
        let config = config.into_verified().map_err(|(_, error)| refused(error))?;
        let info = StreamInfo::new(facts.rate_hz as usize, facts.channels, usize::from(bits))
            .map_err(refused)?;
        Ok(Self {
            config,
            info,
            frame: FrameBuf::with_size(facts.channels, block).map_err(refused)?,
            muxer: Muxer::new(facts.rate_hz, 0),
            rate_hz: facts.rate_hz,
            channels,
            bits,
            block,
            segment_frames: segment,
            waiting: Vec::new(),
            packets: Vec::new(),
            packet_frames: 0,
            number: 0,
            frames: 0,
            packet_bytes: (u32::MAX, 0),
        })
    }

    /// Takes the source's own frames.
    pub(crate) fn push(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        let scale = if self.bits == 16 { 32_768.0 } else { 8_388_608.0 };
        let (least, most) = (-scale, scale - 1.0);
        #[expect(clippy::cast_possible_truncation, reason = "clamped to 24 bits")]
        self.waiting.extend(
            interleaved.iter().map(|sample| (sample * scale).round().clamp(least, most) as i32),
        );
        self.frames += (interleaved.len() / usize::from(self.channels)) as u64;
        let samples = self.block * usize::from(self.channels);
        let mut read = 0;
        while self.waiting.len() - read >= samples {
            let block: Vec<i32> = self.waiting[read..read + samples].to_vec();
            self.packet(&block)?;
            read += samples;
        }
        self.waiting.drain(..read);
        Ok(())
    }

    fn packet(&mut self, samples: &[i32]) -> Result<(), AudioError> {
        let frames = samples.len() / usize::from(self.channels);
        self.frame.resize(frames);
        self.frame.fill_interleaved(samples).map_err(refused)?;
        let frame =
            flacenc::encode_fixed_size_frame(&self.config, &self.frame, self.number, &self.info)
                .map_err(refused)?;
        let mut sink = ByteSink::new();
        frame.write(&mut sink).map_err(refused)?;
        self.number += 1;
        let bytes = sink.as_slice().to_vec();
        let length = u32::try_from(bytes.len()).map_err(refused)?;
        self.packet_bytes = (self.packet_bytes.0.min(length), self.packet_bytes.1.max(length));
        self.packets.push(Sample { bytes, ticks: u32::try_from(frames).map_err(refused)? });
        self.packet_frames += frames as u64;
        if self.packet_frames >= self.segment_frames {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        self.muxer.segment(&self.packets);
        self.packets.clear();
        self.packet_frames = 0;
    }

    pub(crate) fn finish(mut self) -> Result<(Vec<u8>, u64), AudioError> {
        if !self.waiting.is_empty() {
            let rest = std::mem::take(&mut self.waiting);
            self.packet(&rest)?;
        }
        if !self.packets.is_empty() {
            self.close();
        }
        let codec = MuxedCodec::Flac {
            stream_info: self.stream_info(),
            rate_hz: self.rate_hz,
            channels: self.channels,
            bits: self.bits,
        };
        Ok((self.muxer.finish(&codec, self.frames), self.frames))
    }

    /// RFC 9639, section 8.2: without a checksum of the samples, which may be left out.
    fn stream_info(&self) -> [u8; 34] {
        let mut info = [0; 34];
        let block = u16::try_from(self.block).expect("at most 4608").to_be_bytes();
        info[..2].copy_from_slice(&block);
        info[2..4].copy_from_slice(&block);
        info[4..7].copy_from_slice(&self.packet_bytes.0.min(0xff_ffff).to_be_bytes()[1..]);
        info[7..10].copy_from_slice(&self.packet_bytes.1.min(0xff_ffff).to_be_bytes()[1..]);
        let numbers = (u64::from(self.rate_hz) << 44)
            | (u64::from(self.channels - 1) << 41)
            | (u64::from(self.bits - 1) << 36)
            | (self.frames & 0xf_ffff_ffff);
        info[10..18].copy_from_slice(&numbers.to_be_bytes());
        info
    }
}

/// The longest block of which a segment is made without a rest.
fn block_frames(segment: u64) -> usize {
    let fits = |block: &u32| segment > 0 && segment.is_multiple_of(u64::from(*block));
    let block = (BLOCK_FRAMES_MIN..=BLOCK_FRAMES_MAX).rev().find(fits).unwrap_or(4_096);
    block as usize
}
