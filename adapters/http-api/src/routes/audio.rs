//! The bytes of audio: signed addresses, ranges, conditions (RFC 9110, sections 13 and 14).
//!
//! What a path leads to never changes: other bytes have another path. So whatever was fetched may be kept
//! for ever, and a node at the edge keeps one copy for everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use ledgerline_app::delivery::origin::{OriginError, Playable};
use ledgerline_app::delivery::playing::version;
use ledgerline_app::library::on_disk::OnDiskError;
use ledgerline_app::ports::{Rendition, RungName};
use ledgerline_delivery::{SignedUrl, UrlRefusal};
use percent_encoding::percent_decode_str;

use crate::outside::SentAudio;
use crate::problem::{Kind, Problem};
use crate::router::Service;
use crate::serve::FileSender;

mod sent;
use sent::Sent;

/// Other bytes have another path.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A path that doesn't say which bytes it means.
const FOR_A_WHILE: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// Pages of ours fetch from nodes at the edge, which have other hosts; the address is the permission.
const ANYWHERE: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("content-length, content-range, etag"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    ),
];

/// Sends audio, whole or a range of it.
///
/// The address is signed, and is had from `POST /api/v1/tracks/{id}/play`; it can be fetched any number of times
/// until it expires. `Range` with one range of bytes is understood; several are answered with all of it. What
/// is behind a path never changes.
#[utoipa::path(
    get,
    path = "/audio/{track_id}/{rung}",
    operation_id = "audio",
    tag = "playing",
    params(
        ("track_id" = String, Path, description = "The recording, percent-encoded"),
        ("rung" = String, Path, description = "The rung and the beginning of its checksum, as `opus-96.0a1b2c3d`"),
        ("e" = u64, Query, description = "When the address expires, in seconds since 1970"),
        ("l" = String, Query, description = "Whose it is, by pseudonym"),
        ("p" = String, Query, description = "The play that it is for"),
        ("k" = String, Query, description = "The key that signed it"),
        ("s" = String, Query, description = "The signature"),
    ),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "audio/mp4"),
        (status = 206, description = "A range of it", body = Vec<u8>, content_type = "audio/mp4"),
        (status = 304, description = "What the client has is still right"),
    )
)]
pub(crate) async fn audio(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Problem> {
    let delivery = service.deployment.delivery();
    let uri = request.uri();
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let signed = SignedUrl::check(path, query, &delivery.keys().ring(), delivery.now());
    let signed = signed.map_err(|refusal| {
        delivery.metrics().refused_urls.fetch_add(1, Ordering::Relaxed);
        let kind = match refusal {
            UrlRefusal::Expired => Kind::UrlExpired,
            UrlRefusal::Unsigned | UrlRefusal::UnknownKey | UrlRefusal::Forged => Kind::UrlRefused,
        };
        Problem::new(kind, refusal.to_string()).anywhere()
    })?;
    let place = service.streams.clone().try_acquire_owned().map_err(|_| {
        Problem::passing(Kind::Overloaded, "too many are listening here; try again", 1).anywhere()
    })?;
    let missing = || Problem::new(Kind::NoAudio, "there is no such audio (any more)").anywhere();
    let asked = Asked::of(path).ok_or_else(missing)?;
    let known = match asked.rung {
        RungName::ORIGINAL => delivery.origin().with_file(&asked.track_id).await?,
        _ => delivery.origin().renditions(&asked.track_id).await?,
    };
    let known = known.ok_or_else(missing)?;
    let rendition = known.of.rung(asked.rung).ok_or_else(missing)?;
    if asked.version.is_some_and(|asked| asked != version(rendition)) {
        return Err(missing());
    }
    let cache = if asked.version.is_some() { FOR_EVER } else { FOR_A_WHILE };
    let head = Head { playable: &known, rendition, cache };
    let (method, headers) = (request.method(), request.headers());
    let sent = Sent {
        service: service.clone(),
        line: SentAudio {
            at_ms: delivery.now().get(),
            play_id: signed.play_id.to_owned(),
            track_id: asked.track_id.clone(),
            rung: asked.rung.to_owned(),
            status: 200,
            bytes: 0,
        },
        bytes: AtomicU64::new(0),
        _place: place,
    };
    head.answer(method, headers, request.extensions().get(), sent).await
}

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'p> {
    track_id: String,
    rung: &'p str,
    version: Option<&'p str>,
}

