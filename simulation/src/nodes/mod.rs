//! The world of several nodes that share one log and one store: they are killed, paused, cut off from
//! either and started again, and the store's clock jumps. Whoever owned a partition may wake up and
//! believe that it still does.
//!
//! - [`broker`]: the log, and the roads to it
//! - [`node`]: a machine, and the product on it
//! - `acts`, `serving`: what happens
//! - `finale`: whether it was right

mod acts;
pub mod broker;
mod finale;
pub mod node;
mod serving;

use ledgerline_app::ownership::LeaseSettings;
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::memory_counted_plays::MemoryCountedPlays;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{CatalogueStore, CatalogueTrack};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::check::PUBLISHING_FAILS_EVERY;
use crate::clock::{MINUTE_MS, SimulatedClock};
use crate::players::{Body, Plan, STEADY_TRACKS, Source, plan, sources};
use crate::process::Task;
use crate::promises::Promises;
use crate::random::Random;
use crate::store::SimulatedStore;
use crate::taste::Taste;
use crate::trace::Trace;
use crate::world::{Found, Tally, Wrong};
use broker::Broker;
use node::Node;

/// The names of machines: no world has more.
const NAMES: [&str; 4] = ["north", "east", "south", "west"];
/// No run has more crashes than this.
const CRASHES_MAX: u64 = 25;
/// A run that takes more acts than this goes round in circles.
const ACTS_MAX: u64 = 400_000;

/// Something that is going to happen.
enum Act {
    /// Players send a body, to any node.
    Send(Body),
    /// A node renews its leases.
    Beat(usize),
    /// A node's own tick is due.
    Tick(usize),
    /// A node puts the snapshots of what it owns into the store of blobs.
    Upload(usize),
    /// Tracks are imported, by any node.
    Import,
    /// Something goes wrong, or is right again.
    Trouble,
    /// A node is started.
    Start(usize),
    /// A node's roads are open again.
    Mend(usize),
    /// The counts of a node are noted: at one position all nodes say the same.
    Observe,
}

/// What is common to all nodes of a seed.
#[derive(Debug, Clone, Copy)]
struct Shared {
    nodes: usize,
    /// How many of them, the last ones, only count.
    count_only: usize,
    /// How many nodes besides the owner are to keep each partition warm.
    standbys: usize,
    settings: LeaseSettings,
    /// So many of a hundred troubles are of each kind.
    kills: u64,
    pauses: u64,
    cuts: u64,
    stops: u64,
    losses: u64,
    /// So many of a hundred troubles are of the store of blobs.
    blob_faults: u64,
    /// Whether the store's clock jumps.
    jumps: bool,
    /// How long until the next trouble at most, in milliseconds.
    calm_ms: u64,
}

/// Counts by track as somebody saw them, by the position of each partition.
type Observed = Rc<RefCell<BTreeMap<Vec<u64>, Vec<(String, i64)>>>>;

/// The world of one seed.
pub struct Nodes {
    taste: Taste,
    shared: Shared,
    random: Random,
    runtime: Arc<tokio::runtime::Runtime>,
    clock: Arc<SimulatedClock>,
    /// The store's own, which jumps.
    store_clock: Arc<SimulatedClock>,
    store: SimulatedStore,
    broker: Broker,
    blobs: MemoryBlobs,
    nodes: Vec<Node>,
    /// What others were told of what counts, by whichever node.
    told: Arc<MemoryCountedPlays>,
    sources: Vec<Source>,
    plan: Plan,
    promises: Promises,
    observed: Observed,
    complaints: Rc<RefCell<Vec<String>>>,
    agenda: BTreeMap<(u64, u64), Act>,
    scheduled: u64,
    acts: u64,
    bodies_left: u64,
    /// A node none of whose loops has a turn for a while, though it isn't paused.
    starved: Option<usize>,
    calm: bool,
    tally: Tally,
    trace: Trace,
}

impl Nodes {
    /// The world of `seed`, before anything happened in it. Each line of its trace is printed where
    /// `printed`.
    #[must_use]
    pub fn new(seed: u64, runtime: Arc<tokio::runtime::Runtime>, printed: bool) -> Self {
        let mut taste = Taste::new(seed);
        let mut random = Random::new(seed, 7);
        let shared = Shared::new(&mut random);
        taste.partitions = random.of(&[1, 2, 3, 5]);
        taste.log.partitions = taste.partitions;
        // Leases are a matter of seconds, and whole days of them would take too long.
        taste.days = 0;
        taste.settings.tick_every = Duration::from_secs(60);
        let clock = Arc::new(SimulatedClock::default());
        let store_clock = Arc::new(SimulatedClock::default());
        let store = SimulatedStore::new(MemoryDisk::new(), Random::new(seed, 3));
        store.set_clock(store_clock.clone());
        let broker = Broker::new(&taste, clock.clone());
        let follow_all = shared.nodes - shared.count_only;
        let names = NAMES.iter().take(shared.nodes).enumerate();
        let told = Arc::new(MemoryCountedPlays::default());
        told.refuse_every(PUBLISHING_FAILS_EVERY);
        let new = |(number, name): (usize, &&'static str)| {
            let kind = (*name, number >= follow_all);
            Node::new(kind, &store, clock.clone(), told.clone())
        };
        let nodes = names.map(new).collect();
        let plan = plan(seed, &taste);
        Self {
            shared,
            random,
            runtime,
            clock,
            store_clock,
            store,
            broker,
            blobs: MemoryBlobs::new(),
            nodes,
            told,
            sources: sources(),
            plan,
            promises: Promises::default(),
            observed: Observed::default(),
            complaints: Rc::default(),
            agenda: BTreeMap::new(),
            scheduled: 0,
            acts: 0,
            bodies_left: 0,
            starved: None,
            calm: false,
            tally: Tally::default(),
            trace: Trace::new(printed),
            taste,
        }
    }

