//! The key that signs the ledger's head, and the file that knows the newest one. Both are kept
//! outside of the database, so that whoever can change that can't change what was signed.
//!
//! Calls block, and are made from threads that may.

use ledgerline_ids::Period;
use ledgerline_ledger::{Head, PublicKey, SignedHead};

use super::StoreError;

/// Signs with Ed25519.
pub trait HeadSigner: Send + Sync + 'static {
    /// The public key; `None` where no key was made yet.
    ///
    /// # Errors
    /// [`StoreError`] where it can't be read or isn't closed to others.
    fn public_key(&self) -> Result<Option<PublicKey>, StoreError>;

    /// Makes a key where there is none, and keeps it durably.
    ///
    /// # Errors
    /// [`StoreError`].
    fn make_key(&self) -> Result<PublicKey, StoreError>;

    /// Signs.
    ///
    /// # Errors
    /// [`StoreError`] where there is no key.
    fn sign(&self, head: Head, period: Period) -> Result<SignedHead, StoreError>;
}

/// Keeps the newest signed head.
pub trait HeadKeeper: Send + Sync + 'static {
    /// What was kept last, as text; `None` where nothing was yet.
    ///
    /// # Errors
    /// [`StoreError`].
    fn kept(&self) -> Result<Option<String>, StoreError>;

    /// Keeps another, durably, in the place of the last.
    ///
    /// # Errors
    /// [`StoreError`].
    fn keep(&self, head: &SignedHead) -> Result<(), StoreError>;
}
