//! What music files say of themselves.
//!
//! What it is for: FLAC, MP3, Ogg Vorbis and Opus, AAC and ALAC in MPEG-4, AAC by itself, WAV: their tags as one
//! set of values, whoever wrote them, and a hash of what is heard that stays the same when tags are edited.
//! What it refuses: files that are broken, empty or of another kind, each with a sentence; and to come down
//! with one, whatever its bytes are.
//!
//! In reading order:
//! - `reading`: one file, from its bytes to [`ReadAudio`](ledgerline_app::ports::music_files::ReadAudio)
//! - `tags`: the tags of all formats, as one
//! - `names`: artists in texts: several in one, guests, instruments
//! - `values`: days, numbers, identifiers
//! - `texts`: old encodings
//! - `audio`: the hash of what is heard, without tags

mod audio;
mod names;
mod reading;
mod tags;
mod texts;
mod values;

pub use audio::audio_sha256;
pub use reading::{TagReader, read_bytes};
