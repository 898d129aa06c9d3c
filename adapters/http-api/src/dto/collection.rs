//! What listeners keep: what they saved and are about to hear; and what they heard lately.

use ledgerline_app::collection as app;
use ledgerline_app::collection::TrackLine;
use ledgerline_app::history::Heard;
use ledgerline_app::ports::collection as ports;
use ledgerline_app::privacy::HeldCollection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, MusicAlbumSummary, MusicArtist, MusicTrackSummary, RepeatWord};

/// A track as lists beyond its album show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MusicTrackLine {
    /// The track.
    #[serde(flatten)]
    pub track: MusicTrackSummary,
    /// The title of its album.
    pub album: String,
    /// The id of its album's cover.
    #[schema(required)]
    pub cover: Option<String>,
}

/// Something that is saved. It has a `track`, an `album` or an `artist`, as far as the library knows it still.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedItem {
    /// Its id.
    pub id: String,
    /// When it was saved.
    pub saved_at: Instant,
    /// Whether there is nothing of it to be heard any more.
    pub gone: bool,
    /// The track.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track: Option<MusicTrackLine>,
    /// The album.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub album: Option<MusicAlbumSummary>,
    /// The artist.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub artist: Option<MusicArtist>,
}

/// A page of what is saved, what was saved last first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedPage {
    /// What is saved.
    pub items: Vec<SavedItem>,
    /// How much is saved of the kind.
    pub total: u32,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// Ids of what may be saved, or of what is: at most 100 together are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedIds {
    /// Tracks.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tracks: Vec<String>,
    /// Albums.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub albums: Vec<String>,
    /// Artists.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub artists: Vec<String>,
}

/// What something was started from, such as a playlist.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayedFrom {
    /// What it is: `playlist`, `album`, `artist`, or any other word that reports say as their context.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 128)]
    pub kind: String,
    /// Its id.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
}

/// An item of a queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueItem {
    /// Its own id: a track may stand in a queue twice.
    pub item_id: String,
    /// The track's id.
    pub track_id: String,
    /// Whether the track isn't there to be heard any more.
    pub gone: bool,
    /// The track, as far as the library knows it still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track: Option<MusicTrackLine>,
}

/// What one is about to hear, as a player left it. Nothing was left yet where its version is 0.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// One more with each change; what `If-Match` is compared with.
    pub version: u64,
    /// In the order in which they are played.
    pub items: Vec<QueueItem>,
    /// Which of them is or was playing, from 0; 0 where there is none.
    pub index: u32,
    /// Where in it.
    pub position_ms: u64,
    /// Whether the order is a shuffled one.
    pub shuffle: bool,
    /// What comes after the last one.
    pub repeat: RepeatWord,
    /// What it was started from.
    #[schema(required)]
    pub source: Option<PlayedFrom>,
    /// When it was changed last; null where nothing was left yet.
    #[schema(required)]
    pub changed_at: Option<Instant>,
}

/// An item that is to be in a queue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQueueItem {
    /// Its own id, unique in the queue.
    #[schema(pattern = "^[A-Za-z0-9_-]{8,64}$")]
    pub item_id: String,
    /// The track.
    #[schema(min_length = 1, max_length = 128)]
    pub track_id: String,
}

/// What one is about to hear, in the place of all that was left before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQueueRequest {
    /// In the order in which they are played.
    #[schema(max_items = 1_000)]
    pub items: Vec<SetQueueItem>,
    /// Which of them plays, from 0; 0 where there is none.
    pub index: u32,
    /// Where in it.
    #[serde(default)]
    #[schema(maximum = 604_800_000)]
    pub position_ms: u64,
    /// Whether the order is a shuffled one.
    #[serde(default)]
    pub shuffle: bool,
    /// What comes after the last one; `off` if absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub repeat: Option<RepeatWord>,
    /// What it was started from.
    #[serde(default)]
    #[schema(nullable = false)]
    pub source: Option<PlayedFrom>,
}

/// How far a player is; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepQueueRequest {
    /// Which item plays.
    #[serde(default)]
    #[schema(nullable = false)]
    pub index: Option<u32>,
    /// Where in it.
    #[serde(default)]
    #[schema(nullable = false, maximum = 604_800_000)]
    pub position_ms: Option<u64>,
    /// Whether the order is a shuffled one.
    #[serde(default)]
    #[schema(nullable = false)]
    pub shuffle: Option<bool>,
    /// What comes after the last one.
    #[serde(default)]
    #[schema(nullable = false)]
    pub repeat: Option<RepeatWord>,
}

/// A queue that was kept. Its `ETag` is its version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueKept {
    /// Its version.
    pub version: u64,
}

/// Something that one heard: a play of the last 90 days.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecentPlay {
    /// The play's key, where its player sent one.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The track's id.
    pub track_id: String,
    /// When it began.
    pub played_at: Instant,
    /// How long it sounded.
    pub listened_ms: u64,
    /// What it was started from.
    #[schema(required)]
    pub source: Option<PlayedFrom>,
    /// Whether the track isn't there to be heard any more.
    pub gone: bool,
    /// The track, as far as the library knows it still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track: Option<MusicTrackLine>,
}

