//! Jobs and what came of them, in memory: for tests, gone with the value.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::StoreError;
use super::ingest::{
    IngestJob, IngestSource, IngestStore, JobCounts, JobLease, JobState, NewIngest, Setback,
    StoredRendition, TrackLoudness, TrackStudy,
};

/// Jobs and studies in memory.
#[derive(Debug, Default)]
pub struct MemoryIngest {
    all: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    jobs: Vec<Kept>,
    studies: BTreeMap<String, TrackStudy>,
}

#[derive(Debug)]
struct Kept {
    job: IngestJob,
    due_at: u64,
    worker: Option<String>,
}

impl MemoryIngest {
    fn all(&self) -> MutexGuard<'_, Tables> {
        self.all.lock().expect("no holder panics")
    }
}

impl Tables {
    /// The job of a file, and whether it is new.
    fn enqueue(&mut self, new: NewIngest) -> (IngestJob, bool) {
        let made = self.studies.get(&new.track_id).is_some_and(|study| study.is_of(&new.source));
        let known = self.jobs.iter().rev().find(|kept| {
            let job = &kept.job;
            job.new.track_id == new.track_id
                && job.new.source.is_same(&new.source)
                && match job.state {
                    JobState::Queued | JobState::Running => true,
                    JobState::Done => made,
                    JobState::Failed => false,
                }
        });
        if let Some(known) = known {
            return (known.job.clone(), false);
        }
        let job = IngestJob {
            number: self.jobs.len() as u64 + 1,
            changed_at: new.at,
            state: JobState::Queued,
            progress_permille: 0,
            attempts: 0,
            reason: None,
            new,
        };
        let due_at = job.changed_at.get();
        self.jobs.push(Kept { job: job.clone(), due_at, worker: None });
        (job, true)
    }

    fn held(&mut self, lease: JobLease<'_>) -> Option<&mut Kept> {
        self.jobs.iter_mut().find(|kept| {
            kept.job.number == lease.number
                && kept.job.state == JobState::Running
                && kept.worker.as_deref() == Some(lease.worker)
        })
    }
}

impl Kept {
    fn end(&mut self, state: JobState, now: UnixMs, due: UnixMs, reason: Option<&str>) {
        self.job.state = state;
        self.job.progress_permille = if state == JobState::Done { 1_000 } else { 0 };
        self.job.reason = reason.map(str::to_owned);
        self.job.changed_at = now;
        (self.due_at, self.worker) = (due.get(), None);
    }
}

#[async_trait]
impl IngestStore for MemoryIngest {
    async fn enqueue_ingest(&self, new: NewIngest) -> Result<IngestJob, StoreError> {
        Ok(self.all().enqueue(new).0)
    }

    async fn enqueue_ingests(&self, new: Vec<NewIngest>) -> Result<u64, StoreError> {
        let mut all = self.all();
        Ok(new.into_iter().filter(|one| all.enqueue(one.clone()).1).count() as u64)
    }

    async fn claim_ingest(
        &self,
        worker: &str,
        now: UnixMs,
        lasts_ms: u64,
    ) -> Result<Option<IngestJob>, StoreError> {
        let mut all = self.all();
        let due = all.jobs.iter_mut().find(|kept| {
            matches!(kept.job.state, JobState::Queued | JobState::Running)
                && kept.due_at <= now.get()
        });
        Ok(due.map(|kept| {
            kept.job.state = JobState::Running;
            kept.job.attempts += 1;
            kept.job.progress_permille = 0;
            kept.job.changed_at = now;
            (kept.due_at, kept.worker) =
                (now.get().saturating_add(lasts_ms), Some(worker.to_owned()));
            kept.job.clone()
        }))
    }

    async fn renew_ingest(
        &self,
        lease: JobLease<'_>,
        progress_permille: u16,
    ) -> Result<bool, StoreError> {
        Ok(self.all().held(lease).is_some_and(|kept| {
            kept.due_at = lease.now.get().saturating_add(lease.lasts_ms);
            kept.job.progress_permille = progress_permille;
            true
        }))
    }

    async fn complete_ingest(
        &self,
        lease: JobLease<'_>,
        study: &TrackStudy,
    ) -> Result<bool, StoreError> {
        let mut all = self.all();
        let Some(kept) = all.held(lease) else { return Ok(false) };
        kept.end(JobState::Done, lease.now, lease.now, None);
        all.studies.insert(study.track_id.clone(), study.clone());
        Ok(true)
    }

