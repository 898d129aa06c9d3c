//! Playlists and their items.

use ledgerline_app::ports::collection::{
    Edited, ItemCursor, Keeping, KeptCursor, NewPlaylist, OwnPlaylist, Playlist, PlaylistChange,
    PlaylistItem,
};
use ledgerline_ids::UnixMs;
use ledgerline_playlist::{Changes, Edit, Item, edited};
use sqlx::{AssertSqlSafe, Row as _};

use super::super::dialect::Connection;
use super::super::statements::{batches, row_placeholders, value_placeholders};
use super::{Row, instant, millis, take_turn};
use crate::fault::{Fault, from_column, said, to_column};

/// Those of accounts that are there.
const ALL: &str = "SELECT p.playlist_id, p.account_id, p.name, p.description, p.public, p.version, p.items, \
     p.created_at, p.changed_at FROM playlists p \
     JOIN listeners l ON l.source = 'accounts' AND l.user_id = p.account_id";
const ITEMS: &str = "SELECT item_id, track_id, place, added_at FROM playlist_items";

pub(super) async fn add(
    connection: &mut Connection,
    new: &NewPlaylist,
    most: u32,
) -> Result<Keeping<Playlist>, Fault> {
    if !take_turn(connection, &new.account_id).await? {
        return Ok(Keeping::NoAccount);
    }
    if let Some(known) = find(connection, &new.playlist_id).await? {
        if known.made.account_id != new.account_id {
            return said(format!("somebody else has the playlist {}", new.playlist_id));
        }
        return Ok(Keeping::Kept(known));
    }
    let has: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM playlists WHERE account_id = $1")
        .bind(&new.account_id)
        .fetch_one(&mut *connection)
        .await?;
    if has >= i64::from(most) {
        return Ok(Keeping::Full);
    }
    sqlx::query(
        "INSERT INTO playlists (playlist_id, account_id, name, description, public, version, items, \
         created_at, changed_at) VALUES ($1, $2, $3, $4, $5, 1, 0, $6, $7)",
    )
    .bind(&new.playlist_id)
    .bind(&new.account_id)
    .bind(&new.name)
    .bind(&new.description)
    .bind(new.public)
    .bind(millis(new.created_at)?)
    .bind(millis(new.created_at)?)
    .execute(connection)
    .await?;
    let changed_at = new.created_at;
    Ok(Keeping::Kept(Playlist { made: new.clone(), version: 1, items: 0, changed_at }))
}

pub(super) async fn find(
    connection: &mut Connection,
    playlist_id: &str,
) -> Result<Option<Playlist>, Fault> {
    let sql = format!("{ALL} WHERE p.playlist_id = $1");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(playlist_id);
    query.fetch_optional(connection).await?.as_ref().map(playlist).transpose()
}

