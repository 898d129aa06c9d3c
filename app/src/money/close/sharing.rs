//! The files of closed months where several nodes find them: in a store of blobs, so that whoever closed a
//! month may be lost, and any node reads its statements.
//!
//! ```text
//! close-parts/2026-10/SHA256    a piece of a file, named by its bytes
//! closes/2026-10/SHA256         which pieces each file consists of; named by the SHA-256 of the manifest
//! ```
//!
//! The list comes last, and before anything is booked: a month that is closed is there. The booked record
//! has the manifest's SHA-256, so what is read is what was booked, whoever put it. Of a try that was refused,
//! or broken off, parts may stay.

#[cfg(test)]
mod tests;

use ledgerline_ids::Period;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::CloseError;
use super::record::{CloseState, Record};
use super::stored::{CLOSES, MANIFEST, Manifest, folder, read_manifest};
use crate::Deployment;
use crate::money::files::FileError;
use crate::money::files::writing::{FileWriter, read_all, read_exact, sha256, write_all};
use crate::ports::drive::{Drive, apart};
use crate::ports::{BlobError, BlobName, BlobStore, Clock, Disk, Put};

/// A file is cut into pieces of so many bytes.
const PART_BYTES: usize = 16 << 20;
/// The form of lists.
const LIST_FORMAT: u32 = 1;
/// How often is looked whether a month that was closed here isn't in the store yet.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// How much of what is in the store a node keeps besides.
#[derive(Debug, Clone, Copy)]
pub struct SharedSettings {
    /// Months that were read longest ago are removed from the node's disk where all have more bytes.
    pub kept_bytes_max: u64,
    /// A month that was read less long ago stays all the same.
    pub kept_for: Duration,
}

impl Default for SharedSettings {
    fn default() -> Self {
        Self { kept_bytes_max: 64 << 30, kept_for: Duration::from_mins(10) }
    }
}

/// Where nodes share the files of closed months.
pub struct SharedCloses {
    blobs: Arc<dyn BlobStore>,
    disk: Arc<dyn Disk>,
    drive: Arc<dyn Drive>,
    clock: Arc<dyn Clock>,
    settings: SharedSettings,
    /// One month is got at a time.
    getting: tokio::sync::Mutex<()>,
    /// When each that is here was read last.
    read_at: Mutex<BTreeMap<Period, Duration>>,
    /// Months that the store is known to have.
    shared: Mutex<BTreeSet<Period>>,
    /// Why a month isn't in the store yet.
    trouble: Mutex<Option<String>>,
}

/// Why a closed month isn't had from the store.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// The store refuses.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// It isn't there, or isn't what was booked.
    #[error("{name}: {detail}")]
    Unusable {
        /// Which blob.
        name: String,
        /// What is wrong.
        detail: String,
    },
}

/// Which pieces a close's files consist of.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    /// The manifest's text.
    manifest: String,
    files: Vec<Pieces>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pieces {
    name: String,
    /// SHA-256 and length of each.
    parts: Vec<(String, u64)>,
}

fn list_name(period: Period, manifest_sha256: &str) -> BlobName {
    BlobName::new(format!("{CLOSES}/{period}/{manifest_sha256}")).expect("digits are a name")
}

fn part_name(period: Period, part_sha256: &str) -> Result<BlobName, SharedError> {
    let name = format!("close-parts/{period}/{part_sha256}");
    let unusable = |error| SharedError::Unusable { name: name.clone(), detail: format!("{error}") };
    BlobName::new(name.clone()).map_err(unusable)
}

