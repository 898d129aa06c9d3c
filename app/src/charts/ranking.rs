//! Whose plays they are, and the order of those who have them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::PLACES_MAX;
use super::cells::{Cells, Names};
use crate::ports::StoreError;
use crate::ports::collection::SavedKind;
use crate::ports::library::{LIBRARY_BATCH_MAX, MusicLibrary, Role, Track, fold};

/// Where more than so many have as many plays as the last place, those with the least ids are told apart by
/// their names.
const TIED_MAX: usize = 5_000;

/// A place in a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub id: String,
    pub plays: u64,
}

/// Which album a recording is on, and which main artists it has, as the library says.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Of the library, and of when it was asked.
    generation: (u64, u64),
    names: Names,
    of: HashMap<u32, Owned>,
}

#[derive(Debug, Clone)]
struct Owned {
    album: Option<u32>,
    artists: Box<[u32]>,
}

impl Owners {
    /// Looks up what isn't known yet of these recordings.
    async fn look_up(
        &mut self,
        tracks: &[(u32, String)],
        generation: (u64, u64),
        store: &dyn MusicLibrary,
    ) -> Result<(), StoreError> {
        if self.generation != generation {
            *self = Self { generation, ..Self::default() };
        }
        let missing: Vec<&(u32, String)> =
            tracks.iter().filter(|(number, _)| !self.of.contains_key(number)).collect();
        for missing in missing.chunks(LIBRARY_BATCH_MAX) {
            let ids: Vec<String> = missing.iter().map(|(_, id)| id.clone()).collect();
            let found = store.tracks_by_id(&ids).await?;
            let found: HashMap<&str, &Track> =
                found.iter().map(|track| (track.id.as_str(), track)).collect();
            for (number, id) in missing {
                let owned = self.owned(found.get(id.as_str()).copied());
                self.of.insert(*number, owned);
            }
        }
        Ok(())
    }

    fn owned(&mut self, track: Option<&Track>) -> Owned {
        let Some(track) = track else { return Owned { album: None, artists: Box::new([]) } };
        let main = track.credits.iter().filter(|credit| credit.role == Role::Main);
        let mut artists: Vec<u32> =
            main.map(|credit| self.names.number(&credit.artist.artist_id)).collect();
        artists.sort_unstable();
        artists.dedup();
        let album = Some(self.names.number(&track.release_id));
        Owned { album, artists: artists.into() }
    }
}

/// The places of a chart, by plays and, where these are as many, by names.
pub(super) async fn places(
    kind: SavedKind,
    (cells, sums, generation): (&Mutex<Cells>, HashMap<u32, i64>, (u64, u64)),
    owners: &mut Owners,
    store: &dyn MusicLibrary,
) -> Result<Vec<Place>, StoreError> {
    let mut tracks: Vec<(u32, String)> = {
        let cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
        sums.keys().map(|number| (*number, cells.tracks.text(*number).to_owned())).collect()
    };
    tracks.sort_unstable_by(|left, right| left.1.cmp(&right.1));
    let mut by_id: BTreeMap<String, i64> = BTreeMap::new();
    if kind == SavedKind::Track {
        by_id.extend(tracks.into_iter().map(|(number, id)| (id, sums[&number])));
    } else {
        owners.look_up(&tracks, generation, store).await?;
        for (number, _) in &tracks {
            let owned = &owners.of[number];
            let whose: &[u32] = match kind {
                SavedKind::Artist => &owned.artists,
                _ => owned.album.as_slice(),
            };
            for owner in whose {
                let plays = by_id.entry(owners.names.text(*owner).to_owned()).or_default();
                *plays += sums[number];
            }
        }
    }
    ranked(kind, by_id, store).await
}

async fn ranked(
    kind: SavedKind,
    by_id: BTreeMap<String, i64>,
    store: &dyn MusicLibrary,
) -> Result<Vec<Place>, StoreError> {
    let mut all: Vec<(u64, String)> =
        by_id.into_iter().map(|(id, plays)| (plays.unsigned_abs(), id)).collect();
    // Stable, so of as many plays the least id is first.
    all.sort_by_key(|(plays, _)| std::cmp::Reverse(*plays));
    if let Some((least, _)) = all.get(PLACES_MAX - 1).cloned() {
        let end = all.partition_point(|(plays, _)| *plays >= least);
        all.truncate(end.min(PLACES_MAX + TIED_MAX));
    }
    let ids: Vec<String> = all.iter().map(|(_, id)| id.clone()).collect();
    let names = names(kind, &ids, store).await?;
    let name = |id: &String| names.get(id).cloned().unwrap_or_else(|| fold(id));
    all.sort_by_cached_key(|(plays, id)| (std::cmp::Reverse(*plays), name(id), id.clone()));
    all.truncate(PLACES_MAX);
    Ok(all.into_iter().map(|(plays, id)| Place { id, plays }).collect())
}

async fn names(
    kind: SavedKind,
    ids: &[String],
    store: &dyn MusicLibrary,
) -> Result<HashMap<String, String>, StoreError> {
    let mut names = HashMap::new();
    for ids in ids.chunks(LIBRARY_BATCH_MAX) {
        match kind {
            SavedKind::Track => {
                let found = store.tracks_by_id(ids).await?;
                names.extend(found.into_iter().map(|track| (track.id, fold(&track.title))));
            }
            SavedKind::Release => {
                let found = store.releases_by_id(ids).await?;
                names.extend(found.into_iter().map(|album| (album.id, fold(&album.title))));
            }
            SavedKind::Artist => {
                let found = store.artists_by_id(ids).await?;
                names.extend(found.into_iter().map(|artist| (artist.id, fold(&artist.name))));
            }
        }
    }
    Ok(names)
}
