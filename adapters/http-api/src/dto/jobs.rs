//! Files of music on their way to players.

use ledgerline_app::ports::audio::ClipMatch;
use ledgerline_app::ports::ingest::{IngestJob, IngestSource, JobCounts, JobState};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// A page of jobs, and how many there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobPage {
    /// How many there are of each state.
    pub counts: JobStateCounts,
    /// The jobs, the newest first.
    pub items: Vec<Job>,
    /// What to ask for the next page with, as `from`; null on the last.
    #[schema(required)]
    pub next: Option<u64>,
}

/// How many jobs there are of each state.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobStateCounts {
    /// Waiting for their turn.
    pub queued: u64,
    /// Being worked on.
    pub running: u64,
    /// Done.
    pub done: u64,
    /// Given up.
    pub failed: u64,
}

/// A file of music that becomes what players get.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its number, from 1.
    pub job: u64,
    /// Of which track the file is.
    pub track_id: String,
    /// Where it stands.
    pub state: JobStateWord,
    /// How much of it is done, in thousandths; of a file whose length isn't known yet, about.
    pub progress_permille: u16,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it was given up, or what went wrong at the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// Whether the file stands in a music folder; else it was brought.
    pub scanned: bool,
    /// Its length.
    pub bytes: u64,
    /// When it was queued.
    pub queued_at: Instant,
    /// When its state last changed.
    pub changed_at: Instant,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStateWord {
    /// It waits for its turn.
    Queued,
    /// Somebody works on it.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Failed,
}

/// The track that a clip is of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifiedTrack {
    /// Its id.
    pub track_id: String,
    /// Its title, where the library has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Where in it the clip begins, in milliseconds.
    pub at_ms: i64,
    /// How many landmarks of the clip agree: the more, the surer.
    pub score: u32,
}

impl From<JobCounts> for JobStateCounts {
    fn from([queued, running, done, failed]: JobCounts) -> Self {
        Self { queued, running, done, failed }
    }
}

impl From<JobState> for JobStateWord {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued => Self::Queued,
            JobState::Running => Self::Running,
            JobState::Done => Self::Done,
            JobState::Failed => Self::Failed,
        }
    }
}

impl From<IngestJob> for Job {
    fn from(job: IngestJob) -> Self {
        Self {
            job: job.number,
            state: job.state.into(),
            progress_permille: job.progress_permille,
            attempts: job.attempts,
            reason: job.reason,
            scanned: matches!(job.new.source, IngestSource::Folder(_)),
            bytes: job.new.source.bytes(),
            queued_at: Instant(job.new.at),
            changed_at: Instant(job.changed_at),
            track_id: job.new.track_id,
        }
    }
}

impl IdentifiedTrack {
    /// Of what a clip was found to be.
    #[must_use]
    pub fn of(found: ClipMatch, title: Option<String>) -> Self {
        Self { track_id: found.track_id, title, at_ms: found.at_ms, score: found.votes }
    }
}
