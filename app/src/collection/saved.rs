//! What is saved: tracks, which is to like them, albums, and artists, which is to follow them.

use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;

use super::{Collection, CollectionError, Thing, check_id};
use crate::access::accounts::Listener;
use crate::ports::StoreError;
use crate::ports::collection::{Keeping, KeptCursor, Saved, SavedKind};

/// The most that an account saves of a kind.
pub const SAVED_MAX: u32 = 50_000;
/// At most so many ids are looked up at once.
pub const LOOKUP_MAX: usize = 100;

/// How many follow an artist is believed for so long.
const BELIEVED: Duration = Duration::from_secs(30);
/// Of so many artists it is remembered.
const REMEMBERED_MAX: u64 = 10_000;

/// How many follow an artist, by its id.
pub(super) type Followers = Cache<String, u64>;

pub(super) fn followers() -> Followers {
    Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(BELIEVED).build()
}

/// Something that is saved, with what the library knows of it.
#[derive(Debug, Clone)]
pub struct SavedItem {
    /// What was saved, and when.
    pub saved: Saved,
    /// What it is.
    pub thing: Thing,
}

impl Collection {
    /// Saves something that the library has.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn save(
        &self,
        listener: &Listener,
        kind: SavedKind,
        id: &str,
    ) -> Result<(), CollectionError> {
        let library = &self.library;
        let (what, known) = match kind {
            SavedKind::Track => ("track", library.track(id).await?.is_some()),
            SavedKind::Release => ("album", library.release(id).await?.is_some()),
            SavedKind::Artist => ("artist", library.artist(id).await?.is_some()),
        };
        if !known {
            return Err(CollectionError::NotInLibrary(what, id.to_owned()));
        }
        let saved = Saved { id: id.to_owned(), saved_at: self.clock.now() };
        let account = &listener.account_id;
        match self.store.save(account, kind, &saved, SAVED_MAX).await? {
            Keeping::Kept(()) => {
                self.followers.invalidate(id).await;
                Ok(())
            }
            Keeping::Full => {
                let what = kind.word();
                Err(CollectionError::Full { what, most: SAVED_MAX })
            }
            Keeping::NoAccount => Err(CollectionError::NoAccount),
        }
    }

    /// Saves something no more, whether or not the library has it still.
    ///
    /// # Errors
    /// [`CollectionError::Store`].
    pub async fn unsave(
        &self,
        listener: &Listener,
        kind: SavedKind,
        id: &str,
    ) -> Result<(), CollectionError> {
        self.store.unsave(&listener.account_id, kind, id).await?;
        self.followers.invalidate(id).await;
        Ok(())
    }

    /// How many accounts follow an artist; what changes at another node is seen after half a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn followers(&self, artist_id: &str) -> Result<u64, StoreError> {
        let load = self.store.savers(SavedKind::Artist, artist_id);
        let loaded = self.followers.try_get_with_by_ref(artist_id, load).await;
        loaded.map_err(|error: Arc<StoreError>| (*error).clone())
    }

    /// A page of what is saved of a kind, what was saved last first, and how much there is.
    ///
    /// # Errors
    /// [`CollectionError::Store`].
    pub async fn saved(
        &self,
        listener: &Listener,
        kind: SavedKind,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<(Vec<SavedItem>, u32), CollectionError> {
        let account = &listener.account_id;
        let total = self.store.saved_count(account, kind).await?;
        let found = self.store.saved(account, kind, after, limit).await?;
        let ids: Vec<String> = found.iter().map(|saved| saved.id.clone()).collect();
        let things = self.things(kind, &ids).await?;
        let items = found.into_iter().zip(things);
        Ok((items.map(|(saved, thing)| SavedItem { saved, thing }).collect(), total))
    }

    /// Which of these are saved, each kind in its order.
    ///
    /// # Errors
    /// [`CollectionError::Invalid`] where there are too many, or [`CollectionError::Store`].
    pub async fn saved_among<const N: usize>(
        &self,
        listener: &Listener,
        asked: [(SavedKind, Vec<String>); N],
    ) -> Result<[Vec<String>; N], CollectionError> {
        if asked.iter().map(|(_, ids)| ids.len()).sum::<usize>() > LOOKUP_MAX {
            let why = format!("ask for at most {LOOKUP_MAX} ids at once");
            return Err(CollectionError::Invalid(why));
        }
        for id in asked.iter().flat_map(|(_, ids)| ids) {
            check_id("each of them", id)?;
        }
        let mut found = std::array::from_fn(|_| Vec::new());
        for ((kind, ids), found) in asked.iter().zip(&mut found) {
            if !ids.is_empty() {
                *found = self.store.saved_among(&listener.account_id, *kind, ids).await?;
            }
        }
        Ok(found)
    }
}
