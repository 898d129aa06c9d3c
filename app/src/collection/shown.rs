//! What the library knows of what is kept.

use std::collections::BTreeMap;

use super::Collection;
use crate::library::ArtistPage;
use crate::ports::StoreError;
use crate::ports::collection::SavedKind;
use crate::ports::library::{LIBRARY_BATCH_MAX, Release, Track};

/// A track as lists beyond its album show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackLine {
    /// The track.
    pub track: Track,
    /// The title of its album.
    pub album: String,
    /// Its album's cover.
    pub cover: Option<String>,
}

/// Something of the library, as far as it has it still.
#[derive(Debug, Clone)]
pub enum Thing {
    /// A track.
    Track(Option<Box<TrackLine>>),
    /// An album.
    Album(Option<Box<Release>>),
    /// An artist.
    Artist(Option<Box<ArtistPage>>),
}

impl Thing {
    /// Whether there is nothing of it to be heard any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Track(line) => is_gone(line.as_deref()),
            Self::Album(album) => album.as_ref().is_none_or(|album| album.sums.tracks == 0),
            Self::Artist(artist) => artist.as_ref().is_none_or(|page| page.artist.releases == 0),
        }
    }
}

/// Whether a track isn't there to be heard any more.
#[must_use]
pub fn is_gone(line: Option<&TrackLine>) -> bool {
    line.is_none_or(|line| line.track.missing_since.is_some())
}

impl Collection {
    /// Things of which each names a track, with what the library knows of that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_lines<T>(
        &self,
        things: Vec<T>,
        track_of: impl Fn(&T) -> &String,
    ) -> Result<Vec<(T, Option<TrackLine>)>, StoreError> {
        let ids: Vec<String> = things.iter().map(|thing| track_of(thing).clone()).collect();
        let lines = self.lines(&ids).await?;
        let with = things.into_iter().map(|thing| {
            let line = lines.get(track_of(&thing)).cloned();
            (thing, line)
        });
        Ok(with.collect())
    }

    /// What the library knows of these tracks.
    pub(super) async fn lines(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, TrackLine>, StoreError> {
        let store = self.library.store();
        let mut tracks = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LIBRARY_BATCH_MAX) {
            tracks.extend(store.tracks_by_id(ids).await?);
        }
        let mut albums: Vec<String> = tracks.iter().map(|track| track.release_id.clone()).collect();
        albums.sort_unstable();
        albums.dedup();
        let albums = self.albums(&albums).await?;
        let lines = tracks.into_iter().map(|track| {
            let album = albums.get(&track.release_id);
            let cover = album.and_then(|album| album.cover.clone());
            let album = album.map_or_else(String::new, |album| album.title.clone());
            (track.id.clone(), TrackLine { track, album, cover })
        });
        Ok(lines.collect())
    }

    async fn albums(&self, ids: &[String]) -> Result<BTreeMap<String, Release>, StoreError> {
        let mut albums = BTreeMap::new();
        for ids in ids.chunks(LIBRARY_BATCH_MAX) {
            let found = self.library.store().releases_by_id(ids).await?;
            albums.extend(found.into_iter().map(|album| (album.id.clone(), album)));
        }
        Ok(albums)
    }

    /// What the library knows of things of a kind, in their order.
    pub(crate) async fn things(
        &self,
        kind: SavedKind,
        ids: &[String],
    ) -> Result<Vec<Thing>, StoreError> {
        match kind {
            SavedKind::Track => {
                let mut lines = self.lines(ids).await?;
                Ok(ids.iter().map(|id| Thing::Track(lines.remove(id).map(Box::new))).collect())
            }
            SavedKind::Release => {
                let mut albums = self.albums(ids).await?;
                Ok(ids.iter().map(|id| Thing::Album(albums.remove(id).map(Box::new))).collect())
            }
            SavedKind::Artist => {
                let mut artists = Vec::with_capacity(ids.len());
                for id in ids {
                    let artist = self.library.artist(id).await?;
                    artists.push(Thing::Artist(artist.map(|artist| Box::new((*artist).clone()))));
                }
                Ok(artists)
            }
        }
    }
}
