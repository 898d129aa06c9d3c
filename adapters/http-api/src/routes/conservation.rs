//! The conservation law.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};

use crate::dto::Conservation;
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

/// Shows that no report and no play is lost on the way.
///
/// At every committed position, `accepted` is the sum of the verdicts and of what is not yet
/// judged, by the reports' receive hour; and `plays` is the sum of the statuses, by the receive
/// hour of the play's first report.
#[utoipa::path(
    get,
    path = "/api/v1/conservation",
    operation_id = "readConservation",
    tag = "counts",
    responses((status = 200, description = "The law at this moment", body = Conservation))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Conservation>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(service.deployment.conservation().await?.into()))
}
