//! Finds the histories in what was named: files, folders, zips.

use crate::archive;
use crate::error::{ExportError, Limit};
use crate::file_name::{Naming, Recognised, natural_key};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zip::read::OwnedZipFileEntry;

/// Levels of folders below a named one.
const MAX_FOLDER_DEPTH: usize = 16;
/// Entries of all folders together.
const MAX_FOLDER_ENTRIES: usize = 100_000;

/// Where a file's bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Disk(PathBuf),
    Zip { archive: PathBuf, entry: Arc<OwnedZipFileEntry> },
}

/// A history that was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundFile {
    pub(crate) place: Place,
    /// For messages: the path as it was named, for a file in a zip `archive.zip!entry`.
    pub(crate) name: String,
    /// Decoded size, as the file system or the zip's directory has it.
    pub(crate) bytes: u64,
    pub(crate) recognised: Recognised,
    /// The zip, where it is in one; canonical.
    pub(crate) archive: Option<PathBuf>,
    /// The folder it lies in, on disk or in the zip.
    pub(crate) folder: PathBuf,
    /// Order among all files found, whichever way they were named.
    pub(crate) order: Vec<(String, u128)>,
}

/// All histories in `paths`, each once, in an order that doesn't depend on that of `paths`.
///
/// Folders are searched with their subfolders; linked folders and zips in folders are not.
pub(crate) fn find(paths: &[PathBuf], naming: Naming) -> Result<Vec<FoundFile>, ExportError> {
    let mut search = Search { naming, found: Vec::new(), seen: HashSet::new(), entries: 0 };
    for path in paths {
        search.named(path)?;
    }
    if search.found.is_empty() {
        let searched: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(ExportError::NothingFound {
            searched: searched.join(", "),
            expected: naming.expected,
        });
    }
    search.found.sort_by(|a, b| a.order.cmp(&b.order));
    Ok(search.found)
}

struct Search {
    naming: Naming,
    found: Vec<FoundFile>,
    /// Canonical paths of the files and zips already taken.
    seen: HashSet<PathBuf>,
    /// Folder entries looked at so far.
    entries: usize,
}

impl Search {
    fn named(&mut self, path: &Path) -> Result<(), ExportError> {
        let at_path = |source| io_error(path, source);
        let metadata = fs::metadata(path).map_err(at_path)?;
        if metadata.is_dir() {
            return self.folder(path);
        }
        if metadata.is_file() && is_zip(path).map_err(at_path)? {
            return self.archive(path);
        }
        let recognised = path
            .file_name()
            .filter(|_| metadata.is_file())
            .and_then(|name| (self.naming.recognise)(&name.to_string_lossy()));
        match recognised {
            Some(recognised) => self.file(path, recognised, metadata.len()),
            None => Err(ExportError::NotAnExport {
                file: path.display().to_string(),
                expected: self.naming.expected,
            }),
        }
    }

    fn file(&mut self, path: &Path, name: Recognised, bytes: u64) -> Result<(), ExportError> {
        let canonical = fs::canonicalize(path).map_err(|source| io_error(path, source))?;
        if !self.seen.insert(canonical.clone()) {
            return Ok(());
        }
        self.found.push(FoundFile {
            order: natural_key(&canonical.to_string_lossy()),
            folder: canonical.parent().map(Path::to_path_buf).unwrap_or_default(),
            place: Place::Disk(canonical),
            name: path.display().to_string(),
            bytes,
            recognised: name,
            archive: None,
        });
        Ok(())
    }

    fn folder(&mut self, root: &Path) -> Result<(), ExportError> {
        let too_much = |limit| ExportError::TooMuch { file: root.display().to_string(), limit };
        let mut waiting = vec![(root.to_path_buf(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            if depth > MAX_FOLDER_DEPTH {
                return Err(too_much(Limit::FolderDepth(MAX_FOLDER_DEPTH)));
            }
            let at_folder = |source| io_error(&folder, source);
            for entry in fs::read_dir(&folder).map_err(at_folder)? {
                let entry = entry.map_err(at_folder)?;
                self.entries += 1;
                if self.entries > MAX_FOLDER_ENTRIES {
                    return Err(too_much(Limit::FolderEntries(MAX_FOLDER_ENTRIES)));
                }
                let path = entry.path();
                // Not following links to folders, a search can't go in circles.
                if entry.file_type().map_err(at_folder)?.is_dir() {
                    waiting.push((path, depth + 1));
                } else if let Some(name) =
                    (self.naming.recognise)(&entry.file_name().to_string_lossy())
                {
                    let metadata = fs::metadata(&path).map_err(|source| io_error(&path, source))?;
                    if metadata.is_file() {
                        self.file(&path, name, metadata.len())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn archive(&mut self, path: &Path) -> Result<(), ExportError> {
        let canonical = fs::canonicalize(path).map_err(|source| io_error(path, source))?;
        if !self.seen.insert(canonical.clone()) {
            return Ok(());
        }
        for (index, (entry_name, entry)) in archive::entries(path)?.into_iter().enumerate() {
            let (folder, file_name) = entry_name.rsplit_once('/').unwrap_or(("", &entry_name));
            let Some(recognised) = (self.naming.recognise)(file_name) else {
                continue;
            };
            let mut order = natural_key(&canonical.to_string_lossy());
            order.extend(natural_key(&entry_name));
            order.push((String::new(), index as u128));
            self.found.push(FoundFile {
                order,
                folder: PathBuf::from(folder),
                name: format!("{}!{entry_name}", path.display()),
                bytes: entry.size(),
                recognised,
                archive: Some(canonical.clone()),
                place: Place::Zip { archive: canonical.clone(), entry: Arc::new(entry) },
            });
        }
        Ok(())
    }
}

/// By the name or, for one that was renamed, by the first bytes (APPNOTE.TXT 4.3.7, 4.3.16).
fn is_zip(path: &Path) -> io::Result<bool> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
        return Ok(true);
    }
    let mut start = Vec::with_capacity(4);
    File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(matches!(start.as_slice(), b"PK\x03\x04" | b"PK\x05\x06"))
}

fn io_error(path: &Path, source: io::Error) -> ExportError {
    ExportError::Io { file: path.display().to_string(), source }
}
