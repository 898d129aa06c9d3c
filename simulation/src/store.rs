//! The store of committed facts and of the catalogue: in memory, transactional, and unkind.
//!
//! What it holds outlives a crash, as a database's commits do. A call may be refused; or it
//! may have happened and be said to have failed; and the power may go off in the middle of it.

use async_trait::async_trait;
use ledgerline_app::ports::credentials::NewCredential;
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::leases::{Held, LeaseStore, NodeId, Standing};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::memory_facts::KeptFacts;
use ledgerline_app::ports::{
    CatalogueStore, CatalogueTrack, Clock, CommitError, Credential, CredentialStore, Fact,
    FactStore, ImportedTracks, PartitionCommit, PartitionDelta, StoreError, StoredCounts, Untold,
};
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::report::TrackStamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::clock::SimulatedClock;
use crate::random::Random;

/// The store, as a machine reaches it. Calls fail when that machine loses its power, which it does
/// with its disk, and where it is cut off.
pub struct SimulatedStore {
    disk: MemoryDisk,
    held: Arc<Mutex<Kept>>,
    cut_off: AtomicBool,
}

struct Kept {
    content: Content,
    random: Random,
    /// So many of a hundred calls fail.
    failing_percent: u64,
    /// How many calls failed.
    failed: u64,
    /// The time by the store's own clock, where it has one.
    clock: Option<Arc<SimulatedClock>>,
    /// Commits by somebody whose epoch was not the newest: there must be none.
    zombies: u64,
}

#[derive(Default)]
struct Content {
    kept: KeptFacts,
    tracks: BTreeMap<String, CatalogueTrack>,
    revision: u64,
    devices: BTreeSet<String>,
    untold: VecDeque<Untold>,
    facts: u64,
}

/// What becomes of a call.
enum Fate {
    Done,
    Refused,
    /// It happened, and the answer says that it failed.
    DoneInSecret,
}

impl SimulatedStore {
    /// An empty store beside `disk`.
    #[must_use]
    pub fn new(disk: MemoryDisk, random: Random) -> Self {
        let held = Kept {
            content: Content::default(),
            random,
            failing_percent: 0,
            failed: 0,
            clock: None,
            zombies: 0,
        };
        Self { disk, held: Arc::new(Mutex::new(held)), cut_off: AtomicBool::new(false) }
    }

    /// The same store, as another machine reaches it.
    #[must_use]
    pub fn reached_from(&self, disk: MemoryDisk) -> Self {
        Self { disk, held: self.held.clone(), cut_off: AtomicBool::new(false) }
    }

    /// Gives the store a clock.
    pub fn set_clock(&self, clock: Arc<SimulatedClock>) {
        self.lock().clock = Some(clock);
    }

    /// From now on calls from this machine fail, half of the changes after they happened; or no longer.
    pub fn cut_off(&self, off: bool) {
        self.cut_off.store(off, Ordering::Relaxed);
    }

    /// How many commits were made with an epoch that was not the newest.
    #[must_use]
    pub fn zombies(&self) -> u64 {
        self.lock().zombies
    }

    /// Who owns what, whatever state the machine is in.
    #[must_use]
    pub fn peek_leases(&self) -> Standing {
        let held = self.lock();
        held.content.kept.standing(held.now_ms())
    }

    /// From now on so many of a hundred calls fail, half of them after they happened.
    pub fn fail_percent(&self, percent: u64) {
        self.lock().failing_percent = percent;
    }

