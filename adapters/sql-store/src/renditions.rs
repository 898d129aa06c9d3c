//! What can be sent of recordings.

use async_trait::async_trait;
use ledgerline_app::ports::{
    AlbumLoudness, BlobName, Loudness, Rendition, RenditionStore, RungName, Segment, SegmentIndex,
    StoreError, TrackRenditions,
};
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const COLUMNS: &str = "rung, codec, container, mime, bitrate_kbps, bytes, checksum, piece_bytes, pieces, \
     init_bytes, segments, sample_rate_hz, samples, delay_samples";

#[async_trait]
impl RenditionStore for Store {
    async fn put_renditions(&self, of: &TrackRenditions) -> Result<(), StoreError> {
        let stored = async {
            if let Some(wrong) = of.wrong() {
                return said(wrong);
            }
            let mut write = self.begin_write(Area::Renditions).await?;
            let stored = put(write.connection(), of).await;
            write.finish(stored).await
        };
        stored.await.map_err(|fault| self.error("storing renditions", &fault))
    }

    async fn renditions(&self, track_id: &str) -> Result<Option<TrackRenditions>, StoreError> {
        let read = async { read(&mut *self.reader().await?, track_id).await };
        read.await.map_err(|fault| self.error("reading renditions", &fault))
    }

    async fn rendition(&self, track_id: &str, rung: &str) -> Result<Option<Rendition>, StoreError> {
        let read = async {
            let statement =
                format!("SELECT {COLUMNS} FROM renditions WHERE track_id = $1 AND rung = $2");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(track_id).bind(rung);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(rendition).transpose()
        };
        read.await.map_err(|fault| self.error("reading a rendition", &fault))
    }

    async fn tracks_with_renditions(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let listed = async {
            sqlx::query_scalar(
                "SELECT track_id FROM rendition_tracks WHERE track_id > $1 ORDER BY track_id LIMIT $2",
            )
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(Fault::from)
        };
        listed.await.map_err(|fault| self.error("listing renditions", &fault))
    }

    async fn put_album_loudness(
        &self,
        track_ids: &[String],
        album: Option<AlbumLoudness>,
    ) -> Result<(), StoreError> {
        let stored = async {
            let mut write = self.begin_write(Area::Renditions).await?;
            let stored = put_album(write.connection(), track_ids, album).await;
            write.finish(stored).await
        };
        stored.await.map_err(|fault| self.error("storing how loud a release is", &fault))
    }

    async fn tracks_without_album(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let listed = async {
            sqlx::query_scalar(
                "SELECT track_id FROM rendition_tracks \
                 WHERE track_id > $1 AND album_integrated IS NULL AND integrated IS NOT NULL \
                 ORDER BY track_id LIMIT $2",
            )
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(Fault::from)
        };
        listed.await.map_err(|fault| self.error("listing tracks of unmeasured releases", &fault))
    }

    async fn forget_renditions(&self, track_id: &str) -> Result<bool, StoreError> {
        let forgotten = async {
            let mut write = self.begin_write(Area::Renditions).await?;
            let forgotten = forget(write.connection(), track_id).await;
            write.finish(forgotten).await
        };
        forgotten.await.map_err(|fault| self.error("forgetting renditions", &fault))
    }
}

async fn forget(connection: &mut Connection, track_id: &str) -> Result<bool, Fault> {
    sqlx::query("DELETE FROM renditions WHERE track_id = $1")
        .bind(track_id)
        .execute(&mut *connection)
        .await?;
    let tracks = sqlx::query("DELETE FROM rendition_tracks WHERE track_id = $1")
        .bind(track_id)
        .execute(connection)
        .await?;
    Ok(tracks.rows_affected() > 0)
}

