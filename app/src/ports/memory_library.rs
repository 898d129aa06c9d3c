//! The music library in memory, for tests: lists are found by looking at everything.

use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::library::sums::{SummedRelease, sum_up};
use super::library::{
    Artist, ArtistEdit, AudioFile, Cursor, FilePlace, Genre, Keyed, LibraryChange, Lyrics,
    MusicFolder, MusicLibrary, Part, Relation, Release, ReleaseList, ScanRecord, SkippedFile,
    Track, TrackList, fold,
};
use super::{CatalogueTrack, ImportedTracks, StoreError};

#[derive(Debug, Default)]
struct Kept {
    folders: BTreeMap<String, MusicFolder>,
    artists: BTreeMap<String, Artist>,
    releases: BTreeMap<String, Release>,
    tracks: BTreeMap<String, Track>,
    lyrics: BTreeMap<String, Lyrics>,
    relations: BTreeSet<Relation>,
    files: BTreeMap<FilePlace, AudioFile>,
    skipped: BTreeMap<FilePlace, SkippedFile>,
    keys: BTreeMap<(Keyed, String), String>,
    scans: BTreeMap<u64, ScanRecord>,
    counted: BTreeMap<String, CatalogueTrack>,
    revision: u64,
}

impl Kept {
    fn summed(&self) -> impl Iterator<Item = SummedRelease> + '_ {
        self.releases.values().map(|release| sum_up(release.clone(), &self.tracks_of(&release.id)))
    }

    fn tracks_of(&self, release_id: &str) -> Vec<Track> {
        let of = self.tracks.values().filter(|track| track.release_id == release_id);
        let mut tracks: Vec<Track> = of.cloned().collect();
        tracks.sort_by(|one, other| {
            (one.disc, one.number, &one.id).cmp(&(other.disc, other.number, &other.id))
        });
        tracks
    }

    fn artist(&self, artist: &Artist) -> Artist {
        let has_part = |summed: &SummedRelease| summed.parts.contains_key(&artist.id);
        let releases = self.summed().filter(has_part).count();
        Artist { releases: u32::try_from(releases).unwrap_or(u32::MAX), ..artist.clone() }
    }

    fn import(&mut self, tracks: &[Track]) -> ImportedTracks {
        let mut imported = ImportedTracks::default();
        for track in tracks {
            let mut counted = track.as_counted();
            let before = self.counted.get(&track.id);
            if let Some(before) = before {
                counted.isrc = counted.isrc.or_else(|| before.isrc.clone());
                if counted.title.is_empty() {
                    counted.title.clone_from(&before.title);
                }
                if counted.artists.is_empty() {
                    counted.artists.clone_from(&before.artists);
                }
            }
            match before {
                None => imported.added += 1,
                Some(before) if *before == counted => imported.unchanged += 1,
                Some(_) => imported.changed += 1,
            }
            self.counted.insert(track.id.clone(), counted);
        }
        self.revision += u64::from(imported.added + imported.changed > 0);
        imported.revision = self.revision;
        imported
    }

    fn change(&mut self, change: &LibraryChange) -> ImportedTracks {
        for artist in &change.artists {
            let known = self.artists.get(&artist.id);
            let biography = known.map_or(&artist.biography, |known| &known.biography).clone();
            let picture = known.map_or(&artist.picture, |known| &known.picture).clone();
            let artist = Artist { biography, picture, ..artist.clone() };
            self.artists.insert(artist.id.clone(), artist);
        }
        for release in &change.releases {
            let added_at =
                self.releases.get(&release.id).map_or(release.added_at, |known| known.added_at);
            self.releases.insert(release.id.clone(), Release { added_at, ..release.clone() });
        }
        for track in &change.tracks {
            let mut track = track.clone();
            if let Some(known) = self.tracks.get(&track.id) {
                track.explicit_said = known.explicit_said;
                track.added_at = known.added_at;
                track.missing_since = known.missing_since;
            }
            self.tracks.insert(track.id.clone(), track);
        }
        for (track_id, lyrics) in &change.lyrics {
            if lyrics.is_empty() {
                self.lyrics.remove(track_id);
            } else {
                self.lyrics.insert(track_id.clone(), lyrics.clone());
            }
        }
        self.change_files(change);
        let (kept, lyrics) = (&mut self.tracks, &self.lyrics);
        for track in kept.values_mut() {
            track.has_lyrics = lyrics.contains_key(&track.id);
        }
        for (keyed, key, id) in &change.keys {
            self.keys.insert((*keyed, key.clone()), id.clone());
        }
        for release in self.releases.values_mut() {
            let of = self.tracks.values().filter(|track| track.release_id == release.id);
            let mut tracks: Vec<Track> = of.cloned().collect();
            tracks.sort_by(|one, other| {
                (one.disc, one.number, &one.id).cmp(&(other.disc, other.number, &other.id))
            });
            *release = sum_up(release.clone(), &tracks).release;
        }
        self.import(&change.tracks)
    }

    fn change_files(&mut self, change: &LibraryChange) {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        for place in &change.forgotten {
            touched.extend(self.files.remove(place).map(|file| file.track_id));
        }
        for file in &change.files {
            let before = self.files.insert(file.place.clone(), file.clone());
            touched.extend(before.map(|file| file.track_id));
            touched.insert(file.track_id.clone());
        }
        for skipped in &change.skipped {
            self.skipped.insert(skipped.place.clone(), skipped.clone());
        }
        for place in &change.unskipped {
            self.skipped.remove(place);
        }
        touched.extend(change.tracks.iter().map(|track| track.id.clone()));
        for track_id in touched {
            let there = self
                .files
                .values()
                .any(|file| file.track_id == track_id && file.missing_since.is_none());
            if let Some(track) = self.tracks.get_mut(&track_id) {
                track.missing_since = if there { None } else { track.missing_since.or(change.at) };
            }
        }
    }
}

