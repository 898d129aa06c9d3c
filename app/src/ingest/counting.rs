//! Numbers for the operator: jobs by their state, and how much music was encoded.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Ingest;
use crate::metrics::{Metric, MetricKind};
use crate::ports::StoreError;
use crate::ports::ingest::{JobCounts, JobState};

/// Jobs are counted no more often than this for whoever only looks.
const COUNTED_EACH: Duration = Duration::from_secs(5);

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    encoded_ms: AtomicU64,
    jobs: Mutex<Option<(Duration, JobCounts)>>,
}

impl Counted {
    /// So much music more was encoded.
    pub(super) fn encoded(&self, duration_ms: u64) {
        self.encoded_ms.fetch_add(duration_ms, Ordering::Relaxed);
    }
}

impl Ingest {
    /// How many jobs there are in each state, now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counts(&self) -> Result<JobCounts, StoreError> {
        let counts = self.store.ingest_counts().await?;
        let now = self.clock.elapsed();
        *self.counted.jobs.lock().expect("no holder panics") = Some((now, counts));
        Ok(counts)
    }

    /// Counts jobs again for [`shown`](Self::shown), where it is a while since. A store that doesn't answer leaves
    /// the numbers as they were.
    pub async fn look(&self) {
        let last = *self.counted.jobs.lock().expect("no holder panics");
        let now = self.clock.elapsed();
        if last.is_none_or(|(at, _)| now.saturating_sub(at) >= COUNTED_EACH)
            && let Err(error) = self.counts().await
        {
            tracing::warn!(%error, "jobs can't be counted");
        }
    }

    pub(crate) fn shown(&self) -> Vec<Metric> {
        let counts = self.counted.jobs.lock().expect("no holder panics").map(|(_, counts)| counts);
        let states = counts.into_iter().flat_map(|counts| JobState::ALL.into_iter().zip(counts));
        let jobs = states.map(|(state, value)| Metric {
            name: "ledgerline_ingest_jobs",
            help: "Files of music by what became of them: queued, running, done, failed.",
            kind: MetricKind::Gauge,
            labels: vec![("state", state.word().to_owned())],
            value,
        });
        let encoded = Metric {
            name: "ledgerline_ingest_encoded_seconds_total",
            help: "Seconds of music that were encoded since the start.",
            kind: MetricKind::Counter,
            labels: Vec::new(),
            value: self.counted.encoded_ms.load(Ordering::Relaxed) / 1_000,
        };
        jobs.chain([encoded]).collect()
    }
}
