//! A disk with music on it, as scans see it.

use ledgerline_app::ports::music_files::{FoundEntry, FoundKind, MusicDisk, OpenedFile};
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The file systems of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalMusic;

impl MusicDisk for LocalMusic {
    fn list(&self, folder: &Path) -> io::Result<Vec<FoundEntry>> {
        let mut entries = Vec::new();
        for entry in folder.read_dir()? {
            let entry = entry?;
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let found = if is_link { fs::metadata(entry.path()) } else { entry.metadata() };
            let kind = match found {
                Ok(metadata) => Ok(kind(&metadata)),
                // A link that leads nowhere, or round in circles.
                Err(_) if is_link => Ok(FoundKind::Other),
                Err(error) => Err(error.to_string()),
            };
            entries.push(FoundEntry { name: entry.file_name(), is_link, kind });
        }
        Ok(entries)
    }

    fn look(&self, path: &Path) -> io::Result<Option<FoundKind>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(kind(&metadata))),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            let why = format!("{} is longer than {bytes_max} bytes", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(bytes)
    }

    fn open(&self, folder: &Path, path: &Path) -> io::Result<Box<dyn OpenedFile>> {
        let refused = |why: &str| {
            let why = format!("{} {why}", path.display());
            io::Error::new(io::ErrorKind::NotFound, why)
        };
        let real = fs::canonicalize(path)?;
        if !real.starts_with(fs::canonicalize(folder)?) {
            return Err(refused("leads out of the music folder"));
        }
        // No link may take its place meanwhile, and nobody waits for the other end of a pipe.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(&real, flags, Mode::empty())?);
        match kind(&file.metadata()?) {
            FoundKind::File { bytes, modified_ms } => {
                Ok(Box::new(LocalFile { file, bytes, modified_ms }))
            }
            FoundKind::Folder { .. } | FoundKind::Other => Err(refused("is no file")),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }
}

/// A file of this machine.
struct LocalFile {
    file: File,
    bytes: u64,
    modified_ms: u64,
}

impl OpenedFile for LocalFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn modified_ms(&self) -> u64 {
        self.modified_ms
    }

    fn read_at(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut read = vec![0; bytes];
        self.file.read_exact_at(&mut read, at)?;
        Ok(read)
    }
}

fn kind(metadata: &Metadata) -> FoundKind {
    if metadata.is_dir() {
        return FoundKind::Folder { identity: (metadata.dev(), metadata.ino()) };
    }
    if !metadata.is_file() {
        return FoundKind::Other;
    }
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified_ms = modified.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
    FoundKind::File { bytes: metadata.len(), modified_ms }
}