async fn put(connection: &mut Connection, of: &TrackRenditions) -> Result<(), Fault> {
    forget(connection, &of.track_id).await?;
    sqlx::query(
        "INSERT INTO rendition_tracks (track_id, integrated, peak, album_integrated, album_peak) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&of.track_id)
    .bind(of.loudness.map(|of| i64::from(of.integrated_centi_lufs)))
    .bind(of.loudness.map(|of| i64::from(of.peak_centi_dbtp)))
    .bind(of.loudness.and_then(|of| of.album_integrated_centi_lufs).map(i64::from))
    .bind(of.loudness.and_then(|of| of.album_peak_centi_dbtp).map(i64::from))
    .execute(&mut *connection)
    .await?;
    for rendition in &of.renditions {
        put_one(&mut *connection, &of.track_id, rendition).await?;
    }
    Ok(())
}

async fn put_album(
    connection: &mut Connection,
    track_ids: &[String],
    album: Option<AlbumLoudness>,
) -> Result<(), Fault> {
    for track_id in track_ids {
        sqlx::query(
            "UPDATE rendition_tracks SET album_integrated = $2, album_peak = $3 \
             WHERE track_id = $1 AND integrated IS NOT NULL",
        )
        .bind(track_id)
        .bind(album.map(|of| i64::from(of.integrated_centi_lufs)))
        .bind(album.map(|of| i64::from(of.peak_centi_dbtp)))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_one(connection: &mut Connection, track: &str, of: &Rendition) -> Result<(), Fault> {
    let statement = format!(
        "INSERT INTO renditions (track_id, {COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    let pieces: Vec<&str> = of.pieces.iter().map(BlobName::as_str).collect();
    let init = of.segments.as_ref().map(|of| to_column("a length", of.init_bytes)).transpose()?;
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(track)
        .bind(of.rung.as_str())
        .bind(&of.codec)
        .bind(&of.container)
        .bind(&of.mime)
        .bind(i64::from(of.bitrate_kbps))
        .bind(to_column("a length", of.bytes)?)
        .bind(of.checksum.to_vec())
        .bind(to_column("a length", of.piece_bytes)?)
        .bind(pieces.join(" "))
        .bind(init)
        .bind(of.segments.as_ref().map(|of| encode(&of.segments)))
        .bind(i64::from(of.sample_rate_hz))
        .bind(to_column("a number of samples", of.samples)?)
        .bind(i64::from(of.encoder_delay_samples))
        .execute(connection)
        .await?;
    Ok(())
}

/// By one statement, so as of one moment.
async fn read(
    connection: &mut Connection,
    track_id: &str,
) -> Result<Option<TrackRenditions>, Fault> {
    let statement = format!(
        "SELECT t.integrated, t.peak, t.album_integrated, t.album_peak, {} FROM rendition_tracks t \
         LEFT JOIN renditions r ON r.track_id = t.track_id WHERE t.track_id = $1 ORDER BY r.rung",
        COLUMNS.split(", ").map(|name| format!("r.{}", name.trim())).collect::<Vec<_>>().join(", ")
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(track_id);
    let rows = query.fetch_all(connection).await?;
    let Some(track) = rows.first() else { return Ok(None) };
    let mut renditions = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<&str>, _>("rung")?.is_some() {
            renditions.push(rendition(row)?);
        }
    }
    let number = |column: &'static str| -> Result<Option<i32>, Fault> {
        let value: Option<i64> = track.try_get(column)?;
        value.map(|value| from_column(column, value)).transpose()
    };
    let loudness = match (number("integrated")?, number("peak")?) {
        (Some(integrated_centi_lufs), Some(peak_centi_dbtp)) => Some(Loudness {
            integrated_centi_lufs,
            peak_centi_dbtp,
            album_integrated_centi_lufs: number("album_integrated")?,
            album_peak_centi_dbtp: number("album_peak")?,
        }),
        _ => None,
    };
    Ok(Some(TrackRenditions { track_id: track_id.to_owned(), loudness, renditions }))
}

fn rendition(row: &Row) -> Result<Rendition, Fault> {
    let number =
        |column: &'static str| -> Result<u64, Fault> { from_column(column, row.try_get(column)?) };
    let small =
        |column: &'static str| -> Result<u32, Fault> { from_column(column, row.try_get(column)?) };
    let rung: String = row.try_get("rung")?;
    let damaged = |what: &str| Fault::Said(format!("the rendition {rung}: {what}"));
    let pieces: String = row.try_get("pieces")?;
    let pieces = pieces.split(' ').map(BlobName::new).collect::<Result<Vec<_>, _>>();
    let checksum: Vec<u8> = row.try_get("checksum")?;
    let init: Option<i64> = row.try_get("init_bytes")?;
    let segments: Option<Vec<u8>> = row.try_get("segments")?;
    let segments = match init.zip(segments) {
        None => None,
        Some((init, bytes)) => Some(SegmentIndex {
            init_bytes: from_column("the length of what is in front", init)?,
            segments: decode(&bytes).ok_or_else(|| damaged("its segments can't be read"))?,
        }),
    };
    Ok(Rendition {
        rung: RungName::new(&rung).map_err(|error| Fault::Said(error.to_string()))?,
        codec: row.try_get("codec")?,
        container: row.try_get("container")?,
        mime: row.try_get("mime")?,
        bitrate_kbps: small("bitrate_kbps")?,
        bytes: number("bytes")?,
        checksum: checksum.try_into().map_err(|_| damaged("its checksum has another length"))?,
        piece_bytes: number("piece_bytes")?,
        pieces: pieces.map_err(|error| damaged(&error.to_string()))?,
        segments,
        sample_rate_hz: small("sample_rate_hz")?,
        samples: number("samples")?,
        encoder_delay_samples: small("delay_samples")?,
    })
}

/// Both numbers of each segment, as what they have more than those before.
fn encode(segments: &[Segment]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(segments.len() * 6);
    let (mut offset, mut start) = (0, 0);
    for segment in segments {
        push(&mut bytes, segment.offset_bytes - offset);
        push(&mut bytes, segment.start_samples - start);
        (offset, start) = (segment.offset_bytes, segment.start_samples);
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("seven bits"));
}

fn decode(bytes: &[u8]) -> Option<Vec<Segment>> {
    let (mut segments, mut rest) = (Vec::new(), bytes);
    let (mut offset, mut start) = (0_u64, 0_u64);
    while !rest.is_empty() {
        offset = offset.checked_add(pull(&mut rest)?)?;
        start = start.checked_add(pull(&mut rest)?)?;
        segments.push(Segment { offset_bytes: offset, start_samples: start });
    }
    Some(segments)
}

fn pull(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
