//! Snapshots, the archive, closed months and the ledger's head in one bucket: a node with nothing finds all of it,
//! and the log is let go of behind it.

use super::archived::{OFTEN, is_archived, newest_snapshots, on_topic, positions};
use super::closed::{holds, seen};
use super::crowd::{Node, Portions, partitions, wait_until, wait_until_counted};
use crate::closes::service_in;
use crate::support::cluster::{ALL, Cluster};
use crate::support::s3::S3;
use crate::support::{Api, Folder, Server, pass};
use std::fs;

const SCOPES: &str = "reports:write,counts:read";

/// A node whose log is released, with the key that all nodes sign with.
fn node(cluster: &Cluster, bucket: &S3, name: &str) -> Node {
    let folder: Folder = cluster.node_with(name, ALL, &bucket.config_of_both());
    let config = fs::read_to_string(folder.path("cluster.toml")).expect("it was written");
    let key = bucket.objects().with_file_name("ledger.ed25519");
    let key = format!("ledger_key = \"{}\"\n[kafka]\nrelease = true", key.display());
    folder.write("cluster.toml", config.replace("[kafka]", &key));
    let server = Server::spawn_with(&folder, &OFTEN).listening().expect("it starts");
    Node { folder, server }
}

#[test]
fn all_that_nodes_share_is_in_a_bucket_and_outlives_every_node() {
    let Some(cluster) = Cluster::start() else { return };
    let bucket = S3::start();
    let one = node(&cluster, &bucket, "one");
    wait_until("it counts", || one.owns() == 4);
    let folder = service_in(one.folder, true);
    let one = Node { folder, server: one.server };
    let api = one.server.api(&one.folder, SCOPES);
    let mut work = Portions::new(95, 2_400);
    let portion = work.left().div_ceil(4);
    while work.left() > 0 {
        // Three snapshots are kept of each partition, and the log as far back as the oldest of them.
        let newest = newest_snapshots(&bucket.objects());
        work.send(portion.min(work.left()), &[&api], || ());
        wait_until_counted(&[&one]);
        wait_until("each partition has another snapshot", || {
            pass(100_000);
            newest_snapshots(&bucket.objects()).iter().zip(&newest).all(|(now, then)| now > then)
        });
    }
    let counted = one.counted(&api);
    one.folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let march = seen(&one.folder, "2024-03");
    wait_until("all is archived", || is_archived(&one));
    wait_until("something is let go of", || {
        pass(100_000);
        positions(&one, "ledgerline_released_position").iter().any(|released| *released > 0)
    });
    let left = on_topic(&one.folder, &cluster);
    let audit = one.folder.balanced();
    let records = audit["archive"]["records"].as_u64().expect("a number");
    let ends: u64 = partitions(&one.view()).iter().filter_map(|of| of["log_end"].as_u64()).sum();
    assert!(left < ends, "{left} records of {ends} are on the topic");

    // Every disk is lost; a node with nothing has all of it back.
    drop(one.kill());
    let two = node(&cluster, &bucket, "two");
    wait_until("it counts", || two.owns() == 4);
    let api = Api { address: two.server.address(), ..api };
    assert_eq!(two.counted(&api), counted);
    assert_eq!(seen(&two.folder, "2024-03"), march);
    holds(&two.folder);
    let audit = two.folder.balanced();
    assert!(audit["archive"]["records"].as_u64() >= Some(records), "{audit}");
    two.end();
}
