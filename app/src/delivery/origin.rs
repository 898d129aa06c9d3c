//! The bytes of renditions, range by range, with what is asked for often in memory.
//!
//! Where blobs are files of this machine, a reading says in which file its bytes are and where, for a
//! connection that has the system send them; the system keeps in memory what is asked for often, and files
//! that are asked for often stay open.
//!
//! Elsewhere bytes are read from the store of blobs in chunks of one size, whatever a client asks for, so that
//! many who listen to the same recording share what was read. A chunk that a thousand ask for at once
//! is read once. What is on its way to one client is two chunks at most.

use bytes::Bytes;
use moka::future::Cache;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use super::original;
use crate::library::on_disk::{FilesOnDisk, OnDiskError};
use crate::ports::library::AudioFile;
use crate::ports::music_files::OpenedFile;
use crate::ports::renditions::{Rendition, RenditionStore, RungName, TrackRenditions};
use crate::ports::{BlobError, BlobFile, BlobName, BlobStore, StoreError};

/// How many bytes are read at once.
pub const CHUNK_BYTES: u64 = 256 << 10;
/// How long what is known of a recording is believed.
const BELIEVED: Duration = Duration::from_secs(5);
/// Of so many recordings.
const TRACKS_MAX: u64 = 20_000;
/// So many blobs stay open; each takes one of the files that the process may have open.
const OPENED_MAX: u64 = 256;
/// For so long, for what was deleted takes its place on the disk until it is closed.
const OPENED_FOR: Duration = Duration::from_secs(30);

type Known = Arc<Playable>;
type ChunkOf = (BlobName, u64);

/// Why bytes don't come.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OriginError {
    /// The store of blobs doesn't give them.
    #[error(transparent)]
    Blob(#[from] Arc<BlobError>),
    /// A blob is gone or shorter than it was when it was stored.
    #[error("the blob {0} isn't whole any more: `ledgerline blobs verify` says more")]
    Damaged(BlobName),
    /// The file in the music folder doesn't give them.
    #[error(transparent)]
    File(#[from] Arc<OnDiskError>),
    /// The disk doesn't give the bytes of a file that is open.
    #[error("an open file of audio can't be read: {0}")]
    Disk(Arc<std::io::Error>),
}

/// What there is to be heard of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playable {
    /// Its renditions; its file as it stands in a music folder among them.
    pub of: TrackRenditions,
    /// That file, where it is sent from there.
    file: Option<AudioFile>,
}

/// The bytes of renditions.
pub struct Origin {
    files: Option<FilesOnDisk>,
    store: Arc<dyn RenditionStore>,
    chunks: Arc<Chunks>,
    /// By recording, and whether its file in a music folder was looked for in any case.
    tracks: Cache<(String, bool), Option<Known>>,
}

struct Chunks {
    blobs: Arc<dyn BlobStore>,
    cache: Cache<ChunkOf, Bytes>,
    opened: Cache<BlobName, BlobFile>,
}

impl Origin {
    pub(super) fn new(
        store: Arc<dyn RenditionStore>,
        blobs: Arc<dyn BlobStore>,
        files: Option<FilesOnDisk>,
        memory_bytes: u64,
    ) -> Self {
        let weigh = |_: &ChunkOf, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let cache = Cache::builder().max_capacity(memory_bytes).weigher(weigh).build();
        let tracks = Cache::builder().max_capacity(TRACKS_MAX).time_to_live(BELIEVED).build();
        let opened = Cache::builder().max_capacity(OPENED_MAX).time_to_live(OPENED_FOR).build();
        Self { files, store, chunks: Arc::new(Chunks { blobs, cache, opened }), tracks }
    }

