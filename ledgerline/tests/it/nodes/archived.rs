//! What is committed is archived for ever by whoever has the role `worker`, and Kafka's log is let go of behind it
//! and behind snapshots, never before.

use super::crowd::{Halves, Node, Portions, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster};
use crate::support::{Api, Folder, Server, pass};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const SCOPES: &str = "reports:write,counts:read";
const RUN_RECORDS: u64 = 200;
pub const OFTEN: [(&str, &str); 3] = [
    ("LEDGERLINE_ARCHIVE_RECORDS_MAX", "200"),
    ("LEDGERLINE_ARCHIVE_EVERY_MS", "200"),
    ("LEDGERLINE_TABLE_ENTRIES_MAX", "60"),
];

/// Where a test has its stores.
struct Stores {
    folder: tempfile::TempDir,
}

impl Stores {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is a temporary folder") }
    }

    fn snapshots(&self) -> PathBuf {
        self.folder.path().join("snapshots")
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    fn config(&self) -> String {
        let (snapshots, archive) = (self.snapshots(), self.archive());
        format!(
            "[objects]\nfolder = \"{}\"\n[archive]\nfolder = \"{}\"\n",
            snapshots.display(),
            archive.display()
        )
    }
}

fn start(folder: Folder) -> Node {
    let server = Server::spawn_with(&folder, &OFTEN).listening().expect("it starts");
    Node { folder, server }
}

/// All files below a folder, with what tells whether they were written anew.
fn files(folder: &Path) -> BTreeMap<PathBuf, (u64, u64, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            // A draft may be gone again.
            let Ok(about) = fs::metadata(&path) else { continue };
            if !path.to_string_lossy().contains('#') {
                found.insert(path, (about.ino(), about.size(), about.mtime_nsec()));
            }
        }
    }
    found
}

/// Positions by partition, of one of a node's numbers.
pub fn positions(node: &Node, metric: &str) -> Vec<u64> {
    let told = String::from_utf8(node.server.anyone().get("/metrics").body).expect("it is text");
    let rows = told.lines().filter(|line| line.starts_with(&format!("{metric}{{")));
    rows.filter_map(|row| row.rsplit_once(' ')?.1.parse().ok()).collect()
}

fn number(node: &Node, metric: &str) -> u64 {
    let told = String::from_utf8(node.server.anyone().get("/metrics").body).expect("it is text");
    let row = told.lines().find(|line| line.starts_with(&format!("{metric} ")));
    row.and_then(|row| row.rsplit_once(' ')?.1.parse().ok()).unwrap_or_default()
}

/// Whether all that is committed is archived, but for a run that goes on.
pub fn is_archived(node: &Node) -> bool {
    pass(100_000);
    let status = node.folder.json(&["archive", "status"]);
    let partitions = status["partitions"].as_array().expect("a list").clone();
    let of = |of: &Value, field: &str| of[field].as_u64().expect("a number");
    partitions.len() == 4
        && partitions.iter().all(|it| of(it, "archived_to") + RUN_RECORDS > of(it, "committed"))
}

#[test]
fn two_workers_archive_each_file_once_though_one_is_killed_and_the_store_is_away() {
    let Some(cluster) = Cluster::start() else { return };
    let stores = Stores::new();
    let one = start(cluster.node_with("one", ALL, &stores.config()));
    let two = start(cluster.node_with("two", ALL, &stores.config()));
    let api = one.server.api(&one.folder, SCOPES);
    let other = Api { address: two.server.address(), ..api.clone() };
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    let mut work = Halves::new(91, 4_000);
    let clients = work.send([&api, &other]);
    clients[0].wait_for(20);
    wait_until("some is archived", || files(&stores.archive()).len() >= 8);
    let folder = one.kill();
    let early = files(&stores.archive());
    work.take_back(clients);
    wait_until("the other has them all", || two.owns() == 4);
    work.send_rest(&other);
    wait_until_counted(&[&two]);
    wait_until("the other goes on", || is_archived(&two));

    // Where the store is away counting goes on, and somebody hears of it.
    let away = stores.folder.path().join("away");
    fs::rename(stores.archive(), &away).expect("it is there");
    fs::write(stores.archive(), "").expect("the folder can be written");
    let mut further = Halves::new(92, 1_000);
    further.send_rest(&other);
    wait_until_counted(&[&two]);
    wait_until("it is told", || number(&two, "ledgerline_archive_refusals_total") > 0);
    let doctor = two.folder.run(&["doctor"]);
    assert!(doctor.out.contains("isn't archived"), "{}", doctor.all());
    assert_eq!(doctor.code, 1, "{}", doctor.all());
    fs::remove_file(stores.archive()).expect("it is there");
    fs::rename(&away, stores.archive()).expect("it is there");
    wait_until("it goes on", || is_archived(&two));

    // Whoever was killed comes back; what is there stays as it was put.
    let one = start(folder);
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    wait_until("both see the same", || is_archived(&one) && is_archived(&two));
    let late = files(&stores.archive());
    let lost: Vec<_> =
        early.iter().filter(|(path, about)| late.get(*path) != Some(about)).collect();
    assert!(early.len() >= 8 && lost.is_empty(), "{lost:?}");
    let audit = two.folder.balanced();
    assert!(audit["archive"]["records"].as_u64() > Some(4_000), "{audit}");
    assert_eq!(audit["archive"]["records"], audit["archive"]["compared_with_the_log"]);
    one.end();
    two.end();
}

