//! What the catalogue learnt stands in every partition's log: the newest of each track, and of
//! each device.

use ledgerline_ids::PartitionId;
use ledgerline_records::LogRecord;
use ledgerline_records::report::TrackStamp;
use std::collections::BTreeMap;

use crate::store::SimulatedStore;

/// The newest facts of one partition's log.
#[derive(Default)]
pub struct Told {
    tracks: BTreeMap<String, TrackStamp>,
    devices: BTreeMap<String, bool>,
}

impl Told {
    /// Takes the next record of the log.
    pub fn take(&mut self, record: &LogRecord<'_>) {
        match record {
            LogRecord::TrackFact(fact) => {
                let told = self.tracks.entry(fact.track.as_str().to_owned()).or_insert(fact.stamp);
                *told = (*told).max(fact.stamp);
            }
            LogRecord::DeviceFact(fact) => {
                self.devices.insert(fact.device.as_str().to_owned(), fact.listed);
            }
            _ => {}
        }
    }

    /// Holds it against what the store has.
    pub fn check(&self, partition: PartitionId, store: &SimulatedStore) -> Result<(), String> {
        let (tracks, listed) = store.catalogue();
        for track in tracks {
            let told = self.tracks.get(&track.track_id);
            if told.map(|stamp| (stamp.known, stamp.length_ms)) != Some((true, track.duration_ms)) {
                return Err(format!("{partition} was told {told:?} of {track:?}"));
            }
        }
        let told: Vec<&String> =
            self.devices.iter().filter(|(_, listed)| **listed).map(|(device, _)| device).collect();
        if told != listed.iter().collect::<Vec<_>>() {
            return Err(format!("{partition} was told that {told:?} are listed, not {listed:?}"));
        }
        Ok(())
    }
}
