//! Records on the topic that nobody can read: kept, shown, and sent back.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster};
use ledgerline_app::ports::{Clock, DeadLetter, DeadLetters, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::{KafkaDeadLetters, KafkaReportLog, Settings};
use ledgerline_local_disk::SystemClock;
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{RecordGroup, Records};
use serde_json::{Value, json};
use std::sync::Arc;

const SCOPES: &str = "reports:write,counts:read";
const P1: PartitionId = PartitionId(1);
const GARBAGE: &[u8] = b"\xff\x01somebody else's";

fn settings(cluster: &Cluster) -> Settings {
    let usual = Settings::new(&cluster.brokers, cluster.partitions);
    Settings {
        topic: cluster.topic.clone(),
        dead_letters_topic: format!("{}-dlq", cluster.topic),
        ..usual
    }
}

fn open(cluster: &Cluster) -> KafkaReportLog {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    KafkaReportLog::open(settings(cluster), clock, &[]).expect("the topic is there")
}

fn letters(node: &Node) -> Vec<Value> {
    let listed = node.folder.json(&["dlq", "list"]);
    assert_eq!(listed["more"], false, "{listed}");
    listed["letters"].as_array().expect("a list").clone()
}

/// The first report of a partition, and when it was received.
fn report_of(cluster: &Cluster, partition: PartitionId) -> (UnixMs, Vec<u8>) {
    let log = open(cluster);
    let frames = log.read(partition, Position(0), 1 << 20).expect("it can be read");
    for frame in &frames {
        for record in Records::new(frame.payload()) {
            let (_, record) = record.expect("whole");
            if matches!(LogRecord::decode(record), Ok(LogRecord::Report(_))) {
                return (frame.header.received_at, record.to_vec());
            }
        }
    }
    panic!("no report is in {partition}")
}

#[test]
fn what_nobody_can_read_is_kept_and_shown_and_the_partition_goes_on() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    assert!(letters(&one).is_empty());
    let mut work = Halves::new(51, 2_000);
    let clients = work.send([&api, &api]);
    clients[0].wait_for(5);
    let mut group = RecordGroup::default();
    group.push_with(|out| out.extend_from_slice(GARBAGE));
    let appended = open(&cluster).append(P1, group);
    let appended = appended.blocking_recv().expect("an answer").expect("it is appended");
    work.take_back(clients);
    work.send_rest(&api);
    wait_until_counted(&[&one]);
    work.check(&one, &api);

    let place = format!("p001/{}", appended.first);
    let kept = letters(&one);
    let [letter] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((&letter["place"], &letter["readable"]), (&json!(place), &json!(false)));
    assert!(letter["why"].as_str().is_some_and(|why| why.contains("kind 255")), "{letter}");
    let shown = one.folder.json(&["dlq", "show", &place]);
    let hex: String = GARBAGE.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&shown["hex"], &shown["reads"]), (&json!(hex), &Value::Null));
    let text = one.folder.ok(&["dlq", "list"]);
    assert!(text.contains(&place) && text.contains("can't be read"), "{text}");

    let refused = one.folder.run(&["dlq", "redrive", &place]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.out.contains("not sent back: it can't be read still"), "{}", refused.all());
    for (args, code) in [
        (["show", "p001/9999999"], 3),
        (["redrive", "p001/9999999"], 3),
        (["show", "p009/0"], 2),
        (["show", "somewhere"], 2),
    ] {
        let ran = one.folder.run(&[&["dlq"][..], &args].concat());
        assert_eq!(ran.code, code, "{args:?}: {}", ran.all());
    }
    work.check(&one, &api);
    one.end();
}

#[test]
fn what_can_be_read_by_now_is_sent_back_and_counts_once() {
    let (Some(cluster), Some(other)) = (Cluster::start(), Cluster::start()) else { return };
    // What another deployment with the same key and partitions has taken in is readable here, too.
    let elsewhere = Node::start(&other, "elsewhere", ALL);
    let api = elsewhere.server.api(&elsewhere.folder, SCOPES);
    let mut work = Halves::new(52, 2_000);
    work.send_rest(&api);
    elsewhere.end();
    let (received_at, bytes) = report_of(&other, P1);
    let letter = DeadLetter {
        partition: P1,
        position: Position(7),
        received_at,
        bytes: &bytes,
        why: "a test",
    };
    KafkaDeadLetters::new(settings(&cluster)).keep(&letter).expect("it is kept");

    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let shown = one.folder.json(&["dlq", "show", "p001/7"]);
    assert!(shown["reads"].as_str().is_some_and(|reads| reads.contains("Report")), "{shown}");
    assert_eq!(shown["received_at"], received_at.to_string());
    let sent = one.folder.json(&["dlq", "redrive", "--all"]);
    assert_eq!(sent["letters"], json!([{ "place": "p001/7", "sent": true, "why": null }]));
    wait_until_counted(&[&one]);
    assert_eq!(report_of(&cluster, P1), (received_at, bytes));
    // It was sent once: nothing is left to send, and asked for it by name it is refused.
    assert_eq!(one.folder.json(&["dlq", "redrive", "--all"])["letters"], json!([]));
    let again = one.folder.run(&["dlq", "redrive", "p001/7"]);
    assert_eq!((again.code, again.out.contains("sent back already")), (1, true), "{}", again.all());
    assert_eq!(letters(&one)[0]["redriven"], true);
    let audit = one.folder.balanced();
    assert_eq!(audit["reports"]["accepted"], 1, "{audit}");
    one.end();
}
