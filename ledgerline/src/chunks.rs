//! Files as chunks of whole lines, unpacked on the way.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::failure::Failure;

/// About how many bytes a chunk has.
const CHUNK_BYTES: usize = 1 << 20;
/// A line that is longer than this ends the reading: it is no file of reports.
const LINE_BYTES_MAX: usize = 64 << 20;

/// So many buffers are kept for the next chunks: about as many as are under way at once.
const SPARES_MAX: usize = 8;

/// Some whole lines of a file.
pub struct Chunk {
    /// Where it stands among the chunks; 0 is the first.
    pub number: u64,
    /// How many lines stand before it.
    pub lines_before: u64,
    buffer: Vec<u8>,
    length: usize,
    spares: Spares,
}

/// Buffers that a chunk had: memory that was touched before costs much less than new.
type Spares = Arc<Mutex<Vec<Vec<u8>>>>;

impl Chunk {
    /// Of lines that were made up, not read.
    #[must_use]
    pub fn of(number: u64, lines_before: u64, lines: Vec<u8>) -> Self {
        let length = lines.len();
        Self { number, lines_before, buffer: lines, length, spares: Spares::default() }
    }

    /// The lines, each with its end but perhaps the last of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Ok(mut spares) = self.spares.lock()
            && spares.len() < SPARES_MAX
        {
            spares.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// Cuts a stream into chunks.
pub struct Chunks<R> {
    from: R,
    rest: Vec<u8>,
    number: u64,
    lines: u64,
    ended: bool,
    spares: Spares,
}

impl<R: Read> Chunks<R> {
    /// Of a stream of lines.
    pub fn new(from: R) -> Self {
        let (rest, spares) = (Vec::new(), Spares::default());
        Self { from, rest, number: 0, lines: 0, ended: false, spares }
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// What the stream says, and a line without end.
    pub fn next(&mut self) -> io::Result<Option<Chunk>> {
        let mut buffer = self.buffer();
        let mut filled = self.rest.len();
        buffer[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            let before = filled;
            while filled < buffer.len() && !self.ended {
                match self.from.read(&mut buffer[filled..]) {
                    Ok(0) => self.ended = true,
                    Ok(read) => filled += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if self.ended {
                return Ok((filled > 0).then(|| self.chunk(buffer, filled)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &buffer[before..filled]) {
                let end = before + end + 1;
                self.rest.extend_from_slice(&buffer[end..filled]);
                return Ok(Some(self.chunk(buffer, end)));
            }
            if filled > LINE_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {} has more than {LINE_BYTES_MAX} bytes", self.lines + 1),
                ));
            }
            buffer.resize(2 * filled, 0);
        }
    }

    // One with room for what is left of the chunk before, and more.
    fn buffer(&mut self) -> Vec<u8> {
        let spare = self.spares.lock().expect("no holder panics").pop();
        let mut buffer = spare.unwrap_or_default();
        let wanted = CHUNK_BYTES.max(2 * self.rest.len());
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        buffer
    }

    fn chunk(&mut self, buffer: Vec<u8>, length: usize) -> Chunk {
        let (number, lines_before) = (self.number, self.lines);
        let chunk = Chunk { number, lines_before, buffer, length, spares: self.spares.clone() };
        self.number += 1;
        self.lines += memchr::memchr_iter(b'\n', chunk.bytes()).count() as u64;
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
            lines += chunk.bytes().iter().filter(|byte| **byte == b'\n').count() as u64;
            all.extend_from_slice(chunk.bytes());
        }
        assert_eq!(all, text.as_bytes());
        assert_eq!(lines, 4);
    }
}
