//! Every endpoint, and who may use it. The router and the contract are made from this table:
//! an endpoint that isn't in it doesn't exist.

use std::sync::Arc;

use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use ledgerline_app::ports::Scope;
use utoipa::Path as _;
use utoipa::openapi::path::Operation;

use crate::router::Service;
use crate::routes::{
    adjudication, appeals, closes, comparisons, conservation, counts, fraud, ledger, operations,
    papers, plays, privacy, reports, revenue, rights, terms,
};

/// Who may use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everyone, without a key.
    Nothing,
    /// Whoever has a key with this scope.
    Scope(Scope),
}

/// One endpoint: a method on a path.
#[derive(Debug)]
pub struct Endpoint {
    /// The method. `GET` serves `HEAD` too.
    pub method: Method,
    /// The path; `{name}` is a parameter.
    pub path: &'static str,
    /// Who may use it.
    pub needs: Needs,
    /// The statuses of its refusals, besides those that every endpoint with its needs has.
    pub(crate) refusals: &'static [u16],
    pub(crate) route: fn() -> MethodRouter<Arc<Service>>,
    pub(crate) operation: fn() -> Operation,
}

const REPORTS_WRITE: Needs = Needs::Scope(Scope::ReportsWrite);
const COUNTS_READ: Needs = Needs::Scope(Scope::CountsRead);
const ADJUDICATION_WRITE: Needs = Needs::Scope(Scope::AdjudicationWrite);
const FRAUD_WRITE: Needs = Needs::Scope(Scope::FraudWrite);
const APPEALS_WRITE: Needs = Needs::Scope(Scope::AppealsWrite);
const ROYALTY_READ: Needs = Needs::Scope(Scope::RoyaltyRead);
const ROYALTY_WRITE: Needs = Needs::Scope(Scope::RoyaltyWrite);
const LEDGER_READ: Needs = Needs::Scope(Scope::LedgerRead);
const PRIVACY_WRITE: Needs = Needs::Scope(Scope::PrivacyWrite);

