//! Files of music: decoded, measured, recognised, and encoded as the ladder that players choose from.
//!
//! What it is for: functions over bytes. A file of anybody's goes in; its samples, loudness, prints,
//! waveform, preview and rungs come out. Parsers of foreign files run behind limits, and a panic in one
//! of them is an error of that file.
//! What it refuses: files beyond its limits, files that end before their time, and knowing what a track
//! is or where anything is kept.
//!
//! In reading order:
//! - [`Limits`], [`AudioError`]: how much a file may ask for, and why one is refused
//! - [`decode`](decode()): samples of a file, exactly those that its encoder was given
//! - [`Resampler`], [`to_stereo`]: what encoders take
//! - [`LoudnessMeter`], [`Loudness`], [`gain`]: how loud it is, alone and as a part of a release
//! - [`Fingerprinter`], [`match_prints`]: whether two files are the same recording
//! - [`Landmarks`], [`LandmarkIndex`]: which recording ten noisy seconds are of
//! - [`WaveformMeter`], [`choose_preview`]: what is seen of a track, and which half minute is heard first
//! - [`mp4`]: fragmented MP4, written and read
//! - [`Ladder`], [`encode_ladder`]: the rungs; [`opus_encoder_version`]: by which library
//! - [`study`](study()): all of that in one pass over a file
//! - [`Studio`]: all of it as a port of the use cases

mod decode;
mod error;
mod fingerprint;
mod flac;
mod isolate;
mod ladder;
mod landmarks;
mod loudness;
pub mod mp4;
mod opus;
mod preview;
mod resample;
mod studio;
mod study;
mod waveform;

pub use decode::{Decoded, Source, SourceCodec, SourceFacts, Take, decode};
pub use error::{AudioError, Limits};
pub use fingerprint::{Fingerprinter, PrintMatch, match_prints};
pub use ladder::{Codec, Ladder, LadderError, Rendition, RungEncoder, RungSpec, encode_ladder};
pub use landmarks::{
    Identified, Landmark, LandmarkIndex, Landmarks, decode_landmarks, encode_landmarks,
};
pub use loudness::{
    BlockHistogram, GAIN_REFERENCE_LUFS, Loudness, LoudnessMeter, TRUE_PEAK_MAX_DBTP,
    album_loudness, gain,
};
pub use opus::opus_encoder_version;
pub use preview::{PREVIEW_MS, PreviewWindow, choose_preview, encode_preview};
pub use resample::{RATE_HZ, Resampler, resampled_frames, to_stereo};
pub use studio::Studio;
pub use study::{Study, identify_landmarks, study};
pub use waveform::{WAVEFORM_POINTS_MAX, WaveformMeter};
