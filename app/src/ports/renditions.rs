//! What of a recording can be sent to a player: its renditions, and where their bytes are.
//!
//! A rendition is one file: a rung of the ladder in one codec, the preview, or the original. Its bytes
//! are pieces, blobs of one size but for the last, so that a long file needs no large blob and a range
//! of it is found without reading the rest. What is written once is never changed: a recording that is
//! encoded again gets other blobs, and its row in this store is replaced.

use async_trait::async_trait;
use std::fmt;

use super::{BlobName, StoreError};

/// The longest name of a rung, in bytes.
pub const RUNG_NAME_BYTES_MAX: usize = 32;
/// The most renditions of one recording.
pub const RENDITIONS_MAX: usize = 32;
/// The most segments of one rendition: a day at one a second.
pub const SEGMENTS_MAX: usize = 86_400;
/// The most pieces of one rendition.
pub const PIECES_MAX: usize = 4_096;

/// The name of a rung, as it stands in URLs: `opus-96`, `flac`, `preview`, `original`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RungName(Box<str>);

/// A text is no rung's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a rung: it wants 1 to {RUNG_NAME_BYTES_MAX} of the letters a to z, digits and '-'"
)]
pub struct RungNameError(String);

impl RungName {
    /// The whole file as it was brought.
    pub const ORIGINAL: &str = "original";
    /// Thirty seconds for whoever has no account.
    pub const PREVIEW: &str = "preview";

    /// Checks a name.
    ///
    /// # Errors
    /// [`RungNameError`] says what it may consist of.
    pub fn new(name: &str) -> Result<Self, RungNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=RUNG_NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(allowed) {
            return Err(RungNameError(name.to_owned()));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RungName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// How loud a recording is (EBU R 128), in hundredths, so that no float is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loudness {
    /// Integrated, in hundredths of LUFS: −1400 is −14 LUFS.
    pub integrated_centi_lufs: i32,
    /// The true peak, in hundredths of dBTP.
    pub peak_centi_dbtp: i32,
    /// Integrated over its whole release, where that is known.
    pub album_integrated_centi_lufs: Option<i32>,
    /// The true peak of its whole release.
    pub album_peak_centi_dbtp: Option<i32>,
}

/// One fragment of a fragmented MP4, `moof` and `mdat`: what a player fetches at once, and where it may
/// go over to another rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins in the file, in bytes.
    pub offset_bytes: u64,
    /// Its first sample on the file's own time line, which has the encoder's delay in front.
    pub start_samples: u64,
}

/// Where the fragments of a fragmented MP4 are. Each ends where the next begins, the last with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentIndex {
    /// The length of what stands before them, `ftyp` and `moov`, in bytes.
    pub init_bytes: u64,
    /// In the order of the file; offsets and starts rise.
    pub segments: Vec<Segment>,
}

/// One file that a player can get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which.
    pub rung: RungName,
    /// `opus`, `flac`, `aac`, `mp3`, `vorbis`, `pcm`.
    pub codec: String,
    /// `fmp4` where it is cut into segments, else the file's form: `mp4`, `ogg`, `flac`, `mp3`, `wav`.
    pub container: String,
    /// Its media type with its codecs, as `MediaSource.isTypeSupported` takes it.
    pub mime: String,
    /// Nominal for lossy codecs, measured for others.
    pub bitrate_kbps: u32,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of all of it: its `ETag`.
    pub checksum: [u8; 32],
    /// The length of each piece but the last.
    pub piece_bytes: u64,
    /// The blobs that have its bytes, in order.
    pub pieces: Vec<BlobName>,
    /// Where its segments are, if it is fragmented.
    pub segments: Option<SegmentIndex>,
    /// Samples a second of its time line: 48000 for Opus.
    pub sample_rate_hz: u32,
    /// How many samples sound, of one channel, delay and padding left out.
    pub samples: u64,
    /// How many samples of its time line come before the first one that sounds.
    pub encoder_delay_samples: u32,
}

