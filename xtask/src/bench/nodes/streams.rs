//! Kafka Streams: the peer that lives on the same topic. `bench/kafka-streams` says how it is set up.

use super::ground::{Cluster, Ground, WAIT_MAX};
use crate::bench::figures::Way;
use crate::bench::input::Input;
use crate::bench::peers::way_of;
use crate::bench::place::{Place, remove};
use crate::bench::running;
use crate::programs::succeed;
use crate::services::kafka;
use std::fs::{self, File};
use std::process::Command;

/// Its heap holds the caches; RocksDB has memory besides.
const JAVA: &[&str] = &["-XX:+UseParallelGC", "-Xms2g", "-Xmx2g"];

/// Compiles and runs `bench/kafka-streams/StreamsCount.java`.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure(
    place: &Place,
    ground: &Ground,
    cluster: &Cluster<'_>,
    input: &Input,
) -> Result<Way, String> {
    let jars = kafka::ensure_streams(&place.kept)?;
    let jars = format!("{}/*", jars.display());
    let classes = place.fresh("streams-classes")?;
    let source = place.root.join("bench/kafka-streams/StreamsCount.java");
    succeed(Command::new("javac").args(["-cp", &jars, "-d"]).args([&classes, &source]))
        .map_err(|reason| format!("javac {}: {reason}", source.display()))?;
    let (state, counts) = (place.fresh("streams-state")?, place.path("streams.csv"));
    let log_file = place.kept.join("bench-streams.log");
    let log = File::create(&log_file).map_err(|error| error.to_string())?;
    let mut command = Command::new("java");
    command.args(JAVA).args(["-cp", &format!("{}:{jars}", classes.display()), "StreamsCount"]);
    command.args([&ground.brokers, &cluster.topic]).args([&state, &counts]);
    command.arg(WAIT_MAX.as_secs().to_string()).stderr(log);
    let ran = running::run(&mut command)
        .map_err(|reason| format!("{reason}; its log is {}", log_file.display()))?;
    let text =
        fs::read_to_string(&counts).map_err(|error| format!("Kafka Streams' counts: {error}"))?;
    let mut way = way_of("Kafka Streams", input, &ran, &text)?;
    way.notes.push(
        "Kafka Streams 4.1.1: exactly_once_v2, two threads, RocksDB behind 512 MiB of caches, a commit a \
         second; from the first record until the end is committed, so without its start"
            .to_owned(),
    );
    remove(&state)?;
    Ok(way)
}
