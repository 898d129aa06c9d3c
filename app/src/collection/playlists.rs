//! Playlists: lists of items with ids of their own, changed by their owners.

use ledgerline_playlist::{Edit, NewItem, Refusal, To};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Collection, CollectionError, TrackLine, check_id, check_item_id};
use crate::access::accounts::Listener;
use crate::ports::collection::{
    Edited, ItemCursor, Keeping, KeptCursor, NewPlaylist, OwnPlaylist, Playlist, PlaylistChange,
    PlaylistItem,
};

/// The most playlists of an account.
pub const PLAYLISTS_MAX: u32 = 1_000;
/// The most items of a playlist.
pub const ITEMS_MAX: u32 = 10_000;
/// The most items of one edit.
pub const EDIT_ITEMS_MAX: usize = 500;
/// The most characters of a name.
pub const NAME_CHARS_MAX: usize = 200;
/// The most characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// So many covers make one, and they are looked for among so many first items.
const COVERS: usize = 4;
const COVERS_AMONG: u32 = 12;

/// A playlist as somebody sees it.
#[derive(Debug, Clone)]
pub struct ShownPlaylist {
    /// The playlist.
    pub playlist: Playlist,
    /// Whether it is one's own.
    pub is_own: bool,
    /// Covers of the first albums in it, each once.
    pub covers: Vec<String>,
}

/// An item with what the library knows of its track.
#[derive(Debug, Clone)]
pub struct ShownItem {
    /// The item.
    pub item: PlaylistItem,
    /// Its track.
    pub line: Option<TrackLine>,
}

/// A track that is to be added.
#[derive(Debug, Clone)]
pub struct AddItem {
    /// The track.
    pub track_id: String,
    /// The item's id, where it is chosen already.
    pub item_id: Option<String>,
}

/// What is to be done with a playlist's items.
#[derive(Debug, Clone)]
pub enum EditRequest {
    /// Adds tracks.
    Add {
        /// Which.
        items: Vec<AddItem>,
        /// Where to.
        to: To,
        /// What the ids of items are made from that have none: the same again are the same items.
        key: Option<String>,
    },
    /// Takes items out.
    Remove {
        /// Which.
        item_ids: Vec<String>,
    },
    /// Puts items elsewhere.
    Move {
        /// Which.
        item_ids: Vec<String>,
        /// Where to.
        to: To,
    },
}

