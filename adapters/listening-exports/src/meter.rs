//! Measures what is decoded from a file, so that a zip bomb or one endless row stops early.

use crate::error::Limit;
use std::cell::Cell;
use std::io::{self, Read};

/// How much is read of one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Decoded bytes of the file.
    pub(crate) file_bytes: u64,
    /// Decoded bytes from one row's end to the next one's.
    pub(crate) row_bytes: u64,
}

impl Limits {
    pub(crate) const STANDARD: Self = Self { file_bytes: 2 << 30, row_bytes: 1 << 20 };
}

/// Counts the bytes of one file. Shared by the reader, which counts, and by whoever takes
/// the rows, who tells where one ended.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: Limits,
    read_bytes: Cell<u64>,
    row_from: Cell<u64>,
    passed: Cell<Option<Limit>>,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        let (read_bytes, row_from, passed) = (Cell::new(0), Cell::new(0), Cell::new(None));
        Self { limits, read_bytes, row_from, passed }
    }

    /// A row ended about here: buffers before the parser hold at most a few KiB more.
    pub(crate) fn row_ended(&self) {
        self.row_from.set(self.read_bytes.get());
    }

    /// Decoded bytes so far.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes.get()
    }

    /// The limit that stopped the reader, if one did.
    pub(crate) fn passed(&self) -> Option<Limit> {
        self.passed.get()
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        let read_bytes = self.read_bytes.get() + bytes as u64;
        self.read_bytes.set(read_bytes);
        let limit = if read_bytes > self.limits.file_bytes {
            Limit::FileBytes(self.limits.file_bytes)
        } else if read_bytes - self.row_from.get() > self.limits.row_bytes {
            Limit::RowBytes(self.limits.row_bytes)
        } else {
            return Ok(());
        };
        self.passed.set(Some(limit));
        Err(io::Error::other("past a limit of the import"))
    }
}

/// A reader that its meter can stop.
pub(crate) struct Metered<'a> {
    pub(crate) inner: &'a mut dyn Read,
    pub(crate) meter: &'a Meter,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.meter.count(bytes)?;
        Ok(bytes)
    }
}