    /// How many calls failed so far.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.lock().failed
    }

    /// Somebody else takes all partitions over.
    pub fn usurp(&self) {
        self.lock().content.kept.raise_epochs();
    }

    /// The committed facts, whatever state the machine is in.
    #[must_use]
    pub fn peek(&self) -> Vec<PartitionTotals> {
        self.lock().content.kept.totals()
    }

    /// The tracks, and the devices that are listed, sorted; whatever state the machine is in.
    #[must_use]
    pub fn catalogue(&self) -> (Vec<CatalogueTrack>, Vec<String>) {
        let content = &self.lock().content;
        (content.tracks.values().cloned().collect(), content.devices.iter().cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.held.lock().expect("no thread panics while it holds the store")
    }

    fn read<T>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Content) -> T,
    ) -> Result<T, StoreError> {
        let mut held = self.lock();
        if !self.disk.is_powered() {
            return Err(failed(what, "the power is off"));
        }
        match held.fate(self.cut_off.load(Ordering::Relaxed)) {
            Fate::Done => Ok(read(&held.content)),
            Fate::Refused | Fate::DoneInSecret => Err(failed(what, "it is busy")),
        }
    }

    /// One transaction. Nothing is changed where `change` refuses.
    fn write<T, E: From<StoreError>>(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut Content) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.lock();
        if !self.disk.is_powered() {
            return Err(failed(what, "the power is off").into());
        }
        let fate = held.fate(self.cut_off.load(Ordering::Relaxed));
        if self.disk.effect().is_err() {
            // The power went off at this call; the transaction may have made it.
            if held.random.percent(50) {
                let _ = change(&mut held.content);
            }
            return Err(failed(what, "the power went off").into());
        }
        match fate {
            Fate::Done => change(&mut held.content),
            Fate::Refused => Err(failed(what, "it is busy").into()),
            Fate::DoneInSecret => {
                let _ = change(&mut held.content);
                Err(failed(what, "the connection was lost").into())
            }
        }
    }
}

impl Kept {
    fn now_ms(&self) -> u64 {
        self.clock.as_ref().map_or(0, |clock| clock.now().get())
    }

    fn fate(&mut self, cut_off: bool) -> Fate {
        if cut_off {
            return if self.random.percent(50) { Fate::Refused } else { Fate::DoneInSecret };
        }
        if self.failing_percent == 0 || !self.random.percent(self.failing_percent) {
            return Fate::Done;
        }
        self.failed += 1;
        if self.random.percent(50) { Fate::Refused } else { Fate::DoneInSecret }
    }
}

fn failed(what: &'static str, detail: &str) -> StoreError {
    StoreError { what, detail: detail.to_owned() }
}

#[async_trait]
impl FactStore for SimulatedStore {
    async fn take_over(&self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError> {
        self.write("taking the partitions over", |content| content.kept.take_over(partitions))
    }

    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        let newest = self.lock().content.kept.committed();
        let is_newest = |delta: &PartitionDelta| {
            newest.iter().any(|it| (it.partition, it.epoch) == (delta.partition, delta.epoch))
        };
        let zombie = !deltas.iter().all(is_newest);
        let mut happened = false;
        let committed = self.write("committing", |content| {
            let committed = content.kept.commit(deltas);
            happened = committed.is_ok();
            committed
        });
        self.lock().zombies += u64::from(zombie && happened);
        committed
    }

    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError> {
        self.read("reading what is committed", |content| content.kept.committed())
    }

    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError> {
        self.read("reading the sums", |content| content.kept.totals())
    }

    async fn counted_position(&self, partition: PartitionId) -> Result<Position, StoreError> {
        self.read("reading where sums end", |content| content.kept.counted_position(partition))
    }

    async fn roll_up(&self, rows_max: u32) -> Result<u32, StoreError> {
        self.write("rolling up", |content| Ok(content.kept.roll_up(rows_max)))
    }

    async fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError> {
        self.read("reading what counts", |content| content.kept.counted_by(by, days))?
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.read("verifying", |_| Vec::new())
    }
}

impl Content {
    fn tell(&mut self, fact: Fact) {
        self.facts += 1;
        self.untold.push_back(Untold { sequence: self.facts, fact });
    }
}

#[async_trait]
impl LeaseStore for SimulatedStore {
    async fn prepare(&self, partitions: u16) -> Result<(), StoreError> {
        self.write("making the partitions", |content| content.kept.prepare(partitions))
    }

    async fn beat(
        &self,
        node: &NodeId,
        held: &[Held],
        warm: &BTreeSet<PartitionId>,
        lasts_ms: u64,
    ) -> Result<Standing, StoreError> {
        let now_ms = self.lock().now_ms();
        self.write("renewing leases", |content| {
            Ok(content.kept.beat(now_ms, node, (held, warm), lasts_ms))
        })
    }

