//! What earlier closes stored: manifests, months of plays, sheets, books.

use ledgerline_ids::{PartitionId, Period};
use ledgerline_royalty::sheet::Sheet;
use ledgerline_royalty::statement::Cause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::CloseError;
use super::record::{CloseState, Record};
use crate::money::files::FileError;
use crate::money::files::lines::SheetFile;
use crate::money::files::month::AddedUpFor;
use crate::money::files::writing::{Written, read_all, sha256};
use crate::money::usage_fold::{Cut, Mark};
use crate::ports::Disk;

/// The folder of all closes.
pub const CLOSES: &str = "closes";
/// The list of a close's files.
pub const MANIFEST: &str = "manifest.json";

/// Where a close's files are.
#[must_use]
pub fn folder(period: Period) -> String {
    format!("{CLOSES}/{period}")
}

/// The list of a close's files, and what they say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the files.
    pub format: u32,
    /// The month.
    pub period: String,
    /// When the close is booked, in milliseconds since 1970.
    pub booked_at_ms: u64,
    /// Partition, position, length of the plays log.
    pub cut: Vec<(u16, u64, u64)>,
    /// What was computed from.
    pub revisions: super::record::Revisions,
    /// What plays were added up for.
    pub added_up_for: AddedUpFor,
    /// What changed of earlier months, in the order of the months, then causes.
    pub adjustments: Vec<StoredAdjustment>,
    /// Months of plays that are stored here.
    pub months: Vec<String>,
    /// The files, sorted by name.
    pub files: Vec<Written>,
}

/// An adjustment as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAdjustment {
    /// The earlier month.
    pub period: String,
    /// Why, a word of [`Cause`].
    pub cause: String,
    /// What changed, as a sentence.
    pub detail: String,
    /// Plays that are named: user, play id, source, recording, start.
    pub plays: Vec<NamedPlay>,
}

/// A play that changed a closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPlay {
    /// The listener.
    pub user_id: Option<String>,
    /// The player's key.
    pub play_id: Option<String>,
    /// Whose credential it came by.
    pub source: String,
    /// The recording.
    pub track_id: String,
    /// Its start.
    pub started_at: String,
}

impl StoredAdjustment {
    /// The name of its sheet.
    #[must_use]
    pub fn sheet_name(&self) -> String {
        format!("adjust-{}-{}", self.period, self.cause)
    }

    /// Its month and cause.
    #[must_use]
    pub fn parsed(&self) -> Option<(Period, Cause)> {
        Some((Period::parse(&self.period).ok()?, Cause::from_word(&self.cause)?))
    }
}

/// One earlier close.
pub struct StoredClose {
    /// Its record.
    pub record: Record,
    /// Its files.
    pub manifest: Manifest,
}

/// All earlier closes, oldest first.
#[derive(Default)]
pub struct StoredCloses {
    closes: Vec<StoredClose>,
    months: BTreeMap<Period, String>,
}

/// The name of a month's plays in a close's folder.
#[must_use]
pub fn month_name(period: Period) -> String {
    format!("usage-{period}")
}

impl StoredCloses {
    /// Reads the manifests of all months that `records` say are closed, and that lie before
    /// `until`.
    ///
    /// # Errors
    /// [`CloseError`] where a manifest isn't the one that was booked.
    pub fn open(
        disk: &dyn Disk,
        records: &[Record],
        until: Option<Period>,
    ) -> Result<Self, CloseError> {
        let mut all = Self::default();
        let closed = records.iter().filter(|record| record.state == CloseState::Closed);
        for record in closed.filter(|record| until.is_none_or(|until| record.period < until)) {
            let manifest = read_manifest(disk, record)?;
            for month in &manifest.months {
                if let Ok(period) = Period::parse(month) {
                    let path = format!("{}/{}", folder(record.period), month_name(period));
                    all.months.insert(period, path);
                }
            }
            all.closes.push(StoredClose { record: record.clone(), manifest });
        }
        Ok(all)
    }

