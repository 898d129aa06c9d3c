//! `ledgerline serve`, with the reports of another process on the same cores.

use super::figures::{Latency, Syncs, Way};
use super::input::{Input, counts_of};
use super::place::{Place, remove};
use super::proc::Usage;
use super::running::{self, Ran, Watch};
use super::{ask, syncs};
use crate::json::Json;
use crate::server::Server;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How many reports a body of NDJSON has: a little more than a megabyte.
const BATCH_REPORTS: &str = "5000";
/// Requests of NDJSON under way at once.
const BATCH_CONNECTIONS: &str = "4";
/// Requests of single reports under way at once.
const SINGLE_CONNECTIONS: &str = "64";
/// What single reports must be carried at, a second.
pub const SINGLE_RATE: u64 = 15_000;
/// A start that takes longer hangs.
pub const READY_MAX: Duration = Duration::from_secs(900);

/// NDJSON in bodies.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure_bodies(place: &Place, input: &Input, short: &Input) -> Result<Vec<Way>, String> {
    let words = ["--batch-reports", BATCH_REPORTS, "--connections", BATCH_CONNECTIONS];
    let mut way = send(place, "http, NDJSON", input, &words)?;
    way.syncs = syncs_of(place, short, &words, &mut way);
    Ok(vec![way])
}

/// One report in each request: as many as go, then at the rate that is asked for.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure_single(place: &Place, input: &Input, short: &Input) -> Result<Vec<Way>, String> {
    let words = ["--single", "--connections", SINGLE_CONNECTIONS];
    let mut way = send(place, "http, single", input, &words)?;
    way.syncs = syncs_of(place, short, &words, &mut way);
    let rate = SINGLE_RATE.to_string();
    let paced = [words.as_slice(), &["--rate", &rate]].concat();
    let paced = send(place, &format!("http, single, {rate}/s"), input, &paced)?;
    Ok(vec![way, paced])
}

fn send(place: &Place, name: &str, input: &Input, words: &[&str]) -> Result<Way, String> {
    let data = place.fresh("data")?;
    let server = start(place.product(), place, &data)?;
    let key = place.key(&data)?;
    let watch = Watch::begin(server.pid());
    let before = Usage::of(server.pid());
    let sent =
        running::run(client(place, &server, &key).args(words).arg("--file").arg(&input.file));
    let usage = Usage::of(server.pid()).since(before);
    let peak = watch.end();
    let sent = sent?;
    let counts = counts_of(place, &data, input.right.plays)?;
    counts.compare(&input.right).map_err(|reason| format!("{name}: {reason}"))?;
    server.stop()?;
    remove(&data)?;
    let mut way = way_of(name, input, &sent)?;
    (way.usage, way.peak) = (usage, peak);
    Ok(way)
}

/// A server on `data`, ready.
///
/// # Errors
/// It doesn't start.
pub fn start(product: Command, place: &Place, data: &Path) -> Result<Server, String> {
    let server = Server::start_within(product, data, &place.path("server.log"), READY_MAX)?;
    ask::until_ready(ask::address(server.url())?, READY_MAX)?;
    Ok(server)
}

/// The client, still without what it sends.
pub fn client(place: &Place, server: &Server, key: &str) -> Command {
    let mut client = place.load();
    client.args(["--url", server.url()]).env("LEDGERLINE_KEY", key).stdin(Stdio::null());
    client
}

/// The figures out of what the client printed; those of the server are to be added.
fn way_of(name: &str, input: &Input, sent: &Ran) -> Result<Way, String> {
    let said = Json::parse(&sent.output)?;
    let accepted = said.count("accepted")?;
    if accepted != input.reports {
        return Err(format!("{name}: {accepted} of {} reports were accepted", input.reports));
    }
    let durable_s = said.number("seconds")?;
    let latency = Latency {
        p50: said.number("latency_ms.p50")?,
        p99: said.number("latency_ms.p99")?,
        p999: said.number("latency_ms.p999")?,
        max: said.number("latency_ms.max")?,
    };
    let retries = said.count("retries")?;
    Ok(Way {
        name: name.to_owned(),
        reports: input.reports,
        received_bytes: input.bytes,
        seconds: said.number("counted_seconds")?,
        sender_cpu_s: Some(sent.usage.cpu_s),
        latency: Some(latency),
        notes: vec![format!(
            "{name}: all acknowledged after {durable_s:.2} s; ms for an answer: p50 {:.2}, p99 {:.2}, \
             p999 {:.2}, max {:.2}; sent again {retries} times",
            latency.p50, latency.p99, latency.p999, latency.max
        )],
        ..Way::default()
    })
}

/// The same once more under strace, with fewer reports.
fn syncs_of(place: &Place, short: &Input, words: &[&str], way: &mut Way) -> Option<Syncs> {
    let counted = syncs::available().and_then(|()| {
        let data = place.fresh("data")?;
        let summary = place.path("syncs.txt");
        let server = start(syncs::under(place, &summary), place, &data)?;
        let key = place.key(&data)?;
        running::run(client(place, &server, &key).args(words).arg("--file").arg(&short.file))?;
        server.stop()?;
        let syncs = syncs::read(&summary, short.reports)?;
        remove(&data)?;
        Ok(syncs)
    });
    counted.map_err(|reason| way.notes.push(format!("syncs not counted: {reason}"))).ok()
}
