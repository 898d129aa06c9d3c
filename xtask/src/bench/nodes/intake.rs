//! How long a producer waits until its reports are durable on the log, at a steady rate; beside Kafka's
//! own producer, which has the same records to send.

use super::ground::{Cluster, Ground, Node};
use crate::bench::figures::{Latency, grouped, real};
use crate::bench::input::{Input, generator};
use crate::bench::place::Place;
use crate::bench::running;
use crate::cli::BenchNodes;
use crate::json::Json;
use crate::programs::succeed;
use crate::services::kafka;
use std::path::Path;
use std::process::Command;

/// As a player's backend sends them: few at a time.
const BATCH_REPORTS: &str = "100";
const CONNECTIONS: &str = "64";
/// Seconds before those that are measured: connections open, and three brokers of Java on two processors
/// take about that long to compile what they run.
const WARM_UP_S: u64 = 30;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Intake {
    /// How the brokers keep what they acknowledge.
    pub kept: &'static str,
    /// Reports a second that were acknowledged.
    pub rate: f64,
    /// From when a body was due until its 202.
    pub latency: Latency,
    /// Bodies that were sent again.
    pub retries: u64,
    /// From when a group of as many records was due until Kafka's producer had all acknowledged.
    pub peer: Latency,
}

/// Sends to one node that only takes reports in, then with Kafka's producer to the same brokers; for
/// each way in which the brokers may keep them.
///
/// # Errors
/// A sentence: not all was accepted.
pub fn measure(
    place: &Place,
    ground: &Ground,
    options: &BenchNodes,
) -> Result<Vec<Intake>, String> {
    let reports = options.rate * (options.seconds + WARM_UP_S);
    let input = Input::generate_by(place, "intake", reports, generator(place, reports, 5))?;
    let ways: &[(&str, bool, &str)] = match options.brokers {
        1 => &[
            ("intake", false, "one broker, as Kafka keeps it by default"),
            ("intake_synced", true, "one broker that syncs each batch"),
        ],
        _ => &[("intake", false, "three brokers, two in sync")],
    };
    let mut measured = Vec::new();
    for (name, synced, kept) in ways {
        let cluster = ground.cluster_synced(place, name, *synced)?;
        let (rate, latency, retries) = of_node(place, &cluster, &input, options)?;
        let other = ground.cluster_synced(place, &format!("{name}_peer"), *synced)?;
        let peer = of_peer(place, ground, [&cluster.topic, &other.topic], options)?;
        let intake = Intake { kept, rate, latency, retries, peer };
        println!("  {}", intake.line());
        measured.push(intake);
    }
    Ok(measured)
}

fn of_node(
    place: &Place,
    cluster: &Cluster<'_>,
    input: &Input,
    options: &BenchNodes,
) -> Result<(f64, Latency, u64), String> {
    let node = cluster.start(place, &cluster.config("ingest", "\"ingest\"", "")?)?;
    let warm_up = options.rate * WARM_UP_S;
    let said = paced(place, &node, &input.file, (options.rate, warm_up))?;
    node.server.stop()?;
    let accepted = said.count("accepted")?;
    if accepted != input.reports {
        return Err(format!("{accepted} of {} reports were accepted", input.reports));
    }
    let rate = real(accepted) / said.number("seconds")?;
    Ok((rate, latency(&said, "latency_ms.")?, said.count("retries")?))
}

/// Compiles and runs `bench/kafka-producer/ProducerPace.java`.
fn of_peer(
    place: &Place,
    ground: &Ground,
    topics: [&str; 2],
    options: &BenchNodes,
) -> Result<Latency, String> {
    let jars = format!("{}/*", kafka::ensure(&place.kept)?.display());
    let classes = place.fresh("producer-classes")?;
    let source = place.root.join("bench/kafka-producer/ProducerPace.java");
    succeed(Command::new("javac").args(["-cp", &jars, "-d"]).args([&classes, &source]))
        .map_err(|reason| format!("javac {}: {reason}", source.display()))?;
    let mut command = Command::new("java");
    command.args(["-XX:+UseG1GC", "-Xms2g", "-Xmx2g", "-cp"]);
    command.arg(format!("{}:{jars}", classes.display())).arg("ProducerPace");
    command.arg(&ground.brokers).args(topics).arg(BATCH_REPORTS);
    command.args([options.rate, options.seconds, WARM_UP_S].map(|number| number.to_string()));
    let ran = running::run(&mut command)?;
    let line = ran.output.lines().last().unwrap_or_default();
    latency(&Json::parse(line)?, "")
}

fn latency(said: &Json, before: &str) -> Result<Latency, String> {
    let ms = |name: &str| said.number(&format!("{before}{name}"));
    Ok(Latency { p50: ms("p50")?, p99: ms("p99")?, p999: ms("p999")?, max: ms("max")? })
}

/// Sends a file at a steady rate, as a player's backend does; what the client says of it. The first
/// `warm_up` reports aren't in its figures.
///
/// # Errors
/// A sentence.
pub fn paced(
    place: &Place,
    node: &Node,
    file: &Path,
    (rate, warm_up): (u64, u64),
) -> Result<Json, String> {
    let mut client = node.client(place)?;
    client.args(["--batch-reports", BATCH_REPORTS, "--connections", CONNECTIONS, "--rate"]);
    client.arg(rate.to_string()).arg("--file").arg(file);
    client.arg("--warm-up").arg(warm_up.to_string());
    Json::parse(&running::run(&mut client)?.output)
}

impl Intake {
    /// A line for people.
    pub fn line(&self) -> String {
        let of = |it: &Latency| {
            format!("p50 {:.2}, p99 {:.2}, p999 {:.2}, max {:.2}", it.p50, it.p99, it.p999, it.max)
        };
        format!(
            "intake, {}: {} reports/s in bodies of {BATCH_REPORTS}; ms until the 202, from when each body \
             was due: {}; sent again {} times. Kafka's producer: {}",
            self.kept,
            grouped(self.rate),
            of(&self.latency),
            self.retries,
            of(&self.peer)
        )
    }
}