    /// Each close.
    #[must_use]
    pub fn closes(&self) -> &[StoredClose] {
        &self.closes
    }

    /// The newest one.
    #[must_use]
    pub fn last(&self) -> Option<&StoredClose> {
        self.closes.last()
    }

    /// The months and cuts of all of them.
    #[must_use]
    pub fn cuts(&self) -> Vec<(Period, Cut)> {
        let cut = |close: &StoredClose| (close.record.period, close.record.cut.clone());
        self.closes.iter().map(cut).collect()
    }

    /// The months whose plays are stored.
    pub fn months(&self) -> impl Iterator<Item = Period> {
        self.months.keys().copied()
    }

    /// Where a month's newest plays are stored.
    #[must_use]
    pub fn month_path(&self, period: Period) -> Option<&str> {
        self.months.get(&period).map(String::as_str)
    }

    /// Whether all that is stored was added up for just this.
    #[must_use]
    pub fn were_added_up_for(&self, wanted: &AddedUpFor) -> bool {
        self.last().is_none_or(|last| last.manifest.added_up_for == *wanted)
    }

    /// Plays that keep a month as of the newest close, and the last records in front of its cut.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn kept(&self, disk: &dyn Disk) -> Result<KeptPlays, FileError> {
        let Some(last) = self.last() else { return Ok(KeptPlays::default()) };
        let path = format!("{}/{KEPT}", folder(last.record.period));
        let bytes = read_all(disk, &path)?;
        let damaged = || FileError::damaged(&path, "it is no list of plays");
        let stored: BTreeMap<String, String> =
            serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let parse = |(play, month): (String, String)| {
            Some((u128::from_str_radix(&play, 16).ok()?, Period::parse(&month).ok()?))
        };
        let kept = stored.into_iter().map(parse).collect::<Option<_>>();
        Ok((kept.ok_or_else(damaged)?, last.record.marks.clone()))
    }

    /// The sheets that say something of a month: its own, then adjustments in the order in which
    /// they were made.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn sheets_of(&self, disk: &dyn Disk, period: Period) -> Result<Vec<Sheet>, FileError> {
        let mut sheets = Vec::new();
        for close in &self.closes {
            let folder = folder(close.record.period);
            if close.record.period == period {
                sheets.push(SheetFile::open(disk, &folder, "own", period)?.sheet()?);
            }
            for adjustment in &close.manifest.adjustments {
                if adjustment.period == period.to_string() {
                    let name = adjustment.sheet_name();
                    sheets.push(SheetFile::open(disk, &folder, &name, period)?.sheet()?);
                }
            }
        }
        Ok(sheets)
    }
}

/// Plays that keep a month, and the last records in front of a cut.
pub type KeptPlays = (BTreeMap<u128, Period>, BTreeMap<PartitionId, Mark>);

const KEPT: &str = "kept";

/// Writes plays that keep a month.
///
/// # Errors
/// [`FileError`].
pub fn write_kept(
    disk: &dyn Disk,
    folder: &str,
    kept: &BTreeMap<u128, Period>,
) -> Result<Written, FileError> {
    let plays: BTreeMap<String, String> =
        kept.iter().map(|(play, month)| (format!("{play:032x}"), month.to_string())).collect();
    let bytes = serde_json::to_vec(&plays).expect("texts are JSON");
    crate::money::files::writing::write_all(disk, folder, KEPT, &bytes)
}

/// Reads a close's manifest and compares it with its record.
///
/// # Errors
/// [`CloseError`].
pub fn read_manifest(disk: &dyn Disk, record: &Record) -> Result<Manifest, CloseError> {
    let path = format!("{}/{MANIFEST}", folder(record.period));
    let bytes = read_all(disk, &path)?;
    if record.manifest_sha256.as_deref() != Some(&sha256(&bytes)) {
        let detail = "it isn't the one that was booked";
        return Err(FileError::damaged(&path, detail).into());
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| FileError::damaged(&path, error.to_string()).into())
}
