//! The data folder, as a [`Disk`].

use ledgerline_app::ports::{Disk, DiskFile};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

// Reports and plays say what people listened to: they are nobody's but their owner's.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// A folder of this machine's file system.
#[derive(Debug, Clone)]
pub struct LocalDisk {
    root: PathBuf,
}

struct LocalFile(File);

impl LocalDisk {
    /// The folder `root`; [`Disk::create_folder`] with `""` creates it.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn at(&self, path: &str) -> io::Result<PathBuf> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if inside {
            Ok(self.root.join(path))
        } else {
            let message = format!("`{path}` is no path inside the data folder");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
    }
}

impl Disk for LocalDisk {
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(LocalFile(File::open(self.at(path)?)?)))
    }

    fn open_or_create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        Ok(Arc::new(LocalFile(options.open(self.at(path)?)?)))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match self.at(folder)?.read_dir() {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            // A name that isn't UTF-8 is none that we gave.
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(self.at(folder)?)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        File::open(self.at(folder)?)?.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.at(from)?, self.at(to)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        match std::fs::remove_file(self.at(path)?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

impl DiskFile for LocalFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    #[cfg(target_os = "linux")]
    fn let_go(&self, offset: u64, length: u64) {
        // A length of 0 would mean all of the file. Nothing depends on whether it is heeded.
        if let Some(length) = std::num::NonZeroU64::new(length) {
            let _ =
                rustix::fs::fadvise(&self.0, offset, Some(length), rustix::fs::Advice::DontNeed);
        }
    }
}