impl Collection {
    /// Makes a playlist: name, description, and whether it is public. With a key, one however often it is asked
    /// for.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn add_playlist(
        &self,
        listener: &Listener,
        (name, description, public): (String, String, bool),
        key: Option<&str>,
    ) -> Result<ShownPlaylist, CollectionError> {
        check_name(&name)?;
        check_description(&description)?;
        let account_id = listener.account_id.clone();
        let playlist = NewPlaylist {
            playlist_id: format!("pl_{}", self.id_of(&["playlist", &account_id], key, 0)),
            account_id,
            name,
            description,
            public,
            created_at: self.clock.now(),
        };
        match self.store.add_playlist(&playlist, PLAYLISTS_MAX).await? {
            Keeping::Kept(playlist) => self.shown(playlist, true).await,
            Keeping::Full => Err(CollectionError::Full { what: "playlists", most: PLAYLISTS_MAX }),
            Keeping::NoAccount => Err(CollectionError::NoAccount),
        }
    }

    /// A page of the listener's playlists, what was made last first.
    ///
    /// # Errors
    /// [`CollectionError::Store`].
    pub async fn playlists_of(
        &self,
        listener: &Listener,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<ShownPlaylist>, CollectionError> {
        let found = self.store.playlists_of(&listener.account_id, after, limit).await?;
        let mut shown = Vec::with_capacity(found.len());
        for playlist in found {
            shown.push(self.shown(playlist, true).await?);
        }
        Ok(shown)
    }

    /// A playlist that the listener may read: its own, or a public one.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn playlist(
        &self,
        reader: Option<&Listener>,
        playlist_id: &str,
    ) -> Result<ShownPlaylist, CollectionError> {
        let (playlist, is_own) = self.readable(reader, playlist_id).await?;
        self.shown(playlist, is_own).await
    }

    /// A page of the items of a playlist that the listener may read, with its version before they were read.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn items(
        &self,
        reader: Option<&Listener>,
        playlist_id: &str,
        (after, limit): (Option<&ItemCursor>, u32),
    ) -> Result<(u64, Vec<ShownItem>), CollectionError> {
        let (playlist, _) = self.readable(reader, playlist_id).await?;
        let items = self.store.items(playlist_id, after, limit).await?;
        let items = self.with_lines(items, |item| &item.item.track_id).await?;
        let items = items.into_iter().map(|(item, line)| ShownItem { item, line });
        Ok((playlist.version, items.collect()))
    }

    /// Changes a playlist of the listener's, named by id and version.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn change_playlist(
        &self,
        listener: &Listener,
        (id, version): (&str, Option<u64>),
        change: PlaylistChange,
    ) -> Result<ShownPlaylist, CollectionError> {
        change.name.as_deref().map(check_name).transpose()?;
        change.description.as_deref().map(check_description).transpose()?;
        let own = own(listener, id, version);
        let changed = self.store.change_playlist(&own, &change, self.clock.now()).await?;
        self.shown(done(changed)?, true).await
    }

    /// Deletes a playlist of the listener's, named by id and version.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn delete_playlist(
        &self,
        listener: &Listener,
        (id, version): (&str, Option<u64>),
    ) -> Result<(), CollectionError> {
        done(self.store.delete_playlist(&own(listener, id, version)).await?)?;
        Ok(())
    }

    /// Edits the items of a playlist of the listener's, named by id and version. Says how it stands, and which
    /// items were named.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn edit_items(
        &self,
        listener: &Listener,
        (id, version): (&str, Option<u64>),
        request: EditRequest,
    ) -> Result<(Playlist, Vec<String>), CollectionError> {
        let edit = match request {
            EditRequest::Add { items, to, key } => {
                let items = self.new_items(id, items, key.as_deref()).await?;
                Edit::Add { items, to }
            }
            EditRequest::Remove { item_ids } => Edit::Remove { item_ids },
            EditRequest::Move { item_ids, to } => Edit::Move { item_ids, to },
        };
        let named: Vec<String> = match &edit {
            Edit::Add { items, .. } => items.iter().map(|item| item.item_id.clone()).collect(),
            Edit::Remove { item_ids } | Edit::Move { item_ids, .. } => item_ids.clone(),
        };
        check_count(named.len())?;
        let own = own(listener, id, version);
        let edited = self.store.edit_items(&own, &edit, ITEMS_MAX, self.clock.now()).await?;
        Ok((done(edited)?, named))
    }

    /// Items that may be added: the library has their tracks.
    async fn new_items(
        &self,
        playlist_id: &str,
        items: Vec<AddItem>,
        key: Option<&str>,
    ) -> Result<Vec<NewItem>, CollectionError> {
        check_count(items.len())?;
        for item in &items {
            check_id("a track_id", &item.track_id)?;
            item.item_id.as_deref().map(check_item_id).transpose()?;
        }
        let mut wanted: Vec<String> = items.iter().map(|item| item.track_id.clone()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let known = self.library.store().tracks_by_id(&wanted).await?;
        let known: BTreeSet<&String> = known.iter().map(|track| &track.id).collect();
        if let Some(unknown) = wanted.iter().find(|id| !known.contains(id)) {
            return Err(CollectionError::NotInLibrary("track", unknown.clone()));
        }
        let item = |(item, number): (AddItem, usize)| {
            let made = || self.id_of(&["item", playlist_id], key, number);
            NewItem { item_id: item.item_id.unwrap_or_else(made), track_id: item.track_id }
        };
        Ok(items.into_iter().zip(0..).map(item).collect())
    }

    async fn readable(
        &self,
        reader: Option<&Listener>,
        playlist_id: &str,
    ) -> Result<(Playlist, bool), CollectionError> {
        let found = self.store.playlist(playlist_id).await?.ok_or(CollectionError::NoPlaylist)?;
        let is_own = reader.is_some_and(|reader| reader.account_id == found.made.account_id);
        if is_own || found.made.public {
            Ok((found, is_own))
        } else {
            // As if there were none: who guesses ids learns nothing.
            Err(CollectionError::NoPlaylist)
        }
    }

    async fn shown(
        &self,
        playlist: Playlist,
        is_own: bool,
    ) -> Result<ShownPlaylist, CollectionError> {
        let first = match playlist.items {
            0 => Vec::new(),
            _ => self.store.items(&playlist.made.playlist_id, None, COVERS_AMONG).await?,
        };
        let ids: Vec<String> = first.iter().map(|item| item.item.track_id.clone()).collect();
        let lines = self.lines(&ids).await?;
        let mut covers = Vec::new();
        for cover in ids.iter().filter_map(|id| lines.get(id)?.cover.as_ref()) {
            if covers.len() < COVERS && !covers.contains(cover) {
                covers.push(cover.clone());
            }
        }
        Ok(ShownPlaylist { playlist, is_own, covers })
    }

    /// An id of 128 bits: of these words and the key, where there is one; else at random.
    fn id_of(&self, words: &[&str], key: Option<&str>, number: usize) -> String {
        let bytes: [u8; 16] = match key {
            Some(key) => {
                let mut hasher = Sha256::new();
                for word in words.iter().chain([&key]) {
                    hasher.update((word.len() as u64).to_le_bytes());
                    hasher.update(word.as_bytes());
                }
                hasher.update((number as u64).to_le_bytes());
                let hash: [u8; 32] = hasher.finalize().into();
                std::array::from_fn(|at| hash[at])
            }
            None => {
                let mut bytes = [0; 16];
                self.random.fill(&mut bytes);
                bytes
            }
        };
        bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        })
    }
}

