//! Files of music, through our façade with its limits; and what we keep of them.

use ledgerline_audio::mp4::SegmentIndex;
use ledgerline_audio::{
    BlockHistogram, Limits, album_loudness, decode, decode_landmarks, encode_landmarks,
    match_prints,
};
use std::io::Cursor;

use crate::memory::within;

/// Files of mutated inputs are short; what a decoder holds must be in proportion to that, and to tables of
/// its own.
const HELD_BYTES_MAX: usize = 64 << 20;
const LIMITS: Limits =
    Limits { bytes_max: 1 << 20, duration_ms_max: 20_000, channels_max: 8, rate_hz_max: 384_000 };

/// Any bytes as a file: frames that are whole and finite, within the limits, or a refusal that says why.
pub fn audio_file(bytes: &[u8]) {
    let file = bytes.to_vec();
    let mut frames = 0_u64;
    let decoded = within(HELD_BYTES_MAX, || {
        decode(Cursor::new(file), None, &LIMITS, &mut |facts, samples| {
            assert!(
                (1..=8).contains(&facts.channels) && samples.len().is_multiple_of(facts.channels)
            );
            assert!(samples.iter().all(|sample| sample.is_finite()));
            frames += (samples.len() / facts.channels) as u64;
            Ok(())
        })
    });
    match decoded {
        Ok(decoded) => {
            assert_eq!(decoded.frames, frames);
            assert!(decoded.duration_ms() <= LIMITS.duration_ms_max);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Any bytes as the head of a rendition: segments in order, without gaps, and never a panic.
pub fn segment_index(bytes: &[u8]) {
    let Ok(index) = within(bytes.len() * 4 + (1 << 16), || SegmentIndex::read(bytes)) else {
        return;
    };
    assert!(!index.segments.is_empty() && index.timescale > 0);
    assert!(index.head_bytes <= bytes.len() as u64);
    for pair in index.segments.windows(2) {
        assert_eq!(pair[0].offset + u64::from(pair[0].bytes), pair[1].offset);
        assert_eq!(pair[0].start + u64::from(pair[0].ticks), pair[1].start);
    }
    for (number, segment) in index.segments.iter().enumerate() {
        assert_eq!(index.segment_at(segment.start), number);
    }
    let last = index.segments[index.segments.len() - 1];
    assert_eq!(index.file_bytes(), last.offset + u64::from(last.bytes));
}

/// Any bytes as what is kept of a track: its print, its landmarks, its loudness.
pub fn audio_marks(bytes: &[u8]) {
    if let Some(landmarks) = decode_landmarks(bytes) {
        assert_eq!(encode_landmarks(&landmarks), bytes);
    }
    if let Some(blocks) = BlockHistogram::from_bytes(bytes) {
        assert_eq!(blocks.to_bytes(), bytes);
        assert!((-70.0..=11.0).contains(&album_loudness([&blocks])));
    }
    let print: Vec<u32> = bytes
        .chunks_exact(4)
        .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect();
    let (a, b) = print.split_at(print.len() / 2);
    if let Some(found) = match_prints(a, b) {
        assert!((0.0..=1.0).contains(&found.bit_error_rate));
        assert!((0.0..=1.0).contains(&found.overlap_share));
    }
    if let Some(same) = match_prints(&print, &print) {
        assert!(same.bit_error_rate <= f32::EPSILON, "{same:?}");
    }
}