impl<'p> Asked<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let (track, rung) = path.strip_prefix("/audio/")?.split_once('/')?;
        let track_id = percent_decode_str(track).decode_utf8().ok()?.into_owned();
        let (rung, version) = match rung.split_once('.') {
            Some((rung, version)) => (rung, Some(version)),
            None => (rung, None),
        };
        RungName::new(rung).ok()?;
        Some(Self { track_id, rung, version })
    }
}

struct Head<'r> {
    playable: &'r Playable,
    rendition: &'r Rendition,
    cache: HeaderValue,
}

impl Head<'_> {
    async fn answer(
        &self,
        method: &Method,
        asked: &HeaderMap,
        sender: Option<&FileSender>,
        mut sent: Sent,
    ) -> Result<Response, Problem> {
        let bytes = self.rendition.bytes;
        let etag = self.etag();
        if asked.get_all(header::IF_NONE_MATCH).iter().any(|line| names(line, &etag)) {
            return Ok((StatusCode::NOT_MODIFIED, self.headers(&etag)).into_response());
        }
        // Ranges are of GET alone; where the client has other bytes than ours it gets all of them.
        let ranges = *method == Method::GET
            && asked.get(header::IF_RANGE).is_none_or(|line| line.as_bytes() == etag.as_bytes());
        let range = asked.get(header::RANGE).filter(|_| ranges);
        let range = match range.and_then(|line| line.to_str().ok()).map(|line| read(line, bytes)) {
            None | Some(Ranged::Whole) => None,
            Some(Ranged::Nothing) => {
                let detail = format!("the audio has {bytes} bytes");
                let end = HeaderValue::from_str(&format!("bytes */{bytes}"));
                let end = end.map_err(|error| Problem::internal(&error))?;
                let problem = Problem::new(Kind::RangeNotSatisfiable, detail);
                return Err(problem.with_header(header::CONTENT_RANGE, end).anywhere());
            }
            Some(Ranged::Part(from, to)) => Some((from, to)),
        };
        let mut headers = self.headers(&etag);
        let (from, to) = range.unwrap_or((0, bytes));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
        let mut status = StatusCode::OK;
        if range.is_some() {
            let part = format!("bytes {from}-{}/{bytes}", to - 1);
            let part = HeaderValue::from_str(&part).map_err(|error| Problem::internal(&error))?;
            headers.insert(header::CONTENT_RANGE, part);
            status = StatusCode::PARTIAL_CONTENT;
        }
        sent.line.status = status.as_u16();
        if *method == Method::HEAD {
            return Ok((status, headers).into_response());
        }
        let origin = sent.service.deployment.delivery().origin();
        let reading = origin.open(self.playable, self.rendition, from, to).await;
        let reading = reading.map_err(|error| unopened(&error))?;
        let body = sent.body(reading, sender).await.map_err(|error| broken(&error))?;
        Ok((status, headers, body).into_response())
    }

    /// A strong validator: it is of these bytes and no others.
    fn etag(&self) -> String {
        let checksum: [u8; 16] = self.rendition.checksum[..16].try_into().expect("sixteen");
        format!("\"{:032x}\"", u128::from_be_bytes(checksum))
    }

    fn headers(&self, etag: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.extend(ANYWHERE);
        headers.insert(header::CACHE_CONTROL, self.cache.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Ok(etag) = HeaderValue::from_str(etag) {
            headers.insert(header::ETAG, etag);
        }
        let mime = self.rendition.mime.split(';').next().unwrap_or_default();
        let mime = HeaderValue::from_str(mime)
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::CONTENT_TYPE, mime);
        headers
    }
}

/// A file in a music folder that isn't what it was has another address, once it is scanned.
fn unopened(error: &OriginError) -> Problem {
    match error {
        OriginError::File(file) if matches!(**file, OnDiskError::Changed { .. }) => {
            tracing::warn!(%error, "a track's file isn't sent");
            Problem::new(Kind::NoAudio, "there is no such audio (any more)").anywhere()
        }
        _ => broken(error),
    }
}

