//! Nodes find out where they differ before one of them counts anything.

use super::crowd::{Halves, Node, wait_until, wait_until_counted};
use super::told::each_record;
use crate::support::cluster::{ALL, Cluster, run_sql};
use crate::support::load::Clients;
use crate::support::{Api, Folder, Server};
use ledgerline_kafka_log::Settings;
use std::collections::BTreeMap;

const INGEST: &str = "\"ingest\"";
const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const OTHER_KEY: &str = "100102030405060708090a0b0c0d0e0f";

/// A node with these roles and something of its configuration changed: `from` into `to`.
fn differing(cluster: &Cluster, roles: &str, (from, to): (&str, &str)) -> Folder {
    let config = cluster.config("differing", roles);
    assert!(config.contains(from), "{from} is in {config}");
    let folder = Folder::of_node("cluster.toml");
    folder.write("cluster.toml", config.replace(from, to));
    folder
}

#[test]
fn a_node_that_differs_does_not_start() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let topic = format!("topic = \"{}\"", cluster.topic);
    let another = format!("{topic}\ncounted_plays_topic = \"told\"");
    let elsewhere = format!("{topic}\ndead_letters_topic = \"elsewhere\"");
    let fixed = "it is fixed for good, since a listener would be counted twice";
    for (roles, change, names, todo) in [
        (ALL, (KEY, OTHER_KEY), "the fingerprint of secrets.hash_key is ", fixed),
        (INGEST, (KEY, OTHER_KEY), "the fingerprint of secrets.hash_key is ", fixed),
        (
            ALL,
            ("partitions = 4", "partitions = 2"),
            "kafka.partitions is 2 here and 4 for the other nodes",
            fixed,
        ),
        (INGEST, (topic.as_str(), "topic = \"other\""), "kafka.topic is other here and", fixed),
        (
            ALL,
            (&topic, &another),
            "kafka.counted_plays_topic is told here and none for the other nodes",
            "config adopt",
        ),
        (ALL, (&topic, &elsewhere), "kafka.dead_letters_topic is elsewhere here", "config adopt"),
    ] {
        let folder = differing(&cluster, roles, change);
        let Err(said) = Server::spawn(&folder).listening() else { panic!("{change:?}: it starts") };
        assert!(said.contains(names) && said.contains(todo), "{change:?}: {said}");
        for command in
            [&["counts", "--by", "user"][..], &["audit"], &["doctor"], &["config", "check"]]
        {
            let ran = folder.run(command);
            assert_eq!(ran.code, 1, "{change:?}, {command:?}: {}", ran.all());
            assert!(ran.all().contains(names), "{change:?}, {command:?}: {}", ran.all());
        }
    }
    // A node that takes reports in tells nobody what counts.
    let ingest = differing(&cluster, INGEST, (&topic, &another));
    Node::start_in(ingest).end();
    let check = one.folder.run(&["config", "check"]);
    assert!(check.out.contains("ok  key, partitions, topics and rules"), "{}", check.all());
    one.end();
}

/// How many records of the topic are reports of each form, by the byte that says it.
fn forms(cluster: &Cluster) -> BTreeMap<u8, u64> {
    let settings = Settings {
        topic: cluster.topic.clone(),
        ..Settings::new(&cluster.brokers, cluster.partitions)
    };
    let mut forms = BTreeMap::new();
    each_record(settings, |bytes| {
        if let [1, version, ..] = bytes {
            *forms.entry(*version).or_default() += 1;
        }
    });
    forms
}