pub(super) async fn list(
    connection: &mut Connection,
    account_id: &str,
    after: Option<&KeptCursor>,
    limit: u32,
) -> Result<Vec<Playlist>, Fault> {
    let behind = if after.is_some() { "AND (p.created_at, p.playlist_id) < ($3, $4) " } else { "" };
    let sql = format!(
        "{ALL} WHERE p.account_id = $1 {behind}\
         ORDER BY p.created_at DESC, p.playlist_id DESC LIMIT $2"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(account_id).bind(i64::from(limit));
    if let Some((created_at, playlist_id)) = after {
        query = query.bind(millis(*created_at)?).bind(playlist_id);
    }
    query.fetch_all(connection).await?.iter().map(playlist).collect()
}

pub(super) async fn change(
    connection: &mut Connection,
    own: &OwnPlaylist,
    change: &PlaylistChange,
    at: UnixMs,
) -> Result<Edited, Fault> {
    let mut playlist = match to_change(connection, own).await? {
        Ok(playlist) => playlist,
        Err(refused) => return Ok(refused),
    };
    if change.apply(&mut playlist.made) {
        playlist.version += 1;
        playlist.changed_at = at;
        update(connection, &playlist).await?;
    }
    Ok(Edited::Done(Box::new(playlist)))
}

pub(super) async fn delete(
    connection: &mut Connection,
    own: &OwnPlaylist,
) -> Result<Edited, Fault> {
    let playlist = match to_change(connection, own).await? {
        Ok(playlist) => playlist,
        Err(refused) => return Ok(refused),
    };
    // Its items go with it.
    sqlx::query("DELETE FROM playlists WHERE playlist_id = $1")
        .bind(&own.playlist_id)
        .execute(connection)
        .await?;
    Ok(Edited::Done(Box::new(playlist)))
}

pub(super) async fn edit(
    connection: &mut Connection,
    own: &OwnPlaylist,
    edit: &Edit,
    items_max: u32,
    at: UnixMs,
) -> Result<Edited, Fault> {
    let mut playlist = match to_change(connection, own).await? {
        Ok(playlist) => playlist,
        Err(refused) => return Ok(refused),
    };
    let list = items(connection, &own.playlist_id, None, u32::MAX).await?;
    let list: Vec<Item> = list.into_iter().map(|item| item.item).collect();
    let changes = match edited(&list, edit, items_max as usize) {
        Ok(changes) if changes.is_nothing() => return Ok(Edited::Done(Box::new(playlist))),
        Ok(changes) => changes,
        Err(refusal) => return Ok(Edited::Refused(refusal)),
    };
    write(connection, &own.playlist_id, &changes, at).await?;
    let items = list.len() + changes.add.len() - changes.remove.len();
    playlist.items = from_column("a number of items", to_column("items", items as u64)?)?;
    playlist.version += 1;
    playlist.changed_at = at;
    update(connection, &playlist).await?;
    Ok(Edited::Done(Box::new(playlist)))
}

pub(super) async fn items(
    connection: &mut Connection,
    playlist_id: &str,
    after: Option<&ItemCursor>,
    limit: u32,
) -> Result<Vec<PlaylistItem>, Fault> {
    let behind = if after.is_some() { "AND (place, item_id) > ($3, $4) " } else { "" };
    let sql = format!("{ITEMS} WHERE playlist_id = $1 {behind}ORDER BY place, item_id LIMIT $2");
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(playlist_id).bind(i64::from(limit));
    if let Some((place, item_id)) = after {
        query = query.bind(place).bind(item_id);
    }
    query.fetch_all(connection).await?.iter().map(item).collect()
}

/// The playlist that is to be changed, which nobody else changes meanwhile; or why it isn't.
async fn to_change(
    connection: &mut Connection,
    own: &OwnPlaylist,
) -> Result<Result<Playlist, Edited>, Fault> {
    if !take_turn(connection, &own.account_id).await? {
        return Ok(Err(Edited::NotThere));
    }
    let found = find(connection, &own.playlist_id).await?;
    let Some(found) = found.filter(|found| found.made.account_id == own.account_id) else {
        return Ok(Err(Edited::NotThere));
    };
    match own.version {
        Some(version) if version != found.version => Ok(Err(Edited::Stale(found.version))),
        _ => Ok(Ok(found)),
    }
}

async fn update(connection: &mut Connection, playlist: &Playlist) -> Result<(), Fault> {
    let Playlist { made, version, items, changed_at } = playlist;
    sqlx::query(
        "UPDATE playlists SET name = $2, description = $3, public = $4, version = $5, items = $6, \
         changed_at = $7 WHERE playlist_id = $1",
    )
    .bind(&made.playlist_id)
    .bind(&made.name)
    .bind(&made.description)
    .bind(made.public)
    .bind(to_column("a version", *version)?)
    .bind(i64::from(*items))
    .bind(millis(*changed_at)?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn write(
    connection: &mut Connection,
    playlist_id: &str,
    changes: &Changes,
    at: UnixMs,
) -> Result<(), Fault> {
    for batch in batches(&changes.remove) {
        let values = value_placeholders(batch.len() + 1);
        let (of, wanted) = values.split_once(", ").expect("a batch has a row");
        let sql = format!(
            "DELETE FROM playlist_items WHERE playlist_id = {of} AND item_id IN ({wanted})"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(playlist_id);
        for item_id in batch {
            query = query.bind(item_id);
        }
        query.execute(&mut *connection).await?;
    }
    for (item_id, place) in &changes.place {
        sqlx::query("UPDATE playlist_items SET place = $3 WHERE playlist_id = $1 AND item_id = $2")
            .bind(playlist_id)
            .bind(item_id)
            .bind(place)
            .execute(&mut *connection)
            .await?;
    }
    let added_at = millis(at)?;
    for batch in batches(&changes.add) {
        let sql = format!(
            "INSERT INTO playlist_items (playlist_id, item_id, track_id, place, added_at) VALUES {}",
            row_placeholders(batch.len(), 5)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for Item { item_id, track_id, place } in batch {
            query = query.bind(playlist_id).bind(item_id).bind(track_id).bind(place);
            query = query.bind(added_at);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let wrong: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT playlists.playlist_id, playlists.items, COUNT(playlist_items.item_id) \
         FROM playlists LEFT JOIN playlist_items \
         ON playlist_items.playlist_id = playlists.playlist_id \
         GROUP BY playlists.playlist_id, playlists.items \
         HAVING playlists.items <> COUNT(playlist_items.item_id) \
         ORDER BY playlists.playlist_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    let wrong = wrong.into_iter().map(|(playlist, says, has)| {
        format!("playlists.items of {playlist} is {says}, and it has {has}")
    });
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    let faults = rows.iter().filter_map(|row| playlist(row).err()).map(|fault| fault.to_string());
    Ok(wrong.chain(faults).collect())
}

fn playlist(row: &Row) -> Result<Playlist, Fault> {
    Ok(Playlist {
        made: NewPlaylist {
            playlist_id: row.try_get("playlist_id")?,
            account_id: row.try_get("account_id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            public: row.try_get("public")?,
            created_at: instant("playlists.created_at", row.try_get("created_at")?)?,
        },
        version: from_column("playlists.version", row.try_get("version")?)?,
        items: from_column("playlists.items", row.try_get("items")?)?,
        changed_at: instant("playlists.changed_at", row.try_get("changed_at")?)?,
    })
}

fn item(row: &Row) -> Result<PlaylistItem, Fault> {
    Ok(PlaylistItem {
        item: Item {
            item_id: row.try_get("item_id")?,
            track_id: row.try_get("track_id")?,
            place: row.try_get("place")?,
        },
        added_at: instant("playlist_items.added_at", row.try_get("added_at")?)?,
    })
}
