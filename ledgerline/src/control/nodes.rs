//! How far this process has counted, and who owns what where several nodes share the partitions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ledgerline_app::Deployment;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::failed;

/// Up to where a partition is counted by the process that was asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Applied {
    /// Which.
    pub partition: u16,
    /// The position after the last counted record.
    pub position: u64,
    /// The length of its plays log there, in bytes.
    pub plays_bytes: u64,
}

pub(super) async fn applied(State(deployment): State<Arc<Deployment>>) -> Response {
    let rows = deployment.applied_to().into_iter().map(|applied| Applied {
        partition: applied.partition.0,
        position: applied.position.0,
        plays_bytes: applied.plays_bytes,
    });
    Json(rows.collect::<Vec<_>>()).into_response()
}

/// Whether counts in the store are what the plays logs of this node come to.
pub(super) async fn stored_counts(State(deployment): State<Arc<Deployment>>) -> Response {
    match deployment.check_stored_counts().await {
        Ok(differences) => Json(json!({ "differences": differences })).into_response(),
        Err(error) => failed(&error),
    }
}

pub(super) async fn ownership(State(deployment): State<Arc<Deployment>>) -> Response {
    let Some(view) = deployment.ownership() else {
        return Json(Value::Null).into_response();
    };
    let partitions = view.partitions.iter().map(|of| {
        json!({
            "partition": of.partition.to_string(),
            "owner": of.owner.as_ref().map(ToString::to_string),
            "owned_here": of.owned_here,
            "here": of.part.as_str(),
            "standbys": of.warm,
            "epoch": of.epoch,
            "committed": of.committed.0,
            "read_to": of.read_to.0,
            "log_end": of.log_end.0,
            "failed": of.failed,
        })
    });
    Json(json!({
        "node": view.node.to_string(),
        "nodes": view.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "age_ms": view.age_ms,
        "trouble": view.trouble,
        "standbys_wanted": view.standbys,
        "standby_warnings": deployment.standby_warnings(),
        "warnings": deployment.warnings(),
        "partitions": partitions.collect::<Vec<_>>(),
    }))
    .into_response()
}
