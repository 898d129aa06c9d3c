//! Snapshots go from one folder into a store and into another folder, whole or not at all.

use super::manifest::{Manifest, Place};
use super::*;
use crate::judging::{RunFile, Snapshot, read_snapshot_files, write_snapshot};
use crate::ports::leases::{LeaseStore, NodeId};
use crate::ports::memory_blobs::MemoryBlobs;
use crate::ports::memory_disk::MemoryDisk;
use crate::ports::memory_facts::MemoryFacts;
use crate::ports::{BlobName, DiskFile, PartitionDelta, PlaysFile};
use crate::threads::Threads;
use ledgerline_ids::UnixMs;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

const P: PartitionId = PartitionId(0);
const KEY: [u8; 16] = *b"a key for a test";
const PART_BYTES: usize = 16;

/// A clock that somebody sets, in milliseconds.
struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> UnixMs {
        UnixMs::new(self.0.load(Ordering::Relaxed)).expect("before 2109")
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// One file for each plays log.
struct OneFile;

fn plays_path(partition: PartitionId) -> String {
    format!("plays/{partition}/0.log")
}

impl PlaysFiles for OneFile {
    fn files(&self, partition: PartitionId, until: u64) -> Result<Vec<PlaysFile>, LogError> {
        Ok(vec![PlaysFile { path: plays_path(partition), bytes: until }])
    }
}

/// What several nodes share.
#[derive(Clone)]
struct Shared {
    blobs: MemoryBlobs,
    facts: Arc<MemoryFacts>,
    clock: Arc<Set>,
}

impl Shared {
    async fn new() -> Self {
        let clock = Arc::new(Set(AtomicU64::new(1_772_366_400_000)));
        let facts = Arc::new(MemoryFacts::new(clock.clone()));
        facts.prepare(1).await.expect("makes it");
        Self { blobs: MemoryBlobs::new(), facts, clock }
    }

    fn node(&self, disk: &MemoryDisk) -> Snapshots {
        self.node_with(disk, KEY)
    }

    fn node_with(&self, disk: &MemoryDisk, key: [u8; 16]) -> Snapshots {
        let parts = SnapshotParts {
            key: HashKey::new(key),
            partitions: 1,
            blobs: Arc::new(self.blobs.clone()),
            disk: Arc::new(disk.clone()),
            plays: Arc::new(OneFile),
            facts: self.facts.clone(),
            clock: self.clock.clone(),
            drive: Arc::new(Threads),
        };
        let settings = SnapshotSettings {
            part_bytes: PART_BYTES,
            at_once: 2,
            tries_max: 0,
            worth_records: 9,
            ..SnapshotSettings::default()
        };
        Snapshots::new(parts, settings)
    }

    /// A node gets the partition, and says with which epoch.
    async fn acquire(&self, node: &str) -> u64 {
        let node = NodeId::new(node).expect("a name");
        let standing = self.facts.standing().await.expect("reads");
        for lease in standing.leases {
            if let Some(owner) = lease.owner {
                self.facts.leave(&owner).await.expect("leaves");
            }
        }
        let got = self.facts.acquire(P, &node, 60_000).await.expect("answers");
        got.expect("nobody has it").epoch
    }

    async fn commit(&self, position: u64) {
        let commit = self.facts.committed().await.expect("reads")[0];
        let delta = PartitionDelta {
            partition: P,
            epoch: commit.epoch,
            expected: commit.position,
            position: Position(position),
            plays_bytes: 0,
            accepted: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            statuses: BTreeMap::new(),
            counted: BTreeMap::new(),
            counted_by: None,
        };
        self.facts.commit(&[delta]).await.expect("commits");
    }
}

fn write(disk: &MemoryDisk, path: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let (folder, _) = path.rsplit_once('/').expect("a path");
    disk.create_folder(folder).expect("a folder");
    let file = disk.open_or_create(path).expect("a file");
    file.truncate(0).expect("is cut");
    file.write_at(0, bytes).expect("is written");
    file
}

fn read(disk: &MemoryDisk, path: &str) -> Vec<u8> {
    let file = disk.open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut bytes = vec![0; usize::try_from(file.length().expect("a length")).expect("fits")];
    file.read_at(0, &mut bytes).expect("is read");
    bytes
}

/// A worker takes a snapshot here: a plays log of so many bytes, and these runs.
fn take(disk: &MemoryDisk, position: u64, plays_bytes: u64, runs: &[u8]) {
    // What stands in a log never changes, and what is behind is nobody's business.
    let log: Vec<u8> = (0..plays_bytes + 7).map(|at| (at % 251) as u8).collect();
    write(disk, &plays_path(P), &log);
    let mut named = Vec::new();
    for run in runs {
        let bytes = vec![*run; 40 + usize::from(*run)];
        let name = format!("{run:010}.run");
        write(disk, &format!("index/{P}/{name}"), &bytes);
        named.push(RunFile { name, bytes: bytes.len() as u64 });
    }
    let snapshot =
        Snapshot { position: Position(position), plays_bytes, runs: named, ..Snapshot::default() };
    write_snapshot(disk, P, &snapshot).expect("is written");
}

type Files = Vec<(String, Vec<u8>)>;

/// What is in a folder of a snapshot that is there, and its position.
fn held(disk: &MemoryDisk) -> Option<(u64, Files)> {
    let named = read_snapshot_files(disk, P).expect("is sound")?;
    let plays_bytes = usize::try_from(named.plays_bytes).expect("fits");
    let mut files = vec![(plays_path(P), read(disk, &plays_path(P))[..plays_bytes].to_vec())];
    for (name, bytes) in named.runs {
        let path = format!("index/{P}/{name}");
        let held = read(disk, &path);
        assert_eq!(held.len() as u64, bytes, "{path}");
        files.push((path, held));
    }
    Some((named.position.0, files))
}

fn nothing(_: PartitionId) -> Position {
    Position(0)
}

/// An owner with snapshots at 10 and 20, both in the store.
async fn two() -> (Shared, MemoryDisk, u64) {
    let (shared, disk) = (Shared::new().await, MemoryDisk::new());
    let node = shared.node(&disk);
    let epoch = shared.acquire("a").await;
    for (position, plays_bytes, runs) in [(10, 100, &[1, 2][..]), (20, 130, &[1, 2, 3])] {
        take(&disk, position, plays_bytes, runs);
        shared.commit(position).await;
        let put = node.upload(P, epoch).await.expect("puts");
        assert!(matches!(put, Uploaded::Put { position: at, .. } if at == Position(position)));
    }
    (shared, disk, epoch)
}

fn manifests(blobs: &MemoryBlobs) -> Vec<Place> {
    let names = blobs.names().into_iter().filter(|name| name.starts_with("snapshots/"));
    names.filter_map(|name| Place::of(&BlobName::new(name).expect("a name"))).collect()
}

fn parts(blobs: &MemoryBlobs) -> Vec<BlobName> {
    let names = blobs.names().into_iter().filter(|name| name.starts_with("snapshot-parts/"));
    names.map(|name| BlobName::new(name).expect("a name")).collect()
}

#[tokio::test]
async fn a_node_with_nothing_gets_the_newest_one() {
    let (shared, disk, _) = two().await;
    let new = MemoryDisk::new();
    let restored = shared.node(&new).restore_before(&nothing).await.expect("takes it");
    assert_eq!(restored.len(), 1);
    assert_eq!(restored[0].position, Position(20));
    assert_eq!(held(&new), held(&disk));
    assert!(new.files().iter().all(|path| !path.ends_with(".draft")), "{:?}", new.files());
    let again = shared.node(&new).restore_before(&nothing).await.expect("has it");
    assert_eq!(again, []);
}

#[tokio::test]
async fn a_node_whose_own_lies_before_what_the_log_holds_gets_one() {
    let (shared, disk, _) = two().await;
    let old = MemoryDisk::new();
    let node = shared.node(&old);
    take(&old, 12, 55, &[7]);
    assert_eq!(node.restore_before(&|_| Position(12)).await.expect("needs none"), []);
    assert_eq!(held(&old).map(|(position, _)| position), Some(12));
    let restored = node.restore_before(&|_| Position(13)).await.expect("takes it");
    assert_eq!(restored.len(), 1);
    assert_eq!(held(&old), held(&disk));
    assert!(!old.files().contains(&format!("index/{P}/0000000007.run")), "what was there is gone");
    // One that is worth it, though the log would lead there.
    let far = MemoryDisk::new();
    take(&far, 11, 55, &[7]);
    let restored = shared.node(&far).restore_before(&nothing).await.expect("takes it");
    assert_eq!((restored.len(), held(&far)), (1, held(&disk)));
}

#[tokio::test]
async fn what_is_there_is_put_once() {
    let (shared, disk, epoch) = two().await;
    let node = shared.node(&disk);
    // Another start of the same node: nothing is known, and everything is there.
    let put = node.upload(P, epoch).await.expect("looks");
    assert_eq!(put, Uploaded::WasThere(Position(20)));
    take(&disk, 30, 130, &[1, 2, 3]);
    shared.commit(30).await;
    let before = shared.blobs.puts();
    let put = node.upload(P, epoch).await.expect("puts");
    let Uploaded::Put { new_bytes, .. } = put else { panic!("{put:?}") };
    let manifest = read(&disk, &format!("index/{P}/manifest")).len() as u64;
    assert!(new_bytes <= manifest, "{new_bytes} bytes, and only the index' manifest is new");
    let most = manifest.div_ceil(PART_BYTES as u64) + 1;
    assert!(shared.blobs.puts() - before <= most);
}

#[tokio::test]
async fn nothing_is_put_that_is_ahead_or_of_another_owner() {
    let (shared, disk, epoch) = two().await;
    let node = shared.node(&disk);
    let before = manifests(&shared.blobs);
    take(&disk, 30, 140, &[1, 2, 3, 4]);
    let ahead = node.upload(P, epoch).await.expect_err("it is ahead of what is committed");
    assert!(matches!(ahead, SnapshotError::NotOwned { .. }), "{ahead}");
    shared.acquire("b").await;
    shared.commit(30).await;
    let late = node.upload(P, epoch).await.expect_err("it isn't the owner any more");
    assert!(matches!(late, SnapshotError::NotOwned { .. }), "{late}");
    assert_eq!(manifests(&shared.blobs), before);
}

#[tokio::test]
async fn a_node_takes_none_that_is_ahead_of_what_is_committed() {
    let (shared, disk, epoch) = two().await;
    // A store of facts from before.
    let older = Shared { blobs: shared.blobs.clone(), ..Shared::new().await };
    older.acquire("a").await;
    older.commit(15).await;
    let new = MemoryDisk::new();
    let restored = older.node(&new).restore_before(&nothing).await.expect("takes one");
    assert_eq!(restored[0].position, Position(10));
    assert_eq!(held(&new).map(|(position, _)| position), Some(10));
    drop((disk, epoch));
}

#[tokio::test]
async fn the_newest_few_are_kept_whole() {
    let (shared, disk, epoch) = two().await;
    let node = shared.node(&disk);
    for round in 3..12u8 {
        let position = u64::from(round) * 10;
        take(&disk, position, 100 + position, &[round, round + 1]);
        shared.commit(position).await;
        node.upload(P, epoch).await.expect("puts");
        let kept: Vec<u64> = manifests(&shared.blobs).iter().map(|it| it.position.0).collect();
        let expected: Vec<u64> = (round - 2..=round).map(|round| u64::from(round) * 10).collect();
        assert_eq!(kept, expected);
        let releasable = node.releasable().await.expect("looks");
        assert_eq!(releasable.get(&P), Some(&Position(expected[0])));
    }
    let mut named = BTreeSet::new();
    for place in manifests(&shared.blobs) {
        let bytes = shared.blobs.get(&place.name(P)).await.expect("reads").expect("is there");
        let manifest = Manifest::decode(&bytes, P, &place).expect("is sound");
        named.extend(manifest.parts().map(|part| manifest::part_name(P, &part.sha256)));
    }
    let there = parts(&shared.blobs);
    assert!(named.iter().all(|part| there.contains(part)), "a part of a kept one is gone");
    // Those of the one that was given up last go the next time.
    node.tidy(P, &mut *node.known(P).lock().await).await.expect("tidies");
    assert_eq!(parts(&shared.blobs).into_iter().collect::<BTreeSet<_>>(), named);
    let new = MemoryDisk::new();
    shared.node(&new).restore_before(&nothing).await.expect("takes it");
    assert_eq!(held(&new), held(&disk));
    // A part that is missing leaves nothing to rely on.
    let name = named.first().expect("some");
    let mut bytes = shared.blobs.get(name).await.expect("reads").expect("is there");
    shared.blobs.delete(name).await.expect("deletes");
    assert_eq!(node.releasable().await.expect("looks"), BTreeMap::new());
    // Nor does one of the same length with other bytes, for whoever reads it back for the first time.
    bytes[0] ^= 1;
    shared.blobs.put(name, bytes).await.expect("puts");
    assert_eq!(shared.node(&disk).releasable().await.expect("looks"), BTreeMap::new());
}

#[tokio::test]
async fn one_that_is_damaged_gives_way_to_the_one_before() {
    let (shared, disk, _) = two().await;
    let (newest, both) = (manifests(&shared.blobs)[1].clone(), manifests(&shared.blobs));
    shared.blobs.tamper(&newest.name(P), |bytes| bytes[100] ^= 1);
    let new = MemoryDisk::new();
    let restored = shared.node(&new).restore_before(&nothing).await.expect("takes the other");
    assert_eq!(restored[0].position, Position(10));
    for part in parts(&shared.blobs) {
        shared.blobs.tamper(&part, |bytes| bytes[0] ^= 1);
    }
    let new = MemoryDisk::new();
    assert_eq!(shared.node(&new).restore_before(&nothing).await.expect("goes without"), []);
    assert_eq!(held(&new), None);
    let no_way = shared.node(&new).restore_before(&|_| Position(5)).await;
    let no_way = no_way.expect_err("the log doesn't lead there").to_string();
    for place in both {
        assert!(no_way.contains(place.name(P).as_str()), "{no_way}");
    }
    let none = shared.node(&new).restore_before(&|_| Position(15)).await;
    assert!(none.is_err(), "the damaged one would be the only one");
    drop(disk);
}

#[tokio::test]
async fn snapshots_of_another_deployment_are_refused() {
    let (shared, _, _) = two().await;
    let node = shared.node_with(&MemoryDisk::new(), *b"some other's key");
    let foreign = node.restore_before(&nothing).await.expect_err("it is another's");
    assert!(matches!(foreign, SnapshotError::Foreign { .. }), "{foreign}");
}

#[tokio::test]
async fn a_store_that_goes_away_at_any_moment_leaves_the_one_before() {
    let mut calls = 0;
    loop {
        let (shared, disk, epoch) = two().await;
        take(&disk, 30, 160, &[2, 3, 4]);
        shared.commit(30).await;
        let node = shared.node(&disk);
        shared.blobs.away_after(calls);
        let put = node.upload(P, epoch).await;
        let whole = put.is_ok() && !matches!(put, Ok(Uploaded::WasThere(_)));
        shared.blobs.set_away(false);
        let new = MemoryDisk::new();
        let restored = shared.node(&new).restore_before(&nothing).await.expect("takes one");
        let newest = if whole { 30 } else { restored[0].position.0 };
        assert!([20, 30].contains(&newest) && restored[0].position == Position(newest));
        let again = node.upload(P, epoch).await.expect("goes on");
        assert_ne!(again, Uploaded::NoneTaken);
        let new = MemoryDisk::new();
        shared.node(&new).restore_before(&nothing).await.expect("takes it");
        assert_eq!(held(&new), held(&disk), "after {calls} calls");
        if whole {
            break;
        }
        calls += 1;
    }
    assert!(calls > 10, "an upload took {calls} calls");
}

#[tokio::test]
async fn answers_that_are_lost_change_nothing() {
    let (shared, disk, epoch) = two().await;
    take(&disk, 30, 160, &[2, 3, 4]);
    shared.commit(30).await;
    let node = shared.node(&disk);
    let mut tries = 0;
    loop {
        shared.blobs.act_in_secret(1);
        let put = node.upload(P, epoch).await;
        tries += 1;
        // What is done has been done, however often one asks.
        shared.blobs.act_in_secret(0);
        match node.upload(P, epoch).await {
            Ok(_) => break,
            Err(error) => assert!(error.may_pass() && put.is_err(), "{error}"),
        }
    }
    assert_eq!(tries, 1);
    let new = MemoryDisk::new();
    shared.node(&new).restore_before(&nothing).await.expect("takes it");
    assert_eq!(held(&new), held(&disk));
}

#[tokio::test]
async fn a_node_that_loses_power_while_it_takes_one_has_it_whole_or_begins_anew() {
    let (shared, disk, _) = two().await;
    let mut draws = 0x9e37_79b9_7f4a_7c15u64;
    let mut calls = 1;
    loop {
        let new = MemoryDisk::new();
        take(&new, 10, 55, &[7, 8]);
        let new = new.copy();
        new.power_off_at(calls);
        let taken = shared.node(&new).restore_before(&|_| Position(15)).await;
        let cut_off = !new.is_powered();
        new.crash(&mut |most| {
            draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (draws >> 33) % most.max(1)
        });
        if let Some((position, files)) = held(&new)
            && position != 10
        {
            assert_eq!(Some((position, files)), held(&disk), "after {calls} calls");
        }
        shared.node(&new).restore_before(&|_| Position(15)).await.expect("takes it");
        assert_eq!(held(&new), held(&disk), "after {calls} calls");
        if !cut_off {
            taken.expect("nothing went wrong");
            break;
        }
        calls += 1;
    }
    assert!(calls > 20, "taking one took {calls} calls");
}

#[tokio::test]
async fn what_operators_see() {
    let (shared, disk, epoch) = two().await;
    let node = shared.node(&disk);
    node.upload(P, epoch).await.expect("looks");
    let view = node.seen().of(P).expect("it is ours");
    assert_eq!(view.position, Some(Position(20)));
    assert_eq!(view.trouble, None);
    assert!(view.bytes > 130 && view.taken_at == Some(shared.clock.now()));
    let later = UnixMs::new(shared.clock.now().get() + 3_600_000).expect("before 2109");
    let due = |committed, every| {
        node.seen().is_due(P, Position(committed), later, Duration::from_secs(every))
    };
    assert!(due(21, 3600) && !due(21, 3601) && !due(20, 3600), "old, and the partition went on");
}
