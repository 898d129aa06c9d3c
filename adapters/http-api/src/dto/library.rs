//! The music library: artists, albums, tracks, genres.

use ledgerline_app::library::{ArtistPage, ReleasePage, TrackPage, Unlicensed};
use ledgerline_app::ports::library::{
    Credit, CreditedArtist, Genre, Lyrics, Relation, Release, Role, Track,
};
use ledgerline_app::scan::report::{ScanProgress, SkippedPath};
use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::Instant;

/// An artist, as something names it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicArtistName {
    /// Its id.
    pub id: String,
    /// As it is written there.
    pub name: String,
}

/// What somebody did for a track.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicCredit {
    /// The artist's id.
    pub id: String,
    /// As it is written there.
    pub name: String,
    /// `main`, `featured`, `remixer`, `composer`, `lyricist`, `writer`, `arranger`, `conductor`, `performer`,
    /// `producer`, `engineer` or `mixer`.
    pub role: String,
    /// More of it, such as an instrument.
    pub detail: String,
}

/// An artist.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicArtist {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// As it is sorted.
    pub sort_name: String,
    /// Who it is, as plain text.
    pub biography: String,
    /// The picture to show: its own, else the cover of its newest album.
    #[schema(required)]
    pub picture: Option<String>,
    /// Whether that picture is its own.
    pub has_own_picture: bool,
    /// Its id at MusicBrainz.
    #[schema(required)]
    pub musicbrainz_id: Option<String>,
    /// On how many albums it has any part.
    pub albums: u32,
    /// How many accounts follow it; only where it is shown by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub followers: Option<u64>,
}

/// A page of artists, by the names that they are sorted by.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicArtistPage {
    /// The artists.
    pub items: Vec<MusicArtist>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// An album, EP or single.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicAlbumSummary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `album`, `ep`, `single`, `compilation`, `live`, `soundtrack`, `spoken` or `other`.
    pub kind: String,
    /// Whose it is; none where its tracks are by different artists.
    pub artists: Vec<MusicArtistName>,
    /// When it came out: a year, a month or a day; empty where nobody knows.
    pub released_on: String,
    /// The id of its cover.
    #[schema(required)]
    pub cover: Option<String>,
    /// Whether one of its tracks is explicit.
    pub explicit: bool,
    /// How many tracks are there to be heard.
    pub track_count: u32,
    /// How long they are together.
    pub duration_ms: u64,
}

/// A page of albums.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicAlbumPage {
    /// The albums.
    pub items: Vec<MusicAlbumSummary>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// An album with its tracks.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicAlbum {
    /// The album.
    #[serde(flatten)]
    pub album: MusicAlbumSummary,
    /// Its label.
    #[schema(required)]
    pub label: Option<String>,
    /// Its UPC or EAN.
    #[schema(required)]
    pub upc: Option<String>,
    /// Its id at MusicBrainz.
    #[schema(required)]
    pub musicbrainz_id: Option<String>,
    /// Whether it says that it is a compilation.
    pub compilation: bool,
    /// How many discs it has.
    pub discs: u32,
    /// Its genres, the most frequent first.
    pub genres: Vec<String>,
    /// When it got into the library.
    pub added_at: Instant,
    /// Its tracks that are there to be heard, by disc and number.
    pub tracks: Vec<MusicTrackSummary>,
}

/// A track.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicTrackSummary {
    /// Its id, which reports name it by.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its main artists.
    pub artists: Vec<MusicArtistName>,
    /// Its guests.
    pub featured: Vec<MusicArtistName>,
    /// The id of its album.
    pub album_id: String,
    /// On which disc of it.
    pub disc: u32,
    /// Its number there; 0 where nobody knows.
    pub number: u32,
    /// How long it is.
    pub duration_ms: u64,
    /// Whether it is explicit.
    pub explicit: bool,
    /// Whether it is there to be heard.
    pub available: bool,
}

/// A track with what stands around it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicTrack {
    /// The track.
    #[serde(flatten)]
    pub track: MusicTrackSummary,
    /// Its album.
    pub album: MusicAlbumSummary,
    /// Who did what, in the order of the credits.
    pub credits: Vec<MusicCredit>,
    /// Its genres.
    pub genres: Vec<String>,
    /// Its ISRC.
    #[schema(required)]
    pub isrc: Option<String>,
    /// Its id at MusicBrainz.
    #[schema(required)]
    pub musicbrainz_id: Option<String>,
    /// What an administrator says of whether it is explicit, which stands above its tags.
    #[schema(required)]
    pub explicit_said: Option<bool>,
    /// Its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lyrics: Option<MusicLyrics>,
    /// How it is related to others.
    pub relations: Vec<MusicRelation>,
    /// Its files that are there.
    pub files: Vec<MusicFile>,
    /// When it got into the library.
    pub added_at: Instant,
}

