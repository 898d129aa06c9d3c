//! What an operator's machines ask.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::dto::Health;
use crate::openapi;
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// Says whether the server lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "It lives", body = Health))
)]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", notes: Vec::new() })
}

/// Says whether the server accepts reports and counts them.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn readyz(State(service): State<Arc<Service>>) -> Result<Json<Health>, Problem> {
    let health = service.deployment.health();
    if health.ready {
        return Ok(Json(Health { status: "ready", notes: health.notes }));
    }
    Err(Problem::passing(Kind::NotReady, "the server is not ready", 5)
        .with(|problem| problem.problems = Some(health.problems)))
}

/// Numbers for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    responses((status = 200, description = "The numbers, in Prometheus' text format", body = String, content_type = "text/plain; version=0.0.4; charset=utf-8"))
)]
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    if let Some(ingest) = service.deployment.ingest() {
        ingest.look().await;
    }
    let text = service.metrics.text(&service.deployment.metrics());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// This contract.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "operations",
    responses((status = 200, description = "This document", body = serde_json::Value, content_type = "application/json"))
)]
pub(crate) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi::json())
}