#[test]
fn a_newer_program_writes_what_the_others_read_until_they_agree_on_more() {
    let Some(cluster) = Cluster::start() else { return };
    // As programs of the version before agreed.
    let written = |reports: u8| {
        format!(
            "UPDATE accords SET value = 'reports {reports}, control 1' WHERE name = 'written_records'"
        )
    };
    let first = cluster.node("one", ALL);
    first.ok(&["counts", "--by", "user"]);
    run_sql(&cluster.postgres, written(1));
    let one = Node::start_in(first);
    wait_until("it counts", || one.owns() == 4);
    let api = one.server.api(&one.folder, "reports:write,counts:read");
    let mut work = Halves::new(25, 1_500);
    let [half, rest] = &mut work.sents;
    *half = Clients::start(&api, std::mem::take(half), 2).join();
    wait_until_counted(&[&one]);
    let old = forms(&cluster);
    assert!(old.keys().eq([&1]), "{old:?}");
    let check = one.folder.run(&["config", "check"]);
    assert!(check.out.contains("reports are written in form 1"), "{}", check.all());
    let folder = one.end();

    let adopted = folder.json(&["config", "adopt"]);
    let said = adopted["changes"][0].as_str().expect("a change").to_owned();
    assert!(said.contains("was reports 1, control 1, and is reports 2"), "{adopted}");
    let one = Node::start_in(folder);
    wait_until("it counts", || one.owns() == 4);
    let api = Api { address: one.server.address(), ..api };
    *rest = Clients::start(&api, std::mem::take(rest), 2).join();
    wait_until_counted(&[&one]);
    let both = forms(&cluster);
    assert!(both[&1] == old[&1] && both.get(&2).is_some_and(|newer| *newer > 0), "{both:?}");
    // Counted and recounted alike, whatever the form.
    work.check(&one, &api);
    let folder = one.end();

    // What this program can't write, it doesn't join.
    run_sql(&cluster.postgres, written(3));
    let refused = folder.run(&["counts", "--by", "user"]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    let says = "what records are written as is reports 2, control 1 here and reports 3, control 1";
    assert!(refused.err.contains(says), "{}", refused.all());
}

/// Standbys are the nodes' own affair: whoever differs counts, and is told so.
#[test]
fn nodes_that_reckon_with_other_standbys_count_and_say_so() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let alike = one.folder.run(&["config", "check"]);
    assert!(alike.out.contains("ok  key, partitions, topics and rules"), "{}", alike.all());
    let none = differing(&cluster, ALL, ("roles =", "standbys = 0\nroles ="));
    let two = Node::start_in(none);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    for command in [&["config", "check"][..], &["doctor"]] {
        let told = one.folder.run(command);
        assert_eq!(told.code, 1, "{}", told.all());
        let says = "node.standbys is 1 here and 0 on the node that started last";
        assert!(told.out.contains(says), "{}", told.all());
        assert!(told.out.contains("counts are right all the same"), "{}", told.all());
    }
    let last = two.folder.run(&["config", "check"]);
    assert!(last.out.contains("ok  key, partitions, topics and rules"), "{}", last.all());
    one.end();
    two.end();
}

#[test]
fn what_can_be_changed_is_changed_while_no_node_is_there() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let topic = format!("topic = \"{}\"", cluster.topic);
    let told = format!("{topic}\ncounted_plays_topic = \"{}-told\"", cluster.topic);
    let folder = differing(&cluster, ALL, (&topic, &told));
    let adopt = ["config", "adopt"];
    let refused = folder.run(&adopt);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("stop all nodes first"), "{}", refused.all());
    one.end();
    let changes = folder.json(&adopt);
    let change = changes["changes"][0].as_str().expect("a change").to_owned();
    assert!(change.starts_with("kafka.counted_plays_topic was none, and is "), "{changes}");
    assert_eq!(folder.json(&adopt)["changes"], serde_json::json!([]));
    folder.ok(&["topics", "create"]);
    folder.ok(&["counts", "--by", "user"]);
    // What is fixed for good isn't changed by this either.
    let key = differing(&cluster, ALL, (KEY, OTHER_KEY)).run(&adopt);
    assert_eq!(key.code, 1, "{}", key.all());
    assert!(key.err.contains("secrets.hash_key"), "{}", key.all());
    // Nor does a program count by other rules than those that were counted by.
    let newer = "UPDATE accords SET value = '2' WHERE name = 'rules'";
    run_sql(&cluster.postgres, newer.to_owned());
    let refused = folder.run(&["counts", "--by", "user"]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    let says = "the version of the rules is 1 here and 2 for the other nodes: use the program";
    assert!(refused.err.contains(says), "{}", refused.all());
}
