//! What administrators do with the music library: they describe artists, correct tracks, and have folders be scanned.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use ledgerline_app::ports::library::{ArtistEdit, Relation, RelationKind};
use ledgerline_app::scan::ScanError;

use super::library::{id_of, limit, nothing};
use crate::dto::{
    MusicArtistEdit, MusicScan, MusicTrackEdit, MusicUnlicensed, MusicUnlicensedPage,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::{read, read_json_of};
use crate::router::Service;

/// A longer biography is a book.
const BIOGRAPHY_CHARS_MAX: usize = 10_000;
const BIOGRAPHY_BYTES_MAX: usize = 64 << 10;
const PICTURE_BYTES_MAX: usize = 20 << 20;

/// Describes an artist.
#[utoipa::path(
    post,
    path = "/api/v1/artists/{id}",
    operation_id = "editArtist",
    tag = "music",
    params(("id" = String, Path, description = "The artist's id", min_length = 1, max_length = 128)),
    request_body = MusicArtistEdit,
    responses((status = 204, description = "It is described so from now on"))
)]
pub(crate) async fn edit_artist(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    let (head, body) = request.into_parts();
    let read = read_json_of(&service, &head.headers, body, BIOGRAPHY_BYTES_MAX).await?;
    let (MusicArtistEdit { biography }, _) = read;
    if biography.as_ref().is_some_and(|text| text.chars().count() > BIOGRAPHY_CHARS_MAX) {
        let detail = format!("a biography has at most {BIOGRAPHY_CHARS_MAX} characters");
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    edited(&service, id, &ArtistEdit { biography, picture: None }).await
}

/// Gives an artist a picture: JPEG, PNG, WebP or GIF of at most 20 MiB.
#[utoipa::path(
    put,
    path = "/api/v1/artists/{id}/picture",
    operation_id = "putArtistPicture",
    tag = "music",
    params(("id" = String, Path, description = "The artist's id", min_length = 1, max_length = 128)),
    request_body(content(
        (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"), (Vec<u8> = "image/gif"),
    )),
    responses((status = 204, description = "It is shown from now on"))
)]
pub(crate) async fn put_picture(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    let Some(covers) = service.deployment.covers() else { return Err(nothing("picture of", id)) };
    if service.deployment.library().artist(id).await?.is_none() {
        return Err(nothing("artist", id));
    }
    let (head, body) = request.into_parts();
    let held = read(&service, &head.headers, body, PICTURE_BYTES_MAX).await?;
    let picture = covers.keep(held.bytes).await?;
    edited(&service, id, &ArtistEdit { biography: None, picture: Some(picture) }).await
}

/// Takes an artist's picture away: that of its newest album is shown again.
#[utoipa::path(
    delete,
    path = "/api/v1/artists/{id}/picture",
    operation_id = "deleteArtistPicture",
    tag = "music",
    params(("id" = String, Path, description = "The artist's id", min_length = 1, max_length = 128)),
    responses((status = 204, description = "It has none of its own any more"))
)]
pub(crate) async fn delete_picture(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let edit = ArtistEdit { biography: None, picture: Some(String::new()) };
    edited(&service, id_of(&path)?, &edit).await
}

async fn edited(service: &Service, id: &str, edit: &ArtistEdit) -> Result<StatusCode, Problem> {
    match service.deployment.library().edit_artist(id, edit).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(nothing("artist", id)),
    }
}

/// Says whether a track is explicit, above what its tags say.
#[utoipa::path(
    post,
    path = "/api/v1/tracks/{id}",
    operation_id = "editTrack",
    tag = "music",
    params(("id" = String, Path, description = "The track's id, percent-encoded", min_length = 1, max_length = 128)),
    request_body = MusicTrackEdit,
    responses((status = 204, description = "It is so from now on"))
)]
pub(crate) async fn edit_track(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = id_of(&path)?;
    let (head, body) = request.into_parts();
    let edit: MusicTrackEdit =
        crate::request_body::read_json(&service, &head.headers, body).await?;
    match service.deployment.library().say_explicit(id, edit.explicit).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(nothing("track", id)),
    }
}

/// Says what a track is of another: its remix, a cover of it, …
#[utoipa::path(
    put,
    path = "/api/v1/tracks/{id}/relations/{kind}/{other}",
    operation_id = "relateTracks",
    tag = "music",
    params(
        ("id" = String, Path, description = "The track's id, percent-encoded", min_length = 1, max_length = 128),
        ("kind" = String, Path, description = "What it is", pattern = "^(remix|cover|feature|live|remaster|edit)$"),
        ("other" = String, Path, description = "Of which track, percent-encoded", min_length = 1, max_length = 128),
    ),
    responses((status = 204, description = "It is so from now on"))
)]
pub(crate) async fn relate(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    related(&service, &path, query.as_deref(), true).await
}

