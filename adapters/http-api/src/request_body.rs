//! Reading a request's body: limited in bytes, time and memory.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::limits::Memory;
use crate::linger::next_frame;
use crate::problem::{Kind, Problem};
use crate::reports::BodyError;
use crate::router::Service;

/// The most bytes of a body that is one small object: a decision, a ruling.
const SMALL_BYTES_MAX: usize = 16 * 1024;

/// A body, and the memory that it has taken.
pub(crate) struct HeldBody {
    pub bytes: Vec<u8>,
    pub memory: Memory,
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(
    service: &Service,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<HeldBody, Problem> {
    let length = announced(headers);
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let reading = collect(service.limits.memory(), body, length.unwrap_or(0), limit);
    let read = tokio::time::timeout(service.options.body_timeout, reading).await;
    let held = read.unwrap_or_else(|_| Err(too_slow()))?;
    service.metrics.body_read(held.bytes.len());
    Ok(held)
}

async fn collect(
    mut memory: Memory,
    mut body: Body,
    length: usize,
    limit: usize,
) -> Result<HeldBody, Problem> {
    if !memory.take(length) {
        return Err(BodyError::NoMemory.into());
    }
    let mut bytes = Vec::with_capacity(length);
    while let Some(frame) = next_frame(&mut body).await {
        let frame = frame.map_err(|_| truncated())?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        // What was announced has been taken already.
        let beyond = (bytes.len() + data.len()).saturating_sub(bytes.len().max(length));
        if !memory.take(beyond) {
            return Err(BodyError::NoMemory.into());
        }
        bytes.extend_from_slice(data);
    }
    Ok(HeldBody { bytes, memory })
}

pub(crate) fn truncated() -> Problem {
    Problem::new(Kind::TruncatedBody, "the connection broke before the body was whole")
}

pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge, format!("a body has at most {limit} bytes here"))
}

pub(crate) fn too_slow() -> Problem {
    Problem::new(Kind::RequestTimeout, "the body did not arrive in time; send it again, faster")
        .with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// How long a body is, where that was said.
pub(crate) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body that is one small JSON object.
pub(crate) async fn read_json<T: DeserializeOwned>(
    service: &Service,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    read_json_of(service, headers, body, SMALL_BYTES_MAX).await.map(|(read, _)| read)
}

/// Reads a body that is one JSON object of at most `limit` bytes; with its bytes.
pub(crate) async fn read_json_of<T: DeserializeOwned>(
    service: &Service,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<(T, Vec<u8>), Problem> {
    let content_type = one_value(headers, &header::CONTENT_TYPE);
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "send it as application/json")
            .with_header(header::ACCEPT, HeaderValue::from_static("application/json")));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity") {
        return Err(Problem::new(Kind::UnsupportedEncoding, "send the body as it is")
            .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    let held = read(service, headers, body, limit).await?;
    let object = serde_json::from_slice(&held.bytes).map_err(|error| {
        let kind = match error.classify() {
            serde_json::error::Category::Eof if held.bytes.is_empty() => Kind::MalformedJson,
            serde_json::error::Category::Eof => Kind::TruncatedBody,
            serde_json::error::Category::Data => Kind::InvalidRequest,
            _ => Kind::MalformedJson,
        };
        Problem::new(kind, error.to_string())
    })?;
    Ok((object, held.bytes))
}

/// A header's value, where it stands once and is text.
pub(crate) fn one_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}
