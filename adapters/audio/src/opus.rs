//! Opus by `unsafe-libopus`, libopus 1.3.1 translated to Rust: its calls are C's, and so unsafe.
//!
//! Everything unsafe of this crate stands here. Each wrapper owns one state that only it points to, hands
//! over slices with their lengths, and frees the state when it is dropped.

#![allow(
    unsafe_code,
    reason = "libopus' interface is pointers and lengths, in its translation too"
)]

use std::ptr::NonNull;

use crate::error::AudioError;

/// The rate of Opus' own clock, in hertz.
pub(crate) const OPUS_RATE_HZ: u32 = 48_000;
/// A packet's frames where we encode: 20 ms.
pub(crate) const PACKET_FRAMES: usize = 960;
/// The most frames that a packet may decode to: 120 ms.
const PACKET_FRAMES_MAX: usize = 5_760;
/// The longest packet of 20 ms: what RFC 6716, section 3.4, allows one frame.
const PACKET_BYTES_MAX: usize = 1_275 * 3 + 7;

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

/// Encodes stereo at 48 kHz, 20 ms a packet.
pub(crate) struct Encoder {
    state: NonNull<unsafe_libopus::OpusEncoder>,
    packet: Vec<u8>,
}

// SAFETY: the state is memory that nobody else points to; libopus keeps nothing of a thread.
unsafe impl Send for Encoder {}

impl Encoder {
    /// An encoder of music at a bitrate.
    pub(crate) fn new(bitrate_kbps: u32, complexity: u8) -> Result<Self, AudioError> {
        let mut code = unsafe_libopus::OPUS_OK;
        // SAFETY: `code` outlives the call, which writes an i32 to it.
        let state = unsafe {
            unsafe_libopus::opus_encoder_create(
                48_000,
                2,
                unsafe_libopus::OPUS_APPLICATION_AUDIO,
                &raw mut code,
            )
        };
        let state = NonNull::new(state)
            .filter(|_| code == unsafe_libopus::OPUS_OK)
            .ok_or_else(|| AudioError::Encode(said(code)))?;
        let mut encoder = Self { state, packet: vec![0; PACKET_BYTES_MAX] };
        let bits = i32::try_from(u64::from(bitrate_kbps) * 1_000).unwrap_or(i32::MAX);
        encoder.set(unsafe_libopus::OPUS_SET_BITRATE_REQUEST, bits)?;
        encoder.set(unsafe_libopus::OPUS_SET_COMPLEXITY_REQUEST, i32::from(complexity))?;
        encoder.set(unsafe_libopus::OPUS_SET_SIGNAL_REQUEST, unsafe_libopus::OPUS_SIGNAL_MUSIC)?;
        encoder.set(unsafe_libopus::OPUS_SET_LSB_DEPTH_REQUEST, 24)?;
        Ok(encoder)
    }

    fn set(&mut self, request: i32, value: i32) -> Result<(), AudioError> {
        // SAFETY: the state is ours and alive, and each of these requests takes one i32.
        let code =
            unsafe { unsafe_libopus::opus_encoder_ctl!(self.state.as_ptr(), request, value) };
        if code == unsafe_libopus::OPUS_OK { Ok(()) } else { Err(AudioError::Encode(said(code))) }
    }

    /// How many frames its output is behind its input.
    pub(crate) fn lookahead_frames(&mut self) -> Result<usize, AudioError> {
        let mut frames = 0_i32;
        // SAFETY: the state is ours and alive; the request writes one i32.
        let code = unsafe {
            unsafe_libopus::opus_encoder_ctl!(
                self.state.as_ptr(),
                unsafe_libopus::OPUS_GET_LOOKAHEAD_REQUEST,
                &mut frames
            )
        };
        match usize::try_from(frames) {
            Ok(frames) if code == unsafe_libopus::OPUS_OK => Ok(frames),
            _ => Err(AudioError::Encode(said(code))),
        }
    }

    /// One packet of [`PACKET_FRAMES`] interleaved stereo frames.
    pub(crate) fn encode(&mut self, stereo: &[f32]) -> Result<&[u8], AudioError> {
        assert_eq!(stereo.len(), PACKET_FRAMES * 2, "a packet is 20 ms of stereo");
        let room = i32::try_from(self.packet.len()).expect("it is some thousand bytes");
        // SAFETY: 960 frames of two channels are what the slice holds, as was just asserted, and the
        // packet's room is its length.
        let bytes = unsafe {
            unsafe_libopus::opus_encode_float(
                self.state.as_ptr(),
                stereo.as_ptr(),
                i32::try_from(PACKET_FRAMES).expect("960"),
                self.packet.as_mut_ptr(),
                room,
            )
        };
        match usize::try_from(bytes) {
            Ok(length) if length > 0 => Ok(&self.packet[..length]),
            _ => Err(AudioError::Encode(said(bytes))),
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the state came from `opus_encoder_create` and is freed once.
        unsafe { unsafe_libopus::opus_encoder_destroy(self.state.as_ptr()) }
    }
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

// SAFETY: as for the encoder.
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
