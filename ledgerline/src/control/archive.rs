//! The archive in a folder of this machine.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router, routing};
use ledgerline_app::Deployment;
use ledgerline_app::archive::{Archive, ArchiveSeen, Archiver};
use ledgerline_blobs::FolderBlobs;
use ledgerline_parquet_archive::ParquetArchive;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::auditing::Object;
use super::{failed, refused};
use crate::data_folder::archive_limits;
use crate::failure::Failure;

pub(super) fn routes() -> Router<Arc<Deployment>> {
    Router::new()
        .route("/control/v1/archive/run", routing::post(run))
        .route("/control/v1/archive/status", routing::get(status))
}

/// The archive in a folder; one that isn't there is made.
///
/// # Errors
/// [`Failure`] where the folder can't be used.
pub async fn archive_in(folder: &Path) -> Result<Archive, Failure> {
    let blobs =
        FolderBlobs::open(folder).await.map_err(|error| Failure::failed(error.to_string()))?;
    Ok(Archive {
        blobs: Arc::new(blobs),
        files: Arc::new(ParquetArchive),
        limits: archive_limits()?,
    })
}

#[derive(Deserialize)]
pub(super) struct To {
    /// As the server sees it: an absolute path; of a node whose configuration names an archive, that one
    /// where none is said.
    to: Option<PathBuf>,
}

impl To {
    async fn archiver(&self, deployment: &Arc<Deployment>) -> Result<Archiver, Box<Response>> {
        let Some(to) = &self.to else {
            let place = deployment.archive().and_then(ArchiveSeen::place);
            let none =
                "say the archive's folder with --to: no configuration names one that answers";
            let place = place.ok_or_else(|| Box::new(refused(StatusCode::BAD_REQUEST, &none)))?;
            return Ok(Archiver::new(deployment.clone(), place.clone()));
        };
        if !to.is_absolute() {
            return Err(Box::new(refused(StatusCode::BAD_REQUEST, &"to must be an absolute path")));
        }
        match archive_in(to).await {
            Ok(archive) => Ok(Archiver::new(deployment.clone(), archive)),
            Err(failure) => Err(Box::new(failed(&failure))),
        }
    }
}

/// Tells the time first, so that a day that is over is known to be.
async fn run(State(deployment): State<Arc<Deployment>>, Query(query): Query<To>) -> Response {
    if let Err(error) = deployment.settle(true).await {
        return failed(&error);
    }
    let mut archiver = match query.archiver(&deployment).await {
        Ok(archiver) => archiver,
        Err(refusal) => return *refusal,
    };
    match archiver.archive_once(&|_| {}).await {
        Ok(all) => {
            let partitions: Vec<Value> = all
                .iter()
                .map(|of| {
                    json!({
                        "partition": of.partition.0,
                        "archived_to": of.archived_to.0,
                        "committed": of.committed.0,
                        "runs": of.runs,
                        "records": of.records,
                        "changes": of.changes,
                    })
                })
                .collect();
            let to = query.to.as_ref();
            let to = to.map_or_else(|| "the archive".to_owned(), |to| to.display().to_string());
            (Extension(Object(to)), Json(json!({ "partitions": partitions }))).into_response()
        }
        Err(error) => failed(&error),
    }
}

async fn status(State(deployment): State<Arc<Deployment>>, Query(query): Query<To>) -> Response {
    let mut archiver = match query.archiver(&deployment).await {
        Ok(archiver) => archiver,
        Err(refusal) => return *refusal,
    };
    match archiver.status().await {
        Ok(all) => {
            let partitions: Vec<Value> = all
                .iter()
                .map(|of| {
                    json!({
                        "partition": of.partition.0,
                        "archived_to": of.archived_to.0,
                        "committed": of.committed.0,
                        "log_start": of.log_start.0,
                        "runs": of.runs,
                        "bytes": of.bytes,
                    })
                })
                .collect();
            Json(json!({ "partitions": partitions })).into_response()
        }
        Err(error) => failed(&error),
    }
}
