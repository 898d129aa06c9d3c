//! Rows of the table: what is handed on of a closed month.

use axum::http::Method;
use axum::routing::{get, post};
use ledgerline_app::ports::Scope;
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::{payouts, sales};

const ROYALTY_READ: Needs = Needs::Scope(Scope::RoyaltyRead);
const ROYALTY_WRITE: Needs = Needs::Scope(Scope::RoyaltyWrite);

/// To whom a month's sales can be reported.
pub(super) const SALES_RECIPIENTS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/closes/{period}/dsr",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Own,
    refusals: &[404],
    route: || get(sales::recipients),
    operation: sales::__path_recipients::operation,
};

/// A payee's sales reports of a month.
pub(super) const SALES_REPORTS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/closes/{period}/dsr/{payee}",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Own,
    refusals: &[404, 409, 503],
    route: || get(sales::files),
    operation: sales::__path_files::operation,
};

/// One of them, downloaded.
pub(super) const SALES_REPORT: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/closes/{period}/dsr/{payee}/{file}",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Own,
    refusals: &[404, 409, 503],
    route: || get(sales::download),
    operation: sales::__path_download::operation,
};

/// What a month pays, to everybody.
pub(super) const MONTH_PAYOUTS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/closes/{period}/payouts",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Whole,
    refusals: &[404, 409],
    route: || get(payouts::month),
    operation: payouts::__path_month::operation,
};

/// The same as a file for a bank.
pub(super) const PAYMENT_FILE: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/royalty/closes/{period}/payouts/file",
    needs: ROYALTY_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404, 408, 409, 413, 415, 422],
    route: || post(payouts::file),
    operation: payouts::__path_file::operation,
};

/// What statements pay, and whether it was paid.
pub(super) const PAYOUTS: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/royalty/payouts",
    needs: ROYALTY_READ,
    tenancy: Tenancy::Own,
    refusals: &[],
    route: || get(payouts::list),
    operation: payouts::__path_list::operation,
};

/// That the bank has paid.
pub(super) const MARK_PAID: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/royalty/payouts/paid",
    needs: ROYALTY_WRITE,
    tenancy: Tenancy::Whole,
    refusals: &[404, 408, 409, 413, 415, 422],
    route: || post(payouts::paid),
    operation: payouts::__path_paid::operation,
};