impl SharedCloses {
    /// Over a store and the folder that files are read in.
    #[must_use]
    pub fn new(
        blobs: Arc<dyn BlobStore>,
        disk: Arc<dyn Disk>,
        (drive, clock): (Arc<dyn Drive>, Arc<dyn Clock>),
        settings: SharedSettings,
    ) -> Self {
        Self {
            blobs,
            disk,
            drive,
            clock,
            settings,
            getting: tokio::sync::Mutex::default(),
            read_at: Mutex::default(),
            shared: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// Puts a month's files where they aren't there; those in the folder are the ones of this manifest.
    async fn put(&self, period: Period, manifest_sha256: &str) -> Result<(), CloseError> {
        let name = list_name(period, manifest_sha256);
        let place = folder(period);
        let (text, manifest) = self.manifest(period, manifest_sha256).await?;
        let mut files = Vec::new();
        for file in &manifest.files {
            let (path, mut parts, mut offset) =
                (format!("{place}/{}", file.name), Vec::new(), 0_u64);
            while offset < file.bytes {
                let length = usize::try_from((file.bytes - offset).min(PART_BYTES as u64));
                let length = length.expect("at most a piece");
                let (disk, path) = (self.disk.clone(), path.clone());
                let read = move || read_piece(&*disk, &path, (offset, length));
                let (digest, bytes) = self.apart(read).await??;
                let part = part_name(period, &digest)?;
                if self.blobs.put(&part, bytes).await.map_err(SharedError::from)? == Put::Other {
                    let detail = "it doesn't have the bytes that its name says; delete it";
                    let (name, detail) = (part.to_string(), detail.to_owned());
                    return Err(SharedError::Unusable { name, detail }.into());
                }
                parts.push((digest, length as u64));
                offset += length as u64;
            }
            files.push(Pieces { name: file.name.clone(), parts });
        }
        let list = List { format: LIST_FORMAT, manifest: text, files };
        let list = serde_json::to_vec(&list).expect("texts and numbers are JSON");
        match self.blobs.put(&name, list).await.map_err(SharedError::from)? {
            Put::Created | Put::Same => Ok(()),
            // Pieces are cut alike by all; only a damaged one differs.
            Put::Other => Err(SharedError::Unusable {
                name: name.to_string(),
                detail: "it lists other pieces of the same files; delete it".to_owned(),
            }
            .into()),
        }
    }

    /// The manifest's text, and what it says.
    async fn manifest(
        &self,
        period: Period,
        manifest_sha256: &str,
    ) -> Result<(String, Manifest), CloseError> {
        let path = format!("{}/{MANIFEST}", folder(period));
        let (disk, of) = (self.disk.clone(), path.clone());
        let read = move || read_all(&*disk, &of);
        let bytes = self.apart(read).await??;
        let other = || FileError::damaged(&path, "it isn't the one that was booked");
        if sha256(&bytes) != manifest_sha256 {
            return Err(other().into());
        }
        let manifest = serde_json::from_slice(&bytes).map_err(|_| other())?;
        Ok((String::from_utf8(bytes).map_err(|_| other())?, manifest))
    }

    /// Has a closed month's files in the folder: those that were booked, from the store where they
    /// aren't here.
    async fn have(&self, record: &Record) -> Result<(), CloseError> {
        if !self.is_here(record).await? {
            let _turn = self.getting.lock().await;
            if !self.is_here(record).await? {
                self.make_room(record.period).await?;
                self.get(record).await?;
                let period = record.period;
                tracing::info!(%period, "files of a closed month were taken from the store");
            }
        }
        self.touch(record.period);
        Ok(())
    }

    async fn is_here(&self, record: &Record) -> Result<bool, CloseError> {
        let (disk, record) = (self.disk.clone(), record.clone());
        self.apart(move || is_here(&*disk, &record)).await?
    }

    fn touch(&self, period: Period) {
        let now = self.clock.elapsed();
        self.read_at.lock().expect("no holder panics").insert(period, now);
    }

    /// Gets a month's files: each piece is compared with its name, each file with the manifest, and that
    /// with what was booked; they get their place once all of them are durable.
    async fn get(&self, record: &Record) -> Result<(), CloseError> {
        let period = record.period;
        let booked = record.manifest_sha256.as_deref().unwrap_or_default();
        let name = list_name(period, booked);
        let unusable = |detail: &str| SharedError::Unusable {
            name: name.to_string(),
            detail: detail.to_owned(),
        };
        let list = self.blobs.get(&name).await.map_err(SharedError::from)?.ok_or_else(|| {
            unusable(
                "the month's files are neither here nor in the store of blobs; the node that closed it puts them \
                 there once it runs, or restore closes/ from a backup",
            )
        })?;
        let list: List = serde_json::from_slice(&list)
            .ok()
            .filter(|list: &List| list.format == LIST_FORMAT)
            .ok_or_else(|| unusable("it is no list of files, or one of a newer version"))?;
        if sha256(list.manifest.as_bytes()) != booked {
            return Err(unusable("it has another manifest than the one that was booked").into());
        }
        let manifest: Manifest = serde_json::from_str(&list.manifest)
            .map_err(|_| unusable("its manifest can't be read"))?;
        let (place, partial) = (folder(period), format!("{}.taken", folder(period)));
        let (disk, of) = (self.disk.clone(), partial.clone());
        self.apart(move || begin_anew(&*disk, &of)).await??;
        for file in &manifest.files {
            let pieces = list.files.iter().find(|pieces| pieces.name == file.name);
            let pieces = pieces.ok_or_else(|| unusable("it lacks a file of the manifest"))?;
            let (disk, of, name) = (self.disk.clone(), partial.clone(), file.name.clone());
            let begin = move || FileWriter::begin(&*disk, &of, &name);
            let mut writer = self.apart(begin).await??;
            for (digest, bytes) in &pieces.parts {
                let part = self.part(period, digest, *bytes).await?;
                let put = move || writer.put(&part).map(|()| writer);
                writer = self.apart(put).await??;
            }
            let written = self.apart(move || writer.finish()).await??;
            if written != *file {
                return Err(unusable("its pieces don't add up to the files of the manifest").into());
            }
        }
        let (disk, text) = (self.disk.clone(), list.manifest);
        self.apart(move || give_place(&*disk, (&partial, &place), &text)).await??;
        Ok(())
    }

    async fn part(&self, period: Period, digest: &str, bytes: u64) -> Result<Vec<u8>, SharedError> {
        let name = part_name(period, digest)?;
        let unusable = |detail: &str| SharedError::Unusable {
            name: name.to_string(),
            detail: detail.to_owned(),
        };
        let part = self.blobs.get(&name).await?.ok_or_else(|| unusable("it is missing"))?;
        let length = part.len() as u64;
        let (found, part) = apart(&*self.drive, move || (sha256(&part), part))
            .await
            .ok_or_else(|| unusable("reading it was broken off"))?;
        match found == digest && length == bytes {
            true => Ok(part),
            false => Err(unusable("it doesn't have the bytes that its name says")),
        }
    }

    /// Removes the files of months that were read longest ago, and are in the store, where there are too
    /// many bytes.
    async fn make_room(&self, wanted: Period) -> Result<(), CloseError> {
        let now = self.clock.elapsed();
        let read_at = self.read_at.lock().expect("no holder panics").clone();
        let mut others: Vec<(Duration, Period)> =
            read_at.into_iter().map(|(period, at)| (at, period)).collect();
        others.retain(|(_, period)| *period != wanted);
        others.sort_unstable();
        let mut sizes = BTreeMap::new();
        for (_, period) in &others {
            let (disk, of) = (self.disk.clone(), folder(*period));
            sizes.insert(*period, self.apart(move || bytes_in(&*disk, &of)).await??);
        }
        let mut all: u64 = sizes.values().sum();
        for (at, period) in others {
            let is_new = now.saturating_sub(at) < self.settings.kept_for;
            if all <= self.settings.kept_bytes_max || is_new {
                break;
            }
            if !self.is_in_store(period).await? {
                continue;
            }
            let (disk, of) = (self.disk.clone(), folder(period));
            self.apart(move || empty(&*disk, &of)).await??;
            self.read_at.lock().expect("no holder panics").remove(&period);
            all -= sizes.get(&period).copied().unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the store has just the manifest that is in the folder.
    async fn is_in_store(&self, period: Period) -> Result<bool, CloseError> {
        let (disk, path) = (self.disk.clone(), format!("{}/{MANIFEST}", folder(period)));
        let read = move || read_all(&*disk, &path);
        let Ok(manifest) = self.apart(read).await? else { return Ok(false) };
        let name = list_name(period, &sha256(&manifest));
        Ok(self.blobs.get(&name).await.map_err(SharedError::from)?.is_some())
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CloseError> {
        apart(&*self.drive, work).await.ok_or(CloseError::BrokenOff)
    }
}

impl Deployment {
    /// Has the files of those of these months that are closed here, from wherever they are.
    pub(crate) async fn have_closes(
        &self,
        records: impl Iterator<Item = &Record>,
    ) -> Result<(), CloseError> {
        let shared = self.money().closes().shared();
        for record in records.filter(|record| record.state == CloseState::Closed) {
            match shared {
                Some(shared) => shared.have(record).await?,
                None if self.owning.is_some() => self.must_be_here(record).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// Where nodes share no files, a month is read where it was closed.
    async fn must_be_here(&self, record: &Record) -> Result<(), CloseError> {
        let (disk, record) = (self.money().closes().disk().clone(), record.clone());
        let period = record.period;
        let is_here = apart(&*self.drive, move || is_here(&*disk, &record)).await;
        match is_here.unwrap_or(Err(CloseError::BrokenOff))? {
            true => Ok(()),
            false => Err(CloseError::Elsewhere(period)),
        }
    }

    /// Puts the files of a month that is about to be booked where all nodes find them.
    pub(super) async fn share_close(
        &self,
        period: Period,
        manifest_sha256: &str,
    ) -> Result<(), CloseError> {
        let Some(shared) = self.money().closes().shared() else { return Ok(()) };
        shared.put(period, manifest_sha256).await?;
        shared.touch(period);
        Ok(())
    }

    /// Puts what was closed on this node before nodes shared it, as long as the future is polled; nothing
    /// where they don't.
    pub async fn share_closes_forever(&self) {
        let Some(shared) = self.money().closes().shared() else { return };
        loop {
            let trouble =
                self.share_what_is_here(shared).await.err().map(|error| error.to_string());
            if let Some(why) = &trouble {
                tracing::warn!(why, "a closed month isn't in the store of blobs yet");
            }
            *shared.trouble.lock().expect("no holder panics") = trouble;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn share_what_is_here(&self, shared: &SharedCloses) -> Result<(), CloseError> {
        for record in self.closes().await? {
            let Some(manifest) = &record.manifest_sha256 else { continue };
            let known = shared.shared.lock().expect("no holder panics").contains(&record.period);
            if known || record.state != CloseState::Closed || !shared.is_here(&record).await? {
                continue;
            }
            if !shared.is_in_store(record.period).await? {
                shared.put(record.period, manifest).await?;
            }
            shared.shared.lock().expect("no holder panics").insert(record.period);
            let mut read_at = shared.read_at.lock().expect("no holder panics");
            read_at.entry(record.period).or_default();
        }
        Ok(())
    }

    /// What operators should look after.
    pub(crate) fn closes_warnings(&self) -> Option<String> {
        let shared = self.money().closes().shared()?;
        let trouble = shared.trouble.lock().expect("no holder panics").clone()?;
        Some(format!("a closed month isn't where other nodes find it: {trouble}"))
    }
}

impl From<SharedError> for CloseError {
    fn from(error: SharedError) -> Self {
        Self::Shared(Box::new(error))
    }
}

/// Whether a month's manifest is here, and the one that was booked.
fn is_here(disk: &dyn Disk, record: &Record) -> Result<bool, CloseError> {
    match read_manifest(disk, record) {
        Ok(_) => Ok(true),
        Err(CloseError::File(FileError::Disk { error, .. }))
            if error.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// A piece of a file, and its SHA-256.
fn read_piece(
    disk: &dyn Disk,
    path: &str,
    (offset, length): (u64, usize),
) -> Result<(String, Vec<u8>), FileError> {
    let file = disk.open(path).map_err(FileError::disk(path))?;
    let mut bytes = vec![0; length];
    read_exact(&*file, path, offset, &mut bytes)?;
    Ok((sha256(&bytes), bytes))
}

/// Makes a folder in which nothing is.
fn begin_anew(disk: &dyn Disk, partial: &str) -> Result<(), FileError> {
    disk.create_folder(partial).map_err(FileError::disk(partial))?;
    remove_all(disk, partial)
}

fn remove_all(disk: &dyn Disk, folder: &str) -> Result<(), FileError> {
    for name in disk.list(folder).map_err(FileError::disk(folder))? {
        let path = format!("{folder}/{name}");
        disk.remove(&path).map_err(FileError::disk(&path))?;
    }
    Ok(())
}

/// Gives files their place, all at once.
fn give_place(
    disk: &dyn Disk,
    (partial, place): (&str, &str),
    manifest: &str,
) -> Result<(), FileError> {
    write_all(disk, partial, MANIFEST, manifest.as_bytes())?;
    disk.sync_folder(partial).map_err(FileError::disk(partial))?;
    // Without its manifest a month isn't here: what lies there was left by a removal that was broken off.
    remove_all(disk, place)?;
    disk.rename(partial, place).map_err(FileError::disk(place))?;
    disk.sync_folder(CLOSES).map_err(FileError::disk(CLOSES))
}

/// Removes a month's files; its manifest first, so that it isn't taken for one that is here.
fn empty(disk: &dyn Disk, place: &str) -> Result<(), FileError> {
    let manifest = format!("{place}/{MANIFEST}");
    disk.remove(&manifest).map_err(FileError::disk(&manifest))?;
    disk.sync_folder(place).map_err(FileError::disk(place))?;
    remove_all(disk, place)
}

fn bytes_in(disk: &dyn Disk, place: &str) -> Result<u64, FileError> {
    let mut sum = 0;
    for name in disk.list(place).map_err(FileError::disk(place))? {
        let path = format!("{place}/{name}");
        let file = disk.open(&path).map_err(FileError::disk(&path))?;
        sum += file.length().map_err(FileError::disk(&path))?;
    }
    Ok(sum)
}
