//! Asking a server for what a file says, by several clients at once, each a thread with its connection.
//!
//! Threads, and not tasks: a thread that sleeps until its request is due wakes within some tens of
//! microseconds, where timers of runtimes count milliseconds.

pub mod arguments;
mod connection;
mod line;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::latency::Latencies;
use arguments::Arguments;
use connection::Connection;
use line::Line;

/// What was measured of one kind of requests.
#[derive(Debug, Default)]
struct OfKind {
    requests: u64,
    bytes: u64,
    latencies: Latencies,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Asked {
    kinds: Vec<(String, OfKind)>,
    took: Duration,
    /// Why the run is no good.
    pub wrong: Option<String>,
}

impl Asked {
    /// One line of JSON.
    pub fn as_json(&mut self) -> String {
        let requests: u64 = self.kinds.iter().map(|(_, of)| of.requests).sum();
        let bytes: u64 = self.kinds.iter().map(|(_, of)| of.bytes).sum();
        let seconds = self.took.as_secs_f64();
        let mut out = format!(
            "{{\"requests\":{requests},\"bytes\":{bytes},\"seconds\":{seconds:.6},\"kinds\":{{"
        );
        for (number, (kind, of)) in self.kinds.iter_mut().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            // Writing to a string can't fail.
            let _ = write!(
                out,
                "{comma}\"{kind}\":{{\"requests\":{},\"bytes\":{},\"latency_ms\":{}}}",
                of.requests,
                of.bytes,
                of.latencies.as_json()
            );
        }
        out + "}}"
    }
}

/// What all clients share.
struct Work {
    arguments: Arguments,
    lines: Vec<Line>,
    kinds: usize,
    next: AtomicUsize,
    failed: AtomicBool,
    /// All are connected, and the clock starts.
    ready: Barrier,
}

