//! The deployment's keyed hashes.
//!
//! `SipHash` is keyed, so nobody outside can choose listeners or play ids that all
//! fall into one shard or that collide (Aumasson, Bernstein: "SipHash: a fast
//! short-input PRF", 2012). The key is drawn once, when a deployment is created.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use crate::ShardId;

/// The key of every hash of one deployment. Losing it loses the index, not the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashKey([u8; 16]);

/// 128 bits that stand for a play's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityHash(pub u128);

/// 64 bits that stand for a listener (or, for an anonymous play, for the play).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerHash(pub u64);

impl HashKey {
    /// A key of 16 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored beside the log.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A hasher for `domain`: equal bytes in two domains have unrelated hashes.
    #[must_use]
    pub fn hasher(&self, domain: u8) -> KeyedHasher {
        let mut inner = SipHasher13::new_with_key(&self.0);
        inner.write_u8(domain);
        KeyedHasher { inner }
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// Takes parts one after the other; each part's length is hashed with it, so that
/// `("ab", "c")` and `("a", "bc")` differ.
#[derive(Debug, Clone)]
pub struct KeyedHasher {
    inner: SipHasher13,
}

impl KeyedHasher {
    /// Adds a text.
    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.inner.write_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
        self.inner.write(text.as_bytes());
        self
    }

    /// Adds a text that may be absent; absent and empty differ.
    #[inline]
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => {
                self.inner.write_u8(1);
                self.text(text)
            }
            None => {
                self.inner.write_u8(0);
                self
            }
        }
    }

    /// Adds a number.
    #[inline]
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.inner.write_u64(number);
        self
    }

    /// All 128 bits.
    #[inline]
    #[must_use]
    pub fn finish128(&self) -> u128 {
        self.inner.finish128().as_u128()
    }

    /// The low 64 bits.
    #[inline]
    #[must_use]
    pub fn finish64(&self) -> u64 {
        self.inner.finish128().h1
    }
}

impl ListenerHash {
    /// The shard that this listener's plays meet in.
    #[inline]
    #[must_use]
    pub fn shard(self) -> ShardId {
        ShardId::of_hash(self.0)
    }
}