/// The library in memory.
#[derive(Debug, Default)]
pub struct MemoryLibrary {
    kept: Mutex<Kept>,
}

impl MemoryLibrary {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no holder panics")
    }
}

fn by_id<T: Clone>(all: &BTreeMap<String, T>, ids: &[String]) -> Vec<T> {
    let ids: BTreeSet<&String> = ids.iter().collect();
    ids.into_iter().filter_map(|id| all.get(id).cloned()).collect()
}

fn limited<T>(all: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    all.take(limit as usize).collect()
}

#[async_trait]
impl MusicLibrary for MemoryLibrary {
    async fn add_music_folder(&self, folder: &MusicFolder) -> Result<MusicFolder, StoreError> {
        let mut kept = self.kept();
        if let Some(known) = kept.folders.values().find(|known| known.path == folder.path) {
            return Ok(known.clone());
        }
        kept.folders.insert(folder.id.clone(), folder.clone());
        Ok(folder.clone())
    }

    async fn music_folders(&self) -> Result<Vec<MusicFolder>, StoreError> {
        Ok(self.kept().folders.values().cloned().collect())
    }

    async fn artists_by_id(&self, ids: &[String]) -> Result<Vec<Artist>, StoreError> {
        let kept = self.kept();
        Ok(by_id(&kept.artists, ids).iter().map(|artist| kept.artist(artist)).collect())
    }

    async fn artists(&self, after: Option<&Cursor>, limit: u32) -> Result<Vec<Artist>, StoreError> {
        let kept = self.kept();
        let cursor = |artist: &Artist| Cursor { key: artist.sort_key(), id: artist.id.clone() };
        let artists = kept.artists.values().map(|artist| kept.artist(artist));
        let mut artists: Vec<Artist> = artists.filter(|artist| artist.releases > 0).collect();
        artists.sort_by_key(cursor);
        let behind = |artist: &Artist| after.is_none_or(|after| cursor(artist) > *after);
        Ok(limited(artists.into_iter().filter(behind), limit))
    }

