//! A report meets its play.

use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::play::PlayRecord;
use ledgerline_records::report::ReportRecord;
use ledgerline_records::verdict::Verdict;

use super::{Cause, Hashes, Memory, Partition};
use crate::identity::{identity_hash, own_identity};
use crate::index::Homes;
use crate::merge::{Received, begin, merge};
use crate::status::without_fraud;
use crate::verdict::verdict;

impl Partition {
    pub(super) fn report<M: Memory>(
        &mut self,
        report: &ReportRecord<'_>,
        position: Position,
        frame_at: UnixMs,
        hashes: Hashes,
        memory: &mut M,
    ) -> Result<Verdict, M::Error> {
        let received = Received::new(report, position, frame_at);
        let verdict = self.judge(&received, hashes, memory)?;
        self.delta.report(received.at.hour(), verdict);
        Ok(verdict)
    }

    fn judge<M: Memory>(
        &mut self,
        received: &Received<'_, '_>,
        mut hashes: Hashes,
        memory: &mut M,
    ) -> Result<Verdict, M::Error> {
        let report = received.report;
        let identity = match own_identity(report) {
            Some(identity) => identity,
            None => self.windows.identity(&self.key, report, received.at, self.clock),
        };
        let hash = hashes.play.unwrap_or_else(|| identity_hash(&self.key, &identity));
        hashes.play = Some(hash);
        let homes = Homes::of(report.producer, report.play_id, received.at);
        // 0 means "unknown" in the index, so no report may have it.
        let fingerprint = received.fingerprint(&self.key).max(1);
        let cause = Cause {
            position: received.position,
            at: received.at,
            fingerprint,
            by_rules: false,
            hashes,
        };

        let Some(entry) = self.find(hash, &homes, memory)? else {
            let play = begin(identity, received);
            let (status, _) = without_fraud(&play, self.clock);
            self.open_play(play, hash, homes.own, &cause, memory);
            return Ok(verdict(None, status, true));
        };
        if entry.fingerprint == fingerprint {
            return Ok(Verdict::Duplicate);
        }
        let address = entry.address();
        self.with_play(address, memory, |partition, play, memory| {
            if play.identity != identity {
                // The index led to another play: counting on would count one of them wrong.
                return Err(memory.undecodable(address));
            }
            let adds = received.is_sound() || !play.sound;
            let merged: PlayRecord<'_> = merge(play, received);
            if merged == *play {
                return Ok(if adds { Verdict::Duplicate } else { Verdict::NotPayable });
            }
            let (before, _) = without_fraud(play, partition.clock);
            let (after, _) = without_fraud(&merged, partition.clock);
            partition.rewrite(address, play, merged, cause, memory);
            Ok(verdict(Some(before), after, adds))
        })
    }
}
