//! A change of the library, with what releases get from their tracks.

use ledgerline_app::ports::library::{
    Artist, ArtistEdit, AudioFile, FilePlace, Keyed, LibraryChange, Lyrics, MusicFolder, Relation,
    Release, ScanRecord, Track, fold,
};
use ledgerline_app::ports::{CatalogueTrack, ImportedTracks};
use ledgerline_ids::UnixMs;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet};

use super::super::catalogue;
use super::super::dialect::Connection;
use super::super::revisions::Statement;
use super::super::statements::{batches, row_placeholders, value_placeholders};
use super::adding_up::{Touched, add_up};
use super::{reading, rows};
use crate::fault::{Fault, said, to_column};

pub(super) async fn add_folder(
    connection: &mut Connection,
    folder: &MusicFolder,
) -> Result<MusicFolder, Fault> {
    let known = sqlx::query("SELECT folder_id, path, added_at FROM music_folders WHERE path = $1")
        .bind(folder.path.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(known) = known {
        return rows::folder(&known);
    }
    sqlx::query("INSERT INTO music_folders (folder_id, path, added_at) VALUES ($1, $2, $3)")
        .bind(&folder.id)
        .bind(folder.path.as_str())
        .bind(time(folder.added_at)?)
        .execute(connection)
        .await?;
    Ok(folder.clone())
}

pub(super) async fn change(
    connection: &mut Connection,
    change: &LibraryChange,
) -> Result<ImportedTracks, Fault> {
    let mut touched = Touched::by(&change.releases, &change.tracks);
    let counted: Vec<CatalogueTrack> =
        latest(&change.tracks, |track| &track.id).into_values().map(Track::as_counted).collect();
    let imported = catalogue::complete_tracks(connection, &counted).await?;

    write_artists(connection, &change.artists).await?;
    write_releases(connection, &change.releases).await?;
    // Where a track was before, is added up anew too.
    let ids: Vec<String> = touched.tracks.iter().cloned().collect();
    let before = reading::tracks_by_id(connection, &ids).await?;
    touched.know(before);
    write_tracks(connection, &change.tracks).await?;
    for (track_id, lyrics) in &change.lyrics {
        write_lyrics(connection, track_id, lyrics).await?;
    }
    write_files(connection, change, &mut touched).await?;
    write_keys(connection, &change.keys).await?;
    note_missing(connection, &mut touched, change.at).await?;
    add_up(connection, &touched).await?;
    Ok(imported)
}

/// The last of each id, by the ids.
fn latest<T>(all: &[T], id: impl Fn(&T) -> &String) -> BTreeMap<&str, &T> {
    all.iter().map(|one| (id(one).as_str(), one)).collect()
}

async fn write_artists(connection: &mut Connection, artists: &[Artist]) -> Result<(), Fault> {
    let artists: Vec<&Artist> = latest(artists, |artist| &artist.id).into_values().collect();
    let into = "library_artists (artist_id, name, sort_name, sort_key, musicbrainz_id, biography, \
         picture, releases)";
    let conflict = "(artist_id) DO UPDATE SET name = excluded.name, \
         sort_name = excluded.sort_name, sort_key = excluded.sort_key, \
         musicbrainz_id = excluded.musicbrainz_id";
    upsert(connection, (into, 8, conflict), &artists, |query, artist| {
        let query = query.bind(&artist.id).bind(&artist.name).bind(&artist.sort_name);
        let query = query.bind(artist.sort_key()).bind(&artist.musicbrainz_id);
        Ok(query.bind(&artist.biography).bind(&artist.picture).bind(0_i64))
    })
    .await
}

async fn write_releases(connection: &mut Connection, releases: &[Release]) -> Result<(), Fault> {
    let releases: Vec<&Release> = latest(releases, |release| &release.id).into_values().collect();
    let into = "library_releases (release_id, title, sort_key, kind, released_on, label, upc, \
         musicbrainz_id, cover, compilation, artists_json, artists_by_tracks, added_at, tracks, \
         discs, duration_ms, explicit, genres_json)";
    let conflict = "(release_id) DO UPDATE SET title = excluded.title, \
         sort_key = excluded.sort_key, kind = excluded.kind, released_on = excluded.released_on, \
         label = excluded.label, upc = excluded.upc, musicbrainz_id = excluded.musicbrainz_id, \
         cover = excluded.cover, compilation = excluded.compilation, \
         artists_json = excluded.artists_json, artists_by_tracks = excluded.artists_by_tracks";
    upsert(connection, (into, 18, conflict), &releases, |query, release| {
        let query = query.bind(&release.id).bind(&release.title).bind(release.sort_key());
        let query = query.bind(release.kind.word()).bind(&release.released_on);
        let query = query.bind(&release.label).bind(&release.upc).bind(&release.musicbrainz_id);
        let query = query.bind(&release.cover).bind(release.compilation);
        let query = query.bind(to_json(&release.artists)?).bind(release.artists_by_tracks);
        let query = query.bind(time(release.added_at)?).bind(0_i64).bind(0_i64).bind(0_i64);
        Ok(query.bind(false).bind("[]"))
    })
    .await
}

async fn write_tracks(connection: &mut Connection, tracks: &[Track]) -> Result<(), Fault> {
    let tracks: Vec<&Track> = latest(tracks, |track| &track.id).into_values().collect();
    let into = "library_tracks (track_id, release_id, disc, number, title, credits_json, \
         duration_ms, explicit, genres_json, isrc, musicbrainz_id, has_lyrics, added_at)";
    let conflict = "(track_id) DO UPDATE SET release_id = excluded.release_id, \
         disc = excluded.disc, number = excluded.number, title = excluded.title, \
         credits_json = excluded.credits_json, duration_ms = excluded.duration_ms, \
         explicit = excluded.explicit, genres_json = excluded.genres_json, isrc = excluded.isrc, \
         musicbrainz_id = excluded.musicbrainz_id";
    upsert(connection, (into, 13, conflict), &tracks, |query, track| {
        let query = query.bind(&track.id).bind(&track.release_id).bind(i64::from(track.disc));
        let query = query.bind(i64::from(track.number)).bind(&track.title);
        let query = query.bind(to_json(&track.credits)?);
        let query = query.bind(to_column("a length", track.duration_ms)?).bind(track.explicit);
        let query = query.bind(to_json(&track.genres)?).bind(&track.isrc);
        Ok(query.bind(&track.musicbrainz_id).bind(false).bind(time(track.added_at)?))
    })
    .await?;
    let ids: Vec<&str> = tracks.iter().map(|track| track.id.as_str()).collect();
    remove(connection, "library_credits", "track_id", &ids).await?;
    remove(connection, "library_track_genres", "track_id", &ids).await?;
    let credits: BTreeSet<(&str, &str)> = (tracks.iter())
        .flat_map(|track| {
            track.credits.iter().map(|of| (of.artist.artist_id.as_str(), track.id.as_str()))
        })
        .collect();
    write_pairs(connection, "library_credits (artist_id, track_id)", &credits).await?;
    let genres: BTreeSet<(String, &str)> = (tracks.iter())
        .flat_map(|track| track.genres.iter().map(|name| (fold(name), track.id.as_str())))
        .filter(|(key, _)| !key.is_empty())
        .collect();
    let genres: BTreeSet<(&str, &str)> =
        genres.iter().map(|(key, id)| (key.as_str(), *id)).collect();
    write_pairs(connection, "library_track_genres (genre_key, track_id)", &genres).await
}

async fn write_pairs(
    connection: &mut Connection,
    into: &str,
    pairs: &BTreeSet<(&str, &str)>,
) -> Result<(), Fault> {
    let pairs: Vec<(&str, &str)> = pairs.iter().copied().collect();
    upsert(connection, (into, 2, "DO NOTHING"), &pairs, |query, (one, other)| {
        Ok(query.bind(*one).bind(*other))
    })
    .await
}

async fn write_lyrics(
    connection: &mut Connection,
    track_id: &str,
    lyrics: &Lyrics,
) -> Result<(), Fault> {
    if lyrics.is_empty() {
        let sql = "DELETE FROM library_lyrics WHERE track_id = $1";
        sqlx::query(sql).bind(track_id).execute(&mut *connection).await?;
    } else {
        sqlx::query(
            "INSERT INTO library_lyrics (track_id, plain, synced) VALUES ($1, $2, $3) \
             ON CONFLICT (track_id) DO UPDATE SET plain = excluded.plain, synced = excluded.synced",
        )
        .bind(track_id)
        .bind(&lyrics.plain)
        .bind(&lyrics.synced)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("UPDATE library_tracks SET has_lyrics = $2 WHERE track_id = $1")
        .bind(track_id)
        .bind(!lyrics.is_empty())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_files(
    connection: &mut Connection,
    change: &LibraryChange,
    touched: &mut Touched,
) -> Result<(), Fault> {
    let places: Vec<FilePlace> = (change.files.iter().map(|file| file.place.clone()))
        .chain(change.forgotten.iter().cloned())
        .collect();
    let before = reading::files_at(connection, &places).await?;
    touched.tracks.extend(before.into_iter().map(|file| file.track_id));
    touched.tracks.extend(change.files.iter().map(|file| file.track_id.clone()));
    remove_places(connection, "library_files", &change.forgotten).await?;
    let files: BTreeMap<&FilePlace, &AudioFile> =
        change.files.iter().map(|file| (&file.place, file)).collect();
    let files: Vec<&AudioFile> = files.into_values().collect();
    let into = "library_files (folder_id, path, track_id, bytes, modified_ms, audio_sha256, \
         content_sha256, format, duration_ms, bitrate_kbps, sample_rate_hz, channels, \
         bits_per_sample, missing_since)";
    let conflict = "(folder_id, path) DO UPDATE SET track_id = excluded.track_id, \
         bytes = excluded.bytes, modified_ms = excluded.modified_ms, \
         audio_sha256 = excluded.audio_sha256, content_sha256 = excluded.content_sha256, \
         format = excluded.format, duration_ms = excluded.duration_ms, \
         bitrate_kbps = excluded.bitrate_kbps, sample_rate_hz = excluded.sample_rate_hz, \
         channels = excluded.channels, bits_per_sample = excluded.bits_per_sample, \
         missing_since = excluded.missing_since";
    upsert(connection, (into, 14, conflict), &files, |query, file| {
        let query = query.bind(&file.place.folder_id).bind(file.place.path.as_str());
        let query = query.bind(&file.track_id).bind(to_column("a file's length", file.bytes)?);
        let query = query.bind(to_column("a file's time", file.modified_ms)?);
        let query = query.bind(file.audio_sha256.as_slice());
        let query = query.bind(file.content_sha256.as_ref().map(|sha256| sha256.as_slice()));
        let query = query.bind(file.format.word());
        let query = query.bind(to_column("a length", file.duration_ms)?);
        let query = query.bind(i64::from(file.bitrate_kbps)).bind(i64::from(file.sample_rate_hz));
        let query = query.bind(i64::from(file.channels)).bind(file.bits_per_sample.map(i64::from));
        Ok(query.bind(file.missing_since.map(time).transpose()?))
    })
    .await?;
    let into = "library_skipped (folder_id, path, bytes, modified_ms, reason)";
    let conflict = "(folder_id, path) DO UPDATE SET bytes = excluded.bytes, \
         modified_ms = excluded.modified_ms, reason = excluded.reason";
    upsert(connection, (into, 5, conflict), &change.skipped, |query, skipped| {
        let query = query.bind(&skipped.place.folder_id).bind(skipped.place.path.as_str());
        let query = query.bind(to_column("a file's length", skipped.bytes)?);
        let query = query.bind(to_column("a file's time", skipped.modified_ms)?);
        Ok(query.bind(&skipped.reason))
    })
    .await?;
    remove_places(connection, "library_skipped", &change.unskipped).await
}

async fn write_keys(
    connection: &mut Connection,
    keys: &[(Keyed, String, String)],
) -> Result<(), Fault> {
    let keys: BTreeMap<(Keyed, &str), &str> =
        keys.iter().map(|(keyed, key, id)| ((*keyed, key.as_str()), id.as_str())).collect();
    let keys: Vec<((Keyed, &str), &str)> = keys.into_iter().collect();
    let into = "library_keys (keyed, match_key, id)";
    let conflict = "(keyed, match_key) DO UPDATE SET id = excluded.id";
    upsert(connection, (into, 3, conflict), &keys, |query, ((keyed, key), id)| {
        Ok(query.bind(keyed.word()).bind(*key).bind(*id))
    })
    .await
}

/// A track is missing while none of its files is there.
async fn note_missing(
    connection: &mut Connection,
    touched: &mut Touched,
    at: Option<UnixMs>,
) -> Result<(), Fault> {
    let ids: Vec<String> = touched.tracks.iter().cloned().collect();
    let files = reading::files_of_tracks(connection, &ids).await?;
    let there: BTreeSet<&str> = (files.iter())
        .filter(|file| file.missing_since.is_none())
        .map(|file| file.track_id.as_str())
        .collect();
    for mut track in reading::tracks_by_id(connection, &ids).await? {
        let since =
            if there.contains(track.id.as_str()) { None } else { track.missing_since.or(at) };
        if since != track.missing_since {
            sqlx::query("UPDATE library_tracks SET missing_since = $2 WHERE track_id = $1")
                .bind(&track.id)
                .bind(since.map(time).transpose()?)
                .execute(&mut *connection)
                .await?;
            track.missing_since = since;
        }
        touched.became(track);
    }
    Ok(())
}

pub(super) async fn edit_artist(
    connection: &mut Connection,
    artist_id: &str,
    edit: &ArtistEdit,
) -> Result<bool, Fault> {
    let picture = edit.picture.as_ref().map(|picture| Some(picture).filter(|it| !it.is_empty()));
    let edited = sqlx::query(
        "UPDATE library_artists SET biography = COALESCE($2, biography), \
         picture = CASE WHEN $3 THEN $4 ELSE picture END WHERE artist_id = $1",
    )
    .bind(artist_id)
    .bind(&edit.biography)
    .bind(picture.is_some())
    .bind(picture.flatten())
    .execute(connection)
    .await?;
    Ok(edited.rows_affected() > 0)
}

pub(super) async fn say_explicit(
    connection: &mut Connection,
    track_id: &str,
    said: Option<bool>,
) -> Result<bool, Fault> {
    sqlx::query("UPDATE library_tracks SET explicit_said = $2 WHERE track_id = $1")
        .bind(track_id)
        .bind(said)
        .execute(&mut *connection)
        .await?;
    let found = reading::tracks_by_id(connection, &[track_id.to_owned()]).await?;
    let is_there = !found.is_empty();
    let mut touched = Touched::default();
    touched.know(found);
    add_up(connection, &touched).await?;
    Ok(is_there)
}

pub(super) async fn relate(
    connection: &mut Connection,
    relation: &Relation,
    there: bool,
) -> Result<bool, Fault> {
    let both = BTreeSet::from([relation.track_id.clone(), relation.of_track_id.clone()]);
    let both: Vec<String> = both.into_iter().collect();
    if reading::tracks_by_id(connection, &both).await?.len() < both.len() {
        return Ok(false);
    }
    let sql = if there {
        "INSERT INTO library_relations (track_id, kind, of_track_id) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM library_relations WHERE track_id = $1 AND kind = $2 AND of_track_id = $3"
    };
    let query = sqlx::query(sql).bind(&relation.track_id).bind(relation.kind.word());
    query.bind(&relation.of_track_id).execute(connection).await?;
    Ok(true)
}

pub(super) async fn note_scan(connection: &mut Connection, scan: &ScanRecord) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO library_scans (number, folder_id, started_at, ended_at, report_json) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (number) DO UPDATE SET \
         folder_id = excluded.folder_id, started_at = excluded.started_at, \
         ended_at = excluded.ended_at, report_json = excluded.report_json",
    )
    .bind(to_column("a number", scan.number)?)
    .bind(&scan.folder_id)
    .bind(time(scan.started_at)?)
    .bind(scan.ended_at.map(time).transpose()?)
    .bind(&scan.report)
    .execute(connection)
    .await?;
    Ok(())
}

/// Inserts rows; `conflict` is what is done with those that are there.
pub(super) async fn upsert<'q, T>(
    connection: &mut Connection,
    (into, columns, conflict): (&str, usize, &str),
    rows: &'q [T],
    bind: impl Fn(Statement<'q>, &'q T) -> Result<Statement<'q>, Fault>,
) -> Result<(), Fault> {
    for batch in batches(rows) {
        let values = row_placeholders(batch.len(), columns);
        let sql = format!("INSERT INTO {into} VALUES {values} ON CONFLICT {conflict}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in batch {
            query = bind(query, row)?;
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn remove(
    connection: &mut Connection,
    table: &str,
    column: &str,
    ids: &[&str],
) -> Result<(), Fault> {
    for batch in batches(ids) {
        let wanted = value_placeholders(batch.len());
        let sql = format!("DELETE FROM {table} WHERE {column} IN ({wanted})");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(*id);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn remove_places(
    connection: &mut Connection,
    table: &str,
    places: &[FilePlace],
) -> Result<(), Fault> {
    let sql = format!("DELETE FROM {table} WHERE folder_id = $1 AND path = $2");
    for place in places {
        let query = sqlx::query(AssertSqlSafe(sql.clone()));
        let query = query.bind(&place.folder_id).bind(place.path.as_str());
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn time(at: UnixMs) -> Result<i64, Fault> {
    to_column("a time", at.get())
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).or_else(|error| said(error.to_string()))
}
