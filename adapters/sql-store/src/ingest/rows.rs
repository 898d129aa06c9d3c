//! Rows as the port's types.

use ledgerline_app::ports::ingest::{
    FolderFile, IngestJob, IngestSource, JobState, NewIngest, Original, TrackStudy,
};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use super::super::dialect::Database;
use crate::fault::{Fault, from_column, said};

pub(super) type Row = <Database as sqlx::Database>::Row;

pub(super) const JOBS: &str = "SELECT number, track_id, sha256, audio_sha256, bytes, extension, queued_at, state, \
     progress, attempts, reason, changed_at FROM ingest_jobs";
pub(super) const STUDIES: &str = "SELECT track_id, sha256, audio_sha256, bytes, extension, codec, rate_hz, channels, duration_ms, \
     integrated_mlufs, range_mlu, true_peak_mdb, loudness_blocks, print, landmarks, waveform, \
     preview_start_ms, duplicate_of, renditions FROM track_studies";

pub(super) fn time(what: &'static str, at: i64) -> Result<UnixMs, Fault> {
    UnixMs::new(from_column(what, at)?).map_err(|error| Fault::Said(format!("{what}: {error}")))
}

pub(super) fn original(row: &Row) -> Result<Original, Fault> {
    Ok(Original {
        sha256: row.try_get("sha256")?,
        bytes: from_column("a file's length", row.try_get("bytes")?)?,
        extension: row.try_get("extension")?,
    })
}

pub(super) fn source(row: &Row) -> Result<IngestSource, Fault> {
    let original = original(row)?;
    Ok(match row.try_get("audio_sha256")? {
        None => IngestSource::Kept(original),
        Some(audio_sha256) => {
            let Original { bytes, extension, .. } = original;
            IngestSource::Folder(FolderFile { audio_sha256, bytes, extension })
        }
    })
}

pub(super) fn job(row: &Row) -> Result<IngestJob, Fault> {
    let word: String = row.try_get("state")?;
    let Some(state) = JobState::from_word(&word) else {
        return said(format!("a job is \"{word}\""));
    };
    Ok(IngestJob {
        number: from_column("a job's number", row.try_get("number")?)?,
        new: NewIngest {
            track_id: row.try_get("track_id")?,
            source: source(row)?,
            at: time("when a job was queued", row.try_get("queued_at")?)?,
        },
        state,
        progress_permille: from_column("a job's progress", row.try_get("progress")?)?,
        attempts: from_column("a job's attempts", row.try_get("attempts")?)?,
        reason: row.try_get("reason")?,
        changed_at: time("when a job changed", row.try_get("changed_at")?)?,
    })
}

pub(super) fn study(row: &Row) -> Result<TrackStudy, Fault> {
    let track_id: String = row.try_get("track_id")?;
    let renditions: String = row.try_get("renditions")?;
    let renditions = match serde_json::from_str(&renditions) {
        Ok(renditions) => renditions,
        Err(error) => return said(format!("the renditions of {track_id}: {error}")),
    };
    Ok(TrackStudy {
        track_id,
        original: original(row)?,
        audio_sha256: row.try_get("audio_sha256")?,
        codec: row.try_get("codec")?,
        rate_hz: from_column("a rate", row.try_get("rate_hz")?)?,
        channels: from_column("a number of channels", row.try_get("channels")?)?,
        duration_ms: from_column("a length", row.try_get("duration_ms")?)?,
        integrated_mlufs: row.try_get("integrated_mlufs")?,
        range_mlu: row.try_get("range_mlu")?,
        true_peak_mdb: row.try_get("true_peak_mdb")?,
        loudness_blocks: row.try_get("loudness_blocks")?,
        print: row.try_get("print")?,
        landmarks: row.try_get("landmarks")?,
        waveform: row.try_get("waveform")?,
        preview_start_ms: from_column("a moment", row.try_get("preview_start_ms")?)?,
        duplicate_of: row.try_get("duplicate_of")?,
        renditions,
    })
}
