//! Where else the bytes are served: bases of addresses, in order of preference, and which of them answer.

use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked which bases answer.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The most bases.
pub const BASES_MAX: usize = 8;
/// The longest base, in bytes.
const BASE_BYTES_MAX: usize = 256;

/// What is asked of a base.
#[async_trait]
pub trait BaseClient: Send + Sync + 'static {
    /// Whether it answers, within a second or so.
    async fn answers(&self, base: &str) -> bool;

    /// Fetches an address there, `path` being path and query, so that the base keeps what it got: how many
    /// bytes these were.
    ///
    /// # Errors
    /// Why they weren't fetched, as a sentence.
    async fn fetch(&self, base: &str, path: &str) -> Result<u64, String>;
}

/// Scheme, host and maybe a port and a path, such as `https://cdn.example`: what stands before
/// `/audio/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

/// A text is no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} must be an address such as https://cdn.example, without a `/` at its end, `?` and `#`"
)]
pub struct BaseError(String);

impl Base {
    /// Checks a base.
    ///
    /// # Errors
    /// [`BaseError`] says what it must be.
    pub fn new(text: &str) -> Result<Self, BaseError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let sound = rest.is_some_and(|rest| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/[]~".contains(&byte);
            !rest.is_empty()
                && !rest.starts_with('/')
                && !rest.ends_with('/')
                && rest.bytes().all(plain)
        });
        if !sound || text.len() > BASE_BYTES_MAX {
            return Err(BaseError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a browser calls where it is: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        let host = self.0.find("//").map_or(0, |at| at + 2);
        let end = self.0[host..].find('/').map_or(self.0.len(), |at| host + at);
        &self.0[..end]
    }
}

/// The bases, and whether each answered when it was last looked.
pub struct Bases {
    bases: Vec<(Base, AtomicBool)>,
    client: Option<Arc<dyn BaseClient>>,
}

impl fmt::Debug for Bases {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_list().entries(self.state()).finish()
    }
}

impl Bases {
    /// In order of preference; all of them are believed to answer at first.
    #[must_use]
    pub fn new(bases: Vec<Base>, client: Option<Arc<dyn BaseClient>>) -> Self {
        let bases = bases.into_iter().take(BASES_MAX);
        Self { bases: bases.map(|base| (base, AtomicBool::new(true))).collect(), client }
    }

    /// None: this server alone serves.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new(), None)
    }

    /// What addresses may begin with, the best first: those that answer, then those that don't, and
    /// last nothing, which is this server.
    #[must_use]
    pub fn in_order(&self) -> Vec<String> {
        let (good, bad): (Vec<_>, Vec<_>) =
            self.bases.iter().partition(|(_, healthy)| healthy.load(Ordering::Relaxed));
        let text = |(base, _): &(Base, AtomicBool)| base.as_str().to_owned();
        let mut order: Vec<String> = good.into_iter().map(text).collect();
        order.push(String::new());
        order.extend(bad.into_iter().map(text));
        order
    }

    /// What browsers must be allowed to fetch from.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        self.bases.iter().map(|(base, _)| base.origin().to_owned()).collect()
    }

    /// Each with whether it answers.
    #[must_use]
    pub fn state(&self) -> Vec<(String, bool)> {
        let state = |(base, healthy): &(Base, AtomicBool)| {
            (base.as_str().to_owned(), healthy.load(Ordering::Relaxed))
        };
        self.bases.iter().map(state).collect()
    }

    /// What asks them, and those that answered when it was last looked.
    pub(super) fn to_warm(&self) -> Option<(&Arc<dyn BaseClient>, Vec<&str>)> {
        let healthy = self.bases.iter().filter(|(_, healthy)| healthy.load(Ordering::Relaxed));
        let healthy = healthy.map(|(base, _)| base.as_str()).collect();
        self.client.as_ref().map(|client| (client, healthy))
    }

    /// Looks which of them answer.
    pub async fn look(&self) {
        let Some(client) = &self.client else { return };
        for (base, healthy) in &self.bases {
            let answers = client.answers(base.as_str()).await;
            if healthy.swap(answers, Ordering::Relaxed) != answers {
                let base = base.as_str();
                tracing::warn!(base, answers, "a place that serves audio changed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_addresses() {
        for (good, origin) in [
            ("https://cdn.example", "https://cdn.example"),
            ("http://127.0.0.1:8081/edge/a", "http://127.0.0.1:8081"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(Base::new(good).expect(good).origin(), origin);
        }
        for bad in
            ["", "cdn.example", "ftp://x", "https://", "https://a/", "https://a?b", "https://a b"]
        {
            assert!(Base::new(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_is_behind_this_server() {
        struct Without(&'static str);
        #[async_trait]
        impl BaseClient for Without {
            async fn answers(&self, base: &str) -> bool {
                base != self.0
            }

            async fn fetch(&self, _: &str, _: &str) -> Result<u64, String> {
                unreachable!("it is only looked")
            }
        }
        let base = |text| Base::new(text).expect("a base");
        let bases = vec![base("http://a"), base("http://b")];
        let bases = Bases::new(bases, Some(Arc::new(Without("http://a"))));
        assert_eq!(bases.in_order(), ["http://a", "http://b", ""]);
        bases.look().await;
        assert_eq!(bases.in_order(), ["http://b", "", "http://a"]);
        assert_eq!(Bases::none().in_order(), [""]);
    }
}
