//! Phase 2: what is new or changed is read, several files at once; what was read comes out in the order of the paths,
//! so that two scans of one folder make the same library.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::phase_1_walk::{BesidePicture, Walked, WalkedFile};
use super::report::{Outcome, ScanProgress};
use super::{READ_WAITING_MAX, ScanError, Scanner};
use crate::covers::Covers;
use crate::ports::library::{AudioFile, FilePlace, LibraryChange, MusicFolder, SkippedFile};
use crate::ports::music_files::{AudioReader, MusicDisk, Pictures, ReadAudio, Unusable};
use crate::scan::ScanParts;

/// What is known is read from the store in pages of so many files.
const KNOWN_PER_PAGE: u32 = 1_000;
/// So many covers are remembered, that are looked at once for all files beside them.
const COVERS_REMEMBERED_MAX: usize = 1_024;
/// No cover has more bytes.
pub(super) const COVER_BYTES_MAX: u64 = 20 << 20;

/// A file that was read, or that there is nothing to read of.
#[derive(Debug)]
pub(super) struct Compared {
    pub walked: WalkedFile,
    /// What is known of a file of that path.
    pub before: Option<AudioFile>,
    /// Whether a file of that path was skipped before.
    pub was_skipped: bool,
    pub read: Result<ReadAudio, Unusable>,
    /// The text with times beside it.
    pub synced: Option<String>,
    /// The id of its cover.
    pub cover: Option<String>,
}

/// A file that is to be read.
pub(super) struct ToRead {
    walked: WalkedFile,
    before: Option<AudioFile>,
    was_skipped: bool,
}

impl Scanner {
    /// Compares what is there with what is known; hands over what is to be read, and notes what is gone.
    pub(super) async fn compare(
        &self,
        folder: &MusicFolder,
        mut walked: mpsc::Receiver<Vec<Walked>>,
        to_read: &mpsc::Sender<ToRead>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        let mut known = Known::of(self, folder);
        let mut closed: Option<String> = None;
        while let Some(list) = walked.recv().await {
            for one in list {
                if self.is_stopped() {
                    return Err(ScanError::Stopped);
                }
                let walked = match one {
                    Walked::File(walked) => walked,
                    Walked::Closed { prefix, reason } => {
                        known.pass(&prefix, closed.as_deref(), progress).await?;
                        progress.skip(prefix.trim_end_matches('/'), &reason);
                        closed = Some(prefix);
                        continue;
                    }
                };
                known.pass(walked.path.as_str(), closed.as_deref(), progress).await?;
                let (before, skipped) = known.at(walked.path.as_str()).await?;
                if let Some(skipped) = &skipped
                    && (skipped.bytes, skipped.modified_ms) == (walked.bytes, walked.modified_ms)
                {
                    progress.skip(walked.path.as_str(), &skipped.reason);
                    continue;
                }
                let as_it_was = before.as_ref().is_some_and(|file| {
                    (file.bytes, file.modified_ms, file.missing_since)
                        == (walked.bytes, walked.modified_ms, None)
                });
                if as_it_was && skipped.is_none() {
                    progress.note(Outcome::Unchanged);
                    continue;
                }
                let one = ToRead { walked, before, was_skipped: skipped.is_some() };
                if to_read.send(one).await.is_err() {
                    // What is read can't be written; that fault is told.
                    return Ok(());
                }
            }
        }
        known.pass_all(closed.as_deref(), progress).await
    }
}

/// What is known of a folder, in the order of its paths.
struct Known<'s> {
    scanner: &'s Scanner,
    folder: &'s MusicFolder,
    files: Pages<AudioFile>,
    skipped: Pages<SkippedFile>,
    gone: LibraryChange,
}

/// Pages of a list, and where it goes on.
struct Pages<T> {
    page: std::vec::IntoIter<T>,
    after: String,
    is_whole: bool,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { page: Vec::new().into_iter(), after: String::new(), is_whole: false }
    }
}

