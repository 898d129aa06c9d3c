//! Jobs that files of music wait in, and what was found in them; `rows` has them as the port's types.

mod rows;

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::ingest::{
    IngestJob, IngestSource, IngestStore, JobCounts, JobLease, JobState, NewIngest, Setback,
    StoredRendition, TrackLoudness, TrackStudy,
};
use ledgerline_ids::UnixMs;
use sqlx::Row as _;

use self::rows::{JOBS, STUDIES, job, study};
use super::dialect::Connection;
use super::statements::{batches, value_placeholders};
use super::{Area, Store};
use crate::fault::{Fault, from_column, said, to_column};

#[async_trait]
impl IngestStore for Store {
    async fn enqueue_ingest(&self, new: NewIngest) -> Result<IngestJob, StoreError> {
        let queued = async {
            let mut write = self.begin_write(Area::Music).await?;
            let queued = enqueue(write.connection(), &new).await;
            write.finish(queued.map(|(job, _)| job)).await
        };
        queued.await.map_err(|fault| self.error("queueing a file", &fault))
    }

    async fn enqueue_ingests(&self, new: Vec<NewIngest>) -> Result<u64, StoreError> {
        let queued = async {
            let mut write = self.begin_write(Area::Music).await?;
            let queued = enqueue_all(write.connection(), &new).await;
            write.finish(queued).await
        };
        queued.await.map_err(|fault| self.error("queueing files", &fault))
    }

    async fn claim_ingest(
        &self,
        worker: &str,
        now: UnixMs,
        lasts_ms: u64,
    ) -> Result<Option<IngestJob>, StoreError> {
        let claimed = async {
            let mut write = self.begin_write(Area::Music).await?;
            let claimed = claim(write.connection(), worker, now, lasts_ms).await;
            write.finish(claimed).await
        };
        claimed.await.map_err(|fault| self.error("taking a job", &fault))
    }

    async fn renew_ingest(
        &self,
        lease: JobLease<'_>,
        progress_permille: u16,
    ) -> Result<bool, StoreError> {
        let renewed = async {
            let mut write = self.begin_write(Area::Music).await?;
            let until = to_column("a time", lease.now.get().saturating_add(lease.lasts_ms))?;
            let renewed = sqlx::query(
                "UPDATE ingest_jobs SET due_at = $3, progress = $4 \
                 WHERE number = $1 AND state = 'running' AND worker = $2",
            )
            .bind(to_column("a job's number", lease.number)?)
            .bind(lease.worker)
            .bind(until)
            .bind(i64::from(progress_permille))
            .execute(write.connection())
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(Fault::from);
            write.finish(renewed).await
        };
        renewed.await.map_err(|fault| self.error("keeping a job", &fault))
    }

    async fn complete_ingest(
        &self,
        lease: JobLease<'_>,
        study: &TrackStudy,
    ) -> Result<bool, StoreError> {
        let done = async {
            let mut write = self.begin_write(Area::Music).await?;
            let done = complete(write.connection(), lease, study).await;
            write.finish(done).await
        };
        done.await.map_err(|fault| self.error("storing what was found in a file", &fault))
    }

    async fn give_up_ingest(
        &self,
        lease: JobLease<'_>,
        reason: &str,
        setback: Setback,
    ) -> Result<bool, StoreError> {
        let given_up = async {
            let mut write = self.begin_write(Area::Music).await?;
            let given_up = give_up(write.connection(), lease, reason, setback).await;
            write.finish(given_up).await
        };
        given_up.await.map_err(|fault| self.error("storing that a job failed", &fault))
    }

    async fn end_ingest_leases(&self, now: UnixMs) -> Result<u64, StoreError> {
        let ended = async {
            let mut write = self.begin_write(Area::Music).await?;
            let at = to_column("a time", now.get())?;
            let ended = sqlx::query(
                "UPDATE ingest_jobs SET due_at = $1, worker = NULL WHERE state = 'running'",
            )
            .bind(at)
            .execute(write.connection())
            .await
            .map(|done| done.rows_affected())
            .map_err(Fault::from);
            write.finish(ended).await
        };
        ended.await.map_err(|fault| self.error("ending the leases of jobs", &fault))
    }

    async fn retry_ingest(&self, number: u64, now: UnixMs) -> Result<bool, StoreError> {
        let queued = async {
            let mut write = self.begin_write(Area::Music).await?;
            let queued = retry(write.connection(), number, now).await;
            write.finish(queued).await
        };
        queued.await.map_err(|fault| self.error("queueing a job again", &fault))
    }

