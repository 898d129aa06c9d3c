//! The files of the archive: what is in them, whatever their form.
//!
//! The archive of a partition is a row of *runs*: stretches of its report log, one behind the other. A
//! run has one file with its records, and none, one or several with the changes of counted plays that
//! these records caused.

use ledgerline_counting::identity::identity_hash;
use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs};
use ledgerline_records::play::{CountedAs, PlayRecord};
use ledgerline_records::verdict::{Reason, Status};

use crate::plays::transition_id;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHead {
    /// Of which partition.
    pub partition: PartitionId,
    /// The position of the run's first record.
    pub first: Position,
    /// The position behind its last one.
    pub end: Position,
    /// What tells whether it is this deployment's: a hash by its key, from which nobody gets the key.
    pub key_fingerprint: String,
}

/// The records of a run, as the log has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedReports {
    /// Which run.
    pub head: RunHead,
    /// How many changes of counted plays its records caused.
    pub changes: u64,
    /// In the order of the log.
    pub records: RecordsOfRun,
}

/// Records behind one another, with when they were received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsOfRun {
    bytes: Vec<u8>,
    // When each was received, by its frame, and where it ends.
    ends: Vec<(UnixMs, usize)>,
}

impl RecordsOfRun {
    /// Adds the next record.
    pub fn push(&mut self, received_at: UnixMs, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push((received_at, self.bytes.len()));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of all records together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// When each was received, by its frame, and its bytes.
    pub fn iter(&self) -> impl Iterator<Item = (UnixMs, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts
            .zip(&self.ends)
            .map(|(start, (received_at, end))| (*received_at, &self.bytes[start..*end]))
    }
}

/// Changes of counted plays that the records of a run caused: a part of them, where there are many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedChanges {
    /// Which run.
    pub head: RunHead,
    /// Which part, from 0 on.
    pub part: u32,
    /// In the order in which they were decided.
    pub changes: Vec<ArchivedChange>,
}

/// A play that counts from here on (`+1`), or doesn't any more (`-1`). One that goes on counting as
/// something else is both, the old one first. So counts are sums of `change`, by whatever field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedChange {
    /// `+1` or `-1`.
    pub change: i32,
    /// The id of the play's transition: see [`transition_id`](crate::plays::transition_id).
    pub transition_id: String,
    /// How many records the play has had since that transition: 0 is the transition itself.
    pub amendment: u64,
    /// The transition's number.
    pub number: u64,
    /// The rules that judged.
    pub rule_version: u16,
    /// The position of the record that caused it.
    pub cause: Position,
    /// When that was received.
    pub changed_at: UnixMs,
    /// The play's status before; `None` for a new play.
    pub from_status: Option<Status>,
    /// Its status now.
    pub to_status: Status,
    /// Why, where the status alone doesn't say.
    pub reason: Option<Reason>,
    /// The play: a keyed hash of its identity.
    pub play: String,
    /// Whose credential its reports came by.
    pub source: String,
    /// The listener.
    pub user_id: Option<String>,
    /// The player's key, where it sent one.
    pub play_id: Option<String>,
    /// When its first report was received.
    pub first_received_at: UnixMs,
    /// The recording that it counts for, or did.
    pub track_id: String,
    /// Its start, hence its day and period.
    pub started_at: UnixMs,
    /// Its merged listened time.
    pub listened_ms: u64,
    /// The listener's plan.
    pub tier: Option<String>,
    /// The listener's country.
    pub territory: Option<String>,
}

impl ArchivedChange {
    /// What a record of the plays log changed of the counts: nothing, one thing or two.
    pub fn of(record: &PlayRecord<'_>, key: &HashKey) -> impl Iterator<Item = Self> + use<> {
        let (before, after) = (record.counted_before(), record.counts_as());
        let ids = (before != after).then(|| {
            let play = identity_hash(key, &record.identity).0;
            (format!("{play:032x}"), transition_id(key, record))
        });
        let one = |counted: Option<CountedAs<'_>>, change: i32| {
            let ((play, transition_id), counted) = ids.as_ref().zip(counted)?;
            Some(Self {
                change,
                transition_id: transition_id.clone(),
                amendment: record.amendment,
                number: record.number,
                rule_version: record.rule_version,
                cause: record.cause,
                changed_at: record.received_at,
                from_status: record.from,
                to_status: record.to,
                reason: record.reason,
                play: play.clone(),
                source: record.identity.source.as_str().to_owned(),
                user_id: record.identity.user.map(|user| user.as_str().to_owned()),
                play_id: record.identity.key.play_id().map(|key| key.as_str().to_owned()),
                first_received_at: record.first_received_at,
                track_id: counted.track.as_str().to_owned(),
                started_at: counted.started_at,
                listened_ms: counted.listened_ms,
                tier: counted.tier.map(|tier| tier.as_str().to_owned()),
                territory: counted.territory.map(|territory| territory.as_str().to_owned()),
            })
        };
        [one(before, -1), one(after, 1)].into_iter().flatten()
    }
}

/// Why a file of the archive can't be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFileError {
    /// It was written by a newer version.
    #[error(
        "it is of format {format}, and this version of Ledgerline knows formats up to {known}: \
         upgrade before reading it"
    )]
    Newer {
        /// Its format.
        format: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// It isn't what was written.
    #[error("it is damaged: {0}; restore it from a copy")]
    Damaged(String),
    /// What is to be written can't be.
    #[error("it can't be written: {0}")]
    Unwritable(String),
}

/// The form of the archive's files. The same content gives the same bytes, as long as the form's own
/// version doesn't change; what is read is what was written, to the last byte of every record.
pub trait ArchiveFiles: Send + Sync + 'static {
    /// What names of its files end with, such as `parquet`.
    fn extension(&self) -> &'static str;

    /// A file of a run's records.
    ///
    /// # Errors
    /// [`ArchiveFileError::Unwritable`].
    fn write_reports(&self, run: &ArchivedReports) -> Result<Vec<u8>, ArchiveFileError>;

    /// Reads such a file.
    ///
    /// # Errors
    /// [`ArchiveFileError`].
    fn read_reports(&self, file: Vec<u8>) -> Result<ArchivedReports, ArchiveFileError>;

    /// A file of changes.
    ///
    /// # Errors
    /// [`ArchiveFileError::Unwritable`].
    fn write_changes(&self, part: &ArchivedChanges) -> Result<Vec<u8>, ArchiveFileError>;

    /// Reads such a file.
    ///
    /// # Errors
    /// [`ArchiveFileError`].
    fn read_changes(&self, file: Vec<u8>) -> Result<ArchivedChanges, ArchiveFileError>;
}
