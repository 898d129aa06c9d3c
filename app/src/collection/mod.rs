//! What listeners keep: what they saved, their playlists, and what they are about to hear.
//!
//! It is kept by account, and gone with the account: none of it is in a log, and nothing of it is counted.
//! Whatever the library says of a track comes from its store by the page, so a list of a listener's costs as
//! many look-ups as a list of the library's.
//!
//! - `saved`: tracks, albums and artists
//! - [`playlists`]: lists of items with ids of their own
//! - `queue`: what a player left
//! - `shown`: what the library knows of what is kept

pub mod playlists;
mod queue;
mod saved;
mod shown;

use std::sync::Arc;

use crate::Deployment;
use crate::library::Library;
use crate::ports::{Clock, CollectionStore, Random, StoreError};

pub use playlists::{ShownItem, ShownPlaylist};
pub use queue::{POSITION_MS_MAX, QUEUE_ITEMS_MAX, ShownQueue};
pub use saved::{LOOKUP_MAX, SAVED_MAX, SavedItem};
pub use shown::{Thing, TrackLine, is_gone};

/// An id of a track, an album, an artist or a playlist has at most so many bytes.
const ID_BYTES_MAX: usize = 128;

/// Why something isn't kept, or can't be shown. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// The account is gone.
    #[error("there is no such account any more")]
    NoAccount,
    /// The library has nothing of this id.
    #[error("the library has no {0} {1:?}")]
    NotInLibrary(&'static str, String),
    /// There is no such playlist, or it is somebody else's.
    #[error("there is no such playlist, or it isn't public")]
    NoPlaylist,
    /// The queue has no such item.
    #[error("the queue has no item of this index; set the queue first")]
    NoQueueItem,
    /// It was changed since.
    #[error("it is version {0} by now; read it again, and change that")]
    Stale(u64),
    /// An item isn't in the playlist.
    #[error("the playlist has no item {0:?} that something can be done with; read its items again")]
    ItemNotThere(String),
    /// An item's id stands for another one.
    #[error("the item id {0:?} is taken; choose another one")]
    ItemTaken(String),
    /// There is as much as there may be.
    #[error("there are {most} {what} already, which is the most; remove some first")]
    Full {
        /// Of what.
        what: &'static str,
        /// The most that there may be.
        most: u32,
    },
    /// What is asked for can't be so.
    #[error("{0}")]
    Invalid(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What listeners keep.
pub struct Collection {
    store: Arc<dyn CollectionStore>,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    followers: saved::Followers,
}

impl Collection {
    pub(crate) fn new(
        store: Arc<dyn CollectionStore>,
        library: Arc<Library>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, library, clock, random, followers: saved::followers() }
    }

    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn CollectionStore> {
        &self.store
    }
}

impl Deployment {
    /// What listeners keep.
    #[must_use]
    pub fn collection(&self) -> &Collection {
        &self.music.collection
    }
}

/// Whether a text is an id of something in the library.
fn check_id(what: &str, id: &str) -> Result<(), CollectionError> {
    if id.is_empty() || id.len() > ID_BYTES_MAX || id.chars().any(char::is_control) {
        let why = format!("{what} must be an id of 1 to {ID_BYTES_MAX} bytes");
        return Err(CollectionError::Invalid(why));
    }
    Ok(())
}

/// Whether a text is an item's own id: what a client can choose at random.
fn check_item_id(item_id: &str) -> Result<(), CollectionError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(8..=64).contains(&item_id.len()) || !item_id.bytes().all(fits) {
        let why = "an item_id must have 8 to 64 letters, digits, - or _".to_owned();
        return Err(CollectionError::Invalid(why));
    }
    Ok(())
}
