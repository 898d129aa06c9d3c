//! A zip's directory, read within limits.

use crate::error::{ExportError, Limit};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use zip::ZipArchive;
use zip::read::OwnedZipFileEntry;
use zip::result::ZipError;

/// Bytes of a zip: ten times what the services send, who pack text.
const MAX_ARCHIVE_BYTES: u64 = 1 << 30;
/// Entries of a zip.
const MAX_ENTRIES: usize = 10_000;
/// Bytes read for the directory. An entry takes 46 and its name (APPNOTE.TXT 4.3.12), so
/// this suffices for the entries that are allowed, and bounds the memory for those of a
/// zip that holds millions.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;

/// All entries of the zip at `path`, with `/` in their names.
pub(crate) fn entries(path: &Path) -> Result<Vec<(String, OwnedZipFileEntry)>, ExportError> {
    let shown = || path.display().to_string();
    let at_path = |source| ExportError::Io { file: shown(), source };
    let too_much = |limit| ExportError::TooMuch { file: shown(), limit };
    let broken = |source| ExportError::Archive { file: shown(), source };

    let file = File::open(path).map_err(at_path)?;
    if file.metadata().map_err(at_path)?.len() > MAX_ARCHIVE_BYTES {
        return Err(too_much(Limit::FileBytes(MAX_ARCHIVE_BYTES)));
    }
    let mut reader = Budgeted { inner: BufReader::new(file), bytes_left: MAX_DIRECTORY_BYTES };
    let archive = match ZipArchive::new(&mut reader) {
        Ok(archive) => archive,
        Err(ZipError::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Err(too_much(Limit::DirectoryBytes(MAX_DIRECTORY_BYTES)));
        }
        Err(error) => return Err(broken(error)),
    };
    if archive.len() > MAX_ENTRIES {
        return Err(too_much(Limit::ArchiveEntries(MAX_ENTRIES)));
    }
    (0..archive.len())
        .map(|index| {
            let entry = archive.by_index_data(index).map_err(broken)?;
            // Some packers on Windows write backslashes.
            let name = entry.name().map_err(broken)?.replace('\\', "/");
            Ok((name, entry.into()))
        })
        .collect()
}

/// A reader that ends in an error when more is read than a directory has.
struct Budgeted<R> {
    inner: R,
    bytes_left: u64,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.bytes_left =
            self.bytes_left.checked_sub(bytes as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes)
    }
}

impl<R: Seek> Seek for Budgeted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
