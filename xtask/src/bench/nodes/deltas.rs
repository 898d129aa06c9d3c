//! How many rows the database takes while reports come in at a steady rate.
//!
//! A backlog is told in bigger deltas than what comes in by and by: so this is the figure that the budget is
//! for, at the interval that every deployment has.

use super::counting::{delta_rows, right_counts};
use super::ground::{Ground, WAIT_MAX};
use super::intake::paced;
use crate::bench::ask;
use crate::bench::figures::{grouped, object, ratio, real};
use crate::bench::input::Input;
use crate::bench::place::Place;
use crate::cli::BenchNodes;
use crate::json::Json;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deltas {
    /// Reports that were counted.
    pub reports: u64,
    /// Reports a second that were acknowledged.
    pub rate: f64,
    /// Rows of deltas.
    pub rows: u64,
    /// Rows that were inserted or changed in all tables.
    pub rows_in_all: u64,
}

/// Sends to one node that takes them in and counts them.
///
/// # Errors
/// A sentence: not all was accepted, or it counted otherwise than is right.
pub fn measure(
    place: &Place,
    ground: &Ground,
    input: &Input,
    options: &BenchNodes,
) -> Result<Deltas, String> {
    let cluster = ground.cluster(place, "deltas")?;
    let node = cluster.start(place, &cluster.config("count", "\"ingest\", \"count\"", "")?)?;
    ask::until(WAIT_MAX, "the node doesn't count", || {
        let owned = ask::Metrics::of(node.address)?.sum("ledgerline_partition_owned");
        Ok(owned == u64::from(super::ground::PARTITIONS))
    })?;
    let said = paced(place, &node, &input.file, (options.rate, 0))?;
    let accepted = said.count("accepted")?;
    if accepted != input.reports {
        return Err(format!("{accepted} of {} reports were accepted", input.reports));
    }
    node.until_counted(input.reports)?;
    cluster.until_told(input.reports)?;
    node.server.stop()?;
    let rows = delta_rows(&cluster)?;
    let rows_in_all = cluster.number(
        "SELECT SUM(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE schemaname = '{}'",
    )?;
    right_counts(place, &cluster, input)?;
    let rate = ratio(real(accepted), said.number("seconds")?);
    Ok(Deltas { reports: input.reports, rate, rows, rows_in_all })
}

impl Deltas {
    /// Rows for each million reports.
    pub fn rows_a_million(&self) -> f64 {
        ratio(real(self.rows) * 1e6, real(self.reports))
    }

    /// A line for people.
    pub fn line(&self) -> String {
        let in_all = ratio(real(self.rows_in_all) * 1e6, real(self.reports));
        format!(
            "deltas: {} reports at {} a second: {} delta rows for a million reports, {} rows inserted or \
             changed in all tables",
            grouped(real(self.reports)),
            grouped(self.rate),
            grouped(self.rows_a_million()),
            grouped(in_all)
        )
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        object(vec![
            ("reports", Json::Number(real(self.reports))),
            ("reports_per_second", Json::Number(self.rate)),
            ("delta_rows", Json::Number(real(self.rows))),
            ("delta_rows_per_million", Json::Number(self.rows_a_million())),
            ("rows_in_all", Json::Number(real(self.rows_in_all))),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_for_a_million() {
        let deltas =
            Deltas { reports: 2_000_000, rate: 20_000.0, rows: 300_000, rows_in_all: 400_000 };
        assert!((deltas.rows_a_million() - 150_000.0).abs() < 1e-6);
        assert!(deltas.line().contains("150 000 delta rows for a million"), "{}", deltas.line());
        assert!(Json::parse(&deltas.as_json().to_string()).is_ok());
    }
}
