//! The music library as it is asked for, and remembered.
//!
//! What was read is remembered until anything is written: every answer belongs to a generation, and a change that is
//! committed begins the next one, so nothing that was read before is given out after. However many ask at once for
//! what isn't remembered, it is read once.

pub mod on_disk;
#[cfg(test)]
mod tests;
mod unlicensed;

use moka::future::Cache;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::catalogue::{Catalogue, CatalogueError};
use crate::ports::library::{
    Artist, ArtistEdit, AudioFile, Cursor, Genre, LIBRARY_BATCH_MAX, LibraryChange, Lyrics,
    MusicLibrary, Relation, Release, ReleaseList, Track, TrackParts,
};
use crate::ports::{ImportedTracks, ReportLog, StoreError};

pub use unlicensed::{Unlicensed, UnlicensedPage};

/// So many answers are remembered.
const REMEMBERED_MAX: u64 = 50_000;
/// Where other processes write, what they wrote is seen after so long at most.
const REMEMBERED_FOR: Duration = Duration::from_secs(10);
/// Where nobody else writes, so long: what nobody asks for any more takes no memory.
const REMEMBERED_ALONE_FOR: Duration = Duration::from_secs(300);

/// A track with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackPage {
    /// The track.
    pub track: Track,
    /// Its release.
    pub release: Release,
    /// Its words.
    pub lyrics: Option<Lyrics>,
    /// How it is related to others, with these.
    pub relations: Vec<(Relation, Track)>,
    /// Its files.
    pub files: Vec<AudioFile>,
}

/// A release with its tracks, the ones that are there to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePage {
    /// The release.
    pub release: Release,
    /// Its tracks, by disc and number.
    pub tracks: Vec<Track>,
}

/// An artist, with a picture to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtistPage {
    /// The artist.
    pub artist: Artist,
    /// Its picture, else the cover of its newest release.
    pub shown: Option<String>,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    Track(String),
    Release(String),
    Artist(String),
    Artists(Option<(String, String)>, u32),
    Releases(String, Option<(String, String)>, u32),
    Genres(String, u32),
}

/// What is remembered. `None` where there is no such.
#[derive(Debug, Clone)]
enum Answer {
    Track(Option<Arc<TrackPage>>),
    Release(Option<Arc<ReleasePage>>),
    Artist(Option<Arc<ArtistPage>>),
    Artists(Arc<Vec<ArtistPage>>),
    Releases(Arc<Vec<Release>>),
    Genres(Arc<Vec<Genre>>),
}

/// The music library.
pub struct Library {
    store: Arc<dyn MusicLibrary>,
    generation: AtomicU64,
    remembered: Cache<(u64, Asked), Answer>,
    loads: AtomicU64,
}

macro_rules! asked {
    ($library:ident, $asked:expr, $kind:ident, $load:expr) => {
        match $library.ask($asked, async { Ok(Answer::$kind($load)) }).await? {
            Answer::$kind(answer) => Ok(answer),
            _ => unreachable!("what is asked for says which kind is remembered"),
        }
    };
}

impl Library {
    /// Over its store, to which this process `alone` writes, or others do as well.
    #[must_use]
    pub fn new(store: Arc<dyn MusicLibrary>, alone: bool) -> Self {
        let lasts = if alone { REMEMBERED_ALONE_FOR } else { REMEMBERED_FOR };
        let remembered = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(lasts).build();
        Self { store, generation: AtomicU64::new(0), remembered, loads: AtomicU64::new(0) }
    }