    /// Lets everything happen, then looks whether it was right.
    ///
    /// # Errors
    /// What went wrong first.
    pub fn run(&mut self) -> Result<Found, Wrong> {
        let runtime = self.runtime.clone();
        // Workers wait for the store on the runtime that they were started in.
        let _guard = runtime.enter();
        self.trace.note(self.clock.true_ms(), format_args!("{:?} {:?}", self.taste, self.shared));
        self.plan_ahead();
        while self.bodies_left > 0 {
            let Some(((at_ms, _), act)) = self.agenda.pop_first() else { break };
            self.acts += 1;
            if self.acts > ACTS_MAX {
                return Err(format!("{ACTS_MAX} acts, and players still have reports"));
            }
            self.pass_until(at_ms);
            self.perform(act)?;
            if self.random.one_in(4) {
                let node = self.random.place(self.nodes.len());
                self.starved = self.random.percent(30).then_some(node);
            }
            let effort = self.random.of(&[0, 1, 3, 10, 100]);
            self.go_on(effort)?;
            self.still_right()?;
        }
        self.finale()
    }

    /// What the trace came to.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    fn plan_ahead(&mut self) {
        let track = |track: &&str| CatalogueTrack {
            track_id: (*track).to_owned(),
            duration_ms: Some(200_000),
            ..CatalogueTrack::default()
        };
        let tracks: Vec<CatalogueTrack> = STEADY_TRACKS.iter().map(track).collect();
        let store = self.store.reached_from(MemoryDisk::new());
        let mut import = Task::new(async move { store.import_tracks(&tracks).await });
        let imported = import.poll().expect("the store answers at once");
        imported.expect("nothing fails yet");
        self.store.fail_percent(self.taste.store_faults);
        for (at_ms, body) in std::mem::take(&mut self.plan.bodies) {
            self.bodies_left += 1;
            self.later_at(at_ms, Act::Send(body));
        }
        for node in 0..self.nodes.len() {
            let late_ms = self.random.of(&[0, 0, 1_000, 5 * MINUTE_MS]);
            self.later(late_ms, Act::Start(node));
            self.later(late_ms, Act::Beat(node));
            self.later(late_ms + MINUTE_MS, Act::Tick(node));
            self.later(late_ms + 2 * MINUTE_MS, Act::Upload(node));
        }
        self.later(MINUTE_MS, Act::Trouble);
        self.later(2 * MINUTE_MS, Act::Observe);
        if self.taste.catalogue {
            self.later(3 * MINUTE_MS, Act::Import);
        }
    }

    /// Both clocks go on alike; one of them may be off.
    fn pass(&mut self, millis: u64) {
        self.clock.pass(millis);
        self.store_clock.pass(millis);
    }

    fn pass_until(&mut self, until_ms: u64) {
        self.pass(until_ms.saturating_sub(self.clock.true_ms()));
    }

    fn later(&mut self, in_ms: u64, act: Act) {
        self.later_at(self.clock.true_ms() + in_ms, act);
    }

    fn later_at(&mut self, at_ms: u64, act: Act) {
        // A number keeps those of one moment apart.
        self.scheduled += 1;
        self.agenda.insert((at_ms, self.scheduled), act);
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.note(self.clock.true_ms(), what);
    }

    /// What must hold at every moment.
    fn still_right(&self) -> Result<(), Wrong> {
        if self.store.zombies() > 0 {
            return Err("a commit was made by somebody whose epoch was not the newest".to_owned());
        }
        if let Some(wrong) = self.complaints.borrow().first() {
            return Err(wrong.clone());
        }
        for node in &self.nodes {
            let Some(process) = &node.process else { continue };
            let problems = process.deployment.health().problems;
            if let Some(problem) = problems.iter().find(|it| it.contains("has stopped")) {
                return Err(format!("{}: {problem}", node.name));
            }
        }
        Ok(())
    }
}

impl Shared {
    fn new(random: &mut Random) -> Self {
        let lasts = Duration::from_secs(random.of(&[20, 40]));
        let settings = LeaseSettings {
            lasts,
            beat_every: lasts / 5,
            drains_for: random.of(&[Duration::ZERO, lasts / 2, lasts * 2]),
            patience: lasts / 2,
        };
        let nodes = random.of(&[2, 3, 3, 4]);
        Self {
            nodes,
            // One of them can be asked.
            count_only: random.of(&[0, 1, nodes - 1, nodes - 1]),
            standbys: random.of(&[0, 1, 1, 2]),
            settings,
            kills: random.of(&[0, 20, 50]),
            pauses: random.of(&[0, 20, 50]),
            cuts: random.of(&[0, 20, 50]),
            stops: random.of(&[0, 10, 30]),
            losses: random.of(&[0, 10, 30]),
            blob_faults: random.of(&[0, 10, 30]),
            jumps: random.percent(30),
            calm_ms: random.of(&[MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]),
        }
    }
}
