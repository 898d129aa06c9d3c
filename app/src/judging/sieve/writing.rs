//! The writing end of a sieve: a worker has it.

use std::io;
use std::sync::Arc;

use super::{ROW_BYTES, ROWS_AT_ONCE, Sieve, Stretch, UNBROKEN, filter};
use crate::ports::DiskFile;
use ledgerline_ids::Position;

/// A stretch ends at the next opportunity once it has so many keys.
const KEYS_MIN: usize = 4096;

/// Notes what a log holds while it is written or read, and makes filters of it.
pub(crate) struct SieveWriter {
    sieve: Arc<Sieve>,
    /// Filters, and rows; `None` where the disk refused them.
    files: Option<(Arc<dyn DiskFile>, Arc<dyn DiskFile>)>,
    keys: Vec<u64>,
    /// Where the stretch begins that is being noted, and what caused what stands first in it.
    first: u64,
    cause: Option<Position>,
    /// Where the next filter goes.
    offset: u64,
    /// How many stretches have rows on the disk.
    rows: usize,
}

impl SieveWriter {
    /// Goes on where the snapshot that the worker begins with ends, at `believed`: what is known of
    /// the log behind that is forgotten.
    pub(crate) fn open(sieve: Arc<Sieve>, believed: u64) -> Self {
        let files = open_files(&sieve);
        let stretches =
            files.as_ref().map_or_else(Vec::new, |(_, rows)| read_rows(&**rows, believed));
        let (offset, rows) = (stretches.last().map_or(0, Stretch::filter_end), stretches.len());
        *sieve.stretches.write().expect(UNBROKEN) = stretches;
        let mut writer =
            Self { sieve, files, keys: Vec::new(), first: believed, cause: None, offset, rows };
        writer.forget_files_behind();
        writer
    }

    /// Goes on where a snapshot ends, once more.
    pub(crate) fn open_again(&mut self, believed: u64) {
        *self = Self::open(self.sieve.clone(), believed);
    }

    /// Rows behind those that are believed must never be read again: others take their places.
    fn forget_files_behind(&mut self) {
        let Some((filters, rows)) = &self.files else { return };
        let cut = rows
            .truncate((self.rows * ROW_BYTES) as u64)
            .and_then(|()| rows.sync())
            .and_then(|()| filters.truncate(self.offset));
        match cut {
            Ok(()) => {
                // A worker that is built again goes on with the same file.
                let _ = self.sieve.filters.set(filters.clone());
            }
            Err(error) => self.give_up(&error),
        }
    }

    /// The log holds something of this key, here or later, caused by the report at `cause`.
    pub(crate) fn note(&mut self, key: u64, cause: Position) {
        if self.files.is_some() {
            self.keys.push(key);
            self.cause.get_or_insert(cause);
        }
    }

    /// The log may be read from `end` on: a stretch may end there.
    pub(crate) fn may_end(&mut self, end: u64) {
        if self.keys.len() >= KEYS_MIN {
            self.end(end);
        }
    }

    fn end(&mut self, end: u64) {
        let Some((filters, _)) = &self.files else { return };
        if end <= self.first {
            return;
        }
        let keys = std::mem::take(&mut self.keys);
        let filter = filter::filter_of(&keys);
        let stretch = Stretch {
            first: self.first,
            end,
            cause: self.cause.take().map_or(0, |cause| cause.0),
            offset: self.offset,
            blocks: filter::blocks_of(keys.len()),
            keys: u32::try_from(keys.len()).expect("a stretch has far fewer keys"),
            checksum: crc32fast::hash(&filter),
        };
        match filters.write_at(self.offset, &filter) {
            Ok(()) => {
                self.offset = stretch.filter_end();
                self.sieve.stretches.write().expect(UNBROKEN).push(stretch);
            }
            // A gap, which is read whole.
            Err(error) => tracing::debug!(sieve = self.sieve.path, %error, "a filter is left out"),
        }
        self.first = end;
        self.keys = keys;
        self.keys.clear();
    }

    /// Where the last stretch begins whose first record was caused before `cause`; else the beginning.
    /// Causes don't go back from stretch to stretch.
    pub(crate) fn begin_before(&self, cause: Position) -> u64 {
        let stretches = self.sieve.stretches.read().expect(UNBROKEN);
        // One without keys has no cause.
        let before = |stretch: &&Stretch| stretch.keys > 0 && stretch.cause < cause.0;
        stretches.iter().rev().find(before).map_or(0, |stretch| stretch.first)
    }

    /// Ends the stretch, and makes durable what was noted up to `end`, where a snapshot is taken.
    pub(crate) fn keep(&mut self, end: u64) {
        self.end(end);
        let Some((filters, rows)) = &self.files else { return };
        let stretches = self.sieve.stretches.read().expect(UNBROKEN);
        let new: Vec<u8> = stretches[self.rows..].iter().flat_map(Stretch::row).collect();
        drop(stretches);
        if new.is_empty() {
            return;
        }
        let kept = filters
            .sync()
            .and_then(|()| rows.write_at((self.rows * ROW_BYTES) as u64, &new))
            .and_then(|()| rows.sync());
        match kept {
            Ok(()) => self.rows += new.len() / ROW_BYTES,
            Err(error) => self.give_up(&error),
        }
    }

    /// After a sync that failed nothing of the file can be believed that isn't durable, and nothing
    /// more is noted until the next start.
    fn give_up(&mut self, error: &io::Error) {
        tracing::warn!(sieve = self.sieve.path, %error, "looking plays up takes longer until a restart");
        self.files = None;
        self.keys = Vec::new();
        self.sieve.stretches.write().expect(UNBROKEN).truncate(self.rows);
    }
}

fn open_files(sieve: &Sieve) -> Option<(Arc<dyn DiskFile>, Arc<dyn DiskFile>)> {
    let folder = sieve.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let open = |suffix: &str| sieve.disk.open_or_create(&format!("{}.{suffix}", sieve.path));
    let opened =
        sieve.disk.create_folder(folder).and_then(|()| Ok((open("sieve")?, open("stretches")?)));
    match opened {
        Ok(files) => Some(files),
        Err(error) => {
            tracing::warn!(sieve = sieve.path, %error, "looking plays up takes longer until a restart");
            None
        }
    }
}

/// The stretches up to `believed` that are sound, up to the first that isn't.
pub(super) fn read_rows(rows: &dyn DiskFile, believed: u64) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut some = vec![0; ROWS_AT_ONCE * ROW_BYTES];
    loop {
        let from = (found.len() * ROW_BYTES) as u64;
        let Ok(read) = rows.read_at(from, &mut some) else { return found };
        for row in some[..read].chunks_exact(ROW_BYTES) {
            let (first, offset) = found.last().map_or((0, 0), |last| (last.end, last.filter_end()));
            let follows =
                |it: &Stretch| it.first >= first && it.offset == offset && it.end <= believed;
            match Stretch::of_row(row).filter(follows) {
                Some(stretch) => found.push(stretch),
                None => return found,
            }
        }
        if read < some.len() {
            return found;
        }
    }
}
