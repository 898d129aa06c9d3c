//! Tracks, their artists, and the list of bot devices.

use async_trait::async_trait;
use ledgerline_app::ports::{CatalogueStore, CatalogueTrack, ImportedTracks, StoreError, Untold};
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::dialect::Connection;
use super::statements::{batches, row_placeholders, value_placeholders};
use super::untold;
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

/// A row of `tracks`.
type TrackRow = (String, Option<i64>, String, Option<String>);

#[async_trait]
impl CatalogueStore for Store {
    async fn import_tracks(&self, tracks: &[CatalogueTrack]) -> Result<ImportedTracks, StoreError> {
        let imported = async {
            // The last entry of an id is the one that holds. In the order of the ids,
            // the rows are written side by side.
            let latest: BTreeMap<&str, &CatalogueTrack> =
                tracks.iter().map(|track| (track.track_id.as_str(), track)).collect();
            let latest: Vec<&CatalogueTrack> = latest.into_values().collect();
            let mut write = self.begin_write(Area::Catalogue).await?;
            let imported = import_tracks(write.connection(), &latest).await;
            write.finish(imported).await
        };
        imported.await.map_err(|fault| self.error("importing tracks", &fault))
    }

    async fn revision(&self) -> Result<u64, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            revision(&mut connection).await
        };
        read.await.map_err(|fault: Fault| self.error("reading the catalogue's revision", &fault))
    }

    async fn tracks_after(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<CatalogueTrack>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let tracks = tracks_after(&mut snapshot, after, limit).await?;
            snapshot.commit().await?;
            Ok(tracks)
        };
        read.await.map_err(|fault: Fault| self.error("reading tracks", &fault))
    }

    async fn list_devices(
        &self,
        devices: &[String],
        listed: bool,
    ) -> Result<Vec<String>, StoreError> {
        let changed = async {
            let devices: BTreeSet<&str> = devices.iter().map(String::as_str).collect();
            let devices: Vec<&str> = devices.into_iter().collect();
            let mut write = self.begin_write(Area::Catalogue).await?;
            let changed = list_devices(write.connection(), &devices, listed).await;
            write.finish(changed).await
        };
        changed.await.map_err(|fault| self.error("changing the list of bot devices", &fault))
    }

    async fn listed_devices(&self) -> Result<Vec<String>, StoreError> {
        let read = async {
            let devices =
                sqlx::query_scalar("SELECT device_id FROM bot_devices ORDER BY device_id");
            Ok(devices.fetch_all(&mut *self.reader().await?).await?)
        };
        read.await.map_err(|fault: Fault| self.error("reading the list of bot devices", &fault))
    }

    async fn untold(&self, limit: u32) -> Result<Vec<Untold>, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            untold::oldest(&mut connection, limit).await
        };
        read.await.map_err(|fault| self.error("reading what counting was not told", &fault))
    }

    async fn told(&self, sequence: u64) -> Result<(), StoreError> {
        let noted = async {
            let mut write = self.begin_write(Area::Catalogue).await?;
            let noted = untold::remove(write.connection(), sequence).await;
            write.finish(noted).await
        };
        noted.await.map_err(|fault| self.error("noting what counting was told", &fault))
    }
}

/// Says what in the catalogue contradicts itself.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    if let Err(fault) = revision(connection).await {
        findings.push(fault.to_string());
    }
    let negative: Vec<(String, i64)> = sqlx::query_as(
        "SELECT track_id, duration_ms FROM tracks WHERE duration_ms < 0 ORDER BY track_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (track_id, duration_ms) in negative {
        findings.push(format!("tracks.duration_ms of {track_id:?} is {duration_ms}"));
    }
    let gaps: Vec<String> = sqlx::query_scalar(
        "SELECT track_id FROM track_artists GROUP BY track_id \
         HAVING MIN(ordinal) <> 0 OR MAX(ordinal) <> COUNT(*) - 1 ORDER BY track_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    for track_id in gaps {
        findings.push(format!("track_artists of {track_id:?} are not numbered from 0 on"));
    }
    findings.extend(untold::damage(connection).await?);
    Ok(findings)
}

async fn import_tracks(
    connection: &mut Connection,
    tracks: &[&CatalogueTrack],
) -> Result<ImportedTracks, Fault> {
    let before = revision(connection).await?;
    let mut imported = ImportedTracks { revision: before + 1, ..ImportedTracks::default() };
    for batch in batches(tracks) {
        import_batch(connection, batch, &mut imported).await?;
    }
    raise_revision(connection, before, imported).await
}

