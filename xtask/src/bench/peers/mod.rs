//! Others doing the same distinct and count with the same reports on the same machine, each as
//! those who know it would have it do that. The programs are in `bench/`.

pub mod duckdb;
pub mod flink;
pub mod postgres;

use super::figures::Way;
use super::input::{Counts, Input};
use super::running::Ran;
use crate::json::Json;

/// Why a peer has no figures.
#[derive(Debug)]
pub enum Absent {
    /// It isn't on this machine: nothing is wrong.
    Missing(String),
    /// It failed, or counted otherwise than is right.
    Failed(String),
}

impl From<String> for Absent {
    fn from(reason: String) -> Absent {
        Absent::Failed(reason)
    }
}

/// The figures of a peer that says its seconds and its plays as JSON, once its counts are right.
///
/// # Errors
/// It says nothing, or its counts are wrong.
pub fn way_of(name: &str, input: &Input, ran: &Ran, counts: &str) -> Result<Way, String> {
    let last = ran.output.lines().last().unwrap_or_default();
    let said = Json::parse(last).map_err(|reason| format!("{name}: {reason} in `{last}`"))?;
    let counts = Counts::of_csv(said.count("plays")?, counts)?;
    counts.compare(&input.right).map_err(|reason| format!("{name}: {reason}"))?;
    Ok(Way {
        name: name.to_owned(),
        reports: input.reports,
        received_bytes: input.bytes,
        seconds: said.number("seconds")?,
        usage: ran.usage,
        peak: ran.peak,
        notes: vec![format!("{name}: the process took {:.1} s in all", ran.took.as_secs_f64())],
        ..Way::default()
    })
}
