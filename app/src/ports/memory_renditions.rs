//! Renditions in memory.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

use super::StoreError;
use super::renditions::{AlbumLoudness, Rendition, RenditionStore, TrackRenditions};

/// Renditions in memory, by recording.
#[derive(Debug, Default)]
pub struct MemoryRenditions {
    tracks: Mutex<BTreeMap<String, TrackRenditions>>,
}

#[async_trait]
impl RenditionStore for MemoryRenditions {
    async fn put_renditions(&self, of: &TrackRenditions) -> Result<(), StoreError> {
        if let Some(detail) = of.wrong() {
            return Err(StoreError { what: "storing renditions", detail });
        }
        let mut tracks = self.tracks.lock().expect("no holder panics");
        tracks.insert(of.track_id.clone(), of.clone());
        Ok(())
    }

    async fn renditions(&self, track_id: &str) -> Result<Option<TrackRenditions>, StoreError> {
        Ok(self.tracks.lock().expect("no holder panics").get(track_id).cloned())
    }

    async fn rendition(&self, track_id: &str, rung: &str) -> Result<Option<Rendition>, StoreError> {
        let tracks = self.tracks.lock().expect("no holder panics");
        Ok(tracks.get(track_id).and_then(|of| of.rung(rung)).cloned())
    }

    async fn tracks_with_renditions(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let tracks = self.tracks.lock().expect("no holder panics");
        let behind = tracks.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        Ok(behind.take(limit as usize).map(|(track, _)| track.clone()).collect())
    }

    async fn put_album_loudness(
        &self,
        track_ids: &[String],
        album: Option<AlbumLoudness>,
    ) -> Result<(), StoreError> {
        let mut tracks = self.tracks.lock().expect("no holder panics");
        for track_id in track_ids {
            let loudness = tracks.get_mut(track_id).and_then(|of| of.loudness.as_mut());
            if let Some(loudness) = loudness {
                loudness.album_integrated_centi_lufs = album.map(|it| it.integrated_centi_lufs);
                loudness.album_peak_centi_dbtp = album.map(|it| it.peak_centi_dbtp);
            }
        }
        Ok(())
    }

    async fn tracks_without_album(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let tracks = self.tracks.lock().expect("no holder panics");
        let behind = tracks.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let unknown = behind.filter(|(_, of)| {
            of.loudness.is_some_and(|loudness| loudness.album_integrated_centi_lufs.is_none())
        });
        Ok(unknown.take(limit as usize).map(|(track, _)| track.clone()).collect())
    }

    async fn forget_renditions(&self, track_id: &str) -> Result<bool, StoreError> {
        Ok(self.tracks.lock().expect("no holder panics").remove(track_id).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::renditions;

    #[tokio::test]
    async fn passes_the_suite() {
        renditions::every_case(async || MemoryRenditions::default()).await;
    }
}
