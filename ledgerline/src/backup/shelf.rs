//! The folder that backups of one deployment stand in.
//!
//! ```text
//! parts/<sha256>          bytes of files, named for what they are; written once
//! 000001-<sha256>.json    a backup: its manifest, named for its number and its own SHA-256
//! erasures                whom privacy erasures concerned, as keyed hashes: newer than any backup
//! lock                    held by the one process that writes
//! ```
//!
//! A manifest gets its name when everything that it names is durable, so a backup that was broken
//! off is none, and leaves the earlier ones as they were.

use ledgerline_local_disk::{FolderLock, LockError};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::erasures::{self, ErasureList};
use super::manifest::{Manifest, Part, hex, sha256_of};
use crate::failure::Failure;

const PARTS: &str = "parts";
const BLOCK_BYTES: usize = 1 << 20;

/// A folder of backups.
pub struct Shelf {
    path: PathBuf,
    _lock: Option<FolderLock>,
}

/// A backup, by the name of its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// 1 is the first.
    pub number: u32,
    /// The SHA-256 of the file, in hex digits.
    pub sha256: String,
}

impl Named {
    fn file(&self) -> String {
        format!("{:06}-{}.json", self.number, self.sha256)
    }

    fn parse(file: &str) -> Option<Self> {
        let (number, sha256) = file.strip_suffix(".json")?.split_once('-')?;
        let digits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        let named = Self { number: number.parse().ok()?, sha256: sha256.to_owned() };
        (digits && named.file() == file).then_some(named)
    }
}

