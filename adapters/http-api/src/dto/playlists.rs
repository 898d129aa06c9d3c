//! Playlists and their items.

use ledgerline_app::collection as app;
use ledgerline_app::ports::collection as ports;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, MusicTrackLine};

/// A playlist, without its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Playlist {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Whether whoever is signed in and knows its id may read it.
    pub public: bool,
    /// Whether it is one's own, to be changed.
    pub is_own: bool,
    /// One more with each change; what `If-Match` is compared with.
    pub version: u64,
    /// How many items it has.
    pub item_count: u32,
    /// Covers of the first albums in it: up to four different ones, of which its own cover can be made.
    #[schema(max_items = 4)]
    pub covers: Vec<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub changed_at: Instant,
}

/// A page of one's playlists, what was made last first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistPage {
    /// The playlists.
    pub items: Vec<Playlist>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// A playlist that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPlaylistRequest {
    /// What it is called. At most 200 characters, no control characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is about, as plain text of at most 2 000 characters.
    #[serde(default)]
    #[schema(max_length = 2_000)]
    pub description: String,
    /// Whether others may read it who know its id.
    #[serde(default)]
    pub public: bool,
}

/// What is to be changed of a playlist; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlaylistRequest {
    /// What it is called.
    #[serde(default)]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// What it is about.
    #[serde(default)]
    #[schema(nullable = false, max_length = 2_000)]
    pub description: Option<String>,
    /// Whether others may read it who know its id.
    #[serde(default)]
    #[schema(nullable = false)]
    pub public: Option<bool>,
}

/// An item of a playlist.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistItem {
    /// Its own id: a track may stand in a playlist twice.
    pub item_id: String,
    /// The track's id, which stays whatever becomes of the track.
    pub track_id: String,
    /// When it was added.
    pub added_at: Instant,
    /// Whether the track isn't there to be heard any more.
    pub gone: bool,
    /// The track, as far as the library knows it still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track: Option<MusicTrackLine>,
}

/// A page of a playlist's items, in their order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistItemPage {
    /// The playlist's version before the items were read.
    pub version: u64,
    /// The items.
    pub items: Vec<PlaylistItem>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// A track that is to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPlaylistItem {
    /// The track.
    #[schema(min_length = 1, max_length = 128)]
    pub track_id: String,
    /// The item's id, where the client chooses it: whoever adds the same again changes nothing. Else it is
    /// made here, from `Idempotency-Key` where there is one.
    #[serde(default)]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]{8,64}$")]
    pub item_id: Option<String>,
}

/// Tracks that are to be added, side by side; at the end, where it isn't said where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPlaylistItemsRequest {
    /// Which, in their order.
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<AddPlaylistItem>,
    /// In front of this item.
    #[serde(default)]
    #[schema(nullable = false)]
    pub before: Option<String>,
    /// Behind this item.
    #[serde(default)]
    #[schema(nullable = false)]
    pub after: Option<String>,
}

/// Items that are to be taken out; those that aren't there are out already.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovePlaylistItemsRequest {
    /// Which.
    #[schema(min_items = 1, max_items = 500)]
    pub item_ids: Vec<String>,
}

/// Items that are to stand elsewhere, side by side in this order; at the end, where it isn't said where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovePlaylistItemsRequest {
    /// Which.
    #[schema(min_items = 1, max_items = 500)]
    pub item_ids: Vec<String>,
    /// In front of this item, which isn't one of them.
    #[serde(default)]
    #[schema(nullable = false)]
    pub before: Option<String>,
    /// Behind this item, which isn't one of them.
    #[serde(default)]
    #[schema(nullable = false)]
    pub after: Option<String>,
}

/// How a playlist stands after its items were edited. Its `ETag` is its version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistEdited {
    /// Its version.
    pub version: u64,
    /// How many items it has.
    pub item_count: u32,
    /// The items that the edit named, by their ids; of new ones in the order in which they were sent.
    pub item_ids: Vec<String>,
}

impl From<&app::ShownPlaylist> for Playlist {
    fn from(shown: &app::ShownPlaylist) -> Self {
        let ports::Playlist { made, version, items, changed_at } = &shown.playlist;
        Self {
            id: made.playlist_id.clone(),
            name: made.name.clone(),
            description: made.description.clone(),
            public: made.public,
            is_own: shown.is_own,
            version: *version,
            item_count: *items,
            covers: shown.covers.clone(),
            created_at: Instant(made.created_at),
            changed_at: Instant(*changed_at),
        }
    }
}

impl From<&app::ShownItem> for PlaylistItem {
    fn from(shown: &app::ShownItem) -> Self {
        Self {
            item_id: shown.item.item.item_id.clone(),
            track_id: shown.item.item.track_id.clone(),
            added_at: Instant(shown.item.added_at),
            gone: app::is_gone(shown.line.as_ref()),
            track: shown.line.as_ref().map(MusicTrackLine::from),
        }
    }
}
