//! Files of music are brought, and their jobs looked at; clips are recognised.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledgerline_app::ingest::{Bringing, Ingest, IngestError, ORIGINAL_BYTES_MAX};
use ledgerline_app::ports::ingest::{IngestJob, JobState};
use ledgerline_ids::TrackId;

use crate::auditing::Object;
use crate::dto::{IdentifiedTrack, Job, JobPage};
use crate::guard::nothing_here;
use crate::linger::next_frame;
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::{announced, read, too_large, too_slow, truncated};
use crate::router::Service;

const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1_000;
/// Ten seconds of uncompressed audio at high rates, and some more.
const CLIP_BYTES_MAX: usize = 8 << 20;
/// The longest ending of a name.
const EXTENSION_BYTES_MAX: usize = 8;

/// Lists files of music on their way to players, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/jobs",
    operation_id = "listJobs",
    tag = "music",
    params(
        ("state" = Option<String>, Query, description = "Only those that stand so", pattern = "^(queued|running|done|failed)$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("from" = Option<u64>, Query, description = "The `next` of the page before", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
    ),
    responses((status = 200, description = "A page of jobs", body = JobPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<JobPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["state", "limit", "from"])?;
    let (limit, from) = query.newest_first(PAGE_DEFAULT, PAGE_MAX)?;
    let word = |word: &str| {
        let wrong = || Problem::parameter("state", "must be queued, running, done or failed");
        JobState::from_word(word).ok_or_else(wrong)
    };
    let state = query.get("state").map(word).transpose()?;
    let ingest = ingest(&service)?;
    let mut found = ingest.jobs(state, from, limit + 1).await?;
    let next = found.get(limit as usize).map(|job| job.number);
    found.truncate(limit as usize);
    let counts = ingest.counts().await?.into();
    Ok(Json(JobPage { counts, items: found.into_iter().map(Job::from).collect(), next }))
}

/// Says where a job stands.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}",
    operation_id = "readJob",
    tag = "music",
    params(("id" = u64, Path, description = "The job's number", minimum = 1)),
    responses((status = 200, description = "The job", body = Job))
)]
pub(crate) async fn one(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Job>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = path_value(&path, "id")?;
    let number =
        id.parse::<u64>().map_err(|_| Problem::parameter("id", "must be a job's number"))?;
    let found = ingest(&service)?.job(number).await?;
    let missing = || Problem::new(Kind::JobNotFound, format!("there is no job {number}"));
    Ok(Json(found.ok_or_else(missing)?.into()))
}

/// Brings a file of music for a track: it is kept as it is, and encoded behind the answer.
///
/// FLAC, MP3, Ogg Vorbis, Opus, AAC or ALAC in MP4, or WAV, of at most 1 GiB. The same file of the same track is
/// one job, however often it is brought.
#[utoipa::path(
    post,
    path = "/api/v1/ingest",
    operation_id = "bringFile",
    tag = "music",
    params(
        ("track_id" = String, Query, description = "Of which track it is", min_length = 1, max_length = 128),
        ("extension" = Option<String>, Query, description = "How its name ends, without the dot", pattern = "^[A-Za-z0-9]{1,8}$", nullable = false),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((
        status = 202,
        description = "It is kept; `Location` is where its job is to be looked at",
        body = Job,
        headers(("Location" = String, description = "The job's path")),
    ))
)]
pub(crate) async fn bring(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["track_id", "extension"])?;
    let track_id = query.get("track_id").unwrap_or_default();
    if track_id.len() > 128 || TrackId::new(track_id).is_err() {
        return Err(Problem::parameter("track_id", "must be a track's id of at most 128 bytes"));
    }
    let extension = extension(&query)?;
    let ingest = ingest(&service)?;
    let _turn = service.bringing.try_acquire().map_err(|_| {
        Problem::passing(Kind::Overloaded, "enough files are being brought; try again", 5)
    })?;
    let (head, body) = request.into_parts();
    let mut bringing = ingest.bring(track_id, extension);
    match take_all(&service, &head.headers, body, &mut bringing).await {
        Ok(()) => answer(bringing.end().await?),
        Err(problem) => {
            bringing.forget().await;
            Err(problem)
        }
    }
}

