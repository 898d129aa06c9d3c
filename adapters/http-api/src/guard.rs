//! What every request passes before its endpoint sees it: a limit, and the check of its key.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ledgerline_app::access::Caller;
use ledgerline_app::intake::Origin;
use ledgerline_app::ports::Scope;
use ledgerline_records::report::Producer;

use crate::auditing::deed;
use crate::authorisation::{ENDPOINTS, Needs};
use crate::linger::Lingering;
use crate::problem::{Kind, Problem};
use crate::request_body::one_value;
use crate::router::Service;

/// An endpoint's place in the table, and what serves it.
#[derive(Clone)]
pub(crate) struct Guarded {
    pub service: Arc<Service>,
    pub endpoint: usize,
}

/// How a request proves who sends it.
#[derive(Debug)]
pub(crate) enum Door {
    /// By a key.
    Keys,
    /// Not at all: whoever may open the control socket is this caller.
    Open(Arc<Caller>),
}

impl Door {
    /// A door that is open to whoever may open the control socket.
    pub(crate) fn operator() -> Self {
        let origin = Origin {
            source: "control".into(),
            producer: Producer::Trusted,
            user_prefix: None,
            key_id: "control".into(),
            reports_per_second: None,
            limited: false,
        };
        Self::Open(Arc::new(Caller {
            id: "control".to_owned(),
            scopes: Scope::ALL.to_vec(),
            origin: Arc::new(origin),
        }))
    }
}

/// Lets a request pass to its endpoint, or answers it.
pub(crate) async fn guard(
    State(guarded): State<Guarded>,
    mut request: Request,
    next: Next,
) -> Response {
    let service = &guarded.service;
    let watch = service.metrics.begin(guarded.endpoint);
    let asked = request.uri().clone();
    let mut admitted = None;
    let response = match ENDPOINTS[guarded.endpoint].needs {
        // Probes are answered however much else is under way.
        Needs::Nothing => next.run(request).await,
        Needs::Scope(scope) => match admit(service, request.headers(), scope).await {
            Ok((place, caller)) => {
                admitted = Some(caller.clone());
                request.extensions_mut().insert(caller);
                let response = next.run(request).await;
                drop(place);
                response
            }
            Err(problem) => problem.into_response(),
        },
    };
    let asked = (asked.path(), asked.query());
    let endpoint = &ENDPOINTS[guarded.endpoint];
    if let Some(deed) = deed(service, endpoint, asked, admitted.as_deref(), &response) {
        service.deployment.note_deed(deed).await;
    }
    watch.end(response.status());
    response
}

async fn admit(
    service: &Service,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<(tokio::sync::OwnedSemaphorePermit, Arc<Caller>), Problem> {
    let place = service.limits.enter()?;
    let caller = match &service.door {
        Door::Open(caller) => caller.clone(),
        Door::Keys => authenticate(service, headers).await?,
    };
    if caller.may(scope) { Ok((place, caller)) } else { Err(Problem::forbidden(scope)) }
}

async fn authenticate(service: &Service, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    let Some(secret) = bearer(headers) else {
        return Err(Problem::unauthorized(
            "Bearer realm=\"ledgerline\"",
            "send a key as `Authorization: Bearer <key>`",
        ));
    };
    let caller = service.deployment.access().authenticate(secret).await?;
    caller.ok_or_else(|| {
        Problem::unauthorized(
            "Bearer realm=\"ledgerline\", error=\"invalid_token\"",
            "this key is unknown or was revoked",
        )
    })
}

/// The token of `Authorization: Bearer`, where there is exactly one (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = one_value(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    let token = token.trim_start_matches(' ').trim_end_matches([' ', '\t']);
    let valid = !token.is_empty()
        && token.len() <= 512
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    (valid && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

/// What holds for every request, whether or not there is an endpoint for it.
pub(crate) async fn outermost(request: Request, next: Next) -> Response {
    // Reading a body of which the client waits to hear whether to send it would make it send it.
    let waits = request.headers().contains_key(header::EXPECT);
    let request = if waits { request } else { request.map(Lingering::wrap) };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// 404 for whatever isn't in the table.
pub(crate) async fn no_such_path(State(service): State<Arc<Service>>) -> Response {
    other(&service, nothing_here())
}

/// What an endpoint answers that this server doesn't have, as if it weren't in the table.
pub(crate) fn nothing_here() -> Problem {
    let detail = "no endpoint has this path; /openapi.json lists them";
    Problem::new(Kind::NoSuchPath, detail)
}

/// 405 for paths that are, with another method. The router adds `Allow`.
pub(crate) async fn method_not_allowed(State(service): State<Arc<Service>>) -> Response {
    let detail = "this path has other methods, those that Allow lists";
    other(&service, Problem::new(Kind::MethodNotAllowed, detail))
}

fn other(service: &Service, problem: Problem) -> Response {
    let watch = service.metrics.begin(ENDPOINTS.len());
    let response = problem.into_response();
    watch.end(response.status());
    response
}

/// 500 for a panic; what it said is for the operator.
#[allow(clippy::needless_pass_by_value, reason = "the layer gives it away")]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    Problem::internal(&said).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens() {
        let bearer_of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_str(value).expect("a header's value");
                headers.append(header::AUTHORIZATION, value);
            }
            bearer(&headers).map(str::to_owned)
        };
        for good in ["Bearer ll_1", "bearer ll_1", "BEARER  ll_1 "] {
            assert_eq!(bearer_of(&[good]).as_deref(), Some("ll_1"), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Basic ll_1",
            "ll_1",
            "Bearer a b",
            "Bearer \u{e5}",
            "Bearer a,b",
        ] {
            assert_eq!(bearer_of(&[bad]), None, "{bad}");
        }
        assert_eq!(bearer_of(&["Bearer a", "Bearer a"]), None);
        assert_eq!(bearer_of(&[]), None);
        assert_eq!(bearer_of(&[&format!("Bearer {}", "x".repeat(513))]), None);
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_what_it_said() {
        for panic in [Box::new("secret") as Box<dyn Any + Send>, Box::new("secret".to_owned())] {
            let response = panicked(panic);
            assert_eq!(response.status(), axum::http::StatusCode::INTERNAL_SERVER_ERROR);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await;
            let body = String::from_utf8(body.expect("it is short").into()).expect("it is text");
            assert!(body.contains("internal_error") && !body.contains("secret"), "{body}");
        }
    }
}
