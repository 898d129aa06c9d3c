//! Setting a deployment up, signing up, and what an administrator sets.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};

use super::session::{Entered, address, device_of, entered};
use crate::auditing::Object;
use crate::dto::{
    ChangeSettingsRequest, DeploymentSettings, Session, SetUpRequest, SetUpState, SignUpRequest,
};
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::read_json;
use crate::router::Service;

/// Says whether the deployment waits to be set up, and who may make an account.
#[utoipa::path(
    get,
    path = "/api/v1/set-up",
    operation_id = "readSetUp",
    tag = "access",
    responses((status = 200, description = "How people get in", body = SetUpState))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<SetUpState>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let access = service.deployment.access();
    let (waits, house) = (access.waits_for_set_up().await?, access.house().await?);
    Ok(Json(SetUpState::of(waits, house.sign_up)))
}

/// Sets the deployment up: makes its first account, an administrator's, and signs it in.
///
/// The secret is the one in the link that `serve` prints as long as there is no account; it works once.
#[utoipa::path(
    post,
    path = "/api/v1/set-up",
    operation_id = "setUp",
    tag = "access",
    request_body = SetUpRequest,
    responses((status = 201, description = "The administrator's session", body = Session, headers(("Set-Cookie" = String, description = "`ledgerline_session`, HttpOnly, SameSite=Strict"))))
)]
pub(crate) async fn set_up(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(StatusCode, Entered), Problem> {
    let from = address(&service, &request);
    let (head, body) = request.into_parts();
    let request: SetUpRequest = read_json(&service, &head.headers, body).await?;
    let set_up = request.into_set_up();
    let deployment = &service.deployment;
    // Whoever hasn't the secret isn't told which folders there are.
    if deployment.access().sets_up(&set_up.secret).await? {
        must_be_folder(set_up.house.music_folder.as_ref().and_then(Option::as_deref)).await?;
    }
    let (random, now) = (deployment.random(), deployment.now());
    let from = (from, device_of(&head.headers));
    let begun = deployment.access().set_up(set_up, from, random, now).await?;
    Ok((StatusCode::CREATED, entered(&service, &head.headers, begun).await?))
}

/// Makes an account for whoever asks, and signs it in.
///
/// By an invitation, which says as what; or as a listener, where sign-up is open.
#[utoipa::path(
    post,
    path = "/api/v1/sign-up",
    operation_id = "signUp",
    tag = "access",
    request_body = SignUpRequest,
    responses((status = 201, description = "The session", body = Session, headers(("Set-Cookie" = String, description = "`ledgerline_session`, HttpOnly, SameSite=Strict"))))
)]
pub(crate) async fn sign_up(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(StatusCode, Entered), Problem> {
    let from = address(&service, &request);
    let (head, body) = request.into_parts();
    let request: SignUpRequest = read_json(&service, &head.headers, body).await?;
    let (invitation, request) = request.into_parts();
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let from = (from, device_of(&head.headers));
    let invitation = invitation.as_deref();
    let begun = deployment.access().sign_up(invitation, request, from, random, now).await?;
    Ok((StatusCode::CREATED, entered(&service, &head.headers, begun).await?))
}

/// Reads what is set for the whole deployment.
#[utoipa::path(
    get,
    path = "/api/v1/settings",
    operation_id = "readSettings",
    tag = "access",
    responses((status = 200, description = "What is set", body = DeploymentSettings))
)]
pub(crate) async fn settings(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<DeploymentSettings>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(DeploymentSettings::of(&service.deployment.access().house().await?)))
}

/// Sets something otherwise for the whole deployment.
#[utoipa::path(
    patch,
    path = "/api/v1/settings",
    operation_id = "changeSettings",
    tag = "access",
    request_body = ChangeSettingsRequest,
    responses((status = 200, description = "What is set now", body = DeploymentSettings))
)]
pub(crate) async fn change_settings(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(Extension<Object>, Json<DeploymentSettings>), Problem> {
    let (head, body) = request.into_parts();
    let request: ChangeSettingsRequest = read_json(&service, &head.headers, body).await?;
    let change = request.into_change();
    must_be_folder(change.music_folder.as_ref().and_then(Option::as_deref)).await?;
    let house = service.deployment.access().change_house(&change).await?;
    let object = Extension(Object("settings".to_owned()));
    Ok((object, Json(DeploymentSettings::of(&house))))
}

/// Refuses a folder that isn't there, or that the server can't read.
async fn must_be_folder(folder: Option<&str>) -> Result<(), Problem> {
    let Some(folder) = folder else { return Ok(()) };
    let path = folder.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read_dir(path).map(drop)).await;
    match read.map_err(|error| Problem::internal(&error))? {
        Ok(()) => Ok(()),
        Err(error) => {
            let detail = format!("{folder:?} is no folder that this server can read: {error}");
            Err(Problem::new(Kind::InvalidRequest, detail))
        }
    }
}
