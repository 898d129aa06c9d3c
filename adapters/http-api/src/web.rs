//! The pages: what was built in `web/`, embedded in the binary.
//!
//! There is one document, at `/`; everything else that it needs is under `/assets/`, in files whose
//! names change with their content. The pages load nothing from anywhere else, and the policy that
//! goes with the document makes browsers hold to that.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::parameters::path_value;
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// A file of the pages.
struct File {
    /// `index.html`, or `assets/` and a name.
    name: &'static str,
    plain: &'static [u8],
    /// The same, packed.
    gzip: Option<&'static [u8]>,
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What the document may load: only what this server sends, audio from where else it is served, and nothing
/// inline.
fn page_policy(audio: &[String]) -> HeaderValue {
    let audio: String = audio.iter().map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'{audio}; media-src 'self' blob:{audio}; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("bases were checked")
}
/// What every other answer may load, should it ever be taken for a document: nothing.
pub(crate) const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// What no page of ours asks a browser for.
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A name that changes with the content: it never needs to be asked for again.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <title>Ledgerline</title>\n<h1>The pages aren't in this binary</h1>\n\
    <p>The API is. To have the pages too, build them before the binary: \
    <code>cargo xtask demo</code> does both; by hand it is \
    <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, then \
    <code>cargo build --release</code>.</p>\n</html>\n";

/// The document of all pages.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "page",
    tag = "web",
    responses((status = 200, description = "The document of all pages", body = String, content_type = "text/html; charset=utf-8"))
)]
pub(crate) async fn index(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    document(&headers, &service.deployment.delivery().bases().origins())
}

fn document(headers: &HeaderMap, audio: &[String]) -> Response {
    let mut response = match find("index.html") {
        Some(file) => file.answer(headers, ASK_AGAIN),
        None => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            let ask_again = [(header::CACHE_CONTROL, ASK_AGAIN)];
            (headers, ask_again, NOT_BUILT).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy(audio));
    headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// A script, style or picture of the pages.
#[utoipa::path(
    get,
    path = "/assets/{file}",
    operation_id = "asset",
    tag = "web",
    params(("file" = String, Path, description = "The file's name", pattern = "^[A-Za-z0-9._-]{1,128}$")),
    responses((status = 200, description = "The file", content(
        (String = "text/javascript; charset=utf-8"),
        (String = "text/css; charset=utf-8"),
        (String = "image/svg+xml"),
        (Vec<u8> = "application/octet-stream"),
    )))
)]
pub(crate) async fn asset(
    path: Result<RawPathParams, RawPathParamsRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = path_value(&path, "file")?;
    let file = find(&format!("assets/{name}"));
    let file = file.ok_or_else(|| Problem::new(Kind::NoSuchPath, "the pages have no such file"))?;
    Ok(file.answer(&headers, FOR_EVER))
}

fn find(name: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.name.cmp(name)).ok().map(|place| &FILES[place])
}

impl File {
    fn answer(&self, asked: &HeaderMap, keep: HeaderValue) -> Response {
        let kind = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind_of(self.name))),
            (header::CACHE_CONTROL, keep),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        match self.gzip.filter(|_| takes_gzip(asked)) {
            Some(packed) => (kind, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
            None => (kind, self.plain).into_response(),
        }
    }
}

/// The media type of a file, by the ending of its name.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// Whether `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let items = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut named = None;
    for item in items {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
        let taken = weight.parse::<f32>().is_ok_and(|weight| weight > 0.0);
        if coding.eq_ignore_ascii_case("gzip") {
            return taken;
        }
        if coding == "*" {
            named = Some(taken);
        }
    }
    named.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for (line, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("gzip; q=0", false),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
            assert_eq!(takes_gzip(&headers), expected, "{line}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn files_are_found_by_their_names() {
        assert!(FILES.is_sorted_by_key(|file| file.name));
        for file in FILES {
            assert!(std::ptr::eq(find(file.name).expect("it is there"), file));
            let known = kind_of(file.name);
            assert_ne!(known, "application/octet-stream", "{} has no media type", file.name);
        }
        assert!(find("assets/").is_none() && find("../Cargo.toml").is_none());
    }

    #[test]
    fn the_document_has_its_policy_built_or_not() {
        let response = document(&HeaderMap::new(), &["https://cdn.example".to_owned()]);
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let policy = header("content-security-policy").expect("it has one");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
        assert_eq!(header("cache-control"), Some("no-cache"));
        assert_eq!(header("content-type"), Some("text/html; charset=utf-8"));
    }
}
