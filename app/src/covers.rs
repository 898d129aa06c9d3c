//! Covers: the pictures as they came, and smaller copies of them, each made once.
//!
//! A picture's id is made of its bytes, so two releases with one cover have one picture, and what is under an address
//! never changes. Copies are made when the first one asks, a few at a time, and kept beside the picture.

use moka::future::Cache;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

use crate::ports::music_files::{Pictures, Unusable};
use crate::ports::{BlobError, BlobName, BlobStore};

/// The edges of copies in pixels. Whoever asks for another gets the next larger one.
pub const COVER_EDGES: [u32; 4] = [96, 320, 640, 1200];
/// So many copies are made at once: each takes a core, and the memory of a picture.
const MAKING_MAX: usize = 2;
/// So much memory copies take that were asked for lately.
const REMEMBERED_BYTES_MAX: u64 = 32 << 20;
/// So many pictures are known to be kept, without asking.
const KEPT_MAX: usize = 16_384;
/// Hex digits of an id: 160 bits of SHA-256.
const ID_DIGITS: usize = 40;

/// A picture to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
}

/// Why a picture isn't sent or kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CoverError {
    /// The store of blobs failed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// It is none, or too large, or broken.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// Work on another thread ended badly.
    #[error("shrinking the picture was broken off; the log says why")]
    BrokenOff,
}

/// Covers in a store of blobs.
pub struct Covers {
    blobs: Arc<dyn BlobStore>,
    pictures: Arc<dyn Pictures>,
    making: Semaphore,
    copies: Cache<(String, Option<u32>), Option<Arc<Cover>>>,
    kept: Mutex<HashSet<String>>,
}

impl Covers {
    /// Over a store of blobs.
    #[must_use]
    pub fn new(blobs: Arc<dyn BlobStore>, pictures: Arc<dyn Pictures>) -> Self {
        let weigh = |_: &(String, Option<u32>), cover: &Option<Arc<Cover>>| {
            let bytes = cover.as_ref().map_or(0, |cover| cover.bytes.len());
            u32::try_from(bytes + 200).unwrap_or(u32::MAX)
        };
        let copies = Cache::builder().weigher(weigh).max_capacity(REMEMBERED_BYTES_MAX).build();
        let (making, kept) = (Semaphore::new(MAKING_MAX), Mutex::default());
        Self { blobs, pictures, making, copies, kept }
    }

    /// Keeps a picture, and says its id.
    ///
    /// # Errors
    /// [`CoverError`].
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String, CoverError> {
        self.pictures.look(&bytes)?;
        let id = id_of(&bytes);
        if self.kept.lock().expect("no holder panics").contains(&id) {
            return Ok(id);
        }
        self.blobs.put(&name(&id, "original"), bytes).await?;
        // One that was asked for before it was there is there now.
        for edge in COVER_EDGES.into_iter().map(Some).chain([None]) {
            self.copies.invalidate(&(id.clone(), edge)).await;
        }
        let mut kept = self.kept.lock().expect("no holder panics");
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(id.clone());
        Ok(id)
    }

    /// A picture that fits into a square of about `edge` pixels, or as it came; `None` where there is none.
    ///
    /// # Errors
    /// [`CoverError`].
    pub async fn cover(
        &self,
        id: &str,
        edge: Option<u32>,
    ) -> Result<Option<Arc<Cover>>, CoverError> {
        if !is_id(id) {
            return Ok(None);
        }
        let edge = edge.and_then(|edge| COVER_EDGES.into_iter().find(|it| *it >= edge));
        let wanted = (id.to_owned(), edge);
        let found = self.copies.try_get_with(wanted, self.find(id, edge)).await;
        found.map_err(|error: Arc<CoverError>| (*error).clone())
    }

    async fn find(&self, id: &str, edge: Option<u32>) -> Result<Option<Arc<Cover>>, CoverError> {
        if let Some(edge) = edge
            && let Some(bytes) = self.blobs.get(&name(id, &format!("{edge}.jpg"))).await?
        {
            return Ok(Some(Arc::new(Cover { bytes, media_type: "image/jpeg" })));
        }
        let Some(bytes) = self.blobs.get(&name(id, "original")).await? else { return Ok(None) };
        let Some(edge) = edge else {
            let media_type = self.pictures.look(&bytes)?.media_type;
            return Ok(Some(Arc::new(Cover { bytes, media_type })));
        };
        let place = self.making.acquire().await.map_err(|_| CoverError::BrokenOff)?;
        let pictures = self.pictures.clone();
        let made = tokio::task::spawn_blocking(move || pictures.shrink(&bytes, edge));
        let bytes = made.await.map_err(|_| CoverError::BrokenOff)??;
        drop(place);
        if let Err(error) = self.blobs.put(&name(id, &format!("{edge}.jpg")), bytes.clone()).await {
            // It is made again by whoever asks next.
            tracing::warn!(%error, "a smaller cover could not be kept");
        }
        Ok(Some(Arc::new(Cover { bytes, media_type: "image/jpeg" })))
    }
}

fn id_of(bytes: &[u8]) -> String {
    let mut id = String::with_capacity(ID_DIGITS);
    for byte in &Sha256::digest(bytes)[..ID_DIGITS / 2] {
        // Writing to a string can't fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Whether a text could be the id of a picture.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == ID_DIGITS && text.bytes().all(is_digit)
}

fn name(id: &str, file: &str) -> BlobName {
    BlobName::new(format!("covers/{}/{id}/{file}", &id[..2])).expect("hex digits are fit for names")
}
