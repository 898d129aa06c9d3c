//! Rows of the table: pages, and what whoever operates the server asks.

use axum::http::Method;
use axum::routing::get;
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::operations;
use crate::web;

pub(super) const INDEX: Endpoint = Endpoint {
    method: Method::GET,
    path: "/",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[],
    route: || get(web::index),
    operation: web::__path_index::operation,
};

pub(super) const ASSET: Endpoint = Endpoint {
    method: Method::GET,
    path: "/assets/{file}",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[404],
    route: || get(web::asset),
    operation: web::__path_asset::operation,
};

pub(super) const HEALTHZ: Endpoint = Endpoint {
    method: Method::GET,
    path: "/healthz",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[],
    route: || get(operations::healthz),
    operation: operations::__path_healthz::operation,
};

pub(super) const READYZ: Endpoint = Endpoint {
    method: Method::GET,
    path: "/readyz",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[503],
    route: || get(operations::readyz),
    operation: operations::__path_readyz::operation,
};

pub(super) const METRICS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/metrics",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[],
    route: || get(operations::metrics),
    operation: operations::__path_metrics::operation,
};

pub(super) const OPENAPI: Endpoint = Endpoint {
    method: Method::GET,
    path: "/openapi.json",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[],
    route: || get(operations::openapi),
    operation: operations::__path_openapi::operation,
};
