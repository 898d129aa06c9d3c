//! Nodes that only count: each judges what it owns and what it stands by for.

use super::crowd::{Halves, Node, partitions, wait_until, wait_until_counted};
use crate::support::cluster::Cluster;
use crate::support::{Api, measured};
use serde_json::json;
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
const COUNT: &str = "\"ingest\", \"count\"";
const API: &str = "\"api\"";
/// The target: a lease, a beat, and what others are busy with.
const COUNTED_AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// How many partitions it judges, as its metrics tell.
fn followed(node: &Node) -> u64 {
    sum_of(node, "ledgerline_partition_followed{")
}

fn sum_of(node: &Node, metric: &str) -> u64 {
    let told = String::from_utf8(node.server.anyone().get("/metrics").body).expect("it is text");
    let rows = told.lines().filter(|line| line.starts_with(metric));
    rows.filter_map(|row| row.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

/// Each partition has an owner and another node that keeps it warm.
fn all_stood_by(node: &Node) -> bool {
    let view = node.view();
    partitions(&view).iter().all(|of| !of["owner"].is_null() && of["standbys"] == 1)
}

#[test]
fn nodes_that_only_count_judge_their_part_and_take_over_from_each_other() {
    let Some(cluster) = Cluster::start() else { return };
    let reads = Node::start(&cluster, "reads", API);
    let mut counting: Vec<Node> =
        ["one", "two", "three"].map(|name| Node::start(&cluster, name, COUNT)).into();
    let api = reads.server.api(&reads.folder, SCOPES);
    // Four partitions, each judged twice: eight parts for three nodes.
    let shared = |counting: &[Node], most: u64| {
        let parts: Vec<u64> = counting.iter().map(followed).collect();
        counting.iter().all(|node| node.owns() > 0 && all_stood_by(node))
            && parts.iter().sum::<u64>() == 8
            && parts.iter().all(|part| *part <= most)
    };
    wait_until("each has its part", || shared(&counting, 4));
    let refused =
        counting[0].server.anyone().get("/api/v1/counts?by=user").refused(404, "not_found");
    let detail = refused["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("this node counts and has nothing to read"), "{detail}");
    let apis: Vec<Api> =
        counting.iter().map(|node| Api { address: node.server.address(), ..api.clone() }).collect();
    let mut work = Halves::new(61, 8_000);
    let clients = work.send([&apis[1], &apis[2]]);
    clients[0].wait_for(40);
    let killed = Instant::now();
    let folder = counting.remove(0).kill();
    let owned = |counting: &[Node]| counting.iter().map(Node::owns).sum::<usize>() == 4;
    wait_until("the others have them all", || owned(&counting));
    let taken_over = killed.elapsed();
    work.take_back(clients);
    work.send_rest(&apis[1]);
    wait_until_counted(&counting.iter().collect::<Vec<_>>());
    let audit = work.check(&reads, &api);
    // It comes back, and everybody has a part again.
    counting.insert(0, Node::start_in(folder));
    wait_until("each has its part again", || shared(&counting, 4));
    work.check(&reads, &api);
    let judged: Vec<u64> = counting.iter().map(followed).collect();
    measured(
        "a node is killed that only counts",
        &json!({
            "counted_again_ms": taken_over.as_millis(),
            "reports": audit["reports"]["accepted"],
            "partitions": 4,
            "judged_by_each": judged,
        }),
    );
    assert!(taken_over < COUNTED_AGAIN_WITHIN, "{taken_over:?}");
    for node in counting.into_iter().chain([reads]) {
        node.end();
    }
}
