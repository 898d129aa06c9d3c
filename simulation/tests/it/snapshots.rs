//! A node with nothing joins others whose log has let go of its beginning, by real time.

use ledgerline_app::Deployment;
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, PlaysFiles, ReportLog};
use ledgerline_app::read_snapshot_files;
use ledgerline_app::snapshots::{SnapshotError, SnapshotParts, SnapshotSettings, Snapshots};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{PartitionId, Position};
use ledgerline_segment_log::{Options, SegmentPlaysFiles};
use ledgerline_simulation::nodes::node::Node;
use ledgerline_simulation::process::hash_key;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use tokio::task::JoinHandle;

use crate::threads::{Counted, PARTITIONS, Shared, let_time_pass};

fn snapshots(node: &Node, blobs: &MemoryBlobs) -> Arc<Snapshots> {
    let disk: Arc<dyn Disk> = Arc::new(node.machine.disk.clone());
    let parts = SnapshotParts {
        key: hash_key(),
        partitions: PARTITIONS,
        blobs: Arc::new(blobs.clone()),
        plays: Arc::new(SegmentPlaysFiles::new(disk.clone(), PARTITIONS)),
        disk,
        facts: node.machine.store.clone(),
        clock: node.machine.clock.clone(),
        drive: Arc::new(Threads),
    };
    let settings = SnapshotSettings {
        part_bytes: 4 << 10,
        every: Duration::from_millis(50),
        look_every: Duration::from_millis(5),
        tries_max: 0,
        ..SnapshotSettings::default()
    };
    Arc::new(Snapshots::new(parts, settings))
}

fn upload(snapshots: &Arc<Snapshots>, deployment: &Arc<Deployment>) -> JoinHandle<()> {
    let (snapshots, deployment) = (snapshots.clone(), deployment.clone());
    tokio::spawn(async move { snapshots.upload_forever(&deployment).await })
}

/// Everything that can be counted by, as a person would see it.
async fn counts(deployment: &Deployment) -> Vec<String> {
    let mut said = Vec::new();
    for by in By::ALL {
        let counts = deployment.counts(CountsQuery { by, from: None, to: None }).await;
        let rows = counts.expect("counts").rows;
        said.extend(rows.iter().map(|row| format!("{by:?} {row:?}")));
    }
    said
}

/// The plays logs of a node up to its snapshots, with where these are.
fn plays(disk: &MemoryDisk) -> BTreeMap<PartitionId, (Position, Vec<u8>)> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let files = SegmentPlaysFiles::new(shared, PARTITIONS);
    let of = |partition| {
        let snapshot = read_snapshot_files(disk, partition).expect("is sound")?;
        let mut bytes = Vec::new();
        for file in files.files(partition, snapshot.plays_bytes).expect("is there") {
            let mut some = vec![0; usize::try_from(file.bytes).expect("fits")];
            disk.open(&file.path).expect("opens").read_at(0, &mut some).expect("reads");
            bytes.extend(some);
        }
        Some((partition, (snapshot.position, bytes)))
    };
    (0..PARTITIONS).map(PartitionId).filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_with_nothing_joins_by_a_snapshot_and_counts_the_same() {
    let log = Options { segment_bytes_max: 2 << 10, ..Options::new(PARTITIONS) };
    let mut shared = Shared::new(log);
    let time = let_time_pass(shared.clock.clone());
    let blobs = MemoryBlobs::new();
    let machines = ["north", "east"]
        .map(|name| Node::new((name, false), &shared.store, shared.clock.clone(), Arc::default()));
    let number = Arc::new(Counted(AtomicU32::new(0)));
    let north = shared.start(&machines[0], &number).await;
    let of_north = snapshots(&machines[0], &blobs);
    // While the store is away counting goes on, and whoever looks sees why.
    blobs.set_away(true);
    let uploading = upload(&of_north, &north.deployment);
    shared.balanced(&["north"]).await;
    shared.send(&[&north]).await;
    shared.counts_all(&north).await;
    shared
        .until("told", || {
            let of = of_north.seen().of(PartitionId(0));
            of.is_some_and(|view| view.trouble.is_some()) && !north.deployment.warnings().is_empty()
        })
        .await;
    assert_eq!(north.deployment.health().problems, Vec::<String>::new());
    assert_eq!(blobs.puts(), 0);
    blobs.set_away(false);
    let ends: BTreeMap<_, _> =
        (0..PARTITIONS).map(PartitionId).map(|it| (it, *shared.log.end(it).borrow())).collect();
    shared
        .until("put", || {
            ends.iter().all(|(partition, end)| {
                let view = of_north.seen().of(*partition);
                view.is_some_and(|view| view.position == Some(*end) && view.trouble.is_none())
            })
        })
        .await;
    uploading.abort();
    assert_eq!(north.deployment.warnings(), Vec::<String>::new());

    // The log lets go of everything but its last segments, as retention does.
    for (partition, end) in &ends {
        shared.log.release(*partition, *end).expect("releases");
        assert!(shared.log.start(*partition) > Position(0), "{partition} still begins at 0");
    }
    // Without the blobs there is no way, and that is said before anything starts.
    let nowhere = snapshots(&machines[1], &MemoryBlobs::new());
    let no_way = nowhere.restore_missing(&*shared.log).await.expect_err("nothing leads there");
    assert!(matches!(no_way, SnapshotError::NoWay { .. }), "{no_way}");

    let of_east = snapshots(&machines[1], &blobs);
    let restored = of_east.restore_missing(&*shared.log).await.expect("takes them");
    assert_eq!(restored.len(), usize::from(PARTITIONS));
    assert_eq!(plays(&machines[1].machine.disk), plays(&machines[0].machine.disk));
    let east = shared.start(&machines[1], &number).await;
    shared.counts_all(&east).await;
    assert_eq!(counts(&east.deployment).await, counts(&north.deployment).await);

    // It owns its share, judges on what it was given, and puts what it makes of that.
    shared.balanced(&["north", "east"]).await;
    shared.send(&[&north, &east]).await;
    for up in [&north, &east] {
        shared.counts_all(up).await;
        assert_eq!(up.deployment.health().problems, Vec::<String>::new());
    }
    assert_eq!(counts(&east.deployment).await, counts(&north.deployment).await);
    let uploading = upload(&of_east, &east.deployment);
    shared
        .until("put by the other one", || {
            let owned = (0..PARTITIONS).map(PartitionId).filter_map(|it| {
                let view = of_east.seen().of(it)?;
                view.position.map(|position| position > ends[&it])
            });
            owned.filter(|newer| *newer).count() >= usize::from(PARTITIONS) / 2
        })
        .await;
    uploading.abort();
    for up in [north, east] {
        up.deployment.stop().await;
        up.besides.iter().for_each(JoinHandle::abort);
    }
    assert_eq!(shared.store.zombies(), 0);
    shared.log.close();
    time.abort();
}
