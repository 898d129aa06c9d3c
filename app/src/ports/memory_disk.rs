//! A disk in memory that can be full, fail, and lose what was not made durable.
//!
//! It is as unkind as the contract of [`Disk`] allows. At a crash any part of what was not
//! synced is lost: any sectors of a file, any length between the old and the new, any
//! names. Bytes whose sync failed stay readable until then, and no later sync saves them.

mod names;

use self::names::{NameChange, beneath};
use super::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR: usize = 512;

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    // What running programs see, and what a crash leaves at least.
    names: BTreeMap<String, Name>,
    durable_names: BTreeMap<String, Name>,
    changes: Vec<NameChange>,
    // Handles of an earlier run are dead.
    run: u64,
    faults: Faults,
    reads: u64,
    syncs: u64,
}

#[derive(Debug, Clone)]
enum Name {
    Folder,
    File(Arc<Mutex<Content>>),
}

#[derive(Debug, Default)]
struct Faults {
    bytes_max: Option<u64>,
    failing_syncs: Option<(u64, ErrorKind)>,
    failing_folder_syncs: Option<(u64, ErrorKind)>,
    failing_writes: Option<(u64, ErrorKind)>,
    calls_left: Option<u64>,
    powered_off: bool,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable_length: usize,
    // The sectors that differ from what is durable.
    changed: BTreeMap<usize, Changed>,
}

#[derive(Debug)]
struct Changed {
    before: Vec<u8>,
    // Its sync failed: the system believes it clean and won't write it again.
    given_up: bool,
}

struct MemoryFile {
    state: Arc<Mutex<State>>,
    content: Arc<Mutex<Content>>,
    run: u64,
    writable: bool,
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Files may have `bytes_max` bytes together; what goes beyond is `StorageFull`, after
    /// as much as fits was written.
    pub fn limit_bytes(&self, bytes_max: Option<u64>) {
        self.lock().faults.bytes_max = bytes_max;
    }

    /// The next `calls` syncs of files fail with `kind`.
    pub fn fail_syncs(&self, calls: u64, kind: ErrorKind) {
        self.lock().faults.failing_syncs = Some((calls, kind));
    }

    /// The next `calls` syncs of folders fail with `kind`.
    pub fn fail_folder_syncs(&self, calls: u64, kind: ErrorKind) {
        self.lock().faults.failing_folder_syncs = Some((calls, kind));
    }

    /// The next `calls` writes fail with `kind`, each after half of its bytes.
    pub fn fail_writes(&self, calls: u64, kind: ErrorKind) {
        self.lock().faults.failing_writes = Some((calls, kind));
    }

    /// The system tries to write what was not synced, fails, and believes it clean from now
    /// on. Nobody learns of that who has no file open, and nobody must have one.
    pub fn fail_to_write_back(&self) {
        for name in self.lock().names.values() {
            if let Name::File(content) = name {
                hold(content).give_up();
            }
        }
    }

    /// The power goes off at the `calls`th call that changes anything, counted from 1:
    /// that one and all later calls fail, until [`MemoryDisk::crash`] brings it back.
    pub fn power_off_at(&self, calls: u64) {
        self.lock().faults.calls_left = Some(calls);
    }

