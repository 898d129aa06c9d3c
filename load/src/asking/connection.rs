//! One client's connection: a request, and an answer whose bytes are counted and let go.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::line::Line;

/// What is read at once: an answer's body goes through the same memory, so that it stays in the cache.
const BUFFER_BYTES: usize = 256 << 10;
/// A head longer than this is none of ours.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// An answer that takes longer has been lost.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A connection that stays open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// What every head ends with.
    tail: String,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body begins.
    end: usize,
    body_bytes: u64,
}

impl Connection {
    /// Connects as the client of this number.
    ///
    /// # Errors
    /// The server isn't there.
    pub fn open(address: SocketAddr, client: usize, key: Option<&str>) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let mut tail = format!("Host: {address}\r\nX-Device-Id: client-{client}\r\n");
        if let Some(key) = key {
            tail += &format!("Authorization: Bearer {key}\r\n");
        }
        tail += "\r\n";
        Ok(Self { stream, tail, request: Vec::new(), buffer: vec![0; BUFFER_BYTES] })
    }

    /// Sends a request, and reads its answer to the end: how many bytes the body had.
    ///
    /// # Errors
    /// A sentence: the connection broke, or the answer isn't right.
    pub fn ask(&mut self, line: &Line) -> Result<u64, String> {
        let first = || line.head.lines().next().unwrap_or_default();
        let broke = |error: io::Error| format!("`{}`: {error}", first());
        self.request.clear();
        self.request.extend_from_slice(line.head.as_bytes());
        self.request.extend_from_slice(self.tail.as_bytes());
        self.stream.write_all(&self.request).map_err(broke)?;
        let mut read = 0;
        let head = loop {
            let more = self.stream.read(&mut self.buffer[read..]).map_err(broke)?;
            if more == 0 {
                return Err(broke(io::ErrorKind::UnexpectedEof.into()));
            }
            read += more;
            match parse(&self.buffer[..read]).map_err(broke)? {
                Some(head) => break head,
                None if read >= HEAD_BYTES_MAX => {
                    return Err(broke(malformed("a head without an end")));
                }
                None => {}
            }
        };
        let mut left = head.body_bytes.checked_sub((read - head.end) as u64);
        while let Some(waiting) = left.filter(|left| *left > 0) {
            let most = usize::try_from(waiting).unwrap_or(usize::MAX).min(self.buffer.len());
            let more = self.stream.read(&mut self.buffer[..most]).map_err(broke)?;
            if more == 0 {
                return Err(broke(io::ErrorKind::UnexpectedEof.into()));
            }
            left = waiting.checked_sub(more as u64);
        }
        let expected = if line.range_bytes.is_some() { 206 } else { 200 };
        if left.is_none() || head.status != expected {
            let (status, bytes) = (head.status, head.body_bytes);
            return Err(format!("`{}` was answered {status} with {bytes} bytes", first()));
        }
        if line.range_bytes.is_some_and(|bytes| bytes != head.body_bytes) {
            let (bytes, wanted) = (head.body_bytes, line.range_bytes.unwrap_or_default());
            return Err(format!("`{}` got {bytes} bytes in the place of {wanted}", first()));
        }
        Ok(head.body_bytes)
    }
}

/// The head in what was read; `None` where it isn't whole yet.
fn parse(read: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head =
        std::str::from_utf8(&read[..end]).map_err(|_| malformed("a head that is no text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| malformed("a head without a status"))?;
    let body_bytes = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        let is_length = name.eq_ignore_ascii_case("content-length");
        if is_length { value.trim().parse().ok() } else { None }
    });
    let body_bytes = body_bytes.ok_or_else(|| malformed("an answer without its length"))?;
    Ok(Some(Head { status, end: end + 4, body_bytes }))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server sent {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let text =
            b"HTTP/1.1 206 Partial Content\r\ncontent-length: 7\r\nContent-Range: x\r\n\r\nabc";
        for part in 0..text.len() - 3 {
            assert_eq!(parse(&text[..part]).unwrap(), None, "{part}");
        }
        let expected = Head { status: 206, end: text.len() - 3, body_bytes: 7 };
        assert_eq!(parse(text).unwrap(), Some(expected));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
