//! Files of music, as the operator has them ingested.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use ledgerline_app::ingest::{
    CheckedPieces, Damage, Ingest, IngestError, ORIGINAL_BYTES_MAX, Worked,
};
use ledgerline_app::ports::ingest::{IngestJob, IngestSource, JobState};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{failed, refused};

/// The most jobs of one answer.
const JOBS_MAX: u32 = 1_000;

/// What the control socket serves of the ingest. The audit log has none of it: jobs note themselves who
/// did what, and nothing of it is money.
pub fn routes(ingest: Arc<Ingest>) -> Router {
    Router::new()
        .route("/control/v1/ingest/files", post(add))
        .route("/control/v1/ingest/work", post(work))
        .route("/control/v1/ingest/jobs", get(list))
        .route("/control/v1/ingest/jobs/{number}", get(one))
        .route("/control/v1/ingest/jobs/{number}/retry", post(retry))
        .route("/control/v1/ingest/verify", post(verify))
        .route("/control/v1/identify", post(identify))
        .layer(DefaultBodyLimit::max(ORIGINAL_BYTES_MAX))
        .layer(Extension(ingest))
}

fn refusal(error: &IngestError) -> Response {
    match error {
        IngestError::File(_)
        | IngestError::Length(_)
        | IngestError::Name(_)
        | IngestError::Gone => refused(StatusCode::UNPROCESSABLE_ENTITY, error),
        _ => failed(error),
    }
}

fn of_job(job: &IngestJob) -> Value {
    let (sha256, audio_sha256) = match &job.new.source {
        IngestSource::Kept(original) => (Some(&original.sha256), None),
        IngestSource::Folder(file) => (None, Some(&file.audio_sha256)),
    };
    json!({
        "job": job.number,
        "track_id": job.new.track_id,
        "sha256": sha256,
        "audio_sha256": audio_sha256,
        "bytes": job.new.source.bytes(),
        "state": job.state.word(),
        "progress_permille": job.progress_permille,
        "attempts": job.attempts,
        "reason": job.reason,
        "queued_at": job.new.at.get(),
        "changed_at": job.changed_at.get(),
    })
}

#[derive(Deserialize)]
struct File {
    track_id: String,
    #[serde(default)]
    extension: String,
}

async fn add(
    Extension(ingest): Extension<Arc<Ingest>>,
    Query(file): Query<File>,
    body: Bytes,
) -> Response {
    if file.track_id.is_empty() || file.track_id.len() > 200 {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, &"a track's id has 1 to 200 bytes");
    }
    match ingest.add(&file.track_id, &file.extension, &body).await {
        Ok(job) => (StatusCode::ACCEPTED, Json(of_job(&job))).into_response(),
        Err(error) => refusal(&error),
    }
}

/// Works on one job.
async fn work(Extension(ingest): Extension<Arc<Ingest>>) -> Response {
    let (word, number, detail) = match ingest.work().await {
        Ok(None) => return Json(json!({ "outcome": "nothing" })).into_response(),
        Ok(Some(Worked::Done { number, duplicate_of })) => ("done", number, duplicate_of),
        Ok(Some(Worked::Later { number, reason } | Worked::Away { number, reason })) => {
            ("later", number, Some(reason))
        }
        Ok(Some(Worked::Failed { number, reason })) => ("failed", number, Some(reason)),
        Ok(Some(Worked::Lost { number })) => ("lost", number, None),
        Err(error) => return failed(&error),
    };
    Json(json!({ "outcome": word, "job": number, "detail": detail })).into_response()
}

#[derive(Deserialize)]
struct Which {
    state: Option<String>,
    from: Option<u64>,
    limit: Option<u32>,
}

async fn list(Extension(ingest): Extension<Arc<Ingest>>, Query(which): Query<Which>) -> Response {
    let state = match which.state.as_deref().map(|word| (word, JobState::from_word(word))) {
        Some((word, None)) => {
            let what = format!("there is no state {word}; there are queued, running, done, failed");
            return refused(StatusCode::BAD_REQUEST, &what);
        }
        Some((_, state)) => state,
        None => None,
    };
    let limit = which.limit.unwrap_or(100).min(JOBS_MAX);
    let listed = async {
        let jobs = ingest.jobs(state, which.from.unwrap_or(u64::MAX), limit).await?;
        Ok::<_, ledgerline_app::ports::StoreError>((ingest.counts().await?, jobs))
    };
    match listed.await {
        Ok(([queued, running, done, given_up], jobs)) => Json(json!({
            "queued": queued, "running": running, "done": done, "failed": given_up,
            "jobs": jobs.iter().map(of_job).collect::<Vec<_>>(),
        }))
        .into_response(),
        Err(error) => failed(&error),
    }
}

async fn one(Extension(ingest): Extension<Arc<Ingest>>, Path(number): Path<u64>) -> Response {
    match ingest.job(number).await {
        Ok(Some(job)) => Json(of_job(&job)).into_response(),
        Ok(None) => refused(StatusCode::NOT_FOUND, &format!("there is no job {number}")),
        Err(error) => failed(&error),
    }
}

async fn retry(Extension(ingest): Extension<Arc<Ingest>>, Path(number): Path<u64>) -> Response {
    match ingest.retry(number).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => refused(StatusCode::CONFLICT, &format!("the job {number} hasn't failed")),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    repair: bool,
}

async fn verify(Extension(ingest): Extension<Arc<Ingest>>, Query(how): Query<How>) -> Response {
    match ingest.check(how.repair).await {
        Ok(checked) => {
            let sound = checked.is_sound();
            let CheckedPieces { tracks, pieces, bytes, damages } = checked;
            let damage = |found: &Damage| {
                json!({
                    "track_id": found.track_id, "rung": found.rung, "blob": found.blob,
                    "what": found.what, "repaired": found.repaired,
                })
            };
            Json(json!({
                "sound": sound, "tracks": tracks, "pieces": pieces, "bytes": bytes,
                "damages": damages.iter().map(damage).collect::<Vec<_>>(),
            }))
            .into_response()
        }
        Err(error) => refusal(&error),
    }
}

#[derive(Deserialize)]
struct Clip {
    #[serde(default)]
    extension: String,
}

async fn identify(
    Extension(ingest): Extension<Arc<Ingest>>,
    Query(clip): Query<Clip>,
    body: Bytes,
) -> Response {
    match ingest.identify(body.to_vec(), &clip.extension).await {
        Ok(Some(found)) => Json(json!({
            "track_id": found.track_id, "at_ms": found.at_ms, "votes": found.votes,
        }))
        .into_response(),
        Ok(None) => Json(json!({ "track_id": null })).into_response(),
        Err(error) => refusal(&error),
    }
}
