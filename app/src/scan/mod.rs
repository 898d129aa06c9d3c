//! A music folder becomes the library, again and again.
//!
//! A scan goes through five phases at once, each handing over to the next with a limit on what waits between them,
//! so that a folder of any size takes the same memory and what was read can be played before the rest is:
//! - [`phase_1_walk`]: which files there are, in the order of their paths
//! - [`phase_2_read`]: what is new or changed is read, in parallel
//! - [`phase_3_identity`]: which track each file is of, also after it was moved or tagged anew
//! - [`phase_4_grouping`]: releases and artists
//! - [`phase_5_apply`]: all of it is written, some files at a time, and queued to be encoded
//!
//! What is known of a file stays: one that is gone makes its track missing and no more, and one that comes back is of
//! the track that it was of. A scan that was broken off is continued by the next one, since what it wrote isn't
//! read again.
//!
//! - [`report`]: what a scan found; [`watch_forever`]: a folder is scanned whenever it changes

mod naming;
mod phase_1_walk;
mod phase_2_read;
mod phase_3_identity;
mod phase_4_grouping;
mod phase_5_apply;
pub mod report;
mod watching;

use ledgerline_ids::UnixMs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::task::JoinHandle;

use crate::catalogue::{Catalogue, CatalogueError};
use crate::covers::Covers;
use crate::ingest::Ingest;
use crate::library::Library;
use crate::ports::library::{FilePath, LIBRARY_BATCH_MAX, MusicFolder, ScanRecord};
use crate::ports::music_files::{AudioReader, MusicDisk, Pictures, Unusable};
use crate::ports::{Clock, Random, ReportLog, StoreError};
use phase_1_walk::Walk;
use phase_2_read::Compared;
use report::{ScanProgress, ScanReport};
pub use watching::watch_forever;

/// So many files are written together at most, half of what may be asked for in one call: a file may name several
/// things. Each time waits for the disk several times, however little is written.
const FILES_PER_CHANGE: usize = LIBRARY_BATCH_MAX / 2;
/// What was read waits no longer than this for others to be written with.
const CHANGE_EVERY: Duration = Duration::from_millis(500);
/// So many lists of walked files wait to be compared.
const WALKED_WAITING_MAX: usize = 4;
/// So many files wait to be read.
const FILES_WAITING_MAX: usize = 64;
/// So many that were read wait to be written: what is read while others are written is the next that is.
const READ_WAITING_MAX: usize = FILES_PER_CHANGE;

/// Why a scan didn't end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The folder can't be read at all.
    #[error("{folder} can't be scanned: {why}")]
    Folder {
        /// Which.
        folder: String,
        /// Why, and what to do.
        why: String,
    },
    /// Somebody scans already.
    #[error("a scan goes on already: wait for it to end, or ask how far it is")]
    Busy,
    /// It was told to stop; what it had found by then is kept.
    #[error("the scan was stopped; the next one goes on from there")]
    Stopped,
    /// The library's store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalogue that counting knows, or the log, failed.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// What reads music folders.
#[derive(Clone)]
pub struct ScanParts {
    /// The disk.
    pub disk: Arc<dyn MusicDisk>,
    /// Reads files of music.
    pub reader: Arc<dyn AudioReader>,
    /// Looks at covers.
    pub pictures: Arc<dyn Pictures>,
    /// So many files are read at once.
    pub readers: usize,
}

/// Scans music folders, one at a time.
pub struct Scanner {
    parts: ScanParts,
    library: Arc<Library>,
    catalogue: Arc<Catalogue>,
    log: Arc<dyn ReportLog>,
    covers: Option<Arc<Covers>>,
    ingesting: Option<Arc<Ingest>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Held by the scan that goes on.
    turn: Arc<Mutex<()>>,
    /// Held while it is looked what is known, and written what follows from it.
    writing: Mutex<()>,
    progress: std::sync::Mutex<Option<Arc<ScanProgress>>>,
    stopped: AtomicBool,
}

/// What a scanner works with besides.
pub struct ScannerWires {
    /// The library.
    pub library: Arc<Library>,
    /// The catalogue that counting knows.
    pub catalogue: Arc<Catalogue>,
    /// The log, which learns of tracks.
    pub log: Arc<dyn ReportLog>,
    /// Where covers are kept, if anywhere.
    pub covers: Option<Arc<Covers>>,
    /// What encodes what is found, if anything does.
    pub ingesting: Option<Arc<Ingest>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What ids are drawn from.
    pub random: Arc<dyn Random>,
}