    /// Where it is kept. Whoever writes past this must [`forget`](Self::forget) afterwards.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn MusicLibrary> {
        &self.store
    }

    /// How often something was read that wasn't remembered.
    #[must_use]
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    /// Another number after each change that this process made.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Has nothing be given out any more that was read before.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    async fn ask(
        &self,
        asked: Asked,
        load: impl Future<Output = Result<Answer, StoreError>>,
    ) -> Result<Answer, StoreError> {
        let generation = self.generation.load(Ordering::Acquire);
        let counted = async {
            self.loads.fetch_add(1, Ordering::Relaxed);
            load.await
        };
        let answer = self.remembered.try_get_with((generation, asked), counted).await;
        answer.map_err(|error: Arc<StoreError>| (*error).clone())
    }

    /// A track that is there or was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn track(&self, id: &str) -> Result<Option<Arc<TrackPage>>, StoreError> {
        asked!(self, Asked::Track(id.to_owned()), Track, self.load_track(id).await?)
    }

    /// A release that is there or was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release(&self, id: &str) -> Result<Option<Arc<ReleasePage>>, StoreError> {
        asked!(self, Asked::Release(id.to_owned()), Release, self.load_release(id).await?)
    }

    /// An artist.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artist(&self, id: &str) -> Result<Option<Arc<ArtistPage>>, StoreError> {
        asked!(self, Asked::Artist(id.to_owned()), Artist, self.load_artist(id).await?)
    }

    /// A page of artists, by their sort keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artists(
        &self,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Arc<Vec<ArtistPage>>, StoreError> {
        asked!(self, Asked::Artists(pair(after), limit), Artists, {
            let artists = self.store.artists(after, limit).await?;
            Arc::new(self.with_pictures(artists).await?)
        })
    }

    /// A page of a list of releases.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn releases(
        &self,
        list: &ReleaseList,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Arc<Vec<Release>>, StoreError> {
        let asked = Asked::Releases(format!("{list:?}"), pair(after), limit);
        asked!(self, asked, Releases, Arc::new(self.store.releases(list, after, limit).await?))
    }

    /// A page of genres, by their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn genres(&self, after: &str, limit: u32) -> Result<Arc<Vec<Genre>>, StoreError> {
        let asked = Asked::Genres(after.to_owned(), limit);
        asked!(self, asked, Genres, Arc::new(self.store.genres(after, limit).await?))
    }

    /// Writes a change, and tells counting of its tracks.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn change(
        &self,
        change: &LibraryChange,
        catalogue: &Catalogue,
        log: &dyn ReportLog,
    ) -> Result<ImportedTracks, CatalogueError> {
        let changed = catalogue.change_library(&*self.store, change, log).await;
        // Also where the outcome isn't known.
        self.forget();
        changed
    }

    /// Changes what an administrator says of an artist; whether there is such.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn edit_artist(&self, id: &str, edit: &ArtistEdit) -> Result<bool, StoreError> {
        let edited = self.store.edit_artist(id, edit).await;
        self.forget();
        edited
    }

    /// Says whether a track is explicit, or what its tags say; whether there is such.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn say_explicit(&self, id: &str, said: Option<bool>) -> Result<bool, StoreError> {
        let edited = self.store.say_explicit(id, said).await;
        self.forget();
        edited
    }

    /// Relates two tracks, or does so no more; whether both are there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn relate(&self, relation: &Relation, there: bool) -> Result<bool, StoreError> {
        let related = self.store.relate(relation, there).await;
        self.forget();
        related
    }

    async fn load_track(&self, id: &str) -> Result<Option<Arc<TrackPage>>, StoreError> {
        let Some(parts) = self.store.track_parts(id).await? else { return Ok(None) };
        let TrackParts { track, release, files, relations } = parts;
        let lyrics = if track.has_lyrics { self.store.lyrics(id).await? } else { None };
        let others: Vec<String> =
            (relations.iter()).map(|relation| other_of(relation, id).to_owned()).collect();
        let others = match others.as_slice() {
            [] => Vec::new(),
            others => self.store.tracks_by_id(others).await?,
        };
        let others: BTreeMap<&str, &Track> =
            others.iter().map(|track| (track.id.as_str(), track)).collect();
        let relations = relations.into_iter().filter_map(|relation| {
            let other = (*others.get(other_of(&relation, id))?).clone();
            Some((relation, other))
        });
        let relations = relations.collect();
        Ok(Some(Arc::new(TrackPage { track, release, lyrics, relations, files })))
    }

    async fn load_release(&self, id: &str) -> Result<Option<Arc<ReleasePage>>, StoreError> {
        let Some((release, mut tracks)) = self.store.release_parts(id).await? else {
            return Ok(None);
        };
        tracks.retain(|track| track.missing_since.is_none());
        Ok(Some(Arc::new(ReleasePage { release, tracks })))
    }

    async fn load_artist(&self, id: &str) -> Result<Option<Arc<ArtistPage>>, StoreError> {
        match self.store.artists_by_id(&[id.to_owned()]).await?.pop() {
            Some(artist) => Ok(self.with_pictures(vec![artist]).await?.pop().map(Arc::new)),
            None => Ok(None),
        }
    }

    /// All at once: a page of artists is two reads, however many are on it.
    async fn with_pictures(&self, artists: Vec<Artist>) -> Result<Vec<ArtistPage>, StoreError> {
        let without = artists.iter().filter(|artist| artist.picture.is_none());
        let ids: Vec<String> = (without.filter(|artist| artist.releases > 0))
            .map(|artist| artist.id.clone())
            .collect();
        let mut covers = BTreeMap::new();
        for ids in ids.chunks(LIBRARY_BATCH_MAX) {
            covers.extend(self.store.covers_of_artists(ids).await?);
        }
        let page = |artist: Artist| {
            let shown = artist.picture.clone().or_else(|| covers.remove(&artist.id));
            ArtistPage { artist, shown }
        };
        Ok(artists.into_iter().map(page).collect())
    }
}

fn pair(after: Option<&Cursor>) -> Option<(String, String)> {
    after.map(|after| (after.key.clone(), after.id.clone()))
}

/// The other track of a relation.
fn other_of<'r>(relation: &'r Relation, id: &str) -> &'r str {
    if relation.track_id == id { &relation.of_track_id } else { &relation.track_id }
}
