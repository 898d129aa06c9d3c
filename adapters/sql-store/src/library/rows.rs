//! Rows as the port's types.

use ledgerline_app::ports::library::{
    Artist, AudioFile, AudioFormat, FilePath, FilePlace, Genre, MusicFolder, Relation,
    RelationKind, Release, ReleaseKind, ReleaseSums, ScanRecord, SkippedFile, Track,
};
use ledgerline_ids::UnixMs;
use serde::de::DeserializeOwned;
use sqlx::Row as _;

use super::super::dialect::Database;
use crate::fault::{Fault, from_column, said};

pub(super) type Row = <Database as sqlx::Database>::Row;

pub(super) const ARTIST: &str =
    "artist_id, name, sort_name, musicbrainz_id, biography, picture, releases";
pub(super) const RELEASE: &str = "release_id, title, kind, released_on, label, upc, \
     musicbrainz_id, cover, compilation, artists_json, artists_by_tracks, added_at, tracks, discs, \
     duration_ms, explicit, genres_json";
pub(super) const TRACK: &str = "track_id, release_id, disc, number, title, credits_json, \
     duration_ms, explicit, explicit_said, genres_json, isrc, musicbrainz_id, has_lyrics, \
     added_at, missing_since";
pub(super) const FILE: &str = "folder_id, path, track_id, bytes, modified_ms, audio_sha256, \
     content_sha256, format, duration_ms, bitrate_kbps, sample_rate_hz, channels, \
     bits_per_sample, missing_since";

pub(super) fn artist(row: &Row) -> Result<Artist, Fault> {
    let row = Of::alone(row);
    Ok(Artist {
        id: row.try_get("artist_id")?,
        name: row.try_get("name")?,
        sort_name: row.try_get("sort_name")?,
        musicbrainz_id: row.try_get("musicbrainz_id")?,
        biography: row.try_get("biography")?,
        picture: row.try_get("picture")?,
        releases: number(row, "library_artists", "releases")?,
    })
}

/// Names of columns, in front of each the name of a table, and what they are called in rows with columns of
/// several tables.
pub(super) fn columns_of(table: &str, columns: &str) -> String {
    let each = columns.split(", ").map(|column| {
        let column = column.trim();
        format!("{table}.{column} AS {table}_{column}")
    });
    each.collect::<Vec<_>>().join(", ")
}

/// The columns of one table in a row.
#[derive(Clone, Copy)]
struct Of<'r> {
    row: &'r Row,
    /// What stands before their names, if anything.
    table: Option<&'r str>,
}

impl<'r> Of<'r> {
    fn alone(row: &'r Row) -> Self {
        Self { row, table: None }
    }

    fn try_get<T>(&self, column: &str) -> Result<T, sqlx::Error>
    where
        T: sqlx::Decode<'r, Database> + sqlx::Type<Database>,
    {
        match self.table {
            None => self.row.try_get(column),
            Some(table) => self.row.try_get(format!("{table}_{column}").as_str()),
        }
    }
}

pub(super) fn release(row: &Row) -> Result<Release, Fault> {
    release_of(Of::alone(row))
}

/// A release in a row of several tables' columns.
pub(super) fn release_among(row: &Row, table: &str) -> Result<Release, Fault> {
    release_of(Of { row, table: Some(table) })
}

/// A track in a row of several tables' columns; `None` where that has none.
pub(super) fn track_among(row: &Row, table: &str) -> Result<Option<Track>, Fault> {
    let of = Of { row, table: Some(table) };
    let id: Option<&str> = of.try_get("track_id")?;
    id.map(|_| track_of(of)).transpose()
}

/// A file in a row of several tables' columns; `None` where that has none.
pub(super) fn file_among(row: &Row, table: &str) -> Result<Option<AudioFile>, Fault> {
    let of = Of { row, table: Some(table) };
    let path: Option<&str> = of.try_get("path")?;
    path.map(|_| file_of(of)).transpose()
}

fn release_of(row: Of<'_>) -> Result<Release, Fault> {
    let of = "library_releases";
    let kind: String = row.try_get("kind")?;
    let Some(kind) = ReleaseKind::from_word(&kind) else {
        return said(format!("{of}.kind is {kind:?}, an unknown word"));
    };
    Ok(Release {
        id: row.try_get("release_id")?,
        title: row.try_get("title")?,
        kind,
        released_on: row.try_get("released_on")?,
        label: row.try_get("label")?,
        upc: row.try_get("upc")?,
        musicbrainz_id: row.try_get("musicbrainz_id")?,
        cover: row.try_get("cover")?,
        compilation: row.try_get("compilation")?,
        artists: json(row, of, "artists_json")?,
        artists_by_tracks: row.try_get("artists_by_tracks")?,
        added_at: instant(of, row.try_get("added_at")?)?,
        sums: ReleaseSums {
            tracks: number(row, of, "tracks")?,
            discs: number(row, of, "discs")?,
            duration_ms: number(row, of, "duration_ms")?,
            explicit: row.try_get("explicit")?,
            genres: json(row, of, "genres_json")?,
        },
    })
}

pub(super) fn track(row: &Row) -> Result<Track, Fault> {
    track_of(Of::alone(row))
}

