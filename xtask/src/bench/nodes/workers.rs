//! Two counting nodes against one, on one topic that is full when they start.
//!
//! Nodes that only count, without standbys: each judges what it owns. Kafka, PostgreSQL and both nodes have
//! the same processors, so a rate says little by itself: what a processor second judges is told too, and how
//! busy the machine was with everything.

use super::counting::{fill, right_counts};
use super::course::{Course, Sample};
use super::ground::{Cluster, Ground, Node, PARTITIONS, WAIT_MAX};
use crate::bench::ask::Metrics;
use crate::bench::figures::{grouped, object, ratio, real};
use crate::bench::input::Input;
use crate::bench::place::Place;
use crate::bench::proc::{Usage, busy_s};
use crate::bench::running::pause;
use crate::json::Json;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// Nothing but counting, and nothing that is judged twice.
const ROLES: &str = "\"count\"";
/// Nodes are looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What so many nodes came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// How many reports were on the topic.
    pub reports: u64,
    /// From the start of the processes until the last report is committed.
    pub seconds: f64,
    /// Processor seconds of everything on the machine in that time.
    pub machine_cpu_s: f64,
    /// One for each node.
    pub workers: Vec<Worker>,
    /// When each partition was committed to its end, in seconds, ascending.
    pub caught_up_s: Vec<f64>,
    /// What was counted otherwise than is right.
    pub wrong: Option<String>,
}

/// What one of them did.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// What it owned when all was committed.
    pub partitions: u64,
    /// Reports that it judged and committed.
    pub committed: u64,
    /// Reports that it judged.
    pub judged: u64,
    /// Processor seconds of its process.
    pub cpu_s: f64,
    /// When the last of its partitions was committed to its end, in seconds.
    pub caught_up_s: f64,
}

/// Has one node count the topic, then two others, who know nothing of the first, from its beginning again;
/// what was counted is compared each time.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure(place: &Place, ground: &Ground, input: &Input) -> Result<Vec<Run>, String> {
    let first = ground.cluster(place, "workers_1")?;
    fill(place, &first, input)?;
    let one = run(place, &first, &["count-1"], input)?;
    println!("  {}", one.line());
    let second = ground.cluster_on(place, "workers_2", &first.topic)?;
    let two = run(place, &second, &["count-1", "count-2"], input)?;
    println!("  {}", two.line());
    Ok(vec![one, two])
}

fn run(place: &Place, cluster: &Cluster<'_>, names: &[&str], input: &Input) -> Result<Run, String> {
    let config = |name: &&str| cluster.node_config(name, ROLES, "standbys = 0\n", "");
    let configs = names.iter().map(config).collect::<Result<Vec<PathBuf>, String>>()?;
    let (began, busy) = (Instant::now(), busy_s());
    let nodes: Result<Vec<Node>, String> = thread::scope(|scope| {
        let start = |config: &'_ PathBuf| {
            let config = config.clone();
            scope.spawn(move || cluster.start(place, &config))
        };
        let starting: Vec<_> = configs.iter().map(start).collect();
        let started = starting.into_iter().map(|it| it.join());
        started.map(|it| it.map_err(|_| "a node can't be started".to_owned())?).collect()
    });
    let nodes = nodes?;
    let mut course = Course::new(nodes.len());
    while course.committed() < input.reports {
        if began.elapsed() > WAIT_MAX {
            return Err(format!("not all is counted after {} s", WAIT_MAX.as_secs()));
        }
        pause(LOOK_EVERY);
        let samples: Result<Vec<Sample>, String> = nodes.iter().map(sample).collect();
        course.see(began.elapsed().as_secs_f64(), &samples?);
    }
    let seconds = began.elapsed().as_secs_f64();
    let machine_cpu_s = busy_s() - busy;
    let cpu: Vec<f64> = nodes.iter().map(|node| Usage::of(node.server.pid()).cpu_s).collect();
    for node in nodes {
        node.server.stop()?;
    }
    Ok(Run {
        reports: input.reports,
        seconds,
        machine_cpu_s,
        workers: course.workers(&cpu),
        caught_up_s: course.caught_up_s(),
        wrong: right_counts(place, cluster, input).err(),
    })
}

fn sample(node: &Node) -> Result<Sample, String> {
    let metrics = Metrics::of(node.address)?;
    if metrics.sum("ledgerline_counting_stopped") > 0 {
        return Err("counting has stopped".to_owned());
    }
    let by_partition = |name| metrics.by_label(name, "partition");
    Ok(Sample {
        committed: by_partition("ledgerline_committed_position"),
        owned: by_partition("ledgerline_partition_owned"),
    })
}

