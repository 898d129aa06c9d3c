//! What listeners keep, in memory: what tests have in the place of a database. It stands on the accounts that
//! are in memory, for what an account kept is gone with it.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use ledgerline_playlist::{Edit, Item, edited};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::accounts::AccountStore;
use super::collection::{
    CollectionStore, Edited, ItemCursor, Keeping, KeptCursor, NewPlaylist, OwnPlaylist, Playlist,
    PlaylistChange, PlaylistItem, Queue, QueueContent, QueueKept, QueueStep, Saved, SavedKind,
};
use super::{StoreError, memory_sign_in::MemorySignIns};

/// What listeners keep, in memory.
pub struct MemoryCollection {
    accounts: Arc<MemorySignIns>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By account, kind and id.
    saved: BTreeMap<(String, SavedKind, String), UnixMs>,
    /// With their items, in order.
    playlists: BTreeMap<String, (Playlist, Vec<PlaylistItem>)>,
    queues: BTreeMap<String, Queue>,
}

impl MemoryCollection {
    /// Over the accounts.
    #[must_use]
    pub fn new(accounts: Arc<MemorySignIns>) -> Self {
        Self { accounts, kept: Mutex::default() }
    }

    /// What is kept by accounts that are there.
    async fn kept(&self) -> Result<MutexGuard<'_, Kept>, StoreError> {
        let owners: BTreeSet<String> = {
            let kept = self.kept.lock().expect("no holder panics");
            let savers = kept.saved.keys().map(|(account_id, ..)| account_id);
            let owners = kept.playlists.values().map(|(playlist, _)| &playlist.made.account_id);
            savers.chain(owners).chain(kept.queues.keys()).cloned().collect()
        };
        let mut gone = BTreeSet::new();
        for owner in owners {
            if self.accounts.account(&owner).await?.is_none() {
                gone.insert(owner);
            }
        }
        let mut kept = self.kept.lock().expect("no holder panics");
        kept.saved.retain(|(account_id, ..), _| !gone.contains(account_id));
        kept.playlists.retain(|_, (playlist, _)| !gone.contains(&playlist.made.account_id));
        kept.queues.retain(|account_id, _| !gone.contains(account_id));
        Ok(kept)
    }

    async fn has(&self, account_id: &str) -> Result<bool, StoreError> {
        Ok(self.accounts.account(account_id).await?.is_some())
    }
}

impl Kept {
    /// The playlist that is to be changed, or why it isn't.
    fn own(&mut self, own: &OwnPlaylist) -> Result<&mut (Playlist, Vec<PlaylistItem>), Edited> {
        let found = self.playlists.get_mut(&own.playlist_id);
        let found = found.filter(|(playlist, _)| playlist.made.account_id == own.account_id);
        let found = found.ok_or(Edited::NotThere)?;
        match own.version {
            Some(version) if version != found.0.version => Err(Edited::Stale(found.0.version)),
            _ => Ok(found),
        }
    }
}

#[async_trait]
impl CollectionStore for MemoryCollection {
    async fn save(
        &self,
        account_id: &str,
        kind: SavedKind,
        saved: &Saved,
        most: u32,
    ) -> Result<Keeping<()>, StoreError> {
        if !self.has(account_id).await? {
            return Ok(Keeping::NoAccount);
        }
        let mut kept = self.kept().await?;
        let key = (account_id.to_owned(), kind, saved.id.clone());
        if kept.saved.contains_key(&key) {
            return Ok(Keeping::Kept(()));
        }
        let has = kept.saved.keys().filter(|(of, other, _)| of == account_id && *other == kind);
        if has.count() >= most as usize {
            return Ok(Keeping::Full);
        }
        kept.saved.insert(key, saved.saved_at);
        Ok(Keeping::Kept(()))
    }

    async fn unsave(
        &self,
        account_id: &str,
        kind: SavedKind,
        id: &str,
    ) -> Result<bool, StoreError> {
        let key = (account_id.to_owned(), kind, id.to_owned());
        Ok(self.kept().await?.saved.remove(&key).is_some())
    }

