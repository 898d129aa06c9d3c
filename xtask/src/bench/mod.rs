//! `cargo xtask bench counting`: how fast plays are counted, and what that costs.
//!
//! Every way gets the same reports, made up before any clock starts, and what each counts is
//! compared with the truth that was made up with them: a fast wrong answer is a failure.
//!
//! Reading order: [`place`] and [`input`] (what is run on what), [`proc`] and [`running`] (what the
//! kernel says of a process), [`replay`], [`serving`] (our ways), [`syncs`], [`sizes`], [`bars`].

mod ask;
mod bars;
mod date;
mod figures;
mod input;
mod place;
mod proc;
mod replay;
mod running;
mod serving;
mod sizes;
mod syncs;

use crate::Exit;
use crate::cli::Bench;
use crate::demo;
use crate::json::Json;
use crate::needs;
use crate::steps::Outcome;
use crate::workspace::Workspace;
use bars::Bar;
use figures::{Way, heads, object, short, table};
use input::Input;
use place::Place;
use sizes::Size;
use std::fs;
use std::time::Instant;

/// Requests of one report are so much more work that fewer of them tell as much.
const SINGLE_REPORTS_MAX: u64 = 300_000;
/// Reports of the runs in which syncs are counted.
const SYNCS_REPORTS: u64 = 200_000;
const SYNCS_REPORTS_SINGLE: u64 = 30_000;

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
    if needs::ensure(workspace, demo::NEEDS, options.install).is_err() {
        return Exit::Missing;
    }
    let began = Instant::now();
    let measured = place::build(workspace)
        .and_then(|()| Place::new(workspace, "release"))
        .and_then(|place| measure(&place, options));
    match measured {
        Ok(figures) => {
            println!("\nall of it took {:.0} s", began.elapsed().as_secs_f64());
            conclude(&figures, options)
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
    match Place::new(workspace, "debug").and_then(|place| measure(&place, &options)) {
        Ok(figures) => match figures.wrong.first() {
            None if figures.ways.len() == SMOKE_WAYS && figures.sizes.len() == 1 => Outcome::Passed,
            None => Outcome::Failed(format!("{} ways were measured", figures.ways.len())),
            Some(reason) => Outcome::Failed(reason.clone()),
        },
        Err(reason) => Outcome::Failed(reason),
    }
}

fn measure(place: &Place, options: &Bench) -> Result<Figures, String> {
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

    fn bars(&self) -> Vec<Bar> {
        let mut bars = bars::of_rates(&self.ways);
        bars.extend(sizes::bars(&self.sizes));
        bars
    }
}

fn conclude(figures: &Figures, options: &Bench) -> Exit {
    let reference = figures.ways.iter().find(|way| way.name == "Flink");
    let mut rows = vec![heads(reference.map(|way| way.name.as_str()))];
    rows.extend(figures.ways.iter().map(|way| way.row(reference.map(Way::rate))));
    println!("\n{}", table(&rows));
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
    for reason in &figures.wrong {
        eprintln!("xtask: bench counting: {reason}");
    }
    if figures.wrong.is_empty() { Exit::Good } else { Exit::Failed }
}