    async fn covers_of_artists(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let mut covers = BTreeMap::new();
        for id in ids {
            for part in [Part::Own, Part::Guest] {
                let list = ReleaseList::OfArtist(id.clone(), part);
                let newest = self.releases(&list, None, 1).await?.pop();
                if let Some(cover) = newest.and_then(|release| release.cover) {
                    covers.entry(id.clone()).or_insert(cover);
                }
            }
        }
        Ok(covers)
    }

    async fn releases_by_id(&self, ids: &[String]) -> Result<Vec<Release>, StoreError> {
        Ok(by_id(&self.kept().releases, ids))
    }

    async fn releases(
        &self,
        list: &ReleaseList,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Release>, StoreError> {
        let kept = self.kept();
        let wanted = |summed: &SummedRelease| match list {
            ReleaseList::OfArtist(id, part) => summed.parts.get(id) == Some(part),
            ReleaseList::OfGenre(key) => summed.genres.iter().any(|genre| genre.key == *key),
            _ => summed.release.sums.tracks > 0,
        };
        let found = kept.summed().filter(wanted).map(|summed| summed.release);
        // Times are compared as numbers: they have the same number of digits for centuries.
        let mut found: Vec<(Cursor, Release)> =
            found.map(|release| (list.cursor(&release), release)).collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let ascending = *list == ReleaseList::ByTitle;
        if !ascending {
            found.reverse();
        }
        let behind = |cursor: &Cursor| match after {
            None => true,
            Some(after) if ascending => cursor > after,
            Some(after) => cursor < after,
        };
        let page = found.into_iter().filter(|(cursor, _)| behind(cursor)).map(|(_, it)| it);
        Ok(limited(page, limit))
    }

    async fn tracks_by_id(&self, ids: &[String]) -> Result<Vec<Track>, StoreError> {
        Ok(by_id(&self.kept().tracks, ids))
    }

    async fn tracks_of_release(&self, release_id: &str) -> Result<Vec<Track>, StoreError> {
        Ok(self.kept().tracks_of(release_id))
    }

    async fn tracks(
        &self,
        list: &TrackList,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Track>, StoreError> {
        let kept = self.kept();
        let wanted = |track: &&Track| match list {
            TrackList::All => true,
            TrackList::Credited(id) => {
                track.credits.iter().any(|credit| credit.artist.artist_id == *id)
            }
            TrackList::OfGenre(key) => track.genres.iter().any(|name| fold(name) == *key),
        };
        let behind = kept.tracks.values().filter(|track| track.id.as_str() > after);
        Ok(limited(behind.filter(wanted).cloned(), limit))
    }

    async fn genres(&self, after: &str, limit: u32) -> Result<Vec<Genre>, StoreError> {
        let kept = self.kept();
        let mut genres: BTreeMap<String, Genre> = BTreeMap::new();
        for of in kept.summed().flat_map(|summed| summed.genres) {
            let new =
                || Genre { key: of.key.clone(), name: of.name.clone(), releases: 0, tracks: 0 };
            let genre = genres.entry(of.key.clone()).or_insert_with(new);
            genre.releases += 1;
            genre.tracks += of.tracks;
        }
        Ok(limited(genres.into_values().filter(|genre| genre.key.as_str() > after), limit))
    }

    async fn lyrics(&self, track_id: &str) -> Result<Option<Lyrics>, StoreError> {
        Ok(self.kept().lyrics.get(track_id).cloned())
    }

    async fn relations(&self, track_id: &str) -> Result<Vec<Relation>, StoreError> {
        let kept = self.kept();
        let of = |relation: &&Relation| {
            relation.track_id == track_id || relation.of_track_id == track_id
        };
        Ok(kept.relations.iter().filter(of).cloned().collect())
    }

    async fn ids_by_key(
        &self,
        keyed: Keyed,
        keys: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let kept = self.kept();
        let found = keys.iter().filter_map(|key| {
            kept.keys.get(&(keyed, key.clone())).map(|id| (key.clone(), id.clone()))
        });
        Ok(found.collect())
    }

    async fn tracks_with_isrc(
        &self,
        isrcs: &[String],
    ) -> Result<Vec<(String, String)>, StoreError> {
        let kept = self.kept();
        let found = kept.counted.values().filter_map(|track| {
            let isrc = track.isrc.as_ref().filter(|isrc| isrcs.contains(isrc))?;
            Some((isrc.clone(), track.track_id.clone()))
        });
        Ok(found.collect())
    }

    async fn files_at(&self, places: &[FilePlace]) -> Result<Vec<AudioFile>, StoreError> {
        let kept = self.kept();
        Ok(places.iter().filter_map(|place| kept.files.get(place).cloned()).collect())
    }

    async fn files_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AudioFile>, StoreError> {
        let kept = self.kept();
        let wanted = |file: &&AudioFile| {
            file.place.folder_id == folder_id && file.place.path.as_str() > after
        };
        Ok(limited(kept.files.values().filter(wanted).cloned(), limit))
    }

    async fn files_of_tracks(&self, track_ids: &[String]) -> Result<Vec<AudioFile>, StoreError> {
        let kept = self.kept();
        let files = kept.files.values().filter(|file| track_ids.contains(&file.track_id));
        Ok(files.cloned().collect())
    }

    async fn files_with_audio(&self, hashes: &[[u8; 32]]) -> Result<Vec<AudioFile>, StoreError> {
        let kept = self.kept();
        let files = kept.files.values().filter(|file| hashes.contains(&file.audio_sha256));
        Ok(files.cloned().collect())
    }

    async fn skipped_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SkippedFile>, StoreError> {
        let kept = self.kept();
        let wanted = |file: &&SkippedFile| {
            file.place.folder_id == folder_id && file.place.path.as_str() > after
        };
        Ok(limited(kept.skipped.values().filter(wanted).cloned(), limit))
    }

    async fn change_library(&self, change: &LibraryChange) -> Result<ImportedTracks, StoreError> {
        Ok(self.kept().change(change))
    }

    async fn edit_artist(&self, artist_id: &str, edit: &ArtistEdit) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let Some(artist) = kept.artists.get_mut(artist_id) else { return Ok(false) };
        if let Some(biography) = &edit.biography {
            artist.biography.clone_from(biography);
        }
        if let Some(picture) = &edit.picture {
            artist.picture = Some(picture.clone()).filter(|picture| !picture.is_empty());
        }
        Ok(true)
    }

    async fn say_explicit(&self, track_id: &str, said: Option<bool>) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let Some(track) = kept.tracks.get_mut(track_id) else { return Ok(false) };
        track.explicit_said = said;
        let release_id = track.release_id.clone();
        let tracks = kept.tracks_of(&release_id);
        if let Some(release) = kept.releases.get_mut(&release_id) {
            *release = sum_up(release.clone(), &tracks).release;
        }
        Ok(true)
    }

    async fn relate(&self, relation: &Relation, there: bool) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let both = [&relation.track_id, &relation.of_track_id];
        if !both.into_iter().all(|id| kept.tracks.contains_key(id)) {
            return Ok(false);
        }
        if there {
            kept.relations.insert(relation.clone());
        } else {
            kept.relations.remove(relation);
        }
        Ok(true)
    }

    async fn note_scan(&self, scan: &ScanRecord) -> Result<(), StoreError> {
        self.kept().scans.insert(scan.number, scan.clone());
        Ok(())
    }

    async fn scans(&self, limit: u32) -> Result<Vec<ScanRecord>, StoreError> {
        Ok(limited(self.kept().scans.values().rev().cloned(), limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::library;

    #[tokio::test]
    async fn memory_conforms() {
        library::every_case(async || MemoryLibrary::default()).await;
    }
}
