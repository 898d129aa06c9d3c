//! The arguments of `cargo xtask bench royalty`.

use super::{parse_count, split_value, unknown};
use std::path::PathBuf;

/// The arguments of `bench royalty`.
#[derive(Debug, PartialEq, Eq)]
pub struct BenchRoyalty {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// What is measured; each is one of the royalty bench's parts.
    pub parts: Vec<String>,
    /// How many rows the months have that are decided.
    pub rows: Vec<u64>,
    /// How many rows by listener the user-centric month has.
    pub listener_rows: u64,
    /// The file that the figures are written to as JSON.
    pub json: Option<PathBuf>,
}

/// The months whose time tells whether it grows with the rows alone.
const ROYALTY_ROWS_DEFAULT: &[u64] = &[1_000_000, 2_000_000, 4_000_000, 10_000_000];
const LISTENER_ROWS_DEFAULT: u64 = 20_000_000;

/// Understands what stands behind `bench royalty`.
///
/// # Errors
/// As `parse`.
pub(super) fn parse(arguments: &[String]) -> Result<BenchRoyalty, String> {
    let known = crate::bench::royalty::PARTS;
    let mut bench = BenchRoyalty {
        install: false,
        parts: known.iter().map(|part| (*part).to_owned()).collect(),
        rows: ROYALTY_ROWS_DEFAULT.to_vec(),
        listener_rows: LISTENER_ROWS_DEFAULT,
        json: None,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        if (name, value) == ("--install", None) {
            bench.install = true;
            continue;
        }
        if !["--rows", "--listener-rows", "--only", "--json"].contains(&name) {
            return Err(unknown(argument, "bench"));
        }
        let value = value.or_else(|| rest.next().map(String::as_str));
        let value = value.ok_or_else(|| format!("`{name}` wants a value"))?;
        let number = |text: &str| {
            parse_count(text).ok_or_else(|| format!("`{name}` wants a number from 1, not `{text}`"))
        };
        match name {
            "--rows" => bench.rows = value.split(',').map(number).collect::<Result<_, _>>()?,
            "--listener-rows" => bench.listener_rows = number(value)?,
            "--json" => bench.json = Some(value.into()),
            _ => {
                bench.parts = value.split(',').map(str::to_owned).collect();
                if let Some(wrong) = bench.parts.iter().find(|part| !known.contains(&part.as_str()))
                {
                    let known = known.join(", ");
                    return Err(format!("`{name} {wrong}`: known names are {known}"));
                }
            }
        }
    }
    Ok(bench)
}