fn track_of(row: Of<'_>) -> Result<Track, Fault> {
    let of = "library_tracks";
    Ok(Track {
        id: row.try_get("track_id")?,
        release_id: row.try_get("release_id")?,
        disc: number(row, of, "disc")?,
        number: number(row, of, "number")?,
        title: row.try_get("title")?,
        credits: json(row, of, "credits_json")?,
        duration_ms: number(row, of, "duration_ms")?,
        explicit: row.try_get("explicit")?,
        explicit_said: row.try_get("explicit_said")?,
        genres: json(row, of, "genres_json")?,
        isrc: row.try_get("isrc")?,
        musicbrainz_id: row.try_get("musicbrainz_id")?,
        has_lyrics: row.try_get("has_lyrics")?,
        added_at: instant(of, row.try_get("added_at")?)?,
        missing_since: maybe_instant(of, row.try_get("missing_since")?)?,
    })
}

pub(super) fn file(row: &Row) -> Result<AudioFile, Fault> {
    file_of(Of::alone(row))
}

fn file_of(row: Of<'_>) -> Result<AudioFile, Fault> {
    let of = "library_files";
    let format: String = row.try_get("format")?;
    let Some(format) = AudioFormat::from_word(&format) else {
        return said(format!("{of}.format is {format:?}, an unknown word"));
    };
    let content: Option<Vec<u8>> = row.try_get("content_sha256")?;
    let bits: Option<i64> = row.try_get("bits_per_sample")?;
    Ok(AudioFile {
        place: place(row)?,
        track_id: row.try_get("track_id")?,
        bytes: number(row, of, "bytes")?,
        modified_ms: number(row, of, "modified_ms")?,
        audio_sha256: sha256(row.try_get("audio_sha256")?)?,
        content_sha256: content.map(sha256).transpose()?,
        format,
        duration_ms: number(row, of, "duration_ms")?,
        bitrate_kbps: number(row, of, "bitrate_kbps")?,
        sample_rate_hz: number(row, of, "sample_rate_hz")?,
        channels: number(row, of, "channels")?,
        bits_per_sample: bits.map(|bits| from_column("bits_per_sample", bits)).transpose()?,
        missing_since: maybe_instant(of, row.try_get("missing_since")?)?,
    })
}

pub(super) fn skipped(row: &Row) -> Result<SkippedFile, Fault> {
    let row = Of::alone(row);
    Ok(SkippedFile {
        place: place(row)?,
        bytes: number(row, "library_skipped", "bytes")?,
        modified_ms: number(row, "library_skipped", "modified_ms")?,
        reason: row.try_get("reason")?,
    })
}

pub(super) fn folder(row: &Row) -> Result<MusicFolder, Fault> {
    Ok(MusicFolder {
        id: row.try_get("folder_id")?,
        path: FilePath::stored(row.try_get("path")?),
        added_at: instant("music_folders", row.try_get("added_at")?)?,
    })
}

pub(super) fn genre(row: &Row) -> Result<Genre, Fault> {
    let row = Of::alone(row);
    Ok(Genre {
        key: row.try_get("genre_key")?,
        name: row.try_get("name")?,
        releases: number(row, "library_genres", "releases")?,
        tracks: number(row, "library_genres", "tracks")?,
    })
}

pub(super) fn relation(row: &Row) -> Result<Relation, Fault> {
    let kind: String = row.try_get("kind")?;
    let Some(kind) = RelationKind::from_word(&kind) else {
        return said(format!("library_relations.kind is {kind:?}, an unknown word"));
    };
    Ok(Relation {
        track_id: row.try_get("track_id")?,
        kind,
        of_track_id: row.try_get("of_track_id")?,
    })
}

pub(super) fn scan(row: &Row) -> Result<ScanRecord, Fault> {
    let row = Of::alone(row);
    let of = "library_scans";
    Ok(ScanRecord {
        number: number(row, of, "number")?,
        folder_id: row.try_get("folder_id")?,
        started_at: instant(of, row.try_get("started_at")?)?,
        ended_at: maybe_instant(of, row.try_get("ended_at")?)?,
        report: row.try_get("report_json")?,
    })
}

fn place(row: Of<'_>) -> Result<FilePlace, Fault> {
    let path = FilePath::stored(row.try_get("path")?);
    Ok(FilePlace { folder_id: row.try_get("folder_id")?, path })
}

fn number<T: TryFrom<i64>>(row: Of<'_>, table: &str, column: &str) -> Result<T, Fault> {
    from_column(&format!("{table}.{column}"), row.try_get(column)?)
}

fn json<T: DeserializeOwned>(row: Of<'_>, table: &str, column: &str) -> Result<T, Fault> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| Fault::Said(format!("{table}.{column}: {error}")))
}

fn sha256(bytes: Vec<u8>) -> Result<[u8; 32], Fault> {
    let is = bytes.len();
    <[u8; 32]>::try_from(bytes)
        .map_err(|_| Fault::Said(format!("a SHA-256 in library_files has {is} bytes")))
}

fn instant(table: &str, millis: i64) -> Result<UnixMs, Fault> {
    UnixMs::new(from_column(table, millis)?)
        .map_err(|error| Fault::Said(format!("a time in {table} is {millis}: {error}")))
}

fn maybe_instant(table: &str, millis: Option<i64>) -> Result<Option<UnixMs>, Fault> {
    millis.map(|millis| instant(table, millis)).transpose()
}
