//! One node that counts a topic from its beginning to its end.

use super::ground::{Cluster, Node};
use crate::bench::figures::Way;
use crate::bench::input::{Counts, Input};
use crate::bench::place::Place;
use crate::bench::proc::Usage;
use crate::bench::running::{self, Watch};
use crate::json::Json;
use std::path::Path;
use std::time::Instant;

const INGEST: &str = "\"ingest\"";
const COUNT: &str = "\"count\", \"api\"";
/// Reports in a body, and bodies on their way, where as many as possible are sent.
const BATCH: &[&str] = &["--batch-reports", "5000", "--connections", "4"];

/// Has a node that only takes reports in put all of `input` on the topic.
///
/// # Errors
/// A sentence: not all was accepted.
pub fn fill(place: &Place, cluster: &Cluster<'_>, input: &Input) -> Result<(), String> {
    let config = cluster.config("ingest", INGEST, "")?;
    let node = cluster.start(place, &config)?;
    let seconds = send(place, &node, &input.file, input.reports)?;
    println!("  they are on the topic after {seconds:.1} s");
    node.server.stop()
}

/// Sends all of a file as fast as it goes; how many seconds that took.
///
/// # Errors
/// A sentence: not all was accepted.
pub fn send(place: &Place, node: &Node, file: &Path, reports: u64) -> Result<f64, String> {
    let sent = running::run(node.client(place)?.args(BATCH).arg("--file").arg(file))?;
    let said = Json::parse(&sent.output)?;
    let accepted = said.count("accepted")?;
    if accepted != reports {
        return Err(format!("{accepted} of {reports} reports were accepted"));
    }
    said.number("seconds")
}

/// Counts what is on the topic, compares with the truth, and says how many rows the database got.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure(place: &Place, cluster: &Cluster<'_>, input: &Input) -> Result<(Way, u64), String> {
    let config = cluster.config("count", COUNT, "")?;
    let began = Instant::now();
    let node = cluster.start(place, &config)?;
    let watch = Watch::begin(node.server.pid());
    let counted = node.until_counted(input.reports);
    let took = began.elapsed();
    let (usage, peak) = (Usage::of(node.server.pid()), watch.end());
    counted?;
    cluster.until_told(input.reports)?;
    compare(place, cluster, &config, input)?;
    node.server.stop()?;
    let rows = delta_rows(cluster)?;
    let way = Way {
        name: "a node".to_owned(),
        reports: input.reports,
        received_bytes: input.bytes,
        seconds: took.as_secs_f64(),
        usage,
        peak,
        notes: vec![
            "a node: from the start of its process until the last report is committed in PostgreSQL"
                .to_owned(),
        ],
        ..Way::default()
    };
    Ok((way, rows))
}

/// Compares what counts, as a node that answers says, with what is right; nobody counts any more.
///
/// # Errors
/// A sentence: what differs.
pub fn right_counts(place: &Place, cluster: &Cluster<'_>, input: &Input) -> Result<(), String> {
    let config = cluster.config("reads", "\"api\"", "")?;
    let node = cluster.start(place, &config)?;
    node.until_counted(input.reports)?;
    compare(place, cluster, &config, input)?;
    node.server.stop()
}

fn compare(
    place: &Place,
    cluster: &Cluster<'_>,
    config: &Path,
    input: &Input,
) -> Result<(), String> {
    let words = ["counts", "--by", "track", "--format", "csv", "--config"];
    let printed = running::run(place.product().args(words).arg(config))?.output;
    let plays = cluster.number("SELECT SUM(plays) FROM {}.play_totals")?;
    Counts::of_csv(plays, &printed)?
        .compare(&input.right)
        .map_err(|reason| format!("a node: {reason}"))
}

/// How many rows of deltas the database got. All connections must have ended: what they did is in the
/// database's own numbers from then on.
///
/// # Errors
/// A sentence.
pub fn delta_rows(cluster: &Cluster<'_>) -> Result<u64, String> {
    cluster.number(
        "SELECT n_tup_ins FROM pg_stat_user_tables \
         WHERE schemaname = '{}' AND relname = 'counted_deltas'",
    )
}
