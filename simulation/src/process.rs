//! A process on the simulated machine: the product itself, from the disk up to the use cases.

use ledgerline_app::Deployment;
use ledgerline_app::delivery::DeliveryParts;
use ledgerline_app::deployment::{Parts, StartError};
use ledgerline_app::intake::IntakeError;
use ledgerline_app::money::MoneyParts;
use ledgerline_app::ownership::{Follows, Leased, Ownership};
use ledgerline_app::ports::memory_collection::MemoryCollection;
use ledgerline_app::ports::memory_contracts::{MemoryContracts, NoContractReader};
use ledgerline_app::ports::memory_counted_plays::MemoryCountedPlays;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::memory_ledger::{KnownKey, MemoryKeeper, MemoryLedger};
use ledgerline_app::ports::memory_library::MemoryLibrary;
use ledgerline_app::ports::memory_listeners::MemoryListeners;
use ledgerline_app::ports::memory_rights::{MemoryRevenue, MemoryRights};
use ledgerline_app::ports::memory_sign_in::MemorySignIns;
use ledgerline_app::ports::paper::NoPrinter;
use ledgerline_app::ports::{Disk, FactStore, LogError, OpenPlaysLog, PlaysLog, Random, ReportLog};
use ledgerline_ids::{HashKey, PartitionId, Position};
use ledgerline_segment_log::{OpenError, PlaysOptions, SegmentPlaysLog, SegmentReportLog};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::clock::SimulatedClock;
use crate::players::{Body, Source};
use crate::report::instant;
use crate::stepper::Stepper;
use crate::store::SimulatedStore;
use crate::taste::Taste;
use ledgerline_app::ports::memory_appeals::MemoryAppeals;
use ledgerline_app::ports::memory_desk::MemoryDesk;

/// What outlives every process: the machine and its database.
pub struct Machine {
    /// Its disk.
    pub disk: MemoryDisk,
    /// Its clock.
    pub clock: Arc<SimulatedClock>,
    /// Its database.
    pub store: Arc<SimulatedStore>,
    /// What others know of what counts: they keep it elsewhere.
    pub counted_plays: Arc<MemoryCountedPlays>,
    /// Its appeals, of which there are none.
    pub appeals: Arc<MemoryAppeals>,
    /// The part of it that says who listeners are: no simulated source is pseudonymised.
    pub listeners: Arc<MemoryListeners>,
    /// What steps the loops of its process.
    pub stepper: Stepper,
}

/// Why a process doesn't start.
#[derive(Debug)]
pub enum NoStart {
    /// The machine refused: a fault, or the power is off. Another start may go well.
    Refused(String),
    /// Something that was durable is said to be damaged, and nothing has damaged it.
    Wrong(String),
}

/// The key of every simulated deployment's hashes.
#[must_use]
pub fn hash_key() -> HashKey {
    HashKey::new(*b"simulated hashes")
}

