//! The catalogue as the intake sees it: which tracks there are, and how long they are.

use ledgerline_ids::{DeviceId, PartitionId, TrackId};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{DeviceFact, TrackFact};
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::report::TrackStamp;
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, RwLock, RwLockReadGuard};
use tokio::sync::Mutex;

use crate::ports::library::{LibraryChange, Track};
use crate::ports::{
    AppendError, CatalogueStore, CatalogueTrack, Fact, ImportedTracks, MusicLibrary, ReportLog,
    StoreError, Untold,
};

/// Why an import of tracks or devices did not end. It may be begun again.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The catalogue's store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log did not take what counting must be told. What was imported is stored, and
    /// counting is told of it later.
    #[error(transparent)]
    Log(#[from] AppendError),
}

/// Lengths by track, in memory, as of one revision.
#[derive(Debug, Default)]
struct Tracks {
    revision: u64,
    lengths_ms: HashMap<Box<str>, Option<u64>>,
}

impl Tracks {
    /// What these are and others weren't, as facts, sorted.
    fn unknown_to(&self, others: &Self) -> Vec<Untold> {
        let changed = self
            .lengths_ms
            .iter()
            .filter(|(track, length_ms)| others.lengths_ms.get(*track) != Some(length_ms));
        let mut changed: Vec<_> =
            changed.map(|(track, length_ms)| (track.to_string(), *length_ms)).collect();
        changed.sort();
        let told = |(track_id, length_ms)| {
            let stamp = TrackStamp { revision: self.revision, known: true, length_ms };
            Untold { sequence: 0, fact: Fact::Track { track_id, stamp } }
        };
        changed.into_iter().map(told).collect()
    }
}

/// The catalogue of a running deployment.
///
/// What an import changes goes three ways, in this order: into the store, with the facts that
/// counting must be told; into the view, so that reports are stamped with it; as facts into
/// the log. A report with an older stamp therefore stands before the fact in the log, and the
/// fact re-judges its play. After a failure or a crash the store still has the facts.
pub struct Catalogue {
    store: Arc<dyn CatalogueStore>,
    tracks: RwLock<Tracks>,
    /// Held by whoever changes the store or tells counting: facts are told in their order.
    turn: Mutex<()>,
    /// Whether others import into the same store.
    shared: bool,
    /// Facts of others that reports may have been stamped without, after they were told.
    owed: std::sync::Mutex<Vec<Untold>>,
}

/// How many facts are appended together. Well below what fits into a frame.
const FACTS_PER_GROUP: u32 = 10_000;
const TRACKS_PER_PAGE: u32 = 10_000;

