//! Roles, shares, and nodes that come and go.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster, run_sql};

const SCOPES: &str = "reports:write,counts:read";
const INGEST: &str = "\"ingest\"";
const COUNT: &str = "\"count\"";
const API: &str = "\"api\"";

#[test]
fn two_nodes_have_half_of_the_partitions_each_and_both_answer() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    let two = Node::start(&cluster, "two", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    let mut work = Halves::new(21, 3_000);
    let other = crate::support::Api { address: two.server.address(), ..api.clone() };
    let clients = work.send([&api, &other]);
    work.take_back(clients);
    wait_until_counted(&[&one, &two]);
    work.check(&one, &api);
    work.check(&two, &api);
    assert_eq!(one.folder.all_counts(), two.folder.all_counts());
    let folder = two.end();
    wait_until("the other has them all", || one.owns() == 4);
    one.end();
    // Nobody runs: a command does by itself what it needs.
    assert_eq!(folder.counts("user"), work.expected);
    folder.balanced();
}

#[test]
fn each_role_does_its_own() {
    let Some(cluster) = Cluster::start() else { return };
    let ingest = Node::start(&cluster, "ingest", INGEST);
    let count = Node::start(&cluster, "count", COUNT);
    let reads = Node::start(&cluster, "reads", API);
    let api = ingest.server.api(&ingest.folder, SCOPES);
    let counting = crate::support::Api { address: count.server.address(), ..api.clone() };
    let answering = crate::support::Api { address: reads.server.address(), ..api.clone() };
    wait_until("one counts", || count.owns() == 4);
    let mut work = Halves::new(22, 1_500);
    work.send_rest(&api);
    wait_until_counted(&[&count]);
    work.check(&reads, &api);
    assert_eq!(reads.owns(), 0);
    for (node, path) in [(&api, "/api/v1/counts?by=user"), (&api, "/"), (&api, "/api/v1/session")] {
        let refused = node.get(path).refused(404, "not_found");
        let detail = refused["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains("takes reports in and answers nothing else"), "{path}: {detail}");
    }
    for node in [&counting, &answering] {
        let refused = node.report("{}\n").refused(404, "not_found");
        let detail = refused["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains("takes no reports in"), "{detail}");
    }
    check_alerts(&count);
    let audit = ingest.folder.run(&["audit"]);
    assert_eq!(audit.code, 1, "{}", audit.all());
    assert!(audit.out.contains("this node judges nothing"), "{}", audit.all());
    for node in [ingest, count, reads] {
        node.end();
    }
}

#[test]
fn an_audit_finds_a_count_in_the_database_that_somebody_changed() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let api = one.server.api(&one.folder, SCOPES);
    let mut work = Halves::new(24, 1_500);
    work.send_rest(&api);
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    let track = one.folder.counts("track").into_keys().next().expect("something counts");
    // As many plays are taken away again elsewhere: sums of days and of all stay what they are.
    let (more, fewer) = (
        format!("INSERT INTO counted_sums VALUES (20000, '{track}', '', '', 3)"),
        "INSERT INTO counted_sums VALUES (20000, 'nobody-s-track', '', '', -3)",
    );
    run_sql(&cluster.postgres, format!("{more}; {fewer}"));
    let audit = one.folder.run(&["audit"]);
    assert_eq!(audit.code, 1, "{}", audit.all());
    let named = format!("plays of {track:?}, and ");
    assert!(audit.out.contains("PostgreSQL: by Track the store has"), "{}", audit.all());
    assert!(audit.out.contains(&named), "{}", audit.all());
    run_sql(&cluster.postgres, "DELETE FROM counted_sums WHERE day = 20000".to_owned());
    work.check(&one, &api);
    one.end();
}

#[test]
fn nodes_that_come_and_go_all_the_time_lose_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    let mut work = Halves::new(23, 6_000);
    let clients = work.send([&api, &api]);
    let mut folders = vec![cluster.node("two", ALL), cluster.node("three", ALL)];
    for round in 0..4 {
        let nodes: Vec<Node> = folders.drain(..).map(Node::start_in).collect();
        wait_until("they have a part", || nodes.iter().all(|node| node.owns() > 0));
        for (at, node) in nodes.into_iter().enumerate() {
            // One of two in order, the other without a word.
            folders.push(if (round + at) % 2 == 0 { node.end() } else { node.kill() });
        }
    }
    work.take_back(clients);
    work.send_rest(&api);
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    one.end();
}

/// The rules of `deploy/alerts.yml` are about numbers that a node tells.
fn check_alerts(node: &Node) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/alerts.yml");
    let rules = std::fs::read_to_string(path).expect("it is there");
    let told = node.server.anyone().get("/metrics");
    assert_eq!(told.status, 200);
    let told = String::from_utf8(told.body).expect("metrics are text");
    let expressions = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let mut names = 0;
    for word in
        expressions.flat_map(|it| it.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
    {
        // Only a node with a store of blobs tells of snapshots, one with an archive of that, and one with
        // a spool of what waits there.
        let elsewhere = ["ledgerline_snapshot_", "ledgerline_archive_", "ledgerline_spool_"];
        if word.starts_with("ledgerline_") && !elsewhere.iter().any(|it| word.starts_with(it)) {
            names += 1;
            let is_told = told.lines().any(|line| line.starts_with(word));
            assert!(is_told, "{word} of the alerts isn't among the metrics");
        }
    }
    assert!(names >= 6, "{names} numbers only");
}
