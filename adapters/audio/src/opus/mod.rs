//! Opus by `unsafe-libopus`, libopus 1.3.1 translated to Rust: its calls are C's, and so unsafe. With the
//! feature `c-libopus` the C library encodes in its place; packets are decoded by the translation in both.
//!
//! Everything unsafe of this crate stands here: [`encoder`] encodes by the library that [`library`] names, and
//! this file decodes. Each wrapper owns one state that only it points to, hands over slices with their lengths,
//! and frees the state when it is dropped.

#![allow(
    unsafe_code,
    reason = "libopus' interface is pointers and lengths, in its translation too"
)]

mod encoder;
mod library;

use std::ptr::NonNull;

use crate::error::AudioError;

pub(crate) use encoder::Encoder;
pub use library::opus_encoder_version;

/// The rate of Opus' own clock, in hertz.
pub(crate) const OPUS_RATE_HZ: u32 = 48_000;
/// A packet's frames where we encode: 20 ms.
pub(crate) const PACKET_FRAMES: usize = 960;
/// The most frames that a packet may decode to: 120 ms.
const PACKET_FRAMES_MAX: usize = 5_760;

/// Both libraries have the same codes.
fn said(code: i32) -> String {
    let word = match code {
        unsafe_libopus::OPUS_BAD_ARG => "a bad argument",
        unsafe_libopus::OPUS_BUFFER_TOO_SMALL => "a buffer that is too small",
        unsafe_libopus::OPUS_INTERNAL_ERROR => "an internal error",
        unsafe_libopus::OPUS_INVALID_PACKET => "a packet that is damaged",
        unsafe_libopus::OPUS_UNIMPLEMENTED => "something that isn't implemented",
        unsafe_libopus::OPUS_ALLOC_FAIL => "no memory",
        _ => "an unknown error",
    };
    format!("libopus tells of {word} ({code})")
}

/// An identification header: RFC 7845, section 5.1. MP4's `dOps` is read by symphonia into the same form,
/// whose numbers then have the other order of bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpusHead {
    pub(crate) channels: u8,
    pub(crate) pre_skip: u16,
    /// To be added to every sample, as a factor.
    pub(crate) gain: f32,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl OpusHead {
    /// Reads one that begins with its magic. `big_endian`: as it stands in MP4.
    pub(crate) fn read(bytes: &[u8], big_endian: bool) -> Result<Self, AudioError> {
        let broken = || AudioError::Broken("its Opus header is damaged".to_owned());
        let rest = bytes.strip_prefix(b"OpusHead").ok_or_else(broken)?;
        let head: &[u8; 11] = rest.first_chunk().ok_or_else(broken)?;
        let u16_at = |at: usize| {
            let pair = [head[at], head[at + 1]];
            if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        };
        let (channels, family) = (head[1], head[10]);
        let gain_db = f32::from(u16_at(8).cast_signed()) / 256.0;
        let (streams, coupled, mapping) = match family {
            0 if matches!(channels, 1 | 2) => (1, channels - 1, (0..channels).collect()),
            1 if (1..=8).contains(&channels) => {
                let (&[streams, coupled], mapping) =
                    rest[11..].split_first_chunk().ok_or_else(broken)?;
                let mapping = mapping.get(..usize::from(channels)).ok_or_else(broken)?;
                (streams, coupled, mapping.to_vec())
            }
            0 | 1 => return Err(broken()),
            other => {
                return Err(AudioError::Unsupported(format!("Opus' channel mapping {other}")));
            }
        };
        let sum = u16::from(streams) + u16::from(coupled);
        let within = |&at: &u8| at == 255 || u16::from(at) < sum;
        if streams == 0 || coupled > streams || sum > 255 || !mapping.iter().all(within) {
            return Err(broken());
        }
        let mapping = in_wave_order(mapping);
        let gain = 10_f32.powf(gain_db / 20.0);
        Ok(Self { channels, pre_skip: u16_at(2), gain, streams, coupled, mapping })
    }
}

/// Vorbis' order of channels (RFC 7845, section 5.1.1.2) becomes that of WAVE, which everything else here
/// speaks: front left, front right, centre, low frequencies, back, sides.
fn in_wave_order(mapping: Vec<u8>) -> Vec<u8> {
    let order: &[usize] = match mapping.len() {
        3 => &[0, 2, 1],
        5 => &[0, 2, 1, 3, 4],
        6 => &[0, 2, 1, 5, 3, 4],
        7 => &[0, 2, 1, 6, 5, 3, 4],
        8 => &[0, 2, 1, 7, 5, 6, 3, 4],
        _ => return mapping,
    };
    order.iter().map(|&at| mapping[at]).collect()
}

/// Decodes packets to interleaved frames at 48 kHz.
pub(crate) struct Decoder {
    state: NonNull<unsafe_libopus::OpusMSDecoder>,
    channels: usize,
    frames: Vec<f32>,
}

// SAFETY: the state is memory that nobody else points to; libopus keeps nothing of a thread.
unsafe impl Send for Decoder {}

impl Decoder {
    pub(crate) fn new(head: &OpusHead) -> Result<Self, AudioError> {
        let mut code = unsafe_libopus::OPUS_OK;
        let channels = usize::from(head.channels);
        assert_eq!(head.mapping.len(), channels, "a header has a place for each channel");
        // SAFETY: the mapping has an entry for each channel, as was just asserted; it is read during the
        // call alone. `code` outlives the call.
        let state = unsafe {
            unsafe_libopus::opus_multistream_decoder_create(
                48_000,
                i32::from(head.channels),
                i32::from(head.streams),
                i32::from(head.coupled),
                head.mapping.as_ptr(),
                &raw mut code,
            )
        };
        let state = NonNull::new(state)
            .filter(|_| code == unsafe_libopus::OPUS_OK)
            .ok_or_else(|| AudioError::Broken(said(code)))?;
        Ok(Self { state, channels, frames: vec![0.0; PACKET_FRAMES_MAX * channels] })
    }

    /// The frames of a packet, interleaved; a damaged packet is an error, after which the next one may
    /// be decoded.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<&[f32], AudioError> {
        let length = i32::try_from(packet.len())
            .ok()
            .filter(|&length| length > 0)
            .ok_or_else(|| AudioError::Broken("an Opus packet has no bytes".to_owned()))?;
        // SAFETY: the packet has `length` bytes; the buffer has room for 5760 frames of all channels.
        let frames = unsafe {
            unsafe_libopus::opus_multistream_decode_float(
                self.state.as_ptr(),
                packet.as_ptr(),
                length,
                self.frames.as_mut_ptr(),
                i32::try_from(PACKET_FRAMES_MAX).expect("5760"),
                0,
            )
        };
        match usize::try_from(frames) {
            Ok(frames) if frames <= PACKET_FRAMES_MAX => Ok(&self.frames[..frames * self.channels]),
            _ => Err(AudioError::Broken(said(frames))),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the state came from `opus_multistream_decoder_create` and is freed once.
        unsafe { unsafe_libopus::opus_multistream_decoder_destroy(self.state.as_ptr()) }
    }
}