fn answer(job: IngestJob) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(&format!("/api/v1/jobs/{}", job.number));
    let location = location.map_err(|error| Problem::internal(&error))?;
    let object = Object::named(&job.new.track_id);
    let mut response = (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(Job::from(job)))
        .into_response();
    response.extensions_mut().insert(object);
    Ok(response)
}

/// Takes a body in as it comes. However long it is, its parts must come in time.
async fn take_all(
    service: &Service,
    headers: &HeaderMap,
    mut body: Body,
    bringing: &mut Bringing,
) -> Result<(), Problem> {
    if announced(headers).is_some_and(|length| length > ORIGINAL_BYTES_MAX) {
        return Err(too_large(ORIGINAL_BYTES_MAX));
    }
    loop {
        let next = tokio::time::timeout(service.options.body_timeout, next_frame(&mut body)).await;
        let Some(frame) = next.map_err(|_| too_slow())? else { return Ok(()) };
        let frame = frame.map_err(|_| truncated())?;
        if let Some(data) = frame.data_ref() {
            bringing.take(data).await?;
        }
    }
}

/// Names the track that ten seconds of audio are of, noise or not.
#[utoipa::path(
    post,
    path = "/api/v1/identify",
    operation_id = "identify",
    tag = "music",
    params(
        ("extension" = Option<String>, Query, description = "What the audio is, as the ending of a name", pattern = "^[A-Za-z0-9]{1,8}$", nullable = false),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "At most 8 MiB, of which twenty seconds are listened to"),
    responses((status = 200, description = "The track", body = IdentifiedTrack))
)]
pub(crate) async fn identify(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<IdentifiedTrack>, Problem> {
    let query = Query::parse(query.as_deref(), &["extension"])?;
    let extension = extension(&query)?;
    let ingest = ingest(&service)?;
    let _turn = service.recognising.try_acquire().map_err(|_| {
        Problem::passing(Kind::Overloaded, "enough clips are being listened to; try again", 2)
    })?;
    let (head, body) = request.into_parts();
    let held = read(&service, &head.headers, body, CLIP_BYTES_MAX).await?;
    if held.bytes.is_empty() {
        return Err(Problem::new(Kind::AudioRefused, "the body is empty; send about ten seconds"));
    }
    let found = ingest.identify(held.bytes, extension).await?;
    let unknown = || Problem::new(Kind::NotRecognised, "no track that is known here sounds so");
    let found = found.ok_or_else(unknown)?;
    let store = service.deployment.library().store();
    let known = store.tracks_by_id(std::slice::from_ref(&found.track_id)).await?;
    let title = known.into_iter().next().map(|track| track.title);
    Ok(Json(IdentifiedTrack::of(found, title)))
}

fn extension(query: &Query) -> Result<&str, Problem> {
    let extension = query.get("extension").unwrap_or_default();
    let plain = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if extension.len() > EXTENSION_BYTES_MAX || !plain {
        let detail = "must be at most eight letters and digits";
        return Err(Problem::parameter("extension", detail));
    }
    Ok(extension)
}

/// The ingest of this node, where it has one.
fn ingest(service: &Service) -> Result<&Arc<Ingest>, Problem> {
    service.deployment.ingest().ok_or_else(nothing_here)
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::Store(error) => error.into(),
            IngestError::Length(0) => Self::new(Kind::AudioRefused, "the body is empty"),
            IngestError::Length(_) => too_large(ORIGINAL_BYTES_MAX),
            IngestError::File(_) => Self::new(Kind::AudioRefused, detail),
            IngestError::Blobs(_) => {
                tracing::warn!(%error, "a file of music can't be kept");
                let detail = "files of music can't be kept now; the server's log says why";
                Self::passing(Kind::StoreUnavailable, detail, 30)
            }
            IngestError::OnDisk(_)
            | IngestError::Gone
            | IngestError::Damaged { .. }
            | IngestError::Name(_)
            | IngestError::Worker(_) => Self::internal(&detail),
        }
    }
}
