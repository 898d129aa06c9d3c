//! What happened in a run: hashed always, printed where somebody wants to read it.

use std::fmt::{self, Write as _};

/// The trace of a run. Two runs of one seed have the same hash.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    lines: u64,
    buffer: String,
    printed: bool,
    /// The last lines, for the report of a failure.
    last: std::collections::VecDeque<String>,
}

/// So many of the last lines are kept.
const KEPT: usize = 30;

impl Trace {
    /// An empty trace; each line is also printed where `printed`.
    #[must_use]
    pub fn new(printed: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            lines: 0,
            buffer: String::new(),
            printed,
            last: std::collections::VecDeque::new(),
        }
    }

    /// Adds a line.
    pub fn note(&mut self, at_ms: u64, what: fmt::Arguments<'_>) {
        self.buffer.clear();
        write!(self.buffer, "{at_ms} {what}").expect("a String takes everything");
        let line = std::mem::take(&mut self.buffer);
        self.add(line.as_bytes());
        self.lines += 1;
        if self.printed {
            println!("{line}");
            self.buffer = line;
        } else {
            if self.last.len() == KEPT {
                self.buffer = self.last.pop_front().unwrap_or_default();
            }
            self.last.push_back(line);
        }
    }

    /// Adds bytes that belong to the run, such as a file.
    pub fn add(&mut self, bytes: &[u8]) {
        // FNV-1a, eight bytes at a time: enough to tell two runs apart.
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.hash = (self.hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
            self.hash ^= self.hash >> 29;
        }
    }

    /// The hash of everything so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many lines there are.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines, where they were not printed.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }
}
