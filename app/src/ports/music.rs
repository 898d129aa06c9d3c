//! The catalogue, as far as counting needs it.

use async_trait::async_trait;
use ledgerline_records::report::TrackStamp;

use super::StoreError;

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueTrack {
    /// The id that reports name it by.
    pub track_id: String,
    /// Its length in milliseconds, where known.
    pub duration_ms: Option<u64>,
    /// Its title.
    pub title: String,
    /// Its artists, in the order of the credits.
    pub artists: Vec<String>,
    /// Its ISRC, where it has one: twelve characters, upper case, no hyphens.
    pub isrc: Option<String>,
}

/// What an import of tracks did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedTracks {
    /// The catalogue's revision after it.
    pub revision: u64,
    /// Tracks that were not in the catalogue before.
    pub added: u64,
    /// Tracks whose entry changed.
    pub changed: u64,
    /// Tracks that stood there as given.
    pub unchanged: u64,
}

/// Something that counting must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A track was added, or its length changed.
    Track {
        /// Which track.
        track_id: String,
        /// What is known of it since, with the revision that the import made.
        stamp: TrackStamp,
    },
    /// A device was put on the list of bots or taken off.
    Device {
        /// Which device.
        device_id: String,
        /// Whether it is on the list since.
        listed: bool,
    },
}

/// A fact that counting was not told yet, as far as the store knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// Its place among all facts, told ones included; never given to another.
    pub sequence: u64,
    /// The fact.
    pub fact: Fact,
}

/// Where the catalogue is kept.
///
/// With every change the store keeps, in the same transaction, the facts that counting must
/// be told of it, until it hears that they were told.
#[async_trait]
pub trait CatalogueStore: Send + Sync + 'static {
    /// Adds or replaces `tracks` in one transaction; raises the revision by one where
    /// anything changed. Keeps a [`Fact::Track`] of each added track and of each whose
    /// length changed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn import_tracks(&self, tracks: &[CatalogueTrack]) -> Result<ImportedTracks, StoreError>;

    /// The revision; 0 where nothing was ever imported.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revision(&self) -> Result<u64, StoreError>;

    /// Up to `limit` tracks whose id is greater than `after`, in the order of the ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tracks_after(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<CatalogueTrack>, StoreError>;

    /// Puts `devices` on the list of bots or takes them off in one transaction; the ones
    /// that changed. Keeps a [`Fact::Device`] of each of these.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list_devices(
        &self,
        devices: &[String],
        listed: bool,
    ) -> Result<Vec<String>, StoreError>;

    /// The devices on the list, sorted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn listed_devices(&self) -> Result<Vec<String>, StoreError>;

    /// Up to `limit` facts that were not told, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn untold(&self, limit: u32) -> Result<Vec<Untold>, StoreError>;

    /// Notes that all facts up to and with `sequence` were told; they may be forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn told(&self, sequence: u64) -> Result<(), StoreError>;
}
