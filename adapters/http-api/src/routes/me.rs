//! One's own account: read and changed, its password, sessions, app passwords and family.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;

use super::session::{Entered, device_of, entered};
use crate::auditing::Object;
use crate::dto::{
    Account, AddAppPasswordRequest, AppPassword, AppPasswordList, ChangeMeRequest,
    ChangePasswordRequest, DeleteMeRequest, Family, FamilyInvitationRequest, MadeAppPassword,
    MadeInvitation, OwnSession, OwnSessionList, Session,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::read_json;
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;
type Who = Extension<Arc<Caller>>;

/// Reads one's own account.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "readMe",
    tag = "access",
    responses((status = 200, description = "The account", body = Account))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<Account>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(Account::of(&service.deployment.access().own_account(&caller).await?)))
}

/// Changes one's own account: country and address of mail.
#[utoipa::path(
    patch,
    path = "/api/v1/me",
    operation_id = "changeMe",
    tag = "access",
    request_body = ChangeMeRequest,
    responses((status = 200, description = "The account as it is now", body = Account))
)]
pub(crate) async fn change(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<Json<Account>, Problem> {
    let (head, body) = request.into_parts();
    let request: ChangeMeRequest = read_json(&service, &head.headers, body).await?;
    let (email, territory) = request.into_parts();
    let deployment = &service.deployment;
    let changed = deployment.access().change_own(&caller, email, territory, deployment.now());
    Ok(Json(Account::of(&changed.await?)))
}

/// Deletes one's own account, which erases the person.
///
/// What ties it to its plays goes; they count as before.
#[utoipa::path(
    post,
    path = "/api/v1/me/deletion",
    operation_id = "deleteMe",
    tag = "access",
    request_body = DeleteMeRequest,
    responses((status = 204, description = "It is deleted"))
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (head, body) = request.into_parts();
    let request: DeleteMeRequest = read_json(&service, &head.headers, body).await?;
    let access = service.deployment.access();
    let account = access.check_own_password(&caller, &request.password).await?;
    super::accounts::erase(service.clone(), account.made.account_id, caller).await
}

/// Changes one's own password. All sessions end, and the answer begins a new one.
#[utoipa::path(
    post,
    path = "/api/v1/me/password",
    operation_id = "changePassword",
    tag = "access",
    request_body = ChangePasswordRequest,
    responses((status = 200, description = "The new session", body = Session, headers(("Set-Cookie" = String, description = "`ledgerline_session`, HttpOnly, SameSite=Strict"))))
)]
pub(crate) async fn change_password(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<Entered, Problem> {
    let (head, body) = request.into_parts();
    let request: ChangePasswordRequest = read_json(&service, &head.headers, body).await?;
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let (passwords, device) = ((&*request.present, &*request.next), device_of(&head.headers));
    let access = deployment.access();
    let begun = access.change_password(&caller, passwords, device, random, now).await?;
    entered(&service, &head.headers, begun).await
}

/// Lists the sessions of one's own account, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/me/sessions",
    operation_id = "listMySessions",
    tag = "access",
    responses((status = 200, description = "The sessions", body = OwnSessionList))
)]
pub(crate) async fn sessions(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<OwnSessionList>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let deployment = &service.deployment;
    let own = deployment.access().own_sessions(&caller, deployment.now()).await?;
    Ok(Json(OwnSessionList { items: own.iter().map(OwnSession::of).collect() }))
}

/// Ends a session of one's own account.
#[utoipa::path(
    delete,
    path = "/api/v1/me/sessions/{id}",
    operation_id = "endMySession",
    tag = "access",
    params(("id" = String, Path, description = "The session's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 204, description = "It has ended"))
)]
pub(crate) async fn end_session(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = path_value(&path, "id")?;
    if service.deployment.access().end_own_session(&caller, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(Kind::NotOfAccount, "no session of this account has this id"))
}

/// Lists the app passwords of one's own account, the newest first, without their secrets.
#[utoipa::path(
    get,
    path = "/api/v1/me/app-passwords",
    operation_id = "listMyAppPasswords",
    tag = "access",
    responses((status = 200, description = "The app passwords", body = AppPasswordList))
)]
pub(crate) async fn app_passwords(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<AppPasswordList>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let own = service.deployment.access().own_app_passwords(&caller).await?;
    Ok(Json(AppPasswordList { items: own.iter().map(AppPassword::of).collect() }))
}

/// Makes a password for one device or program: it can listen and nothing else.
#[utoipa::path(
    post,
    path = "/api/v1/me/app-passwords",
    operation_id = "addMyAppPassword",
    tag = "access",
    request_body = AddAppPasswordRequest,
    responses((status = 201, description = "The app password, with its secret", body = MadeAppPassword))
)]
pub(crate) async fn add_app_password(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<(StatusCode, Extension<Object>, Json<MadeAppPassword>), Problem> {
    let (head, body) = request.into_parts();
    let request: AddAppPasswordRequest = read_json(&service, &head.headers, body).await?;
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let made = deployment.access().add_app_password(&caller, &request.label, random, now).await?;
    let object = Extension(Object(made.made.id.clone()));
    Ok((StatusCode::CREATED, object, Json(MadeAppPassword::of(made))))
}

/// Removes an app password of one's own account: it opens nothing any more.
#[utoipa::path(
    delete,
    path = "/api/v1/me/app-passwords/{id}",
    operation_id = "removeMyAppPassword",
    tag = "access",
    params(("id" = String, Path, description = "The app password's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 204, description = "It is removed"))
)]
pub(crate) async fn remove_app_password(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = path_value(&path, "id")?;
    if service.deployment.access().remove_app_password(&caller, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(Kind::NotOfAccount, "no app password of this account has this id"))
}

/// Lists one's family.
#[utoipa::path(
    get,
    path = "/api/v1/me/family",
    operation_id = "readMyFamily",
    tag = "access",
    responses((status = 200, description = "Its owner and its members", body = Family))
)]
pub(crate) async fn family(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    RawQuery(query): RawQuery,
) -> Result<Json<Family>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let family = service.deployment.access().own_family(&caller).await?;
    Ok(Json(Family::of(&family)))
}

/// Invites somebody into one's family: the link in the answer makes an account, once.
#[utoipa::path(
    post,
    path = "/api/v1/me/family/invitations",
    operation_id = "inviteIntoMyFamily",
    tag = "access",
    request_body = FamilyInvitationRequest,
    responses((status = 201, description = "The invitation, with its link", body = MadeInvitation))
)]
pub(crate) async fn invite(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    request: Request,
) -> Result<(StatusCode, Extension<Object>, Json<MadeInvitation>), Problem> {
    let (head, body) = request.into_parts();
    let request: FamilyInvitationRequest = read_json(&service, &head.headers, body).await?;
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let access = deployment.access();
    let made = access.invite_into_family(&caller, request.note, random, now).await?;
    let object = Extension(Object(made.invited.id.clone()));
    Ok((StatusCode::CREATED, object, Json(MadeInvitation::of(&made))))
}

/// Takes a member out of the family that one owns, or oneself out of the one that one is of.
///
/// The account stays, and its plan is `free`.
#[utoipa::path(
    delete,
    path = "/api/v1/me/family/{account_id}",
    operation_id = "leaveFamily",
    tag = "access",
    params(("account_id" = String, Path, description = "The member's account", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 204, description = "It is no member any more"))
)]
pub(crate) async fn leave(
    State(service): State<Arc<Service>>,
    Extension(caller): Who,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let (id, deployment) = (path_value(&path, "account_id")?, &service.deployment);
    deployment.access().leave_family(&caller, id, deployment.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