impl Shelf {
    /// Opens a folder to put backups into, and makes it where there is none.
    ///
    /// # Errors
    /// [`Failure`] where it holds something else, or another process writes it.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let fail = |error: io::Error| Failure::io(path, &error);
        private_folder(path).map_err(fail)?;
        let empty = fs::read_dir(path).map_err(fail)?.next().is_none();
        if !empty && !path.join(PARTS).is_dir() && !path.join("lock").is_file() {
            return Err(Failure::failed(format!(
                "{} holds something that is no backup; name a new folder, or one with backups",
                path.display()
            )));
        }
        let lock = match FolderLock::acquire(path) {
            Ok(lock) => lock,
            Err(LockError::Held { .. }) => {
                return Err(Failure::failed(format!(
                    "another backup into {} is being taken; wait for its end",
                    path.display()
                )));
            }
            Err(error) => return Err(Failure::from_error(&error)),
        };
        private_folder(&path.join(PARTS)).map_err(fail)?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// Opens a folder to read backups from.
    ///
    /// # Errors
    /// [`Failure`] where there is none.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if !path.is_dir() {
            let what = if path.exists() { "is no folder" } else { "isn't there" };
            return Err(Failure::missing(format!("{} {what}", path.display())));
        }
        let shelf = Self { path: path.to_owned(), _lock: None };
        if shelf.names()?.is_empty() {
            return Err(Failure::missing(format!(
                "there is no whole backup in {}; one that was broken off leaves none",
                path.display()
            )));
        }
        Ok(shelf)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The backups, oldest first.
    ///
    /// # Errors
    /// [`Failure`] where the folder can't be read.
    pub fn names(&self) -> Result<Vec<Named>, Failure> {
        let fail = |error: io::Error| Failure::io(&self.path, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            names.extend(name.to_str().and_then(Named::parse));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads the backup of this number, or the newest.
    ///
    /// # Errors
    /// [`Failure`] where it is missing, damaged or of a newer form.
    pub fn read(&self, number: Option<u32>) -> Result<Manifest, Failure> {
        let names = self.names()?;
        let named = match number {
            Some(number) => names.iter().find(|named| named.number == number),
            None => names.last(),
        };
        let named = named.ok_or_else(|| {
            let numbers: Vec<_> = names.iter().map(|named| named.number.to_string()).collect();
            Failure::missing(format!("there is no such backup; there are {}", numbers.join(", ")))
        })?;
        let path = self.path.join(named.file());
        let bytes = fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
        let refuse = |why: &dyn std::fmt::Display| {
            let other = match names.iter().rev().find(|other| other.number != named.number) {
                Some(other) => format!("; backup {} may be taken instead", other.number),
                None => String::new(),
            };
            Failure::damaged(format!("{}: {why}{other}", path.display()))
        };
        let manifest = Manifest::from_bytes(&bytes);
        if sha256_of(&bytes) != named.sha256 {
            return Err(refuse(&"it is damaged: it is not what its name says"));
        }
        let manifest = manifest.map_err(|error| refuse(&error))?;
        if manifest.number != named.number {
            return Err(refuse(&"it is damaged: it is another backup's"));
        }
        Ok(manifest)
    }

    /// Where the bytes of a part are.
    #[must_use]
    pub fn part_path(&self, part: &Part) -> PathBuf {
        self.path.join(PARTS).join(&part.sha256)
    }

    /// Whether a part is there, by its length.
    #[must_use]
    pub fn has(&self, part: &Part) -> bool {
        fs::metadata(self.part_path(part)).is_ok_and(|found| found.len() == part.bytes)
    }

    /// Puts bytes in as a part, durably. Says whether they weren't there before.
    ///
    /// # Errors
    /// [`Failure`] where the disk refuses.
    pub fn add(
        &self,
        from: &mut dyn Read,
        name: &str,
        told: &dyn Fn(u64),
    ) -> Result<(Part, bool), Failure> {
        let draft = self.path.join(PARTS).join("part.draft");
        self.add_by(&draft, from, told).map_err(|error| {
            // What is left of it is in the way of others on a full disk.
            let _ = fs::remove_file(&draft);
            self.refused(name, &error)
        })
    }

    fn add_by(
        &self,
        draft: &Path,
        from: &mut dyn Read,
        told: &dyn Fn(u64),
    ) -> io::Result<(Part, bool)> {
        let mut file = private_file(draft)?;
        let mut hasher = Sha256::new();
        let mut block = vec![0; BLOCK_BYTES];
        let mut bytes = 0;
        loop {
            let read = match from.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&block[..read]);
            file.write_all(&block[..read])?;
            bytes += read as u64;
            told(read as u64);
        }
        let part = Part { sha256: hex(&hasher.finalize()), bytes };
        if self.has(&part) {
            fs::remove_file(draft)?;
            return Ok((part, false));
        }
        file.sync_all()?;
        fs::rename(draft, self.part_path(&part))?;
        Ok((part, true))
    }

    /// Makes a backup of what was put in: from now on it is there.
    ///
    /// # Errors
    /// [`Failure`] where the disk refuses; then it isn't there.
    pub fn publish(&self, manifest: &Manifest) -> Result<Named, Failure> {
        let bytes = manifest.to_bytes();
        let named = Named { number: manifest.number, sha256: sha256_of(&bytes) };
        let draft = self.path.join("manifest.draft");
        let publish = || {
            sync_folder(&self.path.join(PARTS))?;
            write_durably(&draft, &bytes)?;
            fs::rename(&draft, self.path.join(named.file()))?;
            sync_folder(&self.path)
        };
        publish().map_err(|error| self.refused(&named.file(), &error))?;
        Ok(named)
    }

    /// Keeps the newest `keep` backups, or all of them, and removes the parts that none of
    /// them names. Says how many backups and parts were removed.
    ///
    /// # Errors
    /// [`Failure`] where a manifest can't be read, or the disk refuses.
    pub fn tidy(&self, keep: Option<u32>) -> Result<(usize, usize), Failure> {
        let fail = |error: io::Error| Failure::io(&self.path, &error);
        let names = self.names()?;
        let keep = keep.map_or(names.len(), |keep| keep as usize);
        let (gone, kept) = names.split_at(names.len().saturating_sub(keep));
        for named in gone {
            fs::remove_file(self.path.join(named.file())).map_err(fail)?;
        }
        sync_folder(&self.path).map_err(fail)?;
        let mut wanted = BTreeSet::new();
        for named in kept {
            let manifest = self.read(Some(named.number))?;
            wanted.extend(manifest.files.into_values().flatten().map(|part| part.sha256));
        }
        let mut removed = 0;
        for entry in fs::read_dir(self.path.join(PARTS)).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if !entry.file_name().to_str().is_some_and(|name| wanted.contains(name)) {
                fs::remove_file(entry.path()).map_err(fail)?;
                removed += 1;
            }
        }
        Ok((gone.len(), removed))
    }

    /// Gives the bytes of a part to `each`, and compares them with their SHA-256 at the end.
    ///
    /// # Errors
    /// [`Failure`] names the file and its part where it is missing or damaged, and what
    /// `each` refused.
    pub fn read_part(
        &self,
        path: &str,
        part: &Part,
        each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let file = self.part_path(part);
        let damaged = |why: &str| {
            Failure::damaged(format!(
                "the backup is damaged: {path} can't be had, for {} {why}",
                file.display()
            ))
        };
        let mut from = match File::open(&file) {
            Ok(from) => from,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged("is missing"));
            }
            Err(error) => return Err(Failure::io(&file, &error)),
        };
        let mut hasher = Sha256::new();
        let mut block = vec![0; BLOCK_BYTES];
        let mut bytes = 0;
        loop {
            let read = from.read(&mut block).map_err(|error| Failure::io(&file, &error))?;
            if read == 0 {
                break;
            }
            hasher.update(&block[..read]);
            each(&block[..read]).map_err(|error| Failure::io(Path::new(path), &error))?;
            bytes += read as u64;
        }
        if bytes != part.bytes {
            return Err(damaged(&format!("has {bytes} bytes and not {}", part.bytes)));
        }
        if hex(&hasher.finalize()) != part.sha256 {
            return Err(damaged("is not what its name says"));
        }
        Ok(())
    }

    /// The list of erasures that stands here; empty where there is none.
    ///
    /// # Errors
    /// [`Failure`] where it is damaged.
    pub fn erasures(&self) -> Result<ErasureList, Failure> {
        ErasureList::read(&self.path.join(erasures::FILE))
    }

    /// Adds erasures to the list that stands here, durably.
    ///
    /// # Errors
    /// [`Failure`] where the list is damaged, or the disk refuses.
    pub fn keep_erasures(&self, list: &ErasureList) -> Result<(), Failure> {
        let mut all = self.erasures()?;
        all.add(list.clone());
        all.write(&self.path).map_err(|error| self.refused(erasures::FILE, &error))
    }

    fn refused(&self, what: &str, error: &io::Error) -> Failure {
        let path = self.path.display();
        if error.kind() == io::ErrorKind::StorageFull {
            return Failure::failed(format!(
                "{what}: the disk of {path} is full. The backups that were there before are as \
                 they were; make room and take this one again"
            ));
        }
        Failure::failed(format!("{what} can't be backed up to {path}: {error}"))
    }
}

/// Makes a folder and those above it, for its owner alone.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a file anew, for its owner alone.
pub fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)
}

/// Writes a file and syncs it; its name may not be durable yet.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
