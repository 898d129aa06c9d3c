//! One process at a time writes the data folder.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The right to write a data folder, held until it is dropped or the process ends.
///
/// It is a lock of the kernel's on the file `lock`, so none is left behind by a crash; the
/// file's content, the holder's process id, only serves the message to the next one.
#[derive(Debug)]
pub struct FolderLock {
    // Closing the file gives the lock back.
    _file: File,
}

/// Why the data folder can't be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process writes the folder.
    #[error("{} is in use by {}; stop that first", folder.display(), holder(*pid))]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// The other process, where it could be read.
        pid: Option<u32>,
    },
    /// The system refused.
    #[error("{} can't be locked: {source}; check that the folder exists and is yours", file.display())]
    Io {
        /// The lock file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks `folder`, which must exist, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] where another process has it, else [`LockError::Io`].
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let refused = |source| LockError::Io { file: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(refused)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let pid =
                    file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError::Held { folder: folder.to_owned(), pid });
            }
            Err(errno) => return Err(refused(errno.into())),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(refused)?;
        Ok(Self { _file: file })
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