    async fn ingest_job(&self, number: u64) -> Result<Option<IngestJob>, StoreError> {
        let read = async {
            let Ok(number) = i64::try_from(number) else { return Ok(None) };
            let statement = format!("{JOBS} WHERE number = $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(number);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(job).transpose()
        };
        read.await.map_err(|fault: Fault| self.error("reading a job", &fault))
    }

    async fn ingest_jobs(
        &self,
        state: Option<JobState>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<IngestJob>, StoreError> {
        let listed = async {
            let statement = format!(
                "{JOBS} WHERE number <= $1 AND ($2 = '' OR state = $2) \
                 ORDER BY number DESC LIMIT $3"
            );
            let from = i64::try_from(from).unwrap_or(i64::MAX);
            let query = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(from)
                .bind(state.map_or("", JobState::word))
                .bind(i64::from(limit));
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(job).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing jobs", &fault))
    }

    async fn ingest_counts(&self) -> Result<JobCounts, StoreError> {
        let counted = async {
            let rows: Vec<(String, i64)> =
                sqlx::query_as("SELECT state, COUNT(*) FROM ingest_jobs GROUP BY state")
                    .fetch_all(&mut *self.reader().await?)
                    .await?;
            let mut counts = JobCounts::default();
            for (word, count) in rows {
                let place = JobState::ALL.iter().position(|state| state.word() == word);
                let Some(place) = place else { return said(format!("a job is \"{word}\"")) };
                counts[place] = from_column("a number of jobs", count)?;
            }
            Ok(counts)
        };
        counted.await.map_err(|fault: Fault| self.error("counting jobs", &fault))
    }

    async fn track_study(&self, track_id: &str) -> Result<Option<TrackStudy>, StoreError> {
        let read = async {
            let statement = format!("{STUDIES} WHERE track_id = $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(track_id);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(study).transpose()
        };
        read.await.map_err(|fault: Fault| self.error("reading what is known of a file", &fault))
    }

    async fn track_studies(&self, after: &str, limit: u32) -> Result<Vec<TrackStudy>, StoreError> {
        let listed = async {
            let statement = format!("{STUDIES} WHERE track_id > $1 ORDER BY track_id LIMIT $2");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(after);
            let rows = query.bind(i64::from(limit)).fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(study).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing what is known of files", &fault))
    }

    async fn audio_seen_to(
        &self,
        track_ids: &[String],
    ) -> Result<Vec<(String, String)>, StoreError> {
        let seen_to = async {
            let mut connection = self.reader().await?;
            let studied = "track_studies WHERE audio_sha256 IS NOT NULL";
            let asked = "ingest_jobs WHERE audio_sha256 IS NOT NULL AND state <> 'done'";
            let mut found = audio_of(&mut connection, studied, track_ids).await?;
            found.extend(audio_of(&mut connection, asked, track_ids).await?);
            Ok(found)
        };
        seen_to.await.map_err(|fault: Fault| self.error("reading what is ingested", &fault))
    }

    async fn loudness_of(&self, track_ids: &[String]) -> Result<Vec<TrackLoudness>, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            let mut found = Vec::new();
            for batch in batches(track_ids) {
                let wanted = value_placeholders(batch.len());
                let statement = format!(
                    "SELECT track_id, loudness_blocks, true_peak_mdb FROM track_studies \
                     WHERE track_id IN ({wanted})"
                );
                let mut query =
                    sqlx::query_as::<_, (String, Vec<u8>, i64)>(sqlx::AssertSqlSafe(statement));
                for track_id in batch {
                    query = query.bind(track_id);
                }
                let rows = query.fetch_all(&mut *connection).await?;
                found.extend(rows.into_iter().map(|(track_id, blocks, true_peak_mdb)| {
                    TrackLoudness { track_id, blocks, true_peak_mdb }
                }));
            }
            Ok(found)
        };
        read.await.map_err(|fault: Fault| self.error("reading how loud tracks are", &fault))
    }

    async fn prints_near(
        &self,
        other_than: &str,
        duration_ms: u64,
        within_ms: u64,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let listed = async {
            let least = to_column("a length", duration_ms.saturating_sub(within_ms))?;
            let most = to_column("a length", duration_ms.saturating_add(within_ms))?;
            Ok(sqlx::query_as(
                "SELECT track_id, print FROM track_studies \
                 WHERE duration_ms BETWEEN $1 AND $2 AND track_id <> $3 ORDER BY track_id LIMIT $4",
            )
            .bind(least)
            .bind(most)
            .bind(other_than)
            .bind(i64::from(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?)
        };
        listed.await.map_err(|fault: Fault| self.error("reading prints", &fault))
    }

    async fn replace_renditions(
        &self,
        track_id: &str,
        renditions: &[StoredRendition],
    ) -> Result<bool, StoreError> {
        let replaced = async {
            let mut write = self.begin_write(Area::Music).await?;
            let text = to_json(renditions)?;
            let replaced =
                sqlx::query("UPDATE track_studies SET renditions = $2 WHERE track_id = $1")
                    .bind(track_id)
                    .bind(text)
                    .execute(write.connection())
                    .await
                    .map(|done| done.rows_affected() == 1)
                    .map_err(Fault::from);
            write.finish(replaced).await
        };
        replaced.await.map_err(|fault| self.error("storing renditions", &fault))
    }
}

fn to_json(renditions: &[StoredRendition]) -> Result<String, Fault> {
    serde_json::to_string(renditions).map_err(|error| Fault::Said(error.to_string()))
}

/// Tracks of these that rows of a table are of, with the audio in them.
async fn audio_of(
    connection: &mut Connection,
    rows: &str,
    track_ids: &[String],
) -> Result<Vec<(String, String)>, Fault> {
    let mut found = Vec::new();
    for batch in batches(track_ids) {
        let wanted = value_placeholders(batch.len());
        let statement =
            format!("SELECT track_id, audio_sha256 FROM {rows} AND track_id IN ({wanted})");
        let mut query = sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(statement));
        for track_id in batch {
            query = query.bind(track_id);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

async fn enqueue_all(connection: &mut Connection, new: &[NewIngest]) -> Result<u64, Fault> {
    let mut queued = 0;
    for one in new {
        let (_, is_new) = enqueue(connection, one).await?;
        queued += u64::from(is_new);
    }
    Ok(queued)
}

/// How a file stands in the columns of jobs: its own SHA-256, and that of what is heard of it.
fn columns(source: &IngestSource) -> (&str, Option<&str>) {
    match source {
        IngestSource::Kept(original) => (original.sha256.as_str(), None),
        IngestSource::Folder(file) => ("", Some(file.audio_sha256.as_str())),
    }
}

/// The job of a file, and whether it is new.
async fn enqueue(connection: &mut Connection, new: &NewIngest) -> Result<(IngestJob, bool), Fault> {
    let (sha256, audio_sha256) = columns(&new.source);
    let known = format!(
        "{JOBS} WHERE track_id = $1 AND sha256 = $2 AND COALESCE(audio_sha256, '') = $3 \
         AND (state IN ('queued', 'running') OR (state = 'done' AND EXISTS (\
           SELECT 1 FROM track_studies AS study WHERE study.track_id = $1 \
             AND COALESCE(study.audio_sha256, '') = $3 AND ($3 <> '' OR study.sha256 = $2)))) \
         ORDER BY number DESC LIMIT 1"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(known));
    let query = query.bind(&new.track_id).bind(sha256).bind(audio_sha256.unwrap_or_default());
    if let Some(row) = query.fetch_optional(&mut *connection).await? {
        return Ok((job(&row)?, false));
    }
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(number) FROM ingest_jobs")
        .fetch_one(&mut *connection)
        .await?;
    let number = last.unwrap_or(0) + 1;
    let at = to_column("a time", new.at.get())?;
    sqlx::query(
        "INSERT INTO ingest_jobs (number, track_id, sha256, audio_sha256, bytes, extension, queued_at, state, \
         progress, attempts, changed_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, 0, $7, $7)",
    )
    .bind(number)
    .bind(&new.track_id)
    .bind(sha256)
    .bind(audio_sha256)
    .bind(to_column("a length", new.source.bytes())?)
    .bind(new.source.extension())
    .bind(at)
    .execute(connection)
    .await?;
    let queued = IngestJob {
        number: from_column("a job's number", number)?,
        new: new.clone(),
        state: JobState::Queued,
        progress_permille: 0,
        attempts: 0,
        reason: None,
        changed_at: new.at,
    };
    Ok((queued, true))
}

async fn claim(
    connection: &mut Connection,
    worker: &str,
    now: UnixMs,
    lasts_ms: u64,
) -> Result<Option<IngestJob>, Fault> {
    let (now_ms, until) =
        (to_column("a time", now.get())?, to_column("a time", now.get().saturating_add(lasts_ms))?);
    let mut due: Option<i64> = None;
    for state in ["queued", "running"] {
        // The sign keeps the index of times out of it, by which all that wait would be read and sorted: in the order
        // of their numbers the first one or nearly so is due.
        let first: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM ingest_jobs WHERE state = $2 AND +due_at <= $1 ORDER BY number LIMIT 1",
        )
        .bind(now_ms)
        .bind(state)
        .fetch_optional(&mut *connection)
        .await?;
        due = first.into_iter().chain(due).min();
    }
    let Some(number) = due else { return Ok(None) };
    sqlx::query(
        "UPDATE ingest_jobs SET state = 'running', attempts = attempts + 1, progress = 0, worker = $2, \
         due_at = $3, changed_at = $4 WHERE number = $1",
    )
    .bind(number)
    .bind(worker)
    .bind(until)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let statement = format!("{JOBS} WHERE number = $1");
    let row =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(number).fetch_one(connection).await?;
    job(&row).map(Some)
}

/// Ends somebody's work on a job; false where it isn't theirs.
async fn end(
    connection: &mut Connection,
    lease: JobLease<'_>,
    (state, due): (JobState, UnixMs),
    reason: Option<&str>,
) -> Result<bool, Fault> {
    let progress = if state == JobState::Done { 1_000_i64 } else { 0 };
    let ended = sqlx::query(
        "UPDATE ingest_jobs SET state = $3, progress = $4, reason = $5, changed_at = $6, due_at = $7, \
         worker = NULL WHERE number = $1 AND state = 'running' AND worker = $2",
    )
    .bind(to_column("a job's number", lease.number)?)
    .bind(lease.worker)
    .bind(state.word())
    .bind(progress)
    .bind(reason)
    .bind(to_column("a time", lease.now.get())?)
    .bind(to_column("a time", due.get())?)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

async fn give_up(
    connection: &mut Connection,
    lease: JobLease<'_>,
    reason: &str,
    setback: Setback,
) -> Result<bool, Fault> {
    let outcome = match setback {
        Setback::Failed => (JobState::Failed, lease.now),
        Setback::Later(at) | Setback::Away(at) => (JobState::Queued, at),
    };
    let ended = end(connection, lease, outcome, Some(reason)).await?;
    if ended && matches!(setback, Setback::Away(_)) {
        sqlx::query("UPDATE ingest_jobs SET attempts = attempts - 1 WHERE number = $1")
            .bind(to_column("a job's number", lease.number)?)
            .execute(connection)
            .await?;
    }
    Ok(ended)
}

async fn complete(
    connection: &mut Connection,
    lease: JobLease<'_>,
    study: &TrackStudy,
) -> Result<bool, Fault> {
    if !end(connection, lease, (JobState::Done, lease.now), None).await? {
        return Ok(false);
    }
    sqlx::query("DELETE FROM track_studies WHERE track_id = $1")
        .bind(&study.track_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO track_studies (track_id, sha256, bytes, extension, codec, rate_hz, channels, \
         duration_ms, integrated_mlufs, range_mlu, true_peak_mdb, loudness_blocks, print, landmarks, \
         waveform, preview_start_ms, duplicate_of, renditions, audio_sha256) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(&study.track_id)
    .bind(&study.original.sha256)
    .bind(to_column("a length", study.original.bytes)?)
    .bind(&study.original.extension)
    .bind(&study.codec)
    .bind(i64::from(study.rate_hz))
    .bind(i64::from(study.channels))
    .bind(to_column("a length", study.duration_ms)?)
    .bind(study.integrated_mlufs)
    .bind(study.range_mlu)
    .bind(study.true_peak_mdb)
    .bind(&study.loudness_blocks)
    .bind(&study.print)
    .bind(&study.landmarks)
    .bind(&study.waveform)
    .bind(to_column("a moment", study.preview_start_ms)?)
    .bind(&study.duplicate_of)
    .bind(to_json(&study.renditions)?)
    .bind(&study.audio_sha256)
    .execute(connection)
    .await?;
    Ok(true)
}

async fn retry(connection: &mut Connection, number: u64, now: UnixMs) -> Result<bool, Fault> {
    let Ok(number) = i64::try_from(number) else { return Ok(false) };
    let queued = sqlx::query(
        "UPDATE ingest_jobs SET state = 'queued', attempts = 0, progress = 0, changed_at = $2, \
         due_at = $2 WHERE number = $1 AND state = 'failed'",
    )
    .bind(number)
    .bind(to_column("a time", now.get())?)
    .execute(connection)
    .await?;
    Ok(queued.rows_affected() == 1)
}

/// Reads each job and each study on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let jobs = sqlx::query(sqlx::AssertSqlSafe(format!("{JOBS} ORDER BY number")))
        .fetch_all(&mut *connection)
        .await?;
    let mut found: Vec<String> =
        jobs.iter().filter_map(|row| job(row).err()).map(|fault| fault.to_string()).collect();
    let mut after = String::new();
    loop {
        let statement = format!("{STUDIES} WHERE track_id > $1 ORDER BY track_id LIMIT 500");
        let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&after);
        let rows = query.fetch_all(&mut *connection).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.try_get("track_id")?;
        found.extend(rows.iter().filter_map(|row| study(row).err()).map(|fault| fault.to_string()));
    }
}