    /// What there is of a recording, here; believed for a few seconds. Its file in a music folder is looked for only
    /// where there is nothing better.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renditions(&self, track_id: &str) -> Result<Option<Known>, StoreError> {
        self.known(track_id, false).await
    }

    /// The same with its file in a music folder, where it has one: who began with that goes on with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_file(&self, track_id: &str) -> Result<Option<Known>, StoreError> {
        self.known(track_id, true).await
    }

    async fn known(&self, track_id: &str, with_file: bool) -> Result<Option<Known>, StoreError> {
        let load = async { Ok(self.load(track_id, with_file).await?.map(Arc::new)) };
        let loaded = self.tracks.try_get_with((track_id.to_owned(), with_file), load).await;
        loaded.map_err(|error: Arc<StoreError>| (*error).clone())
    }

    async fn load(&self, track_id: &str, with_file: bool) -> Result<Option<Playable>, StoreError> {
        let of = self.store.renditions(track_id).await?;
        let is_needless = |it: &Rendition| match it.rung.as_str() {
            RungName::ORIGINAL => true,
            RungName::PREVIEW => false,
            _ => !with_file && it.segments.is_some(),
        };
        let needless = of.as_ref().is_some_and(|of| of.renditions.iter().any(is_needless));
        let file = if needless { None } else { self.file_here(track_id).await? };
        let Some(file) = file else { return Ok(of.map(|of| Playable { of, file: None })) };
        let none = || TrackRenditions {
            track_id: track_id.to_owned(),
            loudness: None,
            renditions: Vec::new(),
        };
        let mut of = of.unwrap_or_else(none);
        of.renditions.push(original::of(&file));
        of.renditions.sort_by(|one, other| one.rung.cmp(&other.rung));
        Ok(Some(Playable { of, file: Some(file) }))
    }

    /// A track's file in a music folder, where this machine has it as it was scanned.
    async fn file_here(&self, track_id: &str) -> Result<Option<AudioFile>, StoreError> {
        let Some(files) = &self.files else { return Ok(None) };
        let Some(file) = files.of_track(track_id).await? else { return Ok(None) };
        match files.open(&file).await {
            Ok(_) => Ok(Some(file)),
            Err(OnDiskError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, track_id, "a track's file can't be played");
                Ok(None)
            }
        }
    }

    /// Forgets what is known of a recording: it was encoded again.
    pub async fn forget(&self, track_id: &str) {
        for with_file in [false, true] {
            self.tracks.invalidate(&(track_id.to_owned(), with_file)).await;
        }
    }

    /// The bytes `from..to` of a rendition of what is to be heard.
    ///
    /// # Errors
    /// [`OriginError::File`] where its file in a music folder can't be opened.
    ///
    /// # Panics
    /// Where they aren't all in it.
    pub async fn open(
        &self,
        playable: &Playable,
        of: &Rendition,
        from: u64,
        to: u64,
    ) -> Result<Reading, OriginError> {
        let file = playable.file.as_ref().filter(|_| of.rung.as_str() == RungName::ORIGINAL);
        let (Some(file), Some(files)) = (file, &self.files) else {
            return Ok(self.read(of, from, to));
        };
        assert!(from <= to && to <= of.bytes, "the range was held against the length");
        let opened = files.open(file).await.map_err(Arc::new)?;
        let named = file.place.path.to_string();
        Ok(Reading { source: Source::File(Arc::from(opened), named), at: from, to })
    }

    /// The bytes `from..to` of a rendition that is kept in blobs.
    ///
    /// # Panics
    /// Where they aren't all in it.
    #[must_use]
    pub fn read(&self, of: &Rendition, from: u64, to: u64) -> Reading {
        assert!(from <= to && to <= of.bytes, "the range was held against the length");
        let pieces = Pieces {
            chunks: self.chunks.clone(),
            pieces: of.pieces.clone(),
            piece_bytes: of.piece_bytes,
            bytes: of.bytes,
        };
        Reading { source: Source::Pieces(pieces), at: from, to }
    }

    /// Reads a rendition into memory, as far as there is room.
    ///
    /// # Errors
    /// [`OriginError`].
    pub async fn warm(&self, of: &Rendition) -> Result<(), OriginError> {
        let mut reading = self.read(of, 0, of.bytes);
        while reading.next().await?.is_some() {}
        Ok(())
    }
}

/// Bytes of a file of this machine.
#[derive(Debug, Clone)]
pub struct FileSpan {
    /// The file; it is read by offset alone.
    pub file: Arc<File>,
    /// Where they begin in it.
    pub at: u64,
    /// How many they are; one at least.
    pub bytes: u64,
}

/// Bytes on their way to a client.
pub struct Reading {
    source: Source,
    at: u64,
    to: u64,
}

enum Source {
    Pieces(Pieces),
    /// With its name, for whoever looks for what is wrong.
    File(Arc<dyn OpenedFile>, String),
}

struct Pieces {
    chunks: Arc<Chunks>,
    pieces: Vec<BlobName>,
    piece_bytes: u64,
    bytes: u64,
}

