//! All connections at work, and what came of it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::arguments::{Arguments, Mode};
use crate::http::{self, Connection, all_accepted};
use crate::input::{Bodies, Body};
use crate::latency::Latencies;

/// What was measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Reports that the server said are durable.
    pub accepted: u64,
    /// Requests that were answered 202.
    requests: u64,
    /// Bytes of the bodies of these.
    bytes: u64,
    /// Requests that were sent again because the answer was 429 or 503.
    retries: u64,
    /// From the first byte to the last answer.
    took: Duration,
    /// From the first byte until the server had counted all that was durable.
    counted: Option<Duration>,
    latencies: Latencies,
    /// The server vanished, as it was allowed to.
    gone: bool,
    /// Why the run is no good.
    pub wrong: Option<String>,
}

impl Measured {
    /// One line of JSON.
    pub fn as_json(&mut self) -> String {
        let seconds = self.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate to look at")]
        let rate = if seconds > 0.0 { self.accepted as f64 / seconds } else { 0.0 };
        let mut out = String::from("{");
        for (name, number) in [
            ("accepted", self.accepted),
            ("requests", self.requests),
            ("bytes", self.bytes),
            ("retries", self.retries),
        ] {
            // Writing to a string can't fail.
            let _ = write!(out, "\"{name}\":{number},");
        }
        if let Some(counted) = self.counted {
            let _ = write!(out, "\"counted_seconds\":{:.6},", counted.as_secs_f64());
        }
        let _ = write!(
            out,
            "\"seconds\":{seconds:.6},\"reports_per_second\":{rate:.0},\"latency_ms\":{},\"gone\":{}}}",
            self.latencies.as_json(),
            self.gone
        );
        out
    }
}

/// How often a body is sent again to a server that is busy.
const TRIES_MAX: u32 = 120;
/// How long to wait where a refusal doesn't say.
const RETRY_AFTER_S: u64 = 1;

/// How many durable records wait, by partition.
const LAG: &str = "ledgerline_counting_lag_records{";
/// How often is asked for it, and how many times.
const COUNTED_ASK_EVERY: Duration = Duration::from_millis(5);
const COUNTED_ASKS_MAX: u32 = 120_000;

struct Work {
    arguments: Arguments,
    /// Held over an await, by one task at a time.
    bodies: tokio::sync::Mutex<Bodies>,
    measured: RefCell<Measured>,
    began: Instant,
    /// The number of the next request, for when it is due.
    next: RefCell<u64>,
}

/// Sends everything.
///
/// # Errors
/// A sentence: the input can't be read, or the server isn't there.
pub fn run(arguments: &Arguments) -> Result<Measured, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let bodies = Bodies::open(arguments).map_err(|error| format!("the reports: {error}"))?;
    LocalSet::new().block_on(&runtime, send_all(arguments, bodies))
}

async fn send_all(arguments: &Arguments, bodies: Bodies) -> Result<Measured, String> {
    let content_type = match arguments.mode {
        Mode::Ndjson(_) => "application/x-ndjson",
        Mode::Single => "application/json",
    };
    let mut connections = Vec::new();
    for _ in 0..arguments.connections {
        let opened = Connection::open(arguments.address, &arguments.key, content_type).await;
        connections.push(opened.map_err(|error| format!("{}: {error}", arguments.address))?);
    }
    let work = Rc::new(Work {
        arguments: arguments.clone(),
        bodies: tokio::sync::Mutex::new(bodies),
        measured: RefCell::default(),
        began: Instant::now(),
        next: RefCell::new(0),
    });
    let senders: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::task::spawn_local(work.clone().send_on(connection)))
        .collect();
    for sender in senders {
        sender.await.map_err(|error| format!("a connection's task: {error}"))?;
    }
    let mut measured = work.measured.take();
    measured.took = work.began.elapsed();
    if measured.wrong.is_none() && !measured.gone {
        match until_counted(arguments).await {
            Ok(()) => measured.counted = Some(work.began.elapsed()),
            Err(reason) => measured.wrong = Some(reason),
        }
    }
    Ok(measured)
}

/// Asks for `/metrics` until nothing that is durable waits for being counted.
async fn until_counted(arguments: &Arguments) -> Result<(), String> {
    let cannot = |error: io::Error| format!("/metrics: {error}");
    for _ in 0..COUNTED_ASKS_MAX {
        let metrics = http::get(arguments.address, "/metrics").await.map_err(cannot)?;
        let lines = metrics.lines().filter(|line| line.starts_with(LAG));
        let mut waiting = lines.map(|line| line.rsplit_once(' ').map(|(_, records)| records));
        if waiting.all(|records| records == Some("0")) {
            return Ok(());
        }
        tokio::time::sleep(COUNTED_ASK_EVERY).await;
    }
    Err("the server doesn't come to count what it has".to_owned())
}

