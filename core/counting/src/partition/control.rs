//! Facts and people's decisions: they re-judge plays that are there.

use ledgerline_ids::{DeviceId, Position, TrackId, UnixMs};
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, TrackFact};
use ledgerline_records::play::PlayAddress;
use ledgerline_records::report::TrackStamp;
use std::collections::{BTreeMap, BTreeSet};

use super::{ALL_DAYS, Cause, Hashes, Memory, Partition};
use crate::identity::{device_hash, track_hash};

/// A catalogue fact that was read, and that the plays of its track are told together with
/// those around it: looking for the plays of many tracks takes as long as for those of one.
#[derive(Debug)]
pub(super) struct ToldFact {
    position: Position,
    at: UnixMs,
    track: Box<str>,
    stamp: TrackStamp,
}

/// So many facts wait at most.
const FACTS_MAX: usize = 65_536;

impl Partition {
    pub(super) fn track_fact<M: Memory>(
        &mut self,
        fact: &TrackFact<'_>,
        position: Position,
        at: UnixMs,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let track = fact.track.as_str().into();
        self.facts.push(ToldFact { position, at, track, stamp: fact.stamp });
        if self.facts.len() < FACTS_MAX { Ok(()) } else { self.tell_facts(memory) }
    }

    /// Tells the plays what was learnt of their tracks, one fact after the other. No record
    /// but facts, and no move of the clock, lies between their reading and this.
    pub(super) fn tell_facts<M: Memory>(&mut self, memory: &mut M) -> Result<(), M::Error> {
        if self.facts.is_empty() {
            return Ok(());
        }
        let facts = std::mem::take(&mut self.facts);
        let hash = |fact: &ToldFact| {
            let track = TrackId::new(&fact.track).expect("it was one when it was read");
            track_hash(&self.key, track)
        };
        let hashes: Vec<u64> = facts.iter().map(hash).collect();
        let wanted: BTreeSet<u64> = hashes.iter().copied().collect();
        let found = self.books.scan(&ALL_DAYS, memory, |entry| wanted.contains(&entry.track))?;
        let mut plays = BTreeMap::<u64, BTreeSet<PlayAddress>>::new();
        for (_, entry) in found {
            plays.entry(entry.track).or_default().insert(entry.address);
        }
        for (fact, hash) in facts.iter().zip(hashes) {
            let Some(told) = plays.remove(&hash) else { continue };
            let mut newest = BTreeSet::new();
            for address in told {
                newest.insert(self.tell_fact(fact, address, memory)?);
            }
            plays.insert(hash, newest);
        }
        Ok(())
    }

    /// Tells one play. Says where its newest record stands now.
    fn tell_fact<M: Memory>(
        &mut self,
        fact: &ToldFact,
        address: PlayAddress,
        memory: &mut M,
    ) -> Result<PlayAddress, M::Error> {
        self.with_play(address, memory, |partition, play, memory| {
            let mut told = *play;
            told.stamp = play.stamp.max(fact.stamp);
            if play.track.as_str() != &*fact.track || told == *play {
                return Ok(address);
            }
            let cause = Cause {
                position: fact.position,
                at: fact.at,
                fingerprint: 0,
                by_rules: false,
                hashes: Hashes::default(),
            };
            Ok(partition.rewrite(address, play, told, cause, memory))
        })
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
                let cause = Cause {
                    position,
                    at: decided.at,
                    fingerprint: 0,
                    by_rules: false,
                    hashes: Hashes::default(),
                };
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
                let cause = Cause {
                    position,
                    at: ruled.at,
                    fingerprint: 0,
                    by_rules: false,
                    hashes: Hashes::default(),
                };
                partition.rewrite(address, play, judged, cause, memory);
            }
            Ok(())
        })
    }
}
