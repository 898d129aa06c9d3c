//! A track's file in a music folder, as players get it until there is something better.

use sha2::{Digest as _, Sha256};

use crate::ports::library::{AudioFile, AudioFormat};
use crate::ports::renditions::{Rendition, RungName};

/// What a file in a music folder is to a player.
///
/// Nobody has read all of its bytes, so its checksum is of what is heard of it, its length and its time: other
/// bytes have another one, and another path.
pub(super) fn of(file: &AudioFile) -> Rendition {
    let (codec, container, mime) = form(file.format, &file.extension());
    let mut hasher = Sha256::new();
    hasher.update(file.audio_sha256);
    hasher.update(file.bytes.to_le_bytes());
    hasher.update(file.modified_ms.to_le_bytes());
    Rendition {
        rung: RungName::new(RungName::ORIGINAL).expect("it is one"),
        codec: codec.to_owned(),
        container: container.to_owned(),
        mime: mime.to_owned(),
        bitrate_kbps: file.bitrate_kbps,
        bytes: file.bytes,
        checksum: hasher.finalize().into(),
        // It is in no blobs.
        piece_bytes: 0,
        pieces: Vec::new(),
        segments: None,
        sample_rate_hz: file.sample_rate_hz.max(1),
        samples: file.duration_ms.saturating_mul(file.sample_rate_hz.into()) / 1_000,
        encoder_delay_samples: 0,
    }
}

/// Codec, container and media type (RFC 9639, 7845 and 6381).
fn form(format: AudioFormat, extension: &str) -> (&'static str, &'static str, &'static str) {
    let in_ogg = matches!(extension, "ogg" | "oga");
    match format {
        AudioFormat::Flac if in_ogg => ("flac", "ogg", "audio/ogg; codecs=\"flac\""),
        AudioFormat::Flac => ("flac", "flac", "audio/flac"),
        AudioFormat::Mp3 => ("mp3", "mp3", "audio/mpeg"),
        AudioFormat::Vorbis => ("vorbis", "ogg", "audio/ogg; codecs=\"vorbis\""),
        AudioFormat::Opus => ("opus", "ogg", "audio/ogg; codecs=\"opus\""),
        AudioFormat::Aac if extension == "aac" => ("aac", "adts", "audio/aac"),
        AudioFormat::Aac => ("aac", "mp4", "audio/mp4; codecs=\"mp4a.40.2\""),
        AudioFormat::Alac => ("alac", "mp4", "audio/mp4; codecs=\"alac\""),
        AudioFormat::Wav => ("pcm", "wav", "audio/wav"),
    }
}
