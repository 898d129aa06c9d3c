//! The control socket: how other commands reach the process that has the data folder.
//!
//! It serves the whole API without a key, for whoever may open the socket (mode 0600), and
//! besides what only the operator does: keys, catalogue, backfills, postings to the ledger. What
//! changes something is noted in the audit log, as the operator's.

mod advances;
pub mod archive;
mod auditing;
mod delivery;
mod ingest;
mod ledger;
mod music;
pub mod nodes;
pub mod papers;
mod sheets;

use axum::extract::{DefaultBodyLimit, Path as PathParam, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router, body::Bytes};
use ledgerline_app::Deployment;
use ledgerline_app::access::{KeyError, KeyRequest};
use ledgerline_app::intake::IntakeError;
use ledgerline_app::ports::{CatalogueTrack, Scope};
use ledgerline_app::privacy::Introduced;
use ledgerline_ids::UnixMs;
use ledgerline_local_disk::SystemRandom;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auditing::Object;

use crate::feed::{self, FeedClock, Staged};

mod privacy;

/// The most bytes of a chunk of a backfill.
const CHUNK_BYTES_MAX: usize = 64 << 20;

/// Where the socket of a data folder is.
#[must_use]
pub fn socket_path(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// All that the control socket serves.
pub fn router(deployment: Arc<Deployment>) -> Router {
    let operator = Router::new()
        .route("/control/v1/settle", post(settle))
        .route("/control/v1/applied", get(nodes::applied))
        .route("/control/v1/ownership", get(nodes::ownership))
        .route("/control/v1/stored-counts", get(nodes::stored_counts))
        .route("/control/v1/feed", post(take_feed))
        .route("/control/v1/keys", get(list_keys).post(create_key))
        .route("/control/v1/keys/{id}/revoke", post(revoke_key))
        .route("/control/v1/sources/pseudonymise", post(privacy::pseudonymise))
        .route("/control/v1/privacy/erasures", get(privacy::erasures))
        .route("/control/v1/catalogue/tracks", post(import_tracks))
        .route("/control/v1/catalogue/devices", post(list_devices))
        .route("/control/v1/music/scan", post(music::scan))
        .route("/control/v1/ledger/entries", post(ledger::post_entries))
        .route("/control/v1/ledger/head-file", post(ledger::renew_head_file))
        .route("/control/v1/royalty/progress", get(close_progress))
        .layer(DefaultBodyLimit::max(CHUNK_BYTES_MAX))
        .merge(sheets::routes().merge(papers::routes()).merge(advances::routes()))
        .merge(archive::routes().merge(delivery::routes()));
    let operator = auditing::noting(operator, &deployment).with_state(deployment.clone());
    let music = deployment.ingest().cloned().map(ingest::routes).unwrap_or_default();
    ledgerline_http_api::control_router(deployment).merge(operator).merge(music)
}

fn refused(status: StatusCode, detail: &dyn std::fmt::Display) -> Response {
    (status, Json(json!({ "status": status.as_u16(), "detail": detail.to_string() })))
        .into_response()
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    refused(StatusCode::INTERNAL_SERVER_ERROR, error)
}

/// How far the close that goes on is.
async fn close_progress(State(deployment): State<Arc<Deployment>>) -> Response {
    let (doing, done, of) = deployment.money().closes().progress().now();
    Json(json!({ "doing": doing, "done": done, "of": of })).into_response()
}

#[derive(Deserialize)]
struct SettleQuery {
    #[serde(default)]
    tick: bool,
}

async fn settle(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<SettleQuery>,
) -> Response {
    match deployment.settle(query.tick).await {
        Ok(()) => Json(json!({ "settled": true })).into_response(),
        Err(error) => failed(&error),
    }
}

/// What a chunk of a file is sent with.
#[derive(Debug, Serialize, Deserialize)]
pub struct FeedQuery {
    /// The source that the reports are stamped with.
    pub source: String,
    /// `receive` or `event`.
    pub clock: String,
    /// The receive time of the line before, in milliseconds.
    #[serde(default)]
    pub previous: u64,
}

async fn take_feed(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<FeedQuery>,
    body: Bytes,
) -> Response {
    let clock = match query.clock.as_str() {
        "receive" => FeedClock::Receive,
        "event" => FeedClock::Event,
        _ => return refused(StatusCode::BAD_REQUEST, &"clock is receive or event"),
    };
    let origin = match feed::origin(&query.source, clock) {
        Ok(origin) => origin,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    let previous = UnixMs::new(query.previous).unwrap_or_default();
    let mut introduced = Introduced::default();
    let (queued, summary) = loop {
        // Decoding megabytes would keep other requests waiting.
        let staged = tokio::task::block_in_place(|| {
            let who = (&origin, &introduced);
            let staged = feed::stage(deployment.intake(), who, clock, &body, &|| previous);
            if staged.batch.has_unknown() {
                return Err(staged.batch.unknown());
            }
            let summary = summary_of(&staged);
            Ok((staged.batch.queue(), summary))
        });
        match staged {
            Ok(staged) => break staged,
            Err(users) => {
                let intake = deployment.intake();
                if let Err(error) = intake.introduce(&origin, users, &mut introduced).await {
                    return refused(StatusCode::SERVICE_UNAVAILABLE, &error);
                }
            }
        }
    };
    let durable = match queued {
        Ok(queued) => queued.durable().await,
        Err(error) => Err(error),
    };
    match durable {
        Ok(_) => Json(summary).into_response(),
        Err(error) => {
            let status = match error {
                IntakeError::RateLimited { .. } | IntakeError::TooManyPlays { .. } => {
                    StatusCode::TOO_MANY_REQUESTS
                }
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            refused(status, &error)
        }
    }
}

fn summary_of(staged: &Staged<'_>) -> Value {
    let rejections: Vec<Value> = staged
        .rejections
        .iter()
        .map(|r| json!({ "line": r.line, "code": r.code, "detail": r.detail }))
        .collect();
    json!({
        "accepted": staged.batch.len(),
        "rejected": staged.rejected,
        "rejections": rejections,
        "lines": staged.lines,
        "last_received_at": staged.last_received_at.map(UnixMs::get),
    })
}

#[derive(Deserialize)]
struct KeyBody {
    scopes: Vec<String>,
    source: Option<String>,
    user_prefix: Option<String>,
    reports_per_second: Option<u32>,
    #[serde(default)]
    pseudonymise: bool,
}

async fn create_key(
    State(deployment): State<Arc<Deployment>>,
    Json(body): Json<KeyBody>,
) -> Response {
    let mut scopes = Vec::new();
    for name in &body.scopes {
        match Scope::from_name(name) {
            Some(scope) => scopes.push(scope),
            None => return refused(StatusCode::BAD_REQUEST, &format!("{name:?} is no scope")),
        }
    }
    if body.reports_per_second == Some(0) {
        return refused(StatusCode::BAD_REQUEST, &"a key that may send 0 reports a second is none");
    }
    let request = KeyRequest {
        scopes,
        source: body.source,
        user_prefix: body.user_prefix,
        reports_per_second: body.reports_per_second,
    };
    let key = match deployment.access().create(request, &SystemRandom, deployment.now()).await {
        Ok(key) => key,
        Err(error @ KeyError::Store(_)) => return failed(&error),
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    if body.pseudonymise
        && let Err(refusal) = privacy::turn_on(&deployment, &key.source).await
    {
        // Nobody has seen the key.
        return match deployment.access().revoke(&key.id, deployment.now()).await {
            Ok(_) => *refusal,
            Err(error) => failed(&error),
        };
    }
    let answer = json!({ "id": key.id, "source": key.source, "key": key.secret });
    (Extension(Object(key.id)), Json(answer)).into_response()
}

async fn list_keys(State(deployment): State<Arc<Deployment>>) -> Response {
    let keys = match deployment.access().store().list().await {
        Ok(keys) => keys,
        Err(error) => return failed(&error),
    };
    let keys: Vec<Value> = keys
        .iter()
        .map(|credential| {
            let key = &credential.key;
            json!({
                "id": key.id,
                "source": key.source,
                "scopes": key.scopes,
                "user_prefix": key.user_prefix,
                "reports_per_second": key.reports_per_second,
                "created_at": key.created_at.to_string(),
                "revoked_at": credential.revoked_at.map(|at| at.to_string()),
            })
        })
        .collect();
    Json(json!({ "keys": keys })).into_response()
}

async fn revoke_key(
    State(deployment): State<Arc<Deployment>>,
    PathParam(id): PathParam<String>,
) -> Response {
    match deployment.access().revoke(&id, deployment.now()).await {
        Ok(true) => Json(json!({ "revoked": id })).into_response(),
        Ok(false) => refused(StatusCode::NOT_FOUND, &format!("there is no key {id} to revoke")),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct TrackBody {
    track_id: String,
    duration_ms: Option<u64>,
    title: String,
    artists: Vec<String>,
    isrc: Option<String>,
}

async fn import_tracks(
    State(deployment): State<Arc<Deployment>>,
    Json(tracks): Json<Vec<TrackBody>>,
) -> Response {
    let tracks: Vec<CatalogueTrack> = tracks
        .into_iter()
        .map(|track| CatalogueTrack {
            track_id: track.track_id,
            duration_ms: track.duration_ms,
            title: track.title,
            artists: track.artists,
            isrc: track.isrc,
        })
        .collect();
    match deployment.catalogue().import_tracks(&tracks, &**deployment.log()).await {
        Ok(imported) => Json(json!({
            "revision": imported.revision,
            "added": imported.added,
            "changed": imported.changed,
            "unchanged": imported.unchanged,
        }))
        .into_response(),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct DevicesBody {
    devices: Vec<String>,
    listed: bool,
}

async fn list_devices(
    State(deployment): State<Arc<Deployment>>,
    Json(body): Json<DevicesBody>,
) -> Response {
    match deployment.list_devices(&body.devices, body.listed).await {
        Ok(changed) => Json(json!({ "changed": changed.len() })).into_response(),
        Err(error) => failed(&error),
    }
}
