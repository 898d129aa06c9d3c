//! Which files of a data folder belong to a backup, and how much of each.
//!
//! What has an order among itself (store, logs, index) is looked at by those who know it. The rest
//! is taken as it stands: plain files of the folder before the store is copied, so that none is
//! ahead of it; folders afterwards, so that whatever the store speaks of is there.

use ledgerline_app::ports::{Disk, LogError, PartitionCommit};
use ledgerline_app::{SnapshotFiles, read_snapshot_files};
use ledgerline_ids::PartitionId;
use ledgerline_segment_log::{Extent, ReportLogReader, plays_extents};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::lineage;
use crate::failure::Failure;

/// The folder of the keys that sign the ledger, and of the newest head that one signed.
const KEYS: &str = "keys";
/// How the name of a signed head ends, which is no secret: it shows where the ledger's chain ended.
const HEAD: &str = ".head";
/// The store, which is copied by its own means.
pub const STORE: &str = "state.db";

/// What belongs to this machine and this moment alone.
const PASSING: [&str; 4] = ["lock", "control.sock", "control.draft", lineage::FILE];
/// How the names of files on their way to their own end.
const UNFINISHED: [&str; 4] = [".draft", ".new", ".partial", ".tmp"];
/// Folders whose files have an order among themselves.
const ORDERED: [&str; 3] = ["reports", "plays", "index"];
/// So deep are folders looked into.
const DEPTH_MAX: usize = 16;

/// The files that stand in the data folder itself, sorted; besides the ledger's newest signed
/// head, which must not be ahead of the store either, and its keys where they are asked for.
pub fn plain_files(data: &Path, with_keys: bool) -> Result<Vec<String>, Failure> {
    let fail = |error: std::io::Error| Failure::io(data, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(data).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let taken = entry.file_type().map_err(fail)?.is_file() && !is_passing(&name);
        if taken && !name.starts_with(STORE) {
            files.push(name);
        }
    }
    if data.join(KEYS).is_dir() {
        let mut keys = Vec::new();
        collect(data, KEYS, 0, &mut keys)?;
        files.extend(keys.into_iter().filter(|name| with_keys || name.ends_with(HEAD)));
    }
    files.sort_unstable();
    Ok(files)
}

/// The files in folders that have no order among themselves, sorted.
pub fn files_in_folders(data: &Path) -> Result<Vec<String>, Failure> {
    let fail = |error: std::io::Error| Failure::io(data, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(data).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let other = !ORDERED.contains(&name.as_str()) && name != KEYS;
        if entry.file_type().map_err(fail)?.is_dir() && other && !is_passing(&name) {
            collect(data, &name, 0, &mut files)?;
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn collect(
    data: &Path,
    folder: &str,
    depth: usize,
    files: &mut Vec<String>,
) -> Result<(), Failure> {
    let path = data.join(folder);
    let fail = |error: std::io::Error| Failure::io(&path, &error);
    if depth > DEPTH_MAX {
        return Err(Failure::failed(format!("{} lies too deep", path.display())));
    }
    for entry in fs::read_dir(&path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(Failure::failed(format!("{} has no plain name", entry.path().display())));
        };
        let inner = format!("{folder}/{name}");
        let kind = entry.file_type().map_err(fail)?;
        if is_passing(&name) {
            continue;
        }
        if kind.is_dir() {
            collect(data, &inner, depth + 1, files)?;
        } else if kind.is_file() {
            files.push(inner);
        } else {
            return Err(Failure::failed(format!(
                "{} is neither a file nor a folder and can't be backed up",
                entry.path().display()
            )));
        }
    }
    Ok(())
}

fn is_passing(name: &str) -> bool {
    PASSING.contains(&name) || UNFINISHED.iter().any(|end| name.ends_with(end))
}

/// The snapshots of all partitions, as they are now.
pub fn snapshots(
    disk: &Arc<dyn Disk>,
    partitions: u16,
) -> Result<Vec<Option<SnapshotFiles>>, LogError> {
    (0..partitions).map(|number| read_snapshot_files(&**disk, PartitionId(number))).collect()
}

/// The logs, up to what is committed and to what the snapshots say.
pub fn logs(
    disk: &Arc<dyn Disk>,
    commits: &[PartitionCommit],
    snapshots: &[Option<SnapshotFiles>],
    is_known: &dyn Fn(&Extent) -> bool,
) -> Result<Vec<Extent>, Failure> {
    let partitions = u16::try_from(snapshots.len()).expect("partitions are counted in 16 bits");
    let damaged = |error: LogError| Failure::damaged(error.to_string());
    let reader = ReportLogReader::open(disk.clone(), partitions)
        .map_err(|error| Failure::damaged(error.to_string()))?;
    let mut extents = Vec::new();
    for (commit, snapshot) in commits.iter().zip(snapshots) {
        let reports = reader.extents(&**disk, commit.partition, commit.position, is_known);
        extents.append(&mut reports.map_err(damaged)?);
        if let Some(snapshot) = snapshot {
            let until = snapshot.plays_bytes;
            let plays = plays_extents(disk, commit.partition, partitions, until);
            extents.append(&mut plays.map_err(damaged)?);
        }
    }
    Ok(extents)
}
