//! `cargo xtask bench catalogue`, `bench origin`, `bench scan`: how fast the catalogue of a million tracks
//! answers, how fast audio is sent beside nginx, and how fast a folder of files becomes the library.
//!
//! Reading order: [`asking`] (the client and what it says), [`listeners`] (who asks), [`catalogue`], [`origin`]
//! with [`nginx`], [`scan`].

mod asking;
mod catalogue;
mod draw;
mod listeners;
mod nginx;
mod origin;
mod scan;

use super::bars::Bar;
use super::figures::{object, table};
use super::place::{self, Place};
use crate::Exit;
use crate::cli::{BenchMusic, Music};
use crate::json::Json;
use crate::needs::{self, Need};
use crate::workspace::Workspace;
use std::fs;
use std::time::Instant;

/// What came of a bench.
#[derive(Debug, Default)]
struct Figures {
    /// Tables, each with its heads first, and what is to be read with it.
    tables: Vec<(Vec<Vec<String>>, &'static str)>,
    notes: Vec<String>,
    bars: Vec<Bar>,
    /// For another program, by name.
    json: Vec<(&'static str, Json)>,
}

/// Needed to build and run.
const NEEDS: &[Need] = &[Need::Rust, Need::CCompiler, Need::Make];

/// Builds, measures, compares, prints.
pub fn run(workspace: &Workspace, options: &BenchMusic) -> Exit {
    let (name, besides): (&str, &[Need]) = match options.what {
        Music::Catalogue => ("catalogue", &[]),
        Music::Origin => ("origin", &[]),
        Music::Scan => ("scan", &[Need::Python, Need::Ffmpeg]),
    };
    let needed = [NEEDS, besides].concat();
    if needs::ensure(workspace, &needed, options.install).is_err() {
        return Exit::Missing;
    }
    let began = Instant::now();
    println!("load of the machine: {}", load());
    let measured = place::build(workspace).and_then(|()| {
        let place = Place::new(workspace, "release")?;
        match options.what {
            Music::Catalogue => catalogue::measure(workspace, &place, options),
            Music::Origin => origin::measure(&place, options),
            Music::Scan => scan::measure(&place, options),
        }
    });
    match measured.and_then(|figures| tell(&figures, options)) {
        Ok(()) => {
            println!("load of the machine: {}", load());
            println!("all of it took {:.0} s", began.elapsed().as_secs_f64());
            Exit::Good
        }
        Err(reason) => {
            eprintln!("xtask: bench {name}: {reason}");
            Exit::Failed
        }
    }
}

/// How many processes wanted a processor in the last minute, five and fifteen.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn tell(figures: &Figures, options: &BenchMusic) -> Result<(), String> {
    for (rows, legend) in &figures.tables {
        println!("\n{}{legend}", table(rows));
    }
    println!();
    figures.notes.iter().for_each(|note| println!("{note}"));
    let mut rows = vec![["bar", "measured", ""].map(str::to_owned).to_vec()];
    rows.extend(figures.bars.iter().map(Bar::row));
    println!("\n{}", table(&rows));
    let Some(path) = &options.json else { return Ok(()) };
    let mut all = figures.json.clone();
    all.push(("bars", Json::List(figures.bars.iter().map(Bar::as_json).collect())));
    fs::write(path, format!("{}\n", object(all)))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
