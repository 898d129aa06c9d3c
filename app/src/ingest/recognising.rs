//! Which track a clip is of.

use std::sync::Arc;

use super::{Ingest, IngestError};
use crate::ports::StoreError;
use crate::ports::audio::{ClipIndex, ClipMatch};

/// Tracks that are read at once for the index of landmarks.
const STUDIES_PER_PAGE: u32 = 64;
/// The most tracks that an index holds: 64 kB of memory for each of three minutes or so.
pub const INDEXED_TRACKS_MAX: usize = 100_000;

/// An index of more landmarks than this, in bytes, is made for each question anew.
const REMEMBERED_BYTES_MAX: usize = 64 << 20;

/// An index, and how many jobs were done when it was made: with another number there are other landmarks.
pub(super) struct Known {
    done: u64,
    index: Arc<dyn ClipIndex>,
}

impl Ingest {
    /// The track that a clip is of; `None` where that can't be told.
    ///
    /// # Errors
    /// [`IngestError`].
    pub async fn identify(
        &self,
        clip: Vec<u8>,
        extension: &str,
    ) -> Result<Option<ClipMatch>, IngestError> {
        let index = self.index().await?;
        let extension = extension.to_owned();
        let asked = tokio::task::spawn_blocking(move || index.identify(Arc::new(clip), &extension));
        Ok(asked.await.map_err(|error| IngestError::Worker(error.to_string()))??)
    }

    /// An index of all tracks by their landmarks: the one that is known, or a new one. Whoever asks meanwhile
    /// waits for it.
    async fn index(&self) -> Result<Arc<dyn ClipIndex>, StoreError> {
        let mut known = self.known.lock().await;
        let [_, _, done, _] = self.store.ingest_counts().await?;
        if let Some(known) = known.as_ref().filter(|known| known.done == done) {
            return Ok(known.index.clone());
        }
        let (mut tracks, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.store.track_studies(&after, STUDIES_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.track_id);
            tracks.extend(page.into_iter().map(|study| (study.track_id, study.landmarks)));
            if tracks.len() >= INDEXED_TRACKS_MAX {
                break;
            }
        }
        let bytes: usize = tracks.iter().map(|(_, landmarks)| landmarks.len()).sum();
        let studio = self.studio.clone();
        let building = tokio::task::spawn_blocking(move || studio.index(tracks));
        let built = building.await.map_err(|error| StoreError {
            what: "building the index of landmarks",
            detail: error.to_string(),
        })?;
        let index: Arc<dyn ClipIndex> = Arc::from(built);
        *known = (bytes <= REMEMBERED_BYTES_MAX).then(|| Known { done, index: index.clone() });
        Ok(index)
    }
}
