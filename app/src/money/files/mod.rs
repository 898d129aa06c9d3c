//! The files of a close: what was stated, byte by byte, never to be changed.
//!
//! `closes/2026-10/` holds what is listed in its `manifest.json`, each file with length and
//! SHA-256. All numbers are little end first.
//!
//! In reading order:
//! - [`writing`]: one file at a time, hashed on the way
//! - [`shelf`]: records by number, or by key where they are sorted by one
//! - [`lines`]: lines of a month or of an adjustment, with their names
//! - [`month`]: a month's plays

pub mod lines;
pub mod month;
pub mod shelf;
pub mod writing;

use std::io;

/// Why a file of a close can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk refuses.
    #[error("{path}: {error}")]
    Disk {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// It isn't what was written.
    #[error("{path} is damaged: {detail}; restore closes/ from a backup")]
    Damaged {
        /// The file.
        path: String,
        /// How.
        detail: String,
    },
}

impl FileError {
    pub(crate) fn disk(path: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::Disk { path: path.to_owned(), error }
    }

    pub(crate) fn damaged(path: &str, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }
}
