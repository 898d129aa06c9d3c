//! `size`: what a deployment of some size needs, with the arithmetic shown.
//!
//! The figures that it goes by were measured (`docs/measured.md`) and are printed along; what they cost is
//! what whoever asks says that it costs.

use serde_json::{Value, json};

use crate::cli::size::SizeArgs;
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};

/// Reports that one node of two cores judges and commits in a second, with its log on Kafka and its state in
/// PostgreSQL on the same two cores: the least of what was measured.
const NODE_REPORTS_PER_SECOND: f64 = 200_000.0;
/// Bytes of a report in the log, before Kafka compresses it.
const LOG_BYTES_PER_REPORT: f64 = 127.0;
/// Bytes of a report in a spool.
const SPOOL_BYTES_PER_REPORT: f64 = 140.0;
/// Bytes that a node derives of a report: plays log, index, books and sieves.
const DERIVED_BYTES_PER_REPORT: f64 = 128.0;
/// A node's rate is used up to here, so that it catches up with what waits after a failure.
const USED_AT_MOST: f64 = 0.5;
/// No partition should have more than this at the peak: it is judged by one thread.
const PARTITION_REPORTS_PER_SECOND: f64 = 25_000.0;
const CORES_MEASURED: f64 = 2.0;
const PARTITIONS_MAX: f64 = 1024.0;
const DAY_S: f64 = 86_400.0;
const GB: f64 = 1e9;
const HOUR_S: f64 = 3_600.0;
const HOURS_PER_MONTH: f64 = 730.0;
const DAYS_PER_MONTH: f64 = 30.4;

/// One result: what it is, how it came about, and how much.
struct Row {
    name: &'static str,
    what: &'static str,
    how: String,
    value: f64,
    unit: &'static str,
}

pub(super) fn run(args: &SizeArgs, as_json: bool) -> Result<u8, Failure> {
    let rows = rows(args);
    if as_json {
        let object: serde_json::Map<String, Value> =
            rows.iter().map(|row| (row.name.to_owned(), json!(row.value))).collect();
        print_json(&Value::Object(object))?;
        return Ok(0);
    }
    let mut lines = vec![["what", "how", "so much"].map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![row.what.to_owned(), row.how.clone(), format!("{} {}", figure(row.value), row.unit)]
    }));
    print(&table(&lines))?;
    print(NOTES)?;
    Ok(0)
}

const NOTES: &str = "
A node with the role api or worker judges all reports. Of N nodes that only count, each judges what it owns and
what it stands by for, (1 + standbys) / N of them: --standbys reckons with that. What one node that answers can
judge is still what the deployment can.";

fn rows(args: &SizeArgs) -> Vec<Row> {
    let reports = args.dau * args.plays * args.reports;
    let mean = reports / DAY_S;
    let peak = mean * args.peak;
    let partitions = (peak / PARTITION_REPORTS_PER_SECOND).ceil().clamp(4.0, PARTITIONS_MAX);
    let judged = args.standbys.map_or(1.0, |it| ((1.0 + f64::from(it)) / args.nodes).min(1.0));
    let cores =
        (peak * judged / (NODE_REPORTS_PER_SECOND * USED_AT_MOST) * CORES_MEASURED).ceil().max(2.0);
    let log_gb = reports * LOG_BYTES_PER_REPORT / GB;
    let kafka_gb = log_gb * args.retention_days * args.copies;
    let derived_gb = reports * judged * DERIVED_BYTES_PER_REPORT / GB;
    let disk_gb = derived_gb * args.kept_days;
    let network_mb = peak * LOG_BYTES_PER_REPORT * (args.copies + args.nodes * judged) / 1e6;
    let compute = cores * args.nodes * HOURS_PER_MONTH * args.core_hour_price;
    let storage = (kafka_gb + disk_gb * args.nodes) * args.gb_month_price;
    let n = |value: f64| figure(value);
    let row = |name, what, how, value, unit| Row { name, what, how, value, unit };
    vec![
        row(
            "reports_per_day",
            "reports a day",
            format!(
                "{} listeners × {} plays × {} reports",
                n(args.dau),
                n(args.plays),
                n(args.reports)
            ),
            reports,
            "",
        ),
        row("reports_per_second", "on average", format!("÷ {} s", n(DAY_S)), mean, "a second"),
        row(
            "peak_reports_per_second",
            "at the peak",
            format!("× {}", n(args.peak)),
            peak,
            "a second",
        ),
        row(
            "partitions",
            "partitions",
            format!(
                "peak ÷ {}, 4 to 1 024; fixed for good, so take more than today's",
                n(PARTITION_REPORTS_PER_SECOND)
            ),
            partitions,
            "",
        ),
        row(
            "cores_per_node",
            "cores of a node",
            format!(
                "peak × {} judged ÷ ({} a second on {} × {} used)",
                n(judged),
                n(NODE_REPORTS_PER_SECOND),
                n(CORES_MEASURED),
                USED_AT_MOST
            ),
            cores,
            "",
        ),
        row(
            "log_gb_per_day",
            "log a day",
            format!("reports × {} B", n(LOG_BYTES_PER_REPORT)),
            log_gb,
            "GB",
        ),
        row(
            "kafka_gb",
            "disks of the brokers",
            format!(
                "log × {} days × {} copies, uncompressed",
                n(args.retention_days),
                n(args.copies)
            ),
            kafka_gb,
            "GB",
        ),
        row(
            "derived_gb_per_day",
            "a node derives a day",
            format!("reports × {} judged × {} B", n(judged), n(DERIVED_BYTES_PER_REPORT)),
            derived_gb,
            "GB",
        ),
        row(
            "node_disk_gb",
            "disk of a node",
            format!("× {} days", n(args.kept_days)),
            disk_gb,
            "GB",
        ),
        row(
            "spool_gb_per_hour",
            "spools, an hour without Kafka",
            format!(
                "peak × {} s × {} B, all nodes that have one",
                n(HOUR_S),
                n(SPOOL_BYTES_PER_REPORT)
            ),
            peak * HOUR_S * SPOOL_BYTES_PER_REPORT / GB,
            "GB",
        ),
        row(
            "network_mb_per_second",
            "network at the peak",
            format!(
                "peak × {} B × ({} copies + {} nodes × {} judged)",
                n(LOG_BYTES_PER_REPORT),
                n(args.copies),
                n(args.nodes),
                n(judged)
            ),
            network_mb,
            "MB a second",
        ),
        row(
            "compute_per_month",
            "nodes' cores a month",
            format!(
                "{} cores × {} nodes × {} h × {}",
                n(cores),
                n(args.nodes),
                n(HOURS_PER_MONTH),
                args.core_hour_price
            ),
            compute,
            "",
        ),
        row(
            "storage_per_month",
            "disks a month",
            format!("(brokers + {} nodes) × {}", n(args.nodes), args.gb_month_price),
            storage,
            "",
        ),
        row(
            "per_million_reports",
            "a million reports",
            format!("both ÷ ({} days × reports)", DAYS_PER_MONTH),
            (compute + storage) / (reports * DAYS_PER_MONTH / 1e6),
            "",
        ),
    ]
}

fn figure(value: f64) -> String {
    // It is rounded here, for people; --json has what was computed.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a deployment is smaller than 2^63 of anything"
    )]
    let whole = value.round() as i64;
    if value >= 100.0 || (value - value.round()).abs() < 1e-9 {
        thousands(whole)
    } else {
        format!("{value:.2}")
    }
}
