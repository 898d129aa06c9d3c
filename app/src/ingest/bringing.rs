//! Files that are brought: kept in pieces as they arrive, and then queued.
//!
//! Pieces have the name of their file, which is that of its bytes, so it is known only once the last one is
//! there: until then they are kept under another name. No more than one piece is in memory.

use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{
    Ingest, IngestError, ORIGINAL_BYTES_MAX, PIECE_BYTES_MAX, hexadecimal, piece_of_original,
};
use crate::ports::BlobName;
use crate::ports::blobs::{BLOB_PAGE_MAX, BlobNameError};
use crate::ports::ingest::{IngestJob, IngestSource, NewIngest, Original};

/// The folder of blobs in which files arrive.
pub(super) const ARRIVING: &str = "arriving";

/// A file on its way in. Dropped before its end, what arrived is forgotten, at the next start at the latest.
pub struct Bringing {
    ingest: Arc<Ingest>,
    track_id: String,
    extension: String,
    /// What its pieces are called so far.
    folder: String,
    pieces: usize,
    hasher: Sha256,
    bytes: usize,
    /// What isn't a whole piece yet.
    rest: Vec<u8>,
}

impl Ingest {
    /// Keeps a file and queues its job. The same file of the same track is one job.
    ///
    /// # Errors
    /// [`IngestError`]; then nothing is queued.
    pub async fn add(
        &self,
        track_id: &str,
        extension: &str,
        file: &[u8],
    ) -> Result<IngestJob, IngestError> {
        if file.is_empty() || file.len() > ORIGINAL_BYTES_MAX {
            return Err(IngestError::Length(file.len()));
        }
        let original = Original {
            sha256: super::sha256(file),
            bytes: file.len() as u64,
            extension: extension.to_ascii_lowercase(),
        };
        for (number, piece) in file.chunks(PIECE_BYTES_MAX).enumerate() {
            let name = piece_of_original(&original, number)?;
            self.put(&name, piece.to_vec()).await?;
        }
        self.queue_original(track_id, original).await
    }

    /// Begins to take a file in whose end isn't there yet.
    #[must_use]
    pub fn bring(self: &Arc<Self>, track_id: &str, extension: &str) -> Bringing {
        let number = self.brought.fetch_add(1, Ordering::Relaxed);
        Bringing {
            ingest: self.clone(),
            track_id: track_id.to_owned(),
            extension: extension.to_ascii_lowercase(),
            folder: format!("{ARRIVING}/{}-{number}", self.worker),
            pieces: 0,
            hasher: Sha256::new(),
            bytes: 0,
            rest: Vec::new(),
        }
    }

    async fn queue_original(
        &self,
        track_id: &str,
        original: Original,
    ) -> Result<IngestJob, IngestError> {
        let source = IngestSource::Kept(original);
        let new = NewIngest { track_id: track_id.to_owned(), source, at: self.clock.now() };
        Ok(self.store.enqueue_ingest(new).await?)
    }

    /// Forgets files that began to arrive in a process that is dead.
    pub(super) async fn forget_arriving(&self) -> Result<(), IngestError> {
        let folder = BlobName::new(ARRIVING)?;
        loop {
            let page = self.blobs.list(Some(&folder), None, BLOB_PAGE_MAX).await?;
            for blob in &page.blobs {
                self.blobs.delete(&blob.name).await?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }
}

impl Bringing {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`IngestError::Length`] where the file becomes too long, and those of stores.
    pub async fn take(&mut self, mut bytes: &[u8]) -> Result<(), IngestError> {
        self.bytes += bytes.len();
        if self.bytes > ORIGINAL_BYTES_MAX {
            return Err(IngestError::Length(self.bytes));
        }
        self.hasher.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES_MAX - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == PIECE_BYTES_MAX {
                self.put_rest().await?;
            }
        }
        Ok(())
    }

    async fn put_rest(&mut self) -> Result<(), IngestError> {
        let name = self.name(self.pieces)?;
        self.ingest.put(&name, std::mem::take(&mut self.rest)).await?;
        self.pieces += 1;
        Ok(())
    }

    fn name(&self, number: usize) -> Result<BlobName, BlobNameError> {
        BlobName::new(format!("{}/{number:04}", self.folder))
    }

    /// That was all of it: it is queued.
    ///
    /// # Errors
    /// [`IngestError`]; then nothing is queued.
    pub async fn end(mut self) -> Result<IngestJob, IngestError> {
        if self.bytes == 0 {
            return Err(IngestError::Length(0));
        }
        if !self.rest.is_empty() {
            self.put_rest().await?;
        }
        let original = Original {
            sha256: hexadecimal(&std::mem::take(&mut self.hasher).finalize()),
            bytes: self.bytes as u64,
            extension: std::mem::take(&mut self.extension),
        };
        for number in 0..self.pieces {
            let arrived = self.name(number)?;
            let piece = self.ingest.blobs.get(&arrived).await?;
            let missing = || IngestError::Damaged { blob: arrived.to_string(), what: "missing" };
            let name = piece_of_original(&original, number)?;
            self.ingest.put(&name, piece.ok_or_else(missing)?).await?;
        }
        let job = self.ingest.queue_original(&self.track_id, original).await?;
        self.forget().await;
        Ok(job)
    }

    /// It won't end: what arrived is forgotten. Where that fails, the next start does it.
    pub async fn forget(mut self) {
        let names = self.take_names();
        forget(&self.ingest, names).await;
    }

    fn take_names(&mut self) -> Vec<BlobName> {
        let names = (0..self.pieces).filter_map(|number| self.name(number).ok()).collect();
        self.pieces = 0;
        names
    }
}

impl Drop for Bringing {
    fn drop(&mut self) {
        let names = self.take_names();
        if let (false, Ok(runtime)) = (names.is_empty(), tokio::runtime::Handle::try_current()) {
            let ingest = self.ingest.clone();
            runtime.spawn(async move { forget(&ingest, names).await });
        }
    }
}

async fn forget(ingest: &Ingest, names: Vec<BlobName>) {
    for name in names {
        if let Err(error) = ingest.blobs.delete(&name).await {
            tracing::warn!(%error, "a file that was brought leaves a piece until the next start");
            return;
        }
    }
}
