//! Lists and look-ups, each by an index.

use ledgerline_app::ports::library::{
    Artist, AudioFile, Cursor, FilePlace, Genre, Keyed, Lyrics, MusicFolder, Part, Relation,
    Release, ReleaseList, ScanRecord, SkippedFile, Track, TrackList, TrackParts,
};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::BTreeMap;

use super::super::dialect::{Connection, push_placeholder};
use super::super::statements::{batches, value_placeholders};
use super::rows::{self, ARTIST, FILE, RELEASE, Row, TRACK};
use crate::fault::{Fault, said};

pub(super) async fn folders(connection: &mut Connection) -> Result<Vec<MusicFolder>, Fault> {
    let sql = "SELECT folder_id, path, added_at FROM music_folders ORDER BY folder_id";
    let found = sqlx::query(sql).fetch_all(connection).await?;
    found.iter().map(rows::folder).collect()
}

/// What stands in rows of which a column is one of `ids`.
async fn of_ids<T>(
    connection: &mut Connection,
    (columns, table, column, order): (&str, &str, &str, &str),
    ids: &[&str],
    row: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for batch in batches(ids) {
        let wanted = value_placeholders(batch.len());
        let sql = format!("SELECT {columns} FROM {table} WHERE {column} IN ({wanted}){order}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(*id);
        }
        for of in &query.fetch_all(&mut *connection).await? {
            found.push(row(of)?);
        }
    }
    Ok(found)
}

fn unique(ids: &[String]) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

pub(super) async fn artists_by_id(
    connection: &mut Connection,
    ids: &[String],
) -> Result<Vec<Artist>, Fault> {
    let from = (ARTIST, "library_artists", "artist_id", "");
    of_ids(connection, from, &unique(ids), rows::artist).await
}

pub(super) async fn covers_of_artists(
    connection: &mut Connection,
    ids: &[String],
) -> Result<BTreeMap<String, String>, Fault> {
    let newest = |part: Part| {
        format!(
            "(SELECT r.cover FROM library_release_artists l \
             JOIN library_releases r ON r.release_id = l.release_id \
             WHERE l.artist_id = a.artist_id AND l.part = '{}' \
             ORDER BY l.released_on DESC, l.release_id DESC LIMIT 1)",
            part.word()
        )
    };
    let (own, guest) = (newest(Part::Own), newest(Part::Guest));
    let columns = format!("a.artist_id, COALESCE({own}, {guest}) AS cover");
    let from = (columns.as_str(), "library_artists a", "a.artist_id", "");
    let pair = |row: &Row| Ok((row.try_get("artist_id")?, row.try_get("cover")?));
    let found: Vec<(String, Option<String>)> = of_ids(connection, from, &unique(ids), pair).await?;
    Ok(found.into_iter().filter_map(|(id, cover)| Some((id, cover?))).collect())
}

pub(super) async fn releases_by_id(
    connection: &mut Connection,
    ids: &[String],
) -> Result<Vec<Release>, Fault> {
    let from = (RELEASE, "library_releases", "release_id", "");
    of_ids(connection, from, &unique(ids), rows::release).await
}

pub(super) async fn tracks_by_id(
    connection: &mut Connection,
    ids: &[String],
) -> Result<Vec<Track>, Fault> {
    let from = (TRACK, "library_tracks", "track_id", "");
    of_ids(connection, from, &unique(ids), rows::track).await
}

/// The tracks of releases; those of one are side by side, by disc, number and id, where they were asked for
/// alone or together.
pub(super) async fn tracks_of_releases(
    connection: &mut Connection,
    ids: &[String],
) -> Result<Vec<Track>, Fault> {
    let order = " ORDER BY release_id, disc, number, track_id";
    let from = (TRACK, "library_tracks", "release_id", order);
    of_ids(connection, from, &unique(ids), rows::track).await
}