fn own(listener: &Listener, id: &str, version: Option<u64>) -> OwnPlaylist {
    let (account_id, playlist_id) = (listener.account_id.clone(), id.to_owned());
    OwnPlaylist { account_id, playlist_id, version }
}

fn done(edited: Edited) -> Result<Playlist, CollectionError> {
    Err(match edited {
        Edited::Done(playlist) => return Ok(*playlist),
        Edited::NotThere => CollectionError::NoPlaylist,
        Edited::Stale(version) => CollectionError::Stale(version),
        Edited::Refused(Refusal::Taken(item_id)) => CollectionError::ItemTaken(item_id),
        Edited::Refused(Refusal::NotThere(item_id)) => CollectionError::ItemNotThere(item_id),
        Edited::Refused(Refusal::Full(_)) => {
            CollectionError::Full { what: "items", most: ITEMS_MAX }
        }
    })
}

fn check_count(items: usize) -> Result<(), CollectionError> {
    if (1..=EDIT_ITEMS_MAX).contains(&items) {
        return Ok(());
    }
    Err(CollectionError::Invalid(format!("an edit names 1 to {EDIT_ITEMS_MAX} items")))
}

fn check_name(name: &str) -> Result<(), CollectionError> {
    let fits = name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control);
    if fits && !name.trim().is_empty() {
        return Ok(());
    }
    let why = format!("name must have 1 to {NAME_CHARS_MAX} characters, and no control characters");
    Err(CollectionError::Invalid(why))
}

fn check_description(text: &str) -> Result<(), CollectionError> {
    let is_control = |one: char| one.is_control() && one != '\n';
    if text.chars().count() <= DESCRIPTION_CHARS_MAX && !text.chars().any(is_control) {
        return Ok(());
    }
    let why = format!(
        "description must have at most {DESCRIPTION_CHARS_MAX} characters, and no control \
         characters but line feeds"
    );
    Err(CollectionError::Invalid(why))
}
