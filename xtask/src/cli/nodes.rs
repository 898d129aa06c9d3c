//! The arguments of `cargo xtask bench nodes`.

use super::{parse_count, split_value, unknown};
use std::path::PathBuf;

/// The arguments of `bench nodes`.
#[derive(Debug, PartialEq, Eq)]
pub struct BenchNodes {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// What is measured; each is one of the nodes bench's parts.
    pub parts: Vec<String>,
    /// How many reports are on the topic.
    pub reports: u64,
    /// For how long reports are sent to a node that only takes them in.
    pub seconds: u64,
    /// How many a second.
    pub rate: u64,
    /// How many brokers: 1, which syncs each batch, or 3 with copies.
    pub brokers: u16,
    /// The file that the figures are written to as JSON.
    pub json: Option<PathBuf>,
}

const REPORTS_DEFAULT: u64 = 5_000_000;
const SECONDS_DEFAULT: u64 = 60;
const RATE_DEFAULT: u64 = 20_000;
/// Beyond these a mistyped number fills the disk.
const REPORTS_MAX: u64 = 100_000_000;
const SECONDS_MAX: u64 = 600;
const RATE_MAX: u64 = 1_000_000;

/// Understands what stands behind `bench nodes`.
///
/// # Errors
/// As `parse`.
pub(super) fn parse(arguments: &[String]) -> Result<BenchNodes, String> {
    let known = crate::bench::nodes::PARTS;
    let mut bench = BenchNodes {
        install: false,
        parts: known.iter().map(|part| (*part).to_owned()).collect(),
        reports: REPORTS_DEFAULT,
        seconds: SECONDS_DEFAULT,
        rate: RATE_DEFAULT,
        brokers: 1,
        json: None,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        if (name, value) == ("--install", None) {
            bench.install = true;
            continue;
        }
        if !["--reports", "--seconds", "--rate", "--brokers", "--only", "--json"].contains(&name) {
            return Err(unknown(argument, "bench"));
        }
        let value = value.or_else(|| rest.next().map(String::as_str));
        let value = value.ok_or_else(|| format!("`{name}` wants a value"))?;
        let number = |most: u64| {
            let number = parse_count(value).filter(|number| *number <= most);
            number.ok_or_else(|| format!("`{name}` wants a number from 1 to {most}, not `{value}`"))
        };
        match name {
            "--reports" => bench.reports = number(REPORTS_MAX)?,
            "--seconds" => bench.seconds = number(SECONDS_MAX)?,
            "--rate" => bench.rate = number(RATE_MAX)?,
            "--json" => bench.json = Some(value.into()),
            "--brokers" => match value {
                "1" => bench.brokers = 1,
                "3" => bench.brokers = 3,
                _ => return Err(format!("`--brokers` wants 1 or 3, not `{value}`")),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_or_refused() {
        let parsed = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            parse(&words)
        };
        let bench = parsed("--reports 2M --only streams,intake --brokers=3").unwrap();
        assert_eq!((bench.reports, bench.brokers, bench.parts.len()), (2_000_000, 3, 2));
        for wrong in ["--only flink", "--brokers 2", "--reports 0", "--seconds 601", "--fast"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
