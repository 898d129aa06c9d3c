//! One connection: HTTP/1.1 as far as this client needs it.

use std::io::{self, IoSlice, Write};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// After how many seconds to try again, where it says so.
    pub retry_after_s: Option<u64>,
    /// Its body.
    pub body: Vec<u8>,
}

/// A connection that stays open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Everything of a request's head but its length.
    head: Vec<u8>,
    request: Vec<u8>,
    read: Vec<u8>,
}

/// An answer longer than this is none of ours.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// A body up to this size is copied behind its head and sent with one call.
const SMALL_BYTES: usize = 4096;

impl Connection {
    /// Connects, and puts together what every head has.
    ///
    /// # Errors
    /// The server isn't there.
    pub async fn open(address: SocketAddr, key: &str, content_type: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /api/v1/playback/report HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: {content_type}\r\nContent-Length: "
        );
        Ok(Self { stream, head: head.into_bytes(), request: Vec::new(), read: Vec::new() })
    }

    /// Sends a body and reads the answer.
    ///
    /// # Errors
    /// The connection broke, or what came is no HTTP.
    pub async fn call(&mut self, body: &[u8]) -> io::Result<Answer> {
        self.request.clear();
        self.request.extend_from_slice(&self.head);
        write!(self.request, "{}\r\n\r\n", body.len())?;
        if body.len() <= SMALL_BYTES {
            self.request.extend_from_slice(body);
            self.stream.write_all(&self.request).await?;
        } else {
            let parts = [IoSlice::new(&self.request), IoSlice::new(body)];
            let sent = self.stream.write_vectored(&parts).await?;
            let head_left = self.request.get(sent..).unwrap_or_default();
            self.stream.write_all(head_left).await?;
            let body_sent = sent.saturating_sub(self.request.len());
            self.stream.write_all(&body[body_sent..]).await?;
        }
        self.read.clear();
        loop {
            if let Some(answer) = parse(&self.read)? {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.read.len() > ANSWER_BYTES_MAX {
                return Err(malformed("an answer without an end"));
            }
        }
    }
}

/// `GET` on a connection of its own; the body of an answer 200.
///
/// # Errors
/// The server isn't there, or answers otherwise.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await?;
    match parse(&read)? {
        Some(Answer { status: 200, body, .. }) => {
            String::from_utf8(body).map_err(|_| malformed("a body that is no text"))
        }
        _ => Err(malformed("no whole answer 200")),
    }
}

/// The answer in `read`; `None` where it isn't whole yet.
fn parse(read: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head =
        std::str::from_utf8(&read[..end]).map_err(|_| malformed("a head that is no text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| malformed("a head without a status"))?;
    let (mut length, mut retry_after_s) = (None, None);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("retry-after") {
            retry_after_s = value.trim().parse().ok();
        }
    }
    let length: usize = length.ok_or_else(|| malformed("an answer without its length"))?;
    let body = &read[end + 4..];
    let whole = body.len() >= length;
    Ok(whole.then(|| Answer { status, retry_after_s, body: body[..length].to_vec() }))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server sent {what}"))
}

/// How many reports an answer says are durable, where it rejects none.
pub fn all_accepted(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.strip_prefix("{\"accepted\":")?;
    let (number, rest) = rest.split_once(',')?;
    // Where they are kept stands between.
    let kept = ["\"kept\":\"log\",", "\"kept\":\"spool\","];
    let rest = kept.iter().find_map(|kept| rest.strip_prefix(kept)).unwrap_or(rest);
    (rest == "\"rejected\":[]}").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let text =
            b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nContent-Length: 2\r\n\r\n{}";
        for part in 0..text.len() {
            assert_eq!(parse(&text[..part]).unwrap(), None, "{part}");
        }
        let expected = Answer { status: 503, retry_after_s: Some(2), body: b"{}".to_vec() };
        assert_eq!(parse(text).unwrap(), Some(expected));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"hello\r\n\r\n").is_err());
    }

    #[test]
    fn only_a_whole_acceptance_is_one() {
        assert_eq!(all_accepted(b"{\"accepted\":17,\"rejected\":[]}"), Some(17));
        assert_eq!(all_accepted(b"{\"accepted\":17,\"kept\":\"spool\",\"rejected\":[]}"), Some(17));
        assert_eq!(all_accepted(b"{\"accepted\":1,\"rejected\":[{\"line\":1}]}"), None);
        assert_eq!(all_accepted(b"{}"), None);
    }
}