/// A page of what one heard, what began last first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecentPlayPage {
    /// The plays. There may be few or none, and more pages all the same.
    pub items: Vec<RecentPlay>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// What a person keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonCollection {
    /// What is saved.
    pub saved: Vec<PersonSaved>,
    /// The playlists.
    pub playlists: Vec<PersonPlaylist>,
    /// The queue, as track ids in their order.
    pub queue: Vec<String>,
}

/// Something that a person saved.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSaved {
    /// `tracks`, `albums` or `artists`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// When it was saved.
    pub saved_at: Instant,
}

/// A playlist of a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPlaylist {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Whether others may read it.
    pub public: bool,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub changed_at: Instant,
    /// Its items, as track ids in their order.
    pub track_ids: Vec<String>,
}

impl From<&TrackLine> for MusicTrackLine {
    fn from(line: &TrackLine) -> Self {
        Self { track: (&line.track).into(), album: line.album.clone(), cover: line.cover.clone() }
    }
}

impl From<&app::SavedItem> for SavedItem {
    fn from(item: &app::SavedItem) -> Self {
        let mut shown = Self {
            id: item.saved.id.clone(),
            saved_at: Instant(item.saved.saved_at),
            gone: item.thing.is_gone(),
            track: None,
            album: None,
            artist: None,
        };
        match &item.thing {
            app::Thing::Track(line) => shown.track = line.as_deref().map(MusicTrackLine::from),
            app::Thing::Album(album) => shown.album = album.as_deref().map(Into::into),
            app::Thing::Artist(artist) => shown.artist = artist.as_deref().map(Into::into),
        }
        shown
    }
}

impl From<(String, String)> for PlayedFrom {
    fn from((kind, id): (String, String)) -> Self {
        Self { kind, id }
    }
}

impl From<app::ShownQueue> for Queue {
    fn from(shown: app::ShownQueue) -> Self {
        let items = shown.items.iter().map(|(item, line)| QueueItem {
            item_id: item.item_id.clone(),
            track_id: item.track_id.clone(),
            gone: app::is_gone(line.as_ref()),
            track: line.as_ref().map(MusicTrackLine::from),
        });
        let items = items.collect();
        let queue = shown.queue;
        Self {
            version: queue.as_ref().map_or(0, |queue| queue.version),
            items,
            index: queue.as_ref().map_or(0, |queue| queue.content.index),
            position_ms: queue.as_ref().map_or(0, |queue| queue.content.position_ms),
            shuffle: queue.as_ref().is_some_and(|queue| queue.content.shuffle),
            repeat: RepeatWord(queue.as_ref().map_or(ports::Repeat::Off, |it| it.content.repeat)),
            changed_at: queue.as_ref().map(|queue| Instant(queue.changed_at)),
            source: queue.and_then(|queue| queue.content.source).map(PlayedFrom::from),
        }
    }
}

impl From<SetQueueRequest> for ports::QueueContent {
    fn from(request: SetQueueRequest) -> Self {
        let items = request
            .items
            .into_iter()
            .map(|item| ports::QueueItem { item_id: item.item_id, track_id: item.track_id });
        Self {
            items: items.collect(),
            index: request.index,
            position_ms: request.position_ms,
            shuffle: request.shuffle,
            repeat: request.repeat.map_or(ports::Repeat::Off, |repeat| repeat.0),
            source: request.source.map(|source| (source.kind, source.id)),
        }
    }
}

impl From<StepQueueRequest> for ports::QueueStep {
    fn from(request: StepQueueRequest) -> Self {
        Self {
            index: request.index,
            position_ms: request.position_ms,
            shuffle: request.shuffle,
            repeat: request.repeat.map(|repeat| repeat.0),
        }
    }
}

impl From<&(Heard, Option<TrackLine>)> for RecentPlay {
    fn from((heard, line): &(Heard, Option<TrackLine>)) -> Self {
        Self {
            play_id: heard.play_id.clone(),
            track_id: heard.track_id.clone(),
            played_at: Instant(heard.started_at),
            listened_ms: heard.listened_ms,
            source: heard.context.clone().map(PlayedFrom::from),
            gone: app::is_gone(line.as_ref()),
            track: line.as_ref().map(MusicTrackLine::from),
        }
    }
}

impl From<HeldCollection> for PersonCollection {
    fn from(held: HeldCollection) -> Self {
        let saved = held.saved.into_iter().map(|(kind, saved)| PersonSaved {
            kind: kind.word().to_owned(),
            id: saved.id,
            saved_at: Instant(saved.saved_at),
        });
        let playlists = held.playlists.into_iter().map(|(playlist, items)| PersonPlaylist {
            id: playlist.made.playlist_id,
            name: playlist.made.name,
            description: playlist.made.description,
            public: playlist.made.public,
            created_at: Instant(playlist.made.created_at),
            changed_at: Instant(playlist.changed_at),
            track_ids: items.into_iter().map(|item| item.item.track_id).collect(),
        });
        let queue = held.queue.map_or_else(Vec::new, |queue| queue.content.items);
        Self {
            saved: saved.collect(),
            playlists: playlists.collect(),
            queue: queue.into_iter().map(|item| item.track_id).collect(),
        }
    }
}