pub(super) async fn artists(
    connection: &mut Connection,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<Artist>, Fault> {
    let behind = if after.is_some() { "AND (sort_key, artist_id) > ($2, $3) " } else { "" };
    let sql = format!(
        "SELECT {ARTIST} FROM library_artists WHERE releases > 0 {behind}\
         ORDER BY sort_key, artist_id LIMIT $1"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit));
    if let Some(after) = after {
        query = query.bind(&after.key).bind(&after.id);
    }
    query.fetch_all(connection).await?.iter().map(rows::artist).collect()
}

pub(super) async fn releases(
    connection: &mut Connection,
    list: &ReleaseList,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<Release>, Fault> {
    let (column, sign, order) = match list {
        ReleaseList::ByTitle => ("sort_key", ">", "ASC"),
        ReleaseList::RecentlyAdded => ("added_at", "<", "DESC"),
        _ => ("released_on", "<", "DESC"),
    };
    let behind = match after {
        Some(_) => format!("AND (l.{column}, l.release_id) {sign} ($2, $3) "),
        None => String::new(),
    };
    let columns: Vec<String> = RELEASE.split(", ").map(|it| format!("r.{}", it.trim())).collect();
    let columns = columns.join(", ");
    let join = "JOIN library_releases r ON r.release_id = l.release_id";
    let (from, first) = match list {
        ReleaseList::OfArtist(..) => (
            format!("library_release_artists l {join}"),
            if after.is_some() {
                "l.artist_id = $4 AND l.part = $5"
            } else {
                "l.artist_id = $2 AND l.part = $3"
            },
        ),
        ReleaseList::OfGenre(_) => (
            format!("library_release_genres l {join}"),
            if after.is_some() { "l.genre_key = $4" } else { "l.genre_key = $2" },
        ),
        _ => ("library_releases l".to_owned(), "l.tracks > 0"),
    };
    let columns = if matches!(list, ReleaseList::OfArtist(..) | ReleaseList::OfGenre(_)) {
        columns
    } else {
        RELEASE.to_owned()
    };
    let sql = format!(
        "SELECT {columns} FROM {from} WHERE {first} {behind}\
         ORDER BY l.{column} {order}, l.release_id {order} LIMIT $1"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit));
    if let Some(after) = after {
        query = if *list == ReleaseList::RecentlyAdded {
            let Ok(key) = after.key.parse::<i64>() else {
                return said(format!("{:?} is no place to go on from", after.key));
            };
            query.bind(key)
        } else {
            query.bind(&after.key)
        };
        query = query.bind(&after.id);
    }
    match list {
        ReleaseList::OfArtist(id, part) => query = query.bind(id).bind(part.word()),
        ReleaseList::OfGenre(key) => query = query.bind(key),
        _ => {}
    }
    query.fetch_all(connection).await?.iter().map(rows::release).collect()
}

pub(super) async fn tracks(
    connection: &mut Connection,
    list: &TrackList,
    after: &str,
    limit: u32,
) -> Result<Vec<Track>, Fault> {
    let columns: Vec<String> = TRACK.split(", ").map(|it| format!("t.{}", it.trim())).collect();
    let columns = columns.join(", ");
    let (from, of) = match list {
        TrackList::All => ("library_tracks l JOIN library_tracks t", None), // One look-up more.
        TrackList::Credited(id) => {
            ("library_credits l JOIN library_tracks t", Some(("artist_id", id)))
        }
        TrackList::OfGenre(key) => {
            ("library_track_genres l JOIN library_tracks t", Some(("genre_key", key)))
        }
    };
    let also = of.map_or(String::new(), |(column, _)| format!("AND l.{column} = $3 "));
    let sql = format!(
        "SELECT {columns} FROM {from} ON t.track_id = l.track_id \
         WHERE l.track_id > $1 {also}ORDER BY l.track_id LIMIT $2"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(i64::from(limit));
    if let Some((_, value)) = of {
        query = query.bind(value);
    }
    query.fetch_all(connection).await?.iter().map(rows::track).collect()
}

pub(super) async fn genres(
    connection: &mut Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<Genre>, Fault> {
    let sql = "SELECT genre_key, name, releases, tracks FROM library_genres \
         WHERE genre_key > $1 AND releases > 0 ORDER BY genre_key LIMIT $2";
    let query = sqlx::query(sql).bind(after).bind(i64::from(limit));
    query.fetch_all(connection).await?.iter().map(rows::genre).collect()
}

pub(super) async fn lyrics(
    connection: &mut Connection,
    track_id: &str,
) -> Result<Option<Lyrics>, Fault> {
    let found: Option<(Option<String>, Option<String>)> =
        sqlx::query_as("SELECT plain, synced FROM library_lyrics WHERE track_id = $1")
            .bind(track_id)
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(plain, synced)| Lyrics { plain, synced }))
}

