//! The catalogue of rights: imports judged whole, any revision read, and what wants a look.

use ledgerline_catalog::{
    Catalogue, Changes, Finding, Import, Plays, Recording, Refused, Tally, judge, review,
};
use ledgerline_ids::{DayNo, UnixMs};
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::Deployment;
use crate::counts::{By, CountsQuery};
use crate::deployment::ReadError;
use crate::ports::drive::{Drive, apart};
use crate::ports::{
    CatalogueTrack, ChangeError, RightsChange, RightsStore, SourceFile, StoreError,
};

/// Why an import of rights did not end. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// Rows are wrong.
    #[error("{} things are wrong", .0.total)]
    Refused(Refused),
    /// Somebody else changed the catalogue meanwhile, or the store failed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Work on another thread ended badly.
    #[error("judging the catalogue of rights was broken off; the log says why")]
    BrokenOff,
}

/// What an import of rights did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedRights {
    /// The revision of the catalogue of rights after it.
    pub revision: u64,
    /// Parties, works, recordings, releases, and rights with shares: how many were added,
    /// changed, and as they were.
    pub tallies: [Tally; 5],
}

/// Where an import comes from, and what is to be done with it.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// The files.
    pub files: &'a [SourceFile],
    /// When.
    pub at: UnixMs,
    /// Whether it is only to be said what it would do.
    pub dry_run: bool,
}

/// The catalogue of rights of a deployment.
pub struct Rights {
    store: Arc<dyn RightsStore>,
    /// The catalogue that was read last: one of a million recordings takes seconds to read.
    held: Mutex<Option<Arc<Catalogue>>>,
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rights").finish_non_exhaustive()
    }
}

impl Rights {
    /// Over its store.
    #[must_use]
    pub fn new(store: Arc<dyn RightsStore>) -> Self {
        Self { store, held: Mutex::default() }
    }

    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn RightsStore> {
        &self.store
    }

    /// The catalogue as known now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn now(&self) -> Result<Arc<Catalogue>, StoreError> {
        self.at(u64::MAX).await
    }

    /// The catalogue as known at a revision; one beyond the newest is the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at(&self, revision: u64) -> Result<Arc<Catalogue>, StoreError> {
        let revision = revision.min(self.store.rights_revision().await?);
        let held = self.held.lock().expect("no holder panics").clone();
        if let Some(held) = held.filter(|held| held.revision() == revision) {
            return Ok(held);
        }
        let read = Arc::new(self.store.rights(revision).await?);
        *self.held.lock().expect("no holder panics") = Some(read.clone());
        Ok(read)
    }

    /// Judges what was brought, and stores it unless it is a rehearsal: all of it, or nothing.
    /// Counting is to be told afterwards (`Deployment::import_rights` does).
    ///
    /// # Errors
    /// [`RightsError`] names what is wrong, row by row.
    pub async fn import(
        &self,
        import: Import,
        brought: Brought<'_>,
        drive: &dyn Drive,
    ) -> Result<ImportedRights, RightsError> {
        let known = self.now().await?;
        let against = known.clone();
        // A million rows take a while: not on a thread that others wait for.
        let judged = apart(drive, move || {
            let changes = judge(&against, import)?;
            let tracks = tracks(&against, &changes);
            Ok((changes, tracks))
        });
        let judged: Result<_, Refused> = judged.await.ok_or(RightsError::BrokenOff)?;
        let (changes, tracks) = judged.map_err(RightsError::Refused)?;
        let (known, tallies) = (known.revision(), changes.tallies);
        if brought.dry_run || changes.is_empty() {
            return Ok(ImportedRights { revision: known, tallies });
        }
        let Brought { files, at, .. } = brought;
        let change = RightsChange { changes: &changes, tracks: &tracks, known, files, at };
        let revision = self.store.change_rights(change).await?;
        Ok(ImportedRights { revision, tallies })
    }

    /// What wants a look, as of `day`; shares that end within `soon_days` are named.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn review(
        &self,
        plays: Plays,
        (day, soon_days): (DayNo, u32),
        drive: &dyn Drive,
    ) -> Result<Vec<Finding>, RightsError> {
        let catalogue = self.now().await?;
        let found = apart(drive, move || review(&catalogue, &plays, day, soon_days)).await;
        found.ok_or(RightsError::BrokenOff)?.map_err(|error| {
            let detail = error.to_string();
            RightsError::Store(StoreError { what: "computing who holds a right", detail })
        })
    }
}

impl Deployment {
    /// Imports rights, and tells counting of the recordings in them.
    ///
    /// # Errors
    /// [`RightsError`]. Where counting could not be told, the import is stored all the same, and
    /// counting is told later.
    pub async fn import_rights(
        &self,
        import: Import,
        brought: Brought<'_>,
    ) -> Result<ImportedRights, RightsError> {
        let imported = self.money().rights().import(import, brought, &*self.drive).await?;
        if !brought.dry_run
            && let Err(error) = self.catalogue.catch_up(&*self.log).await
        {
            tracing::warn!(%error, "counting was not told yet what the catalogue of rights learnt");
        }
        Ok(imported)
    }

    /// What wants a look in the catalogue of rights, with the plays that count, as of `day`.
    ///
    /// # Errors
    /// [`ReviewError`].
    pub async fn review_rights(
        &self,
        day: DayNo,
        soon_days: u32,
    ) -> Result<Vec<Finding>, ReviewError> {
        let counts = self.counts(CountsQuery { by: By::Track, from: None, to: None }).await?;
        let plays = counts.rows.into_iter().filter_map(|row| {
            let plays = u64::try_from(row.counted).ok().filter(|plays| *plays > 0)?;
            Some((row.value, plays))
        });
        let rights = self.money().rights();
        Ok(rights.review(plays.collect(), (day, soon_days), &*self.drive).await?)
    }
}

/// Why the catalogue of rights can't be looked through.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Counts can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The catalogue can't be read.
    #[error(transparent)]
    Rights(#[from] RightsError),
}

/// Recordings that are new or changed, as counting knows them: with the names of their artists.
fn tracks(known: &Catalogue, changes: &Changes) -> Vec<CatalogueTrack> {
    let name = |id: &str| {
        let brought = changes.parties.binary_search_by(|party| (*party.id).cmp(id));
        match (brought, known.find_party(id)) {
            (Ok(at), _) => changes.parties[at].name.to_string(),
            (Err(_), Some(party)) => known.party(party).name.to_string(),
            (Err(_), None) => id.to_owned(),
        }
    };
    let track = |recording: &Recording| CatalogueTrack {
        track_id: recording.track_id.to_string(),
        duration_ms: recording.duration_ms,
        title: recording.title.to_string(),
        artists: recording.artists.iter().map(|credit| name(&credit.party)).collect(),
        isrc: recording.isrc.map(|isrc| isrc.to_string()),
    };
    changes.recordings.iter().map(track).collect()
}