    async fn acquire(
        &self,
        partition: PartitionId,
        node: &NodeId,
        lasts_ms: u64,
    ) -> Result<Option<PartitionCommit>, StoreError> {
        let now_ms = self.lock().now_ms();
        self.write("getting a lease", |content| {
            Ok(content.kept.acquire(now_ms, partition, node, lasts_ms))
        })
    }

    async fn release(&self, node: &NodeId, held: Held) -> Result<bool, StoreError> {
        self.write("giving a lease back", |content| Ok(content.kept.release(node, held)))
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        self.write("leaving", |content| {
            content.kept.leave(node);
            Ok(())
        })
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        let now_ms = self.lock().now_ms();
        self.read("reading who owns what", |content| content.kept.standing(now_ms))
    }
}

#[async_trait]
impl CatalogueStore for SimulatedStore {
    async fn import_tracks(&self, tracks: &[CatalogueTrack]) -> Result<ImportedTracks, StoreError> {
        self.write("importing tracks", |content| {
            let mut imported =
                ImportedTracks { revision: content.revision + 1, ..ImportedTracks::default() };
            // Of several entries of one track the last one is looked at.
            let last: BTreeMap<&str, &CatalogueTrack> =
                tracks.iter().map(|track| (track.track_id.as_str(), track)).collect();
            for track in last.into_values() {
                let before = content.tracks.insert(track.track_id.clone(), track.clone());
                match &before {
                    None => imported.added += 1,
                    Some(before) if before == track => imported.unchanged += 1,
                    Some(_) => imported.changed += 1,
                }
                if before.is_none_or(|before| before.duration_ms != track.duration_ms) {
                    let (revision, length_ms) = (imported.revision, track.duration_ms);
                    let stamp = TrackStamp { revision, known: true, length_ms };
                    content.tell(Fact::Track { track_id: track.track_id.clone(), stamp });
                }
            }
            if imported.added + imported.changed == 0 {
                imported.revision -= 1;
            }
            content.revision = imported.revision;
            Ok(imported)
        })
    }

    async fn revision(&self) -> Result<u64, StoreError> {
        self.read("reading the revision", |content| content.revision)
    }

    async fn tracks_after(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<CatalogueTrack>, StoreError> {
        self.read("reading tracks", |content| {
            let later = content.tracks.iter().filter(|(id, _)| id.as_str() > after);
            later.take(limit as usize).map(|(_, track)| track.clone()).collect()
        })
    }

    async fn list_devices(
        &self,
        devices: &[String],
        listed: bool,
    ) -> Result<Vec<String>, StoreError> {
        self.write("changing the list of devices", |content| {
            let mut changed = Vec::new();
            for device in devices.iter().collect::<BTreeSet<_>>() {
                let differs = if listed {
                    content.devices.insert(device.clone())
                } else {
                    content.devices.remove(device)
                };
                if differs {
                    content.tell(Fact::Device { device_id: device.clone(), listed });
                    changed.push(device.clone());
                }
            }
            Ok(changed)
        })
    }

    async fn listed_devices(&self) -> Result<Vec<String>, StoreError> {
        self.read("reading the list of devices", |content| {
            content.devices.iter().cloned().collect()
        })
    }

    async fn untold(&self, limit: u32) -> Result<Vec<Untold>, StoreError> {
        self.read("reading what counting was not told", |content| {
            content.untold.iter().take(limit as usize).cloned().collect()
        })
    }

    async fn told(&self, sequence: u64) -> Result<(), StoreError> {
        self.write("noting what counting was told", |content| {
            content.untold.retain(|untold| untold.sequence > sequence);
            Ok(())
        })
    }
}

/// Nobody has a key here: reports come in behind the door that keys open.
#[async_trait]
impl CredentialStore for SimulatedStore {
    async fn add(&self, _: NewCredential) -> Result<(), StoreError> {
        Err(failed("storing a key", "there are no keys in a simulation"))
    }

    async fn find(&self, _: &[u8; 32]) -> Result<Option<Credential>, StoreError> {
        Ok(None)
    }

    async fn by_id(&self, _: &str) -> Result<Option<Credential>, StoreError> {
        Ok(None)
    }

    async fn list(&self) -> Result<Vec<Credential>, StoreError> {
        Ok(Vec::new())
    }

    async fn revoke(&self, _: &str, _: UnixMs) -> Result<bool, StoreError> {
        Ok(false)
    }
}
