//! Playlists.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::collection::playlists::{AddItem, EditRequest};
use ledgerline_app::ports::collection::PlaylistChange;
use ledgerline_app::ports::library::Cursor;
use ledgerline_playlist::To;
use serde::de::DeserializeOwned;

use super::collection::{cursor, kept_cursor, kept_next, own, tag_of, version_of};
use super::library::{id_of, limit, written};
use crate::dto::{
    AddPlaylistItemsRequest, AddPlaylistRequest, ChangePlaylistRequest, MovePlaylistItemsRequest,
    Playlist, PlaylistEdited, PlaylistItem, PlaylistItemPage, PlaylistPage,
    RemovePlaylistItemsRequest,
};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::request_body::{one_value, read_json_of};
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;
type Who = Extension<Arc<Caller>>;
type Tag = [(HeaderName, HeaderValue); 1];

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Five hundred items, or a description, and more.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Lists one's own playlists, what was made last first.
#[utoipa::path(
    get,
    path = "/api/v1/me/playlists",
    operation_id = "listMyPlaylists",
    tag = "collection",
    params(
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses((status = 200, description = "A page of playlists", body = PlaylistPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<PlaylistPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let (limit, after) = (limit(&query)?, kept_cursor(&query)?);
    let collection = service.deployment.collection();
    let found = collection.playlists_of(own(&caller)?, after.as_ref(), limit).await?;
    let last = found.last().filter(|_| found.len() == limit as usize);
    let next = last.map(|last| {
        let made = &last.playlist.made;
        kept_next(made.created_at, &made.playlist_id)
    });
    Ok(Json(PlaylistPage { items: found.iter().map(Playlist::from).collect(), next }))
}

/// Makes a playlist, without items.
///
/// With an `Idempotency-Key`, however often it is sent, one is made. An account has at most 1 000.
#[utoipa::path(
    post,
    path = "/api/v1/playlists",
    operation_id = "addPlaylist",
    tag = "collection",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable characters of ASCII")),
    request_body = AddPlaylistRequest,
    responses((status = 201, description = "The playlist", body = Playlist, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn add(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<(StatusCode, Tag, Json<Playlist>), Problem> {
    let own = own(&caller)?;
    let (headers, request): (_, AddPlaylistRequest) = read(&service, request).await?;
    let key = idempotency_key(&headers)?;
    let AddPlaylistRequest { name, description, public } = request;
    let collection = service.deployment.collection();
    let made = collection.add_playlist(own, (name, description, public), key).await?;
    let tag = [tag_of(made.playlist.version)];
    Ok((StatusCode::CREATED, tag, Json(Playlist::from(&made))))
}

/// Shows a playlist, without its items: one's own, or one that is public.
#[utoipa::path(
    get,
    path = "/api/v1/playlists/{id}",
    operation_id = "readPlaylist",
    tag = "collection",
    params(("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The playlist", body = Playlist, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn show(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<(Tag, Json<Playlist>), Problem> {
    Query::parse(query.as_deref(), &[])?;
    let shown = service.deployment.collection().playlist(caller.listener(), id_of(&path)?).await?;
    Ok(([tag_of(shown.playlist.version)], Json(Playlist::from(&shown))))
}

/// Renames a playlist of one's own, describes it, or says who may read it.
#[utoipa::path(
    patch,
    path = "/api/v1/playlists/{id}",
    operation_id = "changePlaylist",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("If-Match" = Option<String>, Header, description = "The version that is to be changed; 409 where it has another one by now"),
    ),
    request_body = ChangePlaylistRequest,
    responses((status = 200, description = "The playlist as it is now", body = Playlist, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn change(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    request: Request,
) -> Result<(Tag, Json<Playlist>), Problem> {
    let (own, id) = (own(&caller)?, id_of(&path)?);
    let (headers, request): (_, ChangePlaylistRequest) = read(&service, request).await?;
    let ChangePlaylistRequest { name, description, public } = request;
    let change = PlaylistChange { name, description, public };
    let at = (id, version_of(&headers)?);
    let shown = service.deployment.collection().change_playlist(own, at, change).await?;
    Ok(([tag_of(shown.playlist.version)], Json(Playlist::from(&shown))))
}

/// Deletes a playlist of one's own.
#[utoipa::path(
    delete,
    path = "/api/v1/playlists/{id}",
    operation_id = "deletePlaylist",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("If-Match" = Option<String>, Header, description = "The version that is to be deleted; 409 where it has another one by now"),
    ),
    responses((status = 204, description = "It is deleted"))
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let at = (id_of(&path)?, version_of(&headers)?);
    service.deployment.collection().delete_playlist(own(&caller)?, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the items of a playlist, in their order: of one's own, or of one that is public.
#[utoipa::path(
    get,
    path = "/api/v1/playlists/{id}/items",
    operation_id = "listPlaylistItems",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses((status = 200, description = "A page of items", body = PlaylistItemPage, headers(("ETag" = String, description = "The playlist's version"))))
)]
pub(crate) async fn items(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<(Tag, Json<PlaylistItemPage>), Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let limit = limit(&query)?;
    let after = cursor(&query, |cursor| Some((cursor.key.parse().ok()?, cursor.id)))?;
    let page = (after.as_ref(), limit);
    let collection = service.deployment.collection();
    let (version, found) = collection.items(caller.listener(), id_of(&path)?, page).await?;
    let last = found.last().filter(|_| found.len() == limit as usize);
    let next = last.map(|last| {
        let item = &last.item.item;
        written(&Cursor { key: item.place.to_string(), id: item.item_id.clone() })
    });
    let items = found.iter().map(PlaylistItem::from).collect();
    Ok(([tag_of(version)], Json(PlaylistItemPage { version, items, next })))
}

/// Adds tracks to a playlist of one's own, side by side.
///
/// However often it is sent, each item is added once: where the client chose the items' ids, or sends the same
/// `Idempotency-Key` again. Without either, sending it again adds the tracks again. A playlist has at most
/// 10 000 items.
#[utoipa::path(
    post,
    path = "/api/v1/playlists/{id}/items",
    operation_id = "addPlaylistItems",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable characters of ASCII"),
        ("If-Match" = Option<String>, Header, description = "The version that is to be changed; 409 where it has another one by now"),
    ),
    request_body = AddPlaylistItemsRequest,
    responses((status = 200, description = "How the playlist stands now", body = PlaylistEdited, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn add_items(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    request: Request,
) -> Result<(Tag, Json<PlaylistEdited>), Problem> {
    let (headers, request): (_, AddPlaylistItemsRequest) = read(&service, request).await?;
    let AddPlaylistItemsRequest { items, before, after } = request;
    let items = items.into_iter();
    let items = items.map(|item| AddItem { track_id: item.track_id, item_id: item.item_id });
    let key = idempotency_key(&headers)?.map(str::to_owned);
    let edit = EditRequest::Add { items: items.collect(), to: to(before, after)?, key };
    edited(&service, &caller, &path, &headers, edit).await
}

/// Takes items out of a playlist of one's own.
#[utoipa::path(
    post,
    path = "/api/v1/playlists/{id}/items/removal",
    operation_id = "removePlaylistItems",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("If-Match" = Option<String>, Header, description = "The version that is to be changed; 409 where it has another one by now"),
    ),
    request_body = RemovePlaylistItemsRequest,
    responses((status = 200, description = "How the playlist stands now", body = PlaylistEdited, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn remove_items(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    request: Request,
) -> Result<(Tag, Json<PlaylistEdited>), Problem> {
    let (headers, request): (_, RemovePlaylistItemsRequest) = read(&service, request).await?;
    let edit = EditRequest::Remove { item_ids: request.item_ids };
    edited(&service, &caller, &path, &headers, edit).await
}

/// Puts items of a playlist of one's own elsewhere in it.
#[utoipa::path(
    post,
    path = "/api/v1/playlists/{id}/items/move",
    operation_id = "movePlaylistItems",
    tag = "collection",
    params(
        ("id" = String, Path, description = "The playlist's id", min_length = 1, max_length = 128),
        ("If-Match" = Option<String>, Header, description = "The version that is to be changed; 409 where it has another one by now"),
    ),
    request_body = MovePlaylistItemsRequest,
    responses((status = 200, description = "How the playlist stands now", body = PlaylistEdited, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn move_items(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    request: Request,
) -> Result<(Tag, Json<PlaylistEdited>), Problem> {
    let (headers, request): (_, MovePlaylistItemsRequest) = read(&service, request).await?;
    let MovePlaylistItemsRequest { item_ids, before, after } = request;
    let edit = EditRequest::Move { item_ids, to: to(before, after)? };
    edited(&service, &caller, &path, &headers, edit).await
}

async fn edited(
    service: &Service,
    caller: &Caller,
    path: &Path,
    headers: &HeaderMap,
    edit: EditRequest,
) -> Result<(Tag, Json<PlaylistEdited>), Problem> {
    let at = (id_of(path)?, version_of(headers)?);
    let collection = service.deployment.collection();
    let (playlist, item_ids) = collection.edit_items(own(caller)?, at, edit).await?;
    let edited = PlaylistEdited { version: playlist.version, item_count: playlist.items, item_ids };
    Ok(([tag_of(playlist.version)], Json(edited)))
}

async fn read<T: DeserializeOwned>(
    service: &Service,
    request: Request,
) -> Result<(HeaderMap, T), Problem> {
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let (read, _) = read_json_of(service, &head.headers, body, BODY_BYTES_MAX).await?;
    Ok((head.headers, read))
}

fn to(before: Option<String>, after: Option<String>) -> Result<To, Problem> {
    match (before, after) {
        (None, None) => Ok(To::End),
        (Some(item_id), None) => Ok(To::Before(item_id)),
        (None, Some(item_id)) => Ok(To::After(item_id)),
        (Some(_), Some(_)) => Err(Problem::new(
            crate::problem::Kind::InvalidRequest,
            "name one item to stand beside: before or after",
        )),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(None);
    }
    let key = one_value(headers, &IDEMPOTENCY_KEY).filter(|key| {
        (1..=128).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    });
    let wrong =
        || Problem::parameter("Idempotency-Key", "must be 1 to 128 printable characters of ASCII");
    key.map(Some).ok_or_else(wrong)
}
