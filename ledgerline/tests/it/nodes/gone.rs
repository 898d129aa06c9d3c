//! A node that is killed, paused or cut off while clients send.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster};
use crate::support::folder::pid_named;
use crate::support::{Api, measured};
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::time::Instant;

const SCOPES: &str = "reports:write,counts:read";

fn two_nodes(cluster: &Cluster) -> (Node, Node, [Api; 2]) {
    let one = Node::start(cluster, "one", ALL);
    let two = Node::start(cluster, "two", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    let other = Api { address: two.server.address(), ..api.clone() };
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    (one, two, [api, other])
}

#[test]
fn partitions_of_a_killed_node_are_counted_again_within_seconds() {
    let Some(cluster) = Cluster::start() else { return };
    let (one, two, [api, other]) = two_nodes(&cluster);
    let mut work = Halves::new(31, 8_000);
    let clients = work.send([&api, &other]);
    clients[0].wait_for(40);
    let killed = Instant::now();
    let folder = one.kill();
    wait_until("the other has them all", || two.owns() == 4);
    let taken_over = killed.elapsed();
    work.take_back(clients);
    work.send_rest(&other);
    wait_until_counted(&[&two]);
    let audit = work.check(&two, &other);
    // It comes back, finds what was counted meanwhile, and has its share again.
    let one = Node::start_in(folder);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    work.check(&one, &other);
    measured(
        "a counting node is killed",
        &json!({ "counted_again_ms": taken_over.as_millis(), "reports": audit["reports"]["accepted"] }),
    );
    one.end();
    two.end();
}

#[test]
fn a_node_that_was_paused_while_its_partitions_moved_changes_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let (one, two, [_, other]) = two_nodes(&cluster);
    let mut work = Halves::new(32, 8_000);
    let clients = work.send([&other, &other]);
    clients[0].wait_for(20);
    let paused = pid_named(&one.server.pid());
    kill_process(paused, Signal::STOP).expect("it runs");
    wait_until("the other has them all", || two.owns() == 4);
    work.take_back(clients);
    wait_until_counted(&[&two]);
    kill_process(paused, Signal::CONT).expect("it is there");
    // It notices, and gets its share anew.
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    wait_until_counted(&[&one, &two]);
    work.check(&two, &other);
    work.check(&one, &other);
    one.end();
    two.end();
}

#[test]
fn a_killed_node_that_only_takes_reports_in_loses_nothing_acknowledged() {
    let Some(cluster) = Cluster::start() else { return };
    let count = Node::start(&cluster, "count", "\"count\", \"api\"");
    let first = Node::start(&cluster, "first", "\"ingest\"");
    let second = Node::start(&cluster, "second", "\"ingest\"");
    let api = count.server.api(&count.folder, SCOPES);
    let apis = [&first, &second].map(|node| Api { address: node.server.address(), ..api.clone() });
    let mut work = Halves::new(33, 6_000);
    let clients = work.send([&apis[0], &apis[1]]);
    clients[0].wait_for(30);
    first.kill();
    work.take_back(clients);
    work.send_rest(&apis[1]);
    wait_until_counted(&[&count]);
    work.check(&count, &api);
    second.end();
    count.end();
}
