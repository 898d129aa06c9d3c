//! Files for readers that take paths.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("the system has room for small files");
}

/// A file of this thread with these bytes, over what stood there.
pub(crate) fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("a small file can be written");
    path
}

/// This thread's folder.
fn folder() -> PathBuf {
    FOLDER.with(|folder| Path::to_path_buf(folder.path()))
}
