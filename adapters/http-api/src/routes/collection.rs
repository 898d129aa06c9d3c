//! What listeners saved, and what they heard lately.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::access::accounts::{AccountError, Listener};
use ledgerline_app::collection::CollectionError;
use ledgerline_app::history::HeardCursor;
use ledgerline_app::ports::collection::{KeptCursor, SavedKind};
use ledgerline_app::ports::library::Cursor;
use ledgerline_ids::UnixMs;
use ledgerline_records::play::PlayAddress;

use super::library::{id_of, limit, read, written};
use crate::dto::{RecentPlay, RecentPlayPage, SavedIds, SavedItem, SavedPage};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::{one_value, read_json_of};
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;
type Who = Extension<Arc<Caller>>;

/// A hundred ids of 128 bytes, each of which JSON may write as six, and more.
const LOOKUP_BYTES_MAX: usize = 128 * 1024;

/// Lists what one saved of a kind, what was saved last first.
#[utoipa::path(
    get,
    path = "/api/v1/me/saved/{kind}",
    operation_id = "listSaved",
    tag = "collection",
    params(
        ("kind" = String, Path, description = "`tracks`, `albums` or `artists`", pattern = "^(tracks|albums|artists)$"),
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses((status = 200, description = "A page of what is saved", body = SavedPage))
)]
pub(crate) async fn saved(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<SavedPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let (kind, limit, after) = (kind_of(&path)?, limit(&query)?, kept_cursor(&query)?);
    let collection = service.deployment.collection();
    let (found, total) = collection.saved(own(&caller)?, kind, after.as_ref(), limit).await?;
    let last = found.last().filter(|_| found.len() == limit as usize);
    let next = last.map(|last| kept_next(last.saved.saved_at, &last.saved.id));
    let items = found.iter().map(SavedItem::from).collect();
    Ok(Json(SavedPage { items, total, next }))
}

/// Saves a track, an album or an artist.
///
/// Whoever saves a track likes it; whoever saves an artist follows it. What is saved already stays as it is.
/// An account has at most 50 000 of a kind.
#[utoipa::path(
    put,
    path = "/api/v1/me/saved/{kind}/{id}",
    operation_id = "save",
    tag = "collection",
    params(
        ("kind" = String, Path, description = "`tracks`, `albums` or `artists`", pattern = "^(tracks|albums|artists)$"),
        ("id" = String, Path, description = "Its id, percent-encoded", min_length = 1, max_length = 128),
    ),
    responses((status = 204, description = "It is saved"))
)]
pub(crate) async fn save(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let (kind, id) = (kind_of(&path)?, id_of(&path)?);
    service.deployment.collection().save(own(&caller)?, kind, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Saves a track, an album or an artist no more. What isn't saved stays so.
#[utoipa::path(
    delete,
    path = "/api/v1/me/saved/{kind}/{id}",
    operation_id = "unsave",
    tag = "collection",
    params(
        ("kind" = String, Path, description = "`tracks`, `albums` or `artists`", pattern = "^(tracks|albums|artists)$"),
        ("id" = String, Path, description = "Its id, percent-encoded", min_length = 1, max_length = 128),
    ),
    responses((status = 204, description = "It isn't saved"))
)]
pub(crate) async fn unsave(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let (kind, id) = (kind_of(&path)?, id_of(&path)?);
    service.deployment.collection().unsave(own(&caller)?, kind, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which of up to 100 tracks, albums and artists one has saved.
#[utoipa::path(
    post,
    path = "/api/v1/me/saved/lookup",
    operation_id = "lookUpSaved",
    tag = "collection",
    request_body = SavedIds,
    responses((status = 200, description = "Those that are saved, in the order in which they were asked for", body = SavedIds))
)]
pub(crate) async fn look_up(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<Json<SavedIds>, Problem> {
    let (head, body) = request.into_parts();
    let own = own(&caller)?;
    let (asked, _): (SavedIds, _) =
        read_json_of(&service, &head.headers, body, LOOKUP_BYTES_MAX).await?;
    let collection = service.deployment.collection();
    let among = [
        (SavedKind::Track, asked.tracks),
        (SavedKind::Release, asked.albums),
        (SavedKind::Artist, asked.artists),
    ];
    let [tracks, albums, artists] = collection.saved_among(own, among).await?;
    Ok(Json(SavedIds { tracks, albums, artists }))
}

/// Lists what one heard in the last 90 days, what began last first.
///
/// It is read from one's own plays as they were counted: those that sounded for long enough to count, whatever
/// became of them. What was reported just now comes within a moment.
#[utoipa::path(
    get,
    path = "/api/v1/me/recently-played",
    operation_id = "listRecentlyPlayed",
    tag = "collection",
    params(
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", nullable = false),
        ("limit" = Option<u32>, Query, description = "How many; 50 if absent", minimum = 1, maximum = 200, nullable = false),
    ),
    responses((status = 200, description = "A page of plays", body = RecentPlayPage))
)]
pub(crate) async fn recently_played(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<RecentPlayPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["after", "limit"])?;
    let limit = limit(&query)?;
    let after = cursor(&query, |cursor| {
        let address = PlayAddress(cursor.id.parse().ok()?);
        Some(HeardCursor { started_at: instant(&cursor.key)?, address })
    })?;
    let own = own(&caller)?;
    let (heard, next) = service.deployment.recently_played(own, after, limit as usize).await?;
    let next = next.map(|next| {
        let key = next.started_at.get().to_string();
        written(&Cursor { key, id: next.address.0.to_string() })
    });
    let items = service.deployment.collection().with_lines(heard, |heard| &heard.track_id).await?;
    Ok(Json(RecentPlayPage { items: items.iter().map(RecentPlay::from).collect(), next }))
}