/// How many snapshots there are, by partition.
fn snapshots(stores: &Stores) -> Vec<usize> {
    let of = |partition: u16| {
        let folder = stores.snapshots().join(format!("snapshots/p{partition:03}"));
        fs::read_dir(folder).into_iter().flatten().count()
    };
    (0..4).map(of).collect()
}

/// How many records the topic has.
pub fn on_topic(folder: &Folder, cluster: &Cluster) -> u64 {
    // It minds that the topic of a test is on one broker.
    let described = folder.run(&["topics", "describe", "--json"]);
    let topics: Value = serde_json::from_str(&described.out).expect("JSON");
    let topics = topics["topics"].as_array().expect("a list").clone();
    let ours = topics.iter().find(|it| it["topic"] == cluster.topic.as_str()).expect("it is there");
    ours["records"].as_u64().expect("a number")
}

/// Flips a byte of each of some files, or takes them away; what they had.
fn broken(paths: Vec<PathBuf>, flip: bool) -> Vec<(PathBuf, Vec<u8>)> {
    assert!(!paths.is_empty(), "there is something to break");
    let broken = paths.into_iter().map(|path| {
        let bytes = fs::read(&path).expect("it is there");
        let mut other = bytes.clone();
        fs::remove_file(&path).expect("it can be removed");
        if flip {
            other[0] ^= 1;
            fs::write(&path, other).expect("it can be written");
        }
        (path, bytes)
    });
    broken.collect()
}

#[test]
fn the_log_is_released_behind_snapshots_and_archive_and_not_where_either_is_broken() {
    let Some(cluster) = Cluster::start() else { return };
    let stores = Stores::new();
    let one = start(cluster.node_with("one", ALL, &stores.config()));
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    let mut work = Portions::new(93, 6_000);
    let portion = work.left().div_ceil(4);
    for _ in 0..3 {
        let newest = newest_snapshots(&stores.snapshots());
        work.send(portion, &[&api], || ());
        wait_until_counted(&[&one]);
        wait_until("each partition has another snapshot", || {
            pass(100_000);
            newest_snapshots(&stores.snapshots()).iter().zip(&newest).all(|(now, then)| now > then)
        });
    }
    wait_until("three are kept of each", || snapshots(&stores).iter().all(|kept| *kept == 3));
    wait_until("all is archived", || is_archived(&one));
    let folder = one.end();
    let all = on_topic(&folder, &cluster);

    let in_folder = |folder: PathBuf| files(&folder).into_keys().collect::<Vec<_>>();
    let parts = broken(in_folder(stores.snapshots().join("snapshot-parts/p000")), true);
    let runs = in_folder(stores.archive().join("reports/p001"));
    let run = broken(vec![runs[1].clone()], false);
    let changes = in_folder(stores.archive().join("plays/p002"));
    let change = broken(vec![changes[1].clone()], false);
    let config = fs::read_to_string(folder.path("cluster.toml")).expect("it was written");
    let releasing = config.replace("partitions = 4", "partitions = 4\nrelease = true");
    folder.write("cluster.toml", &releasing);
    let one = start(folder);
    wait_until("one partition is released", || {
        positions(&one, "ledgerline_released_position").len() == 1
    });
    wait_until("it is said why the others aren't", || {
        pass(300_000);
        let doctor = one.folder.run(&["doctor"]).out;
        ["p000 isn't released", "p001 isn't released", "p002 isn't released"]
            .iter()
            .all(|told| doctor.contains(told))
    });
    assert_eq!(positions(&one, "ledgerline_released_position").len(), 1);
    let some = on_topic(&one.folder, &cluster);
    assert!(some < all && some > all / 2, "{some} of {all}");
    for (path, bytes) in parts.into_iter().chain(run).chain(change) {
        fs::write(path, bytes).expect("it can be written");
    }
    wait_until("all are released", || {
        positions(&one, "ledgerline_released_position").iter().filter(|it| **it > 0).count() == 4
    });
    let few = on_topic(&one.folder, &cluster);
    assert!(few < some, "{few} of {some}");

    // What was released is had back, by a node with nothing and by the audit.
    let audit = one.folder.balanced();
    assert!(
        audit["archive"]["records"].as_u64() > audit["archive"]["compared_with_the_log"].as_u64()
    );
    one.kill();
    let two = cluster.node_with("two", ALL, &stores.config());
    two.write("cluster.toml", releasing.replace("\"one\"", "\"two\""));
    let two = start(two);
    let api = Api { address: two.server.address(), ..api };
    wait_until("it counts", || two.owns() == 4);
    work.send(work.left(), &[&api], || ());
    wait_until_counted(&[&two]);
    let audit = work.check(&two, &api);
    assert!(audit["archive"]["records"].as_u64() > Some(0), "{audit}");
    two.end();
}

/// The name of each partition's newest snapshot; names sort by position.
pub fn newest_snapshots(store: &Path) -> Vec<String> {
    let of = |partition: u16| {
        let folder = store.join(format!("snapshots/p{partition:03}"));
        let names = fs::read_dir(folder).into_iter().flatten().flatten();
        names.map(|it| it.file_name().to_string_lossy().into_owned()).max().unwrap_or_default()
    };
    (0..4).map(of).collect()
}
