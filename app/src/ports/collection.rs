//! What listeners keep: what they saved, their playlists, and what they are about to hear.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use ledgerline_playlist::{Edit, Refusal};

use super::StoreError;
use super::library::entries::words;

words! {
    /// What can be saved.
    SavedKind {
        /// Tracks: whoever saves one likes it.
        Track = "tracks",
        /// Releases.
        Release = "albums",
        /// Artists: whoever saves one follows it.
        Artist = "artists",
    }
}

words! {
    /// What is played again when a queue is at its end.
    Repeat {
        /// Nothing.
        Off = "off",
        /// All of it.
        All = "all",
        /// What was played last.
        One = "one",
    }
}

impl SavedKind {
    /// The word of it, as other words are read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }
}

impl Repeat {
    /// The word of it, as other words are read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }
}

/// Something that is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Its id in the library.
    pub id: String,
    /// When it was saved.
    pub saved_at: UnixMs,
}

/// What became of what was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping<T> {
    /// It is kept, or was before.
    Kept(T),
    /// There are as many as there may be.
    Full,
    /// There is no such account any more.
    NoAccount,
}

/// A playlist to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlaylist {
    /// Its id, unique, which nobody can guess.
    pub playlist_id: String,
    /// Whose it is.
    pub account_id: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Whether others may read it who know its id.
    pub public: bool,
    /// When it was made.
    pub created_at: UnixMs,
}

/// A playlist, without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playlist {
    /// What was stored, and changed since.
    pub made: NewPlaylist,
    /// 1 at first, and one more with each change.
    pub version: u64,
    /// How many items it has.
    pub items: u32,
    /// When it was changed last.
    pub changed_at: UnixMs,
}

/// An item of a playlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaylistItem {
    /// The item: its id, its recording and its place.
    pub item: ledgerline_playlist::Item,
    /// When it was added.
    pub added_at: UnixMs,
}

/// Where a page of a playlist's items begins: behind an item of this place and id.
pub type ItemCursor = (i64, String);

/// Where a page of saved things or playlists begins: behind the one of this time and id.
pub type KeptCursor = (UnixMs, String);

/// Which playlist is to be changed, by whom, and as which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPlaylist {
    /// Who changes it: whose it must be.
    pub account_id: String,
    /// Which.
    pub playlist_id: String,
    /// The version that it must have, where that matters.
    pub version: Option<u64>,
}

/// What is to be changed of a playlist itself; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaylistChange {
    /// What it is called.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Whether others may read it.
    pub public: Option<bool>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// So it stands now; a change that changes nothing makes no version.
    Done(Box<Playlist>),
    /// The account has no such playlist.
    NotThere,
    /// It has another version.
    Stale(u64),
    /// The items can't be edited so.
    Refused(Refusal),
}

/// An item of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// Its own id, unique in the queue.
    pub item_id: String,
    /// The recording.
    pub track_id: String,
}

/// What is about to be heard, as a player left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueContent {
    /// In the order in which they are played.
    pub items: Vec<QueueItem>,
    /// Which of them is or was playing, from 0; 0 where there is none.
    pub index: u32,
    /// Where in it.
    pub position_ms: u64,
    /// Whether the order is a shuffled one.
    pub shuffle: bool,
    /// What comes after the last one.
    pub repeat: Repeat,
    /// Type and id of what it was started from.
    pub source: Option<(String, String)>,
}

/// A queue that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What is in it.
    pub content: QueueContent,
    /// 1 at first, and one more with each change.
    pub version: u64,
    /// When it was changed last.
    pub changed_at: UnixMs,
}

/// How far a player is; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueStep {
    /// Which item plays.
    pub index: Option<u32>,
    /// Where in it.
    pub position_ms: Option<u64>,
    /// Whether the order is a shuffled one.
    pub shuffle: Option<bool>,
    /// What comes after the last one.
    pub repeat: Option<Repeat>,
}

/// What became of a queue that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKept {
    /// Which version it is now.
    Kept(u64),
    /// It has another version: 0 where there is none.
    Stale(u64),
    /// There is none, or it has no item of that index.
    NotThere,
    /// There is no such account any more.
    NoAccount,
}

