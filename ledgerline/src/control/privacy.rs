//! What only the operator does about listeners: which sources are pseudonymised, and the list of
//! erasures.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::Deployment;
use ledgerline_app::privacy::SourceError;
use ledgerline_ids::SourceName;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

use super::auditing::Object;
use super::{failed, refused};
use crate::backup::ErasureList;

#[derive(Deserialize)]
pub(super) struct SourceBody {
    source: String,
}

/// From now on a source is pseudonymised.
pub(super) async fn pseudonymise(
    State(deployment): State<Arc<Deployment>>,
    Json(body): Json<SourceBody>,
) -> Response {
    match turn_on(&deployment, &body.source).await {
        Ok(()) => {
            let answer = json!({ "pseudonymised": body.source });
            (Extension(Object(body.source)), Json(answer)).into_response()
        }
        Err(refusal) => *refusal,
    }
}

/// The same, for whoever has the answer to give.
pub(super) async fn turn_on(deployment: &Deployment, source: &str) -> Result<(), Box<Response>> {
    if let Err(error) = SourceName::new(source) {
        let detail = format!("the source {source:?} is not valid: it {error}");
        return Err(Box::new(refused(StatusCode::BAD_REQUEST, &detail)));
    }
    deployment.pseudonymise_source(source).await.map_err(|error| match error {
        SourceError::InUse(_) => Box::new(refused(StatusCode::CONFLICT, &error)),
        SourceError::Read(_) | SourceError::Store(_) => Box::new(failed(&error)),
    })
}

/// Every erasure so far, to be kept apart from backups.
pub(super) async fn erasures(State(deployment): State<Arc<Deployment>>) -> Response {
    match ErasureList::of(&**deployment.listeners()).await {
        Ok(list) => list.to_text().into_response(),
        Err(error) => failed(&error),
    }
}