fn broken(error: &OriginError) -> Problem {
    tracing::error!(%error, "audio can't be read");
    let detail = "the audio can't be read now; the server's log says why";
    Problem::passing(Kind::StoreUnavailable, detail, 5).anywhere()
}

/// Whether a line of `If-None-Match` names this ETag, weakly compared.
fn names(line: &HeaderValue, etag: &str) -> bool {
    let Ok(line) = line.to_str() else { return false };
    line.split(',').map(str::trim).any(|item| item == "*" || item.trim_start_matches("W/") == etag)
}

/// What a range is of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Ranged {
    /// Not understood, or several: all of it is sent (RFC 9110, section 14.2).
    Whole,
    /// None of it.
    Nothing,
    /// From the one up to the other, not included.
    Part(u64, u64),
}

fn read(line: &str, bytes: u64) -> Ranged {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let spec = line.split_once('=').filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = spec.and_then(|(_, spec)| spec.trim().split_once('-')) else {
        return Ranged::Whole;
    };
    match (number(first), number(last), first.is_empty(), last.is_empty()) {
        (Some(from), _, _, true) if from < bytes => Ranged::Part(from, bytes),
        (Some(from), Some(last), ..) if from <= last && from < bytes => {
            Ranged::Part(from, last.saturating_add(1).min(bytes))
        }
        (Some(from), Some(last), ..) if from > last => Ranged::Whole,
        (Some(_), Some(_), ..) | (Some(_), _, _, true) => Ranged::Nothing,
        (None, Some(0), true, _) => Ranged::Nothing,
        (None, Some(suffix), true, _) => Ranged::Part(bytes.saturating_sub(suffix), bytes),
        _ => Ranged::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (line, expected) in [
            ("bytes=0-0", Ranged::Part(0, 1)),
            ("bytes=0-99", Ranged::Part(0, 100)),
            ("bytes=0-1000", Ranged::Part(0, 100)),
            ("bytes=99-", Ranged::Part(99, 100)),
            ("Bytes = 5-9", Ranged::Part(5, 10)),
            ("bytes=-1", Ranged::Part(99, 100)),
            ("bytes=-1000", Ranged::Part(0, 100)),
            ("bytes=0-99999999999999999999999", Ranged::Part(0, 100)),
            ("bytes=-0", Ranged::Nothing),
            ("bytes=100-", Ranged::Nothing),
            ("bytes=100-200", Ranged::Nothing),
            ("bytes=9-5", Ranged::Whole),
            ("bytes=0-1,5-6", Ranged::Whole),
            ("bytes=", Ranged::Whole),
            ("bytes=-", Ranged::Whole),
            ("bytes=a-b", Ranged::Whole),
            ("bytes=1--2", Ranged::Whole),
            ("bytes=+1-2", Ranged::Whole),
            ("chunks=0-1", Ranged::Whole),
            ("0-1", Ranged::Whole),
        ] {
            assert_eq!(read(line, 100), expected, "{line}");
        }
    }

    #[test]
    fn paths_name_a_recording_and_a_rung() {
        let asked =
            |track: &str, rung, version| Some(Asked { track_id: track.to_owned(), rung, version });
        for (path, expected) in [
            ("/audio/t1/opus-96.0a1b2c3d", asked("t1", "opus-96", Some("0a1b2c3d"))),
            ("/audio/t1/flac", asked("t1", "flac", None)),
            ("/audio/Zo%C3%AB%2F..%2f/flac.1", asked("Zoë/../", "flac", Some("1"))),
            ("/audio/%ff/flac", None),
            ("/audio/t1", None),
            ("/audio/t1/../../etc/passwd", None),
            ("/audio/t1/..", None),
            ("/audio/t1/%2e%2e", None),
        ] {
            assert_eq!(Asked::of(path), expected, "{path}");
        }
    }

    #[test]
    fn etags_are_compared_weakly() {
        for (line, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
        ] {
            assert_eq!(names(&HeaderValue::from_static(line), "\"a\""), expected, "{line}");
        }
    }
}
