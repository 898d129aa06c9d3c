//! Plays that no report brought in time wait for a person.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;

use crate::dto::{DecideRequest, Play, PlayPage};
use crate::parameters::{Query, play_ref};
use crate::problem::Problem;
use crate::request_body::read_json;
use crate::router::Service;

/// Lists the plays that wait for a decision.
#[utoipa::path(
    get,
    path = "/api/v1/adjudication",
    operation_id = "listAdjudication",
    tag = "adjudication",
    params(
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-9]{1,4}-[0-9]{1,19}$", nullable = false),
    ),
    responses((status = 200, description = "A page of plays", body = PlayPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<PlayPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let (limit, after) = query.page()?;
    Ok(Json(service.deployment.adjudication(limit, after).await?.into()))
}

/// Decides a play that no report brought in time.
///
/// The answer is the play as it stands after the decision. A play that a person decided can be
/// decided again.
#[utoipa::path(
    post,
    path = "/api/v1/adjudication",
    operation_id = "decidePlay",
    tag = "adjudication",
    request_body = DecideRequest,
    responses((status = 200, description = "The play, decided", body = Play))
)]
pub(crate) async fn decide(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<Json<Play>, Problem> {
    let (head, body) = request.into_parts();
    let request: DecideRequest = read_json(&service, &head.headers, body).await?;
    let play = play_ref(request.source.as_deref(), &request.user_id, &request.play_id)?;
    let note = request.note.unwrap_or_default();
    let decided = service.deployment.decide(&play, request.decision.0, &caller.id, &note).await?;
    Ok(Json(decided.into()))
}