impl<T> Pages<T> {
    fn take(&mut self, page: Vec<T>, path: fn(&T) -> &str) {
        match page.last() {
            Some(last) => self.after = path(last).to_owned(),
            None => self.is_whole = true,
        }
        self.page = page.into_iter();
    }
}

fn file_path(file: &AudioFile) -> &str {
    file.place.path.as_str()
}

fn skipped_path(file: &SkippedFile) -> &str {
    file.place.path.as_str()
}

impl<'s> Known<'s> {
    fn of(scanner: &'s Scanner, folder: &'s MusicFolder) -> Self {
        let (files, skipped) = (Pages::default(), Pages::default());
        Self { scanner, folder, files, skipped, gone: LibraryChange::default() }
    }

    async fn file(&mut self) -> Result<Option<&AudioFile>, ScanError> {
        if self.files.page.as_slice().is_empty() && !self.files.is_whole {
            let (id, after) = (&self.folder.id, &self.files.after);
            let store = self.scanner.library.store();
            self.files.take(store.files_after(id, after, KNOWN_PER_PAGE).await?, file_path);
        }
        Ok(self.files.page.as_slice().first())
    }

    async fn skipped(&mut self) -> Result<Option<&SkippedFile>, ScanError> {
        if self.skipped.page.as_slice().is_empty() && !self.skipped.is_whole {
            let (id, after) = (&self.folder.id, &self.skipped.after);
            let store = self.scanner.library.store();
            self.skipped.take(store.skipped_after(id, after, KNOWN_PER_PAGE).await?, skipped_path);
        }
        Ok(self.skipped.page.as_slice().first())
    }

    /// What is known of a path that everything before was passed of.
    async fn at(
        &mut self,
        path: &str,
    ) -> Result<(Option<AudioFile>, Option<SkippedFile>), ScanError> {
        let is_file = self.file().await?.is_some_and(|file| file_path(file) == path);
        let is_skipped = self.skipped().await?.is_some_and(|file| skipped_path(file) == path);
        let file = if is_file { self.files.page.next() } else { None };
        Ok((file, if is_skipped { self.skipped.page.next() } else { None }))
    }

    /// What is known before a path isn't there any more; but for what is in a closed folder.
    async fn pass(
        &mut self,
        path: &str,
        closed: Option<&str>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        while self.file().await?.is_some_and(|file| file_path(file) < path) {
            self.pass_file(closed, progress).await?;
        }
        while self.skipped().await?.is_some_and(|file| skipped_path(file) < path) {
            self.pass_skipped(closed);
        }
        Ok(())
    }

    async fn pass_all(
        &mut self,
        closed: Option<&str>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        while self.file().await?.is_some() {
            self.pass_file(closed, progress).await?;
        }
        while self.skipped().await?.is_some() {
            self.pass_skipped(closed);
        }
        self.write_gone(progress).await
    }

    async fn pass_file(
        &mut self,
        closed: Option<&str>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        let Some(file) = self.files.page.next() else { return Ok(()) };
        if file.missing_since.is_some() || is_in(closed, file_path(&file)) {
            return Ok(());
        }
        let missing_since = Some(self.scanner.clock.now());
        self.gone.files.push(AudioFile { missing_since, ..file });
        if self.gone.files.len() >= super::FILES_PER_CHANGE {
            self.write_gone(progress).await?;
        }
        Ok(())
    }

    fn pass_skipped(&mut self, closed: Option<&str>) {
        let Some(file) = self.skipped.page.next() else { return };
        if !is_in(closed, skipped_path(&file)) {
            self.gone.unskipped.push(file.place);
        }
    }

    async fn write_gone(&mut self, progress: &ScanProgress) -> Result<(), ScanError> {
        let mut gone = std::mem::take(&mut self.gone);
        if gone.files.is_empty() && gone.unskipped.is_empty() {
            return Ok(());
        }
        let _writing = self.scanner.writing.lock().await;
        gone.at = Some(self.scanner.clock.now());
        // A file that was found elsewhere meanwhile is known there.
        let places: Vec<FilePlace> = gone.files.iter().map(|file| file.place.clone()).collect();
        let still = self.scanner.library.store().files_at(&places).await?;
        gone.files.retain(|file| still.iter().any(|known| known.place == file.place));
        self.scanner.write(&gone).await?;
        gone.files.iter().for_each(|_| progress.note(Outcome::Missing));
        Ok(())
    }
}

