//! Music folders, and the files in them.

use ledgerline_ids::UnixMs;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::entries::words;

/// A folder of music files. Files are named by their place in it, so that it can be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MusicFolder {
    /// Random and stable.
    pub id: String,
    /// Where it is on this machine, absolute.
    pub path: FilePath,
    /// Since when it is known.
    pub added_at: UnixMs,
}

/// A path as text, whatever its bytes are: `%` and bytes that are no UTF-8 are written as `%25`, `%FF`.
/// Parts are joined by `/`. Paths are ordered by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FilePath(String);

impl FilePath {
    /// Of a path of this machine.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self(escaped(path.as_os_str()))
    }

    /// As it is stored.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path on this machine.
    #[must_use]
    pub fn to_path(&self) -> PathBuf {
        let mut bytes = Vec::with_capacity(self.0.len());
        let mut rest = self.0.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = (*first == b'%').then(|| after.get(..2)).flatten();
            let byte = hex.and_then(|hex| std::str::from_utf8(hex).ok());
            match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        PathBuf::from(std::ffi::OsString::from_vec(bytes))
    }

    /// This path within a folder. `None` where it would lead out of it.
    #[must_use]
    pub fn within(&self, folder: &MusicFolder) -> Option<PathBuf> {
        let path = self.to_path();
        let stays = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        stays.then(|| folder.path.to_path().join(path))
    }
}

impl std::fmt::Display for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn escaped(name: &OsStr) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '%' => text.push_str("%25"),
                '\0'..='\u{1f}' | '\u{7f}' => {
                    // Writing to a string can't fail.
                    let _ = write!(text, "%{:02X}", u32::from(letter));
                }
                _ => text.push(letter),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePlace {
    /// In which folder.
    pub folder_id: String,
    /// Where in it.
    pub path: FilePath,
}

words! {
    /// How a file's audio is encoded.
    AudioFormat {
        /// FLAC.
        Flac = "flac",
        /// MPEG layer 3.
        Mp3 = "mp3",
        /// Vorbis in Ogg.
        Vorbis = "vorbis",
        /// Opus in Ogg.
        Opus = "opus",
        /// AAC, in MPEG-4 or by itself.
        Aac = "aac",
        /// Apple's lossless format, in MPEG-4.
        Alac = "alac",
        /// Samples as they are, in WAV.
        Wav = "wav",
    }
}

/// A file of music.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFile {
    /// Where it is.
    pub place: FilePlace,
    /// Of which track.
    pub track_id: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it, or the text or picture beside it, was changed last, in milliseconds since 1970.
    pub modified_ms: u64,
    /// SHA-256 of what is heard of it: its packets, without tags, covers and how they are laid out. The same
    /// before and after tags were edited.
    pub audio_sha256: [u8; 32],
    /// SHA-256 of all its bytes, once somebody has read them.
    pub content_sha256: Option<[u8; 32]>,
    /// How it is encoded.
    pub format: AudioFormat,
    /// How long it plays.
    pub duration_ms: u64,
    /// Its mean bitrate.
    pub bitrate_kbps: u32,
    /// Samples in a second.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Bits of a sample, where the format has such.
    pub bits_per_sample: Option<u32>,
    /// Since when it isn't there.
    pub missing_since: Option<UnixMs>,
}

impl AudioFile {
    /// SHA-256 of what is heard of it, in hexadecimal.
    #[must_use]
    pub fn audio_hex(&self) -> String {
        self.audio_sha256.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// How its name ends, without the dot and in lower case; empty where it ends in nothing.
    #[must_use]
    pub fn extension(&self) -> String {
        let path = self.place.path.to_path();
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        ending.to_ascii_lowercase()
    }
}

/// A file that couldn't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    /// Where it is.
    pub place: FilePlace,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was changed last, in milliseconds since 1970.
    pub modified_ms: u64,
    /// Why, as a sentence.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back() {
        for bytes in
            [&b"a/b.mp3"[..], b"100% real.flac", b"caf\xe9.ogg", b"line\nbreak", "Zoë/☺".as_bytes()]
        {
            let path = Path::new(OsStr::from_bytes(bytes));
            let kept = FilePath::of(path);
            assert_eq!(kept.to_path(), path, "{kept}");
            assert_eq!(FilePath::stored(kept.as_str()), kept);
        }
    }

    #[test]
    fn nothing_leads_out_of_a_folder() {
        let at = UnixMs::new(1).expect("an instant");
        let folder = MusicFolder {
            id: "F".to_owned(),
            path: FilePath::of(Path::new("/music")),
            added_at: at,
        };
        let within = |path: &str| FilePath::stored(path).within(&folder);
        assert_eq!(within("a/b.mp3"), Some(PathBuf::from("/music/a/b.mp3")));
        for path in ["../b.mp3", "/etc/passwd", "a/../../b", "%2e%2e/b", "a/%2E%2E/b"] {
            assert_eq!(within(path), None, "{path}");
        }
    }
}
