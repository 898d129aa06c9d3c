//! `cargo xtask bench nodes`: counting on a log and a state that several processes share.
//!
//! Kafka and PostgreSQL are started for it, on the same machine: their processor time is part of every
//! rate. What counts is compared with the truth that was made up with the reports.
//!
//! Reading order: [`ground`] (what nodes share), then one module for each of [`PARTS`]: [`counting`] and
//! [`streams`], [`intake`], [`restore`].

mod counting;
mod ground;
mod intake;
mod restore;
mod streams;

use self::ground::Ground;
use self::intake::Intake;
use self::restore::Restored;
use super::bars::{Bar, fine, whole};
use super::figures::{self, Way, heads, object, ratio, real, short, table};
use super::input::{Input, generator};
use super::place::Place;
use crate::Exit;
use crate::cli::BenchNodes;
use crate::json::Json;
use crate::needs::{self, Need};
use crate::programs::{cargo, succeed};
use crate::workspace::Workspace;
use std::fs;
use std::time::Instant;

/// What is measured, in this order.
pub const PARTS: &[&str] = &["streams", "intake", "restore"];
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

const TRACKS: &str = "1000000";
const LISTENERS: &str = "100000";
const TIMES_STREAMS: f64 = 3.0;
const ROWS_A_MILLION_MAX: f64 = 250_000.0;
const INTAKE_P99_MS: f64 = 49.999;

#[derive(Debug, Default)]
struct Figures {
    node: Option<Way>,
    streams: Option<Way>,
    /// Rows that the database took to know by what is counted.
    delta_rows: Option<u64>,
    intakes: Vec<Intake>,
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
    if wants("intake") {
        println!("{} reports a second for {} s", options.rate, options.seconds);
        match intake::measure(place, ground, options) {
            Ok(intakes) => figures.intakes = intakes,
            Err(reason) => figures.wrong.push(format!("intake: {reason}")),
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

fn beside_streams(
    place: &Place,
    ground: &Ground,
    reports: u64,
    figures: &mut Figures,
) -> Result<(), String> {
    println!("making {} reports up", short(reports));
    let mut generator = generator(place, reports, 11);
    generator.args(["--tracks", TRACKS, "--listeners", LISTENERS]);
    let input = Input::generate_by(place, "reports", reports, generator)?;
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
            let claim = "delta rows for a million reports ≤ 250 000";
            bars.push(Bar::most(claim, ROWS_A_MILLION_MAX, Some(rows), whole));
        }
        for intake in &self.intakes {
            let claim = format!("p99 of the 202 < 50 ms ({})", intake.kept);
            bars.push(Bar::most(&claim, INTAKE_P99_MS, Some(intake.latency.p99), fine));
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
            ("intake", Json::List(intakes.collect())),
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
    figures.intakes.iter().for_each(|intake| println!("{}", intake.line()));
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
