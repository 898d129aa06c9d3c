//! The music that there is to hear: artists, releases, tracks, and the files that they were read from.
//!
//! A track has the id that reports name it by, so counting, money and the pages speak of the same one. What
//! stands here is what listeners see; who is paid stands in the catalogue of rights.
//!
//! - [`entries`]: artists, releases, tracks, genres and how tracks are related
//! - [`files`]: music folders, and the files in them
//! - [`sums`]: what a release gets from its tracks

pub mod entries;
pub mod files;
pub mod sums;

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::BTreeMap;

use super::{ImportedTracks, StoreError};
pub use entries::{
    Artist, Credit, CreditedArtist, Genre, Lyrics, Relation, RelationKind, Release, ReleaseKind,
    Role, Track, fold,
};
pub use files::{AudioFile, AudioFormat, FilePath, FilePlace, MusicFolder, SkippedFile};
pub use sums::{Part, ReleaseSums};

/// At most so many ids, keys or places are asked for, or written, in one call.
pub const LIBRARY_BATCH_MAX: usize = 1_000;

/// Where a page of a list begins: behind this entry. Which keys a list has, its own `cursor` says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// What the list is ordered by first.
    pub key: String,
    /// And then, where keys are equal.
    pub id: String,
}

/// A list of releases. Releases of which nothing is there to be heard stand in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseList {
    /// The ones that came out last first.
    Newest,
    /// The ones that got into the library last first.
    RecentlyAdded,
    /// By their titles.
    ByTitle,
    /// Those on which this artist has this part, the ones that came out last first.
    OfArtist(String, Part),
    /// Those with tracks of this genre, the ones that came out last first. A genre is named by its
    /// [`key`](Genre::key).
    OfGenre(String),
}

impl ReleaseList {
    /// Where the page behind a release begins.
    #[must_use]
    pub fn cursor(&self, release: &Release) -> Cursor {
        let key = match self {
            Self::RecentlyAdded => release.added_at.get().to_string(),
            Self::ByTitle => release.sort_key(),
            Self::Newest | Self::OfArtist(..) | Self::OfGenre(_) => release.released_on.clone(),
        };
        Cursor { key, id: release.id.clone() }
    }
}

/// A list of tracks, in the order of their ids; missing ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackList {
    /// All of them.
    All,
    /// Those on which this artist is credited, in whichever role.
    Credited(String),
    /// Those of this genre.
    OfGenre(String),
}

/// What is looked up by what it is known by elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyed {
    /// Artists.
    Artist,
    /// Releases.
    Release,
}

impl Keyed {
    /// The word of it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Artist => "artist",
            Self::Release => "release",
        }
    }
}

/// What is written together. Whatever a part of it refers to stands in the same change or in the library.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LibraryChange {
    /// When.
    pub at: Option<UnixMs>,
    /// Artists that are new, or replace what is known; biography and picture of known ones stay.
    pub artists: Vec<Artist>,
    /// Releases that are new, or replace what is known. What they have from their tracks is added up anew.
    pub releases: Vec<Release>,
    /// Tracks that are new, or replace what is known; what an administrator said of known ones stays.
    pub tracks: Vec<Track>,
    /// Lyrics, by track; empty ones remove those that are there.
    pub lyrics: Vec<(String, Lyrics)>,
    /// Files that are new, or replace what is known.
    pub files: Vec<AudioFile>,
    /// Files that are known under another path now, or are audio no more.
    pub forgotten: Vec<FilePlace>,
    /// Files that couldn't be read.
    pub skipped: Vec<SkippedFile>,
    /// Files that were skipped once, and are readable or gone now.
    pub unskipped: Vec<FilePlace>,
    /// Keys, each with the id that it leads to from now on.
    pub keys: Vec<(Keyed, String, String)>,
}

/// What an administrator says of an artist. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArtistEdit {
    /// Who it is, as text.
    pub biography: Option<String>,
    /// The id of its picture; empty for none.
    pub picture: Option<String>,
}

/// One scan of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRecord {
    /// Its number, from 1.
    pub number: u64,
    /// Of which folder.
    pub folder_id: String,
    /// When it began.
    pub started_at: UnixMs,
    /// When it ended; `None` while it goes on, and for ever where the process ended first.
    pub ended_at: Option<UnixMs>,
    /// What it found, as JSON of the use case that scans.
    pub report: String,
}

/// What the page of a track is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackParts {
    /// The track.
    pub track: Track,
    /// Its release.
    pub release: Release,
    /// Its files, by folder and path.
    pub files: Vec<AudioFile>,
    /// How it is related to others, from either side.
    pub relations: Vec<Relation>,
}

