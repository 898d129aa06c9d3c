//! The deployment of one machine becomes one of nodes, and back: nothing is lost, nothing is accepted twice.

use super::crowd::Node;
use crate::closes::{APRIL, corrections, plays, replay, revenue, service};
use crate::support::cluster::{ALL, Cluster};
use crate::support::folder::pid_of;
use crate::support::reports::with;
use crate::support::{Folder, Random};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const REVENUE_APRIL: &str = crate::closes::REVENUE_APRIL;

/// A deployment with a closed month, and what was sent to it after that.
fn deployment() -> (Folder, String) {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    corrections(&folder);
    let further: String = (0..3_000_u64)
        .map(|number| {
            let user = format!("l{}", number % 41);
            let at = 1_711_965_600_000_u64 + number * 61_000;
            let further = json!({ "started_at": at, "territory": "SE", "tier": "premium" });
            with(&format!("p{number}"), &user, "t1", 45_000, &further)
        })
        .collect();
    let lines = plays(1, APRIL) + &further;
    replay(&folder, &lines);
    (folder, lines)
}

/// What there is before a deployment moves.
struct Before {
    cluster: Cluster,
    own: Folder,
    lines: String,
    seen: (String, Value, Value, Value),
    node: Folder,
}

impl Before {
    fn a_move() -> Option<Self> {
        let cluster = Cluster::start()?;
        let (own, lines) = deployment();
        let node = node_for(&cluster, &own.data());
        Some(Self { cluster, seen: seen(&own), own, lines, node })
    }
}

/// A node whose hashes have the folder's key.
fn node_for(cluster: &Cluster, folder: &Path) -> Folder {
    let text = fs::read(folder.join("deployment.json")).expect("there is a deployment");
    let identity: Value = serde_json::from_slice(&text).expect("JSON");
    let node = cluster.node("only", ALL);
    let config = fs::read_to_string(node.path("cluster.toml")).expect("it was written");
    let key = identity["hash_key"].as_str().expect("a key");
    node.write("cluster.toml", config.replace("000102030405060708090a0b0c0d0e0f", key));
    node
}

