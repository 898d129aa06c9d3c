//! `cargo xtask bench nodes`: counting on a log and a state that several processes share.
//!
//! Kafka and PostgreSQL are started for it, on the same machine: their processor time is part of every
//! rate. What counts is compared with the truth that was made up with the reports.
//!
//! Reading order: [`ground`] (what nodes share), then one module for each of [`PARTS`]: [`counting`] and
//! [`streams`], [`workers`] with [`course`], [`intake`], [`neighbours`], [`deltas`], [`restore`].

mod counting;
mod course;
mod deltas;
mod ground;
mod intake;
mod neighbours;
mod restore;
mod streams;
mod workers;

use self::deltas::Deltas;
use self::ground::Ground;
use self::intake::Intake;
use self::neighbours::Neighbours;
use self::restore::Restored;
use self::workers::Run;
use super::bars::{Bar, fine, whole};
use super::figures::{self, Way, heads, object, ratio, real, short, table};
use super::input::{Input, generator};
use super::place::Place;
use crate::Exit;
use crate::cli::BenchNodes;
use crate::json::Json;
use crate::needs::{self, Need};
use crate::programs::{cargo, succeed};
use crate::steps::Outcome;
use crate::workspace::Workspace;
use std::fs;
use std::time::Instant;

/// What is measured, in this order.
pub const PARTS: &[&str] = &["streams", "workers", "intake", "neighbours", "deltas", "restore"];
/// Needed to build and run.
const NEEDS: &[Need] = &[
    Need::Rust,
    Need::CCompiler,
    Need::CxxCompiler,
    Need::Make,
    Need::Perl,
    Need::Jdk,
    Need::Maven,
    Need::Postgres,
];

/// Of recordings, by Zipf's law as it is written, and listeners.
const POPULATION: &[&str] = &["--tracks", "1000000", "--listeners", "100000", "--zipf", "1"];
/// The same for listeners, where nobody minds that days of theirs come within a minute.
const LISTENER_ZIPF: &[&str] = &["--listener-zipf", "1"];
/// What [`smoke`] counts in each of its parts.
const SMOKE_REPORTS: u64 = 20_000;
const TIMES_STREAMS: f64 = 3.0;
const ROWS_A_MILLION_MAX: f64 = 250_000.0;
const INTAKE_P99_MS: f64 = 49.999;

#[derive(Debug, Default)]
struct Figures {
    node: Option<Way>,
    streams: Option<Way>,
    /// Rows that the database took to know by what is counted.
    delta_rows: Option<u64>,
    /// One counting node, and two.
    workers: Vec<Run>,
    intakes: Vec<Intake>,
    neighbours: Vec<Neighbours>,
    deltas: Option<Deltas>,
    restored: Vec<Restored>,
    /// What went wrong, one sentence each.
    wrong: Vec<String>,
}

/// Builds, measures, compares, prints.
pub fn run(workspace: &Workspace, options: &BenchNodes) -> Exit {
    if needs::ensure(workspace, NEEDS, options.install).is_err() {
        return Exit::Missing;
    }
    let began = Instant::now();
    let measured = build(workspace)
        .and_then(|()| Place::new(workspace, "release"))
        .and_then(|place| Ok((Ground::start(workspace, options.brokers)?, place)))
        .map(|(ground, place)| measure(&place, &ground, options));
    match measured {
        Ok(figures) => {
            println!("\nall of it took {:.0} s", began.elapsed().as_secs_f64());
            conclude(workspace, &figures, options)
        }
        Err(reason) => {
            eprintln!("xtask: bench nodes: {reason}");
            Exit::Failed
        }
    }
}

/// A small run of our own parts with the dev profile, on services that run: what the bench itself must do, and
/// that what it counts is right; not how fast.
pub fn smoke<'e>(
    workspace: &Workspace,
    environment: impl Iterator<Item = (&'e str, &'e str)>,
) -> Outcome {
    let options = BenchNodes {
        install: false,
        parts: ["workers", "neighbours", "deltas"].map(str::to_owned).to_vec(),
        reports: SMOKE_REPORTS,
        seconds: 2,
        rate: SMOKE_REPORTS / 2,
        brokers: 1,
        json: None,
    };
    let ground = Ground::lent(environment);
    let place = Place::new(workspace, "debug");
    let figures = match place.map(|place| measure(&place, &ground, &options)) {
        Ok(figures) => figures,
        Err(reason) => return Outcome::Failed(reason),
    };
    match (figures.wrong.first(), figures.workers.as_slice(), &figures.deltas) {
        (Some(reason), _, _) => Outcome::Failed(reason.clone()),
        (None, [_, two], Some(_)) if two.unevenness() <= 1 => Outcome::Passed,
        _ => Outcome::Failed(format!("{figures:?}")),
    }
}

