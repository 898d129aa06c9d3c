//! Nodes that are started, stopped, killed, paused and continued one after the other, by a seed, while
//! reports come in: partitions change hands all the time.

use super::crowd::{Node, Portions, wait_until, wait_until_counted};
use crate::support::cluster::Cluster;
use crate::support::folder::pid_named;
use crate::support::{Api, Folder, Random, long, measured};
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
const COUNT: &str = "\"count\", \"api\"";
/// Everything happens within the short version's rounds.
const SEED: u64 = 73;
/// Batches of a round.
const PORTION: usize = 20;

/// How many rounds there are at most, for how long, and how many plays.
struct Length {
    rounds: usize,
    time: Duration,
    plays: u64,
}

const SHORT: Length = Length { rounds: 14, time: Duration::from_secs(60), plays: 7_000 };
const LONG: Length = Length { rounds: 10_000, time: Duration::from_secs(600), plays: 1_000_000 };

enum State {
    Down(Folder),
    Up(Node),
    Paused(Node),
}

impl State {
    /// What happens to it next, as chance has it.
    fn next(self, random: &mut Random) -> (&'static str, Self) {
        match (self, random.below(3)) {
            (Self::Down(folder), _) => ("started", Self::Up(Node::start_in(folder))),
            (Self::Up(node) | Self::Paused(node), 0) => ("killed", Self::Down(node.kill())),
            (Self::Up(node), 1) => ("stopped", Self::Down(node.end())),
            (Self::Up(node), _) => ("paused", Self::Paused(signalled(node, Signal::STOP))),
            (Self::Paused(node), _) => ("continued", Self::Up(signalled(node, Signal::CONT))),
        }
    }

    /// As it should be.
    fn up(self) -> Node {
        match self {
            Self::Down(folder) => Node::start_in(folder),
            Self::Up(node) => node,
            Self::Paused(node) => signalled(node, Signal::CONT),
        }
    }
}

fn signalled(node: Node, signal: Signal) -> Node {
    kill_process(pid_named(&node.server.pid()), signal).expect("it is there");
    node
}

#[test]
fn partitions_that_change_hands_all_the_time_lose_nothing_and_repeat_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let length = if long() { LONG } else { SHORT };
    let ingest = Node::start(&cluster, "ingest", "\"ingest\"");
    let api = ingest.server.api(&ingest.folder, SCOPES);
    let mut random = Random::new(SEED);
    let mut nodes =
        ["one", "two", "three"].map(|name| Some(State::Down(cluster.node(name, COUNT))));
    let mut work = Portions::new(SEED, length.plays);
    let mut done = Vec::new();
    let began = Instant::now();
    while done.len() < length.rounds && began.elapsed() < length.time && work.left() > 0 {
        let slot = random.index(nodes.len());
        work.send(PORTION, &[&api], || {
            let state = nodes[slot].take().expect("it is put back");
            let (what, state) = state.next(&mut random);
            nodes[slot] = Some(state);
            done.push(what);
        });
    }
    work.send(work.left(), &[&api], || ());
    let nodes = nodes.map(|state| state.expect("it was put back").up());
    wait_until("each counts something", || nodes.iter().all(|node| node.owns() > 0));
    wait_until_counted(&nodes.each_ref());
    let mut audit = json!({});
    for node in &nodes {
        audit = work.check(node, &Api { address: node.server.address(), ..api.clone() });
    }
    for what in ["started", "stopped", "killed", "paused", "continued"] {
        assert!(done.contains(&what), "nothing was {what}");
    }
    let times = |what: &str| done.iter().filter(|it| **it == what).count();
    measured(
        "partitions change hands all the time",
        &json!({
            "rounds": done.len(), "seconds": began.elapsed().as_secs(),
            "started": times("started"), "stopped": times("stopped"), "killed": times("killed"),
            "paused": times("paused"), "reports": audit["reports"]["accepted"],
        }),
    );
    for node in nodes {
        node.end();
    }
    ingest.end();
}
