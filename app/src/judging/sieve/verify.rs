//! Looking for damage in a sieve: what a filter has forgotten isn't found by whoever asks it.

use ledgerline_ids::PartitionId;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::writing::read_rows;
use super::{ROW_BYTES, Stretch};
use crate::judging::snapshot::{self, Snapshot};
use crate::ports::{Disk, DiskFile, LogError};

/// Compares the filters up to a snapshot with their checksums. A sieve that isn't there is no damage.
///
/// # Errors
/// [`LogError::Damaged`] names the file where a byte has changed.
pub(crate) fn verify(
    disk: &dyn Disk,
    partition: PartitionId,
    snapshot: &Snapshot,
) -> Result<(), LogError> {
    for (name, end) in [("reports", snapshot.position.0), ("plays", snapshot.plays_bytes)] {
        let path = format!("{}/{name}", snapshot::folder(partition));
        let rows = format!("{path}.stretches");
        let Some(file) = open(disk, &rows)? else { continue };
        let stretches = read_rows(&*file, end);
        let sound = (stretches.len() * ROW_BYTES) as u64;
        let length = file.length().map_err(|error| refused(&rows, &error))?;
        // What stands behind the snapshot is forgotten by whoever begins with it.
        if sound < length && stretches.last().is_none_or(|last| last.end < end) {
            return Err(damaged(&rows, sound));
        }
        if !stretches.is_empty() {
            verify_filters(disk, &format!("{path}.sieve"), &stretches)?;
        }
    }
    Ok(())
}

fn verify_filters(disk: &dyn Disk, path: &str, stretches: &[Stretch]) -> Result<(), LogError> {
    let Some(file) = open(disk, path)? else { return Err(damaged(path, 0)) };
    let mut filter = Vec::new();
    for stretch in stretches {
        let bytes = stretch.filter_end() - stretch.offset;
        filter.resize(usize::try_from(bytes).expect("a filter fits into memory"), 0);
        let read = file.read_at(stretch.offset, &mut filter);
        let read = read.map_err(|error| refused(path, &error))?;
        if read < filter.len() || crc32fast::hash(&filter) != stretch.checksum {
            return Err(damaged(path, stretch.offset));
        }
    }
    Ok(())
}

fn open(disk: &dyn Disk, path: &str) -> Result<Option<Arc<dyn DiskFile>>, LogError> {
    match disk.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(path, &error)),
    }
}

fn refused(path: &str, error: &io::Error) -> LogError {
    LogError::Io { file: path.to_owned(), detail: error.to_string() }
}

fn damaged(path: &str, offset: u64) -> LogError {
    LogError::Damaged {
        file: path.to_owned(),
        offset,
        detail: "its checksum differs; `ledgerline doctor --rebuild` makes it anew".to_owned(),
    }
}
