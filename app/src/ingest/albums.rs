//! How loud a release is: known once all of its tracks that are there were studied.

use std::collections::BTreeSet;

use super::Ingest;
use super::publishing::hundredths;
use crate::ports::StoreError;
use crate::ports::library::LIBRARY_BATCH_MAX;
use crate::ports::renditions::AlbumLoudness;

/// So many tracks without a release's loudness are looked at together.
const TRACKS_PER_PAGE: u32 = 500;
/// A release with more tracks is a folder of everything: their common loudness says nothing.
const TRACKS_OF_RELEASE_MAX: usize = 1_000;

impl Ingest {
    /// Measures the release of a track, if all of it is known. Where that fails, the next look finds it.
    pub(super) async fn measure_release_of(&self, track_id: &str) {
        let Some(files) = &self.files else { return };
        let measured = async {
            let tracks = files.library().tracks_by_id(&[track_id.to_owned()]).await?;
            match tracks.first() {
                Some(track) => self.measure_release(&track.release_id).await,
                None => Ok(()),
            }
        };
        if let Err(error) = measured.await {
            tracing::warn!(%error, track_id, "how loud the release of a track is isn't known");
            *self.caught_up.lock().await = false;
        }
    }

    /// Measures releases, of each as soon as all of it is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn measure_releases_of(&self, release_ids: &[String]) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        for ids in release_ids.chunks(LIBRARY_BATCH_MAX) {
            // The tracks of a release that never ends aren't read each time that it gets some.
            for release in files.library().releases_by_id(ids).await? {
                if usize::try_from(release.sums.tracks).is_ok_and(|of| of <= TRACKS_OF_RELEASE_MAX)
                {
                    self.measure_release(&release.id).await?;
                }
            }
        }
        Ok(())
    }

    /// Measures all releases of tracks that don't know it.
    pub(super) async fn measure_releases(&self) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        let (mut after, mut before) = (String::new(), BTreeSet::new());
        loop {
            let ids = self.renditions.tracks_without_album(&after, TRACKS_PER_PAGE).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            let tracks = files.library().tracks_by_id(&ids).await?;
            let releases: BTreeSet<String> =
                tracks.into_iter().map(|track| track.release_id).collect();
            for release_id in releases.difference(&before) {
                self.measure_release(release_id).await?;
            }
            before = releases;
        }
    }

    async fn measure_release(&self, release_id: &str) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        let mut tracks = files.library().tracks_of_release(release_id).await?;
        tracks.retain(|track| track.missing_since.is_none());
        if tracks.is_empty() || tracks.len() > TRACKS_OF_RELEASE_MAX {
            return Ok(());
        }
        let ids: Vec<String> = tracks.into_iter().map(|track| track.id).collect();
        let known = self.store.loudness_of(&ids).await?;
        if known.len() < ids.len() {
            return Ok(());
        }
        let blocks: Vec<&[u8]> = known.iter().map(|track| track.blocks.as_slice()).collect();
        let Some(integrated) = self.studio.album_mlufs(&blocks) else { return Ok(()) };
        let peak = known.iter().map(|track| track.true_peak_mdb).max().unwrap_or_default();
        let album = AlbumLoudness {
            integrated_centi_lufs: hundredths(integrated),
            peak_centi_dbtp: hundredths(peak),
        };
        self.renditions.put_album_loudness(&ids, Some(album)).await
    }
}
