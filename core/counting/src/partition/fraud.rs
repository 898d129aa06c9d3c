//! A tick: the fraud rules look at every page of a listener's book that changed since the
//! last one, and at its neighbours where a run of one track may go on there.

use ledgerline_ids::{DayNo, ListenerHash, Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::{FraudRule, FraudRules};
use std::collections::BTreeSet;

use super::{ALL_DAYS, Cause, Hashes, Memory, Partition};
use crate::fraud::{BookEntry, Candidate, Look, Side, evaluate_day, fresh_suspects, loops};
use crate::identity::device_hash;
use crate::rules::FRAUD_LIMITS;

/// A play on its page.
#[derive(Debug, Clone, Copy)]
struct Spot {
    day: DayNo,
    entry: BookEntry,
}

impl Spot {
    fn started_at(&self) -> UnixMs {
        self.entry.started_at(self.day)
    }
}

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
        self.wake_listeners_of_changed_devices(memory)?;
        let listed = std::mem::take(&mut self.device_hashes);
        let look = Look { watermark: self.evaluated_at, listed: &listed, limits: &FRAUD_LIMITS };
        let evaluated = self.evaluate_dirty(&look, position, memory);
        self.device_hashes = listed;
        evaluated
    }

    fn evaluate_dirty<M: Memory>(
        &mut self,
        look: &Look<'_>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let dirty = self.books.take_dirty();
        self.books.count_together(&dirty, look, memory)?;
        for (listener, day) in dirty {
            if !self.books.is_quiet(listener, day, look, memory)? {
                self.evaluate_page(listener, day, look, position, memory)?;
            }
        }
        Ok(())
    }

    fn wake_listeners_of_changed_devices<M: Memory>(
        &mut self,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let changed: BTreeSet<u32> = std::mem::take(&mut self.devices_changed)
            .iter()
            .filter_map(|device| ledgerline_ids::DeviceId::new(device).ok())
            .map(|device| device_hash(&self.key, device))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let plays = self.books.scan(&ALL_DAYS, memory, |entry| changed.contains(&entry.device))?;
        for (day, entry) in plays {
            self.books.mark_changed(entry.listener, day);
        }
        Ok(())
    }

    fn evaluate_page<M: Memory>(
        &mut self,
        listener: ListenerHash,
        day: DayNo,
        look: &Look<'_>,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        let entries = self.books.entries(listener, day, memory)?;
        let spots = entries.into_iter().map(|entry| Spot { day, entry });
        let (mut own, mut others): (Vec<Spot>, Vec<Spot>) =
            spots.partition(|spot| is_due(spot, look));
        in_order(&mut own);
        in_order(&mut others);
        let before = self.beside(listener, day, Side::Before, look, memory)?;
        let after = self.beside(listener, day, Side::After, look, memory)?;
        let (cut_before, cut_after) = (has_change(&before), has_change(&after));
        let own_from = before.len();
        let own_until = own_from + own.len();
        let mut spots = before;
        spots.append(&mut own);
        spots.extend(after);
        self.order_by_identity(&mut spots, memory)?;

        let mut rules: Vec<FraudRules> =
            spots.iter().map(|spot| spot.entry.rules.without(FraudRule::Loop)).collect();
        let of_the_day = self.day_rules(&spots[own_from..own_until], day, look, memory)?;
        rules[own_from..own_until].copy_from_slice(&of_the_day);
        let tracks: Vec<u64> = spots.iter().map(|spot| spot.entry.track).collect();
        for (run, is_loop) in loops(&tracks, look.limits) {
            // A run that was cut off is somebody else's to mark.
            let whole = (run.start > 0 || !cut_before) && (run.end < spots.len() || !cut_after);
            for index in run {
                if is_loop && whole {
                    rules[index] = rules[index].with(FraudRule::Loop);
                } else if !whole && spots[index].entry.rules.contains(FraudRule::Loop) {
                    rules[index] = spots[index].entry.rules;
                }
            }
        }
        for (spot, rules) in spots.iter().zip(rules) {
            self.set_rules(&spot.entry, rules, position, memory)?;
        }
        for spot in &others {
            self.set_rules(&spot.entry, FraudRules::NONE, position, memory)?;
        }
        if others.iter().any(|spot| spot.entry.is_candidate()) {
            // It started after the watermark: the next tick looks again.
            self.books.mark_dirty(listener, day);
        }
        Ok(())
    }

    /// The listener's plays beside a page, up to and with the first page in which the track
    /// changes: no run of one track reaches further.
    fn beside<M: Memory>(
        &mut self,
        listener: ListenerHash,
        day: DayNo,
        side: Side,
        look: &Look<'_>,
        memory: &mut M,
    ) -> Result<Vec<Spot>, M::Error> {
        let mut spots: Vec<Spot> = Vec::new();
        let mut at = day;
        while let Some(next) = self.books.day(at, side, memory) {
            at = next;
            let entries = self.books.entries(listener, at, memory)?;
            let page = entries.into_iter().map(|entry| Spot { day: at, entry });
            spots.extend(page.filter(|spot| is_due(spot, look)));
            if has_change(&spots) {
                break;
            }
        }
        in_order(&mut spots);
        Ok(spots)
    }

    /// What the rules that look at one day say of its plays.
    fn day_rules<M: Memory>(
        &mut self,
        plays: &[Spot],
        day: DayNo,
        look: &Look<'_>,
        memory: &mut M,
    ) -> Result<Vec<FraudRules>, M::Error> {
        let Some(first) = plays.first() else { return Ok(Vec::new()) };
        let listener = first.entry.listener;
        let mut candidates = Vec::with_capacity(plays.len());
        for Spot { entry, .. } in plays {
            candidates.push(Candidate {
                started_at: entry.started_at(day),
                track: entry.track,
                listened_ms: u64::from(entry.listened_ms),
                listed_device: look.listed.contains(&entry.device)
                    && self.is_listed(entry.address, memory)?,
            });
        }
        let mut rules = evaluate_day(&candidates, look.limits);
        let suspects = fresh_suspects(&candidates, look.limits);
        if !suspects.is_empty() {
            let first_seen = self.first_seen(listener, memory)?;
            if day.start().since(first_seen) < look.limits.fresh_ms {
                for index in suspects {
                    rules[index] = rules[index].with(FraudRule::FreshLoop);
                }
                return Ok(rules);
            }
        }
        self.books.not_fresh(listener, day);
        Ok(rules)
    }

    /// The least first receive time of any of a listener's plays.
    fn first_seen<M: Memory>(
        &mut self,
        listener: ListenerHash,
        memory: &mut M,
    ) -> Result<UnixMs, M::Error> {
        if let Some(known) = self.books.known_first_seen(listener) {
            return Ok(known);
        }
        let mut first_seen = UnixMs::MAX;
        let mut day = None;
        loop {
            let next = match day {
                None => Some(DayNo(0)),
                Some(day) => self.books.day(day, Side::After, memory),
            };
            let Some(next) = next else { break };
            day = Some(next);
            for entry in self.books.entries(listener, next, memory)? {
                let of_play =
                    self.with_play(entry.address, memory, |_, play, _| Ok(play.first_received_at))?;
                first_seen = first_seen.min(of_play);
            }
        }
        self.books.remember_first_seen(listener, first_seen);
        Ok(first_seen)
    }

    /// Puts plays that started at one instant into the order of their identities. Only the
    /// order of different tracks matters to a rule, and only where there are many plays.
    fn order_by_identity<M: Memory>(
        &self,
        plays: &mut [Spot],
        memory: &mut M,
    ) -> Result<(), M::Error> {
        if plays.len() < FRAUD_LIMITS.loop_plays {
            return Ok(());
        }
        for tie in plays.chunk_by_mut(|left, right| left.started_at() == right.started_at()) {
            if tie.iter().all(|play| play.entry.track == tie[0].entry.track) {
                continue;
            }
            let mut records = Vec::with_capacity(tie.len());
            for play in &*tie {
                let mut record = Vec::new();
                memory.read_play(play.entry.address, &mut record)?;
                records.push((record, *play));
            }
            let mut named = Vec::with_capacity(tie.len());
            for (record, play) in &records {
                let address = play.entry.address;
                let record = PlayRecord::decode(record).map_err(|_| memory.undecodable(address))?;
                named.push((record.identity, record.first_received_at, *play));
            }
            named.sort_unstable_by_key(|(identity, first_received_at, play)| {
                (*identity, *first_received_at, play.entry.address)
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
        play: &BookEntry,
        rules: FraudRules,
        position: Position,
        memory: &mut M,
    ) -> Result<(), M::Error> {
        if play.rules == rules {
            return Ok(());
        }
        let address = play.address;
        self.with_play(address, memory, |partition, play, memory| {
            let mut marked = *play;
            marked.rules = rules;
            let cause = Cause {
                position,
                at: partition.clock,
                fingerprint: 0,
                by_rules: true,
                hashes: Hashes::default(),
            };
            partition.rewrite(address, play, marked, cause, memory);
            Ok(())
        })
    }
}

/// Whether the rules look at a play at this tick.
fn is_due(spot: &Spot, look: &Look<'_>) -> bool {
    spot.entry.is_candidate() && spot.entry.is_due(spot.day, look.watermark)
}

/// Sorts by start; what started at one instant by its address, which
/// [`Partition::order_by_identity`] mends where it matters.
fn in_order(spots: &mut [Spot]) {
    spots.sort_unstable_by_key(|spot| (spot.day, spot.entry.start_ms, spot.entry.address));
}

fn has_change(spots: &[Spot]) -> bool {
    spots.iter().any(|spot| spot.entry.track != spots[0].entry.track)
}
