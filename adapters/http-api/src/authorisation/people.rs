//! Rows of the table: accounts, one's own and others', and how they come to be.

use axum::http::Method;
use axum::routing::{delete, get, patch, post};
use ledgerline_app::ports::Scope;
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::{accounts, me, set_up};

const ACCESS_WRITE: Needs = Needs::Scope(Scope::AccessWrite);

pub(super) const SET_UP_STATE: Endpoint =
    open(Method::GET, "/api/v1/set-up", || get(set_up::read), set_up::__path_read::operation);

pub(super) const SET_UP: Endpoint =
    open(Method::POST, "/api/v1/set-up", || post(set_up::set_up), set_up::__path_set_up::operation);

pub(super) const SIGN_UP: Endpoint = open(
    Method::POST,
    "/api/v1/sign-up",
    || post(set_up::sign_up),
    set_up::__path_sign_up::operation,
);

pub(super) const SETTINGS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/settings",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(set_up::settings),
    operation: set_up::__path_settings::operation,
};

pub(super) const CHANGE_SETTINGS: Endpoint = Endpoint {
    method: Method::PATCH,
    path: "/api/v1/settings",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 413, 415, 422],
    route: || patch(set_up::change_settings),
    operation: set_up::__path_change_settings::operation,
};

pub(super) const ACCOUNTS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/accounts",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(accounts::list),
    operation: accounts::__path_list::operation,
};

pub(super) const ADD_ACCOUNT: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/accounts",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 409, 413, 415, 422],
    route: || post(accounts::add),
    operation: accounts::__path_add::operation,
};

pub(super) const ACCOUNT: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/accounts/{account_id}",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404],
    route: || get(accounts::read),
    operation: accounts::__path_read::operation,
};

pub(super) const CHANGE_ACCOUNT: Endpoint = Endpoint {
    method: Method::PATCH,
    path: "/api/v1/accounts/{account_id}",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404, 408, 409, 413, 415, 422],
    route: || patch(accounts::change),
    operation: accounts::__path_change::operation,
};

pub(super) const RESET_PASSWORD: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/accounts/{account_id}/password",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404, 408, 413, 415, 422],
    route: || post(accounts::reset_password),
    operation: accounts::__path_reset_password::operation,
};

pub(super) const DELETE_ACCOUNT: Endpoint = Endpoint {
    method: Method::DELETE,
    path: "/api/v1/accounts/{account_id}",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404, 409],
    route: || delete(accounts::delete),
    operation: accounts::__path_delete::operation,
};

pub(super) const ME: Endpoint =
    own(Method::GET, "/api/v1/me", || get(me::read), me::__path_read::operation);

pub(super) const CHANGE_ME: Endpoint =
    own(Method::PATCH, "/api/v1/me", || patch(me::change), me::__path_change::operation);

pub(super) const DELETE_ME: Endpoint =
    own(Method::POST, "/api/v1/me/deletion", || post(me::delete), me::__path_delete::operation);

pub(super) const CHANGE_PASSWORD: Endpoint = own(
    Method::POST,
    "/api/v1/me/password",
    || post(me::change_password),
    me::__path_change_password::operation,
);

pub(super) const SESSIONS: Endpoint =
    own(Method::GET, "/api/v1/me/sessions", || get(me::sessions), me::__path_sessions::operation);

pub(super) const END_SESSION: Endpoint = own(
    Method::DELETE,
    "/api/v1/me/sessions/{id}",
    || delete(me::end_session),
    me::__path_end_session::operation,
);

pub(super) const APP_PASSWORDS: Endpoint = own(
    Method::GET,
    "/api/v1/me/app-passwords",
    || get(me::app_passwords),
    me::__path_app_passwords::operation,
);

pub(super) const ADD_APP_PASSWORD: Endpoint = own(
    Method::POST,
    "/api/v1/me/app-passwords",
    || post(me::add_app_password),
    me::__path_add_app_password::operation,
);

pub(super) const REMOVE_APP_PASSWORD: Endpoint = own(
    Method::DELETE,
    "/api/v1/me/app-passwords/{id}",
    || delete(me::remove_app_password),
    me::__path_remove_app_password::operation,
);

pub(super) const FAMILY: Endpoint =
    own(Method::GET, "/api/v1/me/family", || get(me::family), me::__path_family::operation);

pub(super) const INVITE_INTO_FAMILY: Endpoint = own(
    Method::POST,
    "/api/v1/me/family/invitations",
    || post(me::invite),
    me::__path_invite::operation,
);

pub(super) const LEAVE_FAMILY: Endpoint = own(
    Method::DELETE,
    "/api/v1/me/family/{account_id}",
    || delete(me::leave),
    me::__path_leave::operation,
);

type Route = fn() -> axum::routing::MethodRouter<std::sync::Arc<crate::router::Service>>;
type Documented = fn() -> utoipa::openapi::path::Operation;

/// Anybody's who comes to the door.
const fn open(method: Method, path: &'static str, route: Route, operation: Documented) -> Endpoint {
    let refusals = &[401, 403, 408, 409, 413, 415, 422, 429, 503];
    let (needs, tenancy) = (Needs::Nothing, Tenancy::Public);
    Endpoint { method, path, needs, tenancy, refusals, route, operation }
}

/// Of whoever has an account, about it alone.
const fn own(method: Method, path: &'static str, route: Route, operation: Documented) -> Endpoint {
    let refusals = &[404, 408, 409, 413, 415, 422, 429];
    let (needs, tenancy) = (Needs::Somebody, Tenancy::Own);
    Endpoint { method, path, needs, tenancy, refusals, route, operation }
}
