//! Who the listeners of pseudonymised sources are: the one place that ties them to anybody.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::StoreError;

/// What stands in the logs for a user of a source that is pseudonymised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// A random number; the logs have it as a text.
    pub id: u128,
    /// The random key of the hashes that stand for the user's sessions and devices.
    pub secret: [u8; 16],
}

/// A user of a source, and the listener that the logs have instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The source.
    pub source: String,
    /// The user, as the source names it.
    pub user_id: String,
    /// The listener.
    pub listener: Listener,
}

/// A play of a listener who is to be erased, as a keyed hash: so that a late report of it isn't
/// taken for a new play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasedPlay {
    /// A keyed hash of source, user and the play's own key.
    pub hash: u128,
    /// When it may be forgotten; never where a key of its source never expires.
    pub forget_at: Option<UnixMs>,
}

/// An erasure that happened. It says when; whose it was only to those who have the name and the
/// deployment's key already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// When.
    pub erased_at: UnixMs,
    /// A keyed hash of source and user.
    pub tie_hash: u128,
}

/// Where ties are kept, and can be erased. One transaction per call, durable when it returns.
#[async_trait]
pub trait ListenerStore: Send + Sync + 'static {
    /// From now on reports of `source` are pseudonymised; says whether they weren't before.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn pseudonymise(&self, source: &str, since: UnixMs) -> Result<bool, StoreError>;

    /// The sources that are pseudonymised, sorted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn pseudonymised(&self) -> Result<Vec<String>, StoreError>;

    /// Who these users of a source are tied to, each named once: those who are tied to nobody
    /// yet are tied to the listener that comes with them, all at once. In the same order.
    ///
    /// # Errors
    /// [`StoreError`]; nobody is tied then.
    async fn introduce(
        &self,
        source: &str,
        users: &[(String, Listener)],
        at: UnixMs,
    ) -> Result<Vec<Listener>, StoreError>;

    /// The ties of a user, in all sources, by their names.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ties_of(&self, user_id: &str) -> Result<Vec<Tie>, StoreError>;

    /// Up to `limit` ties behind this source and user, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ties_after(
        &self,
        source: &str,
        user_id: &str,
        limit: u32,
    ) -> Result<Vec<Tie>, StoreError>;

    /// Removes a tie, notes that it happened, and keeps `plays` in mind. Says whether there was
    /// such a tie; without one nothing is noted.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is removed then.
    async fn erase(
        &self,
        tie: &Tie,
        erasure: Erasure,
        plays: &[ErasedPlay],
    ) -> Result<bool, StoreError>;

    /// Takes over erasures that happened to another copy of this deployment. Those that are
    /// here already change nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take_over_erasures(
        &self,
        erasures: &[Erasure],
        plays: &[ErasedPlay],
    ) -> Result<(), StoreError>;

    /// Every erasure, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError>;

    /// The plays that are kept in mind, by their hashes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn erased_plays(&self) -> Result<Vec<ErasedPlay>, StoreError>;

    /// Forgets the plays whose time has come.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_erased_plays(&self, now: UnixMs) -> Result<(), StoreError>;

    /// Sees to it that nothing of what was removed is left in the store's files.
    ///
    /// # Errors
    /// [`StoreError`] where a reader is in the way, or the disk refuses.
    async fn scrub(&self) -> Result<(), StoreError>;
}