/// By one question, and another one where the track is related to any.
pub(super) async fn track_parts(
    connection: &mut Connection,
    track_id: &str,
) -> Result<Option<TrackParts>, Fault> {
    let [t, r, f] =
        [("t", TRACK), ("r", RELEASE), ("f", FILE)].map(|(table, of)| rows::columns_of(table, of));
    let sql = format!(
        "SELECT {t}, {r}, {f}, \
         EXISTS (SELECT 1 FROM library_relations l WHERE l.track_id = t.track_id) OR \
         EXISTS (SELECT 1 FROM library_relations l WHERE l.of_track_id = t.track_id) AS related \
         FROM library_tracks t JOIN library_releases r ON r.release_id = t.release_id \
         LEFT JOIN library_files f ON f.track_id = t.track_id \
         WHERE t.track_id = $1 ORDER BY f.folder_id, f.path"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(track_id).fetch_all(&mut *connection).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let Some(track) = rows::track_among(first, "t")? else { return Ok(None) };
    let release = rows::release_among(first, "r")?;
    let mut files = Vec::with_capacity(found.len());
    for row in &found {
        files.extend(rows::file_among(row, "f")?);
    }
    let related: bool = first.try_get("related")?;
    let relations = if related { relations(connection, track_id).await? } else { Vec::new() };
    Ok(Some(TrackParts { track, release, files, relations }))
}

/// By one question.
pub(super) async fn release_parts(
    connection: &mut Connection,
    release_id: &str,
) -> Result<Option<(Release, Vec<Track>)>, Fault> {
    let [r, t] = [("r", RELEASE), ("t", TRACK)].map(|(table, of)| rows::columns_of(table, of));
    let sql = format!(
        "SELECT {r}, {t} FROM library_releases r \
         LEFT JOIN library_tracks t ON t.release_id = r.release_id \
         WHERE r.release_id = $1 ORDER BY t.disc, t.number, t.track_id"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(release_id).fetch_all(connection).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let release = rows::release_among(first, "r")?;
    let mut tracks = Vec::with_capacity(found.len());
    for row in &found {
        tracks.extend(rows::track_among(row, "t")?);
    }
    Ok(Some((release, tracks)))
}

pub(super) async fn relations(
    connection: &mut Connection,
    track_id: &str,
) -> Result<Vec<Relation>, Fault> {
    let sql = "SELECT track_id, kind, of_track_id FROM library_relations WHERE track_id = $1 \
         UNION SELECT track_id, kind, of_track_id FROM library_relations WHERE of_track_id = $1 \
         ORDER BY track_id, kind, of_track_id";
    let found = sqlx::query(sql).bind(track_id).fetch_all(connection).await?;
    found.iter().map(rows::relation).collect()
}

pub(super) async fn ids_by_key(
    connection: &mut Connection,
    keyed: Keyed,
    keys: &[String],
) -> Result<BTreeMap<String, String>, Fault> {
    let keys = unique(keys);
    // The word is one of two of our own.
    let column = format!("keyed = '{}' AND match_key", keyed.word());
    let from = ("match_key, id", "library_keys", column.as_str(), "");
    let pair = |row: &Row| Ok((row.try_get("match_key")?, row.try_get("id")?));
    Ok(of_ids(connection, from, &keys, pair).await?.into_iter().collect())
}

pub(super) async fn tracks_with_isrc(
    connection: &mut Connection,
    isrcs: &[String],
) -> Result<Vec<(String, String)>, Fault> {
    let from = ("isrc, track_id", "tracks", "isrc", " ORDER BY isrc, track_id");
    let pair = |row: &Row| Ok((row.try_get("isrc")?, row.try_get("track_id")?));
    of_ids(connection, from, &unique(isrcs), pair).await
}

pub(super) async fn files_at(
    connection: &mut Connection,
    places: &[FilePlace],
) -> Result<Vec<AudioFile>, Fault> {
    let mut of_folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for place in places {
        of_folders.entry(&place.folder_id).or_default().push(place.path.as_str());
    }
    let mut found = Vec::with_capacity(places.len());
    for (folder_id, mut paths) in of_folders {
        paths.sort_unstable();
        paths.dedup();
        for batch in batches(&paths) {
            let wanted = value_placeholders(batch.len());
            let mut folder = String::new();
            push_placeholder(&mut folder, batch.len() + 1);
            let sql = format!(
                "SELECT {FILE} FROM library_files WHERE path IN ({wanted}) AND folder_id = {folder}"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for path in batch {
                query = query.bind(*path);
            }
            for row in &query.bind(folder_id).fetch_all(&mut *connection).await? {
                found.push(rows::file(row)?);
            }
        }
    }
    Ok(found)
}

pub(super) async fn files_after(
    connection: &mut Connection,
    (folder_id, after): (&str, &str),
    limit: u32,
) -> Result<Vec<AudioFile>, Fault> {
    let sql = format!(
        "SELECT {FILE} FROM library_files WHERE folder_id = $1 AND path > $2 ORDER BY path LIMIT $3"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(folder_id).bind(after).bind(i64::from(limit));
    query.fetch_all(connection).await?.iter().map(rows::file).collect()
}

pub(super) async fn files_of_tracks(
    connection: &mut Connection,
    track_ids: &[String],
) -> Result<Vec<AudioFile>, Fault> {
    let from = (FILE, "library_files", "track_id", " ORDER BY track_id, folder_id, path");
    of_ids(connection, from, &unique(track_ids), rows::file).await
}

pub(super) async fn files_with_audio(
    connection: &mut Connection,
    hashes: &[[u8; 32]],
) -> Result<Vec<AudioFile>, Fault> {
    let mut found = Vec::new();
    for batch in batches(hashes) {
        let wanted = value_placeholders(batch.len());
        let sql = format!(
            "SELECT {FILE} FROM library_files WHERE audio_sha256 IN ({wanted}) \
             ORDER BY folder_id, path"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for hash in batch {
            query = query.bind(hash.as_slice());
        }
        for row in &query.fetch_all(&mut *connection).await? {
            found.push(rows::file(row)?);
        }
    }
    Ok(found)
}

pub(super) async fn skipped_after(
    connection: &mut Connection,
    (folder_id, after): (&str, &str),
    limit: u32,
) -> Result<Vec<SkippedFile>, Fault> {
    let sql = "SELECT folder_id, path, bytes, modified_ms, reason FROM library_skipped \
         WHERE folder_id = $1 AND path > $2 ORDER BY path LIMIT $3";
    let query = sqlx::query(sql).bind(folder_id).bind(after).bind(i64::from(limit));
    query.fetch_all(connection).await?.iter().map(rows::skipped).collect()
}

pub(super) async fn scans(
    connection: &mut Connection,
    limit: u32,
) -> Result<Vec<ScanRecord>, Fault> {
    let sql = "SELECT number, folder_id, started_at, ended_at, report_json FROM library_scans \
         ORDER BY number DESC LIMIT $1";
    let found = sqlx::query(sql).bind(i64::from(limit)).fetch_all(connection).await?;
    found.iter().map(rows::scan).collect()
}
