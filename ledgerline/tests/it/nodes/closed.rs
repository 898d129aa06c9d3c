//! Months that one node closes are read on every node, and outlive the one that closed them.

use super::crowd::{Node, wait_until};
use crate::closes::{APRIL, REVENUE_APRIL, corrections, plays, replay, revenue, service_in};
use crate::support::cluster::{ALL, Cluster};
use crate::support::{Folder, Random, pass};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

const API: &str = "\"api\"";
const MARCH: [&str; 4] = ["royalty", "close", "--period", "2024-03"];
const IN_APRIL: [&str; 4] = ["royalty", "close", "--period", "2024-04"];

/// A topic, tables, a store of blobs and a key that signs.
struct Shared {
    cluster: Cluster,
    folder: tempfile::TempDir,
}

impl Shared {
    fn new() -> Option<Self> {
        let cluster = Cluster::start()?;
        Some(Self { cluster, folder: tempfile::tempdir().expect("there is a temporary folder") })
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A node's folder; with the key that signs where it posts.
    fn node(&self, name: &str, roles: &str) -> Folder {
        let objects = format!("[objects]\nfolder = \"{}\"\n", self.store().display());
        let folder = self.cluster.node_with(name, roles, &objects);
        let config = fs::read_to_string(folder.path("cluster.toml")).expect("it was written");
        let key = self.folder.path().join("ledger.ed25519");
        let key = format!("ledger_key = \"{}\"\n[kafka]", key.display());
        folder.write("cluster.toml", config.replace("[kafka]", &key));
        folder
    }

    fn start(&self, name: &str, roles: &str) -> Node {
        Node::start_in(self.node(name, roles))
    }

    /// One that counts, with all that March needs.
    fn serving(&self, name: &str) -> Node {
        let node = self.start(name, ALL);
        wait_until("it counts", || node.owns() == 4);
        let folder = service_in(node.folder, true);
        Node { folder, server: node.server }
    }
}

/// What people see of a closed month.
pub fn seen(folder: &Folder, period: &str) -> Value {
    let list = folder.json(&["royalty", "statements", "list", "--period", period]);
    let items = list["items"].as_array().expect("statements").clone();
    assert!(items.len() >= 2, "{list}");
    let show = |item: &Value| {
        let payee = item["payee"].as_str().expect("a payee");
        let words = ["royalty", "statements", "show", "--payee", payee, "--period", period];
        folder.json(&[&words[..], &["--lines", "1000"]].concat())
    };
    json!({ "list": items, "statements": items.iter().map(show).collect::<Vec<_>>() })
}

#[track_caller]
pub fn holds(folder: &Folder) {
    let check = folder.json(&["royalty", "closes", "verify"]);
    assert_eq!(check["holds"], true, "{check}");
    let ledger = folder.json(&["ledger", "verify"]);
    assert_eq!(ledger["sound"], true, "{ledger}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn what_was_closed_is_read_everywhere_and_outlives_the_node_that_closed_it() {
    let Some(shared) = Shared::new() else { return };
    let one = shared.serving("one");
    let two = shared.start("two", API);
    one.folder.ok(&MARCH);
    let march = seen(&one.folder, "2024-03");
    assert_eq!(seen(&two.folder, "2024-03"), march);
    holds(&two.folder);
    // Its disk is lost, with keys/ and closes/; another one closes what follows.
    drop(one.kill());
    let three = shared.start("three", ALL);
    wait_until("it counts", || three.owns() == 4);
    corrections(&three.folder);
    replay(&three.folder, &plays(1, APRIL));
    revenue(&three.folder, REVENUE_APRIL);
    three.folder.ok(&IN_APRIL);
    let april = seen(&three.folder, "2024-04");
    assert_eq!(seen(&two.folder, "2024-04"), april);
    assert_eq!(seen(&three.folder, "2024-03"), march);
    for node in [&two, &three] {
        holds(&node.folder);
    }
    two.end();

    // What isn't what was booked is shown to nobody.
    let part = files(&shared.store().join("close-parts/2024-04")).remove(0);
    let bytes = fs::read(&part).expect("it is there");
    let mut other = bytes.clone();
    other[0] ^= 1;
    fs::remove_file(&part).expect("it can be removed");
    fs::write(&part, other).expect("it can be written");
    let four = shared.start("four", API);
    let list = ["royalty", "statements", "list", "--period", "2024-04"];
    let refused = four.folder.run(&list);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("can't be had or put now"), "{}", refused.all());
    let log = fs::read_to_string(four.folder.path("server.log")).expect("a log");
    assert!(log.contains("doesn't have the bytes that its name says"), "{log}");
    assert_eq!(seen(&four.folder, "2024-03"), march);
    fs::write(&part, bytes).expect("it can be written");
    assert_eq!(seen(&four.folder, "2024-04"), april);
    // A removal from its disk was broken off behind the manifest, which goes first.
    let manifest = four.folder.data().join("closes/2024-04/manifest.json");
    fs::remove_file(manifest).expect("it can be removed");
    assert_eq!(seen(&four.folder, "2024-04"), april);
    four.end();
    three.end();
}

/// Begins a close, and doesn't wait.
fn closing(folder: &Folder, words: &[&str]) -> Child {
    let mut command = folder.command(words);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it can be started")
}

#[test]
fn a_worker_that_is_killed_in_a_close_or_while_it_puts_files_leaves_it_to_another() {
    let Some(shared) = Shared::new() else { return };
    let one = shared.serving("one");
    let two = shared.start("two", ALL);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    // Nothing can be made where a file is in the way: the pieces are put, and their list isn't.
    let in_the_way = shared.store().join("closes");
    fs::write(&in_the_way, "").expect("it can be written");
    let refused = one.folder.run(&MARCH);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(!files(&shared.store().join("close-parts/2024-03")).is_empty(), "pieces are there");
    let folder = one.kill();
    fs::remove_file(&in_the_way).expect("it is there");
    wait_until("the other has them all", || two.owns() == 4);
    two.folder.ok(&MARCH);
    holds(&two.folder);
    let march = seen(&two.folder, "2024-03");

    // In the middle of the next one, wherever that is.
    let one = Node::start_in(folder);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    assert_eq!(seen(&one.folder, "2024-03"), march);
    replay(&one.folder, &plays(1, APRIL));
    revenue(&one.folder, REVENUE_APRIL);
    let mut child = closing(&one.folder, &IN_APRIL);
    pass(Random::new(17).below(400_000));
    let folder = one.kill();
    child.wait().expect("it ends");
    wait_until("the other has them all", || two.owns() == 4);
    two.folder.ok(&IN_APRIL);
    holds(&two.folder);
    let one = Node::start_in(folder);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    assert_eq!(seen(&one.folder, "2024-04"), seen(&two.folder, "2024-04"));

    // Both at once: it is closed once, and whoever was late hears of it.
    revenue(&one.folder, &REVENUE_APRIL.replace("2024-04", "2024-05"));
    let words = ["royalty", "close", "--period", "2024-05"];
    let both = [closing(&one.folder, &words), closing(&two.folder, &words)];
    let said = both.map(|child| child.wait_with_output().expect("it ends"));
    assert!(said.iter().any(|said| said.status.success()), "{said:?}");
    for said in said.iter().filter(|said| !said.status.success()) {
        let why = String::from_utf8_lossy(&said.stderr);
        assert!(why.contains("somebody else works on"), "{why}");
    }
    for node in [&one, &two] {
        holds(&node.folder);
        assert_eq!(
            node.folder.json(&["royalty", "closes", "list"])["items"].as_array().map(Vec::len),
            Some(3)
        );
    }
    one.end();
    two.end();
}

#[test]
fn without_a_store_a_month_is_read_where_it_was_closed() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    wait_until("it counts", || one.owns() == 4);
    let folder = service_in(one.folder, true);
    let two = Node::start(&cluster, "two", API);
    folder.ok(&MARCH);
    let list = ["royalty", "statements", "list", "--period", "2024-03"];
    folder.ok(&list);
    let refused = two.folder.run(&list);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("aren't on this node"), "{}", refused.all());
    one.server.end();
    two.end();
}
