//! What finance brings in sheets, beside revenue: rows of the table.

use axum::http::Method;
use axum::routing::{get, post};
use ledgerline_app::ports::Scope;
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::{advances, drafts, rates};

const ROYALTY_READ: Needs = Needs::Scope(Scope::RoyaltyRead);
const ROYALTY_WRITE: Needs = Needs::Scope(Scope::RoyaltyWrite);

/// Contract files of a spreadsheet of deals.
pub(super) const DRAFT_TERMS: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/royalty/terms/drafts",
    needs: ROYALTY_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 413, 415, 422],
    route: || post(drafts::draft),
    operation: drafts::__path_draft::operation,
};

/// Advances and costs, listed.
pub(super) const ADVANCES: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/advances",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(advances::list),
    operation: advances::__path_list::operation,
};

/// Advances and costs, booked.
pub(super) const BOOK_ADVANCES: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/royalty/advances",
    needs: ROYALTY_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 409, 413, 415, 422],
    route: || post(advances::import),
    operation: advances::__path_import::operation,
};

/// Rates of exchange, listed.
pub(super) const RATES: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/rates",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(rates::list),
    operation: rates::__path_list::operation,
};

/// Rates of exchange, imported.
pub(super) const IMPORT_RATES: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/royalty/rates",
    needs: ROYALTY_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[408, 413, 415, 422],
    route: || post(rates::import),
    operation: rates::__path_import::operation,
};