impl Reading {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`OriginError`]; nothing comes after it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, OriginError> {
        if self.at >= self.to {
            return Ok(None);
        }
        let bytes = match &self.source {
            Source::Pieces(pieces) => pieces.read(self.at, self.to).await?,
            Source::File(file, named) => read_file(file, named, self.at, self.to).await?,
        };
        self.at += bytes.len() as u64;
        Ok(Some(bytes))
    }

    /// Where the next bytes are, `most` of them at most, if a file of this machine has them; they count as read
    /// then. `None` where they have to be asked for with [`Reading::next`], and at the end.
    ///
    /// # Errors
    /// [`OriginError`]; nothing comes after it.
    pub async fn next_in_file(&mut self, most: u64) -> Result<Option<FileSpan>, OriginError> {
        let most = most.min(self.left());
        if most == 0 {
            return Ok(None);
        }
        let span = match &self.source {
            Source::Pieces(pieces) => pieces.find(self.at, most).await?,
            // What is in a music folder may be written while it is sent, and the system sends pages of memory that
            // it then changes.
            Source::File(..) => None,
        };
        self.at += span.as_ref().map_or(0, |span| span.bytes);
        Ok(span)
    }

    /// How many bytes are still to come.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.to - self.at
    }
}

/// A place in a rendition, in the piece that has it.
struct Within<'p> {
    name: &'p BlobName,
    /// From the piece's beginning.
    at: u64,
    /// The length of the piece.
    piece_bytes: u64,
}

impl Pieces {
    fn at(&self, at: u64) -> Within<'_> {
        let piece = at / self.piece_bytes;
        let begins = piece * self.piece_bytes;
        let name = &self.pieces[usize::try_from(piece).expect("a few thousand pieces at most")];
        let piece_bytes = self.bytes.min(begins + self.piece_bytes) - begins;
        Within { name, at: at - begins, piece_bytes }
    }

    /// Where some bytes from a place on are, `most` at most, if their blob is a file.
    async fn find(&self, at: u64, most: u64) -> Result<Option<FileSpan>, OriginError> {
        let within = self.at(at);
        let Some(BlobFile { file, bytes }) = self.chunks.open(within.name).await? else {
            return Ok(None);
        };
        if bytes != within.piece_bytes {
            // Somebody may put it right.
            self.chunks.opened.invalidate(within.name).await;
            return Err(OriginError::Damaged(within.name.clone()));
        }
        let bytes = most.min(within.piece_bytes - within.at);
        Ok(Some(FileSpan { file, at: within.at, bytes }))
    }

    /// Some bytes from a place on, up to another at most.
    async fn read(&self, at: u64, to: u64) -> Result<Bytes, OriginError> {
        let Within { name, at: within, piece_bytes } = self.at(at);
        let number = within / CHUNK_BYTES;
        let start = number * CHUNK_BYTES;
        let end = piece_bytes.min(start + CHUNK_BYTES);
        let chunk = self.chunks.get(name, number, end - start).await?;
        let take = (end - within).min(to - at);
        let first = usize::try_from(within - start).expect("within a chunk");
        let last = first + usize::try_from(take).expect("within a chunk");
        Ok(chunk.slice(first..last))
    }
}

/// Some bytes of a file from a place on. What many ask for is in the system's memory already.
async fn read_file(
    file: &Arc<dyn OpenedFile>,
    named: &str,
    at: u64,
    to: u64,
) -> Result<Bytes, OriginError> {
    let length = usize::try_from((to - at).min(CHUNK_BYTES)).expect("a chunk");
    let file = file.clone();
    let read = tokio::task::spawn_blocking(move || file.read_at(at, length)).await;
    let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    let failed = |error| Arc::new(OnDiskError::Disk { file: named.to_owned(), error });
    Ok(Bytes::from(read.map_err(failed)?))
}

impl Chunks {
    /// A blob as a file, if it is one here.
    async fn open(&self, name: &BlobName) -> Result<Option<BlobFile>, OriginError> {
        if let Some(known) = self.opened.get(name).await {
            return Ok(Some(known));
        }
        let opened = self.blobs.open_file(name).await;
        let opened = opened.map_err(|error| OriginError::Blob(Arc::new(error)))?;
        if let Some(opened) = &opened {
            self.opened.insert(name.clone(), opened.clone()).await;
        }
        Ok(opened)
    }