/// A file of a track, without its place.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicFile {
    /// `flac`, `mp3`, `vorbis`, `opus`, `aac`, `alac` or `wav`.
    pub format: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its mean bitrate.
    pub bitrate_kbps: u32,
    /// Samples in a second.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Bits of a sample, where the format has such.
    #[schema(required)]
    pub bits_per_sample: Option<u32>,
}

/// The words of a track.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicLyrics {
    /// Line by line.
    #[schema(required)]
    pub plain: Option<String>,
    /// In the LRC format, each line with its time.
    #[schema(required)]
    pub synced: Option<String>,
}

/// How two tracks are related.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicRelation {
    /// `remix`, `cover`, `feature`, `live`, `remaster` or `edit`.
    pub kind: String,
    /// Whether the track that was asked for is this of the other; else the other is it of this one.
    pub is_of_other: bool,
    /// The other track.
    pub other: MusicTrackSummary,
}

/// A kind of music.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicGenre {
    /// What lists of albums are asked for it with.
    pub key: String,
    /// As it is written.
    pub name: String,
    /// How many albums have tracks of it.
    pub albums: u32,
    /// How many tracks are of it.
    pub tracks: u32,
}

/// A page of genres.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicGenrePage {
    /// The genres, by their keys.
    pub items: Vec<MusicGenre>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// What an administrator says of an artist. What is absent stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicArtistEdit {
    /// Who it is, as plain text of at most 10 000 characters.
    #[serde(default)]
    #[schema(nullable = false, max_length = 10_000)]
    pub biography: Option<String>,
}

/// What an administrator says of a track.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicTrackEdit {
    /// Whether it is explicit; null is what its tags say.
    #[schema(required)]
    pub explicit: Option<bool>,
}

/// A scan of a music folder.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicScan {
    /// Its number.
    pub number: u64,
    /// The folder.
    pub folder: String,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// Why it failed.
    #[schema(required)]
    pub failed: Option<String>,
    /// Files of music that the walk has found so far.
    pub walked: u64,
    /// Files that are there and were dealt with.
    pub files: u64,
    /// Those that are as they were.
    pub unchanged: u64,
    /// Those that are new.
    pub added: u64,
    /// Those whose tags or audio changed.
    pub changed: u64,
    /// Those that were somewhere else.
    pub moved: u64,
    /// Those that were missing.
    pub returned: u64,
    /// Files that are gone.
    pub missing: u64,
    /// Files that can't be used.
    pub skipped: u64,
    /// How many of these, by the reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first thousand of them.
    pub skipped_files: Vec<MusicSkipped>,
}

/// A file that can't be used.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicSkipped {
    /// Where it is in the folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A track that is there to be heard and whose plays nobody would be paid for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicUnlicensed {
    /// The track.
    #[serde(flatten)]
    pub track: MusicTrackSummary,
    /// Its ISRC.
    #[schema(required)]
    pub isrc: Option<String>,
    /// The title of its album.
    pub album: String,
    /// The label of its album.
    #[schema(required)]
    pub label: Option<String>,
    /// Whether the catalogue of rights has the recording, without anybody who holds it.
    pub in_rights: bool,
}

/// A page of such tracks.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicUnlicensedPage {
    /// The tracks, by their ids. There may be none and more pages all the same.
    pub items: Vec<MusicUnlicensed>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

impl From<&CreditedArtist> for MusicArtistName {
    fn from(artist: &CreditedArtist) -> Self {
        Self { id: artist.artist_id.clone(), name: artist.name.clone() }
    }
}

impl From<&Credit> for MusicCredit {
    fn from(credit: &Credit) -> Self {
        Self {
            id: credit.artist.artist_id.clone(),
            name: credit.artist.name.clone(),
            role: credit.role.word().to_owned(),
            detail: credit.detail.clone(),
        }
    }
}

impl From<&ArtistPage> for MusicArtist {
    fn from(page: &ArtistPage) -> Self {
        let ArtistPage { artist, shown } = page;
        Self {
            id: artist.id.clone(),
            name: artist.name.clone(),
            sort_name: artist.sort_name.clone(),
            biography: artist.biography.clone(),
            picture: shown.clone(),
            has_own_picture: artist.picture.is_some(),
            musicbrainz_id: artist.musicbrainz_id.clone(),
            albums: artist.releases,
            followers: None,
        }
    }
}