fn words<'a>(from: &'a str, to: &'a str) -> [&'a str; 5] {
    ["move", "--from", from, "--to", to]
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// What people see of a deployment, and what makes it up.
fn seen(folder: &Folder) -> (String, Value, Value, Value) {
    let statement =
        folder.json(&["royalty", "statements", "list", "--period", "2024-03"])["items"].clone();
    let balances = folder.json(&["ledger", "balances"])["items"].clone();
    let verified = folder.json(&["ledger", "verify"]);
    (folder.all_counts(), statement, balances, verified["entries"].clone())
}

#[track_caller]
fn check_same(folder: &Folder, before: &(String, Value, Value, Value), lines: &str) {
    assert_eq!(&seen(folder), before);
    folder.balanced();
    assert_eq!(folder.json(&["royalty", "closes", "verify"])["holds"], true);
    let args = ["replay", "-", "--clock", "event", "--json"];
    let again = folder.run_with_input(&args, lines.as_bytes()).good(&args);
    let again: Value = serde_json::from_str(&again).expect("JSON");
    let sent = lines.lines().count();
    assert_eq!(again["verdicts"], json!({ "duplicate": sent }), "all of it was there: {again}");
    assert_eq!(folder.all_counts(), before.0);
}

#[test]
fn a_deployment_moves_to_nodes_and_back_and_stays_what_it_was() {
    let Some(Before { own, lines, seen: before, node, .. }) = Before::a_move() else { return };
    let (source, config) = (own.data(), node.path("cluster.toml"));

    let moved = own.json(&words(text(&source), text(&config)));
    assert!(moved["records"].as_u64().is_some_and(|records| records > 3_000), "{moved}");
    assert!(moved["rows"].as_u64().is_some_and(|rows| rows > 100), "{moved}");
    let refused = own.run(&["counts", "--by", "track"]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("was moved"), "{}", refused.err);
    check_same(&node, &before, &lines);

    // It goes on there: by HTTP, and with a month that is closed on nodes.
    let node = Node::start_in(node);
    let api = node.server.api(&node.folder, "reports:write,counts:read");
    api.report(&with(
        "after",
        "l1",
        "t1",
        45_000,
        &json!({ "territory": "SE", "tier": "premium" }),
    ))
    .is(202);
    assert_eq!(node.counted(&api).values().sum::<u64>(), counted(&before.0) + 1);
    let busy = own.run(&words(text(&config), "back"));
    assert_eq!(busy.code, 1, "{}", busy.all());
    assert!(busy.err.contains("works on") || busy.err.contains("nodes run"), "{}", busy.err);
    let node = node.end();
    revenue(&node, REVENUE_APRIL);
    node.ok(&["royalty", "close", "--period", "2024-04"]);
    let later = seen(&node);

    let back = Folder::new();
    back.ok(&words(text(&config), text(&back.data())));
    check_same(&back, &later, &lines);
    let april = ["royalty", "statements", "list", "--period", "2024-04"];
    assert_eq!(back.json(&april), node.json(&april));
    back.ok(&["royalty", "close", "--period", "2024-05"]);
}

fn counted(csv: &str) -> u64 {
    let by_track = csv.lines().skip(1).take_while(|line| !line.contains("counted"));
    by_track.filter_map(|line| line.rsplit(',').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn what_would_lose_or_mix_up_something_is_refused_and_moves_nothing() {
    let Some(Before { cluster, own, seen: before, node, .. }) = Before::a_move() else { return };
    let source = own.data();
    let right = fs::read_to_string(node.path("cluster.toml")).expect("it was written");
    let config = node.path("cluster.toml");
    let refused = |why: &str| {
        let refused = own.run(&words(text(&source), text(&config)));
        assert_eq!(refused.code, 1, "{}", refused.all());
        assert!(refused.err.contains(why), "{why}: {}", refused.err);
    };
    let other_key = cluster.node("only", ALL);
    fs::copy(other_key.path("cluster.toml"), &config).expect("it can be copied");
    refused("isn't the key of");
    node.write("cluster.toml", right.replace("partitions = 4", "partitions = 8"));
    refused("make a topic of 4");
    // A topic that keeps nothing for long would lose what is moved.
    let short = right.replace(&cluster.topic, &format!("{}_short", cluster.topic));
    let short = short.replace("in_sync_min = 1 }", "in_sync_min = 1, retention_days = 1 }");
    let schema = format!("search_path]={}_short", cluster.topic);
    let short = short.replace(&schema, &format!("search_path]={}", cluster.topic));
    node.write("cluster.toml", short);
    node.ok(&["topics", "create"]);
    refused("Kafka would delete it at once");
    // Somebody counts there already.
    node.write("cluster.toml", &right);
    let other = Cluster::start().expect("there was one before");
    let used = node_for(&other, &source);
    replay(&used, &plays(0, APRIL));
    let refused = own.run(&words(text(&source), text(&used.path("cluster.toml"))));
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("what is there isn't what is here"), "{}", refused.err);
    assert_eq!(seen(&own), before, "nothing has changed here");
    own.balanced();
}

#[test]
fn a_move_that_was_killed_before_its_note_goes_on_also_where_nothing_was_ever_reported() {
    let Some(cluster) = Cluster::start() else { return };
    let own = Folder::under(|_| Vec::new());
    own.ok(&["keys", "create", "--scope", "counts:read"]);
    let (node, source) = (node_for(&cluster, &own.data()), own.data());
    let config = node.path("cluster.toml");
    let words = words(text(&source), text(&config));
    let moved = own.json(&words);
    assert!(moved["rows"].as_u64() > Some(0), "{moved}");
    // As whoever was killed right before leaves it.
    fs::remove_file(source.join("moved.json")).expect("it is there");
    let again = own.json(&words);
    assert_eq!(again["rows"], 0, "{again}");
    // What went on here since isn't what is there.
    fs::remove_file(source.join("moved.json")).expect("it is there");
    own.ok(&["keys", "create", "--scope", "counts:read"]);
    let refused = own.run(&words);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("there is a deployment in it already"), "{}", refused.err);
    assert!(!source.join("moved.json").exists(), "it hasn't moved");
}

/// Kills a move after longer and longer, until one comes to its end.
fn move_killed_often(own: &Folder, from: &str, to: &str, random: &mut Random) -> u32 {
    let (mut after, mut kills) = (Duration::from_millis(20), 0);
    loop {
        let mut command = own.command(&words(from, to));
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
        let begun = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break Some(status);
            }
            if begun.elapsed() >= after {
                break None;
            }
            std::thread::yield_now();
        };
        if let Some(status) = ended {
            assert!(status.success(), "after {kills} kills it ends with {status}");
            return kills;
        }
        kill_process(pid_of(&child), Signal::KILL).expect("it runs");
        child.wait().expect("it was killed");
        kills += 1;
        after += Duration::from_millis(50 + random.below(250));
    }
}

#[test]
fn a_move_that_is_killed_at_any_moment_goes_on_where_it_was() {
    let Some(Before { own, lines, seen: before, node, .. }) = Before::a_move() else { return };
    let (source, config) = (own.data(), node.path("cluster.toml"));
    let mut random = Random::new(29);
    let there = move_killed_often(&own, text(&source), text(&config), &mut random);
    check_same(&node, &before, &lines);
    let later = seen(&node);
    let back = Folder::new();
    let again = move_killed_often(&own, text(&config), text(&back.data()), &mut random);
    check_same(&back, &later, &lines);
    println!("killed {there} times on its way there, {again} times on its way back");
}