fn is_in(closed: Option<&str>, path: &str) -> bool {
    closed.is_some_and(|closed| {
        path == closed || (closed.ends_with('/') && path.starts_with(closed)) || closed.is_empty()
    })
}

/// Has files be read as they come, several at once, and hands them on in their order.
pub(super) fn start(
    parts: &ScanParts,
    mut files: mpsc::Receiver<ToRead>,
    covers: Option<Arc<Covers>>,
) -> mpsc::Receiver<Compared> {
    let (to_apply, read) = mpsc::channel(READ_WAITING_MAX);
    // What is being read, in the order in which it is handed on; its length is how many are read at once.
    let (to_await, mut reading) = mpsc::channel::<JoinHandle<Compared>>(parts.readers.max(1));
    let looker = Arc::new(Looker {
        reader: parts.reader.clone(),
        disk: parts.disk.clone(),
        pictures: parts.pictures.clone(),
        covers,
        beside: Mutex::default(),
    });
    tokio::spawn(async move {
        while let Some(file) = files.recv().await {
            let looker = looker.clone();
            let reading = tokio::task::spawn_blocking(move || looker.compared(file));
            if to_await.send(reading).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(reading) = reading.recv().await {
            // A reader that panicked was caught before; this is a thread that ended with the runtime.
            let Ok(compared) = reading.await else { return };
            if to_apply.send(compared).await.is_err() {
                return;
            }
        }
    });
    read
}

/// Reads files and looks at covers.
struct Looker {
    reader: Arc<dyn AudioReader>,
    disk: Arc<dyn MusicDisk>,
    pictures: Arc<dyn Pictures>,
    covers: Option<Arc<Covers>>,
    /// The ids of pictures beside files, by the pictures.
    beside: Mutex<HashMap<Arc<BesidePicture>, Option<String>>>,
}

impl Looker {
    fn compared(&self, file: ToRead) -> Compared {
        let ToRead { walked, before, was_skipped } = file;
        let mut read = if walked.usable {
            self.reader.read(&walked.absolute)
        } else {
            Err(Unusable("files of its kind can't be played yet".to_owned()))
        };
        let (mut synced, mut cover) = (None, None);
        if let Ok(read) = &mut read {
            synced = walked.lyrics.as_ref().and_then(|path| self.text(path));
            let beside = walked.cover.clone().and_then(|picture| self.beside(picture));
            let inside = read.picture.take();
            cover = beside.or_else(|| inside.and_then(|bytes| self.keep(bytes)));
        }
        Compared { walked, before, was_skipped, read, synced, cover }
    }

    fn text(&self, path: &Path) -> Option<String> {
        self.reader.text(path).ok().filter(|text| !text.trim().is_empty())
    }

    fn beside(&self, picture: Arc<BesidePicture>) -> Option<String> {
        if let Some(known) = self.beside.lock().expect("no holder panics").get(&picture) {
            return known.clone();
        }
        let bytes = self.disk.read(&picture.path, COVER_BYTES_MAX).ok();
        let id = bytes.and_then(|bytes| self.keep(bytes));
        let mut beside = self.beside.lock().expect("no holder panics");
        if beside.len() >= COVERS_REMEMBERED_MAX {
            beside.clear();
        }
        beside.insert(picture, id.clone());
        id
    }

    /// Keeps a picture that can be shown, and says its id. What can't be shown, or kept now, is as good as none.
    fn keep(&self, bytes: Vec<u8>) -> Option<String> {
        let covers = self.covers.as_ref()?;
        if bytes.len() as u64 > COVER_BYTES_MAX || self.pictures.look(&bytes).is_err() {
            return None;
        }
        match tokio::runtime::Handle::current().block_on(covers.keep(bytes)) {
            Ok(id) => Some(id),
            Err(error) => {
                tracing::warn!(%error, "a cover could not be kept");
                None
            }
        }
    }
}
