//! The archive: what is committed of the logs, in files that are written once.
//!
//! A partition's report log is cut into runs at places that follow from the log alone, so whoever archives it
//! writes the same files: two workers at once, or one that goes on where another was killed. A file is put only
//! where none of its name is. Which runs there are is found from the files, and nowhere else.
//!
//! A run's file of records comes last: where it is, the files with its changes of counted plays are too.
//!
//! In reading order:
//! - [`runs`]: where one run ends and the next begins, and what its files are called
//! - `writing`: one partition's runs, up to what is committed
//! - [`working`]: all partitions, once or for ever
//! - [`reading`]: records and changes, from the files
//! - [`comparing`]: the files against the logs
//! - `releasing`: the log is let go of behind it
//! - `view`: what operators see of it

pub mod comparing;
pub mod reading;
mod releasing;
pub mod runs;
mod view;
pub mod working;
mod writing;

use ledgerline_ids::{HashKey, PartitionId, Position};
use std::sync::Arc;

use crate::ports::{ArchiveFileError, ArchiveFiles, BlobError, BlobName, BlobStore, LogError};
pub use comparing::{Compared, ComparedLogs, compare_with_logs, read_log};
pub use reading::ArchiveReader;
pub use runs::RunLimits;
pub use view::ArchiveSeen;
pub use working::{ArchiveStatus, ArchivedPartition, Archiver, pause_after};

/// Where an archive is, and what its files are like.
#[derive(Clone)]
pub struct Archive {
    /// Where its files are.
    pub blobs: Arc<dyn BlobStore>,
    /// Their form.
    pub files: Arc<dyn ArchiveFiles>,
    /// Where runs end: the same for all who write to it.
    pub limits: RunLimits,
}

/// Why the archive isn't written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store of blobs refuses.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// A log can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file of it can't be read, or not be written.
    #[error("{name}: {error}")]
    File {
        /// Which.
        name: BlobName,
        /// Why.
        #[source]
        error: ArchiveFileError,
    },
    /// A file is there already, and has something else in it.
    #[error(
        "{name} is there already with other content: {detail}. Nothing was overwritten. Archive to another \
         place, or find out who wrote it"
    )]
    Differs {
        /// Which.
        name: BlobName,
        /// What differs.
        detail: String,
    },
    /// The archive is another deployment's.
    #[error("{name} is of another deployment (its key is another); archive to another place")]
    Foreign {
        /// Which file says so.
        name: BlobName,
    },
    /// A file is missing between others.
    #[error("{0}")]
    Gap(String),
    /// The archive has more than is committed.
    #[error(
        "{partition}: the archive goes to position {archived}, but only {committed} is committed: this \
         deployment is older than its archive. Restore the right one"
    )]
    Ahead {
        /// Which partition.
        partition: PartitionId,
        /// The position behind the last archived record.
        archived: Position,
        /// The committed one.
        committed: Position,
    },
    /// Archiving panicked.
    #[error("archiving was broken off; the log says why")]
    BrokenOff,
}

impl ArchiveError {
    /// Whether trying the same again makes sense.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Blobs(error) => error.may_pass(),
            Self::Log(LogError::Io { .. }) => true,
            _ => false,
        }
    }
}

/// What tells one deployment's files from another's: a hash by its key, from which nobody gets the key.
#[must_use]
pub fn key_fingerprint(key: &HashKey) -> String {
    const ARCHIVE: u8 = 24;
    format!("{:032x}", key.hasher(ARCHIVE).text("the deployment of an archive").finish128())
}
