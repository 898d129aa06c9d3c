//! The sealed part of the index, as files: one run for each snapshot, merged as they pile up.

use ledgerline_counting::index::{
    Bucket, ENTRY_BYTES, Homes, IndexEntry, Section, SectionHeader, decode_entry, encode_run,
    merge_entries,
};
use ledgerline_ids::{DayNo, IdentityHash, UnixMs};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::snapshot::RunFile;
use crate::ports::{Disk, DiskFile, LogError};

type Entries = Vec<(Bucket, IdentityHash, IndexEntry)>;

/// How many bytes of entries are verified at once.
const VERIFY_BYTES: usize = 1 << 20;
/// This many runs of about one size are merged into one.
const MERGE_AT: usize = 4;

struct Run {
    name: String,
    bytes: u64,
    file: Arc<dyn DiskFile>,
    entries: u64,
    sections: BTreeMap<Bucket, Section>,
}

/// The runs of one partition, oldest first.
pub(crate) struct Runs {
    disk: Arc<dyn Disk>,
    folder: String,
    runs: Vec<Run>,
    next: u64,
}

impl Runs {
    /// Opens the runs that a snapshot names, oldest first, and removes the files that no
    /// snapshot names: they are what a crash left of one that was not finished.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: String,
        named: &[RunFile],
    ) -> Result<Self, LogError> {
        let names: Vec<String> = named.iter().map(|run| run.name.clone()).collect();
        let listed = disk.list(&folder).map_err(|error| io(&folder, &error))?;
        for name in listed.iter().filter(|name| name.ends_with(".run") && !names.contains(name)) {
            let path = format!("{folder}/{name}");
            disk.remove(&path).map_err(|error| io(&path, &error))?;
        }
        let next = names.iter().filter_map(|name| number_of(name)).max().map_or(0, |max| max + 1);
        let runs: Vec<Run> =
            names.iter().map(|name| open_run(&*disk, &folder, name)).collect::<Result<_, _>>()?;
        for (run, named) in runs.iter().zip(named) {
            if run.bytes != named.bytes {
                let path = format!("{folder}/{}", run.name);
                return Err(damaged(
                    &path,
                    run.bytes,
                    "it has another length than its snapshot says",
                ));
            }
            run.verify(&folder)?;
        }
        Ok(Self { disk, folder, runs, next })
    }

    /// The newest entry of a play in a bucket that `homes` allows and that isn't forgotten.
    pub(crate) fn find(
        &self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        for run in self.runs.iter().rev() {
            if let Some(found) = run.find(&self.folder, hash, homes, strays, clock)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Seals `entries`, which are sorted, into a new run, durably, and merges what has
    /// piled up. The runs that a merge replaces stay until [`Runs::remove_replaced`].
    pub(crate) fn seal(
        &mut self,
        entries: &Entries,
        clock: UnixMs,
    ) -> Result<Vec<RunFile>, LogError> {
        self.runs.retain(|run| run.sections.keys().any(|bucket| !bucket.is_forgotten(clock)));
        if !entries.is_empty() {
            let run = self.write(entries)?;
            self.runs.push(run);
        }
        while let Some(from) = self.piled_up() {
            let mut newest_first = Vec::new();
            for run in self.runs[from..].iter().rev() {
                newest_first.push(run.read_all(&self.folder)?);
            }
            let merged = merge_entries(&newest_first, |bucket| !bucket.is_forgotten(clock));
            let run = self.write(&merged)?;
            self.runs.truncate(from);
            self.runs.push(run);
        }
        let runs = self.runs.iter();
        Ok(runs.map(|run| RunFile { name: run.name.clone(), bytes: run.bytes }).collect())
    }

    /// From which run on all are to be merged: the newest [`MERGE_AT`] or more runs of
    /// which none is much larger than those after it together.
    fn piled_up(&self) -> Option<usize> {
        let mut from = self.runs.len();
        let mut newer = 0u64;
        for (index, run) in self.runs.iter().enumerate().rev() {
            if newer > 0 && run.entries > newer.saturating_mul(2) {
                break;
            }
            newer += run.entries;
            from = index;
        }
        (self.runs.len() - from >= MERGE_AT).then_some(from)
    }

    fn write(&mut self, entries: &Entries) -> Result<Run, LogError> {
        let name = format!("{:010}.run", self.next);
        let path = format!("{}/{name}", self.folder);
        let bytes = encode_run(entries);
        let write = || {
            self.disk.create_folder(&self.folder)?;
            let file = self.disk.open_or_create(&path)?;
            file.truncate(0)?;
            file.write_at(0, &bytes)?;
            file.sync()?;
            self.disk.sync_folder(&self.folder)
        };
        if let Err(error) = write() {
            // A full disk is not made fuller by what can't be finished.
            let _ = self.disk.remove(&path);
            return Err(io(&path, &error));
        }
        self.next += 1;
        open_run(&*self.disk, &self.folder, &name)
    }

    /// Removes the files of runs that no longer stand here; call it once the snapshot that
    /// doesn't name them is durable.
    pub(crate) fn remove_replaced(&self) -> Result<(), LogError> {
        let names = self.names();
        let listed = self.disk.list(&self.folder).map_err(|error| io(&self.folder, &error))?;
        for name in listed.iter().filter(|name| name.ends_with(".run") && !names.contains(name)) {
            let path = format!("{}/{name}", self.folder);
            self.disk.remove(&path).map_err(|error| io(&path, &error))?;
        }
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.name.clone()).collect()
    }

    /// How many entries are sealed, and how many bytes of memory that takes.
    pub(crate) fn size(&self) -> (u64, usize) {
        let sections = self.runs.iter().flat_map(|run| run.sections.values());
        let memory = sections.map(Section::memory_bytes).sum();
        (self.runs.iter().map(|run| run.entries).sum(), memory)
    }
}

