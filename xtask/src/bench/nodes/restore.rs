//! How long a node with an empty disk takes until it may count, by the age of the snapshots it finds.

use super::counting::send;
use super::ground::{Cluster, Ground, Node, PARTITIONS, WAIT_MAX};
use crate::bench::ask;
use crate::bench::figures::{grouped, real};
use crate::bench::input::{Input, generator};
use crate::bench::place::{Place, remove};
use crate::bench::plot::{Panel, Series, svg};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// So many parts of the log get a snapshot behind each.
const PARTS: u64 = 4;
/// The oldest snapshot is of so many reports: of none there is none.
const FIRST: u64 = 1_000;
const ALL: &str = "\"ingest\", \"count\", \"api\"";

/// A node that began with nothing.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Reports that came after the snapshot; all of them where there was none.
    pub behind: u64,
    /// Whether there was one.
    pub with_snapshot: bool,
    /// From the start of its process until it has judged all that is committed.
    pub seconds: f64,
}

/// Fills a log, with a snapshot in a store of its own after each part; then a node from each store.
///
/// # Errors
/// A sentence.
pub fn measure(place: &Place, ground: &Ground, reports: u64) -> Result<Vec<Restored>, String> {
    let input = Input::generate_by(place, "restore", reports, generator(place, reports, 7))?;
    let cluster = ground.cluster(place, "restore")?;
    let mut sent = 0;
    let mut stores = Vec::new();
    let mut from = BufReader::new(File::open(&input.file).map_err(|error| error.to_string())?);
    for part in 0..=PARTS {
        let to = if part == 0 { FIRST.min(reports) } else { reports * part / PARTS };
        let file = place.path("part.ndjson");
        copy_lines(&mut from, &file, to - sent).map_err(|error| error.to_string())?;
        let node = cluster.start(place, &cluster.config("first", ALL, "")?)?;
        send(place, &node, &file, to - sent)?;
        sent = to;
        node.until_counted(sent)?;
        node.server.stop()?;
        let store = cluster.folder().join(format!("store-{part}"));
        let node = cluster.start(place, &cluster.config("first", ALL, &objects(&store))?)?;
        ask::until(WAIT_MAX, "no snapshot of each partition", || {
            Ok(snapshots(&store) >= PARTITIONS.into())
        })?;
        node.server.stop()?;
        stores.push((Some(store), reports - sent));
    }
    stores.reverse();
    stores.push((None, reports));
    let mut restored = Vec::new();
    for (number, (store, behind)) in stores.into_iter().enumerate() {
        let one = from_store(place, &cluster, number, store.as_deref(), behind)?;
        println!("  {}", one.line());
        restored.push(one);
    }
    Ok(restored)
}

fn from_store(
    place: &Place,
    cluster: &Cluster<'_>,
    number: usize,
    store: Option<&Path>,
    behind: u64,
) -> Result<Restored, String> {
    let name = format!("new-{number}");
    let config = cluster.config(&name, ALL, &store.map(objects).unwrap_or_default())?;
    let began = Instant::now();
    let node = cluster.start(place, &config)?;
    until_caught_up(&node)?;
    let seconds = began.elapsed().as_secs_f64();
    node.server.stop()?;
    remove(&cluster.folder().join(name))?;
    Ok(Restored { behind, with_snapshot: store.is_some(), seconds })
}

/// Until it owns every partition, which it gets once it has judged what is committed.
fn until_caught_up(node: &Node) -> Result<(), String> {
    ask::until(WAIT_MAX, "the node hasn't caught up", || {
        let metrics = ask::Metrics::of(node.address)?;
        Ok(metrics.sum("ledgerline_partition_owned") == u64::from(PARTITIONS)
            && metrics.sum("ledgerline_follower_lag_records") == 0
            && metrics.sum("ledgerline_counting_lag_records") == 0)
    })
}

fn objects(store: &Path) -> String {
    format!("[objects]\nfolder = \"{}\"\n", store.display())
}

/// How many manifests there are.
fn snapshots(store: &Path) -> usize {
    let folders = fs::read_dir(store.join("snapshots")).into_iter().flatten().flatten();
    let inside = folders.filter_map(|folder| fs::read_dir(folder.path()).ok());
    inside.flat_map(Iterator::flatten).count()
}

fn copy_lines(from: &mut impl BufRead, to: &PathBuf, lines: u64) -> std::io::Result<()> {
    let mut to = BufWriter::new(File::create(to)?);
    let mut line = Vec::new();
    for _ in 0..lines {
        line.clear();
        from.read_until(b'\n', &mut line)?;
        to.write_all(&line)?;
    }
    to.flush()
}

impl Restored {
    /// A line for people.
    pub fn line(&self) -> String {
        let what = if self.with_snapshot { "a snapshot" } else { "no snapshot" };
        let behind = grouped(real(self.behind));
        format!("{what}, {behind} reports behind: {:.1} s", self.seconds)
    }
}

/// The plot: seconds against age in reports.
pub fn picture(restored: &[Restored]) -> String {
    let points = |with: bool| {
        let mut points: Vec<(f64, f64)> = restored
            .iter()
            .filter(|one| one.with_snapshot == with)
            .map(|one| (real(one.behind), one.seconds))
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points
    };
    let series = |name: &str, points| Series { name: name.to_owned(), points };
    let panel = Panel {
        title: "A node with an empty disk".to_owned(),
        unit: "seconds until it counts".to_owned(),
        series: vec![series("from snapshots", points(true)), series("from none", points(false))],
        bar: None,
    };
    svg(&[panel], "reports after the snapshot", "Seconds by the age of the snapshot in reports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_both() {
        let one = |behind, with_snapshot, seconds| Restored { behind, with_snapshot, seconds };
        let all = [one(0, true, 7.0), one(1_000_000, true, 9.0), one(1_000_000, false, 9.5)];
        let picture = picture(&all);
        assert_eq!(picture.matches("<circle").count(), 3, "{picture}");
        assert_eq!(all[2].line(), "no snapshot, 1 000 000 reports behind: 9.5 s");
    }
}
