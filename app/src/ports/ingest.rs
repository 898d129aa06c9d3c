//! What becomes of files of music: jobs that turn them into renditions, and what was found in them.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A file as it came, kept in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// How its name ended, without the dot; empty where it ended in nothing.
    pub extension: String,
}

/// A file that stands in a music folder, and stays there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// SHA-256 of what is heard of it, in hexadecimal: the same before and after its tags were edited. Where
    /// it is, the library knows.
    pub audio_sha256: String,
    /// Its length in bytes, when it was queued.
    pub bytes: u64,
    /// How its name ended, without the dot.
    pub extension: String,
}

/// Where the file of a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IngestSource {
    /// It was brought, and is kept in pieces.
    Kept(Original),
    /// It is the track's in a music folder.
    Folder(FolderFile),
}

impl IngestSource {
    /// Its length in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Kept(original) => original.bytes,
            Self::Folder(file) => file.bytes,
        }
    }

    /// How its name ended, without the dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        match self {
            Self::Kept(original) => &original.extension,
            Self::Folder(file) => &file.extension,
        }
    }

    /// Whether another is the same file, or the same audio in a music folder.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Kept(one), Self::Kept(other)) => one.sha256 == other.sha256,
            (Self::Folder(one), Self::Folder(other)) => one.audio_sha256 == other.audio_sha256,
            _ => false,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIngest {
    /// Of which track the file is.
    pub track_id: String,
    /// The file.
    pub source: IngestSource,
    /// When it was asked for.
    pub at: UnixMs,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// Somebody works on it.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Failed,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Running, Self::Done, Self::Failed];

    /// Its word, in stores and the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestJob {
    /// Its number, from 1.
    pub number: u64,
    /// What is to be done.
    pub new: NewIngest,
    /// Where it stands.
    pub state: JobState,
    /// How much of it is done, in thousandths.
    pub progress_permille: u16,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed, or what went wrong at the last attempt.
    pub reason: Option<String>,
    /// When its state last changed.
    pub changed_at: UnixMs,
}

/// Who works on a job, and until when nobody else may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLease<'a> {
    /// The job's number.
    pub number: u64,
    /// A name that no other worker has.
    pub worker: &'a str,
    /// The time.
    pub now: UnixMs,
    /// How long it holds from now on, in milliseconds.
    pub lasts_ms: u64,
}

/// How an attempt ended that wasn't the last word, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setback {
    /// It is given up.
    Failed,
    /// It is tried again, not before this, and the attempt counts.
    Later(UnixMs),
    /// It is tried again, not before this; a store was away, so the attempt counts for nothing.
    Away(UnixMs),
}

/// A part of a file: a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPiece {
    /// The blob's name.
    pub blob: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// A rung of a track, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRendition {
    /// Which rung: `opus-96`, `flac`, `preview`.
    pub rung: String,
    /// What MediaSource calls its codec.
    pub codec: String,
    /// Its bitrate in kilobits a second: nominal, or the mean of what has none.
    pub bitrate_kbps: u32,
    /// How many frames are heard.
    pub frames: u64,
    /// Frames a second.
    pub timescale: u32,
    /// Frames in front of the first that is heard.
    pub priming_frames: u32,
    /// How much is appended once in front of its segments, in bytes; the index of these is a part of it.
    pub head_bytes: u64,
    /// Where its segments are: offset in bytes, and first frame of the file's own time line.
    pub segments: Vec<(u64, u64)>,
    /// The whole file's length in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: String,
    /// The file, in order.
    pub pieces: Vec<StoredPiece>,
}

/// What was found in a track's file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackStudy {
    /// Which track.
    pub track_id: String,
    /// The file as it was.
    pub original: Original,
    /// SHA-256 of what is heard of it, in hexadecimal, where it stands in a music folder; what came otherwise is
    /// kept in pieces.
    pub audio_sha256: Option<String>,
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
    /// How many blocks were how loud: a release's loudness is made of these.
    pub loudness_blocks: Vec<u8>,
    /// Its print, each number little-endian.
    pub print: Vec<u8>,
    /// Its landmarks.
    pub landmarks: Vec<u8>,
    /// Its peaks.
    pub waveform: Vec<u8>,
    /// Where its preview begins, in milliseconds.
    pub preview_start_ms: u64,
    /// Another track that is the same recording, where one was known.
    pub duplicate_of: Option<String>,
    /// Its rungs.
    pub renditions: Vec<StoredRendition>,
}