/// A future that is polled when it was woken, by whoever holds the seed.
pub struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<T> Task<T> {
    /// Will be polled once at least.
    pub fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    /// Polls it where it was woken. `None` where it is not done.
    pub fn poll(&mut self) -> Option<T> {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return None;
        }
        let waker = Waker::from(self.woken.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    /// The future itself, for whoever has a runtime of its own.
    #[must_use]
    pub fn into_future(self) -> Pin<Box<dyn Future<Output = T>>> {
        self.future
    }

    /// Whether polling it would do anything.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }
}

/// What a server answers to a body: how many reports, and which of them it refused.
pub struct Answer {
    /// The body.
    pub body: Body,
    /// The places of reports that were refused by name.
    pub rejected: Vec<usize>,
    /// What became of the others.
    pub outcome: Result<u64, IntakeError>,
}

/// A body on its way.
pub struct Request {
    /// What the server does with it.
    pub task: Task<Answer>,
    /// What its player keeps until it is acknowledged.
    pub kept: Body,
}

/// A server takes a body in, as the HTTP side does.
#[must_use]
pub fn receive(deployment: Arc<Deployment>, source: &Source, body: Body) -> Request {
    let (origin, kept) = (source.origin.clone(), body.clone());
    let task = Task::new(async move {
        let mut rejected = Vec::new();
        let queued = {
            let mut batch = deployment.intake().begin(&origin);
            for (place, (_, report)) in body.reports.iter().enumerate() {
                let (line, sent) = (place as u64 + 1, report.as_sent());
                let taken = match report.backfilled_at {
                    Some(at) => batch.add_backfilled(line, &sent, instant(at)),
                    None => batch.add(line, &sent),
                };
                if taken.is_err() {
                    rejected.push(place);
                }
            }
            batch.queue()
        };
        let outcome = match queued {
            Ok(queued) => queued.durable().await.map(|acknowledged| acknowledged.reports),
            Err(error) => Err(error),
        };
        Answer { body, rejected, outcome }
    });
    Request { task, kept }
}

/// Opens the logs and begins to start a deployment on them, as the program does.
///
/// # Errors
/// [`NoStart`].
pub fn begin(
    machine: &Machine,
    taste: &Taste,
) -> Result<Task<Result<Arc<Deployment>, StartError>>, NoStart> {
    let refused = |error: String| NoStart::Refused(error);
    let Some(commits) = Task::new({
        let store = machine.store.clone();
        async move { store.committed().await }
    })
    .poll() else {
        return Err(NoStart::Wrong("the store doesn't answer at once".to_owned()));
    };
    let commits = commits.map_err(|error| refused(error.to_string()))?;
    let ends: Vec<Position> = commits.iter().map(|commit| commit.position).collect();
    let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
    let clock = machine.clock.clone();
    let (options, stepper) = (taste.log.clone(), &machine.stepper);
    let log = SegmentReportLog::open_driven(disk.clone(), clock.clone(), stepper, options, &ends)
        .map_err(|error| not_opened(&error))?;
    let random = Arc::new(NothingRandom);
    let parts = parts(machine, taste, Arc::new(log), Ownership::All, random)?;
    Ok(Task::new(Deployment::start(parts, taste.settings)))
}

/// What a deployment on a machine is made of, besides its report log.
///
/// # Errors
/// [`NoStart`], where its plays logs can't be opened.
pub fn parts(
    machine: &Machine,
    taste: &Taste,
    log: Arc<dyn ReportLog>,
    ownership: Ownership,
    random: Arc<dyn Random>,
) -> Result<Parts, NoStart> {
    let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
    let mut plays: Vec<Box<dyn PlaysLog>> = Vec::new();
    let opens = PlaysLogs::new(machine, taste);
    let follows_some =
        matches!(&ownership, Ownership::Leased(Leased { follows: Follows::Some(_), .. }));
    for partition in (0..taste.partitions).map(PartitionId).filter(|_| !follows_some) {
        let log = opens.open_one(partition).map_err(|error| not_opened(&error))?;
        plays.push(Box::new(log));
    }
    // Nobody signs in.
    let people = Arc::new(MemorySignIns::beside(machine.listeners.clone()));
    Ok(Parts {
        key: hash_key(),
        log,
        spool: None,
        plays,
        facts: machine.store.clone(),
        counted_plays: Some(machine.counted_plays.clone()),
        catalogue: machine.store.clone(),
        library: Arc::new(MemoryLibrary::default()),
        collection: Arc::new(MemoryCollection::new(people.clone())),
        music: None,
        credentials: machine.store.clone(),
        sign_ins: people.clone(),
        accounts: people.clone(),
        settings: people,
        appeals: machine.appeals.clone(),
        audit: Arc::new(MemoryDesk::default()),
        listeners: machine.listeners.clone(),
        random,
        disk,
        clock: machine.clock.clone(),
        drive: Arc::new(machine.stepper.clone()),
        ownership,
        delivery: DeliveryParts::in_memory(),
        money: MoneyParts {
            shared_files: None,
            contracts: Arc::new(MemoryContracts::default()),
            contract_reader: Arc::new(NoContractReader),
            proposals: Arc::new(MemoryDesk::default()),
            rights: Arc::new(MemoryRights::default()),
            revenue: Arc::new(MemoryRevenue::default()),
            ledger: Arc::new(MemoryLedger::default()),
            signer: Arc::new(KnownKey),
            keeper: Arc::new(MemoryKeeper::default()),
            printer: Arc::new(NoPrinter),
        },
    })
}

/// Opens a machine's plays logs.
pub struct PlaysLogs {
    disk: Arc<dyn Disk>,
    partitions: u16,
    options: PlaysOptions,
}

impl PlaysLogs {
    /// Those of a machine.
    #[must_use]
    pub fn new(machine: &Machine, taste: &Taste) -> Self {
        let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
        Self { disk, partitions: taste.partitions, options: taste.plays.clone() }
    }

    fn open_one(&self, partition: PartitionId) -> Result<SegmentPlaysLog, OpenError> {
        SegmentPlaysLog::open(self.disk.clone(), partition, self.partitions, self.options.clone())
    }
}

impl OpenPlaysLog for PlaysLogs {
    fn open(&self, partition: PartitionId) -> Result<Box<dyn PlaysLog>, LogError> {
        let file = format!("plays/{partition}");
        match self.open_one(partition) {
            Ok(log) => Ok(Box::new(log)),
            Err(error @ OpenError::Io { .. }) => {
                Err(LogError::Io { file, detail: error.to_string() })
            }
            Err(error) => Err(LogError::Damaged { file, offset: 0, detail: error.to_string() }),
        }
    }
}

/// Nothing in the simulation draws listeners.
struct NothingRandom;

impl Random for NothingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn not_opened(error: &OpenError) -> NoStart {
    match error {
        OpenError::Io { .. } => NoStart::Refused(error.to_string()),
        _ => NoStart::Wrong(error.to_string()),
    }
}

/// What it means that a deployment did not start.
#[must_use]
pub fn not_started(error: &StartError) -> NoStart {
    match error {
        StartError::Store(_) | StartError::Log(LogError::Io { .. } | LogError::Failed { .. }) => {
            NoStart::Refused(error.to_string())
        }
        StartError::Log(_) => NoStart::Wrong(error.to_string()),
    }
}
