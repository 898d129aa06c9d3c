//! What the partition keeps outside itself, in memory.

use super::*;
use crate::sealed::{Runs, sealed_in_runs};

#[derive(Default)]
pub struct InMemory {
    pub plays: BTreeMap<u64, Vec<u8>>,
    pub next: u64,
    pub runs: Runs,
}

sealed_in_runs!(InMemory);

impl Memory for InMemory {
    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, String> {
        Ok(self.runs.find(hash, homes, strays, clock))
    }

    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), String> {
        out.clear();
        let bytes = self.plays.get(&address.0);
        out.extend_from_slice(bytes.ok_or_else(|| format!("no record at {}", address.0))?);
        Ok(())
    }

    fn undecodable(&self, address: PlayAddress) -> String {
        format!("record {} can't be decoded", address.0)
    }

    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress {
        let mut bytes = Vec::new();
        play.encode(&mut bytes);
        let at = self.next;
        self.next += 1 + bytes.len() as u64;
        self.plays.insert(at, bytes);
        PlayAddress(at)
    }
}