impl TrackStudy {
    /// Whether it is of this file.
    #[must_use]
    pub fn is_of(&self, source: &IngestSource) -> bool {
        match (source, &self.audio_sha256) {
            (IngestSource::Kept(original), None) => original.sha256 == self.original.sha256,
            (IngestSource::Folder(file), Some(audio)) => file.audio_sha256 == *audio,
            _ => false,
        }
    }
}

/// How loud a track is, as its release is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackLoudness {
    /// Which track.
    pub track_id: String,
    /// How many blocks were how loud.
    pub blocks: Vec<u8>,
    /// True peak in thousandths of a dBTP.
    pub true_peak_mdb: i64,
}

/// How many jobs are in each state, in the order of [`JobState::ALL`].
pub type JobCounts = [u64; 4];

/// Where jobs and what came of them are kept.
///
/// A job is worked on under a lease: whoever dies loses it when it ends, and another begins the job again.
/// What a worker says without a lease changes nothing.
#[async_trait]
pub trait IngestStore: Send + Sync + 'static {
    /// Queues a job. Where one of the same track and file waits, runs, or made what the track has, that one is
    /// the answer.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn enqueue_ingest(&self, new: NewIngest) -> Result<IngestJob, StoreError>;

    /// The same for several, in one transaction; says how many of them are new.
    ///
    /// # Errors
    /// [`StoreError`]; none is queued then.
    async fn enqueue_ingests(&self, new: Vec<NewIngest>) -> Result<u64, StoreError>;

    /// Takes the oldest job that may be begun: a queued one whose time has come, or a running one whose
    /// lease has ended. It is running then, and was begun once more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_ingest(
        &self,
        worker: &str,
        now: UnixMs,
        lasts_ms: u64,
    ) -> Result<Option<IngestJob>, StoreError>;

    /// Keeps a lease, and notes how much is done; false where it isn't held any more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn renew_ingest(
        &self,
        lease: JobLease<'_>,
        progress_permille: u16,
    ) -> Result<bool, StoreError>;

    /// Stores what was found and that the job is done, in one transaction; false where the lease isn't held
    /// any more, and then nothing changes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn complete_ingest(
        &self,
        lease: JobLease<'_>,
        study: &TrackStudy,
    ) -> Result<bool, StoreError>;

    /// Notes that an attempt failed: the job is queued again, or failed. False where the lease isn't held any
    /// more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn give_up_ingest(
        &self,
        lease: JobLease<'_>,
        reason: &str,
        setback: Setback,
    ) -> Result<bool, StoreError>;

    /// Ends all leases: for who knows that nobody else works on jobs, and those who did are dead. How many
    /// there were.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_ingest_leases(&self, now: UnixMs) -> Result<u64, StoreError>;

    /// Queues a job that failed again, as if it had never been begun; false where it didn't.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn retry_ingest(&self, number: u64, now: UnixMs) -> Result<bool, StoreError>;

    /// The job of a number.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ingest_job(&self, number: u64) -> Result<Option<IngestJob>, StoreError>;

    /// Jobs of a state, or all, from a number downwards, the newest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ingest_jobs(
        &self,
        state: Option<JobState>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<IngestJob>, StoreError>;

    /// How many jobs there are.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ingest_counts(&self) -> Result<JobCounts, StoreError>;

    /// What was found in a track's file.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn track_study(&self, track_id: &str) -> Result<Option<TrackStudy>, StoreError>;

    /// What was found in the files of up to `limit` tracks whose id is greater than `after`, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn track_studies(&self, after: &str, limit: u32) -> Result<Vec<TrackStudy>, StoreError>;

    /// Of which audio in music folders these tracks were studied, or have a job that waits, runs or failed: pairs
    /// of track and SHA-256, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn audio_seen_to(
        &self,
        track_ids: &[String],
    ) -> Result<Vec<(String, String)>, StoreError>;

    /// How loud these tracks are, of those that were studied; in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn loudness_of(&self, track_ids: &[String]) -> Result<Vec<TrackLoudness>, StoreError>;

    /// Prints of up to `limit` tracks, other than one, that are as long as that within so many
    /// milliseconds; by id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn prints_near(
        &self,
        other_than: &str,
        duration_ms: u64,
        within_ms: u64,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Puts other renditions in the place of those that a track has; false where it wasn't studied.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replace_renditions(
        &self,
        track_id: &str,
        renditions: &[StoredRendition],
    ) -> Result<bool, StoreError>;
}
