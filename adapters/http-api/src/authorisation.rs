//! Every endpoint, who may use it, and whose things it shows. The router and the contract are made
//! from this table: an endpoint that isn't in it doesn't exist.

mod collection;
mod doors;
mod handed_on;
mod music;
mod operating;
mod people;
mod playing;
mod sheets;
mod table;

use std::sync::Arc;

use axum::http::Method;
use axum::routing::MethodRouter;
use ledgerline_app::ports::Scope;
use utoipa::openapi::path::Operation;

use crate::router::Service;

pub use table::ENDPOINTS;

/// Who may use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everyone, without a key or a session.
    Nothing,
    /// Whoever has a key or a session, whatever it may do.
    Somebody,
    /// Whoever has a key or a session with this scope.
    Scope(Scope),
}

/// Whose things an endpoint shows or changes, where the caller is bound to some parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenancy {
    /// Things of everybody at once: such a caller is refused.
    Whole,
    /// Its own: the handler narrows what there is to the caller's parties, and what is of others
    /// doesn't exist for it (404, never 403).
    Own,
    /// Nobody's in particular: everyone who gets in sees the same.
    Public,
}

/// Which nodes have an endpoint, where several share one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All: probes, metrics, the contract.
    Everywhere,
    /// Those that take reports in.
    Reports,
    /// Those that judge, and so have what is asked for.
    Answers,
}

impl Endpoint {
    pub(crate) fn part(&self) -> Part {
        match self.path {
            "/healthz" | "/readyz" | "/metrics" | "/openapi.json" => Part::Everywhere,
            _ if self.needs == Needs::Scope(Scope::ReportsWrite) => Part::Reports,
            _ => Part::Answers,
        }
    }
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
    /// Whose things it is about.
    pub tenancy: Tenancy,
    /// The statuses of its refusals, besides those that every endpoint with its needs has.
    pub(crate) refusals: &'static [u16],
    pub(crate) route: fn() -> MethodRouter<Arc<Service>>,
    pub(crate) operation: fn() -> Operation,
}
