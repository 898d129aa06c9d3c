//! What others are told of what counts, by a node that is killed between telling and committing.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use crate::support::Folder;
use crate::support::cluster::{ALL, Cluster, Held};
use ledgerline_app::ports::ReportLog;
use ledgerline_ids::PartitionId;
use ledgerline_kafka_log::{KafkaReportLog, Settings};
use ledgerline_local_disk::SystemClock;
use ledgerline_records::frame::Records;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

const SCOPES: &str = "reports:write,counts:read";

fn telling(cluster: &Cluster, name: &str) -> Folder {
    let folder = cluster.node(name, ALL);
    let config = fs::read_to_string(folder.path("cluster.toml")).expect("it was written");
    let topic = format!("topic = \"{}\"", cluster.topic);
    let told = format!("{topic}\ncounted_plays_topic = \"{}-told\"", cluster.topic);
    folder.write("cluster.toml", config.replace(&topic, &told));
    folder
}

/// All messages that were told, in the order of their partitions.
fn told(cluster: &Cluster) -> Vec<Value> {
    let topic = format!("{}-told", cluster.topic);
    let settings = Settings { topic, ..Settings::new(&cluster.brokers, cluster.partitions) };
    let mut messages = Vec::new();
    each_record(settings, |bytes| messages.push(serde_json::from_slice(bytes).expect("JSON")));
    messages
}

/// Takes the bytes of all records of a topic, in the order of its partitions.
pub fn each_record(settings: Settings, mut take: impl FnMut(&[u8])) {
    let partitions = settings.partitions;
    let log = KafkaReportLog::open(settings, Arc::new(SystemClock::new()), &[]);
    let log = log.expect("the topic is there");
    for partition in (0..partitions).map(PartitionId) {
        let end = *log.end(partition).borrow();
        let mut next = log.start(partition);
        while next < end {
            for frame in log.read(partition, next, 1 << 20).expect("it can be read") {
                for (record, at) in Records::new(frame.payload()).zip(frame.header.first.0..) {
                    let (_, bytes) = record.expect("a record");
                    if at >= next.0 {
                        take(bytes);
                        next.0 = at + 1;
                    }
                }
            }
        }
    }
    log.close();
}

/// What somebody has who upserts by id: plays by recording.
fn upserted(messages: &[Value]) -> BTreeMap<String, u64> {
    let mut have = BTreeMap::<&str, &Value>::new();
    for message in messages {
        let id = message["id"].as_str().expect("an id");
        let newest = have.get(id).map_or(0, |known| known["amendment"].as_u64().expect("a number"));
        if message["amendment"].as_u64().expect("a number") >= newest {
            have.insert(id, message);
        }
    }
    let mut counts = BTreeMap::<String, i64>::new();
    for message in have.values() {
        let track = message["track_id"].as_str().expect("a recording").to_owned();
        *counts.entry(track).or_default() += message["change"].as_i64().expect("1 or -1");
    }
    let counts = counts.into_iter().filter(|(_, count)| *count != 0);
    counts.map(|(track, count)| (track, u64::try_from(count).expect("no less than none"))).collect()
}

#[test]
fn whoever_upserts_has_the_counts_though_a_node_is_killed_before_it_commits() {
    let Some(cluster) = Cluster::start() else { return };
    let folder = telling(&cluster, "one");
    // The topics were made before without this one, and all nodes agreed on none.
    folder.ok(&["config", "adopt"]);
    folder.ok(&["topics", "create"]);
    let one = Node::start_in(folder);
    wait_until("it counts", || one.owns() == 4);
    let api = one.server.api(&one.folder, SCOPES);
    let mut work = Halves::new(95, 3_000);
    let [first, second] = &mut work.sents;
    *first = crate::support::load::Clients::start(&api, std::mem::take(first), 2).join();
    wait_until_counted(&[&one]);
    let committed = told(&cluster);
    assert_eq!(upserted(&committed), one.folder.counts("track"));

    // Nothing is committed while somebody has the table; what it would be is told already.
    let held = Held::table(&cluster.postgres, "partition_commits");
    *second = crate::support::load::Clients::start(&api, std::mem::take(second), 2).join();
    wait_until("it is told", || told(&cluster).len() > committed.len());
    let folder = one.kill();
    let ahead = told(&cluster);
    drop(held);
    let one = Node::start_in(folder);
    wait_until("it counts", || one.owns() == 4);
    work.send_rest(&crate::support::Api { address: one.server.address(), ..api.clone() });
    wait_until_counted(&[&one]);
    work.check(&one, &api);

    let all = told(&cluster);
    assert_eq!(upserted(&all), one.folder.counts("track"));
    // What was told before it was committed came again, word for word.
    let mut by_id = BTreeMap::<(String, u64), (&Value, u32)>::new();
    for message in &all {
        let id = message["id"].as_str().expect("an id").to_owned();
        let amendment = message["amendment"].as_u64().expect("a number");
        let known = by_id.entry((id, amendment)).or_insert((message, 0));
        assert_eq!(known.0, message);
        known.1 += 1;
    }
    let repeated = by_id.values().filter(|(_, times)| *times > 1).count();
    assert!(repeated > 0, "{} were told ahead of {}", ahead.len(), committed.len());
    one.end();
}
