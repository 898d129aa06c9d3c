//! Each rule of `deploy/alerts.yml` fires where it should and is silent elsewhere: a real node is brought
//! into the bad state, and Prometheus' own evaluator judges what the node told.

use super::crowd::{Node, Portions, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster, run_sql, told};
use crate::support::own_services::{OwnKafka, OwnPostgres};
use crate::support::{is_left_out, raw_record, skip};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

const SCOPES: &str = "reports:write,counts:read";
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/alerts.yml");
/// The evaluator, where it isn't on the path.
const PROMTOOL: &str = "PROMTOOL";
/// As often as Prometheus is to ask.
const SCRAPES_PER_MINUTE: usize = 4;

/// What a node told at one moment: series with their labels, and their values.
type Scrape = BTreeMap<String, String>;

/// The evaluator; `None`, and said, where it isn't here.
fn promtool() -> Option<String> {
    let program = std::env::var(PROMTOOL).unwrap_or_else(|_| "promtool".to_owned());
    let answers = Command::new(&program).arg("--version").output();
    let there = answers.is_ok_and(|it| it.status.success()) && !is_left_out("promtool");
    if !there {
        skip(&format!("no promtool on the path or in ${PROMTOOL}; Debian has it in `prometheus`"));
    }
    there.then_some(program)
}

fn scrape(node: &Node) -> Scrape {
    let told = node.server.anyone().get("/metrics");
    assert_eq!(told.status, 200);
    let text = String::from_utf8(told.body).expect("metrics are text");
    let lines = text.lines().filter(|line| line.starts_with("ledgerline_"));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, value)| (series.to_owned(), value.to_owned()))
        .collect()
}

/// A number, added up over its labels.
fn sum(scrape: &Scrape, name: &str) -> u64 {
    let of = |series: &&String| series.split('{').next() == Some(name);
    scrape.keys().filter(of).map(|series| scrape[series].parse::<u64>().expect("a number")).sum()
}

/// Names of all rules.
fn names() -> BTreeSet<String> {
    let rules = std::fs::read_to_string(RULES).expect("it is there");
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    alerts.map(str::to_owned).collect()
}

/// That these fire, and no others, once the node has told each of these for so many minutes. What
/// `grows` tells a time in seconds that goes on meanwhile.
#[track_caller]
fn fires(promtool: &str, told: &[(&Scrape, usize)], grows: &str, expected: &[&str]) {
    let all = names();
    assert!(expected.iter().all(|name| all.contains(*name)), "{all:?}");
    let series: BTreeSet<&String> = told.iter().flat_map(|(scrape, _)| scrape.keys()).collect();
    let minutes: usize = told.iter().map(|(_, minutes)| minutes).sum();
    let mut test = format!(
        "rule_files: [\"{RULES}\"]\nevaluation_interval: 15s\ntests:\n- interval: 15s\n  input_series:\n"
    );
    // Writing to a string can't fail.
    for name in series {
        let labelled = match name.split_once('{') {
            Some((name, labels)) => format!("{name}{{instance=\"a\",{labels}"),
            None => format!("{name}{{instance=\"a\"}}"),
        };
        let step = if !grows.is_empty() && name.starts_with(grows) { "15" } else { "0" };
        let values = told.iter().map(|(scrape, minutes)| {
            let times = minutes * SCRAPES_PER_MINUTE - 1;
            scrape
                .get(name)
                .map_or_else(|| format!("_x{times} _"), |value| format!("{value}+{step}x{times}"))
        });
        let values: Vec<String> = values.collect();
        let _ = write!(test, "  - series: '{labelled}'\n    values: '{}'\n", values.join(" "));
    }
    test += "  promql_expr_test:\n";
    for name in &all {
        let fires = u8::from(expected.contains(&name.as_str()));
        let firing = format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})");
        let _ = write!(
            test,
            "  - expr: '{firing} > bool 0 or vector(0)'\n    eval_time: {}s\n    \
             exp_samples: [{{labels: '{{}}', value: {fires}}}]\n",
            minutes * 60 - 15
        );
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let file = folder.path().join("test.yml");
    std::fs::write(&file, &test).expect("it can be written");
    let ran = Command::new(promtool).args(["test", "rules"]).arg(&file).output();
    let ran = ran.expect("it can be started");
    let said = [ran.stdout, ran.stderr].concat();
    assert!(ran.status.success(), "{}\n{test}", String::from_utf8_lossy(&said));
}