/// Where the music library is kept.
///
/// Lists have keys to go on from and a limit; nothing here reads a whole table. Every call that writes is
/// one transaction. Ids that lead nowhere are left out of answers; answers to lists of ids have no order.
#[async_trait]
pub trait MusicLibrary: Send + Sync + 'static {
    /// Keeps a music folder. Where one of the same path is known, that one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_music_folder(&self, folder: &MusicFolder) -> Result<MusicFolder, StoreError>;

    /// All music folders, by their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn music_folders(&self) -> Result<Vec<MusicFolder>, StoreError>;

    /// Artists of these ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn artists_by_id(&self, ids: &[String]) -> Result<Vec<Artist>, StoreError>;

    /// Up to `limit` artists behind `after` that are credited on anything that is there to be heard, in the
    /// order of [`Artist::sort_key`].
    ///
    /// # Errors
    /// [`StoreError`].
    async fn artists(&self, after: Option<&Cursor>, limit: u32) -> Result<Vec<Artist>, StoreError>;

    /// The covers of artists, by their ids: each artist's is that of its own newest release, where that has none of
    /// the newest one on which it is a guest.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn covers_of_artists(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// Releases of these ids, also such of which nothing is there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn releases_by_id(&self, ids: &[String]) -> Result<Vec<Release>, StoreError>;

    /// Up to `limit` releases of a list behind `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn releases(
        &self,
        list: &ReleaseList,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Release>, StoreError>;

    /// Tracks of these ids, missing ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_by_id(&self, ids: &[String]) -> Result<Vec<Track>, StoreError>;

    /// The tracks of a release by disc, number and id, missing ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_of_release(&self, release_id: &str) -> Result<Vec<Track>, StoreError>;

    /// Up to `limit` tracks of a list whose id is greater than `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks(
        &self,
        list: &TrackList,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Track>, StoreError>;

    /// Up to `limit` genres with a key greater than `after`, of which anything is there to be heard.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn genres(&self, after: &str, limit: u32) -> Result<Vec<Genre>, StoreError>;

    /// A track's lyrics.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lyrics(&self, track_id: &str) -> Result<Option<Lyrics>, StoreError>;

    /// A track with what its page is made of. A store may answer by one question; this asks for each part.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn track_parts(&self, track_id: &str) -> Result<Option<TrackParts>, StoreError> {
        let ids = [track_id.to_owned()];
        let Some(track) = self.tracks_by_id(&ids).await?.pop() else { return Ok(None) };
        let release = self.releases_by_id(std::slice::from_ref(&track.release_id)).await?.pop();
        let Some(release) = release else { return Ok(None) };
        let files = self.files_of_tracks(&ids).await?;
        let relations = self.relations(track_id).await?;
        Ok(Some(TrackParts { track, release, files, relations }))
    }

    /// A release with its tracks, by disc, number and id, missing ones included. A store may answer by one question;
    /// this asks for each part.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn release_parts(
        &self,
        release_id: &str,
    ) -> Result<Option<(Release, Vec<Track>)>, StoreError> {
        match self.releases_by_id(&[release_id.to_owned()]).await?.pop() {
            Some(release) => Ok(Some((release, self.tracks_of_release(release_id).await?))),
            None => Ok(None),
        }
    }

    /// How a track is related to others, from either side.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn relations(&self, track_id: &str) -> Result<Vec<Relation>, StoreError>;

    /// Ids by the keys that lead to them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ids_by_key(
        &self,
        keyed: Keyed,
        keys: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// The tracks that counting knows by these ISRCs, as pairs of ISRC and track id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_with_isrc(&self, isrcs: &[String])
    -> Result<Vec<(String, String)>, StoreError>;

    /// Files at these places.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn files_at(&self, places: &[FilePlace]) -> Result<Vec<AudioFile>, StoreError>;

    /// Up to `limit` files of a folder whose path is greater than `after`, in the order of their paths' bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn files_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AudioFile>, StoreError>;

    /// The files of these tracks.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn files_of_tracks(&self, track_ids: &[String]) -> Result<Vec<AudioFile>, StoreError>;

    /// The files with this audio.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn files_with_audio(&self, hashes: &[[u8; 32]]) -> Result<Vec<AudioFile>, StoreError>;

    /// Up to `limit` files of a folder that couldn't be read, whose path is greater than `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn skipped_after(
        &self,
        folder_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SkippedFile>, StoreError>;

    /// Writes a change. Its tracks are imported into the catalogue that counting knows in the same transaction,
    /// with the facts that counting must be told; what a track doesn't say there, such as its ISRC, stays.
    /// Releases of which anything changed are added up anew, and a track of which every file is missing is
    /// missing, until one is there again.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written then.
    async fn change_library(&self, change: &LibraryChange) -> Result<ImportedTracks, StoreError>;

    /// Changes what an administrator says of an artist; whether there is such.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn edit_artist(&self, artist_id: &str, edit: &ArtistEdit) -> Result<bool, StoreError>;

    /// Says that a track is explicit, isn't, or (`None`) what its tags say; whether there is such.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn say_explicit(&self, track_id: &str, said: Option<bool>) -> Result<bool, StoreError>;

    /// Relates two tracks, or (`there` false) does so no more; whether both are in the library.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn relate(&self, relation: &Relation, there: bool) -> Result<bool, StoreError>;

    /// Keeps the record of a scan, in the place of the one of the same number.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn note_scan(&self, scan: &ScanRecord) -> Result<(), StoreError>;

    /// Up to `limit` records of scans, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn scans(&self, limit: u32) -> Result<Vec<ScanRecord>, StoreError>;
}