impl Work {
    /// One connection's requests, one after the other.
    async fn send_on(self: Rc<Self>, mut connection: Connection) {
        loop {
            let body = match self.take().await {
                Ok(Some((body, number, due))) => {
                    if due > Instant::now() {
                        tokio::time::sleep_until(due.into()).await;
                    }
                    let began = if self.arguments.rate.is_some() { due } else { Instant::now() };
                    let told = number >= self.arguments.warm_up;
                    self.send(&mut connection, &body).await.map(|()| (body, told.then_some(began)))
                }
                Ok(None) => return,
                Err(error) => Err(format!("the reports: {error}")),
            };
            match body {
                Ok((body, began)) => {
                    let mut measured = self.measured.borrow_mut();
                    if let Some(began) = began {
                        measured.latencies.add(began.elapsed());
                    }
                    measured.accepted += body.reports;
                    measured.requests += 1;
                    measured.bytes += body.bytes().len() as u64;
                }
                Err(reason) => {
                    if !self.measured.borrow().gone {
                        self.measured.borrow_mut().wrong.get_or_insert(reason);
                    }
                    return;
                }
            }
        }
    }

    /// The next body, how many reports were before it, and when it is due. None where another
    /// connection has failed.
    async fn take(&self) -> io::Result<Option<(Body, u64, Instant)>> {
        let ended = { self.measured.borrow().gone || self.measured.borrow().wrong.is_some() };
        if ended {
            return Ok(None);
        }
        let Some(body) = self.bodies.lock().await.next().await? else { return Ok(None) };
        let number = self.next.replace_with(|next| *next + body.reports);
        let due = match self.arguments.rate {
            Some(rate) => self.began + Duration::from_micros(number * 1_000_000 / rate),
            None => self.began,
        };
        Ok(Some((body, number, due)))
    }

    /// Sends a body until it is accepted.
    async fn send(&self, connection: &mut Connection, body: &Body) -> Result<(), String> {
        for _ in 0..TRIES_MAX {
            let answer = match connection.call(body.bytes()).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.measured.borrow_mut().gone |= self.arguments.until_gone;
                    return Err(format!("the connection broke: {error}"));
                }
            };
            match answer.status {
                202 if all_accepted(&answer.body) == Some(body.reports) => return Ok(()),
                429 | 503 => {
                    self.measured.borrow_mut().retries += 1;
                    let seconds = answer.retry_after_s.unwrap_or(RETRY_AFTER_S);
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                status => {
                    let said = String::from_utf8_lossy(&answer.body);
                    let said: String = said.chars().take(300).collect();
                    let sent = body.reports;
                    return Err(format!("a body of {sent} reports was answered {status}: {said}"));
                }
            }
        }
        Err(format!("a body was refused {TRIES_MAX} times as too much"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::path::PathBuf;
    use std::thread;

    /// Answers the requests of each connection with these, one after the other, and `/metrics` with
    /// nothing that waits. A connection for which there is no answer left is closed.
    fn server(answers: &'static [(u16, &'static str)]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let mut connections = listener.incoming();
            serve(&connections.next().unwrap().unwrap(), answers);
            serve(
                &connections.next().unwrap().unwrap(),
                &[(200, "ledgerline_counting_lag_records{} 0\n")],
            );
        });
        address
    }

    fn serve(stream: &TcpStream, answers: &[(u16, &str)]) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for (status, body) in answers {
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(number) = line.strip_prefix("Content-Length: ") {
                    length = number.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let head =
                format!("HTTP/1.1 {status} X\r\nretry-after: 0\r\ncontent-length: {}", body.len());
            write!(&mut &*stream, "{head}\r\n\r\n{body}").unwrap();
        }
    }

    fn sent(answers: &'static [(u16, &'static str)], until_gone: bool) -> Measured {
        let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "Cargo.toml"].iter().collect();
        // Any lines do for this server. All but the last are one body.
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        let arguments = Arguments {
            address: server(answers),
            key: "k".to_owned(),
            file: Some(file),
            mode: Mode::Ndjson(lines - 1),
            connections: 1,
            rate: None,
            warm_up: 0,
            streamed: false,
            until_gone,
        };
        run(&arguments).unwrap()
    }

    #[test]
    fn what_is_too_much_is_sent_again() {
        let lines = include_str!("../Cargo.toml").lines().count() - 1;
        let first: &str = format!("{{\"accepted\":{lines},\"rejected\":[]}}").leak();
        let last = (202, "{\"accepted\":1,\"rejected\":[]}");
        let answers = vec![(503, "{}"), (429, "{}"), (202, first), last].leak();
        let mut measured = sent(answers, false);
        assert_eq!(measured.wrong, None);
        assert_eq!((measured.accepted, measured.retries), (lines as u64 + 1, 2));
        let json = measured.as_json();
        assert!(
            json.contains("\"requests\":2,") && json.contains("\"counted_seconds\":"),
            "{json}"
        );
    }

    #[test]
    fn what_is_not_accepted_whole_is_wrong() {
        for (answer, expected) in [
            ((202, "{\"accepted\":1,\"rejected\":[{}]}"), "was answered 202"),
            ((401, "{\"title\":\"no\"}"), "was answered 401: {\"title\""),
        ] {
            let measured = sent(vec![answer].leak(), false);
            assert!(
                measured.wrong.as_deref().is_some_and(|why| why.contains(expected)),
                "{measured:?}"
            );
            assert_eq!(measured.accepted, 0);
        }
    }

    #[test]
    fn a_server_that_vanishes_is_wrong_unless_it_may() {
        assert!(sent(&[], false).wrong.is_some());
        let measured = sent(&[], true);
        assert!(measured.gone && measured.wrong.is_none());
    }
}