    /// Whether the power is on.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        !self.lock().faults.powered_off
    }

    /// Something that changes what is beside the disk, such as a database: it counts among
    /// the calls at which the power may go off.
    ///
    /// # Errors
    /// The power is off, or went off at this.
    pub fn effect(&self) -> io::Result<()> {
        self.lock().faults.call()
    }

    /// Ends the process and leaves the machine running: files that are open are dead, and
    /// what was written is still there, durable or not.
    pub fn kill(&self) {
        let mut state = self.lock();
        state.run += 1;
        state.faults.calls_left = None;
        state.faults.powered_off = false;
    }

    /// How many bytes all files have together.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.lock().bytes()
    }

    /// Restarts the machine: files that are open are dead, and of all that was not made
    /// durable, `choose` says what is left. It is asked for a number below its argument.
    pub fn crash(&self, choose: &mut dyn FnMut(u64) -> u64) {
        let mut state = self.lock();
        for change in std::mem::take(&mut state.changes) {
            if choose(2) == 1 {
                change.apply(&mut state.durable_names);
            }
        }
        let mut left = BTreeMap::new();
        // In order of names, so a folder comes before what is in it.
        for (path, name) in &state.durable_names {
            if is_root(folder_of(path)) || left.contains_key(folder_of(path)) {
                left.insert(path.clone(), name.clone());
            }
        }
        for name in left.values() {
            if let Name::File(content) = name {
                hold(content).crash(choose);
            }
        }
        state.names.clone_from(&left);
        state.durable_names = left;
        state.run += 1;
        state.faults.calls_left = None;
        state.faults.powered_off = false;
    }

    /// Another disk with the same files, all durable, and no faults.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut names = BTreeMap::new();
        for (path, name) in &self.lock().names {
            let name = match name {
                Name::Folder => Name::Folder,
                Name::File(content) => file_of(hold(content).bytes.clone()),
            };
            names.insert(path.clone(), name);
        }
        let state = State { names: names.clone(), durable_names: names, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The paths of all files, sorted.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let state = self.lock();
        let files = state.names.iter().filter(|(_, name)| matches!(name, Name::File(_)));
        files.map(|(path, _)| path.clone()).collect()
    }

    /// What stands in a file.
    #[must_use]
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        match self.lock().names.get(path) {
            Some(Name::File(content)) => Some(hold(content).bytes.clone()),
            _ => None,
        }
    }

    /// Puts a file there, durably, as somebody else would who tampers with the disk.
    pub fn tamper(&self, path: &str, bytes: Vec<u8>) {
        let mut state = self.lock();
        let file = file_of(bytes);
        state.names.insert(path.to_owned(), file.clone());
        state.durable_names.insert(path.to_owned(), file);
    }

    /// How many times anything was read from a file.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    /// How many times a file or folder was made durable.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the disk")
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.lock();
        state.faults.powered()?;
        let content = state.file(path)?.ok_or(ErrorKind::NotFound)?;
        Ok(self.handle(&state, content, false))
    }

    fn open_or_create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        state.faults.powered()?;
        if let Some(content) = state.file(path)? {
            return Ok(self.handle(&state, content, true));
        }
        state.folder(folder_of(path))?;
        let content = Arc::new(Mutex::new(Content::default()));
        let name = Name::File(Arc::clone(&content));
        state.change(folder_of(path), None, Some((path.to_owned(), name)))?;
        Ok(self.handle(&state, content, true))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.lock();
        state.faults.powered()?;
        let files = state
            .names
            .iter()
            .filter(|(path, name)| matches!(name, Name::File(_)) && folder_of(path) == folder);
        Ok(files.map(|(path, _)| last_part(path).to_owned()).collect())
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.faults.powered()?;
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for end in ends.collect::<Vec<_>>() {
            let path = &folder[..end];
            match state.names.get(path) {
                Some(Name::Folder) => {}
                Some(Name::File(_)) => return Err(ErrorKind::NotADirectory.into()),
                None if is_root(path) => {}
                None => {
                    let added = (path.to_owned(), Name::Folder);
                    state.change(folder_of(path), None, Some(added))?;
                }
            }
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.folder(folder)?;
        state.faults.call()?;
        next_fault(&mut state.faults.failing_folder_syncs)?;
        state.syncs += 1;
        let (synced, left) =
            std::mem::take(&mut state.changes).into_iter().partition(|c| c.folder == folder);
        state.changes = left;
        let synced: Vec<NameChange> = synced;
        for change in synced {
            change.apply(&mut state.durable_names);
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.faults.powered()?;
        if matches!(state.names.get(from), Some(Name::Folder)) {
            return state.move_folder(from, to);
        }
        let content = state.file(from)?.ok_or(ErrorKind::NotFound)?;
        state.file(to)?;
        state.folder(folder_of(to))?;
        let added = (to.to_owned(), Name::File(content));
        state.change(folder_of(to), Some(from.to_owned()), Some(added))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.faults.powered()?;
        match state.file(path)? {
            Some(_) => state.change(folder_of(path), Some(path.to_owned()), None),
            None => Ok(()),
        }
    }
}

impl MemoryDisk {
    fn handle(
        &self,
        state: &State,
        content: Arc<Mutex<Content>>,
        writable: bool,
    ) -> Arc<dyn DiskFile> {
        let run = state.run;
        Arc::new(MemoryFile { state: Arc::clone(&self.state), content, run, writable })
    }
}

impl State {
    fn file(&self, path: &str) -> io::Result<Option<Arc<Mutex<Content>>>> {
        match self.names.get(path) {
            Some(Name::File(content)) => Ok(Some(Arc::clone(content))),
            Some(Name::Folder) => Err(ErrorKind::IsADirectory.into()),
            None => Ok(None),
        }
    }

    fn folder(&self, path: &str) -> io::Result<()> {
        match self.names.get(path) {
            None if !is_root(path) => Err(ErrorKind::NotFound.into()),
            Some(Name::File(_)) => Err(ErrorKind::NotADirectory.into()),
            Some(Name::Folder) | None => Ok(()),
        }
    }

