//! `cargo xtask bench royalty`: how long it takes to decide what a month's plays are worth.
//!
//! `core/royalty/benches/month.rs` makes months up and decides them; a service of a million
//! recordings, a hundred thousand payees and a thousand contracts. Each of [`PARTS`] is a function
//! here. [`close`] brings such a service as files, and closes its months as an operator does.

mod close;
mod service;

use self::close::Closes;
use super::bars::{Bar, fine};
use super::figures::{grouped, mib, object, ratio, real, short, table};
use super::place::Place;
use super::running;
use crate::Exit;
use crate::cli::BenchRoyalty;
use crate::demo;
use crate::json::Json;
use crate::needs::{self, Need};
use crate::programs::cargo;
use crate::venv;
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What is measured, in this order.
pub const PARTS: &[&str] = &["decision", "allocation", "user-centric", "close"];
/// The same version as the counting bench's.
const DUCKDB: &str = "2.0.0";
/// Needed to build and run.
const NEEDS: &[Need] = &[Need::Rust, Need::CCompiler, Need::Make];

const DECISION_S_MAX: f64 = 60.0;
const DECISION_MIB_MAX: f64 = 4096.0;
const USER_CENTRIC_S_MAX: f64 = 90.0;
const CLOSE_S_MAX: f64 = 60.0;
const CLOSE_MIB_MAX: f64 = 4096.0;
const EXPLAIN_S_MAX: f64 = 1.0;
const TIMES_DUCKDB_MAX: f64 = 4.0;
/// The time of a row at the greatest size may be so many times that at the least.
const LINEAR_MAX: f64 = 1.5;

/// A month that was decided.
#[derive(Clone, Debug)]
struct Decided {
    what: String,
    rows: u64,
    seconds: f64,
    peak_bytes: u64,
    pools: u64,
    lines: u64,
    payees: u64,
}

/// The allocation alone, ours and DuckDB's.
#[derive(Clone, Debug, Default)]
struct Allocated {
    lines: u64,
    seconds: f64,
    /// Reading and adding up, and the same allocation; nothing where there is no DuckDB.
    duckdb: Option<(f64, f64)>,
}

#[derive(Debug, Default)]
struct Figures {
    months: Vec<Decided>,
    allocated: Option<Allocated>,
    closes: Closes,
    wrong: Vec<String>,
}

/// Builds, measures, compares, prints.
pub fn run(workspace: &Workspace, options: &BenchRoyalty) -> Exit {
    let needed = needs::ensure_but(workspace, NEEDS, &[Need::Python], options.install);
    let Ok(missing) = needed else { return Exit::Missing };
    let began = Instant::now();
    let measured = Place::new(workspace, "release").map(|place| {
        let mut figures = Figures::default();
        if let Err(reason) = measure(workspace, &place, options, &missing, &mut figures) {
            figures.wrong.push(reason);
        }
        figures
    });
    match measured {
        Ok(figures) => {
            println!("\nall of it took {:.0} s", began.elapsed().as_secs_f64());
            conclude(&figures, options)
        }
        Err(reason) => {
            eprintln!("xtask: bench royalty: {reason}");
            Exit::Failed
        }
    }
}

fn measure(
    workspace: &Workspace,
    place: &Place,
    options: &BenchRoyalty,
    missing: &[Need],
    figures: &mut Figures,
) -> Result<(), String> {
    let wants = |part: &str| options.parts.iter().any(|wanted| wanted == part);
    let leaves = place.path("leaves.csv");
    let last = options.rows.iter().max().copied();
    if wants("decision") || wants("allocation") {
        for rows in &options.rows {
            println!("a month of {} rows", short(*rows));
            // The columns of the greatest month are what both allocate.
            let with_leaves = wants("allocation") && Some(*rows) == last;
            let printed =
                month(workspace, "pro-rata", *rows, with_leaves.then_some(leaves.as_path()))?;
            figures.months.push(decided(&printed[0])?);
            if let Some(ours) = printed.get(1) {
                figures.allocated = Some(allocation(place, ours, &leaves, missing)?);
            }
        }
    }
    if wants("user-centric") {
        println!("a month of {} rows by listener", short(options.listener_rows));
        let printed = month(workspace, "user-centric", options.listener_rows, None)?;
        figures.months.push(decided(&printed[0])?);
    }
    if wants("close") {
        demo::build_release(workspace)?;
        figures.closes = close::measure(place, &options.rows)?;
    }
    Ok(())
}