    async fn give_up_ingest(
        &self,
        lease: JobLease<'_>,
        reason: &str,
        setback: Setback,
    ) -> Result<bool, StoreError> {
        Ok(self.all().held(lease).is_some_and(|kept| {
            let (state, due) = match setback {
                Setback::Failed => (JobState::Failed, lease.now),
                Setback::Later(at) | Setback::Away(at) => (JobState::Queued, at),
            };
            kept.end(state, lease.now, due, Some(reason));
            kept.job.attempts -= u32::from(matches!(setback, Setback::Away(_)));
            true
        }))
    }

    async fn end_ingest_leases(&self, now: UnixMs) -> Result<u64, StoreError> {
        let mut all = self.all();
        let running = all.jobs.iter_mut().filter(|kept| kept.job.state == JobState::Running);
        Ok(running.map(|kept| (kept.due_at, kept.worker) = (now.get(), None)).count() as u64)
    }

    async fn retry_ingest(&self, number: u64, now: UnixMs) -> Result<bool, StoreError> {
        let mut all = self.all();
        let failed = all
            .jobs
            .iter_mut()
            .find(|kept| kept.job.number == number && kept.job.state == JobState::Failed);
        Ok(failed.is_some_and(|kept| {
            let reason = kept.job.reason.take();
            kept.end(JobState::Queued, now, now, reason.as_deref());
            kept.job.attempts = 0;
            true
        }))
    }

    async fn ingest_job(&self, number: u64) -> Result<Option<IngestJob>, StoreError> {
        let all = self.all();
        Ok(all.jobs.iter().find(|kept| kept.job.number == number).map(|kept| kept.job.clone()))
    }

    async fn ingest_jobs(
        &self,
        state: Option<JobState>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<IngestJob>, StoreError> {
        let all = self.all();
        let jobs = all.jobs.iter().rev().map(|kept| &kept.job);
        let wanted = jobs
            .filter(|job| job.number <= from && state.is_none_or(|state| state == job.state))
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(wanted.cloned().collect())
    }

    async fn ingest_counts(&self) -> Result<JobCounts, StoreError> {
        let all = self.all();
        let count = |state| all.jobs.iter().filter(|kept| kept.job.state == state).count() as u64;
        Ok(JobState::ALL.map(count))
    }

    async fn track_study(&self, track_id: &str) -> Result<Option<TrackStudy>, StoreError> {
        Ok(self.all().studies.get(track_id).cloned())
    }

    async fn track_studies(&self, after: &str, limit: u32) -> Result<Vec<TrackStudy>, StoreError> {
        let all = self.all();
        let behind = all.studies.values().filter(|study| study.track_id.as_str() > after);
        Ok(behind.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn audio_seen_to(
        &self,
        track_ids: &[String],
    ) -> Result<Vec<(String, String)>, StoreError> {
        let all = self.all();
        let studied = all.studies.values().filter_map(|study| {
            study.audio_sha256.clone().map(|audio| (study.track_id.clone(), audio))
        });
        let asked = all.jobs.iter().filter_map(|kept| match &kept.job.new.source {
            IngestSource::Folder(file) if kept.job.state != JobState::Done => {
                Some((kept.job.new.track_id.clone(), file.audio_sha256.clone()))
            }
            _ => None,
        });
        Ok(studied.chain(asked).filter(|(track_id, _)| track_ids.contains(track_id)).collect())
    }

    async fn loudness_of(&self, track_ids: &[String]) -> Result<Vec<TrackLoudness>, StoreError> {
        let all = self.all();
        let studied = track_ids.iter().filter_map(|track_id| all.studies.get(track_id));
        let loudness = |study: &TrackStudy| TrackLoudness {
            track_id: study.track_id.clone(),
            blocks: study.loudness_blocks.clone(),
            true_peak_mdb: study.true_peak_mdb,
        };
        Ok(studied.map(loudness).collect())
    }

    async fn prints_near(
        &self,
        other_than: &str,
        duration_ms: u64,
        within_ms: u64,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let all = self.all();
        let near = all.studies.values().filter(|study| {
            study.track_id != other_than && study.duration_ms.abs_diff(duration_ms) <= within_ms
        });
        let prints = near.map(|study| (study.track_id.clone(), study.print.clone()));
        Ok(prints.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn replace_renditions(
        &self,
        track_id: &str,
        renditions: &[StoredRendition],
    ) -> Result<bool, StoreError> {
        Ok(self.all().studies.get_mut(track_id).is_some_and(|study| {
            study.renditions = renditions.to_vec();
            true
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::ingest;

    #[tokio::test]
    async fn conforms() {
        ingest::every_case(async || MemoryIngest::default()).await;
    }
}
