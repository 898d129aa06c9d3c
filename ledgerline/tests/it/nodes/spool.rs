//! Kafka is away, and nodes with a spool go on taking reports: killed while they keep them, killed while they send
//! them on; what counts in the end is what was played.

use super::crowd::{Node, Portions, wait_until, wait_until_counted};
use crate::support::cluster::{Cluster, told};
use crate::support::http::{NDJSON, REPORT};
use crate::support::own_services::OwnKafka;
use crate::support::reports::line;
use crate::support::{Api, Folder, measured};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

const SCOPES: &str = "reports:write,counts:read";
const COUNT: &str = "\"count\", \"api\"";
const INGEST: &str = "\"ingest\"";
/// Batches of a portion.
const PORTION: usize = 60;

/// A node that only takes reports in, with a spool of so many bytes.
fn ingest(cluster: &Cluster, name: &str, bytes_max: u64) -> Folder {
    let spool = format!("[spool]\nfolder = \"kept\"\nmax_bytes = {bytes_max}\n");
    cluster.node_with(name, INGEST, &spool)
}

/// A number that a node tells.
fn metric(node: &Node, name: &str) -> u64 {
    let told = String::from_utf8(node.server.anyone().get("/metrics").body).expect("it is text");
    let row = told.lines().find_map(|row| row.strip_prefix(name)?.strip_prefix(' '));
    row.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in {told}"))
}

fn waiting(node: &Node) -> u64 {
    metric(node, "ledgerline_spool_records")
}

fn at(node: &Node, api: &Api) -> Api {
    Api { address: node.server.address(), ..api.clone() }
}

/// A broker that may be killed, and a node that counts.
fn begin() -> Option<(OwnKafka, Cluster, Node)> {
    let (kafka, postgres) = OwnKafka::start(1).zip(told("LEDGERLINE_TEST_POSTGRES"))?;
    let cluster = Cluster::start_on(kafka.brokers(), &postgres)?;
    let count = Node::start(&cluster, "count", COUNT);
    Some((kafka, cluster, count))
}

/// Sends one report; what is answered.
fn send_one(api: &Api, play: &str) -> (u16, Value) {
    let body = line(play, "somebody", "t1", 31_000);
    let answer = api.send("POST", REPORT, &[&format!("Content-Type: {NDJSON}")], body.as_bytes());
    (answer.status, answer.json())
}

#[test]
fn reports_are_taken_while_kafka_is_away_and_each_counts_once() {
    let Some((mut kafka, cluster, count)) = begin() else { return };
    let api = count.server.api(&count.folder, SCOPES);
    let one = Node::start_in(ingest(&cluster, "one", 64 << 20));
    let two = Node::start_in(ingest(&cluster, "two", 64 << 20));
    wait_until("it counts", || count.owns() == 4);
    let mut work = Portions::new(91, 9_000);
    let apis = [at(&one, &api), at(&two, &api)];
    work.send(PORTION, &[&apis[0], &apis[1]], || ());
    assert_eq!(send_one(&apis[0], "before").1["kept"], "log");
    // It goes while clients send; all of them are acknowledged all the same.
    let began = Instant::now();
    work.send(PORTION, &[&apis[0], &apis[1]], || kafka.kill(0));
    let outage = began.elapsed();
    wait_until("it is known to be away", || send_one(&apis[0], "away").1["kept"] == "spool");
    let ready = apis[0].get("/readyz").is(200);
    assert!(
        ready["notes"][0].as_str().is_some_and(|it| it.contains("in this node's spool")),
        "{ready}"
    );
    // Killed while it keeps them, it comes back without Kafka, has what it had, and takes more.
    let folder = one.kill();
    let one = Node::start_in(folder);
    assert!(waiting(&one) > 0, "what it acknowledged is there");
    let apis = [at(&one, &api), apis[1].clone()];
    work.send(PORTION, &[&apis[0], &apis[1]], || ());
    // A second process on the same spool is refused.
    let same = format!("[spool]\nfolder = \"{}\"\n", one.folder.path("kept").display());
    let beside = cluster.node_with("beside", INGEST, &same);
    let refused = beside.run(&["counts", "--by", "user"]).all();
    assert!(refused.contains("is in use by process"), "{refused}");
    let kept = waiting(&one) + waiting(&two);
    kafka.start_again();
    // Killed while it sends them on.
    let drained = "ledgerline_spool_drained_total";
    wait_until("some are sent", || metric(&one, drained) > 0);
    let folder = one.kill();
    let one = Node::start_in(folder);
    let apis = [at(&one, &api), apis[1].clone()];
    work.send(work.left(), &[&apis[0], &apis[1]], || ());
    let back = Instant::now();
    wait_until("the spools are empty", || waiting(&one) + waiting(&two) == 0);
    let drained_in = back.elapsed();
    assert_eq!(send_one(&apis[0], "before").1["kept"], "log");
    wait_until_counted(&[&count]);
    // What was sent one by one, twice and more.
    let others = BTreeMap::from([("somebody".to_owned(), 2)]);
    let audit = work.check_besides(&count, &api, &others);
    measured(
        "Kafka is away, and two nodes have spools",
        &json!({
            "reports": audit["reports"]["accepted"], "waited_in_spools": kept,
            "sending_while_it_went_ms": outage.as_millis(), "last_drained_ms": drained_in.as_millis(),
        }),
    );
    one.end();
    two.end();
    count.end();
}

#[test]
fn a_full_spool_refuses_until_it_is_drained() {
    let Some((mut kafka, cluster, count)) = begin() else { return };
    let api = count.server.api(&count.folder, SCOPES);
    let one = Node::start_in(ingest(&cluster, "one", 1 << 20));
    wait_until("it counts", || count.owns() == 4);
    let check = one.folder.run(&["config", "check"]).all();
    assert!(check.contains("kept can be written"), "{check}");
    let to = at(&one, &api);
    assert_eq!(send_one(&to, "before").1["kept"], "log");
    kafka.kill(0);
    let refused = loop {
        let play = |number| line(&format!("fill{number}"), &format!("user{number}"), "t1", 31_000);
        let body: String = (0..500).map(play).collect();
        let answer =
            to.send("POST", REPORT, &[&format!("Content-Type: {NDJSON}")], body.as_bytes());
        if answer.status != 202 {
            break answer;
        }
    };
    assert_eq!(refused.status, 503, "{}", refused.json());
    assert!(refused.header("retry-after").is_some(), "{}", refused.json());
    let ready = to.get("/readyz").refused(503, "not_ready");
    assert!(ready.to_string().contains("the spool is full"), "{ready}");
    kafka.start_again();
    wait_until("the spool is empty", || waiting(&one) == 0);
    wait_until("it takes reports again", || send_one(&to, "after").1["kept"] == "log");
    // The counting node may have the brokers in sight again, and still not the topic's new ends.
    wait_until("all of it is counted", || count.counted(&api).len() == 501);
    wait_until_counted(&[&count]);
    // However often they were sent.
    let counted = count.counted(&api);
    assert_eq!((counted["somebody"], counted.len()), (2, 501));
    assert!(counted.iter().all(|(user, plays)| *plays == 1 || user == "somebody"), "{counted:?}");
    count.folder.balanced();
    one.end();
    count.end();
}
