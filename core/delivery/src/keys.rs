//! Secrets that sign, each with an id, so that several are valid while one takes another's place.

use hmac::{Hmac, Mac};
use ledgerline_ids::HashKey;
use sha2::Sha256;
use std::fmt;

/// The most keys that are valid at once.
pub const KEYS_MAX: usize = 16;
/// How many bytes a stored key has: the secret, hidden, and what shows that nobody changed it.
pub const SEALED_BYTES: usize = 64;

// What a secret is used for: each use has a key of its own, made from the secret.
const FOR_URLS: &[u8] = b"ledgerline urls 1";
const FOR_GRANTS: &[u8] = b"ledgerline grants 1";
const FOR_HIDING: &[u8] = b"ledgerline delivery key hidden 1";
const FOR_SEALING: &[u8] = b"ledgerline delivery key sealed 1";

/// Which key signed something. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// Reads eight hex digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = u32::from_str_radix(text, 16).ok().map(Self)?;
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:08x}", self.0)
    }
}

/// A secret of 256 random bits, and what is made from it.
#[derive(Clone)]
pub struct SigningKey {
    id: KeyId,
    secret: [u8; 32],
    urls: Hmac<Sha256>,
    grants: Hmac<Sha256>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "SigningKey({})", self.id)
    }
}

/// A stored key was changed, or hidden with another deployment's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signing key {0} can't be read with this deployment's hash key: restore the two together from a \
     backup, or make a new one with `ledgerline keys rotate-signing`"
)]
pub struct SealError(pub KeyId);

impl SigningKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(id: KeyId, secret: [u8; 32]) -> Self {
        let urls = keyed(&code(&keyed(&secret), &[FOR_URLS]));
        let grants = keyed(&code(&keyed(&secret), &[FOR_GRANTS]));
        Self { id, secret, urls, grants }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What a node at the edge needs to check URLs. It doesn't lead back to the secret.
    #[must_use]
    pub fn url_key(&self) -> [u8; 32] {
        code(&keyed(&self.secret), &[FOR_URLS])
    }

    /// The key as it is stored: nobody reads it without the deployment's key, which is elsewhere.
    ///
    /// The secret is hidden by a code of its id, which is as good as a random pad as long as no id is
    /// used twice.
    #[must_use]
    pub fn sealed(&self, by: &HashKey) -> [u8; SEALED_BYTES] {
        let hidden = xor(&self.secret, &pad(self.id, by));
        let mut sealed = [0; SEALED_BYTES];
        sealed[..32].copy_from_slice(&hidden);
        sealed[32..].copy_from_slice(&seal(self.id, &hidden, by));
        sealed
    }

    /// Reads a key that was stored.
    ///
    /// # Errors
    /// [`SealError`] where a bit of it differs, or the deployment's key does.
    pub fn open(id: KeyId, sealed: &[u8; SEALED_BYTES], by: &HashKey) -> Result<Self, SealError> {
        let (hidden, code) = sealed.split_at(32);
        let hidden: [u8; 32] = hidden.try_into().expect("half of it");
        if !same(&sealing(id, &hidden, by), code) {
            return Err(SealError(id));
        }
        Ok(Self::new(id, xor(&hidden, &pad(id, by))))
    }

    pub(crate) fn sign_url(&self, parts: &[&[u8]]) -> [u8; 32] {
        code(&self.urls, parts)
    }

    pub(crate) fn signed_url(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        same(&fed(&self.urls, parts), signature)
    }

    pub(crate) fn sign_grant(&self, parts: &[&[u8]]) -> [u8; 32] {
        code(&self.grants, parts)
    }

    pub(crate) fn signed_grant(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        same(&fed(&self.grants, parts), signature)
    }
}

/// The keys that are valid, of which the newest one signs.
#[derive(Debug, Clone)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
}

impl KeyRing {
    /// Takes keys, the newest first; `None` where there is none, or where there are more than [`KEYS_MAX`].
    #[must_use]
    pub fn new(newest_first: Vec<SigningKey>) -> Option<Self> {
        (1..=KEYS_MAX).contains(&newest_first.len()).then_some(Self { keys: newest_first })
    }

    /// The key that signs.
    #[must_use]
    pub fn newest(&self) -> &SigningKey {
        &self.keys[0]
    }

    /// The valid key of an id.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// All of them, the newest first.
    #[must_use]
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn fed(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = keyed.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn code(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    fed(keyed, parts).finalize().into_bytes().into()
}

/// In a time that doesn't depend on where they differ.
fn same(mac: &Hmac<Sha256>, code: &[u8]) -> bool {
    mac.clone().verify_slice(code).is_ok()
}

fn pad(id: KeyId, by: &HashKey) -> [u8; 32] {
    code(&keyed(by.as_bytes()), &[FOR_HIDING, &id.0.to_le_bytes()])
}

fn sealing(id: KeyId, hidden: &[u8; 32], by: &HashKey) -> Hmac<Sha256> {
    fed(&keyed(by.as_bytes()), &[FOR_SEALING, &id.0.to_le_bytes(), hidden])
}

fn seal(id: KeyId, hidden: &[u8; 32], by: &HashKey) -> [u8; 32] {
    sealing(id, hidden, by).finalize().into_bytes().into()
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| a[at] ^ b[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_is_read_with_its_deployments_key_only() {
        let key = SigningKey::new(KeyId(7), [9; 32]);
        let by = HashKey::new([1; 16]);
        let sealed = key.sealed(&by);
        let opened = SigningKey::open(KeyId(7), &sealed, &by).expect("it is sound");
        assert_eq!(opened.url_key(), key.url_key());
        assert_ne!(sealed[..32], [9; 32], "the secret is hidden");
        assert!(SigningKey::open(KeyId(8), &sealed, &by).is_err());
        assert!(SigningKey::open(KeyId(7), &sealed, &HashKey::new([2; 16])).is_err());
        for at in 0..SEALED_BYTES {
            let mut changed = sealed;
            changed[at] ^= 1;
            assert!(SigningKey::open(KeyId(7), &changed, &by).is_err(), "byte {at}");
        }
    }

    #[test]
    fn ids_have_one_form() {
        assert_eq!(KeyId::parse("0000abcd"), Some(KeyId(0xabcd)));
        for bad in ["abcd", "0000ABCD", "+000abcd", "", "00000abcd"] {
            assert_eq!(KeyId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_ring_has_some_keys() {
        let key = |id| SigningKey::new(KeyId(id), [3; 32]);
        assert!(KeyRing::new(Vec::new()).is_none());
        assert!(KeyRing::new((0..17).map(key).collect()).is_none());
        let ring = KeyRing::new(vec![key(2), key(1)]).expect("a few");
        assert_eq!(ring.newest().id(), KeyId(2));
        assert!(ring.key(KeyId(1)).is_some() && ring.key(KeyId(3)).is_none());
    }
}
