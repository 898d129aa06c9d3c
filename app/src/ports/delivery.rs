//! What delivery remembers: the keys that sign, who plays where, and what access logs say was sent.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::StoreError;

/// A signing key as it is stored: hidden, so that whoever has the store alone can sign nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id; never used twice.
    pub id: u32,
    /// The secret, hidden and sealed with the deployment's key.
    pub sealed: [u8; 64],
    /// When it was made.
    pub made_at: UnixMs,
    /// From when on it signs. Until then every node has heard of it.
    pub signs_from: UnixMs,
}

/// Where somebody plays who may play in one place at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveDevice {
    /// Whose it is, by pseudonym.
    pub listener: String,
    /// The device, as its player names it.
    pub device: String,
    /// Since when. What was allowed before, on whichever device, ended then.
    pub since: UnixMs,
}

/// The most changes of place that are kept of a listener, the latest ones.
pub const PLACE_CHANGES_MAX: u32 = 256;

/// Bytes of one rendition that were sent for one play.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentBytes {
    /// The play.
    pub play_id: String,
    /// The recording.
    pub track_id: String,
    /// The rung.
    pub rung: String,
    /// Bytes of bodies, all requests together.
    pub bytes: u64,
}

/// An access log that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLog {
    /// SHA-256 of its bytes: what was read once is never added again.
    pub checksum: [u8; 32],
    /// What whoever read it calls it.
    pub name: String,
    /// The time of its first line.
    pub from: UnixMs,
    /// The time of its last line.
    pub to: UnixMs,
    /// When it was read.
    pub read_at: UnixMs,
}

/// Where delivery remembers.
#[async_trait]
pub trait DeliveryStore: Send + Sync + 'static {
    /// The signing keys, the one that signs latest first; of several, the greater id first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Stores a key where there are fewer than `keys_max`; says whether it did.
    ///
    /// # Errors
    /// [`StoreError`], also where a key has that id.
    async fn add_signing_key(&self, key: &StoredKey, keys_max: u32) -> Result<bool, StoreError>;

    /// Removes a key; says whether it was there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_signing_key(&self, id: u32) -> Result<bool, StoreError>;

    /// Where a listener plays, as far as that was noted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn active_device(&self, listener: &str) -> Result<Option<ActiveDevice>, StoreError>;

    /// Notes where a listener plays from now on and that the place changed, and returns what holds then: what
    /// was noted with a later instant stays, and is no change.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn activate_device(&self, device: &ActiveDevice) -> Result<ActiveDevice, StoreError>;

    /// When the places of a listener began, the latest first: the last [`PLACE_CHANGES_MAX`] of them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn place_changes(&self, listener: &str) -> Result<Vec<UnixMs>, StoreError>;

    /// Adds what an access log says to what is known, in one transaction; false where this log was read
    /// before, and nothing changes then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_sent_bytes(&self, log: &ReadLog, sent: &[SentBytes]) -> Result<bool, StoreError>;

    /// What is known to have been sent for a play, by recording and rung.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sent_bytes(&self, play_id: &str) -> Result<Vec<SentBytes>, StoreError>;

    /// Access logs that were read, of which a line's time may lie between `from` and `to`, both included; the
    /// earliest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn read_logs(
        &self,
        from: UnixMs,
        to: UnixMs,
        limit: u32,
    ) -> Result<Vec<ReadLog>, StoreError>;

    /// Forgets what logs say that ended before `before`; says how many logs.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_read_logs(&self, before: UnixMs) -> Result<u64, StoreError>;
}