/// Raises the revision where anything changed.
async fn raise_revision(
    connection: &mut Connection,
    before: u64,
    mut imported: ImportedTracks,
) -> Result<ImportedTracks, Fault> {
    if imported.added + imported.changed == 0 {
        imported.revision = before;
        return Ok(imported);
    }
    sqlx::query("UPDATE catalogue_revision SET revision = $1")
        .bind(to_column("the catalogue's revision", imported.revision)?)
        .execute(connection)
        .await?;
    Ok(imported)
}

/// Imports tracks, each id once; what is missing in one, its length or ISRC or artists, stays as
/// it is.
pub(crate) async fn complete_tracks(
    connection: &mut Connection,
    tracks: &[CatalogueTrack],
) -> Result<ImportedTracks, Fault> {
    let before = revision(connection).await?;
    let mut imported = ImportedTracks { revision: before + 1, ..ImportedTracks::default() };
    for batch in batches(tracks) {
        let completed = completed(connection, batch).await?;
        let completed: Vec<&CatalogueTrack> = completed.iter().collect();
        import_batch(connection, &completed, &mut imported).await?;
    }
    raise_revision(connection, before, imported).await
}

async fn completed(
    connection: &mut Connection,
    batch: &[CatalogueTrack],
) -> Result<Vec<CatalogueTrack>, Fault> {
    let ids: Vec<&str> = batch.iter().map(|track| track.track_id.as_str()).collect();
    let mut known = known_tracks(connection, &ids).await?;
    let completed = batch.iter().map(|track| {
        let mut track = track.clone();
        if let Some(before) = known.remove(&track.track_id) {
            track.duration_ms = track.duration_ms.or(before.duration_ms);
            track.isrc = track.isrc.or(before.isrc);
            if track.title.is_empty() {
                track.title = before.title;
            }
            if track.artists.is_empty() {
                track.artists = before.artists;
            }
        }
        track
    });
    Ok(completed.collect())
}

/// `imported.revision` is the one that the import makes if it changes anything.
async fn import_batch(
    connection: &mut Connection,
    batch: &[&CatalogueTrack],
    imported: &mut ImportedTracks,
) -> Result<(), Fault> {
    let ids: Vec<&str> = batch.iter().map(|track| track.track_id.as_str()).collect();
    let known = known_tracks(connection, &ids).await?;
    let mut to_write = Vec::new();
    let mut to_credit = Vec::new();
    let mut to_discredit = Vec::new();
    let mut to_tell = Vec::new();
    for track in batch {
        let Some(before) = known.get(&track.track_id) else {
            imported.added += 1;
            to_write.push(*track);
            to_credit.push(*track);
            to_tell.push(track.track_id.as_str());
            continue;
        };
        if before == *track {
            imported.unchanged += 1;
            continue;
        }
        imported.changed += 1;
        to_write.push(*track);
        if before.artists != track.artists {
            to_discredit.push(track.track_id.as_str());
            to_credit.push(*track);
        }
        if before.duration_ms != track.duration_ms {
            to_tell.push(track.track_id.as_str());
        }
    }
    write_tracks(connection, &to_write).await?;
    remove_artists(connection, &to_discredit).await?;
    write_artists(connection, &to_credit).await?;
    untold::add_tracks(connection, &to_tell, imported.revision).await
}

/// Those of `ids` that the catalogue has.
async fn known_tracks(
    connection: &mut Connection,
    ids: &[&str],
) -> Result<HashMap<String, CatalogueTrack>, Fault> {
    let wanted = value_placeholders(ids.len());
    let sql = format!(
        "SELECT track_id, duration_ms, title, isrc FROM tracks WHERE track_id IN ({wanted})"
    );
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(id);
    }
    let mut known = HashMap::with_capacity(ids.len());
    for row in query.fetch_all(&mut *connection).await? {
        let track = track(row)?;
        known.insert(track.track_id.clone(), track);
    }
    if known.is_empty() {
        return Ok(known);
    }
    let sql = format!(
        "SELECT track_id, artist FROM track_artists WHERE track_id IN ({wanted}) \
         ORDER BY track_id, ordinal"
    );
    let mut query = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(id);
    }
    for (track_id, artist) in query.fetch_all(connection).await? {
        if let Some(track) = known.get_mut(&track_id) {
            track.artists.push(artist);
        }
    }
    Ok(known)
}

