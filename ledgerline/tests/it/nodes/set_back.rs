//! A database that is restored to an earlier point: what the log holds is judged again from there.

use super::crowd::{Halves, Node, partitions, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster, told};
use crate::support::folder::pid_named;
use crate::support::own_services::OwnPostgres;
use crate::support::{Api, Folder, Server};
use rustix::process::{Signal, kill_process};

const SCOPES: &str = "reports:write,counts:read";

fn committed(node: &Node) -> u64 {
    partitions(&node.view()).iter().filter_map(|of| of["committed"].as_u64()).sum()
}

/// Waits until everything is counted by somebody, and each of these has judged all of it.
fn wait_until_judged(nodes: &[&Node]) {
    wait_until_counted(nodes);
    for node in nodes {
        wait_until("it has judged everything", || {
            let view = node.view();
            partitions(&view).iter().all(|of| of["read_to"] == of["log_end"])
        });
    }
}

/// What the runbook says is removed before a node starts on a database that was set back.
fn forget(folder: &Folder) {
    for name in ["plays", "index"] {
        std::fs::remove_dir_all(folder.data().join(name)).expect("it is there");
    }
}

/// A node that nobody stopped. It goes on where others have committed what it knew by then; where it sees less
/// committed than it knew, it counts no more and says why, and the runbook's way helps.
fn forgotten(node: Node, api: &Api) -> Node {
    let api = Api { address: node.server.address(), ..api.clone() };
    let stopped = || {
        let answer = api.get("/api/v1/counts?by=user");
        answer.status == 503 && answer.json()["code"] == "counting_stopped"
    };
    let goes_on = || {
        let answer = api.get("/api/v1/counts?by=user");
        answer.status == 200 && answer.json()["waits"].is_null() && node.owns() > 0
    };
    wait_until("it goes on, or says that it doesn't", || stopped() || goes_on());
    if !stopped() {
        return node;
    }
    let folder = node.kill();
    let log = std::fs::read_to_string(folder.path("server.log")).expect("it has a log");
    assert!(log.contains(" is older than "), "{log}");
    forget(&folder);
    Node::start_in(folder)
}

#[test]
fn a_database_that_was_set_back_counts_nothing_twice() {
    let Some((brokers, postgres)) = told("LEDGERLINE_TEST_KAFKA").zip(OwnPostgres::start()) else {
        return;
    };
    let Some(cluster) = Cluster::start_on(brokers, &postgres.url()) else { return };
    let one = Node::start(&cluster, "one", ALL);
    let two = Node::start(&cluster, "two", ALL);
    let three = Node::start(&cluster, "three", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    let other = Api { address: two.server.address(), ..api.clone() };
    wait_until("each has a share", || [&one, &two, &three].iter().all(|node| node.owns() > 0));
    let mut work = Halves::new(61, 12_000);
    let clients = work.send([&api, &other]);
    clients[0].wait_for(40);
    let copy = postgres.copy();
    let then = committed(&one);
    clients[0].wait_for(60);
    wait_until("more is committed", || committed(&one) > then);
    // One is paused with what it judged and didn't commit, which nobody may believe later.
    let paused = pid_named(&three.server.pid());
    kill_process(paused, Signal::STOP).expect("it runs");
    work.take_back(clients);
    work.send_rest(&api);
    wait_until_judged(&[&one, &two]);
    work.check(&one, &api);
    let before = committed(&one);
    let (first, second) = (one.end(), two.kill());
    postgres.set_back(&copy);

    // One that has a snapshot of what isn't committed any more says what to do, as the runbook does; the second,
    // killed before it had one, keeps what it judged, and is told by the commits.
    let Err(said) = Server::spawn(&first).listening() else { panic!("it starts on what was lost") };
    assert!(said.contains("is committed: ") && said.contains("remove the folder"), "{said}");
    forget(&first);
    let one = Node::start_in(first);
    let two = Node::start_in(second);
    kill_process(paused, Signal::CONT).expect("it is there");
    let api = Api { address: one.server.address(), ..api };
    let three = forgotten(three, &api);
    wait_until("all is counted", || committed(&one) >= before);
    wait_until_judged(&[&one, &two, &three]);
    for node in [&one, &two, &three] {
        work.check(node, &api);
    }
    for node in [one, two, three] {
        node.end();
    }
}
