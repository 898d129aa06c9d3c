//! The use cases on this log: reports in, counts out, a restart, and what nobody can read.

use crate::support::{clock, settings, told};
use ledgerline_app::Deployment;
use ledgerline_app::delivery::DeliveryParts;
use ledgerline_app::deployment::{Parts, Settings as Limits};
use ledgerline_app::intake::{Origin, PlaybackReport};
use ledgerline_app::money::MoneyParts;
use ledgerline_app::ownership::Ownership;
use ledgerline_app::ports::memory_contracts::{MemoryContracts, NoContractReader};
use ledgerline_app::ports::memory_desk::MemoryDesk;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::memory_ledger::{KnownKey, MemoryKeeper, MemoryLedger};
use ledgerline_app::ports::memory_rights::{MemoryRevenue, MemoryRights};
use ledgerline_app::ports::paper::NoPrinter;
use ledgerline_app::ports::{Disk, FactStore, PlaysLog, Random};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{HashKey, PartitionId, PlayId, Position, TrackId, UserId};
use ledgerline_kafka_log::topics::{Plan, create, describe};
use ledgerline_kafka_log::{KafkaReportLog, Settings};
use ledgerline_records::report::Producer;
use ledgerline_segment_log::{PlaysOptions, SegmentPlaysLog};
use ledgerline_sql_store::SqlStore;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const REPORTS: u64 = 40;

struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// A deployment on the topic, with its files on `disk` and its database in `folder`.
fn start(runtime: &Runtime, kafka: &Settings, disk: &MemoryDisk, folder: &Path) -> Arc<Deployment> {
    start_with(runtime, kafka, disk, folder, |_| {})
}

/// The same, of parts that are changed first.
pub fn start_with(
    runtime: &Runtime,
    kafka: &Settings,
    disk: &MemoryDisk,
    folder: &Path,
    change: impl FnOnce(&mut Parts),
) -> Arc<Deployment> {
    let store = runtime.block_on(SqlStore::open(&folder.join("state.db"))).unwrap();
    let store = Arc::new(store);
    let commits = runtime.block_on(store.committed()).unwrap();
    let ends: Vec<Position> = commits.iter().map(|commit| commit.position).collect();
    let log = KafkaReportLog::open(kafka.clone(), clock(), &ends).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let plays = (0..kafka.partitions).map(PartitionId).map(|partition| {
        let options = PlaysOptions::default();
        let log = SegmentPlaysLog::open(disk.clone(), partition, kafka.partitions, options);
        Box::new(log.unwrap()) as Box<dyn PlaysLog>
    });
    let mut parts = Parts {
        key: HashKey::new(*b"hashes in a test"),
        log: Arc::new(log),
        spool: None,
        plays: plays.collect(),
        facts: store.clone(),
        counted_plays: None,
        catalogue: store.clone(),
        library: store.clone(),
        collection: store.clone(),
        music: None,
        credentials: store.clone(),
        sign_ins: store.clone(),
        accounts: store.clone(),
        settings: store.clone(),
        appeals: store.clone(),
        audit: store.clone(),
        listeners: store.clone(),
        random: Arc::new(Zeros),
        disk: disk.clone(),
        clock: clock(),
        drive: Arc::new(Threads),
        ownership: Ownership::All,
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
    };
    change(&mut parts);
    let limits = Limits { deltas_every: Some(Duration::ZERO), ..Limits::default() };
    runtime.block_on(Deployment::start(parts, limits)).unwrap()
}

/// Of a listener for each play.
fn report<'a>(play_id: &'a str, track: &'a str) -> PlaybackReport<'a> {
    PlaybackReport {
        play_id: Some(PlayId::new(play_id).unwrap()),
        user: Some(UserId::new(play_id).unwrap()),
        track: TrackId::new(track).unwrap(),
        listened_ms: 31_000,
        started_at: None,
        sent_at: None,
        event: None,
        completed: None,
        session: None,
        device: None,
        quality: None,
        offline: None,
        context: None,
        tier: None,
        territory: None,
        preview: false,
        imported: false,
        grant: None,
    }
}

/// Sends reports of different plays, as an application would.
fn send(runtime: &Runtime, deployment: &Deployment, plays: std::ops::Range<u64>) {
    send_of(runtime, deployment, plays, &|_| "a-track".to_owned());
}

/// The same, of the recordings that `track_of` says.
pub fn send_of(
    runtime: &Runtime,
    deployment: &Deployment,
    plays: std::ops::Range<u64>,
    track_of: &dyn Fn(u64) -> String,
) {
    let origin = Arc::new(Origin {
        source: "app".into(),
        producer: Producer::Trusted,
        user_prefix: None,
        key_id: "key".into(),
        reports_per_second: None,
        limited: false,
        listener: None,
    });
    let wanted = plays.end - plays.start;
    let mut batch = deployment.intake().begin(&origin);
    for play in plays {
        batch.add(play + 1, &report(&format!("play-{play}"), &track_of(play))).unwrap();
    }
    let reports = runtime.block_on(batch.finish()).map(|acknowledged| acknowledged.reports);
    assert_eq!(reports, Ok(wanted));
}

/// Everything that the log holds is judged; reports that were accepted, and the law holds.
fn accepted(runtime: &Runtime, deployment: &Deployment) -> i64 {
    runtime.block_on(deployment.settle(false)).unwrap();
    let conservation = runtime.block_on(deployment.conservation()).unwrap();
    for partition in &conservation.partitions {
        assert!(partition.holds, "{partition:?}");
        assert_eq!(partition.position, partition.log_end);
    }
    let hours = conservation.partitions.iter().flat_map(|partition| &partition.hours);
    hours.map(|hour| hour.accepted).sum()
}

fn undecodable(deployment: &Deployment) -> u64 {
    let metrics = deployment.metrics();
    let named = metrics.iter().filter(|it| it.name == "ledgerline_undecodable_records_total");
    named.map(|metric| metric.value).sum()
}

#[test]
fn what_nobody_can_read_is_set_apart_and_counting_goes_on() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let kafka = settings(&brokers);
    create(&kafka, &Plan::one_broker()).unwrap();
    let (disk, folder) = (MemoryDisk::new(), tempfile::tempdir().unwrap());
    let runtime = Runtime::new().unwrap();
    let deployment = start(&runtime, &kafka, &disk, folder.path());
    send(&runtime, &deployment, 0..REPORTS / 2);

    // Another program writes into each partition.
    let foreign: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    for partition in 0..i32::from(kafka.partitions) {
        let record = BaseRecord::<(), [u8]>::to(&kafka.topic).partition(partition);
        foreign.send(record.payload(b"\xff no record of ours")).unwrap();
    }
    foreign.flush(Duration::from_secs(30)).unwrap();
    send(&runtime, &deployment, REPORTS / 2..REPORTS);
    assert_eq!(accepted(&runtime, &deployment), i64::try_from(REPORTS).unwrap());
    assert_eq!(undecodable(&deployment), u64::from(kafka.partitions));
    runtime.block_on(deployment.stop());
    drop(deployment);

    // Judged again from the beginning: the snapshot is lost with the index.
    let again = start(&runtime, &kafka, &MemoryDisk::new(), folder.path());
    assert_eq!(accepted(&runtime, &again), i64::try_from(REPORTS).unwrap());
    assert_eq!(undecodable(&again), 0, "what is committed was set apart before");
    runtime.block_on(again.stop());
    let letters = &describe(&kafka).unwrap()[1];
    assert_eq!(letters.partitions, [(Position(0), Position(1)); 2]);
}
