//! Invitations: made, listed, revoked.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;

use crate::auditing::Object;
use crate::dto::{Invitation, InvitationList, InvitationRequest, MadeInvitation};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::read_json;
use crate::router::Service;

/// Lists the newest 1000 invitations, the newest first, without their secrets.
#[utoipa::path(
    get,
    path = "/api/v1/invitations",
    operation_id = "listInvitations",
    tag = "access",
    responses((status = 200, description = "The invitations", body = InvitationList))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvitationList>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let now = service.deployment.now();
    let invitations = service.deployment.access().invitations().await?;
    let items = invitations.iter().map(|invitation| Invitation::of(invitation, now)).collect();
    Ok(Json(InvitationList { items }))
}

/// Invites somebody: the link in the answer makes an account, or signs its guest in, once.
///
/// Nobody can give away more than he may do himself.
#[utoipa::path(
    post,
    path = "/api/v1/invitations",
    operation_id = "invite",
    tag = "access",
    request_body = InvitationRequest,
    responses((status = 201, description = "The invitation, with its link", body = MadeInvitation))
)]
pub(crate) async fn invite(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<(StatusCode, Extension<Object>, Json<MadeInvitation>), Problem> {
    let (head, body) = request.into_parts();
    let request: InvitationRequest = read_json(&service, &head.headers, body).await?;
    if request.plan_until.is_some() && request.plan.is_none() {
        let detail = "plan_until says when a plan ends: say which one, as plan";
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let request = request.into_request();
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let made = deployment.access().invite(request, &caller, random, now).await?;
    let object = Extension(Object(made.invited.id.clone()));
    Ok((StatusCode::CREATED, object, Json(MadeInvitation::of(&made))))
}

/// Revokes an invitation, used or not, and ends its session.
#[utoipa::path(
    delete,
    path = "/api/v1/invitations/{id}",
    operation_id = "revokeInvitation",
    tag = "access",
    params(("id" = String, Path, description = "The invitation's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 204, description = "It is revoked"))
)]
pub(crate) async fn revoke(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = path_value(&path, "id")?;
    let deployment = &service.deployment;
    if deployment.access().revoke_invitation(id, deployment.now()).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(Kind::InvitationNotFound, "no invitation of this id waits to be revoked"))
}