impl Scanner {
    /// A scanner.
    #[must_use]
    pub fn new(parts: ScanParts, wires: ScannerWires) -> Self {
        let ScannerWires { library, catalogue, log, covers, ingesting, clock, random } = wires;
        let (turn, progress) = (Arc::default(), std::sync::Mutex::default());
        let (writing, stopped) = (Mutex::default(), AtomicBool::new(false));
        Self {
            parts,
            library,
            catalogue,
            log,
            covers,
            ingesting,
            clock,
            random,
            turn,
            writing,
            progress,
            stopped,
        }
    }

    /// How far the scan is that goes on, or how the last one of this process ended.
    #[must_use]
    pub fn progress(&self) -> Option<Arc<ScanProgress>> {
        self.progress.lock().expect("no holder panics").clone()
    }

    /// Has the scan that goes on end, and none begin again; waits until it has ended.
    pub async fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _turn = self.turn.lock().await;
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The music folder at a path; it is known from then on.
    ///
    /// # Errors
    /// [`ScanError`] where it isn't there, or the store fails.
    pub async fn folder(&self, path: &Path) -> Result<MusicFolder, ScanError> {
        let disk = self.parts.disk.clone();
        let wanted = path.to_owned();
        let canonical = blocking(move || disk.canonical(&wanted)).await;
        let canonical = canonical.map_err(|error| ScanError::Folder {
            folder: path.display().to_string(),
            why: error.to_string(),
        })?;
        let path = FilePath::of(&canonical);
        let folder = MusicFolder { id: self.new_id("mf"), path, added_at: self.clock.now() };
        Ok(self.library.store().add_music_folder(&folder).await?)
    }

    /// Scans a music folder.
    ///
    /// # Errors
    /// [`ScanError`]; what was found before is kept.
    pub async fn scan(self: &Arc<Self>, folder: &MusicFolder) -> Result<ScanReport, ScanError> {
        let (_, scanning) = self.begin(folder.clone()).await?;
        match scanning.await {
            Ok(ended) => ended,
            Err(error) => Err(ScanError::Folder {
                folder: folder.path.to_string(),
                why: format!("the scan broke off: {error}"),
            }),
        }
    }

    /// Begins to scan a music folder; the scan goes on by itself.
    ///
    /// # Errors
    /// [`ScanError`] where one goes on already, or the store fails.
    pub async fn begin(
        self: &Arc<Self>,
        folder: MusicFolder,
    ) -> Result<(Arc<ScanProgress>, JoinHandle<Result<ScanReport, ScanError>>), ScanError> {
        let Ok(turn) = self.turn.clone().try_lock_owned() else { return Err(ScanError::Busy) };
        if self.is_stopped() {
            return Err(ScanError::Stopped);
        }
        let started_at = self.clock.now();
        let last = self.library.store().scans(1).await?;
        let number = last.first().map_or(1, |scan| scan.number + 1);
        let progress = Arc::new(ScanProgress::new(number, &folder, started_at));
        self.note(&progress, &folder, started_at, None).await?;
        *self.progress.lock().expect("no holder panics") = Some(progress.clone());
        let (scanner, told) = (self.clone(), progress.clone());
        let scanning = tokio::spawn(async move { scanner.go(folder, told, turn).await });
        Ok((progress, scanning))
    }

    async fn go(
        &self,
        folder: MusicFolder,
        progress: Arc<ScanProgress>,
        _turn: OwnedMutexGuard<()>,
    ) -> Result<ScanReport, ScanError> {
        let (started_at, began) = (self.clock.now(), self.clock.elapsed());
        let outcome = self.scan_in_turn(&folder, &progress).await;
        let took = self.clock.elapsed().saturating_sub(began);
        let why = outcome.as_ref().err().map(ToString::to_string);
        let ended_at = self.clock.now();
        let report = progress.end(took, why, ended_at);
        self.note(&progress, &folder, started_at, Some(ended_at)).await?;
        outcome.map(|()| report)
    }

