//! Whether what the server says is right: told by its log, and by what its players know.
//!
//! - [`reading`]: the log, what the recount makes of it, and what is claimed
//! - [`facts`]: what the catalogue learnt and told
//! - [`history`]: each play's transitions
//! - [`told`]: what others were told
//! - [`truth`]: what players sent and were promised

mod facts;
mod history;
mod reading;
mod told;
mod truth;

use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_ids::PartitionId;
use ledgerline_records::verdict::Status;
use ledgerline_recount::{ClaimedPlay, Counts, IdentityKey, PlayName, check_conservation, compare};
use std::collections::BTreeMap;

use crate::players::Plan;
use crate::process::Machine;
use crate::promises::Promises;
use crate::store::SimulatedStore;
use crate::taste::Taste;
pub use reading::{lines, transitions};
pub use told::{PUBLISHING_FAILS_EVERY, check_told};

use history::{Histories, Transition};
use reading::Partition;

/// Every play of a partition, with its transitions.
pub type Plays = BTreeMap<PlayName, (ClaimedPlay, Vec<Transition>)>;

/// What is checked: a disk with all logs on it, and what the database says of them.
pub struct Beheld<'m> {
    /// The disk.
    pub disk: &'m MemoryDisk,
    /// The database.
    pub store: &'m SimulatedStore,
    /// How far each partition is committed, with the length of its plays log on this disk.
    pub totals: Vec<PartitionTotals>,
}

impl<'m> Beheld<'m> {
    /// What is on a machine.
    #[must_use]
    pub fn of(machine: &'m Machine) -> Self {
        Self { disk: &machine.disk, store: &machine.store, totals: machine.store.peek() }
    }
}

/// All that a deployment claims: whatever a restart must not change.
#[derive(Debug, PartialEq, Eq)]
pub struct Claims {
    /// By partition: every play, and the sums.
    pub partitions: Vec<(Plays, Counts)>,
}

impl Claims {
    /// Counted plays by track, all partitions together.
    #[must_use]
    pub fn counted_by_track(&self) -> BTreeMap<String, u64> {
        let mut sum = Counts::default();
        for (_, counts) in &self.partitions {
            sum.add(counts);
        }
        sum.counted.by_track
    }

    /// What was once seen as committed is still there, and led where it led then.
    ///
    /// # Errors
    /// The first transition that is gone or has changed.
    pub fn check_seen(&self, seen: &BTreeMap<String, Status>) -> Result<(), String> {
        let plays = self.partitions.iter().flat_map(|(plays, _)| plays.values());
        let all = plays.flat_map(|(_, history)| history);
        let now: BTreeMap<&str, Status> = all.map(|one| (one.id.as_str(), one.to)).collect();
        for (id, to) in seen {
            match now.get(id.as_str()) {
                Some(now) if now == to => {}
                now => return Err(format!("transition {id} to {to} was seen, and is {now:?} now")),
            }
        }
        Ok(())
    }

    /// The newest play that a person means by this key, with the ids of its transitions.
    #[must_use]
    pub fn newest(&self, source: &str, user: &str, play_id: &str) -> Option<(Status, Vec<String>)> {
        let plays = self.partitions.iter().flat_map(|(plays, _)| plays);
        let named = plays.filter(|(name, _)| {
            let identity = &name.identity;
            let keyed = matches!(&identity.key, IdentityKey::Keyed(key) if **key == *play_id);
            keyed && *identity.source == *source && identity.user.as_deref() == Some(user)
        });
        let (_, (play, history)) = named.max_by_key(|(name, _)| name.incarnation)?;
        Some((play.status, history.iter().map(|one| one.id.clone()).collect()))
    }

    /// How many plays there are.
    #[must_use]
    pub fn plays(&self) -> usize {
        self.partitions.iter().map(|(plays, _)| plays.len()).sum()
    }
}

/// Checks everything. All that the log holds must be judged and committed.
///
/// # Errors
/// The first thing that is not right, as a sentence.
pub fn check(
    beheld: &Beheld<'_>,
    taste: &Taste,
    plan: &Plan,
    sources: &[crate::players::Source],
    promises: &Promises,
) -> Result<Claims, String> {
    let mut partitions = Vec::new();
    let mut histories = Histories::default();
    let mut log = truth::LogHolds::default();
    for totals in &beheld.totals {
        let partition = totals.commit.partition;
        let read = reading::read(beheld.disk, taste, totals, &mut histories, &mut log)
            .map_err(|why| format!("{partition}: {why}"))?;
        check_partition(partition, &read)?;
        read.told.check(partition, beheld.store)?;
        partitions.push(read);
    }
    log.check_promises(promises)?;
    let plays = partitions.iter().flat_map(|read| &read.claimed.plays);
    truth::check_plays(plays, plan, sources, promises)?;
    let mut histories = histories.of_partition;
    let partitions = partitions.into_iter().zip(&mut histories).map(|(read, histories)| {
        let with_history = |(name, play): (PlayName, ClaimedPlay)| {
            let history = histories.remove(&name).unwrap_or_default();
            (name, (play, history))
        };
        (read.claimed.plays.into_iter().map(with_history).collect(), read.claimed.counts)
    });
    Ok(Claims { partitions: partitions.collect() })
}

/// The recount agrees with what is claimed, and the sums add up.
fn check_partition(partition: PartitionId, read: &Partition) -> Result<(), String> {
    if let Some(difference) = compare(&read.recounted, &read.claimed).first() {
        return Err(format!("{partition}: {difference}"));
    }
    let plays = read.claimed.plays.len() as u64;
    if let Some(imbalance) = check_conservation(&read.claimed.counts, plays).first() {
        return Err(format!("{partition}: {imbalance}"));
    }
    match read.index.first() {
        Some(wrong) => Err(format!("{partition}: {wrong}")),
        None => Ok(()),
    }
}
