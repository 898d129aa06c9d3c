//! Why a log can't be opened or read.

use ledgerline_app::ports::LogError;
use std::io;

/// Why a log can't be opened. Nothing on the disk was changed, unless it is `Io`: then
/// what a crash tore may have been cut off.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Bytes that were durable have changed or are gone.
    #[error(
        "{file} is damaged at byte {offset}: {detail}; \
         restore this file from a backup, or run `ledgerline doctor`"
    )]
    Damaged {
        /// Which file, relative to the data folder.
        file: String,
        /// Where.
        offset: u64,
        /// What is wrong there.
        detail: String,
    },
    /// The number of partitions is fixed when a log is created.
    #[error(
        "{file} is of a log with {found} partitions, not {wanted}; \
         set the number back to {found}, it is fixed when a log is created"
    )]
    Partitions {
        /// The first file that says so.
        file: String,
        /// How many the log has.
        found: u16,
        /// With how many it was to be opened.
        wanted: u16,
    },
    /// Written by a newer Ledgerline.
    #[error(
        "{file} is of version {found} of the log format, at byte {offset}, and this program \
         knows version {known}; run the Ledgerline that wrote it, or a newer one"
    )]
    Version {
        /// Which file, relative to the data folder.
        file: String,
        /// Where the version stands.
        offset: u64,
        /// The version that it says.
        found: u16,
        /// The version that is known here.
        known: u16,
    },
    /// The system refused.
    #[error("{file}: {source}; check the disk and the file's owner, then start again")]
    Io {
        /// Which file or folder, relative to the data folder.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn damaged(file: &str, offset: u64, detail: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), offset, detail: detail.into() }
    }

    pub(crate) fn io(file: &str) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { file: file.to_owned(), source }
    }
}

impl From<OpenError> for LogError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Damaged { file, offset, detail } => Self::Damaged { file, offset, detail },
            OpenError::Io { file, source } => Self::Io { file, detail: source.to_string() },
            OpenError::Partitions { ref file, .. } | OpenError::Version { ref file, .. } => {
                Self::Damaged { file: file.clone(), offset: 0, detail: error.to_string() }
            }
        }
    }
}

pub(crate) fn damaged(file: &str, offset: u64, detail: impl Into<String>) -> LogError {
    LogError::Damaged { file: file.to_owned(), offset, detail: detail.into() }
}

pub(crate) fn refused(file: &str) -> impl FnOnce(io::Error) -> LogError {
    |error| LogError::Io { file: file.to_owned(), detail: error.to_string() }
}
