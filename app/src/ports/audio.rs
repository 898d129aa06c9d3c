//! What knows about sound.

use std::sync::Arc;

/// Why a file isn't studied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AudioFault {
    /// The file's own fault: it stays as it is however often it is tried.
    #[error("{0}")]
    File(String),
    /// The work was called off.
    #[error("it was called off")]
    CalledOff,
}

/// A rung of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedRung {
    /// Which: `opus-96`, `flac`, `preview`.
    pub rung: String,
    /// What MediaSource calls its codec.
    pub codec: String,
    /// Its mean bitrate in kilobits a second.
    pub mean_kbps: u64,
    /// How many frames are heard.
    pub frames: u64,
    /// Frames a second.
    pub timescale: u32,
    /// Its nominal bitrate in kilobits a second; 0 where it has none.
    pub nominal_kbps: u32,
    /// Frames in front of the first that is heard.
    pub priming_frames: u32,
    /// How much is in front of its segments, in bytes.
    pub head_bytes: u64,
    /// Where its segments are: offset in bytes, and first frame of the file's own time line.
    pub segments: Vec<(u64, u64)>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct StudiedAudio {
    /// How its samples are coded.
    pub codec: String,
    /// Frames a second.
    pub rate_hz: u32,
    /// Samples in a frame.
    pub channels: u32,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Integrated loudness in thousandths of a LUFS.
    pub integrated_mlufs: i64,
    /// Loudness range in thousandths of a LU.
    pub range_mlu: i64,
    /// True peak in thousandths of a dBTP.
    pub true_peak_mdb: i64,
    /// How many blocks were how loud.
    pub loudness_blocks: Vec<u8>,
    /// Its print, each number little-endian.
    pub print: Vec<u8>,
    /// Its landmarks.
    pub landmarks: Vec<u8>,
    /// Its peaks.
    pub waveform: Vec<u8>,
    /// Where its preview begins, in milliseconds.
    pub preview_start_ms: u64,
    /// Its rungs, and its preview.
    pub rungs: Vec<EncodedRung>,
}

/// A recording that a clip is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipMatch {
    /// Its track.
    pub track_id: String,
    /// Where in it the clip begins, in milliseconds.
    pub at_ms: i64,
    /// How many of the clip's landmarks agree.
    pub votes: u32,
}

/// The landmarks of many tracks.
pub trait ClipIndex: Send + Sync + 'static {
    /// The track that a clip is of; `None` where that can't be told.
    ///
    /// # Errors
    /// [`AudioFault`] where the clip can't be read.
    fn identify(
        &self,
        clip: Arc<Vec<u8>>,
        extension: &str,
    ) -> Result<Option<ClipMatch>, AudioFault>;
}

/// What knows about sound. Its calls take long, and belong on a thread for that.
pub trait AudioStudio: Send + Sync + 'static {
    /// Studies a file and encodes its rungs. `progress` is told how many milliseconds of it are done; where
    /// it says false the work is called off.
    ///
    /// # Errors
    /// [`AudioFault`].
    fn study(
        &self,
        file: Arc<Vec<u8>>,
        extension: &str,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<StudiedAudio, AudioFault>;

    /// Whether two prints are of the same recording.
    fn is_same(&self, print: &[u8], other: &[u8]) -> bool;

    /// The integrated loudness of several tracks heard as one, in thousandths of a LUFS, from the blocks of
    /// each; `None` where some can't be read.
    fn album_mlufs(&self, blocks: &[&[u8]]) -> Option<i64>;

    /// An index of tracks by their landmarks; those that can't be read are left out.
    fn index(&self, tracks: Vec<(String, Vec<u8>)>) -> Box<dyn ClipIndex>;
}
