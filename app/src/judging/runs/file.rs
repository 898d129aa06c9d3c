//! One run's file, for reading. Its directory is in memory; its blocks are read when they
//! are wanted, and each is checked then.

use ledgerline_counting::index::Bucket;
use ledgerline_counting::run::{
    Directory, RunError, Section, Source, TRAILER_BYTES, check_block, find_in_block,
};
use std::marker::PhantomData;
use std::sync::Arc;

use super::Kind;
use crate::judging::snapshot::RunFile;
use crate::ports::{Disk, DiskFile, LogError};

/// About so many bytes are read at once where all entries are wanted.
const READ_BLOCKS: usize = 128;

/// A run that is open.
pub(crate) struct Run<E> {
    name: String,
    path: String,
    bytes: u64,
    file: Arc<dyn DiskFile>,
    entries: u64,
    // In the order of their buckets and keys.
    sections: Vec<Section>,
    of: PhantomData<E>,
}

impl<E: Kind> Run<E> {
    /// Opens a run that a snapshot names, and checks its directory.
    pub(crate) fn open(disk: &dyn Disk, folder: &str, named: &RunFile) -> Result<Self, LogError> {
        let path = format!("{folder}/{}", named.name);
        let io =
            |error: std::io::Error| LogError::Io { file: path.clone(), detail: error.to_string() };
        let damaged = |offset: u64, detail: &str| damaged(&path, offset, detail);
        let file = disk.open(&path).map_err(io)?;
        let bytes = file.length().map_err(io)?;
        if bytes != named.bytes {
            return Err(damaged(bytes, "it has another length than its snapshot says"));
        }
        let read = |at: u64, length: usize| {
            let mut bytes = vec![0; length];
            read_exactly(&*file, &path, at, &mut bytes).map(|()| bytes)
        };
        let trailer_at = bytes
            .checked_sub(TRAILER_BYTES as u64)
            .ok_or_else(|| damaged(0, "it is too short for a run"))?;
        let wrong = |error: &RunError| LogError::Damaged {
            file: path.clone(),
            offset: match error {
                RunError::CutOff => trailer_at,
                RunError::Damaged { offset, .. } => *offset,
            },
            detail: error.to_string(),
        };
        let trailer = read(trailer_at, TRAILER_BYTES)?;
        let directory = Directory::decode::<E>(&trailer, bytes).map_err(|error| wrong(&error))?;
        let length = usize::try_from(directory.bytes).expect("shorter than the file");
        let sections =
            directory.sections::<E>(&read(directory.at, length)?).map_err(|error| wrong(&error))?;
        let entries = sections.iter().map(|section| u64::from(section.count)).sum();
        let name = named.name.clone();
        Ok(Self { name, path, bytes, file, entries, sections, of: PhantomData })
    }

    /// Its file's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// As a snapshot names it.
    pub(crate) fn named(&self) -> RunFile {
        RunFile { name: self.name.clone(), bytes: self.bytes }
    }

    /// How many entries.
    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    /// Its sections, in the order of their buckets and keys.
    pub(crate) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.sections.iter().map(Section::memory_bytes).sum()
    }

    /// The entry of a key in one section.
    pub(crate) fn find_in(&self, section: &Section, key: u128) -> Result<Option<E>, LogError> {
        if !section.may_contain::<E>(key) {
            return Ok(None);
        }
        let blocks = section.blocks_to_look_at(key);
        let mut found = None;
        self.for_each_block(section, blocks, &mut |block| {
            found = found.or_else(|| find_in_block::<E>(block, key));
        })?;
        Ok(found)
    }

    /// Gives the entries of a section whose keys have the upper half of `key` to `each`.
    pub(crate) fn for_each_of(
        &self,
        section: &Section,
        key: u128,
        each: &mut dyn FnMut(E),
    ) -> Result<(), LogError> {
        if !section.may_contain::<E>(key) {
            return Ok(());
        }
        let blocks = section.blocks_to_look_at(key);
        self.for_each_block(section, blocks, &mut |block| {
            for entry in block.chunks_exact(E::BYTES).map(E::decode) {
                if entry.key() >> 64 == key >> 64 {
                    each(entry);
                }
            }
        })
    }

    /// Gives all entries of a section to `each`.
    pub(crate) fn for_each_in(
        &self,
        section: &Section,
        each: &mut dyn FnMut(E),
    ) -> Result<(), LogError> {
        let mut from = 0;
        while from < section.blocks() {
            let until = section.blocks().min(from + READ_BLOCKS);
            self.for_each_block(section, from..until, &mut |block| {
                block.chunks_exact(E::BYTES).map(E::decode).for_each(&mut *each);
            })?;
            from = until;
        }
        Ok(())
    }

    /// Reads some neighbouring blocks, checks each, and gives its entries to `each`.
    fn for_each_block(
        &self,
        section: &Section,
        blocks: std::ops::Range<usize>,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), LogError> {
        let (mut at, length) = section.place::<E>(&blocks);
        let mut bytes = vec![0; length];
        read_exactly(&*self.file, &self.path, at, &mut bytes)?;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (entries, after) = check_block::<E>(rest, at)
                .map_err(|error| damaged(&self.path, at, &error.to_string()))?;
            each(entries);
            at += (rest.len() - after.len()) as u64;
            rest = after;
        }
        Ok(())
    }
}

/// Reads every entry of a run and checks it against its checksums: for the audit.
pub(crate) fn verify_run<E: Kind>(
    disk: &dyn Disk,
    folder: &str,
    named: &RunFile,
    each: &mut dyn FnMut(Bucket, E),
) -> Result<(), LogError> {
    let run = Run::<E>::open(disk, folder, named)?;
    for section in run.sections() {
        run.for_each_in(section, &mut |entry| each(section.bucket, entry))?;
    }
    Ok(())
}

/// A run that is read from its beginning to its end.
pub(crate) struct Reading<E> {
    run: Arc<Run<E>>,
    section: usize,
    block: usize,
    // The entries that were read and not given yet, the next one last.
    read: Vec<(Bucket, E)>,
}

impl<E: Kind> Reading<E> {
    pub(crate) fn new(run: Arc<Run<E>>) -> Self {
        Self { run, section: 0, block: 0, read: Vec::new() }
    }
}

impl<E: Kind> Source<E> for Reading<E> {
    type Error = LogError;

    fn next(&mut self) -> Result<Option<(Bucket, E)>, LogError> {
        while self.read.is_empty() {
            let Some(section) = self.run.sections.get(self.section) else { return Ok(None) };
            let until = section.blocks().min(self.block + READ_BLOCKS);
            let read = &mut self.read;
            self.run.for_each_block(section, self.block..until, &mut |block| {
                let entries = block.chunks_exact(E::BYTES).map(E::decode);
                read.extend(entries.map(|entry| (section.bucket, entry)));
            })?;
            self.read.reverse();
            self.block = until;
            if until == section.blocks() {
                (self.section, self.block) = (self.section + 1, 0);
            }
        }
        Ok(self.read.pop())
    }
}

fn read_exactly(
    file: &dyn DiskFile,
    path: &str,
    at: u64,
    bytes: &mut [u8],
) -> Result<(), LogError> {
    let read = file
        .read_at(at, bytes)
        .map_err(|error| LogError::Io { file: path.to_owned(), detail: error.to_string() })?;
    if read < bytes.len() { Err(damaged(path, at, "the file is cut off")) } else { Ok(()) }
}

fn damaged(file: &str, offset: u64, detail: &str) -> LogError {
    LogError::Damaged { file: file.to_owned(), offset, detail: detail.to_owned() }
}