/// Asks for everything.
///
/// # Errors
/// A sentence: what is to be asked can't be read, or the server isn't there.
pub fn run(arguments: &Arguments) -> Result<Asked, String> {
    let (lines, names) = line::read(&read(&arguments.requests)?)?;
    let keys = arguments.keys.as_deref().map(read).transpose()?.unwrap_or_default();
    let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
    let work = Work {
        arguments: arguments.clone(),
        lines,
        kinds: names.len(),
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        ready: Barrier::new(arguments.connections + 1),
    };
    let mut asked = Asked::default();
    asked.kinds.extend(names.into_iter().map(|name| (name, OfKind::default())));
    let mut connections = Vec::with_capacity(arguments.connections);
    for client in 0..arguments.connections {
        let key = (!keys.is_empty()).then(|| keys[client % keys.len()]);
        let opened = Connection::open(arguments.address, client, key);
        connections.push(opened.map_err(|error| format!("{}: {error}", arguments.address))?);
    }
    thread::scope(|scope| {
        let clients: Vec<_> = (connections.into_iter())
            .map(|connection| scope.spawn(|| work.ask_on(connection)))
            .collect();
        work.ready.wait();
        let began = Instant::now();
        for client in clients {
            let (kinds, wrong) = client
                .join()
                .unwrap_or_else(|_| (Vec::new(), Some("a client's thread broke off".to_owned())));
            asked.took = began.elapsed();
            asked.wrong = asked.wrong.take().or(wrong);
            for ((_, all), of) in asked.kinds.iter_mut().zip(kinds) {
                all.requests += of.requests;
                all.bytes += of.bytes;
                all.latencies.take(of.latencies);
            }
        }
    });
    Ok(asked)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

impl Work {
    /// One client's requests, one after the other.
    fn ask_on(&self, mut connection: Connection) -> (Vec<OfKind>, Option<String>) {
        let mut kinds: Vec<OfKind> = (0..self.kinds).map(|_| OfKind::default()).collect();
        self.ready.wait();
        let start = Instant::now();
        while let Some((number, line)) = self.take(start) {
            let mut began = Instant::now();
            if let Some(rate) = self.arguments.rate {
                let due = start + Duration::from_nanos(number as u64 * 1_000_000_000 / rate);
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a rate is kept by waiting for times"
                )]
                thread::sleep(due.saturating_duration_since(began));
                // Who waits behind a slow answer has waited since it was due.
                began = due;
            }
            let answered = connection.ask(line);
            let took = began.elapsed();
            let of = &mut kinds[line.kind];
            match answered {
                Ok(bytes) => {
                    of.requests += 1;
                    of.bytes += bytes;
                    if number >= self.arguments.warm_up {
                        of.latencies.add(took);
                    }
                }
                Err(reason) => {
                    self.failed.store(true, Ordering::Relaxed);
                    return (kinds, Some(reason));
                }
            }
            if self.arguments.together {
                break;
            }
        }
        (kinds, None)
    }

    /// The next request and its number; `None` at the end, or where another client has failed.
    fn take(&self, start: Instant) -> Option<(usize, &Line)> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if self.arguments.together {
            return Some((number, &self.lines[0]));
        }
        match self.arguments.seconds {
            Some(seconds) if start.elapsed() >= Duration::from_secs(seconds) => None,
            Some(_) => Some((number, &self.lines[number % self.lines.len()])),
            None => self.lines.get(number).map(|line| (number, line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};

    /// Answers requests by their path: `/n` with n bytes.
    fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    while let Some(Ok(first)) = lines.next() {
                        let ranged = lines
                            .by_ref()
                            .map_while(Result::ok)
                            .take_while(|line| !line.is_empty())
                            .filter(|line| line.starts_with("Range"))
                            .count();
                        let path = first.split(' ').nth(1).unwrap().trim_matches('/').to_owned();
                        let bytes = path.parse::<usize>();
                        let status = match bytes {
                            Ok(_) if ranged > 0 => 206,
                            Ok(_) => 200,
                            Err(_) => 404,
                        };
                        let body = "x".repeat(bytes.unwrap_or(0));
                        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}", body.len());
                        write!(&stream, "{head}\r\n\r\n{body}").unwrap();
                    }
                });
            }
        });
        address
    }

    fn asked(name: &str, lines: &str, change: impl Fn(&mut Arguments)) -> Asked {
        let file = std::env::temp_dir().join(format!("load-{}-{name}", std::process::id()));
        fs::write(&file, lines).unwrap();
        let words = format!("--url {} --requests {} --connections 3", server(), file.display());
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let mut arguments = arguments::parse(&words).unwrap();
        change(&mut arguments);
        let asked = run(&arguments);
        fs::remove_file(&file).unwrap();
        asked.unwrap()
    }

    #[test]
    fn everything_is_asked_for_once_and_counted_by_kind() {
        let lines = "a GET /5\nb GET /1000000\na GET /7\nc GET /3 10-12\n";
        let mut all = asked("once", lines, |_| {});
        assert_eq!(all.wrong, None);
        let of = |at: usize| (all.kinds[at].1.requests, all.kinds[at].1.bytes);
        assert_eq!((of(0), of(1), of(2)), ((2, 12), (1, 1_000_000), (1, 3)));
        let json = all.as_json();
        assert!(json.starts_with("{\"requests\":4,\"bytes\":1000015,"), "{json}");
        assert!(json.contains("\"b\":{\"requests\":1,"), "{json}");
    }

    #[test]
    fn together_everybody_asks_for_the_first() {
        let all = asked("together", "a GET /5\nb GET /1\n", |arguments| arguments.together = true);
        let of = |at: usize| all.kinds[at].1.requests;
        assert_eq!((of(0), of(1), all.wrong.as_deref()), (3, 0, None));
    }

    #[test]
    fn a_wrong_answer_ends_it() {
        for (name, lines) in [("gone", "a GET /x\n"), ("short", "a GET /3 0-8\n")] {
            let all = asked(name, lines, |_| {});
            assert!(all.wrong.is_some(), "{name}");
        }
    }
}
