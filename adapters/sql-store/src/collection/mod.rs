//! What listeners keep.
//!
//! - `saved`: what they saved
//! - `playlists`: their playlists
//! - `queues`: what they are about to hear

mod playlists;
mod queues;
mod saved;

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::collection::{
    CollectionStore, Edited, ItemCursor, Keeping, KeptCursor, NewPlaylist, OwnPlaylist, Playlist,
    PlaylistChange, PlaylistItem, Queue, QueueContent, QueueKept, QueueStep, Saved, SavedKind,
};
use ledgerline_ids::UnixMs;
use ledgerline_playlist::Edit;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, to_column};

type Row = <Database as sqlx::Database>::Row;

/// Runs what reads on a connection of its own.
macro_rules! read {
    ($store:ident, $what:literal, $from:ident::$read:ident($($argument:expr),*)) => {{
        let read = async {
            let mut connection = $store.reader().await?;
            $from::$read(&mut connection, $($argument),*).await
        };
        read.await.map_err(|fault: Fault| $store.error($what, &fault))
    }};
}

/// Runs what writes in one transaction.
macro_rules! write {
    ($store:ident, $what:literal, $from:ident::$write:ident($($argument:expr),*)) => {{
        let written = async {
            let mut transaction = $store.begin_write(Area::Collection).await?;
            let written = $from::$write(transaction.connection(), $($argument),*).await;
            transaction.finish(written).await
        };
        written.await.map_err(|fault: Fault| $store.error($what, &fault))
    }};
}

#[async_trait]
impl CollectionStore for Store {
    async fn save(
        &self,
        account_id: &str,
        kind: SavedKind,
        saved: &Saved,
        most: u32,
    ) -> Result<Keeping<()>, StoreError> {
        write!(self, "saving something", saved::save(account_id, kind, saved, most))
    }

    async fn unsave(
        &self,
        account_id: &str,
        kind: SavedKind,
        id: &str,
    ) -> Result<bool, StoreError> {
        write!(self, "saving something no more", saved::unsave(account_id, kind, id))
    }

    async fn saved(
        &self,
        account_id: &str,
        kind: SavedKind,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Saved>, StoreError> {
        read!(self, "listing what is saved", saved::list(account_id, kind, after, limit))
    }

    async fn saved_count(&self, account_id: &str, kind: SavedKind) -> Result<u32, StoreError> {
        read!(self, "counting what is saved", saved::count(account_id, kind))
    }

    async fn savers(&self, kind: SavedKind, id: &str) -> Result<u64, StoreError> {
        read!(self, "counting who saved something", saved::savers(kind, id))
    }

    async fn saved_among(
        &self,
        account_id: &str,
        kind: SavedKind,
        ids: &[String],
    ) -> Result<Vec<String>, StoreError> {
        read!(self, "looking up what is saved", saved::among(account_id, kind, ids))
    }

    async fn add_playlist(
        &self,
        playlist: &NewPlaylist,
        most: u32,
    ) -> Result<Keeping<Playlist>, StoreError> {
        write!(self, "storing a playlist", playlists::add(playlist, most))
    }

    async fn playlist(&self, playlist_id: &str) -> Result<Option<Playlist>, StoreError> {
        read!(self, "reading a playlist", playlists::find(playlist_id))
    }

    async fn playlists_of(
        &self,
        account_id: &str,
        after: Option<&KeptCursor>,
        limit: u32,
    ) -> Result<Vec<Playlist>, StoreError> {
        read!(self, "listing playlists", playlists::list(account_id, after, limit))
    }

    async fn change_playlist(
        &self,
        own: &OwnPlaylist,
        change: &PlaylistChange,
        at: UnixMs,
    ) -> Result<Edited, StoreError> {
        write!(self, "changing a playlist", playlists::change(own, change, at))
    }

    async fn delete_playlist(&self, own: &OwnPlaylist) -> Result<Edited, StoreError> {
        write!(self, "deleting a playlist", playlists::delete(own))
    }

    async fn edit_items(
        &self,
        own: &OwnPlaylist,
        edit: &Edit,
        items_max: u32,
        at: UnixMs,
    ) -> Result<Edited, StoreError> {
        write!(self, "editing a playlist", playlists::edit(own, edit, items_max, at))
    }

    async fn items(
        &self,
        playlist_id: &str,
        after: Option<&ItemCursor>,
        limit: u32,
    ) -> Result<Vec<PlaylistItem>, StoreError> {
        read!(self, "listing a playlist's items", playlists::items(playlist_id, after, limit))
    }

    async fn queue(&self, account_id: &str) -> Result<Option<Queue>, StoreError> {
        read!(self, "reading a queue", queues::find(account_id))
    }

    async fn set_queue(
        &self,
        account_id: &str,
        content: &QueueContent,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError> {
        write!(self, "keeping a queue", queues::set(account_id, content, version, at))
    }

    async fn step_queue(
        &self,
        account_id: &str,
        step: &QueueStep,
        version: Option<u64>,
        at: UnixMs,
    ) -> Result<QueueKept, StoreError> {
        write!(self, "keeping how far a player is", queues::step(account_id, step, version, at))
    }
}

/// Has changes of an account take turns, until the transaction ends; whether there is such an account.
async fn take_turn(connection: &mut Connection, account_id: &str) -> Result<bool, Fault> {
    let turn = sqlx::query(
        "INSERT INTO collections (account_id, changes) \
         SELECT accounts.account_id, 1 FROM accounts \
         JOIN listeners ON listeners.source = 'accounts' \
         AND listeners.user_id = accounts.account_id WHERE accounts.account_id = $1 \
         ON CONFLICT (account_id) DO UPDATE SET changes = collections.changes + 1",
    )
    .bind(account_id)
    .execute(connection)
    .await?;
    Ok(turn.rows_affected() > 0)
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    UnixMs::new(from_column(what, millis)?)
        .map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}

fn millis(at: UnixMs) -> Result<i64, Fault> {
    to_column("a time", at.get())
}

/// Reads rows on their own, says what is wrong with them, and where playlists don't say how long they are.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = saved::damage(connection).await?;
    findings.extend(playlists::damage(connection).await?);
    findings.extend(queues::damage(connection).await?);
    Ok(findings)
}
