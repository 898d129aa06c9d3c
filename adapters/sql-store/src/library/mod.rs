//! The music library.
//!
//! - `rows`: rows as the port's types
//! - `reading`: lists and look-ups, each by an index
//! - `writing`: a change; `adding_up`: what releases get from their tracks

mod adding_up;
mod reading;
mod rows;
mod writing;

use async_trait::async_trait;
use ledgerline_app::ports::library::{
    Artist, ArtistEdit, AudioFile, Cursor, FilePlace, Genre, Keyed, LibraryChange, Lyrics,
    MusicFolder, MusicLibrary, Relation, Release, ReleaseList, ScanRecord, SkippedFile, Track,
    TrackList, TrackParts,
};
use ledgerline_app::ports::{ImportedTracks, StoreError};
use std::collections::BTreeMap;

use super::{Area, Store};
use crate::fault::Fault;

/// Runs what reads on a connection of its own.
macro_rules! read {
    ($store:ident, $what:literal, $read:ident($($argument:expr),*)) => {{
        let read = async {
            let mut connection = $store.reader().await?;
            reading::$read(&mut connection, $($argument),*).await
        };
        read.await.map_err(|fault: Fault| $store.error($what, &fault))
    }};
}

/// Runs what writes in one transaction.
macro_rules! write {
    ($store:ident, $what:literal, $write:ident($($argument:expr),*)) => {{
        let written = async {
            let mut transaction = $store.begin_write(Area::Catalogue).await?;
            let written = writing::$write(transaction.connection(), $($argument),*).await;
            transaction.finish(written).await
        };
        written.await.map_err(|fault: Fault| $store.error($what, &fault))
    }};
}

#[async_trait]
impl MusicLibrary for Store {
    async fn add_music_folder(&self, folder: &MusicFolder) -> Result<MusicFolder, StoreError> {
        write!(self, "adding a music folder", add_folder(folder))
    }

    async fn music_folders(&self) -> Result<Vec<MusicFolder>, StoreError> {
        read!(self, "reading the music folders", folders())
    }

    async fn artists_by_id(&self, ids: &[String]) -> Result<Vec<Artist>, StoreError> {
        read!(self, "reading artists", artists_by_id(ids))
    }

    async fn artists(&self, after: Option<&Cursor>, limit: u32) -> Result<Vec<Artist>, StoreError> {
        read!(self, "listing artists", artists(after, limit))
    }

    async fn covers_of_artists(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        read!(self, "reading the covers of artists", covers_of_artists(ids))
    }

    async fn releases_by_id(&self, ids: &[String]) -> Result<Vec<Release>, StoreError> {
        read!(self, "reading releases", releases_by_id(ids))
    }

    async fn releases(
        &self,
        list: &ReleaseList,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Release>, StoreError> {
        read!(self, "listing releases", releases(list, after, limit))
    }

    async fn tracks_by_id(&self, ids: &[String]) -> Result<Vec<Track>, StoreError> {
        read!(self, "reading tracks", tracks_by_id(ids))
    }

    async fn tracks_of_release(&self, release_id: &str) -> Result<Vec<Track>, StoreError> {
        let of = [release_id.to_owned()];
        read!(self, "reading a release", tracks_of_releases(&of))
    }

    async fn tracks(
        &self,
        list: &TrackList,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Track>, StoreError> {
        read!(self, "listing tracks", tracks(list, after, limit))
    }

    async fn genres(&self, after: &str, limit: u32) -> Result<Vec<Genre>, StoreError> {
        read!(self, "listing genres", genres(after, limit))
    }

    async fn lyrics(&self, track_id: &str) -> Result<Option<Lyrics>, StoreError> {
        read!(self, "reading lyrics", lyrics(track_id))
    }

    async fn track_parts(&self, track_id: &str) -> Result<Option<TrackParts>, StoreError> {
        read!(self, "reading a track", track_parts(track_id))
    }

    async fn release_parts(
        &self,
        release_id: &str,
    ) -> Result<Option<(Release, Vec<Track>)>, StoreError> {
        read!(self, "reading a release", release_parts(release_id))
    }

    async fn relations(&self, track_id: &str) -> Result<Vec<Relation>, StoreError> {
        read!(self, "reading relations", relations(track_id))
    }

    async fn ids_by_key(
        &self,
        keyed: Keyed,
        keys: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        read!(self, "looking up keys", ids_by_key(keyed, keys))
    }

    async fn tracks_with_isrc(
        &self,
        isrcs: &[String],
    ) -> Result<Vec<(String, String)>, StoreError> {
        read!(self, "looking up ISRCs", tracks_with_isrc(isrcs))
    }

    async fn files_at(&self, places: &[FilePlace]) -> Result<Vec<AudioFile>, StoreError> {
        read!(self, "reading files", files_at(places))
    }

    async fn files_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AudioFile>, StoreError> {
        let place = (folder_id, after);
        read!(self, "listing files", files_after(place, limit))
    }

    async fn files_of_tracks(&self, track_ids: &[String]) -> Result<Vec<AudioFile>, StoreError> {
        read!(self, "reading a track's files", files_of_tracks(track_ids))
    }

    async fn files_with_audio(&self, hashes: &[[u8; 32]]) -> Result<Vec<AudioFile>, StoreError> {
        read!(self, "looking up audio", files_with_audio(hashes))
    }

    async fn skipped_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SkippedFile>, StoreError> {
        let place = (folder_id, after);
        read!(self, "listing skipped files", skipped_after(place, limit))
    }

    async fn change_library(&self, change: &LibraryChange) -> Result<ImportedTracks, StoreError> {
        write!(self, "changing the library", change(change))
    }

    async fn edit_artist(&self, artist_id: &str, edit: &ArtistEdit) -> Result<bool, StoreError> {
        write!(self, "editing an artist", edit_artist(artist_id, edit))
    }

    async fn say_explicit(&self, track_id: &str, said: Option<bool>) -> Result<bool, StoreError> {
        write!(self, "editing a track", say_explicit(track_id, said))
    }

    async fn relate(&self, relation: &Relation, there: bool) -> Result<bool, StoreError> {
        write!(self, "relating tracks", relate(relation, there))
    }

    async fn note_scan(&self, scan: &ScanRecord) -> Result<(), StoreError> {
        write!(self, "noting a scan", note_scan(scan))
    }

    async fn scans(&self, limit: u32) -> Result<Vec<ScanRecord>, StoreError> {
        read!(self, "listing scans", scans(limit))
    }
}