#[test]
fn all_is_silent_where_all_is_well_and_records_that_nobody_reads_are_told() {
    let Some((promtool, cluster)) = promtool().zip(Cluster::start()) else { return };
    let node = Node::start(&cluster, "one", ALL);
    let api = node.server.api(&node.folder, SCOPES);
    wait_until("it counts", || node.owns() == 4);
    let mut work = Portions::new(81, 500);
    work.send(work.left(), &[&api], || ());
    wait_until_counted(&[&node]);
    let well = scrape(&node);
    fires(&promtool, &[(&well, 8)], "", &[]);

    raw_record::put(&cluster.brokers, &cluster.topic, b"nobody can read this");
    let name = "ledgerline_undecodable_records_total";
    wait_until("it is found, and passed over", || {
        let told = scrape(&node);
        sum(&told, name) == 1 && sum(&told, "ledgerline_counting_lag_records") == 0
    });
    let found = scrape(&node);
    fires(&promtool, &[(&well, 8), (&found, 4)], "", &["LedgerlineUndecodableRecords"]);

    // Somebody changes the database by hand; a node that starts believes what is there.
    node.end();
    let sql = "UPDATE report_totals SET reports = reports + 1 WHERE verdict = 'accepted'";
    run_sql(&cluster.postgres, sql.to_owned());
    let node = Node::start(&cluster, "two", ALL);
    wait_until("it counts", || node.owns() == 4);
    fires(&promtool, &[(&scrape(&node), 8)], "", &["LedgerlineConservationBroken"]);
    node.end();
}

#[test]
fn a_database_that_is_away_is_told() {
    let Some(promtool) = promtool() else { return };
    let Some((brokers, postgres)) = told("LEDGERLINE_TEST_KAFKA").zip(OwnPostgres::start()) else {
        return;
    };
    let Some(cluster) = Cluster::start_on(brokers, &postgres.url()) else { return };
    let node = Node::start(&cluster, "one", ALL);
    let api = node.server.api(&node.folder, SCOPES);
    wait_until("it counts", || node.owns() == 4);
    let mut work = Portions::new(82, 500);
    // Keys are known to a node once it has seen them.
    work.send(2, &[&api], || ());
    postgres.kill();
    work.send(work.left(), &[&api], || ());
    wait_until("it notices", || {
        let told = scrape(&node);
        let of = |name| sum(&told, name);
        of("ledgerline_counting_stopped") > 0
            && of("ledgerline_counting_lag_records") > 0
            && of("ledgerline_partition_owned") == 0
            && of("ledgerline_lease_age_milliseconds") > 15_000
    });
    let expected = [
        "LedgerlineCountingLags",
        "LedgerlineCountingStopped",
        "LedgerlinePartitionWithoutOwner",
        "LedgerlineLeasesNotRenewed",
    ];
    fires(&promtool, &[(&scrape(&node), 8)], "", &expected);
    node.kill();
}

#[test]
fn brokers_that_are_away_are_told() {
    let Some(promtool) = promtool() else { return };
    let Some((kafka, postgres)) = OwnKafka::start(1).zip(told("LEDGERLINE_TEST_POSTGRES")) else {
        return;
    };
    let Some(cluster) = Cluster::start_on(kafka.brokers(), &postgres) else { return };
    let node = Node::start(&cluster, "one", ALL);
    let api = node.server.api(&node.folder, SCOPES);
    wait_until("it counts", || node.owns() == 4);
    let mut work = Portions::new(84, 500);
    work.send(work.left(), &[&api], || ());
    wait_until_counted(&[&node]);
    kafka.kill(0);
    // Leases that lapse on a busy machine are got again without the brokers.
    let told = RefCell::new(scrape(&node));
    wait_until("it notices, and has its partitions", || {
        told.replace(scrape(&node));
        let all = |name| sum(&told.borrow(), name) == 4;
        all("ledgerline_intake_stopped") && all("ledgerline_partition_owned")
    });
    fires(&promtool, &[(&told.into_inner(), 8)], "", &["LedgerlineIntakeStopped"]);
    node.kill();
}

