//! One play: how it stands, how that came about, and what became of each of its reports.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::delivery::sent::PLAYERS;

use crate::dto::{Play, PlaySent};
use crate::parameters::{Query, path_value, play_ref};
use crate::problem::Problem;
use crate::router::Service;

/// Shows a play.
///
/// With each of its transitions, and each of its reports with the report's verdict.
#[utoipa::path(
    get,
    path = "/api/v1/plays/{user_id}/{play_id}",
    operation_id = "readPlay",
    tag = "plays",
    params(
        ("user_id" = String, Path, description = "The listener, percent-encoded; at most 128 bytes of UTF-8, no control characters", min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"),
        ("play_id" = String, Path, description = "The play's key", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
        ("source" = Option<String>, Query, description = "The source; needed where several have such a play", min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$", nullable = false),
    ),
    responses((status = 200, description = "The play", body = Play))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Play>, Problem> {
    let query = Query::parse(query.as_deref(), &["source"])?;
    let (user_id, play_id) = (path_value(&path, "user_id")?, path_value(&path, "play_id")?);
    let play = play_ref(query.get("source"), user_id, play_id)?;
    let own = service.deployment.own(&caller).await?;
    let view = service.deployment.own_play(&own, &play).await?;
    // What logs say of plays that were heard from somewhere else, says nothing.
    let sent = match &view.play_id {
        Some(play_id) if view.source == PLAYERS => {
            let of = (play_id.as_str(), view.track_id.as_str());
            let delivery = service.deployment.delivery();
            delivery.sent_for(of, view.started_at, view.threshold_ms).await?
        }
        _ => None,
    };
    Ok(Json(Play { sent: sent.map(PlaySent::from), ..view.into() }))
}
