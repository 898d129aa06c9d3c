//! Music folders, which only the operator names: whoever names one has its files be read.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::Deployment;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

use super::auditing::Object;
use super::failed;

/// What is to be scanned.
#[derive(Deserialize)]
pub(super) struct ScanBody {
    folder: PathBuf,
}

/// Begins to scan a folder; `GET /api/v1/catalog/scan` says how far it is.
pub(super) async fn scan(
    State(deployment): State<Arc<Deployment>>,
    Json(body): Json<ScanBody>,
) -> Response {
    let Some(scanner) = deployment.scanner() else {
        return (StatusCode::NOT_FOUND, Json(json!({ "detail": "no folder is scanned here" })))
            .into_response();
    };
    let object = Extension(Object(body.folder.display().to_string()));
    let begun = match scanner.folder(&body.folder).await {
        Ok(folder) => scanner.begin(folder).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok((progress, _)) => {
            let begun = Json(json!({ "number": progress.number() }));
            (StatusCode::ACCEPTED, object, begun).into_response()
        }
        Err(error) => failed(&error),
    }
}
