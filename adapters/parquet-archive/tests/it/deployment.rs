//! A deployment on disks in memory, whose clock stands until a test moves it.

use async_trait::async_trait;
use ledgerline_app::Deployment;
use ledgerline_app::archive::{Archive, Archiver, RunLimits};
use ledgerline_app::delivery::DeliveryParts;
use ledgerline_app::deployment::{Parts, Settings};
use ledgerline_app::intake::{Origin, PlaybackReport};
use ledgerline_app::money::MoneyParts;
use ledgerline_app::ownership::Ownership;
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::memory_contracts::{MemoryContracts, NoContractReader};
use ledgerline_app::ports::memory_desk::MemoryDesk;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::memory_ledger::{KnownKey, MemoryKeeper, MemoryLedger};
use ledgerline_app::ports::memory_rights::{MemoryRevenue, MemoryRights};
use ledgerline_app::ports::paper::NoPrinter;
use ledgerline_app::ports::{Clock, Disk, FactStore, PlaysLog, Random};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{HashKey, PartitionId, PlayId, Position, Tier, TrackId, UnixMs, UserId};
use ledgerline_parquet_archive::ParquetArchive;
use ledgerline_records::report::Producer;
use ledgerline_segment_log::{Options, PlaysOptions, SegmentPlaysLog, SegmentReportLog};
use ledgerline_sql_store::SqlStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PARTITIONS: u16 = 2;
pub const DAY_MS: u64 = 86_400_000;
pub fn key() -> HashKey {
    HashKey::new(*b"hashes in a test")
}

struct Zeros;

#[async_trait]
impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// A clock that stands.
pub struct Standing {
    now: AtomicU64,
    since: Instant,
}

impl Clock for Standing {
    fn now(&self) -> UnixMs {
        UnixMs::new(self.now.load(Ordering::Relaxed)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }
}

/// A deployment, and what it stands on.
pub struct Running {
    pub deployment: Arc<Deployment>,
    pub disk: MemoryDisk,
    clock: Arc<Standing>,
    folder: TempDir,
}

impl Running {
    /// An empty one, on the first of March 2026.
    pub async fn begin() -> Self {
        let now = 1_772_323_200_000;
        Self::on(MemoryDisk::new(), tempfile::tempdir().unwrap(), now, key()).await
    }

    /// Another one that has the same logs and the same database, and its own plays logs: they are
    /// built anew, all at once.
    pub async fn rebuilt(&self) -> Self {
        self.deployment.stop().await;
        let disk = self.disk.copy();
        for path in disk.files() {
            if path.starts_with("plays/") || path.starts_with("index/") {
                disk.remove(&path).unwrap();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self::on(disk, folder, self.clock.now().get(), key()).await
    }

    pub async fn on(disk: MemoryDisk, folder: TempDir, now: u64, key: HashKey) -> Self {
        let clock = Arc::new(Standing { now: AtomicU64::new(now), since: Instant::now() });
        let store = Arc::new(SqlStore::open(&folder.path().join("state.db")).await.unwrap());
        let commits = store.committed().await.unwrap();
        let ends: Vec<Position> = commits.iter().map(|commit| commit.position).collect();
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let log =
            SegmentReportLog::open(shared.clone(), clock.clone(), Options::new(PARTITIONS), &ends);
        let plays = (0..PARTITIONS).map(PartitionId).map(|partition| {
            let options = PlaysOptions::default();
            let log = SegmentPlaysLog::open(shared.clone(), partition, PARTITIONS, options);
            Box::new(log.unwrap()) as Box<dyn PlaysLog>
        });
        let parts = Parts {
            key,
            log: Arc::new(log.unwrap()),
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
            disk: shared,
            clock: clock.clone(),
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
        // Small tables, so that stretches of the plays log get filters on the way.
        let settings = Settings { table_entries_max: 64, ..Settings::default() };
        let deployment = Deployment::start(parts, settings).await.unwrap();
        Self { deployment, disk, clock, folder }
    }

    /// Time passes.
    pub fn pass(&self, ms: u64) {
        self.clock.now.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sends so many plays, each reported twice: at 31 seconds, and at its end with another tier.
    /// Every seventh is too short to count.
    pub async fn send(&self, plays: std::ops::Range<u64>) {
        let origin = Arc::new(Origin {
            source: "app".into(),
            producer: Producer::Trusted,
            user_prefix: None,
            key_id: "key".into(),
            reports_per_second: None,
            limited: false,
            listener: None,
        });
        for further_ms in [0, 5_000] {
            let mut batch = self.deployment.intake().begin(&origin);
            for play in plays.clone() {
                let (id, user) = (format!("play-{play}"), format!("user-{}", play % 13));
                let track = format!("track-{}", play % 5);
                let listened_ms = if play % 7 == 0 { 1_000 } else { 31_000 + play };
                let report = PlaybackReport {
                    play_id: Some(PlayId::new(&id).unwrap()),
                    user: Some(UserId::new(&user).unwrap()),
                    track: TrackId::new(&track).unwrap(),
                    listened_ms: listened_ms + further_ms,
                    started_at: Some(self.clock.now()),
                    sent_at: None,
                    event: None,
                    completed: None,
                    session: None,
                    device: None,
                    quality: None,
                    offline: None,
                    context: None,
                    tier: (play % 2 == 0).then(|| Tier::new("premium").unwrap()),
                    territory: None,
                    preview: false,
                    imported: false,
                    grant: None,
                };
                batch.add(play + 1, &report).unwrap();
            }
            batch.finish().await.unwrap();
        }
        self.deployment.settle(false).await.unwrap();
    }
}

/// An archive in memory with short runs.
pub fn archive_on(blobs: &MemoryBlobs) -> Archive {
    Archive {
        blobs: Arc::new(blobs.clone()),
        files: Arc::new(ParquetArchive),
        limits: RunLimits { records_max: 100, bytes_max: 1 << 20, changes_max: 64 },
    }
}

pub fn archiver(running: &Running, blobs: &MemoryBlobs) -> Archiver {
    Archiver::new(running.deployment.clone(), archive_on(blobs))
}
