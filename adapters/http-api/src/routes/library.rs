//! The music library: artists, albums, tracks, genres, covers.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use ledgerline_app::covers::{self, CoverError};
use ledgerline_app::ports::library::{Cursor, Part, ReleaseList};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

use crate::dto::{
    MusicAlbum, MusicAlbumPage, MusicAlbumSummary, MusicArtist, MusicArtistPage, MusicGenre,
    MusicGenrePage, MusicTrack,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::one_value;
use crate::router::Service;

/// The most items of a page, and how many one has where nothing is said.
const PAGE_MAX: u32 = 200;
const PAGE_DEFAULT: u32 = 50;
/// An id, a genre or a place to go on from is never longer.
const TEXT_BYTES_MAX: usize = 1_000;

/// Whoever asks again says what it has; most often that is what there is.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What is under the id of a picture never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Shows a track, also one whose files are missing.
#[utoipa::path(
    get,
    path = "/api/v1/tracks/{id}",
    operation_id = "readTrack",
    tag = "music",
    params(("id" = String, Path, description = "The track's id, percent-encoded", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The track", body = MusicTrack),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn track(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    match service.deployment.library().track(id).await? {
        Some(track) => answer(&headers, &MusicTrack::from(&*track)),
        None => Err(nothing("track", id)),
    }
}

/// Lists artists that are credited on anything that is there to be heard, by the names that they are sorted by.
#[utoipa::path(
    get,
    path = "/api/v1/artists",
    operation_id = "listArtists",
    tag = "music",
    params(
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses(
        (status = 200, description = "A page of artists", body = MusicArtistPage),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn artists(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let (limit, after) = page(&query)?;
    let found = service.deployment.library().artists(after.as_ref(), limit).await?;
    let more = found.len() == limit as usize;
    let cursor = found.last().filter(|_| more).map(|page| {
        let artist = &page.artist;
        written(&Cursor { key: artist.sort_key(), id: artist.id.clone() })
    });
    let items = found.iter().map(MusicArtist::from).collect();
    answer(&headers, &MusicArtistPage { items, next: cursor })
}

/// Shows an artist.
#[utoipa::path(
    get,
    path = "/api/v1/artists/{id}",
    operation_id = "readArtist",
    tag = "music",
    params(("id" = String, Path, description = "The artist's id", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The artist", body = MusicArtist),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn artist(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    match service.deployment.library().artist(id).await? {
        Some(artist) => {
            let followers = Some(service.deployment.collection().followers(id).await?);
            answer(&headers, &MusicArtist { followers, ..MusicArtist::from(&*artist) })
        }
        None => Err(nothing("artist", id)),
    }
}

/// Lists the albums on which an artist has a part, the ones that came out last first.
#[utoipa::path(
    get,
    path = "/api/v1/artists/{id}/albums",
    operation_id = "listArtistAlbums",
    tag = "music",
    params(
        ("id" = String, Path, description = "The artist's id", min_length = 1, max_length = 128),
        ("part" = Option<String>, Query, description = "`own` albums (if absent), those with it as a `guest`, or with another `credit`", pattern = "^(own|guest|credit)$", nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses(
        (status = 200, description = "A page of albums", body = MusicAlbumPage),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn artist_albums(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["part", "after", "limit"])?;
    let id = id_of(&path)?;
    let part = Part::from_word(query.get("part").unwrap_or("own"));
    let part = part.ok_or_else(|| Problem::parameter("part", "must be own, guest or credit"))?;
    if service.deployment.library().artist(id).await?.is_none() {
        return Err(nothing("artist", id));
    }
    albums_of(&service, &query, &ReleaseList::OfArtist(id.to_owned(), part), &headers).await
}

/// Lists albums of which anything is there to be heard.
#[utoipa::path(
    get,
    path = "/api/v1/albums",
    operation_id = "listAlbums",
    tag = "music",
    params(
        ("order" = Option<String>, Query, description = "`newest` first (if absent), `added` last first, or by `title`", pattern = "^(newest|added|title)$", nullable = false),
        ("genre" = Option<String>, Query, description = "The key of a genre; then the newest are first", nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses(
        (status = 200, description = "A page of albums", body = MusicAlbumPage),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn albums(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["order", "genre", "after", "limit"])?;
    let list = match (query.get("genre"), query.get("order")) {
        (Some(_), Some(order)) if order != "newest" => {
            return Err(Problem::parameter("order", "must be newest where a genre is asked for"));
        }
        (Some(genre), _) if genre.len() > TEXT_BYTES_MAX => {
            return Err(Problem::parameter("genre", "is too long"));
        }
        (Some(genre), _) => ReleaseList::OfGenre(genre.to_owned()),
        (None, None | Some("newest")) => ReleaseList::Newest,
        (None, Some("added")) => ReleaseList::RecentlyAdded,
        (None, Some("title")) => ReleaseList::ByTitle,
        (None, Some(_)) => {
            return Err(Problem::parameter("order", "must be newest, added or title"));
        }
    };
    albums_of(&service, &query, &list, &headers).await
}

async fn albums_of(
    service: &Service,
    query: &Query,
    list: &ReleaseList,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (limit, after) = page(query)?;
    let is_number = |key: &str| key.parse::<i64>().is_ok();
    if *list == ReleaseList::RecentlyAdded
        && after.as_ref().is_some_and(|after| !is_number(&after.key))
    {
        return Err(Problem::parameter("after", "must be the `next` of an earlier page"));
    }
    let found = service.deployment.library().releases(list, after.as_ref(), limit).await?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|last| written(&list.cursor(last)));
    let items = found.iter().map(MusicAlbumSummary::from).collect();
    answer(headers, &MusicAlbumPage { items, next })
}

/// Shows an album with its tracks.
#[utoipa::path(
    get,
    path = "/api/v1/albums/{id}",
    operation_id = "readAlbum",
    tag = "music",
    params(("id" = String, Path, description = "The album's id", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The album", body = MusicAlbum),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn album(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    match service.deployment.library().release(id).await? {
        Some(album) => answer(&headers, &MusicAlbum::from(&*album)),
        None => Err(nothing("album", id)),
    }
}

/// Lists genres of which anything is there to be heard, by their keys.
#[utoipa::path(
    get,
    path = "/api/v1/genres",
    operation_id = "listGenres",
    tag = "music",
    params(
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses(
        (status = 200, description = "A page of genres", body = MusicGenrePage),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn genres(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let after = query.get("after").unwrap_or_default();
    if after.len() > TEXT_BYTES_MAX {
        return Err(Problem::parameter("after", "must be the `next` of an earlier page"));
    }
    let limit = limit(&query)?;
    let found = service.deployment.library().genres(after, limit).await?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|last| last.key.clone());
    let items = found.iter().map(MusicGenre::from).collect();
    answer(&headers, &MusicGenrePage { items, next })
}

/// Sends a picture: the cover of an album, or the picture of an artist.
///
/// With a size, as JPEG that fits into a square of at least so many pixels, where the picture has as many;
/// without, as it came.
#[utoipa::path(
    get,
    path = "/api/v1/covers/{id}",
    operation_id = "readCover",
    tag = "music",
    params(
        ("id" = String, Path, description = "The picture's id", pattern = "^[0-9a-f]{40}$"),
        ("size" = Option<u32>, Query, description = "The edge of the square in pixels", minimum = 1, maximum = 4096, nullable = false),
    ),
    responses(
        (status = 200, description = "The picture", content(
            (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"), (Vec<u8> = "image/gif"),
        )),
        (status = 304, description = "It is as the `ETag` of `If-None-Match` says"),
    )
)]
pub(crate) async fn cover(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["size"])?;
    let id = id_of(&path)?;
    let edge = match query.get("size").map(str::parse::<u32>) {
        None => None,
        Some(Ok(edge)) if (1..=4096).contains(&edge) => Some(edge),
        Some(_) => return Err(Problem::parameter("size", "must be 1 to 4096")),
    };
    if !covers::is_id(id) {
        return Err(Problem::parameter("id", "must be 40 hex digits"));
    }
    let Some(covers) = service.deployment.covers() else { return Err(nothing("picture", id)) };
    let tag = format!("\"{id}-{}\"", edge.unwrap_or(0));
    if is_known(&headers, &tag) {
        return Ok(unchanged(&tag, FOR_EVER));
    }
    let Some(cover) = covers.cover(id, edge).await? else { return Err(nothing("picture", id)) };
    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static(cover.media_type)),
        (header::CACHE_CONTROL, FOR_EVER),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((told, cover.bytes.clone()).into_response())
}

impl From<CoverError> for Problem {
    fn from(error: CoverError) -> Self {
        match error {
            CoverError::Unusable(why) => Self::new(Kind::InvalidRequest, why.0),
            CoverError::BrokenOff => Self::internal(&error),
            CoverError::Blobs(error) => {
                tracing::error!(%error, "a picture can't be had or kept");
                Self::passing(Kind::StoreUnavailable, "pictures can't be had or kept now", 30)
            }
        }
    }
}

/// The answer as JSON with its `ETag`, or that it is as whoever asks has it.
fn answer(headers: &HeaderMap, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(&body)[..12] {
        // Writing to a string can't fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    if is_known(headers, &tag) {
        return Ok(unchanged(&tag, ASK_AGAIN));
    }
    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, ASK_AGAIN),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    Ok((told, body).into_response())
}

fn unchanged(tag: &str, keep: HeaderValue) -> Response {
    let tag = HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""));
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag), (header::CACHE_CONTROL, keep)]).into_response()
}

