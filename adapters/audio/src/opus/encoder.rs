//! Encoding, whichever library does it.

use std::ptr::NonNull;

use super::library::{self, OPUS_OK, OpusEncoder};
use super::{PACKET_FRAMES, said};
use crate::error::AudioError;

/// The longest packet of 20 ms: what RFC 6716, section 3.4, allows one frame.
const PACKET_BYTES_MAX: usize = 1_275 * 3 + 7;

/// Encodes stereo at 48 kHz, 20 ms a packet.
pub(crate) struct Encoder {
    state: NonNull<OpusEncoder>,
    packet: Vec<u8>,
}

// SAFETY: the state is memory that nobody else points to; libopus keeps nothing of a thread.
unsafe impl Send for Encoder {}

impl Encoder {
    /// An encoder of music at a bitrate.
    pub(crate) fn new(bitrate_kbps: u32, complexity: u8) -> Result<Self, AudioError> {
        let mut code = OPUS_OK;
        // SAFETY: `code` outlives the call, which writes an i32 to it.
        let state = unsafe {
            library::opus_encoder_create(48_000, 2, library::OPUS_APPLICATION_AUDIO, &raw mut code)
        };
        let state = NonNull::new(state)
            .filter(|_| code == OPUS_OK)
            .ok_or_else(|| AudioError::Encode(said(code)))?;
        let mut encoder = Self { state, packet: vec![0; PACKET_BYTES_MAX] };
        let bits = i32::try_from(u64::from(bitrate_kbps) * 1_000).unwrap_or(i32::MAX);
        encoder.set(library::OPUS_SET_BITRATE_REQUEST, bits)?;
        encoder.set(library::OPUS_SET_COMPLEXITY_REQUEST, i32::from(complexity))?;
        encoder.set(library::OPUS_SET_SIGNAL_REQUEST, library::OPUS_SIGNAL_MUSIC)?;
        encoder.set(library::OPUS_SET_LSB_DEPTH_REQUEST, 24)?;
        Ok(encoder)
    }

    fn set(&mut self, request: i32, value: i32) -> Result<(), AudioError> {
        // SAFETY: the state is ours and alive, and each of these requests takes one i32.
        let code = unsafe { library::set(self.state.as_ptr(), request, value) };
        if code == OPUS_OK { Ok(()) } else { Err(AudioError::Encode(said(code))) }
    }

    /// How many frames its output is behind its input.
    pub(crate) fn lookahead_frames(&mut self) -> Result<usize, AudioError> {
        let mut frames = 0_i32;
        // SAFETY: the state is ours and alive; the request writes one i32.
        let code = unsafe {
            library::get(self.state.as_ptr(), library::OPUS_GET_LOOKAHEAD_REQUEST, &mut frames)
        };
        match usize::try_from(frames) {
            Ok(frames) if code == OPUS_OK => Ok(frames),
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
            library::opus_encode_float(
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
        unsafe { library::opus_encoder_destroy(self.state.as_ptr()) }
    }
}