#[test]
fn a_spool_that_waits_or_is_nearly_full_is_told() {
    let Some(promtool) = promtool() else { return };
    let Some((kafka, postgres)) = OwnKafka::start(1).zip(told("LEDGERLINE_TEST_POSTGRES")) else {
        return;
    };
    let Some(cluster) = Cluster::start_on(kafka.brokers(), &postgres) else { return };
    let spool = "[spool]\nfolder = \"kept\"\nmax_bytes = 1048576\n";
    let node = Node::start_in(cluster.node_with("one", ALL, spool));
    let api = node.server.api(&node.folder, SCOPES);
    wait_until("it counts", || node.owns() == 4);
    let mut work = Portions::new(85, 20_000);
    work.send(8, &[&api], || ());
    wait_until_counted(&[&node]);
    fires(&promtool, &[(&scrape(&node), 8)], "", &[]);
    kafka.kill(0);
    work.send(8, &[&api], || ());
    let age = "ledgerline_spool_oldest_age_seconds";
    wait_until("it is told", || sum(&scrape(&node), age) > 0);
    let waits = scrape(&node);
    assert!(sum(&waits, "ledgerline_spool_records") > 0);
    // What it tells of their age is its own; that minutes pass is added.
    fires(&promtool, &[(&waits, 8)], age, &[]);
    fires(&promtool, &[(&waits, 20)], age, &["LedgerlineSpoolNotDrained"]);
    let bytes = |of: &Scrape| sum(of, "ledgerline_spool_bytes");
    while bytes(&scrape(&node)) <= 900_000 {
        assert!(work.left() > 0, "it fills up");
        work.send(8, &[&api], || ());
    }
    let full = scrape(&node);
    let expected = ["LedgerlineSpoolNotDrained", "LedgerlineSpoolFillsUp"];
    fires(&promtool, &[(&full, 20)], age, &expected);
    node.kill();
}

#[test]
fn snapshots_that_grow_old_are_told() {
    let Some((promtool, cluster)) = promtool().zip(Cluster::start()) else { return };
    let outer = tempfile::tempdir().expect("there is a temporary folder");
    let objects = format!("[objects]\nfolder = \"{}\"\n", outer.path().join("store").display());
    let node = Node::start_in(cluster.node_with("one", ALL, &objects));
    let api = node.server.api(&node.folder, SCOPES);
    wait_until("it counts", || node.owns() == 4);
    let mut work = Portions::new(83, 1_000);
    work.send(work.left() / 2, &[&api], || ());
    let told = "ledgerline_snapshot_bytes";
    wait_until("each partition has a snapshot", || {
        scrape(&node).keys().filter(|series| series.starts_with(told)).count() == 4
    });
    work.send(work.left(), &[&api], || ());
    wait_until_counted(&[&node]);
    let gone_on = scrape(&node);
    // What it tells of their age is its own; that hours pass is added.
    let age = "ledgerline_snapshot_age_seconds";
    fires(&promtool, &[(&gone_on, 5 * 60)], age, &[]);
    fires(&promtool, &[(&gone_on, 7 * 60)], age, &["LedgerlineSnapshotOld"]);
    node.end();
}

#[test]
fn an_archive_that_is_not_written_is_told() {
    let Some((promtool, cluster)) = promtool().zip(Cluster::start()) else { return };
    let outer = tempfile::tempdir().expect("there is a temporary folder");
    let in_the_way = outer.path().join("file");
    std::fs::write(&in_the_way, "").expect("it can be written");
    let archive = format!("[archive]\nfolder = \"{}\"\n", in_the_way.join("archive").display());
    let node = Node::start_in(cluster.node_with("one", ALL, &archive));
    wait_until("it counts", || node.owns() == 4);
    let refusals = "ledgerline_archive_refusals_total";
    wait_until("it is refused", || sum(&scrape(&node), refusals) > 0);
    let told = scrape(&node);
    // It is tried again and again; once alone wakes nobody.
    fires(&promtool, &[(&told, 8)], "", &[]);
    fires(&promtool, &[(&told, 8)], refusals, &["LedgerlineArchiveNotWritten"]);
    node.end();
}
