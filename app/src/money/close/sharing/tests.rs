//! Months that are in the store come to a node's disk when they are read, and go again where they are too many.

use super::*;
use crate::money::close::record::Revisions;
use crate::money::files::month::AddedUpFor;
use crate::ports::memory_blobs::MemoryBlobs;
use crate::ports::memory_disk::MemoryDisk;
use crate::threads::Threads;
use ledgerline_ids::UnixMs;
use std::sync::atomic::{AtomicU64, Ordering};

const FILE_BYTES: u64 = 1_000;

/// A clock that somebody sets, in seconds since the start.
#[derive(Default)]
struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> UnixMs {
        UnixMs::EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A node with a disk of its own.
struct Node {
    disk: MemoryDisk,
    clock: Arc<Set>,
    closes: SharedCloses,
}

impl Node {
    fn new(blobs: &MemoryBlobs, kept_bytes_max: u64) -> Self {
        let (disk, clock) = (MemoryDisk::new(), Arc::new(Set::default()));
        let settings = SharedSettings { kept_bytes_max, kept_for: Duration::from_secs(60) };
        let with: (Arc<dyn Drive>, Arc<dyn Clock>) = (Arc::new(Threads), clock.clone());
        let closes =
            SharedCloses::new(Arc::new(blobs.clone()), Arc::new(disk.clone()), with, settings);
        Self { disk, clock, closes }
    }

    /// Closes a month with one file; its record.
    fn close(&self, period: &str) -> Record {
        let period = Period::parse(period).expect("a month");
        let place = folder(period);
        self.disk.create_folder(&place).expect("the disk takes it");
        let bytes = vec![b'x'; usize::try_from(FILE_BYTES).expect("few")];
        let written = write_all(&self.disk, &place, "lines", &bytes).expect("the disk takes it");
        let manifest = Manifest {
            format: 1,
            period: period.to_string(),
            booked_at_ms: 0,
            cut: Vec::new(),
            revisions: Revisions::default(),
            added_up_for: AddedUpFor::default(),
            adjustments: Vec::new(),
            months: Vec::new(),
            files: vec![written],
        };
        let text = serde_json::to_vec(&manifest).expect("it is JSON");
        write_all(&self.disk, &place, MANIFEST, &text).expect("the disk takes it");
        Record {
            period,
            state: CloseState::Closed,
            booked_at: UnixMs::EPOCH,
            cut: Vec::new(),
            revisions: Revisions::default(),
            ledger_seq: 0,
            refusals: Vec::new(),
            manifest_sha256: Some(sha256(&text)),
            last_key: None,
            head: None,
            summary: None,
            marks: BTreeMap::new(),
        }
    }

    async fn share(&self, record: &Record) {
        let manifest = record.manifest_sha256.as_deref().expect("it is closed");
        self.closes.put(record.period, manifest).await.expect("the store takes it");
    }

    /// Reads a month so many seconds after the start.
    async fn read(&self, record: &Record, at: u64) {
        self.clock.0.store(at, Ordering::Relaxed);
        self.closes.have(record).await.expect("it is had");
        let path = format!("{}/lines", folder(record.period));
        let length = self.disk.contents(&path).map(|bytes| bytes.len() as u64);
        assert_eq!(length, Some(FILE_BYTES), "what was read is whole");
    }

    /// The months that are on its disk.
    fn has(&self) -> Vec<String> {
        let files = self.disk.files();
        let manifests = files.iter().filter_map(|file| file.strip_suffix(&format!("/{MANIFEST}")));
        manifests.map(|of| of.trim_start_matches(CLOSES).trim_matches('/').to_owned()).collect()
    }
}

/// Three months, closed and shared by another node.
async fn three(blobs: &MemoryBlobs) -> [Record; 3] {
    let other = Node::new(blobs, u64::MAX);
    let records = ["2024-01", "2024-02", "2024-03"].map(|period| other.close(period));
    for record in &records {
        other.share(record).await;
    }
    records
}

#[tokio::test]
async fn months_that_were_read_longest_ago_go_where_there_are_too_many() {
    let blobs = MemoryBlobs::new();
    let [january, february, march] = three(&blobs).await;
    let node = Node::new(&blobs, FILE_BYTES);
    node.read(&january, 0).await;
    // What was read a moment ago is kept, though it is too much: somebody may be in the midst of it.
    node.read(&february, 59).await;
    assert_eq!(node.has(), ["2024-01", "2024-02"]);
    // A month is read again, and the other is the one that was read longest ago.
    node.read(&january, 100).await;
    node.read(&march, 130).await;
    assert_eq!(node.has(), ["2024-01", "2024-03"]);
    // It comes back when it is wanted.
    node.read(&february, 131).await;
    assert_eq!(node.has(), ["2024-01", "2024-02", "2024-03"]);
}

#[tokio::test]
async fn a_month_that_only_this_node_has_stays() {
    let blobs = MemoryBlobs::new();
    let [january, february, _] = three(&blobs).await;
    let node = Node::new(&blobs, 0);
    let own = node.close("2023-12");
    node.read(&own, 0).await;
    node.read(&january, 1_000).await;
    node.read(&february, 2_000).await;
    assert_eq!(node.has(), ["2023-12", "2024-02"]);
    // Once the store has it, it may go.
    node.share(&own).await;
    node.read(&january, 3_000).await;
    assert_eq!(node.has(), ["2024-01"]);
}
