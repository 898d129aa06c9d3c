//! Requests by `ledgerline-load ask`, and what it says of them.

use crate::bench::figures::{grouped, ratio, real};
use crate::bench::place::Place;
use crate::bench::proc::{Memory, Usage};
use crate::bench::running::{self, Watch};
use crate::json::Json;
use std::path::PathBuf;
use std::process::Stdio;

/// What was asked for, and how long it took.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Right answers.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// By kind, in the order in which they came first.
    pub kinds: Vec<(String, OfKind)>,
    /// What the server used.
    pub server: Usage,
    /// The most memory that it was seen with.
    pub peak: Memory,
    /// Processor seconds of the client.
    pub client_cpu_s: f64,
}

/// One kind of requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfKind {
    pub requests: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Asked {
    /// Right answers a second.
    pub fn rate(&self) -> f64 {
        ratio(real(self.requests), self.seconds)
    }

    /// Bytes a second.
    pub fn byte_rate(&self) -> f64 {
        ratio(real(self.bytes), self.seconds)
    }

    /// The greatest p99 of kinds that `which` names.
    pub fn worst_p99(&self, which: impl Fn(&str) -> bool) -> Option<f64> {
        let of = self.kinds.iter().filter(|(kind, of)| which(kind) && of.requests > 0);
        of.map(|(_, of)| of.p99).reduce(f64::max)
    }

    /// A row for each kind.
    pub fn rows(&self, first: &[String]) -> Vec<Vec<String>> {
        let rows = self.kinds.iter().map(|(kind, of)| {
            let mut row = first.to_vec();
            row.push(kind.clone());
            row.push(grouped(real(of.requests)));
            let times = [of.p50, of.p90, of.p99, of.p999, of.max];
            row.extend(times.iter().map(|time| format!("{time:.2}")));
            row
        });
        rows.collect()
    }
}

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Questions<'q> {
    /// Where it listens.
    pub url: &'q str,
    /// Its process.
    pub pid: u32,
    /// The lines, and the keys of who asks.
    pub files: (PathBuf, Option<PathBuf>),
    /// The client's other words.
    pub words: Vec<String>,
}

/// Asks.
///
/// # Errors
/// A sentence: an answer was wrong, or there was none.
pub fn ask(place: &Place, questions: &Questions<'_>) -> Result<Asked, String> {
    let mut client = place.load();
    client.args(["ask", "--url", questions.url, "--requests"]).arg(&questions.files.0);
    if let Some(keys) = &questions.files.1 {
        client.arg("--keys").arg(keys);
    }
    client.args(&questions.words).stdin(Stdio::null());
    let watch = Watch::begin(questions.pid);
    let before = Usage::of(questions.pid);
    let ran = running::run(&mut client);
    let server = Usage::of(questions.pid).since(before);
    let peak = watch.end();
    let ran = ran?;
    let asked = read(&Json::parse(&ran.output)?)?;
    Ok(Asked { server, peak, client_cpu_s: ran.usage.cpu_s, ..asked })
}

fn read(said: &Json) -> Result<Asked, String> {
    let mut asked = Asked {
        requests: said.count("requests")?,
        bytes: said.count("bytes")?,
        seconds: said.number("seconds")?,
        ..Asked::default()
    };
    let Some(Json::Object(kinds)) = said.at("kinds") else {
        return Err("the client says nothing of kinds".to_owned());
    };
    for (kind, of) in kinds {
        let time = |name: &str| of.number(&format!("latency_ms.{name}"));
        let of = OfKind {
            requests: of.count("requests")?,
            p50: time("p50")?,
            p90: time("p90")?,
            p99: time("p99")?,
            p999: time("p999")?,
            max: time("max")?,
        };
        asked.kinds.push((kind.clone(), of));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_says_is_read() {
        let said = "{\"requests\":3,\"bytes\":30,\"seconds\":1.5,\"kinds\":{\"a\":{\"requests\":3,\"bytes\":30,\
                    \"latency_ms\":{\"p50\":1,\"p90\":2,\"p99\":3.5,\"p999\":4,\"max\":5}}}}";
        let asked = read(&Json::parse(said).unwrap()).unwrap();
        assert!((asked.rate() - 2.0).abs() < 1e-9);
        assert_eq!(asked.worst_p99(|kind| kind == "a"), Some(3.5));
        assert_eq!(asked.worst_p99(|kind| kind == "b"), None);
        let row = &asked.rows(&["1M".to_owned()])[0];
        assert_eq!(row[..3], ["1M", "a", "3"]);
        assert!(read(&Json::parse("{\"requests\":3}").unwrap()).is_err());
    }
}
