//! One file of a close, written from its beginning to its end, hashed on the way.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::FileError;
use crate::ports::{Disk, DiskFile};

/// A file as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its name in the close's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hex digits.
    pub sha256: String,
}

/// A file on its way.
pub struct FileWriter {
    path: String,
    name: String,
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    written: u64,
    digest: Sha256,
}

/// So many bytes are handed to the system at once.
const CHUNK_BYTES: usize = 4 << 20;

impl FileWriter {
    /// Begins `folder/name` anew.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn begin(disk: &dyn Disk, folder: &str, name: &str) -> Result<Self, FileError> {
        let path = format!("{folder}/{name}");
        let file = disk.open_or_create(&path).map_err(FileError::disk(&path))?;
        file.truncate(0).map_err(FileError::disk(&path))?;
        Ok(Self {
            path,
            name: name.to_owned(),
            file,
            buffer: Vec::with_capacity(CHUNK_BYTES),
            written: 0,
            digest: Sha256::new(),
        })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), FileError> {
        self.digest.update(&self.buffer);
        let write = self.file.write_at(self.written, &self.buffer);
        write.map_err(FileError::disk(&self.path))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Makes it durable; its name is not before its folder is synced.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn finish(mut self) -> Result<Written, FileError> {
        self.flush()?;
        self.file.sync().map_err(FileError::disk(&self.path))?;
        let sha256 = hex(&self.digest.finalize());
        Ok(Written { name: self.name, bytes: self.written, sha256 })
    }
}

/// Writes a whole file.
///
/// # Errors
/// [`FileError`].
pub fn write_all(
    disk: &dyn Disk,
    folder: &str,
    name: &str,
    bytes: &[u8],
) -> Result<Written, FileError> {
    let mut writer = FileWriter::begin(disk, folder, name)?;
    writer.put(bytes)?;
    writer.finish()
}

/// Reads a whole file.
///
/// # Errors
/// [`FileError`].
pub fn read_all(disk: &dyn Disk, path: &str) -> Result<Vec<u8>, FileError> {
    let file = disk.open(path).map_err(FileError::disk(path))?;
    let length = file.length().map_err(FileError::disk(path))?;
    let length = usize::try_from(length).map_err(|_| FileError::damaged(path, "it is too long"))?;
    let mut bytes = vec![0; length];
    read_exact(&*file, path, 0, &mut bytes)?;
    Ok(bytes)
}

/// Fills `buffer` from `offset`.
///
/// # Errors
/// [`FileError`], also where the file ends before.
pub fn read_exact(
    file: &dyn DiskFile,
    path: &str,
    offset: u64,
    buffer: &mut [u8],
) -> Result<(), FileError> {
    let mut filled = 0;
    while filled < buffer.len() {
        let at = offset + filled as u64;
        match file.read_at(at, &mut buffer[filled..]).map_err(FileError::disk(path))? {
            0 => return Err(FileError::damaged(path, format!("it ends at byte {at}"))),
            read => filled += read,
        }
    }
    Ok(())
}

/// Compares a file with what the manifest says of it; a sentence where it differs.
///
/// # Errors
/// [`FileError`] where it can't be read.
pub fn differs(
    disk: &dyn Disk,
    folder: &str,
    expected: &Written,
) -> Result<Option<String>, FileError> {
    let path = format!("{folder}/{}", expected.name);
    let file = match disk.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(format!("{path} is not there")));
        }
        Err(error) => return Err(FileError::disk(&path)(error)),
    };
    let length = file.length().map_err(FileError::disk(&path))?;
    if length != expected.bytes {
        return Ok(Some(format!("{path} has {length} bytes, not {}", expected.bytes)));
    }
    let (mut digest, mut offset, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    while offset < length {
        let read = file.read_at(offset, &mut buffer).map_err(FileError::disk(&path))?;
        if read == 0 {
            return Ok(Some(format!("{path} ends at byte {offset}")));
        }
        digest.update(&buffer[..read]);
        offset += read as u64;
    }
    let found = hex(&digest.finalize());
    Ok((found != expected.sha256)
        .then(|| format!("{path} has the SHA-256 {found}, not {}", expected.sha256)))
}

/// Lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

/// SHA-256 in hex digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