    async fn saved(
        &self,
        account_id: &str,
        kind: SavedKind,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Saved>, StoreError> {
        let kept = self.kept().await?;
        let own =
            kept.saved.iter().filter(|((of, other, _), _)| of == account_id && *other == kind);
        let mut own: Vec<KeptCursor> = own.map(|((_, _, id), at)| (*at, id.clone())).collect();
        own.retain(|one| after.is_none_or(|after| one < after));
        own.sort_by_key(|one| Reverse(one.clone()));
        own.truncate(limit as usize);
        Ok(own.into_iter().map(|(saved_at, id)| Saved { id, saved_at }).collect())
    }

    async fn saved_count(&self, account_id: &str, kind: SavedKind) -> Result<u32, StoreError> {
        let kept = self.kept().await?;
        let own = kept.saved.keys().filter(|(of, other, _)| of == account_id && *other == kind);
        Ok(u32::try_from(own.count()).unwrap_or(u32::MAX))
    }

    async fn savers(&self, kind: SavedKind, id: &str) -> Result<u64, StoreError> {
        let kept = self.kept().await?;
        let of = kept.saved.keys().filter(|(_, other, saved)| *other == kind && saved == id);
        Ok(of.count() as u64)
    }

    async fn saved_among(
        &self,
        account_id: &str,
        kind: SavedKind,
        ids: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let kept = self.kept().await?;
        let is_saved =
            |id: &&String| kept.saved.contains_key(&(account_id.to_owned(), kind, (*id).clone()));
        Ok(ids.iter().filter(is_saved).cloned().collect())
    }

    async fn add_playlist(
        &self,
        playlist: &NewPlaylist,
        most: u32,
    ) -> Result<Keeping<Playlist>, StoreError> {
        if !self.has(&playlist.account_id).await? {
            return Ok(Keeping::NoAccount);
        }
        let mut kept = self.kept().await?;
        if let Some((known, _)) = kept.playlists.get(&playlist.playlist_id) {
            if known.made.account_id != playlist.account_id {
                let detail = "somebody else has a playlist of this id".to_owned();
                return Err(StoreError { what: "storing a playlist", detail });
            }
            return Ok(Keeping::Kept(known.clone()));
        }
        let own = kept.playlists.values();
        let own = own.filter(|(other, _)| other.made.account_id == playlist.account_id);
        if own.count() >= most as usize {
            return Ok(Keeping::Full);
        }
        let changed_at = playlist.created_at;
        let stored = Playlist { made: playlist.clone(), version: 1, items: 0, changed_at };
        kept.playlists.insert(playlist.playlist_id.clone(), (stored.clone(), Vec::new()));
        Ok(Keeping::Kept(stored))
    }

    async fn playlist(&self, playlist_id: &str) -> Result<Option<Playlist>, StoreError> {
        Ok(self.kept().await?.playlists.get(playlist_id).map(|(playlist, _)| playlist.clone()))
    }

    async fn playlists_of(
        &self,
        account_id: &str,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Playlist>, StoreError> {
        let kept = self.kept().await?;
        let place =
            |playlist: &Playlist| (playlist.made.created_at, playlist.made.playlist_id.clone());
        let all = kept.playlists.values().map(|(playlist, _)| playlist);
        let own = all.filter(|playlist| playlist.made.account_id == account_id);
        let mut own: Vec<Playlist> =
            own.filter(|one| after.is_none_or(|after| place(one) < *after)).cloned().collect();
        own.sort_by_key(|playlist| Reverse(place(playlist)));
        own.truncate(limit as usize);
        Ok(own)
    }

    async fn change_playlist(
        &self,
        own: &OwnPlaylist,
        change: &PlaylistChange,
        at: UnixMs,
    ) -> Result<Edited, StoreError> {
        let mut kept = self.kept().await?;
        let (playlist, _) = match kept.own(own) {
            Ok(found) => found,
            Err(refused) => return Ok(refused),
        };
        if change.apply(&mut playlist.made) {
            playlist.version += 1;
            playlist.changed_at = at;
        }
        Ok(Edited::Done(Box::new(playlist.clone())))
    }

    async fn delete_playlist(&self, own: &OwnPlaylist) -> Result<Edited, StoreError> {
        let mut kept = self.kept().await?;
        let playlist = match kept.own(own) {
            Ok((playlist, _)) => playlist.clone(),
            Err(refused) => return Ok(refused),
        };
        kept.playlists.remove(&own.playlist_id);
        Ok(Edited::Done(Box::new(playlist)))
    }

    async fn edit_items(
        &self,
        own: &OwnPlaylist,
        edit: &Edit,
        items_max: u32,
        at: UnixMs,
    ) -> Result<Edited, StoreError> {
        let mut kept = self.kept().await?;
        let (playlist, items) = match kept.own(own) {
            Ok(found) => found,
            Err(refused) => return Ok(refused),
        };
        let list: Vec<Item> = items.iter().map(|item| item.item.clone()).collect();
        let changes = match edited(&list, edit, items_max as usize) {
            Ok(changes) if changes.is_nothing() => {
                return Ok(Edited::Done(Box::new(playlist.clone())));
            }
            Ok(changes) => changes,
            Err(refusal) => return Ok(Edited::Refused(refusal)),
        };
        items.retain(|item| !changes.remove.contains(&item.item.item_id));
        for (item_id, place) in changes.place {
            for item in items.iter_mut().filter(|item| item.item.item_id == item_id) {
                item.item.place = place;
            }
        }
        items.extend(changes.add.into_iter().map(|item| PlaylistItem { item, added_at: at }));
        items.sort_by_key(|item| (item.item.place, item.item.item_id.clone()));
        playlist.version += 1;
        playlist.items = u32::try_from(items.len()).unwrap_or(u32::MAX);
        playlist.changed_at = at;
        Ok(Edited::Done(Box::new(playlist.clone())))
    }

    async fn items(
        &self,
        playlist_id: &str,
        after: Option<&ItemCursor>,
        limit: u32,
    ) -> Result<Vec<PlaylistItem>, StoreError> {
        let kept = self.kept().await?;
        let Some((_, items)) = kept.playlists.get(playlist_id) else { return Ok(Vec::new()) };
        let place = |item: &PlaylistItem| (item.item.place, item.item.item_id.clone());
        let behind = items.iter().filter(|item| after.is_none_or(|after| place(item) > *after));
        Ok(behind.take(limit as usize).cloned().collect())
    }

    async fn queue(&self, account_id: &str) -> Result<Option<Queue>, StoreError> {
        Ok(self.kept().await?.queues.get(account_id).cloned())
    }

    async fn set_queue(
        &self,
        account_id: &str,
        content: &QueueContent,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError> {
        if !self.has(account_id).await? {
            return Ok(QueueKept::NoAccount);
        }
        let mut kept = self.kept().await?;
        let known = kept.queues.get(account_id).map_or(0, |queue| queue.version);
        if version.is_some_and(|version| version != known) {
            return Ok(QueueKept::Stale(known));
        }
        let queue = Queue { content: content.clone(), version: known + 1, changed_at: at };
        kept.queues.insert(account_id.to_owned(), queue);
        Ok(QueueKept::Kept(known + 1))
    }

    async fn step_queue(
        &self,
        account_id: &str,
        step: &QueueStep,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError> {
        let mut kept = self.kept().await?;
        let Some(queue) = kept.queues.get_mut(account_id) else { return Ok(QueueKept::NotThere) };
        if version.is_some_and(|version| version != queue.version) {
            return Ok(QueueKept::Stale(queue.version));
        }
        let mut next = queue.content.clone();
        if !step.apply(&mut next) {
            return Ok(QueueKept::NotThere);
        }
        let version = queue.version + 1;
        *queue = Queue { content: next, version, changed_at: at };
        Ok(QueueKept::Kept(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::collection::{Kept, every_case};
    use crate::ports::memory_listeners::MemoryListeners;

    #[tokio::test]
    async fn passes_the_suite() {
        every_case(async || {
            let listeners = Arc::new(MemoryListeners::default());
            let accounts = Arc::new(MemorySignIns::beside(listeners.clone()));
            let collection = Arc::new(MemoryCollection::new(accounts.clone()));
            Kept { accounts, listeners, collection }
        })
        .await;
    }
}