fn build(workspace: &Workspace) -> Result<(), String> {
    println!("building the product with nodes, and the client, with optimisation");
    let words = ["build", "--release", "--package", "ledgerline", "--features", "cluster"];
    let client = ["--package", "ledgerline-load"];
    succeed(cargo(workspace).args(words).args(client))
        .map_err(|reason| format!("the build failed: {reason}"))
}

fn measure(place: &Place, ground: &Ground, options: &BenchNodes) -> Figures {
    let mut figures = Figures::default();
    let wants = |part: &str| options.parts.iter().any(|wanted| wanted == part);
    if wants("streams")
        && let Err(reason) = beside_streams(place, ground, options.reports, &mut figures)
    {
        figures.wrong.push(format!("streams: {reason}"));
    }
    if wants("workers") {
        println!("{} reports, one counting node and two", short(options.reports));
        let input = zipf_input(place, "workers", options.reports, (13, LISTENER_ZIPF));
        match input.and_then(|input| workers::measure(place, ground, &input)) {
            Ok(runs) => {
                let wrong = runs.iter().filter_map(|run| run.wrong.as_ref());
                figures.wrong.extend(wrong.map(|reason| format!("workers: {reason}")));
                figures.workers = runs;
            }
            Err(reason) => figures.wrong.push(format!("workers: {reason}")),
        }
    }
    if wants("intake") {
        println!("{} reports a second for {} s", options.rate, options.seconds);
        match intake::measure(place, ground, options) {
            Ok(intakes) => figures.intakes = intakes,
            Err(reason) => figures.wrong.push(format!("intake: {reason}")),
        }
    }
    if wants("neighbours") {
        println!(
            "{} s of a few reports beside many of one listener, or one recording",
            options.seconds
        );
        match neighbours::measure(place, ground, options) {
            Ok(neighbours) => figures.neighbours = neighbours,
            Err(reason) => figures.wrong.push(format!("neighbours: {reason}")),
        }
    }
    if wants("deltas") {
        println!("{} reports a second for {} s, counted", options.rate, options.seconds);
        // A node that counts refuses a listener who has days of plays within an hour.
        let input = zipf_input(place, "deltas", options.rate * options.seconds, (17, &[]));
        match input.and_then(|input| deltas::measure(place, ground, &input, options)) {
            Ok(deltas) => figures.deltas = Some(deltas),
            Err(reason) => figures.wrong.push(format!("deltas: {reason}")),
        }
    }
    if wants("restore") {
        println!("{} reports, a snapshot behind each quarter of them", short(options.reports));
        match restore::measure(place, ground, options.reports) {
            Ok(restored) => figures.restored = restored,
            Err(reason) => figures.wrong.push(format!("restore: {reason}")),
        }
    }
    figures
}

/// Reports of which few recordings have most, by a seed and what else the generator is told.
fn zipf_input(
    place: &Place,
    name: &str,
    reports: u64,
    (seed, more): (u64, &[&str]),
) -> Result<Input, String> {
    let mut generator = generator(place, reports, seed);
    generator.args(POPULATION).args(more);
    Input::generate_by(place, name, reports, generator)
}

fn beside_streams(
    place: &Place,
    ground: &Ground,
    reports: u64,
    figures: &mut Figures,
) -> Result<(), String> {
    println!("making {} reports up", short(reports));
    let input = zipf_input(place, "reports", reports, (11, LISTENER_ZIPF))?;
    let cluster = ground.cluster(place, "reports")?;
    counting::fill(place, &cluster, &input)?;
    let (node, rows) = counting::measure(place, &cluster, &input)?;
    println!("  {}: {} reports/s", node.name, figures::grouped(node.rate()));
    (figures.node, figures.delta_rows) = (Some(node), Some(rows));
    let streams = streams::measure(place, ground, &cluster, &input)?;
    println!("  {}: {} reports/s", streams.name, figures::grouped(streams.rate()));
    figures.streams = Some(streams);
    Ok(())
}

impl Figures {
    /// Rows for each million reports.
    fn rows_a_million(&self) -> Option<f64> {
        let reports = real(self.node.as_ref()?.reports);
        self.delta_rows.map(|rows| ratio(real(rows) * 1e6, reports))
    }

