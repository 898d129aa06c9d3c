//! The bars that we set ourselves, and whether what was measured is past them.

use super::figures::{Way, grouped, ratio};
use crate::json::Json;

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What is claimed, with its number.
    claim: String,
    /// What was measured; nothing where it wasn't.
    measured: Option<String>,
    met: bool,
}

impl Bar {
    /// At least so much.
    pub fn least(claim: &str, bar: f64, measured: Option<f64>, show: fn(f64) -> String) -> Bar {
        let met = measured.is_some_and(|measured| measured >= bar);
        Bar { claim: claim.to_owned(), measured: measured.map(show), met }
    }

    /// At most so much.
    pub fn most(claim: &str, bar: f64, measured: Option<f64>, show: fn(f64) -> String) -> Bar {
        let met = measured.is_some_and(|measured| measured <= bar);
        Bar { claim: claim.to_owned(), measured: measured.map(show), met }
    }

    /// The cells of one row.
    pub fn row(&self) -> Vec<String> {
        let verdict = match (&self.measured, self.met) {
            (None, _) => "not measured",
            (Some(_), true) => "met",
            (Some(_), false) => "MISSED",
        };
        let measured = self.measured.clone().unwrap_or_else(|| "–".to_owned());
        vec![self.claim.clone(), measured, verdict.to_owned()]
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        super::figures::object(vec![
            ("claim", Json::Text(self.claim.clone())),
            ("measured", self.measured.clone().map_or(Json::Null, Json::Text)),
            ("met", Json::Bool(self.met)),
        ])
    }
}

/// A whole number, its thousands apart.
pub fn whole(number: f64) -> String {
    grouped(number)
}

/// With two digits behind the point.
pub fn fine(number: f64) -> String {
    format!("{number:.2}")
}

/// Those of rates; the others are the sizes'.
pub fn of_rates(ways: &[Way]) -> Vec<Bar> {
    let way = |name: &str| ways.iter().find(|way| way.name == name);
    let rate = |name: &str| way(name).map(Way::rate);
    let (replay, flink) = (rate("replay, a file"), rate("Flink"));
    let single = way("http, single");
    let paced = ways.iter().find(|way| way.name.starts_with("http, single, "));
    let p99 = |way: Option<&Way>| way.and_then(|way| way.latency).map(|latency| latency.p99);
    let times = replay.zip(flink).map(|(replay, flink)| ratio(replay, flink));
    vec![
        Bar::least("replay ≥ 800 000 reports/s", 800_000.0, replay, whole),
        Bar::least("replay ≥ 10 × Flink in the same run", 10.0, times, fine),
        Bar::least(
            "HTTP NDJSON ≥ 400 000 reports/s, client beside",
            400_000.0,
            rate("http, NDJSON"),
            whole,
        ),
        Bar::least("single-report requests ≥ 15 000/s", 15_000.0, single.map(Way::rate), whole),
        Bar::most("… with p99 < 10 ms, as many as go", 9.999, p99(single), fine),
        Bar::most("… with p99 < 10 ms, at 15 000/s from when due", 9.999, p99(paced), fine),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_missed_or_not_measured() {
        let verdict = |bar: &Bar| bar.row()[2].clone();
        assert_eq!(verdict(&Bar::least("a", 10.0, Some(10.0), fine)), "met");
        assert_eq!(verdict(&Bar::least("a", 10.0, Some(9.9), fine)), "MISSED");
        assert_eq!(verdict(&Bar::most("a", 10.0, Some(10.1), fine)), "MISSED");
        assert_eq!(verdict(&Bar::most("a", 10.0, None, fine)), "not measured");
    }

    #[test]
    fn rates_are_found_by_name() {
        let way = |name: &str, seconds: f64| Way {
            name: name.to_owned(),
            reports: 1_000_000,
            seconds,
            ..Way::default()
        };
        let bars = of_rates(&[way("replay, a file", 1.0), way("Flink", 20.0)]);
        let rows: Vec<Vec<String>> = bars.iter().map(Bar::row).collect();
        assert_eq!(rows[0][1..], ["1 000 000", "met"]);
        assert_eq!(rows[1][1..], ["20.00", "met"]);
        assert_eq!(rows[2][1..], ["–", "not measured"]);
    }
}