/// Where it is kept what listeners keep, by their accounts. Whatever an account kept is gone with it, and
/// nothing here shows what is of an account whose tie to its listener was erased.
#[async_trait]
pub trait CollectionStore: Send + Sync + 'static {
    /// Saves something, where the account has fewer than `most` of the kind; what is saved already stays as
    /// it is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn save(
        &self,
        account_id: &str,
        kind: SavedKind,
        saved: &Saved,
        most: u32,
    ) -> Result<Keeping<()>, StoreError>;

    /// Saves something no more; whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn unsave(&self, account_id: &str, kind: SavedKind, id: &str)
    -> Result<bool, StoreError>;

    /// Up to `limit` of what is saved, what was saved last first, of several the greater id first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn saved(
        &self,
        account_id: &str,
        kind: SavedKind,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Saved>, StoreError>;

    /// How much is saved of a kind.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn saved_count(&self, account_id: &str, kind: SavedKind) -> Result<u32, StoreError>;

    /// How many accounts have something saved: of an artist, how many follow it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn savers(&self, kind: SavedKind, id: &str) -> Result<u64, StoreError>;

    /// Which of these ids are saved, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn saved_among(
        &self,
        account_id: &str,
        kind: SavedKind,
        ids: &[String],
    ) -> Result<Vec<String>, StoreError>;

    /// Stores a playlist, where the account has fewer than `most`. One of the same id that it has already stays
    /// as it is, and comes back.
    ///
    /// # Errors
    /// [`StoreError`], also where somebody else has one of this id.
    async fn add_playlist(
        &self,
        playlist: &NewPlaylist,
        most: u32,
    ) -> Result<Keeping<Playlist>, StoreError>;

    /// A playlist, whosever it is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn playlist(&self, playlist_id: &str) -> Result<Option<Playlist>, StoreError>;

    /// Up to `limit` playlists of an account, what was made last first, of several the greater id first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn playlists_of(
        &self,
        account_id: &str,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Playlist>, StoreError>;

    /// Changes a playlist itself.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn change_playlist(
        &self,
        own: &OwnPlaylist,
        change: &PlaylistChange,
        at: UnixMs,
    ) -> Result<Edited, StoreError>;

    /// Removes a playlist with its items, and gives it back as it was.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete_playlist(&self, own: &OwnPlaylist) -> Result<Edited, StoreError>;

    /// Edits the items of a playlist, of which there are at most `items_max` then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn edit_items(
        &self,
        own: &OwnPlaylist,
        edit: &Edit,
        items_max: u32,
        at: UnixMs,
    ) -> Result<Edited, StoreError>;

    /// Up to `limit` items of a playlist behind `after`, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn items(
        &self,
        playlist_id: &str,
        after: Option<&ItemCursor>,
        limit: u32,
    ) -> Result<Vec<PlaylistItem>, StoreError>;

    /// An account's queue.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn queue(&self, account_id: &str) -> Result<Option<Queue>, StoreError>;

    /// Keeps a queue in the place of the one before, where that has `version`, if one is named.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn set_queue(
        &self,
        account_id: &str,
        content: &QueueContent,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError>;

    /// Keeps how far a player is, where the queue has `version`, if one is named.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn step_queue(
        &self,
        account_id: &str,
        step: &QueueStep,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError>;
}

impl PlaylistChange {
    /// Makes the change; whether anything is otherwise then.
    pub fn apply(&self, playlist: &mut NewPlaylist) -> bool {
        let before = playlist.clone();
        if let Some(name) = &self.name {
            playlist.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            playlist.description.clone_from(description);
        }
        if let Some(public) = self.public {
            playlist.public = public;
        }
        before != *playlist
    }
}

impl QueueStep {
    /// Takes the step; whether the queue has an item there.
    #[must_use]
    pub fn apply(&self, queue: &mut QueueContent) -> bool {
        if let Some(index) = self.index {
            queue.index = index;
        }
        if let Some(position_ms) = self.position_ms {
            queue.position_ms = position_ms;
        }
        if let Some(shuffle) = self.shuffle {
            queue.shuffle = shuffle;
        }
        if let Some(repeat) = self.repeat {
            queue.repeat = repeat;
        }
        (queue.index as usize) < queue.items.len()
    }
}
