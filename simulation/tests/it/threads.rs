//! Three nodes on real threads that share one log and one store, by real time.

use ledgerline_app::Deployment;
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::deployment::Settings;
use ledgerline_app::ownership::{Follows, LeaseSettings, Leased, Ownership};
use ledgerline_app::ports::leases::NodeId;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Random as Randomness, ReportLog};
use ledgerline_app::threads::Threads;
use ledgerline_ids::PartitionId;
use ledgerline_segment_log::{Options, SegmentReportLog};
use ledgerline_simulation::clock::SimulatedClock;
use ledgerline_simulation::nodes::broker::NodeLog;
use ledgerline_simulation::nodes::node::Node;
use ledgerline_simulation::players::{Body, Source, sources};
use ledgerline_simulation::process::{parts, receive};
use ledgerline_simulation::random::Random;
use ledgerline_simulation::report::Report;
use ledgerline_simulation::store::SimulatedStore;
use ledgerline_simulation::taste::Taste;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub(crate) const PARTITIONS: u16 = 4;
/// Plays of each of the four quarters.
const PLAYS: usize = 1_000;
const REPORTS_PER_BODY: usize = 50;

/// The log, the store and the time that the nodes share.
pub(crate) struct Shared {
    pub taste: Taste,
    pub clock: Arc<SimulatedClock>,
    pub log: Arc<SegmentReportLog>,
    pub store: SimulatedStore,
    source: Source,
    plays: usize,
}

/// A process on a node, and what goes on for it besides.
pub(crate) struct Up {
    pub deployment: Arc<Deployment>,
    pub besides: Vec<JoinHandle<()>>,
}

pub(crate) struct Counted(pub AtomicU32);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(number).for_each(|(byte, of)| *byte = of);
    }
}

const SETTINGS: LeaseSettings = LeaseSettings {
    lasts: Duration::from_millis(800),
    beat_every: Duration::from_millis(100),
    drains_for: Duration::from_millis(800),
    patience: Duration::from_secs(30),
};

impl Shared {
    pub(crate) fn new(log: Options) -> Self {
        let mut taste = Taste::new(0);
        taste.partitions = PARTITIONS;
        taste.log = log;
        taste.plays = ledgerline_segment_log::PlaysOptions::default();
        // Snapshots often, and ticks not at all: what is counted is asked for at the end.
        taste.settings = Settings { table_entries_max: 100, ..Settings::default() };
        let (clock, disk) = (Arc::new(SimulatedClock::default()), Arc::new(MemoryDisk::new()));
        let options = taste.log.clone();
        let log = SegmentReportLog::open_driven(disk, clock.clone(), &Threads, options, &[]);
        let store = SimulatedStore::new(MemoryDisk::new(), Random::new(1, 3));
        store.set_clock(clock.clone());
        let (log, source) = (Arc::new(log.expect("opens")), sources().remove(0));
        Self { taste, clock, log, store, source, plays: 0 }
    }

