//! A snapshot: what a partition needs to begin again without reading the whole log.
//!
//! One file, `manifest`, in the partition's index folder: a line with the length and the
//! CRC-32 of the rest, then JSON. It names the runs and the position that they are of, and
//! it is replaced at once or not at all. It is never ahead of the committed position.

use ledgerline_counting::PartitionState;
use ledgerline_counting::keyless::Window;
use ledgerline_ids::{DayNo, ListenerHash, PartitionId, Position, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::ports::{Disk, LogError};

/// What a snapshot says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The position after the last record that is in it.
    pub position: Position,
    /// The length of the plays log there.
    pub plays_bytes: u64,
    /// The runs of the index, oldest first.
    pub runs: Vec<RunFile>,
    /// The runs of the listeners' books, oldest first.
    pub books: Vec<RunFile>,
    /// Every source that has a play in the partition.
    pub sources: BTreeSet<Box<str>>,
    /// The rest of the partition.
    pub state: PartitionState,
}

/// A run, as a snapshot names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunFile {
    /// The file's name.
    pub name: String,
    /// Its length, so that a cut between two sections is noticed.
    pub bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    partition: u16,
    position: u64,
    plays_bytes: u64,
    runs: Vec<RunFile>,
    books: Vec<RunFile>,
    sources: BTreeSet<Box<str>>,
    clock: u64,
    evaluated_at: u64,
    windows: Vec<ManifestWindow>,
    devices: Vec<Box<str>>,
    devices_changed: Vec<Box<str>>,
    strays: Vec<u32>,
    /// Listener and day.
    dirty: Vec<(u64, u32)>,
    /// Listener and days.
    fresh: Vec<(u64, Vec<u32>)>,
}

#[derive(Serialize, Deserialize)]
struct ManifestWindow {
    hash: String,
    opened_at: u64,
    ordinal: u64,
    last_at: u64,
    listened_ms: u64,
    backfill: bool,
}

const FORMAT: u32 = 2;
/// Such an index had no books: it is built again from the logs.
const FORMAT_WITHOUT_BOOKS: u32 = 1;

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// The snapshot that was read may have got its name from a process that was killed before
/// that was durable. Whatever it doesn't name is removed next, and until the name is durable
/// a power failure could bring back the snapshot before it, which needs just that.
pub(super) fn make_names_durable(disk: &dyn Disk, partition: PartitionId) -> Result<(), LogError> {
    let folder = folder(partition);
    let synced = disk.sync_folder(&folder);
    synced.map_err(|error| LogError::Io { file: folder, detail: error.to_string() })
}

/// The folder of a partition's index.
pub(crate) fn folder(partition: PartitionId) -> String {
    format!("index/{partition}")
}

/// Writes a snapshot, durably.
pub(crate) fn write(
    disk: &dyn Disk,
    partition: PartitionId,
    snapshot: &Snapshot,
) -> Result<(), LogError> {
    let body = serde_json::to_vec(&to_manifest(partition, snapshot))
        .expect("a manifest has only numbers and texts");
    let mut bytes = format!("{:012} {:08x}\n", body.len(), crc32fast::hash(&body)).into_bytes();
    bytes.extend_from_slice(&body);
    let folder = folder(partition);
    let (path, draft) = (format!("{folder}/manifest"), format!("{folder}/manifest.draft"));
    let write = || {
        disk.create_folder(&folder)?;
        let file = disk.open_or_create(&draft)?;
        file.truncate(0)?;
        file.write_at(0, &bytes)?;
        file.sync()?;
        disk.rename(&draft, &path)?;
        disk.sync_folder(&folder)
    };
    write().map_err(|error| LogError::Io { file: path.clone(), detail: error.to_string() })
}

/// Which files a partition's snapshot consists of: what a copy of it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFiles {
    /// The bytes of `manifest`.
    pub manifest: Vec<u8>,
    /// The position after the last record that is in it.
    pub position: Position,
    /// The length of the plays log there, in bytes: never cut below that again.
    pub plays_bytes: u64,
    /// The other files of the folder that it names, with their lengths in bytes.
    pub runs: Vec<(String, u64)>,
}

/// Reads which files the snapshot of a partition consists of; `None` where there is none.
///
/// # Errors
/// [`LogError`] where it is damaged.
pub fn read_snapshot_files(
    disk: &dyn Disk,
    partition: PartitionId,
) -> Result<Option<SnapshotFiles>, LogError> {
    match read_bytes(disk, partition)? {
        Some(manifest) => files_of(partition, manifest),
        None => Ok(None),
    }
}

/// Which files a snapshot consists of whose manifest has these bytes; `None` where it is of a form that is
/// built again.
///
/// # Errors
/// [`LogError`] where it is damaged, or another partition's.
pub(crate) fn files_of(
    partition: PartitionId,
    manifest: Vec<u8>,
) -> Result<Option<SnapshotFiles>, LogError> {
    let snapshot = parse(partition, &manifest)?;
    Ok(snapshot.map(|snapshot| SnapshotFiles {
        manifest,
        position: snapshot.position,
        plays_bytes: snapshot.plays_bytes,
        runs: snapshot.runs.iter().chain(&snapshot.books).map(named).collect(),
    }))
}

fn named(run: &RunFile) -> (String, u64) {
    (run.name.clone(), run.bytes)
}

