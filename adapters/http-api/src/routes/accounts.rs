//! Accounts: listed, made, changed, deleted by those who let others in.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::ports::Random;

use crate::auditing::Object;
use crate::dto::{
    Account, AccountPage, AddAccountRequest, AddedAccount, ChangeAccountRequest,
    ResetPasswordRequest,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::read_json;
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;

/// Lists accounts, by their names.
#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    operation_id = "listAccounts",
    tag = "access",
    params(
        ("name" = Option<String>, Query, description = "Only the account with this name, however it is written", max_length = 128, nullable = false),
        ("containing" = Option<String>, Query, description = "Only those whose name contains this", max_length = 128, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of an earlier page", max_length = 128, nullable = false),
        ("limit" = Option<u32>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
    ),
    responses((status = 200, description = "The accounts", body = AccountPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<AccountPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["name", "containing", "after", "limit"])?;
    let (limit, after) = query.page_of(|name| name.len() <= 128)?;
    let access = service.deployment.access();
    let found = match query.get("name") {
        Some(name) => access.account_named(name).await?.into_iter().collect(),
        None => {
            let wanted = u32::try_from(limit).unwrap_or(u32::MAX);
            access.accounts(query.get("containing"), after, wanted).await?
        }
    };
    let is_full = query.get("name").is_none() && found.len() == limit;
    let next = found.last().filter(|_| is_full).map(|last| last.made.folded.clone());
    Ok(Json(AccountPage { items: found.iter().map(Account::of).collect(), next }))
}

/// Makes an account.
///
/// Nobody can give away more than he may do himself. Where no password is given, one is made up, and
/// shown only now.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    operation_id = "addAccount",
    tag = "access",
    request_body = AddAccountRequest,
    responses((status = 201, description = "The account", body = AddedAccount))
)]
pub(crate) async fn add(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<(StatusCode, Extension<Object>, Json<AddedAccount>), Problem> {
    let (head, body) = request.into_parts();
    let request: AddAccountRequest = read_json(&service, &head.headers, body).await?;
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let made_up = made_up(random);
    let is_made_up = request.password.is_none();
    let parts = request.into_parts(&made_up);
    let (request, standing) =
        parts.map_err(|detail| Problem::new(Kind::InvalidRequest, detail.into_owned()))?;
    let account = deployment.access().add_account(request, standing, &caller, random, now).await?;
    let object = Extension(Object(account.made.account_id.clone()));
    let password = is_made_up.then_some(made_up);
    let added = AddedAccount { account: Account::of(&account), password };
    Ok((StatusCode::CREATED, object, Json(added)))
}

/// Reads one account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}",
    operation_id = "readAccount",
    tag = "access",
    params(("account_id" = String, Path, description = "The account's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 200, description = "The account", body = Account))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<Account>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let account = service.deployment.access().account(path_value(&path, "account_id")?).await?;
    Ok(Json(Account::of(&account)))
}

/// Changes an account: role, plan, country, address of mail, and whether it gets in.
///
/// Who is disabled has no sessions any more; plays that were reported stay. The last account that lets
/// others in can't be disabled, nor become something else.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}",
    operation_id = "changeAccount",
    tag = "access",
    params(("account_id" = String, Path, description = "The account's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    request_body = ChangeAccountRequest,
    responses((status = 200, description = "The account as it is now", body = Account))
)]
pub(crate) async fn change(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    request: Request,
) -> Result<Json<Account>, Problem> {
    let (head, body) = request.into_parts();
    let request: ChangeAccountRequest = read_json(&service, &head.headers, body).await?;
    let change = request
        .into_change()
        .map_err(|detail| Problem::new(Kind::InvalidRequest, detail.into_owned()))?;
    let (id, deployment) = (path_value(&path, "account_id")?, &service.deployment);
    let changed = deployment.access().change_account(id, change, &caller, deployment.now());
    Ok(Json(Account::of(&changed.await?)))
}

/// Gives an account another password, and ends its sessions.
///
/// Where none is given, one is made up, and shown only now.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/password",
    operation_id = "resetPassword",
    tag = "access",
    params(("account_id" = String, Path, description = "The account's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    request_body = ResetPasswordRequest,
    responses((status = 200, description = "It has another password", body = AddedAccount))
)]
pub(crate) async fn reset_password(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    request: Request,
) -> Result<Json<AddedAccount>, Problem> {
    let (head, body) = request.into_parts();
    let request: ResetPasswordRequest = read_json(&service, &head.headers, body).await?;
    let (id, deployment) = (path_value(&path, "account_id")?, &service.deployment);
    let (random, now) = (deployment.random(), deployment.now());
    let made_up = made_up(random);
    let password = request.password.as_deref().unwrap_or(&made_up);
    let access = deployment.access();
    let account = access.reset_password(id, password, &caller, random, now).await?;
    let password = request.password.is_none().then_some(made_up);
    Ok(Json(AddedAccount { account: Account::of(&account), password }))
}

/// Deletes an account, which erases the person.
///
/// What ties it to its plays goes; they count as before. Its name is free again.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}",
    operation_id = "deleteAccount",
    tag = "access",
    params(("account_id" = String, Path, description = "The account's id", pattern = "^[A-Za-z0-9_]{1,64}$")),
    responses((status = 204, description = "It is deleted"))
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let id = path_value(&path, "account_id")?.to_owned();
    erase(service, id, caller).await
}

/// In a task of its own: a caller who goes away must not leave it half done.
pub(super) async fn erase(
    service: Arc<Service>,
    account_id: String,
    caller: Arc<Caller>,
) -> Result<StatusCode, Problem> {
    let erasing =
        tokio::spawn(async move { service.deployment.delete_account(&account_id, &caller).await });
    erasing.await.map_err(|error| Problem::internal(&error))??;
    Ok(StatusCode::NO_CONTENT)
}

/// A password that nobody chose: 80 random bits, in groups that can be read aloud.
fn made_up(random: &dyn Random) -> String {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let mut text = String::new();
    for (place, pair) in bytes.chunks(2).enumerate() {
        let lead = if place == 0 { "" } else { "-" };
        write!(text, "{lead}{:02x}{:02x}", pair[0], pair[1]).expect("a String takes everything");
    }
    text
}