/// Runs the program; what it printed, an object a line.
fn month(
    workspace: &Workspace,
    model: &str,
    rows: u64,
    leaves: Option<&Path>,
) -> Result<Vec<Json>, String> {
    let mut command = cargo(workspace);
    command.args(["bench", "--quiet", "-p", "ledgerline-royalty", "--bench", "month", "--", model]);
    command.arg(rows.to_string());
    command.args(leaves);
    let ran = running::run(&mut command)?;
    let lines: Result<Vec<Json>, String> =
        ran.output.lines().filter(|line| line.starts_with('{')).map(Json::parse).collect();
    let lines = lines?;
    if lines.is_empty() { Err("the month printed no figures".to_owned()) } else { Ok(lines) }
}

fn decided(said: &Json) -> Result<Decided, String> {
    let Some(Json::Text(what)) = said.at("what") else {
        return Err("the month doesn't say what it is".to_owned());
    };
    Ok(Decided {
        what: what.clone(),
        rows: said.count("rows")?,
        seconds: said.number("seconds")?,
        peak_bytes: said.count("peak_kib")? * 1024,
        pools: said.count("pools")?,
        lines: said.count("lines")?,
        payees: said.count("payees")?,
    })
}

/// What DuckDB needs for the same, and whether it comes to the same amounts.
fn allocation(
    place: &Place,
    ours: &Json,
    leaves: &Path,
    missing: &[Need],
) -> Result<Allocated, String> {
    let mut allocated =
        Allocated { lines: ours.count("rows")?, seconds: ours.number("seconds")?, duckdb: None };
    let folder = place.kept.join("bench-duckdb");
    let absent = if missing.contains(&Need::Python) {
        Err("there is no Python with venv".to_owned())
    } else {
        venv::ensure(&folder, "duckdb", DUCKDB)
    };
    if let Err(reason) = absent {
        println!("  duckdb: left out: {reason}");
        return Ok(allocated);
    }
    let script = place.root.join("bench/duckdb_allocation.py");
    let ran = running::run(Command::new(folder.join("bin/python")).arg(script).arg(leaves))?;
    let said = Json::parse(ran.output.lines().last().unwrap_or_default())?;
    if said.at("check") != ours.at("check") {
        return Err("DuckDB's amounts differ from ours".to_owned());
    }
    allocated.duckdb = Some((said.number("read_seconds")?, said.number("allocate_seconds")?));
    Ok(allocated)
}

impl Figures {
    fn of(&self, what: &str) -> Vec<&Decided> {
        self.months.iter().filter(|month| month.what == what).collect()
    }