    pub(crate) async fn start(&self, node: &Node, number: &Arc<Counted>) -> Up {
        let log = Arc::new(NodeLog::new(self.log.clone(), node.road.clone(), Random::new(1, 5)));
        let leased = Leased {
            node: NodeId::new(node.name).expect("a name"),
            leases: node.machine.store.clone(),
            settings: SETTINGS,
            takes_part: true,
            standbys: 1,
            follows: Follows::All,
        };
        let ownership = Ownership::Leased(leased);
        let made = parts(&node.machine, &self.taste, log.clone(), ownership, number.clone());
        let mut made = made.unwrap_or_else(|error| panic!("{error:?}"));
        made.drive = Arc::new(Threads);
        let deployment = Deployment::start(made, self.taste.settings).await.expect("starts");
        let owning = deployment.clone();
        let besides = vec![
            tokio::spawn(async move { owning.own_forever().await }),
            tokio::spawn(async move {
                loop {
                    log.look();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }),
        ];
        Up { deployment, besides }
    }

    /// Sends plays to these nodes until each report was acknowledged, each of them twice.
    pub(crate) async fn send(&mut self, to: &[&Up]) {
        for _ in 0..PLAYS / REPORTS_PER_BODY {
            let reports: Vec<(usize, Report)> = (0..REPORTS_PER_BODY)
                .map(|_| {
                    self.plays += 1;
                    (0, self.report(self.plays))
                })
                .collect();
            let mut acknowledged = 0;
            while acknowledged < 2 {
                let up = to[(self.plays + acknowledged) % to.len()];
                let reports = reports.clone();
                let body = Body { source: 0, reports, sent_ms: 0, tries: 0, again: 0 };
                let task = receive(up.deployment.clone(), &self.source, body).task;
                let answered = task.into_future().await;
                acknowledged += usize::from(answered.outcome.is_ok());
            }
        }
    }

    fn report(&self, number: usize) -> Report {
        Report {
            user: Some(format!("L{}", number % 97)),
            play_id: Some(format!("play-{number}")),
            track: format!("T{}", number % 7),
            listened_ms: 31_000,
            started_at: Some(self.clock.true_ms()),
            ..Report::default()
        }
    }

    /// Waits until these nodes own everything, evenly.
    pub(crate) async fn balanced(&self, nodes: &[&str]) {
        self.until("balanced", || {
            let standing = self.store.peek_leases();
            let mut owned: BTreeMap<&str, usize> = nodes.iter().map(|node| (*node, 0)).collect();
            let all = standing.leases.iter().all(|lease| {
                let owner = lease.owner.as_ref().map(|owner| owner.as_str());
                let name = owner.and_then(|owner| owner.split('/').next());
                name.and_then(|name| owned.get_mut(name)).map(|owned| *owned += 1).is_some()
            });
            let (least, most) = (owned.values().min(), owned.values().max());
            all && most <= least.map(|least| least + 1).as_ref()
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is_so() {
            let waited = begin.elapsed();
            assert!(waited < Duration::from_secs(120), "not {what} after {waited:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A node counts every play once, and so does the store.
    pub(crate) async fn counts_all(&self, up: &Up) {
        let ends: Vec<_> =
            (0..PARTITIONS).map(|it| *self.log.end(PartitionId(it)).borrow()).collect();
        self.until("followed", || {
            let view = up.deployment.ownership().expect("it is one of several");
            view.partitions.iter().zip(&ends).all(|(of, end)| of.read_to >= *end)
        })
        .await;
        let query = CountsQuery { by: By::Track, from: None, to: None };
        let counts = up.deployment.counts(query).await.expect("counts");
        let counted: i64 = counts.rows.iter().map(|row| row.counted).sum();
        assert_eq!((counted, counts.waits), (i64::try_from(self.plays).expect("small"), None));
        let stored = self.store.peek();
        let stored: i64 = stored.iter().flat_map(|totals| totals.counted.values()).sum();
        assert_eq!(stored, counted, "the store has the same sum");
    }
}

/// Time goes on by itself: a millisecond is one.
pub(crate) fn let_time_pass(clock: Arc<SimulatedClock>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (begin, began_ms) = (Instant::now(), clock.true_ms());
        loop {
            let passed = u64::try_from(begin.elapsed().as_millis()).expect("not for ages");
            clock.pass_until(began_ms + passed);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
}

fn cut_off(node: &Node, off: bool) {
    node.road.closed.store(off, Ordering::Relaxed);
    node.machine.store.cut_off(off);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_becomes_of_nodes_every_play_counts_once() {
    let mut shared = Shared::new(Options::new(PARTITIONS));
    let time = let_time_pass(shared.clock.clone());
    let nodes = ["north", "east", "south"];
    let machines = nodes
        .map(|name| Node::new((name, false), &shared.store, shared.clock.clone(), Arc::default()));
    let number = Arc::new(Counted(AtomicU32::new(0)));
    let north = shared.start(&machines[0], &number).await;
    let east = shared.start(&machines[1], &number).await;
    shared.balanced(&["north", "east"]).await;
    let south = shared.start(&machines[2], &number).await;
    shared.balanced(&nodes).await;
    shared.send(&[&north, &east, &south]).await;

    // To the others it is dead; by itself it goes on, and believes what it likes.
    cut_off(&machines[0], true);
    shared.balanced(&["east", "south"]).await;
    shared.send(&[&east, &south]).await;
    shared.counts_all(&east).await;

    // It wakes up in a world in which it owns nothing.
    cut_off(&machines[0], false);
    shared.balanced(&nodes).await;
    shared.send(&[&north, &east, &south]).await;
    shared.counts_all(&north).await;

    east.deployment.stop().await;
    east.besides.iter().for_each(JoinHandle::abort);
    shared.balanced(&["north", "south"]).await;
    shared.send(&[&north, &south]).await;
    let east = shared.start(&machines[1], &number).await;
    shared.balanced(&nodes).await;
    for up in [&north, &east, &south] {
        shared.counts_all(up).await;
        assert_eq!(up.deployment.health().problems, Vec::<String>::new());
    }
    assert_eq!(shared.store.zombies(), 0);
    for up in [north, east, south] {
        up.deployment.stop().await;
        up.besides.iter().for_each(JoinHandle::abort);
    }
    let standing = shared.store.peek_leases();
    assert!(standing.nodes.is_empty() && standing.leases.iter().all(|it| it.owner.is_none()));
    shared.log.close();
    time.abort();
}