/// Whether whoever asks has this already (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = one_value(headers, &header::IF_NONE_MATCH).unwrap_or_default();
    known.split(',').map(|it| it.trim().trim_start_matches("W/")).any(|it| it == tag || it == "*")
}

/// The id that a path names.
pub(super) fn id_of(path: &Result<RawPathParams, RawPathParamsRejection>) -> Result<&str, Problem> {
    let id = path_value(path, "id")?;
    if id.is_empty() || id.len() > 128 || id.chars().any(char::is_control) {
        return Err(Problem::parameter("id", "must be an id of at most 128 bytes"));
    }
    Ok(id)
}

pub(super) fn nothing(what: &str, id: &str) -> Problem {
    Problem::new(Kind::NotInCatalogue, format!("the library has no {what} {id:?}"))
}

pub(super) fn limit(query: &Query) -> Result<u32, Problem> {
    match query.get("limit").map(str::parse) {
        None => Ok(PAGE_DEFAULT),
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::parameter("limit", format!("must be 1 to {PAGE_MAX}"))),
    }
}

fn page(query: &Query) -> Result<(u32, Option<Cursor>), Problem> {
    let wrong = || Problem::parameter("after", "must be the `next` of an earlier page");
    let after = query.get("after").map(|text| read(text).ok_or_else(wrong)).transpose()?;
    Ok((limit(query)?, after))
}

