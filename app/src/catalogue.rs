//! The catalogue as the intake sees it: which tracks there are, and how long they are.

use ledgerline_ids::{DeviceId, PartitionId, TrackId};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{DeviceFact, TrackFact};
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::report::TrackStamp;
use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use crate::ports::{
    AppendError, CatalogueStore, CatalogueTrack, ImportedTracks, ReportLog, StoreError,
};

/// Why an import of tracks or devices did not end. It may be begun again.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The catalogue's store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log did not take what counting must be told.
    #[error(transparent)]
    Log(#[from] AppendError),
}

/// Lengths by track, in memory, as of one revision.
#[derive(Debug, Default)]
struct Tracks {
    revision: u64,
    lengths_ms: HashMap<Box<str>, Option<u64>>,
}

/// The catalogue of a running deployment.
pub struct Catalogue {
    store: Arc<dyn CatalogueStore>,
    tracks: RwLock<Tracks>,
}

/// How many records a group of facts has at most.
const FACTS_PER_GROUP: usize = 10_000;
const TRACKS_PER_PAGE: u32 = 10_000;

impl Catalogue {
    /// Reads the catalogue into memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: Arc<dyn CatalogueStore>) -> Result<Self, StoreError> {
        let mut tracks = Tracks { revision: store.revision().await?, ..Tracks::default() };
        let mut after = String::new();
        loop {
            let page = store.tracks_after(&after, TRACKS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.track_id);
            for track in page {
                tracks.lengths_ms.insert(track.track_id.into(), track.duration_ms);
            }
        }
        Ok(Self { store, tracks: RwLock::new(tracks) })
    }

    /// The catalogue as it stands until the view is dropped.
    #[must_use]
    pub fn view(&self) -> CatalogueView<'_> {
        CatalogueView { tracks: self.tracks.read().expect("no holder panics") }
    }

    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn CatalogueStore> {
        &self.store
    }

    /// Adds or replaces tracks, and tells counting what it must judge again.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn import_tracks(
        &self,
        tracks: &[CatalogueTrack],
        log: &dyn ReportLog,
    ) -> Result<ImportedTracks, CatalogueError> {
        let imported = self.store.import_tracks(tracks).await?;
        {
            let mut held = self.tracks.write().expect("no holder panics");
            held.revision = imported.revision;
            for track in tracks {
                held.lengths_ms.insert(track.track_id.as_str().into(), track.duration_ms);
            }
        }
        for tracks in imported.to_judge_again.chunks(FACTS_PER_GROUP) {
            let facts = tracks.iter().filter_map(|track| {
                let stamp = TrackStamp {
                    revision: imported.revision,
                    known: true,
                    length_ms: track.duration_ms,
                };
                let track = TrackId::new(&track.track_id).ok()?;
                Some(LogRecord::TrackFact(TrackFact { track, stamp }))
            });
            tell_all(log, facts).await?;
        }
        Ok(imported)
    }

    /// Puts devices on the list of bots or takes them off. Says which changed.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn list_devices(
        &self,
        devices: &[String],
        listed: bool,
        log: &dyn ReportLog,
    ) -> Result<Vec<String>, CatalogueError> {
        let changed = self.store.list_devices(devices, listed).await?;
        for devices in changed.chunks(FACTS_PER_GROUP) {
            let facts = devices.iter().filter_map(|device| {
                let device = DeviceId::new(device).ok()?;
                Some(LogRecord::DeviceFact(DeviceFact { device, listed }))
            });
            tell_all(log, facts).await?;
        }
        Ok(changed)
    }
}

/// Appends the same records to every partition: any of them may hold plays that they touch.
async fn tell_all<'a>(
    log: &dyn ReportLog,
    facts: impl Iterator<Item = LogRecord<'a>>,
) -> Result<(), AppendError> {
    let mut group = RecordGroup::default();
    for fact in facts {
        group.push_with(|out| fact.encode(out));
    }
    let partitions = (0..log.partitions()).map(PartitionId);
    let receipts: Vec<_> =
        partitions.map(|partition| log.append(partition, group.clone())).collect();
    for receipt in receipts {
        receipt.await.unwrap_or(Err(AppendError::Closing))?;
    }
    Ok(())
}

/// The catalogue at one revision; it stays at it until the view is dropped.
pub struct CatalogueView<'c> {
    tracks: RwLockReadGuard<'c, Tracks>,
}

impl CatalogueView<'_> {
    /// What is known of a track. Without a catalogue every track is known.
    #[must_use]
    pub fn stamp(&self, track_id: &str) -> TrackStamp {
        let revision = self.tracks.revision;
        if revision == 0 {
            return TrackStamp { revision, known: true, length_ms: None };
        }
        match self.tracks.lengths_ms.get(track_id) {
            Some(length_ms) => TrackStamp { revision, known: true, length_ms: *length_ms },
            None => TrackStamp { revision, known: false, length_ms: None },
        }
    }
}