    fn bars(&self) -> Vec<Bar> {
        let mut bars = Vec::new();
        let rates = self.node.as_ref().zip(self.streams.as_ref());
        if let Some((node, streams)) = rates {
            let times = ratio(node.rate(), streams.rate());
            bars.push(Bar::least("a node ≥ 3 × Kafka Streams", TIMES_STREAMS, Some(times), fine));
        }
        if let Some(rows) = self.rows_a_million() {
            let claim = "delta rows for a million reports of a backlog ≤ 250 000";
            bars.push(Bar::most(claim, ROWS_A_MILLION_MAX, Some(rows), whole));
        }
        if let Some(most) = self.workers.iter().map(Run::unevenness).max() {
            let claim = "partitions of counting nodes differ by one at most";
            bars.push(Bar::most(claim, 1.0, Some(real(most)), whole));
            let right = self.workers.iter().filter(|run| run.wrong.is_none()).count() as u64;
            let claim = "by one node and by two, counts equal the truth: 2 of 2";
            bars.push(Bar::least(claim, 2.0, Some(real(right)), whole));
        }
        for intake in &self.intakes {
            let claim = format!("p99 of the 202 < 50 ms ({})", intake.kept);
            bars.push(Bar::most(&claim, INTAKE_P99_MS, Some(intake.latency.p99), fine));
        }
        if let Some(deltas) = &self.deltas {
            let claim = "delta rows for a million paced reports ≤ 250 000";
            let rows = deltas.rows_a_million();
            bars.push(Bar::most(claim, ROWS_A_MILLION_MAX, Some(rows), whole));
        }
        bars
    }

    fn as_json(&self) -> Json {
        let ways = self.node.iter().chain(&self.streams).map(Way::as_json);
        let restored = self.restored.iter().map(|one| {
            object(vec![
                ("reports_behind", Json::Number(real(one.behind))),
                ("with_snapshot", Json::Bool(one.with_snapshot)),
                ("seconds", Json::Number(one.seconds)),
            ])
        });
        let intakes = self.intakes.iter().map(|intake| {
            object(vec![
                ("kept", Json::Text(intake.kept.to_owned())),
                ("reports_per_second", Json::Number(intake.rate)),
                ("latency_p50_ms", Json::Number(intake.latency.p50)),
                ("latency_p99_ms", Json::Number(intake.latency.p99)),
                ("latency_max_ms", Json::Number(intake.latency.max)),
                ("peer_p50_ms", Json::Number(intake.peer.p50)),
                ("peer_p99_ms", Json::Number(intake.peer.p99)),
                ("peer_max_ms", Json::Number(intake.peer.max)),
            ])
        });
        object(vec![
            ("ways", Json::List(ways.collect())),
            ("delta_rows", self.delta_rows.map_or(Json::Null, |rows| Json::Number(real(rows)))),
            ("workers", Json::List(self.workers.iter().map(Run::as_json).collect())),
            ("intake", Json::List(intakes.collect())),
            ("neighbours", Json::List(self.neighbours.iter().map(Neighbours::as_json).collect())),
            ("deltas", self.deltas.as_ref().map_or(Json::Null, Deltas::as_json)),
            ("restored", Json::List(restored.collect())),
            ("bars", Json::List(self.bars().iter().map(Bar::as_json).collect())),
        ])
    }
}

fn conclude(workspace: &Workspace, figures: &Figures, options: &BenchNodes) -> Exit {
    let ways: Vec<&Way> = figures.node.iter().chain(&figures.streams).collect();
    if !ways.is_empty() {
        let reference = figures.streams.as_ref();
        let mut rows = vec![heads(reference.map(|way| way.name.as_str()))];
        rows.extend(ways.iter().map(|way| way.row(reference.map(Way::rate))));
        println!("\n{}", table(&rows));
        ways.iter().flat_map(|way| &way.notes).for_each(|note| println!("{note}"));
    }
    figures.workers.iter().for_each(|run| println!("{}", run.line()));
    if let [one, two] = figures.workers.as_slice() {
        let (rate, each) = (Run::rate, Run::each_cpu_s);
        println!(
            "two counting nodes: {:.2} × the rate of one, {:.2} × its reports for a CPU second",
            ratio(rate(two), rate(one)),
            ratio(each(two), each(one))
        );
    }
    figures.intakes.iter().for_each(|intake| println!("{}", intake.line()));
    figures.neighbours.iter().for_each(|one| println!("{}", one.line()));
    if let Some(deltas) = &figures.deltas {
        println!("{}", deltas.line());
    }
    if !figures.restored.is_empty() {
        figures.restored.iter().for_each(|one| println!("{}", one.line()));
        let path = workspace.services().join("bench-restore.svg");
        match fs::write(&path, restore::picture(&figures.restored)) {
            Ok(()) => println!("drawn: {}", path.display()),
            Err(error) => eprintln!("xtask: cannot write {}: {error}", path.display()),
        }
    }
    let mut rows = vec![["bar", "measured", ""].map(str::to_owned).to_vec()];
    rows.extend(figures.bars().iter().map(Bar::row));
    println!("\n{}", table(&rows));
    for reason in &figures.wrong {
        eprintln!("xtask: bench nodes: {reason}");
    }
    if let Some(path) = &options.json
        && let Err(error) = fs::write(path, format!("{}\n", figures.as_json()))
    {
        eprintln!("xtask: cannot write {}: {error}", path.display());
        return Exit::Failed;
    }
    if figures.wrong.is_empty() { Exit::Good } else { Exit::Failed }
}
