//! The deployment at a glance.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};

use crate::dto::Overview;
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

/// Shows what became of all reports and plays, and the newest hours.
///
/// It reads neither a log nor the store, and is made for being asked each second.
#[utoipa::path(
    get,
    path = "/api/v1/overview",
    operation_id = "readOverview",
    tag = "counts",
    responses((status = 200, description = "The deployment at a glance", body = Overview))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Overview>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json((&service.deployment.overview()).into()))
}