    fn bars(&self) -> Vec<Bar> {
        let decisions = self.of("decision");
        let greatest = decisions.iter().max_by_key(|month| month.rows);
        let least = decisions.iter().min_by_key(|month| month.rows);
        let each = |month: &&&Decided| ratio(month.seconds, real(month.rows));
        let growth = greatest.zip(least).map(|(most, least)| ratio(each(&most), each(&least)));
        let user_centric = self.of("user-centric").first().map(|month| month.seconds);
        let closed = self.closes.months.iter().max_by_key(|month| month.rows);
        let little = self.closes.months.iter().min_by_key(|month| month.rows);
        let closing = |month: &close::Closed| ratio(month.seconds, real(month.rows));
        let closing_growth =
            closed.zip(little).map(|(most, least)| ratio(closing(most), closing(least)));
        let close_peak = closed.map(|month| real(month.peak_bytes) / f64::from(1 << 20));
        let duckdb = self.allocated.as_ref().and_then(|it| Some((it.seconds, it.duckdb?)));
        let peak = greatest.map(|month| real(month.peak_bytes) / f64::from(1 << 20));
        vec![
            Bar::most(
                "the greatest month is decided in at most 60 s",
                DECISION_S_MAX,
                greatest.map(|month| month.seconds),
                fine,
            ),
            Bar::most("with at most 4096 MiB", DECISION_MIB_MAX, peak, grouped),
            Bar::most(
                "a row takes at most 1.5 times as long as in the least month",
                LINEAR_MAX,
                growth,
                fine,
            ),
            Bar::most(
                "the greatest month is closed in at most 60 s, through disk and database",
                CLOSE_S_MAX,
                closed.map(|month| month.seconds),
                fine,
            ),
            Bar::most(
                "with at most 4096 MiB, files' pages included",
                CLOSE_MIB_MAX,
                close_peak,
                grouped,
            ),
            Bar::most(
                "a row takes at most 1.5 times as long to close",
                LINEAR_MAX,
                closing_growth,
                fine,
            ),
            Bar::most(
                "a line of it is explained in at most 1 s",
                EXPLAIN_S_MAX,
                self.closes.explain_seconds,
                fine,
            ),
            Bar::most("user-centric in at most 90 s", USER_CENTRIC_S_MAX, user_centric, fine),
            Bar::most(
                "the allocation takes at most 4 times what DuckDB takes to read and add the columns up",
                TIMES_DUCKDB_MAX,
                duckdb.map(|(ours, (read, _))| ratio(ours, read)),
                fine,
            ),
            Bar::most(
                "the allocation takes at most 4 times what DuckDB takes for it",
                TIMES_DUCKDB_MAX,
                duckdb.map(|(ours, (_, allocate))| ratio(ours, allocate)),
                fine,
            ),
        ]
    }
}

fn conclude(figures: &Figures, options: &BenchRoyalty) -> Exit {
    let heads = ["month", "rows", "s", "µs a row", "peak MiB", "pools", "lines", "payees"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for month in &figures.months {
        let numbers = [month.pools, month.lines, month.payees].map(|number| grouped(real(number)));
        let mut row = vec![
            month.what.clone(),
            grouped(real(month.rows)),
            fine(month.seconds),
            fine(ratio(month.seconds * 1e6, real(month.rows))),
            mib(month.peak_bytes),
        ];
        row.extend(numbers);
        rows.push(row);
    }
    println!("\n{}", table(&rows));
    if !figures.closes.months.is_empty() {
        let mut rows = vec![close::HEADS.map(str::to_owned).to_vec()];
        rows.extend(figures.closes.months.iter().map(close::row));
        println!("{}", table(&rows));
    }
    if let Some((seconds, bytes)) = figures.closes.rights {
        println!("rights imported in {seconds:.1} s with {}\n", mib(bytes));
    }
    if let Some(Allocated { lines, seconds, duckdb }) = &figures.allocated {
        let peer = duckdb.map(|(read, allocate)| {
            format!(
                "; DuckDB reads and adds them up in {read:.2} s, allocates them in {allocate:.2} s"
            )
        });
        let lines = grouped(real(*lines));
        println!("allocation of {lines} lines: {seconds:.2} s{}\n", peer.unwrap_or_default());
    }
    let bars = figures.bars();
    let mut rows = vec![["bar", "measured", ""].map(str::to_owned).to_vec()];
    rows.extend(bars.iter().map(Bar::row));
    println!("{}", table(&rows));
    if let Some(path) = &options.json {
        let all = object(vec![("bars", Json::List(bars.iter().map(Bar::as_json).collect()))]);
        if let Err(error) = fs::write(path, format!("{all}\n")) {
            eprintln!("xtask: cannot write {}: {error}", path.display());
            return Exit::Failed;
        }
    }
    for reason in &figures.wrong {
        eprintln!("xtask: bench royalty: {reason}");
    }
    if figures.wrong.is_empty() { Exit::Good } else { Exit::Failed }
}