/// Reads the snapshot of a partition; `None` where there never was one.
pub(crate) fn read(disk: &dyn Disk, partition: PartitionId) -> Result<Option<Snapshot>, LogError> {
    match read_bytes(disk, partition)? {
        Some(bytes) => parse(partition, &bytes),
        None => Ok(None),
    }
}

fn read_bytes(disk: &dyn Disk, partition: PartitionId) -> Result<Option<Vec<u8>>, LogError> {
    let path = format!("{}/manifest", folder(partition));
    let io = |error: std::io::Error| LogError::Io { file: path.clone(), detail: error.to_string() };
    let file = match disk.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let length = usize::try_from(file.length().map_err(io)?);
    let mut bytes = vec![0; length.map_err(|_| damaged(partition, "it is too long"))?];
    file.read_at(0, &mut bytes).map_err(io)?;
    Ok(Some(bytes))
}

fn damaged(partition: PartitionId, detail: &str) -> LogError {
    let folder = folder(partition);
    LogError::Damaged {
        file: format!("{folder}/manifest"),
        offset: 0,
        detail: format!("{detail}; remove the folder {folder} to have it built again"),
    }
}

fn parse(partition: PartitionId, bytes: &[u8]) -> Result<Option<Snapshot>, LogError> {
    let damaged = |detail: &str| damaged(partition, detail);
    let body = checked_body(bytes).ok_or_else(|| damaged("its checksum differs"))?;
    let unread = |error: serde_json::Error| damaged(&error.to_string());
    match serde_json::from_slice::<Format>(body).map_err(unread)?.format {
        FORMAT => {}
        FORMAT_WITHOUT_BOOKS => return Ok(None),
        other => {
            return Err(damaged(&format!("format {other} is not known to this version")));
        }
    }
    let manifest: Manifest = serde_json::from_slice(body).map_err(unread)?;
    if manifest.partition != partition.0 {
        return Err(damaged("it belongs to another partition"));
    }
    from_manifest(manifest).ok_or_else(|| damaged("a field is not valid")).map(Some)
}

fn checked_body(bytes: &[u8]) -> Option<&[u8]> {
    let (head, body) = bytes.split_at_checked(22)?;
    let head = std::str::from_utf8(head).ok()?.strip_suffix('\n')?;
    let (length, checksum) = head.split_once(' ')?;
    let length: usize = length.parse().ok()?;
    let checksum = u32::from_str_radix(checksum, 16).ok()?;
    // The head must be exactly what would be written: a changed case of a digit is damage too.
    let same = format!("{length:012} {checksum:08x}") == head;
    (same && body.len() == length && crc32fast::hash(body) == checksum).then_some(body)
}

fn to_manifest(partition: PartitionId, snapshot: &Snapshot) -> Manifest {
    let state = &snapshot.state;
    Manifest {
        format: FORMAT,
        partition: partition.0,
        position: snapshot.position.0,
        plays_bytes: snapshot.plays_bytes,
        runs: snapshot.runs.clone(),
        books: snapshot.books.clone(),
        sources: snapshot.sources.clone(),
        clock: state.clock.get(),
        evaluated_at: state.evaluated_at.get(),
        windows: state.windows.iter().map(to_manifest_window).collect(),
        devices: state.devices.iter().cloned().collect(),
        devices_changed: state.devices_changed.iter().cloned().collect(),
        strays: state.strays.iter().map(|day| day.0).collect(),
        dirty: state.dirty.iter().map(|(listener, day)| (listener.0, day.0)).collect(),
        fresh: state
            .fresh
            .iter()
            .map(|(listener, days)| (listener.0, days.iter().map(|day| day.0).collect()))
            .collect(),
    }
}

fn to_manifest_window((hash, window): &(u128, Window)) -> ManifestWindow {
    ManifestWindow {
        hash: format!("{hash:032x}"),
        opened_at: window.opened_at.get(),
        ordinal: window.ordinal,
        last_at: window.last_at.get(),
        listened_ms: window.listened_ms,
        backfill: window.backfill,
    }
}

fn from_manifest(manifest: Manifest) -> Option<Snapshot> {
    let instant = |millis: u64| UnixMs::new(millis).ok();
    let window = |window: ManifestWindow| {
        let hash = u128::from_str_radix(&window.hash, 16).ok()?;
        Some((
            hash,
            Window {
                opened_at: instant(window.opened_at)?,
                ordinal: window.ordinal,
                last_at: instant(window.last_at)?,
                listened_ms: window.listened_ms,
                backfill: window.backfill,
            },
        ))
    };
    Some(Snapshot {
        position: Position(manifest.position),
        plays_bytes: manifest.plays_bytes,
        runs: manifest.runs,
        books: manifest.books,
        sources: manifest.sources,
        state: PartitionState {
            clock: instant(manifest.clock)?,
            evaluated_at: instant(manifest.evaluated_at)?,
            windows: manifest.windows.into_iter().map(window).collect::<Option<_>>()?,
            devices: manifest.devices.into_iter().collect(),
            devices_changed: manifest.devices_changed.into_iter().collect(),
            strays: manifest.strays.into_iter().map(DayNo).collect(),
            dirty: manifest
                .dirty
                .into_iter()
                .map(|(listener, day)| (ListenerHash(listener), DayNo(day)))
                .collect(),
            fresh: manifest
                .fresh
                .into_iter()
                .map(|(listener, days)| {
                    (ListenerHash(listener), days.into_iter().map(DayNo).collect())
                })
                .collect(),
        },
    })
}
