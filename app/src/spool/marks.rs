//! Up to where a partition of the spool is drained: `drained/p003`, little end first.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLDR` |
//! | 2 | version, 1 |
//! | 2 | the partition |
//! | 8 | position after the last record that the shared log has |
//! | 4 | CRC-32 (IEEE 802.3) of the bytes before |
//!
//! One that is missing or damaged says less than is true: then what is still in the spool is sent again.

use ledgerline_ids::{PartitionId, Position};
use std::io::{self, ErrorKind};

use crate::ports::{Disk, LogError};

const FOLDER: &str = "drained";
const BYTES: usize = 20;
const MAGIC: [u8; 4] = *b"LLDR";
const VERSION: u16 = 1;

/// Up to where each partition is drained, as was noted.
///
/// # Errors
/// [`LogError::Io`] where a note can't be read.
pub fn drained(disk: &dyn Disk, partitions: u16) -> Result<Vec<Position>, LogError> {
    (0..partitions).map(|partition| read(disk, PartitionId(partition))).collect()
}

fn path(partition: PartitionId) -> String {
    format!("{FOLDER}/{partition}")
}

fn read(disk: &dyn Disk, partition: PartitionId) -> Result<Position, LogError> {
    let path = path(partition);
    let refused = |error: io::Error| LogError::Io { file: path.clone(), detail: error.to_string() };
    let file = match disk.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Position(0)),
        Err(error) => return Err(refused(error)),
    };
    // One byte more, to see whether there is more.
    let mut bytes = [0; BYTES + 1];
    let length = file.read_at(0, &mut bytes).map_err(refused)?;
    Ok(decode(&bytes[..length], partition).unwrap_or_else(|| {
        tracing::warn!(file = %path, "the note of what is drained is damaged: all is sent again");
        Position(0)
    }))
}

fn decode(bytes: &[u8], partition: PartitionId) -> Option<Position> {
    let bytes = <&[u8; BYTES]>::try_from(bytes).ok()?;
    let sound = bytes[..4] == MAGIC
        && bytes[4..6] == VERSION.to_le_bytes()
        && bytes[6..8] == partition.0.to_le_bytes()
        && bytes[16..] == crc32fast::hash(&bytes[..16]).to_le_bytes();
    let position = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
    (sound && position <= Position::LIMIT.0).then_some(Position(position))
}

fn encode(partition: PartitionId, drained: Position) -> [u8; BYTES] {
    let mut out = [0; BYTES];
    out[..4].copy_from_slice(&MAGIC);
    out[4..6].copy_from_slice(&VERSION.to_le_bytes());
    out[6..8].copy_from_slice(&partition.0.to_le_bytes());
    out[8..16].copy_from_slice(&drained.0.to_le_bytes());
    let checksum = crc32fast::hash(&out[..16]);
    out[16..].copy_from_slice(&checksum.to_le_bytes());
    out
}

/// Notes it, durably and at once or not at all. Blocks.
pub(super) fn note(disk: &dyn Disk, partition: PartitionId, drained: Position) -> io::Result<()> {
    let (path, draft) = (path(partition), format!("{FOLDER}/{partition}.draft"));
    disk.create_folder(FOLDER)?;
    let file = disk.open_or_create(&draft)?;
    file.truncate(0)?;
    file.write_at(0, &encode(partition, drained))?;
    file.sync()?;
    disk.rename(&draft, &path)?;
    disk.sync_folder(FOLDER)?;
    disk.sync_folder("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_cut_or_changed_says_nothing() {
        let (partition, drained) = (PartitionId(3), Position(0x0102_0304));
        let bytes = encode(partition, drained);
        assert_eq!(decode(&bytes, partition), Some(drained));
        assert_eq!(decode(&bytes, PartitionId(4)), None);
        for length in 0..BYTES {
            assert_eq!(decode(&bytes[..length], partition), None, "{length}");
        }
        for place in 0..BYTES {
            let mut changed = bytes;
            changed[place] ^= 1;
            assert_eq!(decode(&changed, partition), None, "{place}");
        }
        assert_eq!(decode(&[&bytes[..], &[0]].concat(), partition), None);
    }
}
