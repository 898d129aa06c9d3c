//! Who did what, and when.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::StoreError;

/// Something that was done or tried. It holds no secret, and nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When it was answered.
    pub at: UnixMs,
    /// The public name of the key, session or invitation.
    pub who: String,
    /// What that person is here; `None` for a key.
    pub role: Option<String>,
    /// `POST`, `DELETE`.
    pub method: String,
    /// The endpoint, with `{name}` for what its path names.
    pub path: String,
    /// What the path names, where that is no person.
    pub object: Option<String>,
    /// The status of the answer: below 400 it was done.
    pub status: u16,
}

/// A deed with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedDeed {
    /// From 1.
    pub number: u64,
    /// What was done.
    pub deed: Deed,
}

/// Where deeds are kept. Nothing is ever changed or removed.
#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Notes a deed, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn note(&self, deed: Deed) -> Result<(), StoreError>;

    /// Deeds from a number downwards, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn deeds(&self, from: u64, limit: u32) -> Result<Vec<NumberedDeed>, StoreError>;
}
