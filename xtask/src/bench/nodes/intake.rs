//! How long a producer waits until its reports are durable on the log, at a steady rate.

use super::ground::Ground;
use crate::bench::figures::{Latency, grouped, real};
use crate::bench::input::{Input, generator};
use crate::bench::place::Place;
use crate::bench::running;
use crate::cli::BenchNodes;
use crate::json::Json;

/// As a player's backend sends them: few at a time.
const BATCH_REPORTS: &str = "100";
const CONNECTIONS: &str = "64";

/// What came of it.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Reports a second that were acknowledged.
    pub rate: f64,
    /// From when a body was due until its 202.
    pub latency: Latency,
    /// Bodies that were sent again.
    pub retries: u64,
}

/// Sends to one node that only takes reports in.
///
/// # Errors
/// A sentence: not all was accepted.
pub fn measure(place: &Place, ground: &Ground, options: &BenchNodes) -> Result<Intake, String> {
    let reports = options.rate * options.seconds;
    let input = Input::generate_by(place, "intake", reports, generator(place, reports, 5))?;
    let cluster = ground.cluster(place, "intake")?;
    let node = cluster.start(place, &cluster.config("ingest", "\"ingest\"", "")?)?;
    let mut client = node.client(place)?;
    client.args(["--batch-reports", BATCH_REPORTS, "--connections", CONNECTIONS, "--rate"]);
    client.arg(options.rate.to_string()).arg("--file").arg(&input.file);
    let sent = running::run(&mut client)?;
    node.server.stop()?;
    let said = Json::parse(&sent.output)?;
    let accepted = said.count("accepted")?;
    if accepted != reports {
        return Err(format!("{accepted} of {reports} reports were accepted"));
    }
    let ms = |name: &str| said.number(&format!("latency_ms.{name}"));
    Ok(Intake {
        rate: real(accepted) / said.number("seconds")?,
        latency: Latency { p50: ms("p50")?, p99: ms("p99")?, p999: ms("p999")?, max: ms("max")? },
        retries: said.count("retries")?,
    })
}

impl Intake {
    /// A line for people.
    pub fn line(&self) -> String {
        let Latency { p50, p99, p999, max } = self.latency;
        format!(
            "intake: {} reports/s in bodies of {BATCH_REPORTS}; ms until the 202, from when each body was \
             due: p50 {p50:.2}, p99 {p99:.2}, p999 {p999:.2}, max {max:.2}; sent again {} times",
            grouped(self.rate),
            self.retries
        )
    }
}
