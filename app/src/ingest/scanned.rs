//! Tracks of music folders are queued.
//!
//! A track's file stays in its folder, and a job names it by what is heard of it. So a file that was moved or
//! tagged anew is the same one, and isn't encoded again. What a scan writes is queued with it; what was written
//! and not queued, because a process died in between, is found by walking through all tracks once.

use std::collections::{BTreeMap, HashSet};

use super::Ingest;
use crate::library::on_disk::best;
use crate::ports::StoreError;
use crate::ports::ingest::{FolderFile, IngestSource, NewIngest};
use crate::ports::library::{AudioFile, LIBRARY_BATCH_MAX, TrackList};

/// So many tracks are looked at together.
const TRACKS_PER_PAGE: u32 = 500;

impl Ingest {
    /// Queues the files of these tracks, as far as they stand in a music folder and aren't seen to; also such
    /// that failed before. How many.
    ///
    /// # Errors
    /// [`StoreError`]; some may be queued then, and [`catch_up`](Self::catch_up) finds the others.
    pub async fn queue_scanned(&self, track_ids: &[String]) -> Result<u64, StoreError> {
        let queued = self.queue_files(track_ids, true).await;
        if queued.is_err() {
            *self.caught_up.lock().await = false;
        }
        queued
    }

    /// Queues the files of all tracks that nobody queued, and sees to releases whose loudness isn't known. It is
    /// done once, and again after something could not be queued. How many were queued.
    ///
    /// # Errors
    /// [`StoreError`]; the next call goes on.
    pub async fn catch_up(&self) -> Result<u64, StoreError> {
        let mut caught_up = self.caught_up.lock().await;
        let Some(files) = self.files.as_ref().filter(|_| !*caught_up) else { return Ok(0) };
        let (mut queued, mut after) = (0, String::new());
        loop {
            let tracks = files.library().tracks(&TrackList::All, &after, TRACKS_PER_PAGE).await?;
            let Some(last) = tracks.last() else { break };
            after.clone_from(&last.id);
            let ids: Vec<String> = tracks.into_iter().map(|track| track.id).collect();
            queued += self.queue_files(&ids, false).await?;
        }
        self.measure_releases().await?;
        *caught_up = true;
        Ok(queued)
    }

    async fn queue_files(&self, track_ids: &[String], failed_too: bool) -> Result<u64, StoreError> {
        let Some(files) = self.files.as_ref().filter(|_| self.takes_scanned) else { return Ok(0) };
        let mut queued = 0;
        for ids in track_ids.chunks(LIBRARY_BATCH_MAX) {
            let mut of_tracks: BTreeMap<String, Vec<AudioFile>> = BTreeMap::new();
            for file in files.library().files_of_tracks(ids).await? {
                of_tracks.entry(file.track_id.clone()).or_default().push(file);
            }
            let seen_to = self.store.audio_seen_to(ids).await?;
            let seen_to: HashSet<(String, String)> = seen_to.into_iter().collect();
            // In the order of their paths: what is one release is encoded together.
            let mut wanted: Vec<AudioFile> = of_tracks.into_values().filter_map(best).collect();
            wanted.sort_by(|one, other| one.place.cmp(&other.place));
            wanted.retain(|file| {
                failed_too || !seen_to.contains(&(file.track_id.clone(), file.audio_hex()))
            });
            if !wanted.is_empty() {
                let jobs = wanted.iter().map(|file| self.new_job(file)).collect();
                queued += self.store.enqueue_ingests(jobs).await?;
            }
        }
        Ok(queued)
    }

    fn new_job(&self, file: &AudioFile) -> NewIngest {
        let source = IngestSource::Folder(FolderFile {
            audio_sha256: file.audio_hex(),
            bytes: file.bytes,
            extension: file.extension(),
        });
        NewIngest { track_id: file.track_id.clone(), source, at: self.clock.now() }
    }
}
