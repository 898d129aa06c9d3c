//! Blobs: bytes under a name, that are written once and never changed.
//!
//! Whoever shares a log and a store with others shares these too: snapshots of what is derived, and the
//! archive of what the log lets go of. Of two who write the same name one wins, and the other is told
//! what it lost against; a blob is there whole or not at all, and stays until somebody deletes it.

use async_trait::async_trait;
use std::fmt;
use std::fs::File;
use std::sync::Arc;

/// The longest name of a blob, in bytes.
pub const BLOB_NAME_BYTES_MAX: usize = 512;
/// The longest part of a name between two `/`, in bytes: a folder of files has to hold it.
pub const BLOB_NAME_PART_BYTES_MAX: usize = 200;
/// The largest blob, in bytes: it is in memory whole while it is written or read. What is longer is
/// written in pieces.
pub const BLOB_BYTES_MAX: usize = 64 << 20;
/// The most blobs of one page of a list.
pub const BLOB_PAGE_MAX: usize = 1_000;

/// A blob's name: parts with a `/` between them, such as `snapshots/p000/0001`.
///
/// A blob's name is never the beginning of another's, up to a `/`: a folder can't be a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobName(Box<str>);

/// Why a text is no blob's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no name of a blob: it wants parts with a '/' between them, {BLOB_NAME_BYTES_MAX} bytes at \
     most and {BLOB_NAME_PART_BYTES_MAX} in a part, of the letters a to z, digits, '.', '-', '_' and '=', \
     and no part that begins with a '.'"
)]
pub struct BlobNameError(String);

impl BlobName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`BlobNameError`] says what it may consist of.
    pub fn new(name: impl Into<String>) -> Result<Self, BlobNameError> {
        let name = name.into();
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_=".contains(&byte)
        };
        let sound = |part: &str| {
            (1..=BLOB_NAME_PART_BYTES_MAX).contains(&part.len())
                && !part.starts_with('.')
                && part.bytes().all(allowed)
        };
        if name.len() > BLOB_NAME_BYTES_MAX || !name.split('/').all(sound) {
            return Err(BlobNameError(name));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands in `folder`, or in a folder in it.
    #[must_use]
    pub fn is_in(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// What became of a blob that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now, and wasn't before.
    Created,
    /// One of that name was there already, with the same bytes.
    Same,
    /// One of that name was there already, with other bytes, which stay.
    Other,
}

/// A blob, as a list has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedBlob {
    /// Its name.
    pub name: BlobName,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlobPage {
    /// In the order of the bytes of their names.
    pub blobs: Vec<ListedBlob>,
    /// Whether there are more behind the last of these.
    pub more: bool,
}

/// A blob that is a file of this machine, open to be read.
///
/// Whoever has it reads by offset alone: the file's own place is everybody's. It stays readable when the
/// blob is deleted, so it isn't to be kept for long.
#[derive(Debug, Clone)]
pub struct BlobFile {
    /// The file.
    pub file: Arc<File>,
    /// Its length in bytes when it was opened.
    pub bytes: u64,
}

/// Why a store of blobs doesn't do what it is asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BlobError {
    /// It can't be reached, or has too much to do: trying again makes sense. What was asked for may have
    /// been done.
    #[error("{what}: the store of blobs doesn't answer: {detail}")]
    Away {
        /// What was being done.
        what: String,
        /// What came instead of an answer.
        detail: String,
    },
    /// It refuses, and will until somebody changes something: who we are, what we may do, its bucket
    /// or folder, room.
    #[error("{what}: the store of blobs refuses: {detail}")]
    Refused {
        /// What was being done.
        what: String,
        /// What it said.
        detail: String,
    },
    /// A blob is larger than [`BLOB_BYTES_MAX`].
    #[error("the blob {name} has {bytes} bytes; {BLOB_BYTES_MAX} are the most")]
    TooLarge {
        /// Which.
        name: BlobName,
        /// Its length in bytes.
        bytes: u64,
    },
}

impl BlobError {
    /// Whether trying the same again makes sense.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// Where blobs are. Every call has a limit of time; where it is over the call says [`BlobError::Away`].
#[async_trait]
pub trait BlobStore: Send + Sync + 'static {
    /// Puts a blob where none of that name is: at once, whole, durably, or not at all.
    ///
    /// # Errors
    /// [`BlobError`]. After [`BlobError::Away`] it may be there or not; putting it again says.
    async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<Put, BlobError>;

    /// The bytes of a blob; `None` where none has that name.
    ///
    /// # Errors
    /// [`BlobError`].
    async fn get(&self, name: &BlobName) -> Result<Option<Vec<u8>>, BlobError>;

    /// Up to `length` bytes of a blob from `offset` on, fewer only at its end; `None` where none has
    /// that name.
    ///
    /// # Errors
    /// [`BlobError`]; [`BlobError::TooLarge`] where `length` is more than a blob may have.
    async fn get_range(
        &self,
        name: &BlobName,
        offset: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, BlobError>;

    /// A blob as a file of this machine, for whoever has the system send it; `None` where none has that
    /// name, and always where blobs are no files here.
    ///
    /// # Errors
    /// [`BlobError`].
    async fn open_file(&self, name: &BlobName) -> Result<Option<BlobFile>, BlobError> {
        let _ = name;
        Ok(None)
    }

    /// Blobs in `folder` and the folders in it, or all; in order, behind `after` where that is said; at
    /// most `limit` of them, and at most [`BLOB_PAGE_MAX`].
    ///
    /// # Errors
    /// [`BlobError`].
    async fn list(
        &self,
        folder: Option<&BlobName>,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<BlobPage, BlobError>;

    /// Deletes a blob; one that isn't there is no error.
    ///
    /// # Errors
    /// [`BlobError`]. After [`BlobError::Away`] it may be there or not.
    async fn delete(&self, name: &BlobName) -> Result<(), BlobError>;
}

/// All blobs in `folder`, by as many pages as that takes; at most `most` of them, for they are held in
/// memory.
///
/// # Errors
/// [`BlobError`]; [`BlobError::Refused`] where there are more than `most`.
pub async fn list_all(
    store: &dyn BlobStore,
    folder: &BlobName,
    most: usize,
) -> Result<Vec<ListedBlob>, BlobError> {
    let mut all: Vec<ListedBlob> = Vec::new();
    loop {
        let after = all.last().map(|last| last.name.clone());
        let page = store.list(Some(folder), after.as_ref(), BLOB_PAGE_MAX).await?;
        let more = page.more && !page.blobs.is_empty();
        all.extend(page.blobs);
        if all.len() > most {
            return Err(BlobError::Refused {
                what: format!("listing {folder}"),
                detail: format!("it has more than {most} blobs"),
            });
        }
        if !more {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let long_part = "a".repeat(BLOB_NAME_PART_BYTES_MAX);
        let long = [&*long_part, &*long_part, &*"a".repeat(110)].join("/");
        for good in ["a", "snapshots/p000/00-01", "day=2026-11-27/x_1.parquet", &long_part, &long] {
            assert!(BlobName::new(good).is_ok(), "{good}");
        }
        let too_long = format!("{long}a");
        let long_part = format!("{long_part}a");
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", "a/.b", "A", "a b", "ä", "a\\b", "a#1",
            &long_part, &too_long,
        ] {
            assert!(BlobName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_folder_is_not_a_beginning() {
        let name = |name: &str| BlobName::new(name).expect("a name");
        assert!(name("a/b").is_in(&name("a")));
        assert!(name("a/b/c").is_in(&name("a")));
        assert!(!name("ab/c").is_in(&name("a")));
        assert!(!name("a").is_in(&name("a")));
    }
}
