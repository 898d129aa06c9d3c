//! DuckDB: a batch engine at its fastest. In memory, not durable, and to be done all over again when
//! the next report comes.

use super::super::figures::Way;
use super::super::input::Input;
use super::super::place::Place;
use super::super::running;
use super::{Absent, way_of};
use crate::needs::Need;
use crate::venv;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned: another version is another peer.
const VERSION: &str = "2.0.0";

/// A Python that has DuckDB, in a folder where it stays.
///
/// # Errors
/// A sentence: it can't be made.
pub fn python(folder: &Path) -> Result<PathBuf, String> {
    let folder = folder.join("bench-duckdb");
    venv::ensure(&folder, "duckdb", VERSION)?;
    Ok(folder.join("bin/python"))
}

/// Runs `bench/duckdb_counts.py`.
///
/// # Errors
/// [`Absent`].
pub fn measure(place: &Place, input: &Input, missing: &[Need]) -> Result<Way, Absent> {
    if missing.contains(&Need::Python) {
        return Err(Absent::Missing("there is no Python with venv".to_owned()));
    }
    let python = python(&place.kept).map_err(Absent::Missing)?;
    let counts = place.path("duckdb.csv");
    let ran = running::run(
        Command::new(python)
            .arg(place.root.join("bench/duckdb_counts.py"))
            .args([&input.file, &counts]),
    )?;
    let text = fs::read_to_string(&counts).map_err(|error| format!("DuckDB's counts: {error}"))?;
    Ok(way_of("DuckDB", input, &ran, &text)?)
}