    // A change at which the power goes off may or may not have reached the disk.
    fn change(
        &mut self,
        folder: &str,
        removed: Option<String>,
        added: Option<(String, Name)>,
    ) -> io::Result<()> {
        self.make(NameChange { folder: folder.to_owned(), removed, added, moved: None })
    }

    fn move_folder(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.folder(folder_of(to))?;
        if matches!(self.names.get(to), Some(Name::File(_))) {
            return Err(ErrorKind::NotADirectory.into());
        }
        if beneath(&self.names, to).next().is_some() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        let folder = folder_of(to).to_owned();
        let moved = Some((from.to_owned(), to.to_owned()));
        self.make(NameChange { folder, removed: None, added: None, moved })
    }

    fn make(&mut self, change: NameChange) -> io::Result<()> {
        change.apply(&mut self.names);
        self.changes.push(change);
        self.faults.call()
    }

    fn bytes(&self) -> u64 {
        let lengths = self.names.values().map(|name| match name {
            Name::Folder => 0,
            Name::File(content) => hold(content).bytes.len() as u64,
        });
        lengths.sum()
    }
}

impl Faults {
    fn powered(&self) -> io::Result<()> {
        if self.powered_off { Err(io::Error::other("the power is off")) } else { Ok(()) }
    }

    fn call(&mut self) -> io::Result<()> {
        self.powered()?;
        if let Some(left) = &mut self.calls_left {
            *left = left.saturating_sub(1);
            self.powered_off = *left == 0;
        }
        self.powered()
    }
}

fn next_fault(fault: &mut Option<(u64, ErrorKind)>) -> io::Result<()> {
    match fault {
        Some((left, kind)) if *left > 0 => {
            *left -= 1;
            Err((*kind).into())
        }
        _ => Ok(()),
    }
}

impl MemoryFile {
    fn lock(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state.lock().expect("no thread panics while it holds the disk");
        state.faults.powered()?;
        if state.run == self.run {
            Ok(state)
        } else {
            Err(io::Error::other("the machine was restarted since this file was opened"))
        }
    }

    fn lock_to_write(&self) -> io::Result<MutexGuard<'_, State>> {
        if self.writable { self.lock() } else { Err(ErrorKind::PermissionDenied.into()) }
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.lock()?.reads += 1;
        let content = hold(&self.content);
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.bytes.len());
        let rest = &content.bytes[start..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock_to_write()?;
        let offset = usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge)?;
        let (length, fault) = match next_fault(&mut state.faults.failing_writes) {
            Ok(()) => (bytes.len(), None),
            Err(error) => (bytes.len() / 2, Some(error)),
        };
        let room = match state.faults.bytes_max {
            Some(bytes_max) => bytes_max.saturating_sub(state.bytes()),
            None => u64::MAX,
        };
        let mut content = hold(&self.content);
        let room = usize::try_from(room).unwrap_or(usize::MAX).saturating_add(content.bytes.len());
        let fits = room.saturating_sub(offset).min(length);
        content.write(offset, &bytes[..fits]);
        drop(content);
        state.faults.call()?;
        match fault {
            Some(error) => Err(error),
            None if fits < bytes.len() => Err(ErrorKind::StorageFull.into()),
            None => Ok(()),
        }
    }

    fn length(&self) -> io::Result<u64> {
        let _state = self.lock()?;
        Ok(hold(&self.content).bytes.len() as u64)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.lock_to_write()?;
        let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
        hold(&self.content).truncate(length);
        state.faults.call()
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock()?;
        state.faults.call()?;
        let mut content = hold(&self.content);
        if let Err(error) = next_fault(&mut state.faults.failing_syncs) {
            content.give_up();
            return Err(error);
        }
        state.syncs += 1;
        content.changed.retain(|_, changed| changed.given_up);
        content.durable_length = content.bytes.len();
        Ok(())
    }
}

