//! Why an export can't be read.

use std::fmt;
use std::io;

/// Why an export can't be read. Plays that were handed out before stay right: reading
/// again, once the cause is mended, gives them the same ids.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The operating system refused, or the file is damaged. Check that it exists, may be
    /// read and is wholly downloaded.
    #[error("can't read {file}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file was named that isn't called as the service calls its histories. Give it its
    /// own name back, or name the folder or zip that it came in.
    #[error("{file} is not named like a listening history; expected {expected}")]
    NotAnExport {
        /// The file.
        file: String,
        /// The names that are recognised.
        expected: &'static str,
    },
    /// No file among those searched is a history. Name the unpacked folder or the zip itself.
    #[error("no listening history in {searched}; expected {expected}")]
    NothingFound {
        /// The paths that were searched.
        searched: String,
        /// The names that are recognised.
        expected: &'static str,
    },
    /// Larger than any listener's history. Name the folder that holds the export alone, or
    /// import in parts.
    #[error("{file} {limit}")]
    TooMuch {
        /// The file or folder.
        file: String,
        /// The limit that it passes.
        limit: Limit,
    },
    /// The zip can't be read. Download it again, or unpack it and name the folder.
    #[error("{file} is not a zip archive that can be read")]
    Archive {
        /// The archive, or a file in it.
        file: String,
        /// What is wrong with it.
        #[source]
        source: zip::result::ZipError,
    },
    /// The file breaks off or is no JSON array. Download it again.
    #[error("{file} is broken at line {line}, byte {column} of that line")]
    BrokenJson {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The byte in that line, from 1; 0 where the line before just ended.
        column: usize,
        /// What was expected there.
        #[source]
        source: serde_json::Error,
    },
}

/// A limit on what is read, far above any listener's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Levels of folders below the one that was named.
    FolderDepth(usize),
    /// Entries in all folders that were searched.
    FolderEntries(usize),
    /// Entries in one zip.
    ArchiveEntries(usize),
    /// Bytes of one zip's directory.
    DirectoryBytes(u64),
    /// Bytes of one file, decoded, or of a zip.
    FileBytes(u64),
    /// Bytes of one row.
    RowBytes(u64),
    /// Decoded bytes of one export.
    ExportBytes(u64),
    /// Rows of one export.
    Rows(u64),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FolderDepth(n) => write!(f, "has folders more than {n} levels deep"),
            Self::FolderEntries(n) => write!(f, "brings more than {n} files and folders"),
            Self::ArchiveEntries(n) => write!(f, "holds more than {n} files"),
            Self::DirectoryBytes(n) => write!(f, "has a directory of more than {n} bytes"),
            Self::FileBytes(n) => write!(f, "has more than {n} bytes"),
            Self::RowBytes(n) => write!(f, "has a row of more than {n} bytes"),
            Self::ExportBytes(n) => write!(f, "takes its export past {n} decoded bytes"),
            Self::Rows(n) => write!(f, "takes its export past {n} rows"),
        }
    }
}
