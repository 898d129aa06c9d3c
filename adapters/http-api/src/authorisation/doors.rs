//! Rows of the table: signing in and out, and letting others in.

use axum::http::Method;
use axum::routing::{delete, get, post};
use ledgerline_app::ports::Scope;
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::{invitations, session};

const ACCESS_WRITE: Needs = Needs::Scope(Scope::AccessWrite);

pub(super) const SIGN_IN: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/session",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[401, 408, 409, 413, 415, 422, 429, 503],
    route: || post(session::begin),
    operation: session::__path_begin::operation,
};

pub(super) const WHO: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/session",
    needs: Needs::Somebody,
    tenancy: Tenancy::Own,
    refusals: &[],
    route: || get(session::read),
    operation: session::__path_read::operation,
};

pub(super) const SIGN_OUT: Endpoint = Endpoint {
    method: Method::DELETE,
    path: "/api/v1/session",
    needs: Needs::Somebody,
    tenancy: Tenancy::Own,
    refusals: &[],
    route: || delete(session::end),
    operation: session::__path_end::operation,
};

pub(super) const INVITATIONS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/invitations",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(invitations::list),
    operation: invitations::__path_list::operation,
};

pub(super) const INVITE: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/invitations",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 409, 413, 415, 422],
    route: || post(invitations::invite),
    operation: invitations::__path_invite::operation,
};

pub(super) const REVOKE: Endpoint = Endpoint {
    method: Method::DELETE,
    path: "/api/v1/invitations/{id}",
    needs: ACCESS_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404],
    route: || delete(invitations::revoke),
    operation: invitations::__path_revoke::operation,
};