async fn write_tracks(
    connection: &mut Connection,
    tracks: &[&CatalogueTrack],
) -> Result<(), Fault> {
    for batch in batches(tracks) {
        let sql = format!(
            "INSERT INTO tracks (track_id, duration_ms, title, isrc) VALUES {} \
             ON CONFLICT (track_id) DO UPDATE SET duration_ms = excluded.duration_ms, \
             title = excluded.title, isrc = excluded.isrc",
            row_placeholders(batch.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for track in batch {
            let duration = track.duration_ms.map(|ms| to_column("a length", ms)).transpose()?;
            query = query.bind(&track.track_id).bind(duration).bind(&track.title);
            query = query.bind(&track.isrc);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn remove_artists(connection: &mut Connection, ids: &[&str]) -> Result<(), Fault> {
    for batch in batches(ids) {
        let wanted = value_placeholders(batch.len());
        let sql = format!("DELETE FROM track_artists WHERE track_id IN ({wanted})");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(id);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_artists(
    connection: &mut Connection,
    tracks: &[&CatalogueTrack],
) -> Result<(), Fault> {
    let rows: Vec<(&str, i64, &str)> = tracks
        .iter()
        .flat_map(|track| {
            let artists = (0_i64..).zip(&track.artists);
            artists.map(|(ordinal, artist)| (track.track_id.as_str(), ordinal, artist.as_str()))
        })
        .collect();
    for batch in batches(&rows) {
        let sql = format!(
            "INSERT INTO track_artists (track_id, ordinal, artist) VALUES {}",
            row_placeholders(batch.len(), 3)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (track_id, ordinal, artist) in batch {
            query = query.bind(track_id).bind(ordinal).bind(artist);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn revision(connection: &mut Connection) -> Result<u64, Fault> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT revision FROM catalogue_revision WHERE only_row = 1")
            .fetch_optional(connection)
            .await?;
    match found {
        Some(revision) => from_column("catalogue_revision.revision", revision),
        None => said("catalogue_revision has lost its row"),
    }
}

async fn tracks_after(
    connection: &mut Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<CatalogueTrack>, Fault> {
    let rows: Vec<TrackRow> = sqlx::query_as(
        "SELECT track_id, duration_ms, title, isrc FROM tracks \
         WHERE track_id > $1 ORDER BY track_id LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let mut tracks = rows.into_iter().map(track).collect::<Result<Vec<_>, _>>()?;
    let Some(last) = tracks.last().map(|track| track.track_id.clone()) else {
        return Ok(tracks);
    };
    let artists: Vec<(String, String)> = sqlx::query_as(
        "SELECT track_id, artist FROM track_artists \
         WHERE track_id > $1 AND track_id <= $2 ORDER BY track_id, ordinal",
    )
    .bind(after)
    .bind(last)
    .fetch_all(connection)
    .await?;
    // Both are in the order of the ids, so one walk joins them.
    let mut artists = artists.into_iter().peekable();
    for track in &mut tracks {
        while let Some((_, artist)) = artists.next_if(|(id, _)| *id == track.track_id) {
            track.artists.push(artist);
        }
    }
    Ok(tracks)
}

async fn list_devices(
    connection: &mut Connection,
    devices: &[&str],
    listed: bool,
) -> Result<Vec<String>, Fault> {
    let mut changed: Vec<String> = Vec::new();
    for batch in batches(devices) {
        let sql = if listed {
            let values = row_placeholders(batch.len(), 1);
            format!(
                "INSERT INTO bot_devices (device_id) VALUES {values} \
                 ON CONFLICT (device_id) DO NOTHING RETURNING device_id"
            )
        } else {
            let values = value_placeholders(batch.len());
            format!("DELETE FROM bot_devices WHERE device_id IN ({values}) RETURNING device_id")
        };
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
        for device in batch {
            query = query.bind(device);
        }
        changed.extend(query.fetch_all(&mut *connection).await?);
    }
    changed.sort_unstable();
    untold::add_devices(connection, &changed, listed).await?;
    Ok(changed)
}

/// A track without its artists.
fn track((track_id, duration_ms, title, isrc): TrackRow) -> Result<CatalogueTrack, Fault> {
    let duration_ms = match duration_ms {
        Some(ms) => Some(from_column(&format!("tracks.duration_ms of {track_id:?}"), ms)?),
        None => None,
    };
    Ok(CatalogueTrack { track_id, duration_ms, title, artists: Vec::new(), isrc })
}
