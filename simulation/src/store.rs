//! The store of committed facts and of the catalogue: in memory, transactional, and unkind.
//!
//! What it holds outlives a crash, as a database's commits do. A call may be refused; or it
//! may have happened and be said to have failed; and the power may go off in the middle of it.

use async_trait::async_trait;
use ledgerline_app::ports::credentials::NewCredential;
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{
    CatalogueStore, CatalogueTrack, CommitError, Credential, CredentialStore, Fact, FactStore,
    ImportedTracks, PartitionCommit, PartitionDelta, StoreError, Untold,
};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::report::TrackStamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use crate::random::Random;

/// The store. It loses its power with the disk.
pub struct SimulatedStore {
    disk: MemoryDisk,
    held: Mutex<Held>,
}

struct Held {
    content: Content,
    random: Random,
    /// So many of a hundred calls fail.
    failing_percent: u64,
    /// How many calls failed.
    failed: u64,
}

#[derive(Default)]
struct Content {
    partitions: Vec<PartitionTotals>,
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
        let held = Held { content: Content::default(), random, failing_percent: 0, failed: 0 };
        Self { disk, held: Mutex::new(held) }
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
        for totals in &mut self.lock().content.partitions {
            totals.commit.epoch += 1;
        }
    }

    /// The committed facts, whatever state the machine is in.
    #[must_use]
    pub fn peek(&self) -> Vec<PartitionTotals> {
        self.lock().content.partitions.clone()
    }

    /// The tracks, and the devices that are listed, sorted; whatever state the machine is in.
    #[must_use]
    pub fn catalogue(&self) -> (Vec<CatalogueTrack>, Vec<String>) {
        let content = &self.lock().content;
        (content.tracks.values().cloned().collect(), content.devices.iter().cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
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
        match held.fate() {
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
        let fate = held.fate();
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

impl Held {
    fn fate(&mut self) -> Fate {
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
        self.write("taking the partitions over", |content| {
            for totals in &mut content.partitions {
                totals.commit.epoch += 1;
            }
            for number in content.partitions.len()..usize::from(partitions) {
                let partition = u16::try_from(number).expect("below a number of 16 bits");
                content.partitions.push(nothing(PartitionId(partition)));
            }
            Ok(content.commits())
        })
    }

    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        self.write("committing", |content| {
            let mut partitions = content.partitions.clone();
            for delta in deltas {
                let fenced = CommitError::Fenced { partition: delta.partition };
                let held = partitions.get_mut(usize::from(delta.partition.0));
                let held = held.filter(|held| {
                    (held.commit.epoch, held.commit.position) == (delta.epoch, delta.expected)
                });
                add(held.ok_or(fenced)?, delta);
            }
            content.partitions = partitions;
            Ok(())
        })
    }

    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError> {
        self.read("reading what is committed", Content::commits)
    }

    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError> {
        self.read("reading the sums", |content| content.partitions.clone())
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.read("verifying", |_| Vec::new())
    }
}

impl Content {
    fn commits(&self) -> Vec<PartitionCommit> {
        self.partitions.iter().map(|totals| totals.commit).collect()
    }

    fn tell(&mut self, fact: Fact) {
        self.facts += 1;
        self.untold.push_back(Untold { sequence: self.facts, fact });
    }
}

fn nothing(partition: PartitionId) -> PartitionTotals {
    PartitionTotals {
        commit: PartitionCommit { partition, epoch: 1, position: Position(0), plays_bytes: 0 },
        accepted: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        statuses: BTreeMap::new(),
        counted: BTreeMap::new(),
    }
}

fn add(totals: &mut PartitionTotals, delta: &PartitionDelta) {
    fn add_all<K: Ord + Copy>(sums: &mut BTreeMap<K, i64>, added: &BTreeMap<K, i64>) {
        for (key, number) in added {
            *sums.entry(*key).or_default() += number;
        }
        sums.retain(|_, sum| *sum != 0);
    }
    totals.commit.position = delta.position;
    totals.commit.plays_bytes = delta.plays_bytes;
    add_all(&mut totals.accepted, &delta.accepted);
    add_all(&mut totals.verdicts, &delta.verdicts);
    add_all(&mut totals.statuses, &delta.statuses);
    add_all(&mut totals.counted, &delta.counted);
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
