//! Facts and people's decisions: they re-judge plays that are there.

use ledgerline_ids::{DeviceId, Position, UnixMs};
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, TrackFact};

use super::{Cause, Memory, Partition};
use crate::identity::{device_hash, track_hash};

impl Partition {
    pub(super) fn track_fact<M: Memory>(
        &mut self,
        fact: &TrackFact<'_>,
        position: Position,
        at: UnixMs,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let by_track = self.by_track.get_or_insert_with(|| self.books.plays_by_track());
        let plays = by_track.get(&track_hash(&self.key, fact.track)).cloned().unwrap_or_default();
        for address in plays {
            self.with_play(address, memory, |partition, play, memory| {
                let mut told = *play;
                told.stamp = play.stamp.max(fact.stamp);
                if play.track == fact.track && told != *play {
                    let cause = Cause { position, at, fingerprint: 0, by_rules: false };
                    partition.rewrite(address, play, told, cause, memory);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn device_fact(&mut self, fact: &DeviceFact<'_>) {
        let changed = if fact.listed {
            self.device_hashes.insert(device_hash(&self.key, fact.device));
            self.devices.insert(fact.device.as_str().into())
        } else {
            // Its hash stays until the next start: a hit is confirmed on the device itself.
            self.devices.remove(fact.device.as_str())
        };
        if changed {
            self.devices_changed.insert(fact.device.as_str().into());
        }
    }

    /// Keeps the hashes of the listed devices, which plays are compared with first.
    pub(super) fn hash_devices(&mut self) {
        let devices = self.devices.iter().filter_map(|device| DeviceId::new(device).ok());
        self.device_hashes = devices.map(|device| device_hash(&self.key, device)).collect();
    }

    pub(super) fn adjudicated<M: Memory>(
        &mut self,
        decided: &Adjudicated<'_>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let Some(address) = self.newest(&decided.play, memory)? else { return Ok(()) };
        self.with_play(address, memory, |partition, play, memory| {
            let mut judged = *play;
            judged.decision = Some(decided.decision);
            if judged != *play {
                let cause = Cause { position, at: decided.at, fingerprint: 0, by_rules: false };
                partition.rewrite(address, play, judged, cause, memory);
            }
            Ok(())
        })
    }

    pub(super) fn ruled<M: Memory>(
        &mut self,
        ruled: &FraudRuling<'_>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let Some(address) = self.newest(&ruled.play, memory)? else { return Ok(()) };
        self.with_play(address, memory, |partition, play, memory| {
            let mut judged = *play;
            judged.ruling = Some(ruled.ruling);
            if judged != *play {
                let cause = Cause { position, at: ruled.at, fingerprint: 0, by_rules: false };
                partition.rewrite(address, play, judged, cause, memory);
            }
            Ok(())
        })
    }
}