impl Rendition {
    /// What is wrong with it, as a sentence, if anything is: stores take no such.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        let rung = &self.rung;
        let pieces = if self.piece_bytes == 0 { 0 } else { self.bytes.div_ceil(self.piece_bytes) };
        if self.sample_rate_hz == 0 {
            return Some(format!("{rung} has no sample rate"));
        }
        if self.bytes == 0 || self.pieces.len() > PIECES_MAX || pieces != self.pieces.len() as u64 {
            let (bytes, each, have) = (self.bytes, self.piece_bytes, self.pieces.len());
            return Some(format!("{rung}: {bytes} bytes in pieces of {each} aren't {have} pieces"));
        }
        let Some(SegmentIndex { init_bytes, segments }) = &self.segments else { return None };
        let rises = segments.is_sorted_by(|a, b| {
            a.offset_bytes < b.offset_bytes && a.start_samples < b.start_samples
        });
        let within = segments.first().is_some_and(|first| first.offset_bytes >= *init_bytes)
            && segments.last().is_some_and(|last| last.offset_bytes < self.bytes);
        if !rises || !within || *init_bytes == 0 || segments.len() > SEGMENTS_MAX {
            return Some(format!("{rung}: its segments don't rise, or aren't in the file"));
        }
        None
    }
}

/// All that can be sent of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackRenditions {
    /// Which recording.
    pub track_id: String,
    /// How loud it is, once that was measured.
    pub loudness: Option<Loudness>,
    /// By name of their rungs, each once.
    pub renditions: Vec<Rendition>,
}

impl TrackRenditions {
    /// The rendition of a rung.
    #[must_use]
    pub fn rung(&self, name: &str) -> Option<&Rendition> {
        self.renditions.iter().find(|rendition| rendition.rung.as_str() == name)
    }

    /// What is wrong with it, as a sentence, if anything is: stores take no such.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        let once = self.renditions.is_sorted_by(|a, b| a.rung < b.rung);
        if !once || self.renditions.len() > RENDITIONS_MAX {
            return Some(format!(
                "the renditions of {:?} aren't sorted by rung, each once, {RENDITIONS_MAX} at most",
                self.track_id
            ));
        }
        self.renditions.iter().find_map(Rendition::wrong)
    }
}

/// How loud a release is (EBU R 128), in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlbumLoudness {
    /// Integrated over all of it, in hundredths of LUFS.
    pub integrated_centi_lufs: i32,
    /// The true peak of all of it, in hundredths of dBTP.
    pub peak_centi_dbtp: i32,
}

/// Where it is kept what can be sent of each recording.
#[async_trait]
pub trait RenditionStore: Send + Sync + 'static {
    /// Stores what there is of a recording in the place of all that was stored of it, in one
    /// transaction.
    ///
    /// # Errors
    /// [`StoreError`], also where something is [wrong](TrackRenditions::wrong) with it.
    async fn put_renditions(&self, of: &TrackRenditions) -> Result<(), StoreError>;

    /// What there is of a recording; `None` where nothing was ever stored.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn renditions(&self, track_id: &str) -> Result<Option<TrackRenditions>, StoreError>;

    /// One rendition of a recording.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rendition(&self, track_id: &str, rung: &str) -> Result<Option<Rendition>, StoreError>;

    /// Up to `limit` recordings with something stored whose id is greater than `after`, in the order
    /// of the ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_with_renditions(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Says how loud the release of these recordings is, or (`None`) that it isn't known; those of which nothing
    /// is stored, or whose own loudness isn't known, are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_album_loudness(
        &self,
        track_ids: &[String],
        album: Option<AlbumLoudness>,
    ) -> Result<(), StoreError>;

    /// Up to `limit` recordings whose own loudness is known, and that of their release isn't, whose id is
    /// greater than `after`, in the order of the ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_without_album(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Forgets what there is of a recording; says whether there was anything. The blobs stay: they are
    /// the caller's to delete.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_renditions(&self, track_id: &str) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_have_plain_names() {
        for good in ["opus-24", "flac", "preview", "original", "aac-256"] {
            assert!(RungName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "Opus", "a.b", "a%2fb", &"x".repeat(33)] {
            assert!(RungName::new(bad).is_err(), "{bad}");
        }
    }
}
