//! Files that go over as they are, and the note that a folder has moved.

use ledgerline_local_disk::{FolderLock, LocalDisk};
use serde_json::json;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data_folder::MOVED;
use crate::failure::Failure;

/// Folders that no log and no database has: files of closed months, and the keys that sign the ledger's head.
const FOLDERS: [&str; 2] = ["closes", "keys"];
/// So deep are they looked into.
const DEPTH_MAX: usize = 16;

/// A folder in which a deployment is being made: it is none before its identity is written.
pub struct NewFolder {
    disk: Arc<LocalDisk>,
    _lock: FolderLock,
}

impl NewFolder {
    /// Makes the folder where it is missing, and removes the state that a move left half way.
    ///
    /// # Errors
    /// [`Failure`] where something else is in there.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let fail = |error: io::Error| Failure::io(path, &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        for entry in fs::read_dir(path).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let name = name.to_string_lossy();
            let ours = ["reports", "lock"].contains(&&*name) || FOLDERS.contains(&&*name);
            if !ours && !name.starts_with("state.db") {
                return Err(Failure::failed(format!(
                    "{} isn't empty: it has {name}; --to names a folder that is new or empty",
                    path.display()
                )));
            }
        }
        let lock = FolderLock::acquire(path).map_err(|error| Failure::from_error(&error))?;
        for name in ["state.db", "state.db-wal", "state.db-shm", "state.db.closed"] {
            match fs::remove_file(path.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(fail(error)),
                _ => {}
            }
        }
        Ok(Self { disk: Arc::new(LocalDisk::new(path.to_owned())), _lock: lock })
    }

    /// Its files.
    pub fn disk(&self) -> Arc<LocalDisk> {
        self.disk.clone()
    }
}

/// Copies what neither a log nor a database has, durably. Files that are there already are replaced.
///
/// # Errors
/// [`Failure`] names the file.
pub fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    for name in FOLDERS {
        let source = from.join(name);
        if source.is_dir() {
            copy_folder(&source, &to.join(name), 0)?;
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> Result<(), Failure> {
    let fail = |error: io::Error| Failure::io(from, &error);
    if depth > DEPTH_MAX {
        return Err(Failure::failed(format!("{} has too many folders in folders", from.display())));
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(fail)?;
    for entry in fs::read_dir(from).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(fail)?.is_dir() {
            copy_folder(&source, &target, depth + 1)?;
        } else {
            let copied =
                fs::copy(&source, &target).and_then(|_| fs::File::open(&target)?.sync_all());
            copied.map_err(|error| Failure::io(&source, &error))?;
        }
    }
    fs::File::open(to).and_then(|folder| folder.sync_all()).map_err(fail)
}

/// Notes in a folder that its deployment is elsewhere, so that nobody goes on here.
///
/// # Errors
/// [`Failure`] where that can't be noted durably.
pub fn note_moved(folder: &Path, config: &Path) -> Result<(), Failure> {
    let note = json!({ "to": config }).to_string() + "\n";
    let path: PathBuf = folder.join(MOVED);
    let draft = folder.join(format!("{MOVED}.draft"));
    let write = || {
        fs::write(&draft, note)?;
        fs::File::open(&draft)?.sync_all()?;
        fs::rename(&draft, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Failure::io(&path, &error))
}