/// A place to go on from, as text that is fit for URLs: the id, and the key in hex digits.
pub(super) fn written(cursor: &Cursor) -> String {
    let mut text = format!("{}.", cursor.id);
    for byte in cursor.key.bytes() {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(super) fn read(text: &str) -> Option<Cursor> {
    let (id, hex) = text.rsplit_once('.').filter(|_| text.len() <= 4 * TEXT_BYTES_MAX)?;
    let hex = hex.as_bytes();
    let pairs = hex.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let key: Vec<u8> = pairs.map(byte).collect::<Option<_>>()?;
    Some(Cursor { key: String::from_utf8(key).ok()?, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_go_on_from_come_back() {
        for (key, id) in [("", "al-1"), ("zoë ☺", "al-2.3"), ("2026-10-31", "x")] {
            let cursor = Cursor { key: key.to_owned(), id: id.to_owned() };
            assert_eq!(read(&written(&cursor)), Some(cursor));
        }
        for wrong in ["", "x", "x.0", "x.zz", "x.ff", "x.é"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let known = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            is_known(&headers, "\"a\"")
        };
        assert!(known("\"a\"") && known("W/\"a\"") && known("\"b\", \"a\"") && known("*"));
        assert!(!known("\"b\"") && !known("a") && !known(""));
    }
}