/// Reads every entry of a run and checks it against its checksums: for the audit.
pub(crate) fn verify_run(
    disk: &dyn Disk,
    folder: &str,
    named: &RunFile,
    each: &mut dyn FnMut(IdentityHash, IndexEntry),
) -> Result<(), LogError> {
    let run = open_run(disk, folder, &named.name)?;
    if run.bytes != named.bytes {
        let path = format!("{folder}/{}", run.name);
        return Err(damaged(&path, run.bytes, "it has another length than its snapshot says"));
    }
    for (_, hash, entry) in run.read_all(folder)? {
        each(hash, entry);
    }
    Ok(())
}

impl Run {
    fn find(
        &self,
        folder: &str,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        // A UUIDv7 lives in its hour, so the days are looked into only where there is cause.
        let direct = match homes.own {
            Bucket::Archive => Some(Bucket::Archive),
            _ => homes.hour.map(Bucket::Hour),
        };
        if let Some(section) = direct.and_then(|bucket| self.sections.get(&bucket))
            && !section.bucket.is_forgotten(clock)
            && let Some(entry) = self.find_in(folder, section, hash)?
        {
            return Ok(Some(entry));
        }
        if homes.own == Bucket::Archive || (!homes.every_day && strays.is_empty()) {
            return Ok(None);
        }
        for (bucket, section) in self.sections.range(Bucket::Day(DayNo(0))..) {
            let stray = matches!(bucket, Bucket::Day(day) if strays.contains(day));
            if homes.may_be_in(*bucket, stray)
                && !bucket.is_forgotten(clock)
                && let Some(entry) = self.find_in(folder, section, hash)?
            {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn find_in(
        &self,
        folder: &str,
        section: &Section,
        hash: IdentityHash,
    ) -> Result<Option<IndexEntry>, LogError> {
        if !section.may_contain(hash) {
            return Ok(None);
        }
        let range = section.entries_to_look_at(hash);
        let count = usize::try_from(range.end - range.start).expect("a few blocks of entries");
        let mut bytes = vec![0; count * ENTRY_BYTES];
        let at = section.entries_at + range.start * ENTRY_BYTES as u64;
        self.read(folder, at, &mut bytes)?;
        Ok(Section::find(&bytes, hash))
    }

    fn read(&self, folder: &str, at: u64, bytes: &mut [u8]) -> Result<(), LogError> {
        let path = format!("{folder}/{}", self.name);
        let read = self.file.read_at(at, bytes).map_err(|error| io(&path, &error))?;
        if read < bytes.len() {
            return Err(damaged(&path, at, "the run is cut off"));
        }
        Ok(())
    }

    /// Checks every entry against its section's checksum: a key that isn't found because
    /// its block has rotted would be counted again.
    fn verify(&self, folder: &str) -> Result<(), LogError> {
        let mut block = vec![0; VERIFY_BYTES];
        for section in self.sections.values() {
            let mut hasher = crc32fast::Hasher::new();
            let end = section.entries_at + section.count * ENTRY_BYTES as u64;
            let mut at = section.entries_at;
            while at < end {
                let length =
                    usize::try_from(end - at).map_or(VERIFY_BYTES, |n| n.min(VERIFY_BYTES));
                self.read(folder, at, &mut block[..length])?;
                hasher.update(&block[..length]);
                at += length as u64;
            }
            if hasher.finalize() != section.entries_checksum {
                let path = format!("{folder}/{}", self.name);
                return Err(damaged(
                    &path,
                    section.entries_at,
                    "the checksum of its entries differs",
                ));
            }
        }
        Ok(())
    }

    fn read_all(&self, folder: &str) -> Result<Entries, LogError> {
        let mut entries = Vec::with_capacity(usize::try_from(self.entries).unwrap_or(0));
        for (bucket, section) in &self.sections {
            let count = usize::try_from(section.count).expect("a run fits into memory");
            let mut bytes = vec![0; count * ENTRY_BYTES];
            self.read(folder, section.entries_at, &mut bytes)?;
            if crc32fast::hash(&bytes) != section.entries_checksum {
                let path = format!("{folder}/{}", self.name);
                return Err(damaged(
                    &path,
                    section.entries_at,
                    "the checksum of its entries differs",
                ));
            }
            let (chunks, _) = bytes.as_chunks::<ENTRY_BYTES>();
            for chunk in chunks {
                let (hash, entry) = decode_entry(chunk);
                entries.push((*bucket, hash, entry));
            }
        }
        Ok(entries)
    }
}

fn open_run(disk: &dyn Disk, folder: &str, name: &str) -> Result<Run, LogError> {
    let path = format!("{folder}/{name}");
    let file = disk.open(&path).map_err(|error| io(&path, &error))?;
    let length = file.length().map_err(|error| io(&path, &error))?;
    let mut sections = BTreeMap::new();
    let mut entries = 0;
    let mut at = 0;
    while at < length {
        let mut header = [0; SectionHeader::BYTES];
        read_exactly(&*file, &path, at, &mut header)?;
        let header = SectionHeader::decode(&header, at)
            .map_err(|error| damaged(&path, at, &error.to_string()))?;
        if at.saturating_add(header.section_bytes()) > length {
            return Err(damaged(&path, at, "a section is longer than the file"));
        }
        let resident = usize::try_from(header.resident_bytes()).expect("shorter than the file");
        let mut resident = vec![0; resident];
        read_exactly(&*file, &path, at + SectionHeader::BYTES as u64, &mut resident)?;
        let section = Section::decode(&header, &resident, at)
            .map_err(|error| damaged(&path, at, &error.to_string()))?;
        entries += section.count;
        at += header.section_bytes();
        sections.insert(section.bucket, section);
    }
    Ok(Run { name: name.to_owned(), bytes: length, file, entries, sections })
}

fn read_exactly(
    file: &dyn DiskFile,
    path: &str,
    at: u64,
    bytes: &mut [u8],
) -> Result<(), LogError> {
    let read = file.read_at(at, bytes).map_err(|error| io(path, &error))?;
    if read < bytes.len() { Err(damaged(path, at, "the file is cut off")) } else { Ok(()) }
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".run")?.parse().ok()
}

fn damaged(file: &str, offset: u64, detail: &str) -> LogError {
    LogError::Damaged { file: file.to_owned(), offset, detail: detail.to_owned() }
}

fn io(file: &str, error: &std::io::Error) -> LogError {
    LogError::Io { file: file.to_owned(), detail: error.to_string() }
}