impl From<&Release> for MusicAlbumSummary {
    fn from(release: &Release) -> Self {
        Self {
            id: release.id.clone(),
            title: release.title.clone(),
            kind: release.kind.word().to_owned(),
            artists: release.artists.iter().map(MusicArtistName::from).collect(),
            released_on: release.released_on.clone(),
            cover: release.cover.clone(),
            explicit: release.sums.explicit,
            track_count: release.sums.tracks,
            duration_ms: release.sums.duration_ms,
        }
    }
}

impl From<&ReleasePage> for MusicAlbum {
    fn from(page: &ReleasePage) -> Self {
        let ReleasePage { release, tracks } = page;
        Self {
            album: release.into(),
            label: release.label.clone(),
            upc: release.upc.clone(),
            musicbrainz_id: release.musicbrainz_id.clone(),
            compilation: release.compilation,
            discs: release.sums.discs,
            genres: release.sums.genres.clone(),
            added_at: Instant(release.added_at),
            tracks: tracks.iter().map(MusicTrackSummary::from).collect(),
        }
    }
}

impl From<&Track> for MusicTrackSummary {
    fn from(track: &Track) -> Self {
        let of = |role: Role| {
            let credits = track.credits.iter().filter(move |credit| credit.role == role);
            credits.map(|credit| MusicArtistName::from(&credit.artist)).collect()
        };
        Self {
            id: track.id.clone(),
            title: track.title.clone(),
            artists: of(Role::Main),
            featured: of(Role::Featured),
            album_id: track.release_id.clone(),
            disc: track.disc,
            number: track.number,
            duration_ms: track.duration_ms,
            explicit: track.is_explicit(),
            available: track.missing_since.is_none(),
        }
    }
}

impl From<&TrackPage> for MusicTrack {
    fn from(page: &TrackPage) -> Self {
        let TrackPage { track, release, lyrics, relations, files } = page;
        let there = files.iter().filter(|file| file.missing_since.is_none());
        Self {
            track: track.into(),
            album: release.into(),
            credits: track.credits.iter().map(MusicCredit::from).collect(),
            genres: track.genres.clone(),
            isrc: track.isrc.clone(),
            musicbrainz_id: track.musicbrainz_id.clone(),
            explicit_said: track.explicit_said,
            lyrics: lyrics.as_ref().map(MusicLyrics::from),
            relations: relations.iter().map(|(of, other)| related(track, of, other)).collect(),
            files: there
                .map(|file| MusicFile {
                    format: file.format.word().to_owned(),
                    bytes: file.bytes,
                    bitrate_kbps: file.bitrate_kbps,
                    sample_rate_hz: file.sample_rate_hz,
                    channels: file.channels,
                    bits_per_sample: file.bits_per_sample,
                })
                .collect(),
            added_at: Instant(track.added_at),
        }
    }
}

fn related(track: &Track, relation: &Relation, other: &Track) -> MusicRelation {
    MusicRelation {
        kind: relation.kind.word().to_owned(),
        is_of_other: relation.track_id == track.id,
        other: other.into(),
    }
}

impl From<&Lyrics> for MusicLyrics {
    fn from(lyrics: &Lyrics) -> Self {
        Self { plain: lyrics.plain.clone(), synced: lyrics.synced.clone() }
    }
}

impl From<&Genre> for MusicGenre {
    fn from(genre: &Genre) -> Self {
        Self {
            key: genre.key.clone(),
            name: genre.name.clone(),
            albums: genre.releases,
            tracks: genre.tracks,
        }
    }
}

impl From<&ScanProgress> for MusicScan {
    fn from(progress: &ScanProgress) -> Self {
        let walked = progress.walked();
        let report = progress.report();
        let instant = |millis: u64| UnixMs::new(millis).ok().map(Instant);
        let state = match (&report.failed, report.ended_at_ms) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "done",
            (None, None) => "running",
        };
        let skipped = |SkippedPath { path, reason }| MusicSkipped { path, reason };
        Self {
            number: report.number,
            folder: report.folder,
            state: state.to_owned(),
            started_at: instant(report.started_at_ms).unwrap_or(Instant(UnixMs::EPOCH)),
            ended_at: report.ended_at_ms.and_then(instant),
            failed: report.failed,
            walked,
            files: report.files,
            unchanged: report.unchanged,
            added: report.added,
            changed: report.changed,
            moved: report.moved,
            returned: report.returned,
            missing: report.missing,
            skipped: report.skipped,
            reasons: report.reasons,
            skipped_files: report.skipped_files.into_iter().map(skipped).collect(),
        }
    }
}

impl From<&Unlicensed> for MusicUnlicensed {
    fn from(found: &Unlicensed) -> Self {
        Self {
            track: (&found.track).into(),
            isrc: found.track.isrc.clone(),
            album: found.release.title.clone(),
            label: found.release.label.clone(),
            in_rights: found.is_known,
        }
    }
}
