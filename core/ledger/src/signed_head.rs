//! The end of the chain, signed with a key that is kept outside of the database.
//!
//! A chain that whoever owns the database could compute anew proves nothing. A signed head binds
//! every entry up to its number: who holds one, on a statement or as a checkpoint, can tell
//! whether the ledger still is the one that it was made from.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use ledgerline_ids::{Period, UnixMs};
use std::fmt;

use crate::digest::{parse_hex, write_hex};
use crate::{Digest, Head};

/// The first word of a signed head.
const FORM: &str = "ledgerline-head/1";

/// The end of a chain, to be signed: its text is, in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsignedHead {
    /// The end of the chain.
    pub head: Head,
    /// The period of the last entry.
    pub period: Period,
    /// Whose signature it is to have.
    pub key: PublicKey,
}

/// An Ed25519 public key (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// An Ed25519 secret key (RFC 8032). It is overwritten in memory when it is dropped.
pub struct SecretKey(SigningKey);

/// The end of the chain with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHead {
    /// The end of the chain.
    pub head: Head,
    /// The period of the last entry.
    pub period: Period,
    /// The id of the key that signed: the first 8 bytes of its SHA-256.
    pub key_id: [u8; 8],
    /// Ed25519 (RFC 8032) of the text up to ` signature=`.
    pub signature: [u8; 64],
}

/// Why a text is no signed head, or its signature doesn't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not in the form.
    #[error("a signed head is one line that begins with {FORM}; copy all of it")]
    Form,
    /// Not a public key.
    #[error("a public key is 64 hex digits in lower case, as `ledger key show` prints it")]
    PublicKey,
    /// Another key signed it.
    #[error("another key signed it")]
    OtherKey,
    /// The signature is not of this text.
    #[error("its signature is not of this text")]
    Signature,
}

impl PublicKey {
    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// [`HeadError::PublicKey`] where they are none.
    pub fn new(bytes: [u8; 32]) -> Result<Self, HeadError> {
        VerifyingKey::from_bytes(&bytes).map(|_| Self(bytes)).map_err(|_| HeadError::PublicKey)
    }

    /// Reads 64 hex digits.
    ///
    /// # Errors
    /// [`HeadError::PublicKey`].
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        parse_hex(text).ok_or(HeadError::PublicKey).and_then(Self::new)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 8 bytes of its SHA-256.
    #[must_use]
    pub fn id(&self) -> [u8; 8] {
        let digest = Digest::of(&self.0);
        *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
    }

    /// Its id in hex digits, as a signed head names it.
    #[must_use]
    pub fn id_text(&self) -> String {
        Hex(&self.id()).to_string()
    }
}

impl fmt::Display for PublicKey {
    /// 64 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl SecretKey {
    /// Takes 32 random bytes for a key.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The key that its signatures are verified with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the end of a chain.
    #[must_use]
    pub fn sign(&self, head: Head, period: Period) -> SignedHead {
        let unsigned = UnsignedHead { head, period, key: self.public_key() };
        unsigned.signed(self.0.sign(unsigned.text().as_bytes()).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, self.0)
    }
}

/// The text that is signed.
fn text(head: &Head, period: Period, key_id: &[u8]) -> String {
    format!(
        "{FORM} seq={} hash={} booked_at={} period={period} key={}",
        head.seq,
        head.hash,
        head.booked_at,
        Hex(key_id)
    )
}

impl UnsignedHead {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        text(&self.head, self.period, &self.key.id())
    }

    /// With its signature.
    #[must_use]
    pub fn signed(self, signature: [u8; 64]) -> SignedHead {
        SignedHead { head: self.head, period: self.period, key_id: self.key.id(), signature }
    }
}

impl SignedHead {
    /// The text that was signed: the line up to ` signature=`.
    #[must_use]
    pub fn signed_text(&self) -> String {
        text(&self.head, self.period, &self.key_id)
    }

    /// The id of the key that signed, in hex digits.
    #[must_use]
    pub fn key_id_text(&self) -> String {
        Hex(&self.key_id).to_string()
    }

    /// Whether `key` has signed it.
    ///
    /// # Errors
    /// [`HeadError::OtherKey`] or [`HeadError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), HeadError> {
        if self.key_id != key.id() {
            return Err(HeadError::OtherKey);
        }
        let verifying = VerifyingKey::from_bytes(&key.0).map_err(|_| HeadError::PublicKey)?;
        let signature = Signature::from_bytes(&self.signature);
        verifying
            .verify_strict(self.signed_text().as_bytes(), &signature)
            .map_err(|_| HeadError::Signature)
    }

    /// Reads the line that [`SignedHead`] is displayed as, and nothing else.
    ///
    /// # Errors
    /// [`HeadError::Form`].
    pub fn parse(line: &str) -> Result<Self, HeadError> {
        let mut words = line.split(' ');
        if words.next() != Some(FORM) {
            return Err(HeadError::Form);
        }
        let mut value = |name: &str| {
            let word = words.next()?.strip_prefix(name)?;
            word.strip_prefix('=')
        };
        let mut read = || {
            let seq = value("seq")?.parse().ok()?;
            let hash = Digest::parse(value("hash")?).ok()?;
            let booked_at = UnixMs::parse_rfc3339(value("booked_at")?).ok()?;
            let period = Period::parse(value("period")?).ok()?;
            let key_id = parse_hex(value("key")?)?;
            let signature = parse_hex(value("signature")?)?;
            Some(Self { head: Head { seq, hash, booked_at }, period, key_id, signature })
        };
        // Whatever is written otherwise, a plus or a zero in front, is not this line.
        read().filter(|head| head.to_string() == line).ok_or(HeadError::Form)
    }

    /// The first signed head in a text, such as a statement, a checkpoint or a head's file.
    ///
    /// # Errors
    /// [`HeadError::Form`] where there is none.
    pub fn find_in(text: &str) -> Result<Self, HeadError> {
        let at = text.find(FORM).ok_or(HeadError::Form)?;
        let line = text[at..].lines().next().unwrap_or_default();
        Self::parse(line.trim_end())
    }
}

impl fmt::Display for SignedHead {
    /// One line, which says everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} signature={}", self.signed_text(), Hex(&self.signature))
    }
}
