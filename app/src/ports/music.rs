//! The catalogue, as far as counting needs it.

use async_trait::async_trait;

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
    /// The added tracks and those whose length changed: what counting must be told.
    pub to_judge_again: Vec<CatalogueTrack>,
}

/// Where the catalogue is kept.
#[async_trait]
pub trait CatalogueStore: Send + Sync + 'static {
    /// Adds or replaces `tracks` in one transaction; raises the revision by one where
    /// anything changed.
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

    /// Puts `devices` on the list of bots or takes them off; the ones that changed.
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
}
