//! Sessions of browsers: begun by a secret, shown, ended.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::access::sessions::{Begun, SignIn};

use crate::auditing::SignedIn;
use crate::dto::{Session, SignInRequest};
use crate::guard::{COOKIE, cookie};
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::{one_value, read_json};
use crate::router::Service;
use crate::serve::Peer;

/// What a proxy says of where a request comes from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Signs in, by a name and its password, by a key, or by an invitation.
///
/// The answer sets a cookie that no script can read. An invitation works once. Whoever tries too
/// often, or wrong too often, is told when to come again.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    operation_id = "signIn",
    tag = "access",
    request_body = SignInRequest,
    responses((status = 200, description = "The session", body = Session, headers(("Set-Cookie" = String, description = "`ledgerline_session`, HttpOnly, SameSite=Strict"))))
)]
pub(crate) async fn begin(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Entered, Problem> {
    let from = address(&service, &request);
    let (head, body) = request.into_parts();
    let request: SignInRequest = read_json(&service, &head.headers, body).await?;
    let SignInRequest { name, password, key, invitation } = &request;
    let with = match (name, password, key, invitation) {
        (Some(name), Some(password), None, None) => SignIn::Password(name, password),
        (None, None, Some(key), None) => SignIn::Key(key),
        (None, None, None, Some(invitation)) => SignIn::Invitation(invitation),
        _ => {
            let detail = "sign in with a name and its password, with a key or with an invitation: one of the three";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
    };
    let deployment = &service.deployment;
    let (random, now) = (deployment.random(), deployment.now());
    let device = device_of(&head.headers);
    let begun = deployment.access().sign_in(with, (from, device), random, now).await?;
    entered(&service, &head.headers, begun).await
}

/// What a session that has begun is answered with: its cookie, and what the caller is.
pub(crate) type Entered = (Extension<SignedIn>, [(HeaderName, HeaderValue); 1], Json<Session>);

/// Answers with a session that has begun, in the place of the one that the browser had.
pub(crate) async fn entered(
    service: &Service,
    headers: &HeaderMap,
    begun: Begun,
) -> Result<Entered, Problem> {
    if let Some(before) = cookie(headers) {
        service.deployment.access().replace_session(before).await?;
    }
    let set = set_cookie(&begun.secret, begun.lasts.as_secs(), is_https(headers))?;
    let role = begun.caller.role.map(|role| role.as_str().to_owned());
    let signed_in = Extension(SignedIn { who: begun.caller.id.clone(), role });
    let session = Session::of(&begun.caller, service.options.demo);
    Ok((signed_in, [(header::SET_COOKIE, set)], Json(session)))
}

/// The kind of browser that a request comes from, for the list of somebody's sessions: by the words that
/// browsers say of themselves. What it can't tell is no device in particular.
pub(crate) fn device_of(headers: &HeaderMap) -> &'static str {
    let said = one_value(headers, &header::USER_AGENT).unwrap_or_default();
    // Each names those before it too.
    let browsers = ["Edg", "OPR", "Firefox", "Chrome", "Safari"];
    let systems = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"];
    let browser = browsers.into_iter().find(|word| said.contains(word));
    let system = systems.into_iter().find(|word| said.contains(word));
    match (browser, system) {
        (Some("Edg"), Some("Windows")) => "Edge on Windows",
        (Some("Edg"), _) => "Edge",
        (Some("OPR"), _) => "Opera",
        (Some("Firefox"), Some("Android")) => "Firefox on Android",
        (Some("Firefox"), Some("Windows")) => "Firefox on Windows",
        (Some("Firefox"), Some("Macintosh")) => "Firefox on a Mac",
        (Some("Firefox"), Some("Linux")) => "Firefox on Linux",
        (Some("Firefox"), _) => "Firefox",
        (Some("Chrome"), Some("Android")) => "Chrome on Android",
        (Some("Chrome"), Some("Windows")) => "Chrome on Windows",
        (Some("Chrome"), Some("Macintosh")) => "Chrome on a Mac",
        (Some("Chrome"), Some("Linux")) => "Chrome on Linux",
        (Some("Chrome"), _) => "Chrome",
        (Some("Safari"), Some("iPhone")) => "Safari on an iPhone",
        (Some("Safari"), Some("iPad")) => "Safari on an iPad",
        (Some("Safari"), _) => "Safari on a Mac",
        _ => "",
    }
}

/// Says who the request comes from, by its session or by its key.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    operation_id = "readSession",
    tag = "access",
    responses((status = 200, description = "Who it is", body = Session))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Session>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(Session::of(&caller, service.options.demo)))
}

/// Signs out: ends the session of the request. A key has none, and stays.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    operation_id = "signOut",
    tag = "access",
    responses((status = 204, description = "The session has ended"))
)]
pub(crate) async fn end(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    Query::parse(query.as_deref(), &[])?;
    service.deployment.access().end_session(&caller).await?;
    let cookie = set_cookie("", 0, is_https(&headers))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}

fn set_cookie(secret: &str, lasts_s: u64, secure: bool) -> Result<HeaderValue, Problem> {
    let secure = if secure { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={lasts_s}{secure}");
    HeaderValue::from_str(&text).map_err(|error| Problem::internal(&error))
}

/// Whether the browser came by https, as a proxy says. Whoever invents that only keeps a cookie
/// from himself.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get_all(FORWARDED_PROTO).iter().next_back().is_some_and(|value| value == "https")
}

/// Where a request comes from: the other end of the connection, or whoever the proxy there names.
/// Of the addresses in `X-Forwarded-For` the proxy itself wrote the last one only.
pub(crate) fn address(service: &Service, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    if !service.options.behind_proxy {
        return peer;
    }
    let line = request.headers().get_all(FORWARDED_FOR).iter().next_back();
    let last = line.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok()).or(peer)
}
