//! Plays that are kept back, and people's rulings on them.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;

use crate::dto::{FraudPage, Play, RuleRequest};
use crate::parameters::{Query, play_ref};
use crate::problem::Problem;
use crate::request_body::read_json;
use crate::router::Service;

/// Lists the plays that are held or excluded, with the evidence.
#[utoipa::path(
    get,
    path = "/api/v1/fraud",
    operation_id = "listFraud",
    tag = "fraud",
    params(
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-9]{1,4}-[0-9]{1,19}$", nullable = false),
    ),
    responses((status = 200, description = "A page of plays", body = FraudPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<FraudPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let (limit, after) = query.page()?;
    let own = service.deployment.own(&caller).await?;
    Ok(Json(service.deployment.fraud(own, limit, after).await?.into()))
}

/// Holds, excludes or reinstates a play.
///
/// The answer is the play as it stands after the ruling, which stands above every rule.
#[utoipa::path(
    post,
    path = "/api/v1/fraud",
    operation_id = "rulePlay",
    tag = "fraud",
    request_body = RuleRequest,
    responses((status = 200, description = "The play, ruled on", body = Play))
)]
pub(crate) async fn rule(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<Json<Play>, Problem> {
    let (head, body) = request.into_parts();
    let request: RuleRequest = read_json(&service, &head.headers, body).await?;
    let play = play_ref(request.source.as_deref(), &request.user_id, &request.play_id)?;
    let note = request.note.unwrap_or_default();
    let ruled = service.deployment.rule(&play, request.ruling.0, &caller.id, &note).await?;
    Ok(Json(ruled.into()))
}