impl Content {
    fn touch(&mut self, from: usize, until: usize) {
        for sector in from / SECTOR..until.div_ceil(SECTOR) {
            let durable = self.durable_length.min(self.bytes.len());
            let start = (sector * SECTOR).min(durable);
            let before = &self.bytes[start..durable.min(start + SECTOR)];
            self.changed
                .entry(sector)
                .and_modify(|changed| changed.given_up = false)
                .or_insert_with(|| Changed { before: before.to_vec(), given_up: false });
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        self.touch(offset.min(self.bytes.len()), end);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[offset..end].copy_from_slice(bytes);
    }

    fn truncate(&mut self, length: usize) {
        self.touch(length.min(self.bytes.len()), length.max(self.bytes.len()));
        self.bytes.resize(length, 0);
    }

    fn give_up(&mut self) {
        self.changed.values_mut().for_each(|changed| changed.given_up = true);
    }

    fn crash(&mut self, choose: &mut dyn FnMut(u64) -> u64) {
        let (durable, length) = (self.durable_length, self.bytes.len());
        let cut_lost = length < durable && choose(2) == 0;
        let left = match length.checked_sub(durable) {
            None if cut_lost => durable,
            None | Some(0) => length,
            Some(more) => match choose(3) {
                0 => durable,
                1 => length,
                _ => {
                    let some = choose(more as u64);
                    durable + usize::try_from(some).expect("below a length in memory")
                }
            },
        };
        self.bytes.resize(length.max(durable), 0);
        let mode = choose(4);
        for (sector, changed) in &self.changed {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(self.bytes.len());
            let lost = changed.given_up
                || (cut_lost && end > length)
                || mode == 0
                || (mode > 1 && choose(2) == 0);
            if lost && start < end {
                let sector = &mut self.bytes[start..end];
                sector.fill(0);
                let before = changed.before.len().min(sector.len());
                sector[..before].copy_from_slice(&changed.before[..before]);
            }
        }
        self.bytes.truncate(left);
        self.changed.clear();
        self.durable_length = left;
    }
}

fn file_of(bytes: Vec<u8>) -> Name {
    let durable_length = bytes.len();
    Name::File(Arc::new(Mutex::new(Content { bytes, durable_length, changed: BTreeMap::new() })))
}

fn hold(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().expect("no thread panics while it holds a file")
}

fn is_root(folder: &str) -> bool {
    folder.is_empty()
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_disk() {
        crate::ports::conformance::disk::suite(&|| Arc::new(MemoryDisk::new()));
    }

    fn keep(_: u64) -> u64 {
        1
    }

    fn lose(_: u64) -> u64 {
        0
    }

    fn disk_with(synced: &[u8]) -> (MemoryDisk, Arc<dyn DiskFile>) {
        let disk = MemoryDisk::new();
        let file = disk.open_or_create("a").unwrap();
        file.write_at(0, synced).unwrap();
        file.sync().unwrap();
        disk.sync_folder("").unwrap();
        (disk, file)
    }

    #[test]
    fn a_crash_may_lose_and_may_keep_what_was_not_synced() {
        for (choose, left) in [(lose as fn(u64) -> u64, "old"), (keep, "old, new")] {
            let (disk, file) = disk_with(b"old");
            file.write_at(3, b", new").unwrap();
            disk.open_or_create("b").unwrap();
            disk.crash(&mut { choose });
            assert_eq!(disk.contents("a").unwrap(), left.as_bytes());
            assert_eq!(disk.contents("b").is_some(), left == "old, new");
            assert!(file.read_at(0, &mut [0]).is_err(), "the handle is of an earlier run");
        }
    }

    #[test]
    fn a_cut_that_was_not_synced_may_come_undone() {
        let (disk, file) = disk_with(&[7; 2000]);
        file.truncate(600).unwrap();
        disk.crash(&mut lose);
        assert_eq!(disk.contents("a").unwrap(), [7; 2000]);
    }

    #[test]
    fn no_later_sync_saves_what_a_failed_one_gave_up() {
        let (disk, file) = disk_with(b"old");
        file.write_at(0, b"new").unwrap();
        disk.fail_syncs(1, ErrorKind::Other);
        assert!(file.sync().is_err());
        file.sync().unwrap();
        assert_eq!(disk.contents("a").unwrap(), b"new");
        disk.crash(&mut keep);
        assert_eq!(disk.contents("a").unwrap(), b"old");
    }

    #[test]
    fn names_in_a_lost_folder_are_lost() {
        let disk = MemoryDisk::new();
        disk.create_folder("x/y").unwrap();
        disk.open_or_create("x/y/a").unwrap().sync().unwrap();
        disk.sync_folder("x/y").unwrap();
        disk.sync_folder("x").unwrap();
        disk.crash(&mut lose);
        assert_eq!(disk.files(), Vec::<String>::new());
    }

    #[test]
    fn a_full_disk_takes_what_fits() {
        let (disk, file) = disk_with(b"four");
        disk.limit_bytes(Some(6));
        let error = file.write_at(4, b"more").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(disk.contents("a").unwrap(), b"fourmo");
        file.truncate(0).unwrap();
        file.write_at(0, b"again").unwrap();
    }
}
