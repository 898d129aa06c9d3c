//! Files of music become renditions: jobs, worked on under leases, that survive whoever works on them.
//!
//! A file that is brought is kept as it came, in pieces, before its job is queued; one in a music folder stays
//! there. A worker studies it, puts the pieces of its renditions under names that follow from their bytes, and
//! then stores what was found together with the end of the job. So whoever is killed in between leaves blobs
//! that nobody refers to, and the next attempt writes the same ones.
//!
//! In reading order:
//! - [`Ingest`]: jobs; [`bringing`]: files that are brought; `scanned`: tracks of music folders are queued
//! - `working`: one job; `publishing`: what players get; `albums`: how loud a release is
//! - `recognising`: which track a clip is of
//! - [`checking`]: whether what is kept is still whole; `counting`: numbers for the operator

mod albums;
pub mod bringing;
pub mod checking;
mod counting;
mod publishing;
mod recognising;
mod scanned;
mod working;

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::library::on_disk::{FilesOnDisk, OnDiskError};
use crate::ports::audio::{AudioFault, AudioStudio};
use crate::ports::blobs::BlobNameError;
use crate::ports::ingest::{IngestJob, IngestStore, JobState, Original, TrackStudy};
use crate::ports::{BlobError, BlobName, BlobStore, Clock, Put, RenditionStore, StoreError};
use counting::Counted;
use recognising::Known;

pub use bringing::Bringing;
pub use checking::{CheckedPieces, Damage};
pub use recognising::INDEXED_TRACKS_MAX;
pub use working::Worked;

/// The longest piece of a file, in bytes.
pub const PIECE_BYTES_MAX: usize = 8 << 20;
/// The longest file, in bytes: it is in memory whole while it is worked on.
pub const ORIGINAL_BYTES_MAX: usize = 1 << 30;
/// How often a job is tried before it is given up.
pub const ATTEMPTS_MAX: u32 = 4;
/// How long a lease holds, in milliseconds.
pub const LEASE_MS: u64 = 60_000;
/// How long a job waits after its first failure, in milliseconds; twice as long after each further one.
const WAIT_MS: u64 = 5_000;
/// How long a job waits where a store is away, in milliseconds.
pub const AWAY_MS: u64 = 10_000;

/// Why something of the ingest can't be done.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The store of jobs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store of blobs.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The file.
    #[error(transparent)]
    File(#[from] AudioFault),
    /// The file is too long or empty.
    #[error("the file has {0} bytes; a file of music has 1 to {ORIGINAL_BYTES_MAX}")]
    Length(usize),
    /// A piece isn't what it was.
    #[error(
        "the piece {blob} is {what}; `ledgerline ingest verify --repair` makes renditions again"
    )]
    Damaged {
        /// Which.
        blob: String,
        /// Missing or changed.
        what: &'static str,
    },
    /// The file in the music folder.
    #[error(transparent)]
    OnDisk(#[from] OnDiskError),
    /// The track's file in the music folder is gone, or other audio is in its place.
    #[error(
        "no music folder has this audio of the track any more; a scan that finds it queues it again"
    )]
    Gone,
    /// A name of a blob can't be.
    #[error(transparent)]
    Name(#[from] BlobNameError),
    /// A worker's thread ended before its work.
    #[error("the worker ended in the middle: {0}")]
    Worker(String),
}

/// What an ingest works with.
pub struct IngestParts {
    /// Jobs, and what was found in files.
    pub store: Arc<dyn IngestStore>,
    /// What players get.
    pub renditions: Arc<dyn RenditionStore>,
    /// Where files and renditions are kept.
    pub blobs: Arc<dyn BlobStore>,
    /// What knows about sound.
    pub studio: Arc<dyn AudioStudio>,
    /// The files of tracks in music folders, where there are such.
    pub files: Option<FilesOnDisk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// A name that no other worker has.
    pub worker: String,
    /// Whether what scans find is queued.
    pub takes_scanned: bool,
}

