//! A snapshot on this node's disk, as files that are copied while the worker goes on.
//!
//! The files are opened before any of them is read: an open file outlives its name, so one that a newer
//! snapshot gives up is still whole.

use ledgerline_ids::{PartitionId, Position};
use std::io::ErrorKind;
use std::sync::Arc;

use crate::judging::{SnapshotFiles, index_folder, read_snapshot_files, sieve_files};
use crate::ports::{Disk, DiskFile, LogError, PlaysFiles};

/// So many times a newer snapshot may give up a file just when it is opened.
const LOOKS_MAX: usize = 10;

/// A snapshot that is open.
pub(super) struct LocalSnapshot {
    pub position: Position,
    /// The manifest last.
    pub files: Vec<LocalFile>,
}

/// A file of it.
#[derive(Clone)]
pub(super) struct LocalFile {
    pub path: String,
    /// How many of its bytes belong to the snapshot.
    pub bytes: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    File(Arc<dyn DiskFile>),
    /// The manifest is replaced, not changed.
    Bytes(Arc<[u8]>),
}

/// Opens the snapshot of a partition; `None` where there is none.
pub(super) fn open(
    disk: &dyn Disk,
    plays: &dyn PlaysFiles,
    partition: PartitionId,
) -> Result<Option<LocalSnapshot>, LogError> {
    let mut looks_left = LOOKS_MAX;
    loop {
        let Some(named) = read_snapshot_files(disk, partition)? else { return Ok(None) };
        match open_all(disk, plays, partition, named) {
            Err(Gone(error)) if looks_left == 0 => return Err(error),
            Err(Gone(_)) => looks_left -= 1,
            Ok(opened) => return opened.map(Some),
        }
    }
}

/// A file has been given up since the manifest was read.
struct Gone(LogError);

fn open_all(
    disk: &dyn Disk,
    plays: &dyn PlaysFiles,
    partition: PartitionId,
    named: SnapshotFiles,
) -> Result<Result<LocalSnapshot, LogError>, Gone> {
    let SnapshotFiles { manifest, position, plays_bytes, runs } = named;
    let folder = index_folder(partition);
    let plays = match plays.files(partition, plays_bytes) {
        Ok(plays) => plays,
        Err(error) => return Ok(Err(error)),
    };
    let plays = plays.into_iter().map(|file| (file.path, file.bytes));
    let runs = runs.into_iter().map(|(name, bytes)| (format!("{folder}/{name}"), bytes));
    let sieves = sieve_files(disk, partition, position, plays_bytes);
    let mut files = Vec::new();
    for (path, bytes) in plays.chain(runs).chain(sieves) {
        match disk.open(&path) {
            Ok(file) => files.push(LocalFile { path, bytes, source: Source::File(file) }),
            Err(error) => {
                let gone = error.kind() == ErrorKind::NotFound;
                let error = LogError::Io { file: path, detail: error.to_string() };
                return if gone { Err(Gone(error)) } else { Ok(Err(error)) };
            }
        }
    }
    files.push(LocalFile {
        path: format!("{folder}/manifest"),
        bytes: manifest.len() as u64,
        source: Source::Bytes(manifest.into()),
    });
    Ok(Ok(LocalSnapshot { position, files }))
}

impl LocalFile {
    /// Whether the same path means the same bytes as long as the process lives: a run is written once
    /// under its name, and what stands in a log before a snapshot is never changed.
    pub(super) fn keeps_its_bytes(&self) -> bool {
        matches!(self.source, Source::File(_))
    }

    /// Reads `length` bytes from `offset` on.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, LogError> {
        let short = || LogError::Damaged {
            file: self.path.clone(),
            offset,
            detail: "the file is shorter than its snapshot says".to_owned(),
        };
        match &self.source {
            Source::Bytes(bytes) => {
                let from = usize::try_from(offset).map_err(|_| short())?;
                let bytes = bytes.get(from..).and_then(|rest| rest.get(..length));
                bytes.map(<[u8]>::to_vec).ok_or_else(short)
            }
            Source::File(file) => {
                let mut bytes = vec![0; length];
                let read = file.read_at(offset, &mut bytes).map_err(|error| LogError::Io {
                    file: self.path.clone(),
                    detail: error.to_string(),
                })?;
                if read < length { Err(short()) } else { Ok(bytes) }
            }
        }
    }
}
