//! A database that is away, cut off or behind, and a node that is cut off from it.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster, told};
use crate::support::own_services::OwnPostgres;
use crate::support::proxy::{Cut, Proxy};
use crate::support::{Api, DEADLINE};
use std::time::Instant;

const SCOPES: &str = "reports:write,counts:read";

#[test]
fn while_the_database_is_away_reports_are_accepted_and_counted_later() {
    let Some((brokers, postgres)) = told("LEDGERLINE_TEST_KAFKA").zip(OwnPostgres::start()) else {
        return;
    };
    let Some(cluster) = Cluster::start_on(brokers, &postgres.url()) else { return };
    let one = Node::start(&cluster, "one", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    let mut work = Halves::new(41, 6_000);
    let clients = work.send([&api, &api]);
    clients[0].wait_for(30);
    postgres.kill();
    // Everything that is sent while it is away is accepted.
    work.take_back(clients);
    assert!(work.sents.iter().all(|sent| sent.waiting.is_empty()), "nothing was refused");
    let ready = api.get("/readyz").refused(503, "not_ready");
    // By then it commits, or reads how far it was, whichever it tries next.
    let why = ready.to_string();
    assert!(why.contains(" waits: ") && why.contains(": PostgreSQL "), "{ready}");
    let counts = api.get("/api/v1/counts?by=user").is(200);
    assert!(counts["waits"].is_string(), "it says that it is behind: {counts}");
    postgres.start_again();
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    let letters = one.folder.json(&["dlq", "list"]);
    assert_eq!(
        letters["letters"],
        serde_json::json!([]),
        "an outage is no reason to set anything apart"
    );
    one.end();
}

#[test]
fn a_node_that_is_cut_off_from_the_database_is_replaced() {
    let Some((brokers, postgres)) =
        told("LEDGERLINE_TEST_KAFKA").zip(told("LEDGERLINE_TEST_POSTGRES"))
    else {
        return;
    };
    let Some(cluster) = Cluster::start_on(brokers, &postgres) else { return };
    let proxy = Proxy::to(&cluster.postgres);
    let cut_off = Cluster { postgres: proxy.url(), ..cluster.clone() };
    let one = Node::start(&cut_off, "one", ALL);
    let two = Node::start(&cluster, "two", ALL);
    let api = two.server.api(&two.folder, SCOPES);
    let other = Api { address: one.server.address(), ..api.clone() };
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    // Keys are known to a node once it has seen them.
    wait_until("the key is known", || other.get("/api/v1/counts?by=user").status == 200);
    let mut work = Halves::new(42, 8_000);
    let clients = work.send([&api, &other]);
    clients[0].wait_for(30);
    proxy.cut(Cut::Everything);
    wait_until("the other has them all", || two.owns() == 4);
    work.take_back(clients);
    proxy.mend();
    work.send_rest(&api);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    wait_until_counted(&[&one, &two]);
    work.check(&two, &api);
    work.check(&one, &api);
    one.end();
    two.end();
}

#[test]
fn commits_of_which_the_answer_is_lost_count_once() {
    let Some((brokers, postgres)) =
        told("LEDGERLINE_TEST_KAFKA").zip(told("LEDGERLINE_TEST_POSTGRES"))
    else {
        return;
    };
    let Some(cluster) = Cluster::start_on(brokers, &postgres) else { return };
    let proxy = Proxy::to(&cluster.postgres);
    let through = Cluster { postgres: proxy.url(), ..cluster.clone() };
    let one = Node::start(&through, "one", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    let mut work = Halves::new(43, 6_000);
    let began = Instant::now();
    let clients = work.send([&api, &api]);
    let mut lost = 0;
    while clients.iter().any(crate::support::load::Clients::are_sending) {
        assert!(began.elapsed() < DEADLINE, "sending ends");
        // The next commit arrives, and nothing of what is said to it comes back.
        proxy.cut(Cut::AfterCommit);
        lost += proxy.wait_for_cut();
        proxy.mend();
    }
    work.take_back(clients);
    work.send_rest(&api);
    assert!(lost > 0, "no commit was cut off");
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    one.end();
}
