//! What it costs all others that one listener, or one recording, is much hotter than they are.
//!
//! A listener's reports are one partition's, whatever they are: here somebody's player sends the same ones
//! again and again, ten times as many as come from all others. A recording's plays are spread over all
//! partitions: here ten times as many are of one. How long others wait until a report of theirs is durable,
//! and how far their partitions are ever behind, is told of both, and of the same without.

use super::ground::{Cluster, Ground, Node, PARTITIONS, WAIT_MAX};
use super::intake::paced;
use super::zipf_input;
use crate::bench::ask::{self, Metrics};
use crate::bench::figures::{Latency, grouped, object, real};
use crate::bench::input::{Input, generator};
use crate::bench::place::Place;
use crate::bench::running::pause;
use crate::cli::BenchNodes;
use crate::json::Json;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// So many times as many reports are hot as there are of all others.
const TIMES: u64 = 10;
/// Different reports of the hot listener; then they come again.
const HOT_REPORTS: u64 = 2_000;
/// What a report's line has before the name of its recording.
const TRACK: &str = "\"track_id\":\"";
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the others met.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// Beside what.
    pub beside: &'static str,
    /// Hot reports a second.
    pub hot_rate: f64,
    /// From when a body of the others was due until its 202.
    pub latency: Latency,
    /// The most records that a partition was behind, but for the one of a hot listener.
    pub behind_max: u64,
    /// The same of 99 of a hundred looks.
    pub behind_p99: u64,
}

/// Sends to one node that takes reports in and counts them.
///
/// # Errors
/// A sentence: not all was accepted.
pub fn measure(
    place: &Place,
    ground: &Ground,
    options: &BenchNodes,
) -> Result<Vec<Neighbours>, String> {
    let rate = (options.rate / TIMES).max(1);
    let others = zipf_input(place, "others", rate * options.seconds, (19, &[]))?;
    let (count, hot_rate) = (rate * TIMES * options.seconds, rate * TIMES);
    let one_listener = again_and_again(place, count)?;
    let one_track = of_one_recording(place, count)?;
    let mut measured = Vec::new();
    let ways: [(&str, &str, Option<&PathBuf>); 3] = [
        ("alone", "neighbours_0", None),
        ("beside a hot listener", "neighbours_1", Some(&one_listener)),
        ("beside a hot recording", "neighbours_2", Some(&one_track)),
    ];
    for (beside, name, hot) in ways {
        let cluster = ground.cluster(place, name)?;
        let hot = hot.map(|file| (file.as_path(), hot_rate));
        let (latency, behind) = run(place, &cluster, (&others, rate), hot)?;
        let spares_one = beside == "beside a hot listener";
        let [behind_p99, behind_max] = farthest(&behind, spares_one);
        let hot_rate = hot.map_or(0.0, |(_, rate)| real(rate));
        let one = Neighbours { beside, hot_rate, latency, behind_max, behind_p99 };
        println!("  {}", one.line());
        measured.push(one);
    }
    Ok(measured)
}

/// Reports of one listener in one file, the same ones from the beginning whenever they are over.
fn again_and_again(place: &Place, count: u64) -> Result<PathBuf, String> {
    let mut command = generator(place, HOT_REPORTS, 23);
    command.args(["--listeners", "1"]);
    let few = Input::generate_by(place, "one-listener", HOT_REPORTS, command)?;
    let path = place.path("hot.ndjson");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let lines = fs::read(&few.file).map_err(failed)?;
    let mut to = BufWriter::new(File::create(&path).map_err(failed)?);
    for _ in 0..count.div_ceil(HOT_REPORTS) {
        to.write_all(&lines).map_err(failed)?;
    }
    to.flush().map_err(failed)?;
    Ok(path)
}

/// Reports of many listeners, all of the recording that the first of them is of.
fn of_one_recording(place: &Place, count: u64) -> Result<PathBuf, String> {
    let mut command = generator(place, count, 29);
    command.args(["--listeners", "100000"]);
    let many = Input::generate_by(place, "many-tracks", count, command)?;
    let path = place.path("one-track.ndjson");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let lines = BufReader::new(File::open(&many.file).map_err(failed)?);
    let mut to = BufWriter::new(File::create(&path).map_err(failed)?);
    for line in lines.lines() {
        let line = line.map_err(failed)?;
        let (before, rest) = line.split_once(TRACK).ok_or("a report has no track")?;
        let (_, after) = rest.split_once('"').ok_or("a track's name doesn't end")?;
        writeln!(to, "{before}{TRACK}hot\"{after}").map_err(failed)?;
    }
    to.flush().map_err(failed)?;
    Ok(path)
}

