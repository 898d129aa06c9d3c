//! `cargo xtask bench counting`: how fast plays are counted, and what that costs.
//!
//! Every way gets the same reports, made up before any clock starts, and what each counts is
//! compared with the truth that was made up with them: a fast wrong answer is a failure.
//!
//! [`royalty`] measures what comes after: a month's plays become money. [`nodes`] measures the same
//! counting on a log and a state that several processes share. [`encode`] measures how files of music become rungs,
//! and [`music`] how fast a catalogue answers, audio is sent and a folder is scanned.
//!
//! Reading order: [`place`] and [`input`] (what is run on what), [`proc`] and [`running`] (what the
//! kernel says of a process), [`replay`], [`serving`] (our ways), [`peers`], [`syncs`], [`sizes`], [`bars`],
//! [`plot`] and [`docs`].

mod ask;
mod bars;
mod date;
mod docs;
pub mod encode;
mod figures;
mod input;
pub mod music;
pub mod nodes;
pub mod peers;
mod place;
mod plot;
mod proc;
mod replay;
pub mod royalty;
pub mod running;
mod serving;
mod sizes;
mod syncs;

use crate::Exit;
use crate::cli::Bench;
use crate::demo;
use crate::json::Json;
use crate::needs::{self, Need};
use crate::steps::Outcome;
use crate::workspace::Workspace;
use bars::Bar;
use figures::{Way, heads, object, short, table};
use input::Input;
use peers::{Absent, duckdb, flink, postgres};
use place::Place;
use sizes::Size;
use std::fs;
use std::time::Instant;

/// Requests of one report are so much more work that fewer of them tell as much.
const SINGLE_REPORTS_MAX: u64 = 300_000;
/// Reports of the runs in which syncs are counted.
const SYNCS_REPORTS: u64 = 200_000;
const SYNCS_REPORTS_SINGLE: u64 = 30_000;

/// What the columns of the table are.
const LEGEND: &str = "\
reports/s: until everything is counted. CPU s: of who counts + of who sends or makes reports beside it.
anon, file: peaks of RssAnon and RssFile. B written: write_bytes of /proc/PID/io, for each report.
syncs: fsync and the like, by strace in a run of its own with fewer reports.
";
/// The others' names.
const PEERS: &[&str] = &["DuckDB", "PostgreSQL", "Flink"];
/// What [`smoke`] sends each way, and how many ways these are.
const SMOKE_REPORTS: u64 = 20_000;
const SMOKE_WAYS: usize = 5;

/// All that was measured.
#[derive(Debug, Default)]
struct Figures {
    ways: Vec<Way>,
    sizes: Vec<Size>,
    /// What went wrong, one sentence each.
    wrong: Vec<String>,
}

/// Builds, measures, compares, prints.
pub fn run(workspace: &Workspace, options: &Bench) -> Exit {
    let optional = optional(options);
    let needed = needs::ensure_but(workspace, demo::NEEDS, &optional, options.install);
    let Ok(missing) = needed else { return Exit::Missing };
    let began = Instant::now();
    let measured = place::build(workspace)
        .and_then(|()| Place::new(workspace, "release"))
        .and_then(|place| measure(&place, options, &missing));
    match measured {
        Ok(figures) => {
            println!("\nall of it took {:.0} s", began.elapsed().as_secs_f64());
            conclude(workspace, &figures, options)
        }
        Err(reason) => {
            eprintln!("xtask: bench counting: {reason}");
            Exit::Failed
        }
    }
}

/// Small runs of our own ways with the dev profile: what the bench itself must do, not how fast.
pub fn smoke(workspace: &Workspace) -> Outcome {
    let options = Bench {
        install: false,
        reports: SMOKE_REPORTS,
        parts: ["replay", "http", "single", "sizes"].map(str::to_owned).to_vec(),
        sizes: vec![SMOKE_REPORTS],
        json: None,
        write_docs: false,
    };
    match Place::new(workspace, "debug").and_then(|place| measure(&place, &options, &[])) {
        Ok(figures) => match figures.wrong.first() {
            None if figures.ways.len() == SMOKE_WAYS && figures.sizes.len() == 1 => Outcome::Passed,
            None => Outcome::Failed(format!("{} ways were measured", figures.ways.len())),
            Some(reason) => Outcome::Failed(reason.clone()),
        },
        Err(reason) => Outcome::Failed(reason),
    }
}

/// What some parts need and the others don't.
fn optional(options: &Bench) -> Vec<Need> {
    let parts = [
        ("replay", Need::Strace),
        ("duckdb", Need::Python),
        ("postgres", Need::Postgres),
        ("flink", Need::Python),
        ("flink", Need::Jdk),
    ];
    let wanted = parts.iter().filter(|(part, _)| options.parts.iter().any(|wanted| wanted == part));
    wanted.map(|(_, need)| *need).collect()
}

