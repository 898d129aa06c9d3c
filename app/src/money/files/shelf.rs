//! Records by number, or by key where they are sorted by one; any of them in one or two reads.
//!
//! ```text
//! "LLSHELF1"  count u64  (count + 1) × end u64, from the first record's beginning; the first is 0
//! each record: length of its key u16, the key, the rest
//! ```

use std::sync::Arc;

use super::FileError;
use super::writing::{FileWriter, Written, read_exact};
use crate::ports::{Disk, DiskFile};

const MAGIC: &[u8; 8] = b"LLSHELF1";
const HEAD_BYTES: u64 = 16;

/// A key longer than this is none of ours.
const KEY_BYTES_MAX: usize = u16::MAX as usize;

/// Writes a shelf; `records` are keys with what belongs to them, in order.
///
/// # Errors
/// [`FileError`].
pub fn write<K: AsRef<str>, V: AsRef<[u8]>>(
    disk: &dyn Disk,
    folder: &str,
    name: &str,
    records: &[(K, V)],
) -> Result<Written, FileError> {
    let mut writer = FileWriter::begin(disk, folder, name)?;
    writer.put(MAGIC)?;
    writer.put(&(records.len() as u64).to_le_bytes())?;
    let mut end = 0_u64;
    writer.put(&end.to_le_bytes())?;
    for (key, value) in records {
        end += (2 + key.as_ref().len() + value.as_ref().len()) as u64;
        writer.put(&end.to_le_bytes())?;
    }
    for (key, value) in records {
        let key = key.as_ref();
        if key.len() > KEY_BYTES_MAX {
            return Err(FileError::damaged(name, "a key is longer than any name may be"));
        }
        let length = u16::try_from(key.len()).expect("just checked");
        writer.put(&length.to_le_bytes())?;
        writer.put(key.as_bytes())?;
        writer.put(value.as_ref())?;
    }
    writer.finish()
}

/// A shelf that is read.
pub struct Shelf {
    file: Arc<dyn DiskFile>,
    path: String,
    count: u64,
    length: u64,
}

impl Shelf {
    /// Opens a shelf.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(disk: &dyn Disk, path: &str) -> Result<Self, FileError> {
        let file = disk.open(path).map_err(FileError::disk(path))?;
        let length = file.length().map_err(FileError::disk(path))?;
        let mut head = [0; 16];
        read_exact(&*file, path, 0, &mut head)?;
        let (magic, count) = head.split_at(8);
        let count = u64::from_le_bytes(count.try_into().expect("eight bytes"));
        let fits = count < length / 8 && HEAD_BYTES + 8 * (count + 1) <= length;
        if magic != MAGIC || !fits {
            return Err(FileError::damaged(path, "it is no shelf"));
        }
        Ok(Self { file, path: path.to_owned(), count, length })
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The record of a number: key and rest.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn get(&self, number: u64) -> Result<(String, Vec<u8>), FileError> {
        let damaged = |detail: &str| FileError::damaged(&self.path, detail);
        if number >= self.count {
            return Err(damaged("a number points behind its end"));
        }
        let mut ends = [0; 16];
        read_exact(&*self.file, &self.path, HEAD_BYTES + 8 * number, &mut ends)?;
        let (from, until) = ends.split_at(8);
        let end = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let (from, until) = (end(from), end(until));
        let base = HEAD_BYTES + 8 * (self.count + 1);
        let inside = from <= until && until.checked_add(base).is_some_and(|it| it <= self.length);
        if !inside || until - from < 2 {
            return Err(damaged("a record ends outside of it"));
        }
        let length = usize::try_from(until - from).map_err(|_| damaged("a record is too long"))?;
        let mut bytes = vec![0; length];
        read_exact(&*self.file, &self.path, base + from, &mut bytes)?;
        split(&bytes).ok_or_else(|| damaged("a key isn't a text"))
    }

    /// The number of the record with this key, where records are sorted by key.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn find(&self, key: &str) -> Result<Option<u64>, FileError> {
        let (mut from, mut until) = (0, self.count);
        while from < until {
            let middle = from + (until - from) / 2;
            let (found, _) = self.get(middle)?;
            match found.as_str().cmp(key) {
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => until = middle,
            }
        }
        Ok(None)
    }

    /// All records, in order.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn all(&self) -> Result<Vec<(String, Vec<u8>)>, FileError> {
        let damaged = |detail: &str| FileError::damaged(&self.path, detail);
        let length = usize::try_from(self.length).map_err(|_| damaged("it is too long"))?;
        let mut bytes = vec![0; length];
        read_exact(&*self.file, &self.path, 0, &mut bytes)?;
        let count = usize::try_from(self.count).map_err(|_| damaged("it is too long"))?;
        let head = usize::try_from(HEAD_BYTES).expect("sixteen");
        let base = head + 8 * (count + 1);
        let end = |at: usize| {
            let bytes = bytes[head + 8 * at..head + 8 * at + 8].try_into().expect("eight bytes");
            usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX)
        };
        let record = |at: usize| {
            let range = end(at).checked_add(base)?..end(at + 1).checked_add(base)?;
            split(bytes.get(range)?)
        };
        let records = (0..count).map(record).collect::<Option<Vec<_>>>();
        records.ok_or_else(|| damaged("a record ends outside of it"))
    }
}

fn split(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (key, value) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((String::from_utf8(key.to_vec()).ok()?, value.to_vec()))
}