/// The table.
pub static ENDPOINTS: [Endpoint; 42] = [
    Endpoint {
        method: Method::POST,
        path: "/api/v1/playback/report",
        needs: REPORTS_WRITE,
        refusals: &[408, 413, 415, 422, 429],
        route: || post(reports::send),
        operation: reports::__path_send::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/counts",
        needs: COUNTS_READ,
        refusals: &[],
        route: || get(counts::read),
        operation: counts::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/plays/{user_id}/{play_id}",
        needs: COUNTS_READ,
        refusals: &[404, 409],
        route: || get(plays::read),
        operation: plays::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/adjudication",
        needs: COUNTS_READ,
        refusals: &[],
        route: || get(adjudication::list),
        operation: adjudication::__path_list::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/adjudication",
        needs: ADJUDICATION_WRITE,
        refusals: &[404, 408, 409, 413, 415, 422],
        route: || post(adjudication::decide),
        operation: adjudication::__path_decide::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/fraud",
        needs: COUNTS_READ,
        refusals: &[],
        route: || get(fraud::list),
        operation: fraud::__path_list::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/fraud",
        needs: FRAUD_WRITE,
        refusals: &[404, 408, 409, 413, 415, 422],
        route: || post(fraud::rule),
        operation: fraud::__path_rule::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/appeals",
        needs: COUNTS_READ,
        refusals: &[],
        route: || get(appeals::list),
        operation: appeals::__path_list::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/appeals",
        needs: APPEALS_WRITE,
        refusals: &[404, 408, 409, 413, 415, 422],
        route: || post(appeals::open),
        operation: appeals::__path_open::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/appeals/{number}",
        needs: COUNTS_READ,
        refusals: &[404],
        route: || get(appeals::read),
        operation: appeals::__path_read::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/appeals/{number}/decision",
        needs: FRAUD_WRITE,
        refusals: &[404, 408, 409, 413, 415, 422],
        route: || post(appeals::decide),
        operation: appeals::__path_decide::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/statements/{period}/{file}",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(papers::download),
        operation: papers::__path_download::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/conservation",
        needs: COUNTS_READ,
        refusals: &[],
        route: || get(conservation::read),
        operation: conservation::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/catalog/rights",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(rights::read),
        operation: rights::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/revenue",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(revenue::list),
        operation: revenue::__path_list::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/royalty/revenue",
        needs: ROYALTY_WRITE,
        refusals: &[408, 413, 415, 422],
        route: || post(revenue::import),
        operation: revenue::__path_import::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/ledger/entries",
        needs: LEDGER_READ,
        refusals: &[],
        route: || get(ledger::entries),
        operation: ledger::__path_entries::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/ledger/balances",
        needs: LEDGER_READ,
        refusals: &[],
        route: || get(ledger::balances),
        operation: ledger::__path_balances::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/ledger/head",
        needs: LEDGER_READ,
        refusals: &[],
        route: || get(ledger::head),
        operation: ledger::__path_head::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/terms",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(terms::list),
        operation: terms::__path_list::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/royalty/terms",
        needs: ROYALTY_WRITE,
        refusals: &[408, 409, 413, 415, 422],
        route: || post(terms::import),
        operation: terms::__path_import::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/terms/explain",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(terms::explain),
        operation: terms::__path_explain::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/terms/check",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(terms::check),
        operation: terms::__path_check::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/royalty/terms/preview",
        needs: ROYALTY_READ,
        refusals: &[404, 408, 409, 413, 415, 422],
        route: || post(terms::preview),
        operation: terms::__path_preview::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/terms/{id}",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(terms::read),
        operation: terms::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/privacy/{user_id}/export",
        needs: PRIVACY_WRITE,
        refusals: &[],
        route: || get(privacy::export),
        operation: privacy::__path_export::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/privacy/{user_id}/erase",
        needs: PRIVACY_WRITE,
        refusals: &[],
        route: || post(privacy::erase),
        operation: privacy::__path_erase::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(closes::list),
        operation: closes::__path_list::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::read),
        operation: closes::__path_read::operation,
    },
    Endpoint {
        method: Method::POST,
        path: "/api/v1/royalty/closes/{period}",
        needs: ROYALTY_WRITE,
        refusals: &[409],
        route: || post(closes::close),
        operation: closes::__path_close::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}/verification",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::verify),
        operation: closes::__path_verify::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}/statements",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::statements),
        operation: closes::__path_statements::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}/statements/{payee}",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::statement),
        operation: closes::__path_statement::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}/statements/{payee}/lines",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::lines),
        operation: closes::__path_lines::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/closes/{period}/statements/{payee}/lines/{number}",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::explain_line),
        operation: closes::__path_explain_line::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/plays/{user_id}/{play_id}",
        needs: ROYALTY_READ,
        refusals: &[404, 409],
        route: || get(closes::explain_play),
        operation: closes::__path_explain_play::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/estimates",
        needs: ROYALTY_READ,
        refusals: &[404],
        route: || get(closes::estimates),
        operation: closes::__path_estimates::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/api/v1/royalty/comparisons",
        needs: ROYALTY_READ,
        refusals: &[],
        route: || get(comparisons::read),
        operation: comparisons::__path_read::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/healthz",
        needs: Needs::Nothing,
        refusals: &[],
        route: || get(operations::healthz),
        operation: operations::__path_healthz::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/readyz",
        needs: Needs::Nothing,
        refusals: &[503],
        route: || get(operations::readyz),
        operation: operations::__path_readyz::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/metrics",
        needs: Needs::Nothing,
        refusals: &[],
        route: || get(operations::metrics),
        operation: operations::__path_metrics::operation,
    },
    Endpoint {
        method: Method::GET,
        path: "/openapi.json",
        needs: Needs::Nothing,
        refusals: &[],
        route: || get(operations::openapi),
        operation: operations::__path_openapi::operation,
    },
];