    async fn get(&self, name: &BlobName, number: u64, bytes: u64) -> Result<Bytes, OriginError> {
        let key = (name.clone(), number);
        if let Some(known) = self.cache.get(&key).await {
            return Ok(known);
        }
        let load = async {
            let length = usize::try_from(bytes).expect("a chunk");
            let got = self.blobs.get_range(name, number * CHUNK_BYTES, length).await;
            match got.map_err(|error| OriginError::Blob(Arc::new(error)))? {
                Some(got) if got.len() == length => Ok(Bytes::from(got)),
                _ => Err(OriginError::Damaged(name.clone())),
            }
        };
        self.cache.try_get_with(key, load).await.map_err(|error: Arc<OriginError>| (*error).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::renditions::file;
    use crate::ports::memory_blobs::MemoryBlobs;
    use crate::ports::memory_renditions::MemoryRenditions;

    const BYTES: usize = (256 << 10) * 5 / 2 + 7;

    fn blob(name: &str) -> BlobName {
        BlobName::new(name).expect("a name")
    }

    /// A rendition of three pieces, none of a whole number of chunks.
    async fn prepared() -> (Origin, MemoryBlobs, Rendition, Vec<u8>) {
        let blobs = MemoryBlobs::new();
        let all: Vec<u8> = (0..BYTES).map(|at| (at % 251).to_le_bytes()[0]).collect();
        let piece_bytes = CHUNK_BYTES + 1_000;
        let mut rendition = Rendition { bytes: BYTES as u64, piece_bytes, ..file("original", 1) };
        rendition.pieces.clear();
        for (number, piece) in all.chunks(usize::try_from(piece_bytes).expect("small")).enumerate()
        {
            let name = blob(&format!("t/{number}"));
            blobs.put(&name, piece.to_vec()).await.expect("puts");
            rendition.pieces.push(name);
        }
        let store = Arc::new(MemoryRenditions::default());
        let origin = Origin::new(store, Arc::new(blobs.clone()), None, 1 << 20);
        (origin, blobs, rendition, all)
    }

    async fn read(origin: &Origin, of: &Rendition, from: u64, to: u64) -> Vec<u8> {
        let mut reading = origin.read(of, from, to);
        let mut got = Vec::new();
        while let Some(bytes) = reading.next().await.expect("reads") {
            assert!(!bytes.is_empty() && bytes.len() as u64 <= CHUNK_BYTES);
            got.extend_from_slice(&bytes);
        }
        got
    }

    #[tokio::test]
    async fn every_range_is_those_bytes() {
        let (origin, _, rendition, all) = prepared().await;
        let ends = [0, 1, 999, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, CHUNK_BYTES + 1_000];
        let later = [CHUNK_BYTES + 1_001, 2 * CHUNK_BYTES, BYTES as u64 - 1, BYTES as u64];
        let ends: Vec<u64> = ends.into_iter().chain(later).collect();
        for from in &ends {
            for to in ends.iter().filter(|to| *to >= from) {
                let (a, b) =
                    (usize::try_from(*from).expect("small"), usize::try_from(*to).expect("small"));
                assert!(read(&origin, &rendition, *from, *to).await == all[a..b], "{from}..{to}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_in_no_file_is_read() {
        let (origin, _, rendition, all) = prepared().await;
        let mut reading = origin.read(&rendition, 5, 900);
        assert!(reading.next_in_file(u64::MAX).await.expect("answers").is_none());
        assert_eq!(reading.left(), 895);
        assert_eq!(reading.next().await.expect("reads").as_deref(), Some(&all[5..900]));
    }

    #[tokio::test]
    async fn what_many_ask_for_at_once_is_read_once() {
        let (origin, blobs, rendition, all) = prepared().await;
        let before = blobs.calls();
        let (origin, rendition) = (Arc::new(origin), Arc::new(rendition));
        let ask = |_| {
            let (origin, rendition) = (origin.clone(), rendition.clone());
            tokio::spawn(async move { read(&origin, &rendition, 5, 1_000).await })
        };
        for asked in (0..1_000).map(ask).collect::<Vec<_>>() {
            assert_eq!(asked.await.expect("it ends"), all[5..1_000]);
        }
        assert_eq!(blobs.calls() - before, 1);
    }

    #[tokio::test]
    async fn what_is_damaged_or_away_is_said_and_asked_for_again() {
        let (origin, blobs, rendition, all) = prepared().await;
        blobs.set_away(true);
        let away = origin.read(&rendition, 0, 9).next().await.expect_err("it is away");
        assert!(matches!(away, OriginError::Blob(_)));
        blobs.set_away(false);
        assert_eq!(read(&origin, &rendition, 0, 9).await, all[..9]);
        blobs.tamper(&rendition.pieces[1], |bytes| bytes.truncate(10));
        let at = rendition.piece_bytes;
        let damaged = origin.read(&rendition, at, at + 9).next().await.expect_err("it is short");
        assert!(matches!(damaged, OriginError::Damaged(_)));
    }
}