impl Run {
    /// Reports a second.
    pub fn rate(&self) -> f64 {
        ratio(real(self.reports), self.seconds)
    }

    /// Reports for each processor second of the nodes.
    pub fn each_cpu_s(&self) -> f64 {
        ratio(real(self.reports), self.workers.iter().map(|it| it.cpu_s).sum())
    }

    /// How many partitions more somebody had than somebody else.
    pub fn unevenness(&self) -> u64 {
        let owned = || self.workers.iter().map(|it| it.partitions);
        let all: u64 = owned().sum();
        if all < PARTITIONS.into() {
            // Nobody is even with what nobody has.
            return u64::from(PARTITIONS);
        }
        owned().max().unwrap_or(0) - owned().min().unwrap_or(0)
    }

    /// The slowest partition's time against the median's.
    pub fn slowest_to_median(&self) -> f64 {
        let median = self.caught_up_s.get(self.caught_up_s.len() / 2).copied();
        ratio(self.caught_up_s.last().copied().unwrap_or(0.0), median.unwrap_or(0.0))
    }

    /// A line for people.
    pub fn line(&self) -> String {
        let cpu: f64 = self.workers.iter().map(|it| it.cpu_s).sum();
        let each = |worker: &Worker| {
            format!(
                "{} partitions, {} committed, {} judged, {:.1} CPU s, caught up after {:.1} s",
                worker.partitions,
                grouped(real(worker.committed)),
                grouped(real(worker.judged)),
                worker.cpu_s,
                worker.caught_up_s
            )
        };
        format!(
            "{} counting: {} reports/s, {} for each of their CPU seconds ({cpu:.1} of {:.1} that the machine \
             spent in {:.1} s); slowest partition {:.2} × the median; {}",
            self.workers.len(),
            grouped(self.rate()),
            grouped(self.each_cpu_s()),
            self.machine_cpu_s,
            self.seconds,
            self.slowest_to_median(),
            self.workers.iter().map(each).collect::<Vec<_>>().join("; ")
        )
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        let each = |worker: &Worker| {
            object(vec![
                ("partitions", Json::Number(real(worker.partitions))),
                ("committed", Json::Number(real(worker.committed))),
                ("share", Json::Number(ratio(real(worker.committed), real(self.reports)))),
                ("judged", Json::Number(real(worker.judged))),
                ("cpu_seconds", Json::Number(worker.cpu_s)),
                ("caught_up_seconds", Json::Number(worker.caught_up_s)),
            ])
        };
        let caught_up = self.caught_up_s.iter().copied().map(Json::Number);
        object(vec![
            ("nodes", Json::Number(real(self.workers.len() as u64))),
            ("reports", Json::Number(real(self.reports))),
            ("seconds", Json::Number(self.seconds)),
            ("reports_per_second", Json::Number(self.rate().round())),
            ("reports_per_cpu_second", Json::Number(self.each_cpu_s().round())),
            ("machine_cpu_seconds", Json::Number(self.machine_cpu_s)),
            ("slowest_to_median", Json::Number(self.slowest_to_median())),
            ("counts_equal_truth", Json::Bool(self.wrong.is_none())),
            ("partitions_caught_up_seconds", Json::List(caught_up.collect())),
            ("workers", Json::List(self.workers.iter().map(each).collect())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(owned: &[u64]) -> Run {
        let worker = |partitions: &u64| Worker {
            partitions: *partitions,
            committed: 500,
            judged: 600,
            cpu_s: 0.5,
            caught_up_s: 2.0,
        };
        Run {
            reports: 1_000,
            seconds: 2.0,
            machine_cpu_s: 4.0,
            workers: owned.iter().map(worker).collect(),
            caught_up_s: vec![1.0, 1.0, 1.5, 2.0],
            wrong: None,
        }
    }

    #[test]
    fn figures_follow_from_what_was_seen() {
        let two = run(&[4, 4]);
        assert_eq!((two.rate(), two.each_cpu_s(), two.unevenness()), (500.0, 1_000.0, 0));
        assert!((two.slowest_to_median() - 2.0 / 1.5).abs() < 1e-9);
        let line = two.line();
        assert!(line.starts_with("2 counting: 500 reports/s, 1 000 for each"), "{line}");
        assert!(Json::parse(&two.as_json().to_string()).is_ok());
        assert_eq!((run(&[5, 3]).unevenness(), run(&[8, 0]).unevenness()), (2, 8));
        // What nobody owns is even for nobody.
        assert_eq!(run(&[3, 3]).unevenness(), 8);
    }
}