/// The ingest of a deployment.
pub struct Ingest {
    pub(crate) store: Arc<dyn IngestStore>,
    pub(crate) renditions: Arc<dyn RenditionStore>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) studio: Arc<dyn AudioStudio>,
    pub(crate) files: Option<FilesOnDisk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) worker: String,
    takes_scanned: bool,
    /// Held by whoever looks for tracks that nobody queued; whether all were seen to.
    caught_up: tokio::sync::Mutex<bool>,
    /// What clips are looked up in.
    known: tokio::sync::Mutex<Option<Known>>,
    counted: Counted,
    /// Files that were brought, to tell them apart while they arrive.
    brought: AtomicU64,
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl Ingest {
    /// An ingest.
    #[must_use]
    pub fn new(parts: IngestParts) -> Self {
        let IngestParts { store, renditions, blobs, studio, files, clock, worker, .. } = parts;
        Self {
            store,
            renditions,
            blobs,
            studio,
            files,
            clock,
            worker,
            takes_scanned: parts.takes_scanned,
            caught_up: tokio::sync::Mutex::default(),
            known: tokio::sync::Mutex::default(),
            counted: Counted::default(),
            brought: AtomicU64::new(0),
        }
    }

    /// Puts a blob. One that is there with other bytes is damaged, and makes room for the right ones.
    pub(crate) async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<(), IngestError> {
        if self.blobs.put(name, bytes.clone()).await? != Put::Other {
            return Ok(());
        }
        self.blobs.delete(name).await?;
        match self.blobs.put(name, bytes).await? {
            Put::Created | Put::Same => Ok(()),
            Put::Other => {
                Err(IngestError::Damaged { blob: name.to_string(), what: "written by another too" })
            }
        }
    }

    /// A job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job(&self, number: u64) -> Result<Option<IngestJob>, StoreError> {
        self.store.ingest_job(number).await
    }

    /// Jobs of a state, or all, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs(
        &self,
        state: Option<JobState>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<IngestJob>, StoreError> {
        self.store.ingest_jobs(state, from, limit).await
    }

    /// Ends the leases of workers that are dead, and forgets what only half arrived: for who holds the data folder
    /// alone, at its start.
    ///
    /// # Errors
    /// [`StoreError`]. Blobs that can't be deleted now wait for the next start.
    pub async fn begin_alone(&self) -> Result<u64, StoreError> {
        if let Err(error) = self.forget_arriving().await {
            tracing::warn!(%error, "files that only half arrived can't be forgotten now");
        }
        self.store.end_ingest_leases(self.clock.now()).await
    }

    /// What was found in a track's file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn study(&self, track_id: &str) -> Result<Option<TrackStudy>, StoreError> {
        self.store.track_study(track_id).await
    }

    /// Queues a failed job again; false where it hasn't failed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry(&self, number: u64) -> Result<bool, StoreError> {
        self.store.retry_ingest(number, self.clock.now()).await
    }

    /// A file as it came.
    ///
    /// # Errors
    /// [`IngestError::Damaged`] where a piece isn't there, or it isn't the same file any more.
    pub(crate) async fn original(&self, original: &Original) -> Result<Vec<u8>, IngestError> {
        let length = usize::try_from(original.bytes).unwrap_or(usize::MAX);
        if length > ORIGINAL_BYTES_MAX {
            return Err(IngestError::Length(length));
        }
        let mut file = Vec::with_capacity(length);
        for number in 0..length.div_ceil(PIECE_BYTES_MAX) {
            let name = piece_of_original(original, number)?;
            let piece = self.blobs.get(&name).await?;
            let missing = || IngestError::Damaged { blob: name.to_string(), what: "missing" };
            file.extend(piece.ok_or_else(missing)?);
        }
        if sha256(&file) != original.sha256 {
            let blob = piece_of_original(original, 0)?.to_string();
            return Err(IngestError::Damaged { blob, what: "of a file that has changed" });
        }
        Ok(file)
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

/// The name of a piece of an original.
fn piece_of_original(original: &Original, number: usize) -> Result<BlobName, BlobNameError> {
    BlobName::new(format!("originals/{}/{number:04}", original.sha256))
}

/// The name of a piece of a rendition: it follows from the bytes of both files.
fn piece_of_rendition(
    original: &Original,
    rung: &str,
    rendition_sha256: &str,
    number: usize,
) -> Result<BlobName, BlobNameError> {
    let short = &rendition_sha256[..rendition_sha256.len().min(16)];
    BlobName::new(format!("renditions/{}/{rung}-{short}/{number:04}", original.sha256))
}
