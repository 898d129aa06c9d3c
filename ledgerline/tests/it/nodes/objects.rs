//! Snapshots in a store of blobs: for nodes that have nothing, and nothing that counting waits for.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster};
use std::path::Path;

const SCOPES: &str = "reports:write,counts:read";

/// A configuration's lines for a folder.
pub fn with(store: &Path) -> String {
    format!("[objects]\nfolder = \"{}\"\n", store.display())
}

/// How many snapshots of partitions are there.
pub fn snapshots(store: &Path) -> usize {
    let folders = std::fs::read_dir(store.join("snapshots")).into_iter().flatten().flatten();
    let inside = folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok());
    inside.flat_map(|files| files.flatten()).count()
}

#[test]
fn a_node_with_nothing_begins_with_the_snapshots_of_others() {
    let Some(cluster) = Cluster::start() else { return };
    let store = tempfile::tempdir().expect("there is a temporary folder");
    let one = Node::start_in(cluster.node_with("one", ALL, &with(store.path())));
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    let mut work = Halves::new(51, 3_000);
    work.send_rest(&api);
    wait_until_counted(&[&one]);
    wait_until("each partition has a snapshot", || snapshots(store.path()) >= 4);
    // It minds that the topic of a test is on one broker's disk.
    let check = one.folder.run(&["config", "check"]).all();
    assert!(check.contains("ok  the store of blobs answers"), "{check}");
    // It took one when it stopped, too, which nobody needs: what is there is enough.
    one.kill();
    let two = Node::start_in(cluster.node_with("two", ALL, &with(store.path())));
    wait_until("it counts", || two.owns() == 4);
    work.check(&two, &api);
    two.end();
}

#[test]
fn without_the_store_of_blobs_counting_goes_on() {
    let Some(cluster) = Cluster::start() else { return };
    let outer = tempfile::tempdir().expect("there is a temporary folder");
    let (store, away) = (outer.path().join("store"), outer.path().join("away"));
    let one = Node::start_in(cluster.node_with("one", ALL, &with(&store)));
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    std::fs::rename(&store, &away).expect("it is there");
    // Nothing can be made where a file is in the way.
    std::fs::write(&store, "").expect("the folder can be written");
    let mut work = Halves::new(52, 3_000);
    work.send_rest(&api);
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    std::fs::remove_file(&store).expect("it is there");
    std::fs::rename(&away, &store).expect("it is there");
    wait_until("snapshots go on", || snapshots(&store) >= 4);
    one.end();
}
