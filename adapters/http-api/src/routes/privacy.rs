//! What is held on a person, and erasing a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use ledgerline_ids::{SourceName, UserId};

use crate::dto::{Erased, PersonExport};
use crate::parameters::{Query, path_value};
use crate::problem::Problem;
use crate::router::Service;

/// Exports a person.
///
/// Everything that is held on a user: reports with their verdicts, plays, what people said of
/// them, and what the user is called in the logs. Reads the logs of the user's partitions whole.
#[utoipa::path(
    get,
    path = "/api/v1/privacy/{user_id}/export",
    operation_id = "exportPerson",
    tag = "privacy",
    params(
        ("user_id" = String, Path, description = "The user, percent-encoded; at most 128 bytes of UTF-8, no control characters", min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"),
        ("source" = Option<String>, Query, description = "One source only", min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$", nullable = false),
    ),
    responses((status = 200, description = "What is held; empty lists where nothing is", body = PersonExport))
)]
pub(crate) async fn export(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<PersonExport>, Problem> {
    let (user, source) = person(&path, query.as_deref())?;
    Ok(Json(service.deployment.export_person(&user, source.as_deref()).await?.into()))
}

/// Erases a person.
///
/// Removes what ties a user to the logs of sources that are pseudonymised; counts and sums stay
/// as they are. Says where plays remain under the name itself, which nothing can remove. Again it
/// does nothing.
#[utoipa::path(
    post,
    path = "/api/v1/privacy/{user_id}/erase",
    operation_id = "erasePerson",
    tag = "privacy",
    params(
        ("user_id" = String, Path, description = "The user, percent-encoded; at most 128 bytes of UTF-8, no control characters", min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"),
        ("source" = Option<String>, Query, description = "One source only", min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$", nullable = false),
    ),
    responses((status = 200, description = "What was erased, and what remains", body = Erased))
)]
pub(crate) async fn erase(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Erased>, Problem> {
    let (user, source) = person(&path, query.as_deref())?;
    // In a task of its own: a caller who goes away must not leave it half done.
    let erasing =
        tokio::spawn(
            async move { service.deployment.erase_person(&user, source.as_deref()).await },
        );
    let erased = erasing.await.map_err(|error| Problem::internal(&error))?;
    Ok(Json(erased?.into()))
}

fn person(
    path: &Result<RawPathParams, RawPathParamsRejection>,
    query: Option<&str>,
) -> Result<(String, Option<String>), Problem> {
    let query = Query::parse(query, &["source"])?;
    let user = path_value(path, "user_id")?;
    UserId::new(user).map_err(|error| Problem::parameter("user_id", error))?;
    let source = query.get("source");
    if let Some(source) = source {
        SourceName::new(source).map_err(|error| Problem::parameter("source", error))?;
    }
    Ok((user.to_owned(), source.map(str::to_owned)))
}
