//! The data folder, as files that can be made durable.
//!
//! Paths are relative to the data folder and use `/`. Calls block; they are made from
//! threads of their own. Nothing is durable before [`DiskFile::sync`], and a new, renamed
//! or removed name is not before [`Disk::sync_folder`] on its folder.

use std::io;
use std::sync::Arc;

/// A folder of files.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file that exists, for reading.
    ///
    /// # Errors
    /// `NotFound`, or what the system says.
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading and writing, and creates it where it doesn't exist.
    ///
    /// # Errors
    /// What the system says.
    fn open_or_create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// The names of the files in `folder`, sorted. A folder that doesn't exist is empty.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Creates `folder` and those above it.
    ///
    /// # Errors
    /// What the system says.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Makes the names in `folder` durable.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Gives a file another name, replacing the file that had that name, at once or not at all. A folder too,
    /// with all that is in it; it replaces none but an empty one.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. One that doesn't exist is no error.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &str) -> io::Result<()>;
}

/// An open file.
pub trait DiskFile: Send + Sync + 'static {
    /// Reads into `buffer` from `offset`; fewer bytes only at the file's end.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// What the system says; some of the bytes may have been written then.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// The length in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Cuts the file to `length` bytes.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes what was written durable (fdatasync). After an error nothing that was
    /// written since the last success may be believed to be on disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&self) -> io::Result<()>;

    /// Says that `length` bytes from `offset` on are not read again soon, so that the system
    /// needn't keep them in memory. What isn't durable yet stays. A hint: a disk may have
    /// nothing to do.
    fn let_go(&self, _offset: u64, _length: u64) {}
}
