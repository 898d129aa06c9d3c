//! The signature of a URL of audio: who may fetch this path, until when, for which play.
//!
//! ```text
//! /audio/{track}/{rung}?e={seconds since 1970}&l={listener}&p={play id}&k={key id}&s={signature}
//! ```
//!
//! The signature is base64url without padding of HMAC-SHA-256 over these lines, each as it stands in
//! the URL, so that whoever checks needs to decode nothing:
//!
//! ```text
//! ledgerline-url/1
//! /audio/{track}/{rung}
//! {e}
//! {l}
//! {p}
//! {k}
//! ```
//!
//! There is one way to write a URL: parameters in this order, each once, nothing besides. It may be
//! fetched any number of times, by range. It doesn't count anything: that takes a grant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledgerline_ids::UnixMs;

use crate::keys::{KeyId, KeyRing, SigningKey};

/// How long a URL is good, in milliseconds: an hour.
pub const URL_LASTS_MS: u64 = 3_600_000;
/// The most bytes of a path and a query that are looked at.
pub const URL_BYTES_MAX: usize = 2_048;

const FORM: &[u8] = b"ledgerline-url/1\n";

/// What a good URL says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedUrl<'a> {
    /// The path, as it stands in the URL.
    pub path: &'a str,
    /// From this second since 1970 on it opens nothing.
    pub expires_at_s: u64,
    /// The pseudonym of who may fetch it, percent-encoded; empty for whoever has no account.
    pub listener: &'a str,
    /// The play that it is for.
    pub play_id: &'a str,
}

/// Why a URL opens nothing, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// It has no signature, or not in the one form.
    #[error("this address is not signed; ask for one with POST /api/v1/tracks/{{id}}/play")]
    Unsigned,
    /// It was signed by a key that isn't valid any more, or that is somebody else's.
    #[error("this address was signed with a key that is not valid; ask for a new one")]
    UnknownKey,
    /// Its signature is of another text.
    #[error("the signature is not of this address; ask for one of your own")]
    Forged,
    /// It was good.
    #[error("this address has expired; ask for a new one and go on")]
    Expired,
}

impl SignedUrl<'_> {
    /// The path and the query, signed.
    #[must_use]
    pub fn signed_by(&self, key: &SigningKey) -> String {
        let Self { path, expires_at_s, listener, play_id } = self;
        let id = key.id();
        let claims = format!("{expires_at_s}\n{listener}\n{play_id}\n{id}");
        let code = key.sign_url(&[FORM, path.as_bytes(), b"\n", claims.as_bytes()]);
        let code = URL_SAFE_NO_PAD.encode(code);
        format!("{path}?e={expires_at_s}&l={listener}&p={play_id}&k={id}&s={code}")
    }
}

impl<'a> SignedUrl<'a> {
    /// Checks a path and the query behind it.
    ///
    /// # Errors
    /// [`UrlRefusal`], the first that holds.
    pub fn check(
        path: &'a str,
        query: &'a str,
        keys: &KeyRing,
        now: UnixMs,
    ) -> Result<Self, UrlRefusal> {
        let read = read(path, query).ok_or(UrlRefusal::Unsigned)?;
        let key = keys.key(read.key).ok_or(UrlRefusal::UnknownKey)?;
        let parts = [FORM, path.as_bytes(), b"\n", read.claims.as_bytes()];
        if !key.signed_url(&parts, &read.code) {
            return Err(UrlRefusal::Forged);
        }
        if now.get() / 1000 >= read.url.expires_at_s {
            return Err(UrlRefusal::Expired);
        }
        Ok(read.url)
    }
}

struct Read<'a> {
    url: SignedUrl<'a>,
    key: KeyId,
    claims: String,
    code: [u8; 32],
}

fn read<'a>(path: &'a str, query: &'a str) -> Option<Read<'a>> {
    if path.len() + query.len() > URL_BYTES_MAX {
        return None;
    }
    let mut rest = query;
    let mut take = |name: &str| {
        let value = rest.strip_prefix(name)?;
        let (value, behind) = value.split_once('&').unwrap_or((value, ""));
        rest = behind;
        Some(value)
    };
    let (expires, listener) = (take("e=")?, take("l=")?);
    let (play_id, key, code) = (take("p=")?, take("k=")?, take("s=")?);
    let expires_at_s: u64 = expires.parse().ok()?;
    let one_way = rest.is_empty()
        && expires_at_s.to_string() == expires
        && query.bytes().all(|byte| byte.is_ascii_graphic())
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && !query.ends_with('&');
    let decoded = URL_SAFE_NO_PAD.decode(code).ok()?;
    let code = decoded.try_into().ok()?;
    let url = SignedUrl { path, expires_at_s, listener, play_id };
    let claims = format!("{expires}\n{listener}\n{play_id}\n{key}");
    one_way.then_some(Read { url, key: KeyId::parse(key)?, claims, code })
}
