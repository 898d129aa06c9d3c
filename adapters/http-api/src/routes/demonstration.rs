//! The demonstration's two buttons. Elsewhere there is nothing here.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;

use crate::dto::{DemonstrationKilled, DemonstrationSent};
use crate::guard;
use crate::outside::Demonstration;
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// Sends everything again: all reports of the demonstration, as a phone does that got no answer.
///
/// Only `ledgerline demo --serve` has this. Every report becomes a duplicate, and no count changes.
#[utoipa::path(
    post,
    path = "/api/v1/demo/resend",
    operation_id = "resendDemonstration",
    tag = "operations",
    responses((status = 200, description = "All of them are durable", body = DemonstrationSent))
)]
pub(crate) async fn resend(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<DemonstrationSent>, Problem> {
    let demonstration = of(&service)?;
    Query::parse(query.as_deref(), &[])?;
    let _turn = service.resending.try_acquire().map_err(|_| {
        Problem::passing(Kind::Overloaded, "everything is being sent again already", 1)
    })?;
    let began = Instant::now();
    let sent = tokio::task::spawn_blocking(move || demonstration.send_again()).await;
    let accepted = sent
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(DemonstrationSent { accepted, took_ms }))
}

/// Kills the server, as a power cut would; it is started again at once.
///
/// Only `ledgerline demo --serve` has this. Whether the answer still arrives is left to chance.
#[utoipa::path(
    post,
    path = "/api/v1/demo/kill",
    operation_id = "killDemonstration",
    tag = "operations",
    responses((status = 202, description = "It ends within a moment", body = DemonstrationKilled))
)]
pub(crate) async fn kill(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<DemonstrationKilled>), Problem> {
    let demonstration = of(&service)?;
    Query::parse(query.as_deref(), &[])?;
    demonstration.kill();
    let killed = DemonstrationKilled { process: std::process::id() };
    Ok((StatusCode::ACCEPTED, Json(killed)))
}

fn of(service: &Service) -> Result<Arc<dyn Demonstration>, Problem> {
    service.outside.demonstration.clone().ok_or_else(guard::nothing_here)
}