/// Takes back what was said of two tracks.
#[utoipa::path(
    delete,
    path = "/api/v1/tracks/{id}/relations/{kind}/{other}",
    operation_id = "unrelateTracks",
    tag = "music",
    params(
        ("id" = String, Path, description = "The track's id, percent-encoded", min_length = 1, max_length = 128),
        ("kind" = String, Path, description = "What it was", pattern = "^(remix|cover|feature|live|remaster|edit)$"),
        ("other" = String, Path, description = "Of which track, percent-encoded", min_length = 1, max_length = 128),
    ),
    responses((status = 204, description = "Nothing is said of them any more"))
)]
pub(crate) async fn unrelate(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    related(&service, &path, query.as_deref(), false).await
}

async fn related(
    service: &Service,
    path: &Result<RawPathParams, RawPathParamsRejection>,
    query: Option<&str>,
    there: bool,
) -> Result<StatusCode, Problem> {
    Query::parse(query, &[])?;
    let (track_id, other) = (id_of(path)?, path_value(path, "other")?);
    let Some(kind) = RelationKind::from_word(path_value(path, "kind")?) else {
        let words: Vec<&str> = RelationKind::ALL.iter().map(|kind| kind.word()).collect();
        return Err(Problem::parameter("kind", format!("must be one of {}", words.join(", "))));
    };
    if track_id == other {
        return Err(Problem::parameter("other", "must be another track"));
    }
    let (track_id, of_track_id) = (track_id.to_owned(), other.to_owned());
    let relation = Relation { track_id, kind, of_track_id };
    match service.deployment.library().relate(&relation, there).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(nothing("such two tracks:", &format!("{}, {other}", relation.track_id))),
    }
}

/// Has the music folder be scanned. It goes on behind the answer.
#[utoipa::path(
    post,
    path = "/api/v1/catalog/scan",
    operation_id = "beginScan",
    tag = "music",
    responses((status = 202, description = "It goes on; `GET` says how far it is", body = MusicScan))
)]
pub(crate) async fn begin_scan(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<MusicScan>), Problem> {
    Query::parse(query.as_deref(), &[])?;
    let Some(scanner) = service.deployment.scanner() else { return Err(no_scans()) };
    // The folder that was named last is the one that there is.
    let folders = service.deployment.library().store().music_folders().await?;
    let Some(folder) = folders.into_iter().max_by_key(|folder| folder.added_at) else {
        let detail =
            "no music folder is known yet: start `serve --music DIR`, or run `catalog scan DIR`";
        return Err(Problem::new(Kind::ScanRefused, detail));
    };
    let (progress, _) = scanner.begin(folder).await?;
    Ok((StatusCode::ACCEPTED, Json(MusicScan::from(&*progress))))
}

/// Says how far the scan is that goes on, or how the last one since the server's start ended.
#[utoipa::path(
    get,
    path = "/api/v1/catalog/scan",
    operation_id = "readScan",
    tag = "music",
    responses((status = 200, description = "The scan", body = MusicScan))
)]
pub(crate) async fn read_scan(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<MusicScan>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let progress = service.deployment.scanner().and_then(|scanner| scanner.progress());
    let progress = progress.ok_or_else(no_scans)?;
    Ok(Json(MusicScan::from(&*progress)))
}

/// Lists tracks that are there to be heard and whose plays nobody would be paid for: the catalogue of rights knows
/// nobody who holds their master right.
#[utoipa::path(
    get,
    path = "/api/v1/catalog/unlicensed",
    operation_id = "listUnlicensed",
    tag = "music",
    params(
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses((status = 200, description = "A page of tracks", body = MusicUnlicensedPage))
)]
pub(crate) async fn unlicensed(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<MusicUnlicensedPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let after = query.get("after").unwrap_or_default();
    if after.len() > 128 {
        return Err(Problem::parameter("after", "must be the `next` of an earlier page"));
    }
    let page = service.deployment.unlicensed(after, limit(&query)?).await?;
    let items = page.tracks.iter().map(MusicUnlicensed::from).collect();
    Ok(Json(MusicUnlicensedPage { items, next: page.next }))
}

fn no_scans() -> Problem {
    Problem::new(Kind::NotInCatalogue, "nothing was scanned since the server's start")
}

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Store(error) => error.into(),
            ScanError::Catalogue(_) => Self::internal(&error),
            ScanError::Busy | ScanError::Folder { .. } | ScanError::Stopped => {
                Self::new(Kind::ScanRefused, error.to_string())
            }
        }
    }
}