    async fn note(
        &self,
        progress: &ScanProgress,
        folder: &MusicFolder,
        started_at: UnixMs,
        ended_at: Option<UnixMs>,
    ) -> Result<(), StoreError> {
        let report = serde_json::to_string(&progress.report()).unwrap_or_else(|_| "{}".to_owned());
        let folder_id = folder.id.clone();
        let scan =
            ScanRecord { number: progress.number(), folder_id, started_at, ended_at, report };
        self.library.store().note_scan(&scan).await
    }

    async fn scan_in_turn(
        &self,
        folder: &MusicFolder,
        progress: &Arc<ScanProgress>,
    ) -> Result<(), ScanError> {
        self.must_be_there(folder).await?;
        let (to_compare, walked) = mpsc::channel(WALKED_WAITING_MAX);
        let walk = Walk::new(&self.parts, folder, progress.clone());
        let walking = tokio::task::spawn_blocking(move || walk.run(&to_compare));
        let (to_read, reading) = mpsc::channel(FILES_WAITING_MAX);
        let read = phase_2_read::start(&self.parts, reading, self.covers.clone());
        let applying = self.apply_all(folder, read, progress);
        // The readers end when nothing more is to be compared.
        let comparing = async move {
            let compared = self.compare(folder, walked, &to_read, progress).await;
            drop(to_read);
            compared
        };
        let (compared, applied) = tokio::join!(comparing, applying);
        let _ = walking.await;
        applied?;
        compared?;
        self.catch_up().await;
        Ok(())
    }

    /// What an earlier scan wrote, and didn't come to queue, is queued now.
    async fn catch_up(&self) {
        let Some(ingest) = &self.ingesting else { return };
        match ingest.catch_up().await {
            Ok(0) => {}
            Ok(queued) => tracing::info!(queued, "tracks that nobody had queued will be encoded"),
            Err(error) => {
                tracing::warn!(%error, "what isn't encoded yet is looked for at the next scan");
            }
        }
    }

    /// A folder that isn't there, or is empty where files are known, is a disk that isn't mounted: nothing is missing
    /// because of that.
    async fn must_be_there(&self, folder: &MusicFolder) -> Result<(), ScanError> {
        let refused = |why: String| ScanError::Folder { folder: folder.path.to_string(), why };
        let (disk, path) = (self.parts.disk.clone(), folder.path.to_path());
        let listed = blocking(move || disk.list(&path)).await;
        let listed = listed.map_err(|error| refused(error.to_string()))?;
        let known = self.library.store().files_after(&folder.id, "", 1).await?;
        if listed.is_empty() && known.iter().any(|file| file.missing_since.is_none()) {
            let why =
                "it is empty, and files of it are known: is its disk mounted? Nothing was changed";
            return Err(refused(why.to_owned()));
        }
        Ok(())
    }

    async fn apply_all(
        &self,
        folder: &MusicFolder,
        mut read: mpsc::Receiver<Compared>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        let mut batch = Vec::new();
        loop {
            let deadline = tokio::time::sleep(CHANGE_EVERY);
            tokio::pin!(deadline);
            let mut more = true;
            while more && batch.len() < FILES_PER_CHANGE {
                tokio::select! {
                    biased;
                    one = read.recv() => match one {
                        Some(one) => batch.push(one),
                        None => more = false,
                    },
                    () = &mut deadline, if !batch.is_empty() => break,
                }
            }
            if !batch.is_empty() {
                self.apply(folder, std::mem::take(&mut batch), progress).await?;
            }
            if !more {
                return Ok(());
            }
            if self.is_stopped() {
                return Err(ScanError::Stopped);
            }
        }
    }

    /// An id that nobody has: 80 random bits, in letters that are fit for URLs.
    fn new_id(&self, kind: &str) -> String {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
        format!("{kind}-{}", letters.collect::<String>())
    }
}

/// What stands in the place of what was read, once that was taken.
fn unread() -> Unusable {
    Unusable("it was taken".to_owned())
}

/// Runs what waits for a disk where it holds up nobody.
async fn blocking<T: Send + 'static>(
    of: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    match tokio::task::spawn_blocking(of).await {
        Ok(done) => done,
        Err(error) => Err(std::io::Error::other(error)),
    }
}
