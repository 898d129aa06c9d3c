//! What one is about to hear.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;

use super::collection::{own, tag_of, version_of};
use crate::dto::{Queue, QueueKept, SetQueueRequest, StepQueueRequest};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::request_body::{read_json, read_json_of};
use crate::router::Service;

type Who = Extension<Arc<Caller>>;
type Tag = [(HeaderName, HeaderValue); 1];

/// A thousand items, and more.
const QUEUE_BYTES_MAX: usize = 512 * 1024;

/// Shows what one is about to hear, as a player left it.
#[utoipa::path(
    get,
    path = "/api/v1/me/queue",
    operation_id = "readQueue",
    tag = "collection",
    responses((status = 200, description = "The queue", body = Queue, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn show(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<(Tag, Json<Queue>), Problem> {
    Query::parse(query.as_deref(), &[])?;
    let shown = service.deployment.collection().queue(own(&caller)?).await?;
    let queue = Queue::from(shown);
    Ok(([tag_of(queue.version)], Json(queue)))
}

/// Keeps what one is about to hear, in the place of what was kept before: at most 1 000 items.
#[utoipa::path(
    put,
    path = "/api/v1/me/queue",
    operation_id = "setQueue",
    tag = "collection",
    params(("If-Match" = Option<String>, Header, description = "The version that is to be replaced, \"0\" where there is to be none; 409 where there is another one by now")),
    request_body = SetQueueRequest,
    responses((status = 200, description = "It is kept", body = QueueKept, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn set(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<(Tag, Json<QueueKept>), Problem> {
    let (head, body) = request.into_parts();
    let own = own(&caller)?;
    let version = version_of(&head.headers)?;
    let (request, _): (SetQueueRequest, _) =
        read_json_of(&service, &head.headers, body, QUEUE_BYTES_MAX).await?;
    let collection = service.deployment.collection();
    let version = collection.set_queue(own, request.into(), version).await?;
    Ok(([tag_of(version)], Json(QueueKept { version })))
}

/// Keeps how far a player is in the queue: which item, where in it, and how it goes on.
#[utoipa::path(
    patch,
    path = "/api/v1/me/queue",
    operation_id = "stepQueue",
    tag = "collection",
    params(("If-Match" = Option<String>, Header, description = "The version that is to be changed; 409 where it has another one by now")),
    request_body = StepQueueRequest,
    responses((status = 200, description = "It is kept", body = QueueKept, headers(("ETag" = String, description = "Its version"))))
)]
pub(crate) async fn step(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<(Tag, Json<QueueKept>), Problem> {
    let (head, body) = request.into_parts();
    let own = own(&caller)?;
    let version = version_of(&head.headers)?;
    let request: StepQueueRequest = read_json(&service, &head.headers, body).await?;
    let collection = service.deployment.collection();
    let version = collection.step_queue(own, request.into(), version).await?;
    Ok(([tag_of(version)], Json(QueueKept { version })))
}
