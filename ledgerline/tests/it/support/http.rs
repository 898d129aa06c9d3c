//! HTTP/1.1 by hand: the tests must be able to say what no decent client says.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::DEADLINE;

/// Where reports are sent.
pub const REPORT: &str = "/api/v1/playback/report";
/// One report a line.
pub const NDJSON: &str = "application/x-ndjson";
/// One report, or an array.
pub const JSON: &str = "application/json";

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it isn't.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as JSON, where the answer has this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{body}");
        self.json()
    }

    /// A refusal of this status and code, in the form that every refusal has (RFC 9457).
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("urn:ledgerline:problem:{code}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }
}

/// A connection that stays.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects. Reading and writing fail where nothing moves for too long.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Says that nothing more is sent.
    pub fn end_sending(&mut self) -> io::Result<()> {
        self.stream.get_ref().shutdown(std::net::Shutdown::Write)
    }

    /// Reads one answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| malformed(&line))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            while let length @ 1.. = self.chunk_length()? {
                self.read_into(&mut answer.body, length)?;
                self.line()?;
            }
            self.line()?;
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(|_| malformed(length))?;
            self.read_into(&mut answer.body, length)?;
        }
        Ok(answer)
    }

    /// Sends a request and reads its answer.
    pub fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        // A server that refuses a request early may stop reading: its answer says why.
        let sent = self.send(request);
        self.answer().map_err(|error| sent.err().unwrap_or(error))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn chunk_length(&mut self) -> io::Result<usize> {
        let line = self.line()?;
        usize::from_str_radix(&line, 16).map_err(|_| malformed(&line))
    }

    fn read_into(&mut self, body: &mut Vec<u8>, length: usize) -> io::Result<()> {
        let start = body.len();
        body.resize(start + length, 0);
        self.stream.read_exact(&mut body[start..])
    }
}

fn malformed(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP: {line:?}"))
}

/// The API of a server, with a key or without.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where it is.
    pub address: SocketAddr,
    /// The key.
    pub key: Option<String>,
}

impl Api {
    /// A request as bytes; `headers` are whole lines.
    pub fn request(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: ledgerline\r\n");
        if let Some(key) = &self.key {
            head.push_str(&format!("Authorization: Bearer {key}\r\n"));
        }
        let lengthy = headers.iter().any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with("content-length:") || line.starts_with("transfer-encoding:")
        });
        if method != "GET" && !lengthy {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for line in headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }

    /// Sends a request on a connection of its own.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let request = self.request(method, path, headers, body);
        let answer = Connection::open(self.address).and_then(|mut it| it.call(&request));
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    /// `POST` of JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["Content-Type: application/json"], body.to_string().as_bytes())
    }

    /// Sends reports, one a line.
    #[track_caller]
    pub fn report(&self, lines: &str) -> Answer {
        self.send("POST", REPORT, &["Content-Type: application/x-ndjson"], lines.as_bytes())
    }
}