/// By partition, how far it was behind at each look.
type Behind = BTreeMap<String, Vec<u64>>;

fn run(
    place: &Place,
    cluster: &Cluster<'_>,
    (others, rate): (&Input, u64),
    hot: Option<(&Path, u64)>,
) -> Result<(Latency, Behind), String> {
    let node = cluster.start(place, &cluster.config("count", "\"ingest\", \"count\"", "")?)?;
    ask::until(WAIT_MAX, "the node doesn't count", || {
        let owned = Metrics::of(node.address)?.sum("ledgerline_partition_owned");
        Ok(owned == u64::from(PARTITIONS))
    })?;
    let ended = AtomicBool::new(false);
    let (said, behind) = thread::scope(|scope| {
        let looking = scope.spawn(|| look(&node, &ended));
        let heating = hot.map(|(file, rate)| {
            let (place, node) = (&place, &node);
            scope.spawn(move || paced(place, node, file, (rate, 0)))
        });
        let said = paced(place, &node, &others.file, (rate, rate));
        let heated = heating.map(|it| it.join().map_err(|_| "the hot client failed".to_owned())?);
        ended.store(true, Ordering::Relaxed);
        let behind = looking.join().map_err(|_| "nobody looked".to_owned())?;
        heated.transpose()?;
        Ok::<_, String>((said?, behind?))
    })?;
    node.server.stop()?;
    let accepted = said.count("accepted")?;
    if accepted != others.reports {
        return Err(format!("{accepted} of the others' {} reports were accepted", others.reports));
    }
    let ms = |name: &str| said.number(&format!("latency_ms.{name}"));
    let latency = Latency { p50: ms("p50")?, p99: ms("p99")?, p999: ms("p999")?, max: ms("max")? };
    Ok((latency, behind))
}

fn look(node: &Node, ended: &AtomicBool) -> Result<Behind, String> {
    let mut behind = Behind::new();
    while !ended.load(Ordering::Relaxed) {
        let now = Metrics::of(node.address)?;
        for (partition, records) in now.by_label("ledgerline_counting_lag_records", "partition") {
            behind.entry(partition).or_default().push(records);
        }
        pause(LOOK_EVERY);
    }
    Ok(behind)
}

/// How far partitions were behind in 99 of a hundred looks, and at most; without the one that was farthest
/// by and large where that is the hot one.
fn farthest(behind: &Behind, spares_one: bool) -> [u64; 2] {
    let sum = |looks: &&Vec<u64>| looks.iter().sum::<u64>();
    let mut partitions: Vec<&Vec<u64>> = behind.values().collect();
    partitions.sort_by_key(sum);
    if spares_one {
        partitions.pop();
    }
    let mut all: Vec<u64> = partitions.into_iter().flatten().copied().collect();
    all.sort_unstable();
    let at = |hundredths: usize| {
        all.get((all.len() * hundredths / 100).min(all.len().saturating_sub(1)))
    };
    [at(99), all.last()].map(|it| it.copied().unwrap_or_default())
}

impl Neighbours {
    /// A line for people.
    pub fn line(&self) -> String {
        format!(
            "others, {} ({} hot reports/s): ms until their 202: p50 {:.2}, p99 {:.2}, max {:.2}; their partitions \
             behind: {} records in 99 of a hundred looks, {} at most",
            self.beside,
            grouped(self.hot_rate),
            self.latency.p50,
            self.latency.p99,
            self.latency.max,
            grouped(real(self.behind_p99)),
            grouped(real(self.behind_max))
        )
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        object(vec![
            ("beside", Json::Text(self.beside.to_owned())),
            ("hot_reports_per_second", Json::Number(self.hot_rate)),
            ("latency_p50_ms", Json::Number(self.latency.p50)),
            ("latency_p99_ms", Json::Number(self.latency.p99)),
            ("latency_max_ms", Json::Number(self.latency.max)),
            ("behind_p99_records", Json::Number(real(self.behind_p99))),
            ("behind_max_records", Json::Number(real(self.behind_max))),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hot_partition_is_left_out_and_no_other() {
        let looks = |of: &[u64]| of.to_vec();
        let behind = Behind::from([
            ("p000".to_owned(), looks(&[0, 3, 0])),
            ("p001".to_owned(), looks(&[900, 800, 700])),
            ("p002".to_owned(), looks(&[0, 0, 40])),
        ]);
        assert_eq!(farthest(&behind, true), [40, 40]);
        assert_eq!(farthest(&behind, false), [900, 900]);
        assert_eq!(farthest(&Behind::new(), true), [0, 0]);
    }
}
