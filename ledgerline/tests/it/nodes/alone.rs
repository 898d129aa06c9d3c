//! Nodes that only count, none of which stands by for another: what a dead one owned is built by others, from
//! a snapshot or from the log's beginning, and then counted on.

use super::crowd::{Halves, Node, partitions, wait_until, wait_until_counted};
use super::objects::{snapshots, with};
use crate::support::cluster::Cluster;
use crate::support::s3::S3;
use crate::support::{Api, Folder, Server, measured};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
const COUNT: &str = "\"ingest\", \"count\"";
const API: &str = "\"api\"";
/// A lease, a beat, and what so few reports take to judge again.
const COUNTED_AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// Where snapshots go.
struct Store {
    /// What a configuration says of it.
    config: String,
    /// The folder in which its blobs are.
    blobs: PathBuf,
}

fn node(cluster: &Cluster, name: &str, roles: &str, store: Option<&Store>) -> Folder {
    let more = store.map_or("", |store| &store.config);
    let folder = cluster.node(name, roles);
    let alone = cluster.config(name, roles).replace("roles =", "standbys = 0\nroles =");
    folder.write("cluster.toml", alone + more);
    folder
}

fn owned(nodes: &[Node]) -> Vec<usize> {
    nodes.iter().map(Node::owns).collect()
}

/// Each owns its share of four partitions, and follows nothing else.
fn have_their_shares(nodes: &[Node]) -> bool {
    let (owned, share) = (owned(nodes), 4 / nodes.len());
    let followed = |node: &Node| {
        let view = node.view();
        partitions(&view).iter().filter(|of| of["here"] != "not_followed").count()
    };
    owned.iter().sum::<usize>() == 4
        && owned.iter().all(|of| (share..=share + 1).contains(of))
        && nodes.iter().map(followed).collect::<Vec<_>>() == owned
}

/// One of three is killed while reports come in.
fn one_is_killed(what: &str, seed: u64, store: Option<&Store>) {
    let Some(cluster) = Cluster::start() else { return };
    let reads = Node::start_in(node(&cluster, "reads", API, store));
    let start = |name| Node::start_in(node(&cluster, name, COUNT, store));
    let mut counting: Vec<Node> = ["one", "two", "three"].map(start).into();
    let api = reads.server.api(&reads.folder, SCOPES);
    wait_until("each has its share", || have_their_shares(&counting));
    let apis: Vec<Api> =
        counting.iter().map(|node| Api { address: node.server.address(), ..api.clone() }).collect();
    let mut work = Halves::new(seed, 8_000);
    let clients = work.send([&apis[1], &apis[2]]);
    clients[0].wait_for(40);
    let killed = Instant::now();
    let folder = counting.remove(0).kill();
    wait_until("the others have them all", || owned(&counting).iter().sum::<usize>() == 4);
    let taken_over = killed.elapsed();
    work.take_back(clients);
    work.send_rest(&apis[1]);
    wait_until_counted(&counting.iter().collect::<Vec<_>>());
    let audit = work.check(&reads, &api);
    if let Some(store) = store {
        newcomer_begins_with_snapshots(&cluster, store, &mut counting);
        work.check(&reads, &api);
    }
    // It comes back to what it left, which others have counted on since.
    counting.push(Node::start_in(folder));
    wait_until("each has its share again", || have_their_shares(&counting));
    wait_until_counted(&counting.iter().collect::<Vec<_>>());
    work.check(&reads, &api);
    measured(
        what,
        &json!({
            "counted_again_ms": taken_over.as_millis(),
            "reports": audit["reports"]["accepted"],
            "partitions": 4,
        }),
    );
    assert!(taken_over < COUNTED_AGAIN_WITHIN, "{taken_over:?}");
    for node in counting.into_iter().chain([reads]) {
        node.end();
    }
}

/// A node with an empty disk gets its share from the store, and doesn't judge the log from its beginning.
fn newcomer_begins_with_snapshots(cluster: &Cluster, store: &Store, counting: &mut Vec<Node>) {
    wait_until("each partition has a snapshot", || snapshots(&store.blobs) >= 4);
    let folder = node(cluster, "newcomer", COUNT, Some(store));
    let says_more = [("RUST_LOG", "info")];
    let server = Server::spawn_with(&folder, &says_more).listening().expect("it starts");
    counting.push(Node { folder, server });
    wait_until("the newcomer has its share", || have_their_shares(counting));
    let newcomer = counting.last().expect("it was added");
    let log = newcomer.folder.path("server.log");
    let log = std::fs::read_to_string(log).expect("it writes a log");
    assert_eq!(log.matches("has a snapshot now").count(), newcomer.owns(), "{log}");
}

#[test]
fn without_a_store_what_a_killed_node_owned_is_judged_from_the_logs_beginning() {
    one_is_killed("a node without standbys is killed", 64, None);
}

#[test]
fn what_a_killed_node_owned_is_built_from_snapshots_in_a_folder() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let store = Store { config: with(folder.path()), blobs: folder.path().to_owned() };
    one_is_killed("a node without standbys is killed, snapshots in a folder", 65, Some(&store));
}

#[test]
fn what_a_killed_node_owned_is_built_from_snapshots_in_a_bucket() {
    let bucket = S3::start();
    let store = Store { config: bucket.config(), blobs: bucket.objects() };
    one_is_killed("a node without standbys is killed, snapshots in a bucket", 66, Some(&store));
}
