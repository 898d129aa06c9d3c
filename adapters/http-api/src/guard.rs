//! What every request passes before its endpoint sees it: a limit, and the check of who sends it.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ledgerline_app::access::Caller;
use ledgerline_app::intake::Origin;
use ledgerline_app::ports::Scope;
use ledgerline_records::report::Producer;

use crate::auditing::deed;
use crate::authorisation::{ENDPOINTS, Endpoint, Needs, Tenancy};
use crate::linger::Lingering;
use crate::problem::{CHALLENGE, Kind, Problem};
use crate::request_body::one_value;
use crate::router::Service;
use crate::web;

/// An endpoint's place in the table, and what serves it.
#[derive(Clone)]
pub(crate) struct Guarded {
    pub service: Arc<Service>,
    pub endpoint: usize,
}

/// What the audit log, proposals and invitations call whoever may open the control socket.
pub const OPERATOR: &str = "operator";

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
            listener: None,
        };
        Self::Open(Arc::new(Caller {
            id: OPERATOR.to_owned(),
            role: None,
            parties: None,
            session: None,
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
    let endpoint = &ENDPOINTS[guarded.endpoint];
    let response = if endpoint.needs == Needs::Nothing && endpoint.method == Method::GET {
        // Probes are answered however much else is under way.
        next.run(request).await
    } else {
        match admit(service, request.method(), request.headers(), endpoint).await {
            Ok((place, caller)) => {
                if let Some(caller) = caller {
                    admitted = Some(caller.clone());
                    request.extensions_mut().insert(caller);
                }
                let response = next.run(request).await;
                drop(place);
                response
            }
            Err(problem) => problem.into_response(),
        }
    };
    let asked = (asked.path(), asked.query());
    if let Some(deed) = deed(service, endpoint, asked, admitted.as_deref(), &response) {
        service.deployment.note_deed(deed).await;
    }
    watch.end(response.status());
    response
}

type Admitted = (tokio::sync::OwnedSemaphorePermit, Option<Arc<Caller>>);

async fn admit(
    service: &Service,
    method: &Method,
    headers: &HeaderMap,
    endpoint: &Endpoint,
) -> Result<Admitted, Problem> {
    let place = service.limits.enter()?;
    if endpoint.needs == Needs::Nothing {
        return Ok((place, None));
    }
    let caller = match &service.door {
        Door::Open(caller) => caller.clone(),
        Door::Keys => authenticate(service, method, headers).await?,
    };
    if let Needs::Scope(scope) = endpoint.needs
        && !caller.may(scope)
    {
        return Err(Problem::forbidden(scope));
    }
    if endpoint.tenancy == Tenancy::Whole && caller.parties.is_some() {
        return Err(Problem::not_yours());
    }
    Ok((place, Some(caller)))
}

/// Whose key the request has; where it has none, whose session.
async fn authenticate(
    service: &Service,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Arc<Caller>, Problem> {
    let access = service.deployment.access();
    let named = basic(headers);
    if let Some(secret) = bearer(headers).or(named.as_ref().map(|(_, secret)| &**secret)) {
        let caller = match &named {
            Some((name, _)) => access.authenticate_named(name, secret).await?,
            None => access.authenticate(secret).await?,
        };
        return caller.ok_or_else(|| {
            Problem::unauthorized(
                "Bearer realm=\"ledgerline\", error=\"invalid_token\"",
                "this key or app password is unknown or was revoked",
            )
        });
    }
    let Some(secret) = cookie(headers).filter(|_| !headers.contains_key(header::AUTHORIZATION))
    else {
        return Err(Problem::unauthorized(
            CHALLENGE,
            "send a key as `Authorization: Bearer <key>`, or sign in",
        ));
    };
    let caller = access.session(secret, service.deployment.now()).await?;
    let caller = caller
        .ok_or_else(|| Problem::unauthorized(CHALLENGE, "the session has ended; sign in again"))?;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let shown = one_value(headers, &CSRF_TOKEN).unwrap_or_default();
    if !reads && !caller.session.as_ref().is_some_and(|session| session.has_token(shown)) {
        return Err(Problem::new(
            Kind::Csrf,
            "show the session's csrf_token as X-CSRF-Token with each request that changes something",
        ));
    }
    Ok(caller)
}

/// Who sends a request that needs nobody in particular; nobody where it shows nothing at all.
pub(crate) async fn whoever(
    service: &Service,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Arc<Caller>>, Problem> {
    let shows = headers.contains_key(header::AUTHORIZATION) || cookie(headers).is_some();
    match &service.door {
        Door::Open(caller) => Ok(Some(caller.clone())),
        Door::Keys if shows => authenticate(service, method, headers).await.map(Some),
        Door::Keys => Ok(None),
    }
}

/// The cookie that has a session's secret.
pub(crate) const COOKIE: &str = "ledgerline_session";
/// Where a request shows that a page of ours sends it.
const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// The value of our cookie (RFC 6265, section 4.2.1): the first, where there are several.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let found =
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE);
    found.map(|(_, value)| value).filter(|value| !value.is_empty())
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

/// Name and password of `Authorization: Basic`, where there is exactly one (RFC 7617): an account's name, and
/// an app password of it.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, token) = one_value(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || token.len() > 1024 {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(token.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Pages of other sites don't get our answers, not even to show them.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What holds for every request, whether or not there is an endpoint for it.
pub(crate) async fn outermost(request: Request, next: Next) -> Response {
    // Reading a body of which the client waits to hear whether to send it would make it send it.
    let waits = request.headers().contains_key(header::EXPECT);
    let request = if waits { request } else { request.map(Lingering::wrap) };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(RESOURCE_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(web::POLICY);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// 404 for whatever isn't in the table.
pub(crate) async fn no_such_path(State(service): State<Arc<Service>>) -> Response {
    let deployment = &service.deployment;
    let detail = match (deployment.follows_all(), service.options.takes_reports) {
        (false, true) if !deployment.judges() => {
            "this node takes reports in and answers nothing else; ask one with the role api"
        }
        (false, true) => "this node counts and has nothing to read; ask one with the role api",
        (false, false) => {
            "this node counts and has nothing to read, and it takes no reports in either; ask one with the \
             role api, or ingest"
        }
        (true, false) => "this node has no endpoint with this path; it takes no reports in either",
        (true, true) => return other(&service, nothing_here()),
    };
    other(&service, Problem::new(Kind::NoSuchPath, detail))
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

    #[test]
    fn basic_pairs() {
        let basic_of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a value"));
            basic(&headers)
        };
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(basic_of("Basic YW5uYTpsbGE6eA=="), pair("anna", "lla:x"));
        assert_eq!(basic_of("basic Wm/DqzpsbGE="), pair("Zo\u{eb}", "lla"));
        for bad in ["Basic", "Basic ", "Basic !", "Basic YW5uYQ==", "Basic /w==", "Bearer YTpi"] {
            assert_eq!(basic_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn cookies() {
        let cookie_of = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).expect("a value"));
            }
            cookie(&headers).map(str::to_owned)
        };
        for good in [
            &["ledgerline_session=lls_1"][..],
            &["a=b; ledgerline_session=lls_1; c=d"],
            &["a=b", "ledgerline_session=lls_1;"],
            &["ledgerline_session=lls_1; ledgerline_session=lls_2"],
        ] {
            assert_eq!(cookie_of(good).as_deref(), Some("lls_1"), "{good:?}");
        }
        for bad in ["", "ledgerline_session", "ledgerline_session=", "xledgerline_session=lls_1"] {
            assert_eq!(cookie_of(&[bad]), None, "{bad}");
        }
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
