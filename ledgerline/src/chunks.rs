//! Files as chunks of whole lines, unpacked on the way.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::failure::Failure;

/// About how many bytes a chunk has.
const CHUNK_BYTES: usize = 1 << 20;
/// A line that is longer than this ends the reading: it is no file of reports.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Some whole lines of a file.
pub struct Chunk {
    /// Where it stands among the chunks; 0 is the first.
    pub number: u64,
    /// How many lines stand before it.
    pub lines_before: u64,
    /// The lines, each with its end but perhaps the last of the file.
    pub bytes: Vec<u8>,
}

/// Cuts a stream into chunks.
pub struct Chunks<R> {
    from: R,
    rest: Vec<u8>,
    number: u64,
    lines: u64,
    ended: bool,
}

impl<R: Read> Chunks<R> {
    /// Of a stream of lines.
    pub fn new(from: R) -> Self {
        Self { from, rest: Vec::new(), number: 0, lines: 0, ended: false }
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// What the stream says, and a line without end.
    pub fn next(&mut self) -> io::Result<Option<Chunk>> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            if self.ended {
                return Ok(if bytes.is_empty() { None } else { Some(self.chunk(bytes)) });
            }
            let before = bytes.len();
            let wanted = CHUNK_BYTES.saturating_sub(before).max(CHUNK_BYTES / 4);
            let read = (&mut self.from).take(wanted as u64).read_to_end(&mut bytes)?;
            self.ended = read == 0;
            if bytes.len() < CHUNK_BYTES && !self.ended {
                continue;
            }
            if let Some(end) = bytes[before..].iter().rposition(|byte| *byte == b'\n') {
                self.rest = bytes.split_off(before + end + 1);
                return Ok(Some(self.chunk(bytes)));
            }
            if bytes.len() > LINE_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {} has more than {LINE_BYTES_MAX} bytes", self.lines + 1),
                ));
            }
        }
    }

    fn chunk(&mut self, bytes: Vec<u8>) -> Chunk {
        let chunk = Chunk { number: self.number, lines_before: self.lines, bytes };
        self.number += 1;
        self.lines += chunk.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        chunk
    }
}

/// Opens a file, or standard input for `-`; gzip and zstd are unpacked, by their first bytes.
/// `read` is told how many packed bytes were read.
///
/// # Errors
/// [`Failure`] where the file can't be read.
pub fn open(
    path: &Path,
    read: impl Fn(u64) + Send + 'static,
) -> Result<Box<dyn Read + Send>, Failure> {
    let raw: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| Failure::io(path, &error))?)
    };
    let counted = Counted { from: raw, read };
    let mut buffered = BufReader::with_capacity(1 << 18, counted);
    let head = buffered.fill_buf().map_err(|error| Failure::io(path, &error))?;
    if head.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(MultiGzDecoder::new(buffered)))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(buffered);
        Ok(Box::new(decoder.map_err(|error| Failure::io(path, &error))?))
    } else {
        Ok(Box::new(buffered))
    }
}

struct Counted<R, F> {
    from: R,
    read: F,
}

impl<R: Read, F: Fn(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        (self.read)(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_whole_and_nothing_is_lost() {
        let long = "x".repeat(CHUNK_BYTES + 17);
        let text = format!("one\n{long}\nthree\n\nfive without end");
        let mut chunks = Chunks::new(text.as_bytes());
        let mut all = Vec::new();
        let mut lines = 0;
        while let Some(chunk) = chunks.next().expect("memory can be read") {
            assert_eq!(chunk.lines_before, lines);
            lines += chunk.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            all.extend_from_slice(&chunk.bytes);
        }
        assert_eq!(all, text.as_bytes());
        assert_eq!(lines, 4);
    }
}
