//! From frame to frame through a file.

use ledgerline_app::ports::DiskFile;
use ledgerline_ids::Position;
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES, PAYLOAD_BYTES_MAX};
use std::io;

const CHUNK_BYTES: usize = 256 << 10;

/// Walks over the frames of a file, from `offset` to `end`, which others may write behind.
pub(crate) struct FrameWalk<'f> {
    file: &'f dyn DiskFile,
    offset: u64,
    end: u64,
    buffer: Vec<u8>,
    // The file's offset of the buffer's first byte.
    buffered_from: u64,
}

/// Where a walk stands.
pub(crate) enum Step<'b> {
    /// At a frame; the walk goes on behind it.
    Frame(u64, FrameHeader, &'b [u8]),
    /// At the end.
    End,
    /// At bytes that are no sound frame; the walk stays there.
    Broken(u64, &'static str),
}

impl<'f> FrameWalk<'f> {
    pub(crate) fn new(file: &'f dyn DiskFile, offset: u64, end: u64) -> Self {
        Self { file, offset, end, buffer: Vec::new(), buffered_from: offset }
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame, verified against its checksum; `next` is the position that it must
    /// begin with, where that is known.
    pub(crate) fn step(&mut self, next: Option<Position>) -> io::Result<Step<'_>> {
        let at = self.offset;
        let header = match self.header(next)? {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(Step::End),
            Err(detail) => return Ok(Step::Broken(at, detail)),
        };
        let length = HEADER_BYTES + header.payload_bytes as usize;
        let payload = match self.bytes(length)? {
            Some(bytes) => &bytes[HEADER_BYTES..],
            None => return Ok(Step::Broken(at, CUT_OFF)),
        };
        if !cfg!(feature = "canary-torn-tail-believed") && header.verify(payload).is_err() {
            return Ok(Step::Broken(at, "the frame's checksum is wrong"));
        }
        self.offset = at + length as u64;
        // Borrowed again, because the walk moved.
        let start = usize::try_from(at - self.buffered_from).expect("within the buffer");
        Ok(Step::Frame(at, header, &self.buffer[start + HEADER_BYTES..start + length]))
    }

    /// Goes to the frame that holds `position`, by the headers only. What is passed over
    /// is not verified; that the positions follow one another is.
    pub(crate) fn skip_to(
        &mut self,
        mut next: Position,
        position: Position,
        passed: &mut dyn FnMut(Position, u64),
    ) -> io::Result<Result<Position, &'static str>> {
        loop {
            let header = match self.header(Some(next))? {
                Ok(Some(header)) => header,
                Ok(None) => return Ok(Ok(next)),
                Err(detail) => return Ok(Err(detail)),
            };
            passed(next, self.offset);
            let after = next.plus(u64::from(header.count));
            if position < after {
                return Ok(Ok(next));
            }
            if self.end - self.offset < header.frame_bytes() {
                return Ok(Err(CUT_OFF));
            }
            self.offset += header.frame_bytes();
            next = after;
        }
    }

    fn header(
        &mut self,
        next: Option<Position>,
    ) -> io::Result<Result<Option<FrameHeader>, &'static str>> {
        if self.offset >= self.end {
            return Ok(Ok(None));
        }
        let Some(bytes) = self.bytes(HEADER_BYTES)? else {
            return Ok(Err(CUT_OFF));
        };
        let Ok(header) = FrameHeader::decode(bytes) else {
            return Ok(Err("there is no frame"));
        };
        if header.count == 0 || next.is_some_and(|next| next != header.first) {
            return Ok(Err("the frame doesn't follow the one before"));
        }
        Ok(Ok(Some(header)))
    }

    // The next `length` bytes, or `None` where the file ends before.
    fn bytes(&mut self, length: usize) -> io::Result<Option<&[u8]>> {
        let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        if left < length {
            return Ok(None);
        }
        let ahead = self.offset - self.buffered_from;
        let mut start = usize::try_from(ahead).unwrap_or(usize::MAX).min(self.buffer.len());
        if self.buffer.len() - start < length {
            self.buffer.drain(..start);
            start = 0;
            self.buffered_from = self.offset;
            let filled = self.buffer.len();
            self.buffer.resize(length.max(CHUNK_BYTES).min(left), 0);
            let from = self.offset + filled as u64;
            let read = self.file.read_at(from, &mut self.buffer[filled..])?;
            self.buffer.truncate(filled + read);
        }
        Ok(self.buffer.get(start..start + length))
    }
}

const CUT_OFF: &str = "the frame is cut off";

/// Why the bytes of `file` from `offset` to `end`, which begin no sound frame, can't be one
/// frame that a crash tore; `None` where they can.
///
/// A torn frame is no longer than a frame may be, and no sound frame of records later than
/// `next` stands behind its beginning.
pub(crate) fn no_torn_frame(
    file: &dyn DiskFile,
    offset: u64,
    end: u64,
    next: Position,
) -> io::Result<Option<String>> {
    let longest = (HEADER_BYTES + PAYLOAD_BYTES_MAX) as u64;
    if end - offset > longest {
        return Ok(Some(format!("{} bytes behind are more than one frame", end - offset)));
    }
    let mut bytes = vec![0; usize::try_from(end - offset).expect("limited to a frame")];
    let read = file.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    for at in 1..bytes.len().saturating_sub(HEADER_BYTES - 1) {
        let Ok(header) = FrameHeader::decode(&bytes[at..]) else {
            continue;
        };
        let payload = bytes[at + HEADER_BYTES..].get(..header.payload_bytes as usize);
        if header.first > next && payload.is_some_and(|payload| header.verify(payload).is_ok()) {
            return Ok(Some(format!("a sound frame follows at byte {}", offset + at as u64)));
        }
    }
    Ok(None)
}
