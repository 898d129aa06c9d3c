//! One of several machines: a disk, a road to the log and one to the store, and a process now and then.

use ledgerline_app::Deployment;
use ledgerline_app::ownership::{Follows, LeaseSettings, Leased, Ownership};
use ledgerline_app::ports::leases::NodeId;
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::memory_counted_plays::MemoryCountedPlays;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, Random as Randomness};
use ledgerline_app::snapshots::{SnapshotError, SnapshotParts, SnapshotSettings, Snapshots};
use ledgerline_segment_log::SegmentPlaysFiles;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::broker::{Broker, NodeLog, Road};
use crate::clock::SimulatedClock;
use crate::process::{Machine, NoStart, PlaysLogs, Request, Task, hash_key, not_started, parts};
use crate::random::Random;
use crate::stepper::Stepper;
use crate::store::SimulatedStore;
use crate::taste::Taste;

/// A start takes fewer rounds than this.
const START_ROUNDS_MAX: u32 = 100_000;

/// A machine.
pub struct Node {
    /// What operators call it.
    pub name: &'static str,
    /// Whether it only counts, and follows what it owns and stands by for.
    pub counts_only: bool,
    /// What outlives its processes.
    pub machine: Machine,
    /// The way to the log.
    pub road: Arc<Road>,
    /// Its process, while there is one.
    pub process: Option<Process>,
    /// Until then, by true time, it doesn't go on: neither does anything in it.
    pub paused_until_ms: u64,
}

/// A process on it.
pub struct Process {
    /// The product.
    pub deployment: Arc<Deployment>,
    /// How it deals with snapshots in the store of blobs.
    pub snapshots: Arc<Snapshots>,
    /// The log as it sees it.
    pub log: Arc<NodeLog>,
    /// `None` is done, until the next sweep.
    pub requests: Vec<Option<Request>>,
    /// What goes on besides.
    pub errands: Vec<Option<Task<()>>>,
    /// Whether a beat is on its way.
    pub beats: Arc<AtomicU64>,
    /// Whether it is being seen to what it follows.
    pub follows: Arc<AtomicU64>,
}

/// What a process draws its number from.
struct Drawn(Mutex<Random>);

impl Randomness for Drawn {
    fn fill(&self, bytes: &mut [u8]) {
        let mut random = self.0.lock().expect("no holder panics");
        for byte in bytes {
            *byte = random.number().to_le_bytes()[0];
        }
    }
}

impl Node {
    /// A machine with an empty disk.
    #[must_use]
    pub fn new(
        (name, counts_only): (&'static str, bool),
        store: &SimulatedStore,
        clock: Arc<SimulatedClock>,
        counted_plays: Arc<MemoryCountedPlays>,
    ) -> Self {
        let disk = MemoryDisk::new();
        let machine = Machine {
            store: Arc::new(store.reached_from(disk.clone())),
            disk,
            clock,
            counted_plays,
            appeals: Arc::default(),
            listeners: Arc::default(),
            stepper: Stepper::default(),
        };
        Self { name, counts_only, machine, road: Arc::default(), process: None, paused_until_ms: 0 }
    }

    /// Whether it goes on now.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.machine.clock.true_ms() >= self.paused_until_ms
    }

