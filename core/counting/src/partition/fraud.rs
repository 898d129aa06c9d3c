//! A tick: the fraud rules look at every listener whose plays changed since the last one.

use ledgerline_ids::{ListenerHash, Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::FraudRules;
use std::collections::BTreeSet;

use super::{Cause, Memory, Partition};
use crate::fraud::{Candidate, Entry, evaluate};
use crate::identity::device_hash;
use crate::rules::FRAUD_LIMITS;

impl Partition {
    /// Evaluates the rules over plays that started at or before the greatest time that a
    /// tick has told; a tick that tells less doesn't take that back.
    pub(super) fn evaluate_fraud<M: Memory>(
        &mut self,
        told: UnixMs,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        self.evaluated_at = self.evaluated_at.max(told);
        let watermark = self.evaluated_at;
        self.wake_listeners_of_changed_devices();
        let listed = std::mem::take(&mut self.device_hashes);
        let evaluated = self.evaluate_dirty(watermark, &listed, position, memory);
        self.device_hashes = listed;
        evaluated
    }

    fn evaluate_dirty<M: Memory>(
        &mut self,
        watermark: UnixMs,
        listed: &BTreeSet<u32>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        for listener in self.books.take_dirty() {
            self.evaluate_listener(listener, watermark, listed, position, memory)?;
        }
        Ok(())
    }

    fn wake_listeners_of_changed_devices(&mut self) {
        let changed: BTreeSet<u32> = std::mem::take(&mut self.devices_changed)
            .iter()
            .filter_map(|device| ledgerline_ids::DeviceId::new(device).ok())
            .map(|device| device_hash(&self.key, device))
            .collect();
        if !changed.is_empty() {
            for listener in self.books.listeners_with(|play| changed.contains(&play.device)) {
                self.books.mark_dirty(listener);
            }
        }
    }

    fn evaluate_listener<M: Memory>(
        &mut self,
        listener: ListenerHash,
        watermark: UnixMs,
        listed: &BTreeSet<u32>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let book = self.books.book(listener);
        let first_seen = book.first_seen;
        let (mut looked_at, mut others): (Vec<Entry>, Vec<Entry>) =
            book.plays().iter().partition(|play| {
                play.is_candidate() && (play.is_backfill() || play.started_at() <= watermark)
            });
        // Not the books' order, which a restart changes.
        looked_at.sort_unstable_by_key(|play| (play.started_at(), play.play, play.address));
        others.sort_unstable_by_key(|play| (play.started_at(), play.play, play.address));
        self.order_by_identity(&mut looked_at, memory)?;

        let mut candidates = Vec::with_capacity(looked_at.len());
        for play in &looked_at {
            candidates.push(Candidate {
                started_at: play.started_at(),
                track: play.track,
                listened_ms: play.listened_ms(),
                listed_device: listed.contains(&play.device)
                    && self.is_listed(play.address, memory)?,
            });
        }
        let marks = evaluate(&candidates, first_seen, &FRAUD_LIMITS);
        for (play, rules) in looked_at.iter().zip(marks) {
            self.set_rules(play, rules, position, memory)?;
        }
        for play in &others {
            self.set_rules(play, FraudRules::NONE, position, memory)?;
        }
        if others.iter().any(Entry::is_candidate) {
            // It started after the watermark: the next tick looks again.
            self.books.mark_dirty(listener);
        }
        Ok(())
    }

    /// Puts plays that started at one instant into the order of their identities. Only the
    /// order of different tracks matters to a rule, and only for a listener with many plays.
    fn order_by_identity<M: Memory>(
        &self,
        plays: &mut [Entry],
        memory: &mut M,
    ) -> Result<(), M::Error> {
        if plays.len() < FRAUD_LIMITS.loop_plays {
            return Ok(());
        }
        for tie in plays.chunk_by_mut(|left, right| left.started_at() == right.started_at()) {
            if tie.iter().all(|play| play.track == tie[0].track) {
                continue;
            }
            let mut records = Vec::with_capacity(tie.len());
            for play in &*tie {
                let mut record = Vec::new();
                memory.read_play(play.address, &mut record)?;
                records.push((record, *play));
            }
            let mut named = Vec::with_capacity(tie.len());
            for (record, play) in &records {
                let record =
                    PlayRecord::decode(record).map_err(|_| memory.undecodable(play.address))?;
                named.push((record.identity, record.first_received_at, *play));
            }
            named.sort_unstable_by_key(|(identity, first_received_at, play)| {
                (*identity, *first_received_at, play.address)
            });
            for (place, (.., play)) in tie.iter_mut().zip(named) {
                *place = play;
            }
        }
        Ok(())
    }

    fn is_listed<M: Memory>(
        &mut self,
        address: PlayAddress,
        memory: &mut M,
    ) -> Result<bool, M::Error> {
        self.with_play(address, memory, |partition, play, _| {
            Ok(play.device.is_some_and(|device| partition.devices.contains(device.as_str())))
        })
    }

    fn set_rules<M: Memory>(
        &mut self,
        play: &Entry,
        rules: FraudRules,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        if play.rules() == rules {
            return Ok(());
        }
        let address = play.address;
        self.with_play(address, memory, |partition, play, memory| {
            let mut marked = *play;
            marked.rules = rules;
            let cause = Cause { position, at: partition.clock, fingerprint: 0, by_rules: true };
            partition.rewrite(address, play, marked, cause, memory);
            Ok(())
        })
    }
}