impl Catalogue {
    /// Reads the catalogue into memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: Arc<dyn CatalogueStore>) -> Result<Self, StoreError> {
        let tracks = read_tracks(&*store).await?;
        Ok(Self {
            store,
            tracks: RwLock::new(tracks),
            turn: Mutex::default(),
            shared: false,
            owed: std::sync::Mutex::default(),
        })
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
        let _turn = self.turn.lock().await;
        let imported = self.store.import_tracks(tracks).await?;
        self.show(tracks, &imported).await?;
        self.tell_in_turn(log).await?;
        Ok(imported)
    }

    /// Writes a change of the music library, whose tracks counting learns of, and tells it what it must judge
    /// again.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub(crate) async fn change_library(
        &self,
        library: &dyn MusicLibrary,
        change: &LibraryChange,
        log: &dyn ReportLog,
    ) -> Result<ImportedTracks, CatalogueError> {
        let _turn = self.turn.lock().await;
        let imported = library.change_library(change).await?;
        let tracks: Vec<CatalogueTrack> = change.tracks.iter().map(Track::as_counted).collect();
        self.show(&tracks, &imported).await?;
        self.tell_in_turn(log).await?;
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
        let _turn = self.turn.lock().await;
        let changed = self.store.list_devices(devices, listed).await?;
        self.tell_in_turn(log).await?;
        Ok(changed)
    }

    /// Shows what was imported past this catalogue, and tells counting of it.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn catch_up(&self, log: &dyn ReportLog) -> Result<(), CatalogueError> {
        let _turn = self.turn.lock().await;
        if self.store.revision().await? != self.view().tracks.revision {
            self.reload().await?;
        }
        self.tell_in_turn(log).await
    }

    /// Shows what another node has imported, and tells counting of it once more: this node may have
    /// stamped reports by what it knew until now, after that other one told counting. Does nothing
    /// where nothing was imported.
    ///
    /// # Errors
    /// [`CatalogueError`]; what was not told then is told by the next call.
    pub(crate) async fn follow(&self, log: &dyn ReportLog) -> Result<(), CatalogueError> {
        let _turn = self.turn.lock().await;
        if self.store.revision().await? != self.view().tracks.revision {
            self.reload().await?;
        }
        loop {
            let some: Vec<Untold> =
                self.owed().iter().take(FACTS_PER_GROUP as usize).cloned().collect();
            if some.is_empty() {
                return Ok(());
            }
            append_to_all(log, &some).await?;
            self.owed().drain(..some.len());
        }
    }

    /// Several nodes import into the same store.
    #[must_use]
    pub(crate) fn shared_by_nodes(self) -> Self {
        Self { shared: true, ..self }
    }

    /// Whether they do.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Untold>> {
        self.owed.lock().expect("no holder panics")
    }

    /// Tells counting what an import that failed or was given up left untold. Does nothing
    /// while an import goes on: that one tells it.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn tell(&self, log: &dyn ReportLog) -> Result<(), CatalogueError> {
        match self.turn.try_lock() {
            Ok(_turn) => self.tell_in_turn(log).await,
            Err(_) => Ok(()),
        }
    }

    /// Appends every untold fact to the log. What is appended and not noted as told, because
    /// of a failure or a crash, is appended again; equal facts change nothing.
    async fn tell_in_turn(&self, log: &dyn ReportLog) -> Result<(), CatalogueError> {
        loop {
            let page = self.store.untold(FACTS_PER_GROUP).await?;
            let Some(last) = page.last() else { return Ok(()) };
            // An import that was given up at its commit is in the store and not in the view.
            if page.iter().any(|untold| revision(&untold.fact) > self.view().tracks.revision) {
                self.reload().await?;
            }
            if cfg!(feature = "canary-fact-told-too-soon") {
                self.store.told(last.sequence).await?;
            }
            append_to_all(log, &page).await?;
            self.store.told(last.sequence).await?;
        }
    }

    /// Brings the view to where importing `tracks` brought the store.
    async fn show(
        &self,
        tracks: &[CatalogueTrack],
        imported: &ImportedTracks,
    ) -> Result<(), StoreError> {
        let step = u64::from(imported.added + imported.changed > 0);
        if self.view().tracks.revision + step != imported.revision {
            // An import before this one was given up at its commit, or its outcome is unknown.
            return self.reload().await;
        }
        if step == 1 {
            let mut held = self.tracks.write().expect("no holder panics");
            held.revision = imported.revision;
            for track in tracks {
                held.lengths_ms.insert(track.track_id.as_str().into(), track.duration_ms);
            }
        }
        Ok(())
    }

    /// Replaces the view by what the store has. Where nodes share it, what was not known here until
    /// now is owed to counting.
    async fn reload(&self) -> Result<(), StoreError> {
        let tracks = read_tracks(&*self.store).await?;
        let mut held = self.tracks.write().expect("no holder panics");
        if self.shared {
            self.owed().extend(tracks.unknown_to(&held));
        }
        *held = tracks;
        Ok(())
    }
}

/// All tracks, as of one revision.
async fn read_tracks(store: &dyn CatalogueStore) -> Result<Tracks, StoreError> {
    loop {
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
        // An import that was given up may still have been at its commit meanwhile.
        if store.revision().await? == tracks.revision {
            return Ok(tracks);
        }
    }
}

/// The catalogue's revision that the fact is of; 0 where it is of none.
fn revision(fact: &Fact) -> u64 {
    match fact {
        Fact::Track { stamp, .. } => stamp.revision,
        Fact::Device { .. } => 0,
    }
}

/// The fact as the log has it. `None` where no report can be of such a track or device.
fn record(fact: &Fact) -> Option<LogRecord<'_>> {
    match fact {
        Fact::Track { track_id, stamp } => {
            let track = TrackId::new(track_id).ok()?;
            Some(LogRecord::TrackFact(TrackFact { track, stamp: *stamp }))
        }
        Fact::Device { device_id, listed } => {
            let device = DeviceId::new(device_id).ok()?;
            Some(LogRecord::DeviceFact(DeviceFact { device, listed: *listed }))
        }
    }
}

/// Appends the same facts to every partition, any of which may hold plays that they touch,
/// and waits until they are durable.
async fn append_to_all(log: &dyn ReportLog, facts: &[Untold]) -> Result<(), AppendError> {
    let mut group = RecordGroup::default();
    for record in facts.iter().filter_map(|untold| record(&untold.fact)) {
        group.push_with(|out| record.encode(out));
    }
    if group.is_empty() {
        return Ok(());
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
