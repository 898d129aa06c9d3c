//! Asking a running server: `/readyz` and `/metrics`.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::running::pause;

/// An answer that takes longer has been lost.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How often is asked until something has come about.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// `GET`: status and body.
///
/// # Errors
/// The server doesn't answer, or not in HTTP.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let answer = call(address, "GET", path, &[], "")?;
    let body = String::from_utf8(answer.body).map_err(|_| malformed())?;
    Ok((answer.status, body))
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its head, line by line.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }
}

/// A request on a connection of its own; a body is JSON.
///
/// # Errors
/// The server doesn't answer, or not in HTTP.
pub fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        request += "Content-Type: application/json\r\n";
    }
    if method != "GET" {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(malformed)?;
    let head = String::from_utf8(bytes[..end].to_vec()).map_err(|_| malformed())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = bytes.split_off(end + 4);
    Ok(Answer { status: status.ok_or_else(malformed)?, head, body })
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no HTTP")
}

/// The address in `http://ADDRESS:PORT`.
///
/// # Errors
/// A sentence, where there is none.
pub fn address(url: &str) -> Result<SocketAddr, String> {
    let address = url.strip_prefix("http://").and_then(|rest| rest.parse().ok());
    address.ok_or_else(|| format!("`{url}` is no http://ADDRESS:PORT"))
}

/// Waits until `/readyz` says so.
///
/// # Errors
/// A sentence, where that takes longer than `limit`.
pub fn until_ready(address: SocketAddr, limit: Duration) -> Result<(), String> {
    let is_ready = || Ok(get(address, "/readyz").is_ok_and(|(status, _)| status == 200));
    until(limit, "the server isn't ready", is_ready)
}

/// Waits until all that is durable is judged and committed.
///
/// # Errors
/// A sentence, where that takes longer than `limit`, or counting has stopped.
pub fn until_counted(address: SocketAddr, limit: Duration) -> Result<(), String> {
    until(limit, "the server hasn't counted everything", || {
        let metrics = Metrics::of(address)?;
        if metrics.sum("ledgerline_counting_stopped") > 0 {
            return Err("counting has stopped".to_owned());
        }
        Ok(metrics.sum("ledgerline_counting_lag_records") == 0)
    })
}

/// Waits until `holds`.
///
/// # Errors
/// `what` and the limit, or what `holds` says.
pub fn until(
    limit: Duration,
    what: &str,
    mut holds: impl FnMut() -> Result<bool, String>,
) -> Result<(), String> {
    let began = Instant::now();
    while !holds()? {
        if began.elapsed() > limit {
            return Err(format!("{what} after {} s", limit.as_secs()));
        }
        pause(ASK_EVERY);
    }
    Ok(())
}

/// `/metrics` at one moment.
#[derive(Clone, Debug)]
pub struct Metrics {
    text: String,
}

impl Metrics {
    /// Asks for them.
    ///
    /// # Errors
    /// A sentence: the server doesn't answer.
    pub fn of(address: SocketAddr) -> Result<Metrics, String> {
        match get(address, "/metrics") {
            Ok((200, text)) => Ok(Metrics { text }),
            Ok((status, _)) => Err(format!("/metrics was answered {status}")),
            Err(error) => Err(format!("/metrics: {error}")),
        }
    }

    /// A metric, summed over its labels; 0 where there is none of that name.
    pub fn sum(&self, name: &str) -> u64 {
        self.rows(name).map(|(_, value)| value).sum()
    }

    /// A metric by what one of its labels says, summed over the others.
    pub fn by_label(&self, name: &str, label: &str) -> BTreeMap<String, u64> {
        let begins = format!("{label}=\"");
        let mut rows = BTreeMap::new();
        for (labels, value) in self.rows(name) {
            let of = labels.split(',').find_map(|it| it.strip_prefix(&begins)?.strip_suffix('"'));
            *rows.entry(of.unwrap_or_default().to_owned()).or_insert(0) += value;
        }
        rows
    }

    /// Labels and value of each line of a metric.
    fn rows<'m>(&'m self, name: &'m str) -> impl Iterator<Item = (&'m str, u64)> {
        self.text.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = match rest.strip_prefix('{') {
                Some(labels) => labels.split_once("} ")?,
                None => ("", rest.strip_prefix(' ')?),
            };
            Some((labels, value.trim().parse().ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_summed_over_labels() {
        let text = "# HELP a_b x\na_b{p=\"0\"} 3\na_b{p=\"1\"} 4\na_b_c 9\na_b_d{x=\"} 1\"} 2\n";
        let metrics = Metrics { text: text.to_owned() };
        assert_eq!(metrics.sum("a_b"), 7);
        assert_eq!(metrics.sum("a_b_c"), 9);
        assert_eq!(metrics.sum("a"), 0);
        let by_p = metrics.by_label("a_b", "p");
        assert_eq!(by_p, BTreeMap::from([("0".to_owned(), 3), ("1".to_owned(), 4)]));
    }

    #[test]
    fn what_doesnt_come_about_is_told() {
        let told = until(Duration::ZERO, "nothing", || Ok(false)).unwrap_err();
        assert_eq!(told, "nothing after 0 s");
        assert!(address("https://x").is_err() && address("http://127.0.0.1:7").is_ok());
    }
}