/// Whose things are asked for. A key has no account, and nothing of its own.
pub(super) fn own(caller: &Caller) -> Result<&Listener, Problem> {
    Ok(caller.listener().ok_or(AccountError::NoAccount)?)
}

fn kind_of(path: &Path) -> Result<SavedKind, Problem> {
    let wrong = || Problem::parameter("kind", "must be tracks, albums or artists");
    SavedKind::from_word(path_value(path, "kind")?).ok_or_else(wrong)
}

/// Where a page goes on, by what its cursor means.
pub(super) fn cursor<C>(
    query: &Query,
    of: impl FnOnce(Cursor) -> Option<C>,
) -> Result<Option<C>, Problem> {
    let Some(text) = query.get("after") else { return Ok(None) };
    let wrong = || Problem::parameter("after", "must be the `next` of an earlier page");
    read(text).and_then(of).map(Some).ok_or_else(wrong)
}

pub(super) fn kept_cursor(query: &Query) -> Result<Option<KeptCursor>, Problem> {
    cursor(query, |cursor| Some((instant(&cursor.key)?, cursor.id)))
}

pub(super) fn kept_next(at: UnixMs, id: &str) -> String {
    written(&Cursor { key: at.get().to_string(), id: id.to_owned() })
}

fn instant(millis: &str) -> Option<UnixMs> {
    UnixMs::new(millis.parse().ok()?).ok()
}

/// The version that a change is of, where it says so: `If-Match` with an `ETag` that was given out.
pub(super) fn version_of(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let text = one_value(headers, &header::IF_MATCH).unwrap_or_default().trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match quoted.unwrap_or(text).parse() {
        Ok(version) => Ok(Some(version)),
        Err(_) if text == "*" => Ok(None),
        Err(_) => Err(Problem::parameter("If-Match", "must be one version, such as \"7\"")),
    }
}

pub(super) fn tag_of(version: u64) -> (header::HeaderName, HeaderValue) {
    let tag = HeaderValue::from_str(&format!("\"{version}\""));
    (header::ETAG, tag.unwrap_or(HeaderValue::from_static("\"0\"")))
}

impl From<CollectionError> for Problem {
    fn from(error: CollectionError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            CollectionError::Store(error) => return error.into(),
            CollectionError::Stale(version) => {
                let (name, tag) = tag_of(version);
                return Self::new(Kind::VersionConflict, detail).with_header(name, tag);
            }
            CollectionError::NoAccount => Kind::AccountNotFound,
            CollectionError::NotInLibrary(..) => Kind::NotInCatalogue,
            CollectionError::NoPlaylist => Kind::PlaylistNotFound,
            CollectionError::NoQueueItem => Kind::NotOfAccount,
            CollectionError::ItemNotThere(_) => Kind::ItemNotThere,
            CollectionError::ItemTaken(_) => Kind::ItemTaken,
            CollectionError::Full { .. } => Kind::CollectionFull,
            CollectionError::Invalid(_) => Kind::InvalidRequest,
        };
        Self::new(kind, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let version = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
            version_of(&headers).ok()
        };
        assert_eq!(version("\"7\""), Some(Some(7)));
        assert_eq!(version("7"), Some(Some(7)));
        assert_eq!(version("*"), Some(None));
        for wrong in ["", "\"x\"", "\"7\", \"8\"", "-1", "W/\"7\""] {
            assert_eq!(version(wrong), None, "{wrong}");
        }
        assert_eq!(version_of(&HeaderMap::new()).ok(), Some(None));
    }
}