fn measure(place: &Place, options: &Bench, missing: &[Need]) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let wants = |part: &str| options.parts.iter().any(|wanted| wanted == part);
    let rates = ["replay", "http", "duckdb", "postgres", "flink"];
    if rates.iter().any(|part| wants(part)) {
        let input = make(place, "reports", options.reports)?;
        let few = make(place, "few", SYNCS_REPORTS.min(options.reports))?;
        if wants("replay") {
            figures.add("replay", replay::measure(place, &input, &few));
        }
        if wants("http") {
            figures.add("http", serving::measure_bodies(place, &input, &few));
        }
        if wants("duckdb") {
            figures.add_peer("duckdb", duckdb::measure(place, &input, missing));
        }
        if wants("postgres") {
            figures.add_peer("postgres", postgres::measure(place, &input, missing));
        }
        if wants("flink") {
            figures.add_peer("flink", flink::measure(place, &input, &few, missing));
        }
    }
    if wants("single") {
        let input = make(place, "single", SINGLE_REPORTS_MAX.min(options.reports))?;
        let few = make(place, "few", SYNCS_REPORTS_SINGLE.min(options.reports))?;
        figures.add("single", serving::measure_single(place, &input, &few));
    }
    if wants("sizes") {
        println!("filling data folders");
        if let Err(reason) = sizes::measure(place, &options.sizes, &mut figures.sizes) {
            figures.wrong.push(format!("sizes: {reason}"));
        }
    }
    Ok(figures)
}

fn make(place: &Place, name: &str, reports: u64) -> Result<Input, String> {
    println!("making {} reports up", short(reports));
    Input::generate(place, name, reports)
}

impl Figures {
    fn add(&mut self, part: &str, measured: Result<Vec<Way>, String>) {
        match measured {
            Ok(ways) => {
                for way in &ways {
                    println!("  {}: {} reports/s", way.name, figures::grouped(way.rate()));
                }
                self.ways.extend(ways);
            }
            Err(reason) => {
                println!("  {part}: {reason}");
                self.wrong.push(format!("{part}: {reason}"));
            }
        }
    }

    fn add_peer(&mut self, part: &str, measured: Result<Way, Absent>) {
        match measured {
            Ok(way) => self.add(part, Ok(vec![way])),
            Err(Absent::Failed(reason)) => self.add(part, Err(reason)),
            Err(Absent::Missing(reason)) => println!("  {part}: left out: {reason}"),
        }
    }

    /// How our ways compare with each peer, a line each.
    fn ratios(&self) -> Vec<String> {
        let is_peer = |way: &&Way| PEERS.contains(&way.name.as_str());
        let peers: Vec<&Way> = self.ways.iter().filter(is_peer).collect();
        let ours = self.ways.iter().filter(|way| !is_peer(way) && !peers.is_empty());
        let of = |way: &Way, peer: &Way| {
            format!("{} × {}", bars::fine(figures::ratio(way.rate(), peer.rate())), peer.name)
        };
        ours.map(|way| {
            let each: Vec<String> = peers.iter().map(|peer| of(way, peer)).collect();
            format!("{} is {}", way.name, each.join(", "))
        })
        .collect()
    }

    fn bars(&self) -> Vec<Bar> {
        let mut bars = bars::of_rates(&self.ways);
        bars.extend(sizes::bars(&self.sizes));
        bars
    }
}

fn conclude(workspace: &Workspace, figures: &Figures, options: &Bench) -> Exit {
    let reference = figures.ways.iter().find(|way| way.name == "Flink");
    let mut rows = vec![heads(reference.map(|way| way.name.as_str()))];
    rows.extend(figures.ways.iter().map(|way| way.row(reference.map(Way::rate))));
    if !figures.ways.is_empty() {
        println!("\n{}{LEGEND}", table(&rows));
    }
    let ratios = figures.ratios();
    ratios.iter().for_each(|ratio| println!("{ratio}"));
    if !ratios.is_empty() {
        println!();
    }
    for note in figures.ways.iter().flat_map(|way| &way.notes) {
        println!("{note}");
    }
    if !figures.sizes.is_empty() {
        let mut rows = vec![Size::HEADS.iter().map(|head| (*head).to_owned()).collect()];
        rows.extend(figures.sizes.iter().map(Size::row));
        println!("\n{}", table(&rows));
        figures.sizes.iter().for_each(|size| println!("{}", size.note()));
    }
    let bars = figures.bars();
    let mut rows = vec![["bar", "measured", ""].map(str::to_owned).to_vec()];
    rows.extend(bars.iter().map(Bar::row));
    println!("\n{}", table(&rows));
    if let Some(path) = &options.json {
        let list = |items: Vec<Json>| Json::List(items);
        let all = object(vec![
            ("ways", list(figures.ways.iter().map(Way::as_json).collect())),
            ("sizes", list(figures.sizes.iter().map(Size::as_json).collect())),
            ("bars", list(bars.iter().map(Bar::as_json).collect())),
        ]);
        if let Err(error) = fs::write(path, format!("{all}\n")) {
            eprintln!("xtask: cannot write {}: {error}", path.display());
            return Exit::Failed;
        }
    }
    if options.write_docs && figures.wrong.is_empty() {
        if let Err(reason) = docs::write(workspace.root(), figures, &bars) {
            eprintln!("xtask: {reason}");
            return Exit::Failed;
        }
    }
    for reason in &figures.wrong {
        eprintln!("xtask: bench counting: {reason}");
    }
    if figures.wrong.is_empty() { Exit::Good } else { Exit::Failed }
}