    /// Whether its process is up and believes that it works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.deployment.health().ready)
    }

    /// Loses all that it has on its disk, for good; no process may be there.
    pub fn lose_everything(&mut self) {
        let disk = &self.machine.disk;
        for path in disk.files() {
            let (folder, _) = path.rsplit_once('/').unwrap_or_default();
            let lost = disk.remove(&path).and_then(|()| disk.sync_folder(folder));
            lost.expect("its power is on");
        }
    }

    fn snapshots(&self, blobs: &MemoryBlobs, taste: &Taste) -> Snapshots {
        let disk: Arc<dyn Disk> = Arc::new(self.machine.disk.clone());
        let parts = SnapshotParts {
            key: hash_key(),
            partitions: taste.partitions,
            blobs: Arc::new(blobs.clone()),
            plays: Arc::new(SegmentPlaysFiles::new(disk.clone(), taste.partitions)),
            disk,
            facts: self.machine.store.clone(),
            clock: self.machine.clock.clone(),
            drive: Arc::new(self.machine.stepper.clone()),
        };
        let settings = SnapshotSettings {
            part_bytes: 700,
            worth_records: 200,
            tries_max: 0,
            ..SnapshotSettings::default()
        };
        Snapshots::new(parts, settings)
    }

    /// Starts a process, all at once: takes snapshots where it has none, opens what it has and goes on.
    /// Says for how many partitions it took one.
    ///
    /// # Errors
    /// [`NoStart`].
    pub fn start(
        &mut self,
        broker: &Broker,
        blobs: &MemoryBlobs,
        taste: &Taste,
        (settings, standbys): (LeaseSettings, usize),
        random: &mut Random,
    ) -> Result<usize, NoStart> {
        let log = broker.reached(self.road.clone(), Random::new(random.number(), 5));
        let log = Arc::new(log);
        let leased = Leased {
            node: NodeId::new(self.name).expect("a name"),
            leases: self.machine.store.clone(),
            settings,
            takes_part: true,
            standbys,
            follows: if self.counts_only {
                Follows::Some(Arc::new(PlaysLogs::new(&self.machine, taste)))
            } else {
                Follows::All
            },
        };
        let snapshots = Arc::new(self.snapshots(blobs, taste));
        let (takes, from) = (snapshots.clone(), log.clone());
        let follows_all = !self.counts_only;
        let mut taking = Task::new(async move {
            // Whoever follows some partitions takes what it follows once it knows.
            if follows_all { takes.restore_missing(&*from).await } else { Ok(Vec::new()) }
        });
        let taken = self.go_on(&mut taking, broker, random)?.map_err(|error| not_taken(&error))?;
        let drawn = Arc::new(Drawn(Mutex::new(Random::new(random.number(), 6))));
        let ownership = Ownership::Leased(leased);
        let parts = parts(&self.machine, taste, log.clone(), ownership, drawn)?;
        let mut starting = Task::new(Deployment::start(parts, taste.settings));
        let deployment = self.go_on(&mut starting, broker, random)?;
        let deployment = deployment.map_err(|error| not_started(&error))?;
        self.process = Some(Process {
            deployment,
            snapshots,
            log,
            requests: Vec::new(),
            errands: Vec::new(),
            beats: Arc::default(),
            follows: Arc::default(),
        });
        Ok(taken.len())
    }

    /// Goes on with part of a start until it is done, and nothing else happens here meanwhile.
    fn go_on<T>(
        &self,
        task: &mut Task<T>,
        broker: &Broker,
        random: &mut Random,
    ) -> Result<T, NoStart> {
        for _ in 0..START_ROUNDS_MAX {
            if let Some(done) = task.poll() {
                return Ok(done);
            }
            if !self.machine.disk.is_powered() {
                return Err(NoStart::Refused("the power went off".to_owned()));
            }
            broker.step();
            let stepper = &self.machine.stepper;
            let (loops, begun) = (stepper.going(), stepper.begun());
            match random.place(loops.len() + begun) {
                place if place < loops.len() => {
                    stepper.step(loops[place]);
                }
                place => {
                    stepper.work(place - loops.len());
                }
            }
        }
        Err(NoStart::Wrong(format!("it is not up after {START_ROUNDS_MAX} rounds")))
    }
}

/// What it means that a node could not take snapshots.
fn not_taken(error: &SnapshotError) -> NoStart {
    if error.may_pass() {
        NoStart::Refused(error.to_string())
    } else {
        NoStart::Wrong(error.to_string())
    }
}

impl Process {
    /// Begins a beat, unless one is on its way, and sees to what the node follows, unless that goes on.
    pub fn beat(&mut self) {
        if self.beats.swap(1, Ordering::Relaxed) == 0 {
            let (deployment, beats) = (self.deployment.clone(), self.beats.clone());
            self.errands.push(Some(Task::new(async move {
                deployment.see_to_ownership().await;
                beats.store(0, Ordering::Relaxed);
            })));
        }
        if self.follows.swap(1, Ordering::Relaxed) == 0 {
            let (deployment, follows) = (self.deployment.clone(), self.follows.clone());
            let snapshots = self.snapshots.clone();
            self.errands.push(Some(Task::new(async move {
                deployment.see_to_followed(Some(&snapshots)).await;
                follows.store(0, Ordering::Relaxed);
            })));
        }
    }
}
