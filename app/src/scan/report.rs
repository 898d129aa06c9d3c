//! What a scan found, and how far it is.

use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::ports::library::MusicFolder;

/// So many skipped files a report names; how many there are it always says.
pub const SKIPPED_NAMED_MAX: usize = 1_000;

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScanReport {
    /// The scan's number.
    pub number: u64,
    /// The folder's path.
    pub folder: String,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// When it ended; `None` while it goes on.
    pub ended_at_ms: Option<u64>,
    /// How long it took, so far.
    pub took_ms: u64,
    /// Why it ended before its end.
    pub failed: Option<String>,
    /// Files of music that are there.
    pub files: u64,
    /// Those that are as they were.
    pub unchanged: u64,
    /// Those that made a new track, or are further files of one.
    pub added: u64,
    /// Those whose tags or audio changed.
    pub changed: u64,
    /// Those that were somewhere else before.
    pub moved: u64,
    /// Those that were missing, and are there again.
    pub returned: u64,
    /// Files that are gone since.
    pub missing: u64,
    /// Files that can't be used, and folders that can't be read.
    pub skipped: u64,
    /// How many files were skipped, by the reason.
    pub reasons: BTreeMap<String, u64>,
    /// Some of these, each with its reason.
    pub skipped_files: Vec<SkippedPath>,
}

/// A file that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedPath {
    /// Where it is in the folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a scan does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Unchanged,
    Added,
    Changed,
    Moved,
    /// The walk passed its old place first, where it was missing.
    MovedBehind,
    Returned,
    Missing,
}

/// How far a scan is.
#[derive(Debug)]
pub struct ScanProgress {
    number: u64,
    started_at: UnixMs,
    /// Files that were walked past.
    walked: AtomicU64,
    report: Mutex<ScanReport>,
}

impl ScanProgress {
    pub(crate) fn new(number: u64, folder: &MusicFolder, started_at: UnixMs) -> Self {
        let report = ScanReport {
            number,
            folder: folder.path.to_string(),
            started_at_ms: started_at.get(),
            ..ScanReport::default()
        };
        Self { number, started_at, walked: AtomicU64::new(0), report: Mutex::new(report) }
    }

    /// The scan's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it began.
    pub(crate) fn started_at(&self) -> UnixMs {
        self.started_at
    }

    /// How many files the walk has found so far; it is ahead of what is done with them.
    #[must_use]
    pub fn walked(&self) -> u64 {
        self.walked.load(Ordering::Relaxed)
    }

    /// What it has found so far.
    #[must_use]
    pub fn report(&self) -> ScanReport {
        self.report.lock().expect("no holder panics").clone()
    }

    pub(crate) fn walked_past(&self) {
        self.walked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, outcome: Outcome) {
        let mut report = self.report.lock().expect("no holder panics");
        report.files += u64::from(outcome != Outcome::Missing);
        if outcome == Outcome::MovedBehind {
            report.missing = report.missing.saturating_sub(1);
        }
        *match outcome {
            Outcome::Unchanged => &mut report.unchanged,
            Outcome::Added => &mut report.added,
            Outcome::Changed => &mut report.changed,
            Outcome::Moved | Outcome::MovedBehind => &mut report.moved,
            Outcome::Returned => &mut report.returned,
            Outcome::Missing => &mut report.missing,
        } += 1;
    }

    pub(crate) fn skip(&self, path: &str, reason: &str) {
        let mut report = self.report.lock().expect("no holder panics");
        report.skipped += 1;
        // Reasons with figures in them are many: what stands before those is the kind of it.
        let kind = reason.split(": ").next().unwrap_or(reason).to_owned();
        if report.reasons.len() < 100 || report.reasons.contains_key(&kind) {
            *report.reasons.entry(kind).or_default() += 1;
        }
        if report.skipped_files.len() < SKIPPED_NAMED_MAX {
            let (path, reason) = (path.to_owned(), reason.to_owned());
            report.skipped_files.push(SkippedPath { path, reason });
        }
    }

    pub(crate) fn end(
        &self,
        took: Duration,
        failed: Option<String>,
        ended_at: UnixMs,
    ) -> ScanReport {
        let mut report = self.report.lock().expect("no holder panics");
        report.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        report.failed = failed;
        report.ended_at_ms = Some(ended_at.get());
        // Files are done with in parallel; the report is the same each time.
        report.skipped_files.sort_by(|one, other| one.path.cmp(&other.path));
        report.clone()
    }
}
