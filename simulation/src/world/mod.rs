//! The world of one seed: what happens, in which order, until nothing more will.

mod acts;
mod faults;
mod finale;
mod people;
mod serving;

use ledgerline_app::Deployment;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_records::verdict::Status;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::clock::{HOUR_MS, MINUTE_MS, SimulatedClock};
use crate::players::{Body, Plan, Source, plan, sources};
use crate::process::{Machine, Request, Task};
use crate::promises::Promises;
use crate::random::Random;
use crate::stepper::Stepper;
use crate::store::SimulatedStore;
use crate::taste::Taste;
use crate::trace::Trace;

pub use finale::Found;

/// Why a run is a failure, as a sentence.
pub type Wrong = String;

/// Something that is going to happen.
enum Act {
    /// Players send a body.
    Send(Body),
    /// The deployment's own tick is due.
    Tick,
    /// A person looks at plays and decides or rules.
    Person,
    /// Tracks are imported, or devices listed.
    Catalogue,
    /// The wall clock jumps.
    Jump,
    /// The operator looks whether all is well, and makes it so; now and then, or once.
    Operator { again: bool },
    /// The server is started.
    Start,
    /// The server is stopped in order and started again.
    Restart,
    /// Somebody else takes the partitions over.
    Usurp,
    /// Somebody notes all transitions that are committed: they must stay.
    Observe,
}

/// What errands found to be wrong, one sentence each.
type Complaints = Rc<RefCell<Vec<String>>>;

/// The server's process, while there is one.
struct Process {
    deployment: Arc<Deployment>,
    /// `None` is done, until the next sweep.
    requests: Vec<Option<Request>>,
    /// What goes on besides: ticks, people, the catalogue.
    errands: Vec<Option<Task<()>>>,
}

/// The world of one seed.
pub struct World {
    taste: Taste,
    random: Random,
    runtime: Arc<tokio::runtime::Runtime>,
    machine: Machine,
    process: Option<Process>,
    sources: Vec<Source>,
    plan: Plan,
    promises: Promises,
    /// Every transition that somebody saw as committed, by its id.
    seen: BTreeMap<String, Status>,
    /// What errands found to be wrong.
    complaints: Complaints,
    agenda: BTreeMap<(u64, u64), Act>,
    scheduled: u64,
    acts: u64,
    bodies_left: u64,
    /// Whether the report log said that its disk failed.
    log_failed: bool,
    /// So often the power may still go off just when the report log writes.
    tears_left: u32,
    /// Loops whose names begin so have no turn for a while: others get ahead of them.
    starved: Option<&'static str>,
    /// Whether somebody else has taken the partitions over since the start.
    usurped: bool,
    /// What there was room for on the disk, where it was full.
    full: bool,
    failed_starts: u32,
    /// Whether nothing fails any more.
    calm: bool,
    tally: Tally,
    trace: Trace,
}

/// How much a run had to bear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Tally {
    pub steps: u64,
    pub reports_acknowledged: u64,
    pub crashes: u64,
    pub kills: u64,
    pub restarts: u64,
    pub disk_faults: u64,
    pub store_faults: u64,
    pub days: u64,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.reports_acknowledged += other.reports_acknowledged;
        self.crashes += other.crashes;
        self.kills += other.kills;
        self.restarts += other.restarts;
        self.disk_faults += other.disk_faults;
        self.store_faults += other.store_faults;
        self.days += other.days;
    }
}

/// How the names of loops begin that one may wait for.
const COUNTING: &str = "count-";
const WRITING: &str = "reports-";
/// No run has more crashes than this: it would never end.
const CRASHES_MAX: u64 = 12;
/// The power goes off in the middle of a write of the report log at most so often besides.
const TEARS_MAX: u32 = 10;
/// A run that takes more acts than this goes round in circles.
const ACTS_MAX: u64 = 100_000;

impl World {
    /// The world of `seed`, before anything happened in it. Each line of its trace is
    /// printed where `printed`.
    #[must_use]
    pub fn new(seed: u64, runtime: Arc<tokio::runtime::Runtime>, printed: bool) -> Self {
        let taste = Taste::new(seed);
        let disk = MemoryDisk::new();
        let store = Arc::new(SimulatedStore::new(disk.clone(), Random::new(seed, 3)));
        let clock = Arc::new(SimulatedClock::default());
        let plan = plan(seed, &taste);
        Self {
            random: Random::new(seed, 4),
            runtime,
            machine: Machine {
                disk,
                clock,
                store,
                counted_plays: Arc::default(),
                appeals: Arc::default(),
                listeners: Arc::default(),
                stepper: Stepper::default(),
            },
            process: None,
            sources: sources(),
            plan,
            promises: Promises::default(),
            seen: BTreeMap::new(),
            complaints: Complaints::default(),
            agenda: BTreeMap::new(),
            scheduled: 0,
            acts: 0,
            bodies_left: 0,
            log_failed: false,
            tears_left: TEARS_MAX,
            starved: None,
            usurped: false,
            full: false,
            failed_starts: 0,
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
        self.trace.note(self.machine.clock.true_ms(), format_args!("{:?}", self.taste));
        self.plan_ahead();
        while self.bodies_left > 0 {
            let Some(((at_ms, _), act)) = self.agenda.pop_first() else { break };
            self.acts += 1;
            if self.acts > ACTS_MAX {
                return Err(format!("{ACTS_MAX} acts, and players still have reports"));
            }
            self.machine.clock.pass_until(at_ms);
            self.perform(act)?;
            if self.random.one_in(4) {
                self.starved = self.random.of(&[None, None, Some(COUNTING), Some(WRITING)]);
            }
            let effort = self.random.of(&[0, 1, 3, 10, 2_000]);
            self.go_on(effort)?;
            if let Some(wrong) = self.complaints.borrow().first() {
                return Err(wrong.clone());
            }
        }
        self.finale()
    }

    /// What the trace came to.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the logs hold, a line for each record.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        crate::check::lines(&self.machine, &self.taste)
    }

    fn plan_ahead(&mut self) {
        if self.taste.catalogue {
            self.import_first();
        }
        self.machine.store.fail_percent(self.taste.store_faults);
        self.start_soon(0);
        for (at_ms, body) in std::mem::take(&mut self.plan.bodies) {
            self.bodies_left += 1;
            self.later_at(at_ms, Act::Send(body));
        }
        self.later(MINUTE_MS, Act::Tick);
        self.later(HOUR_MS, Act::Operator { again: true });
        self.later(3 * HOUR_MS, Act::Restart);
        self.later(HOUR_MS, Act::Observe);
        if self.taste.people {
            self.later(2 * HOUR_MS, Act::Person);
        }
        self.later(HOUR_MS, Act::Catalogue);
        if self.taste.jumps {
            self.later(HOUR_MS, Act::Jump);
        }
        if self.taste.usurped {
            self.later(5 * HOUR_MS, Act::Usurp);
        }
    }

    fn later(&mut self, in_ms: u64, act: Act) {
        self.later_at(self.machine.clock.true_ms() + in_ms, act);
    }

    fn later_at(&mut self, at_ms: u64, act: Act) {
        // A number keeps those of one moment apart.
        self.scheduled += 1;
        self.agenda.insert((at_ms, self.scheduled), act);
    }

    /// An interval that suits the pace of this world, in milliseconds.
    fn some_while(&mut self) -> u64 {
        let most = if self.taste.days == 0 { 2 * HOUR_MS } else { self.taste.days * 5 * HOUR_MS };
        self.random.between(1_000, most)
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.note(self.machine.clock.true_ms(), what);
    }
}
