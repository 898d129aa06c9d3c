//! What delivery remembers, in memory.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::StoreError;
use super::delivery::{
    ActiveDevice, DeliveryStore, PLACE_CHANGES_MAX, ReadLog, SentBytes, StoredKey,
};

/// What delivery remembers, in memory.
#[derive(Debug, Default)]
pub struct MemoryDelivery {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<StoredKey>,
    devices: BTreeMap<String, ActiveDevice>,
    changes: BTreeMap<String, BTreeSet<UnixMs>>,
    logs: Vec<(ReadLog, Vec<SentBytes>)>,
}

impl MemoryDelivery {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

#[async_trait]
impl DeliveryStore for MemoryDelivery {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let mut keys = self.state().keys.clone();
        keys.sort_by_key(|key| std::cmp::Reverse((key.signs_from, key.id)));
        Ok(keys)
    }

    async fn add_signing_key(&self, key: &StoredKey, keys_max: u32) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.keys.iter().any(|known| known.id == key.id) {
            let detail = format!("there is a key {:08x} already", key.id);
            return Err(StoreError { what: "storing a signing key", detail });
        }
        let room = state.keys.len() < keys_max as usize;
        if room {
            state.keys.push(key.clone());
        }
        Ok(room)
    }

    async fn remove_signing_key(&self, id: u32) -> Result<bool, StoreError> {
        let mut state = self.state();
        let before = state.keys.len();
        state.keys.retain(|key| key.id != id);
        Ok(state.keys.len() < before)
    }

    async fn active_device(&self, listener: &str) -> Result<Option<ActiveDevice>, StoreError> {
        Ok(self.state().devices.get(listener).cloned())
    }

    async fn activate_device(&self, device: &ActiveDevice) -> Result<ActiveDevice, StoreError> {
        let mut state = self.state();
        let known = state.devices.entry(device.listener.clone()).or_insert_with(|| device.clone());
        if known.since <= device.since {
            *known = device.clone();
        }
        let known = known.clone();
        let changes = state.changes.entry(device.listener.clone()).or_default();
        changes.insert(known.since);
        while changes.len() > PLACE_CHANGES_MAX as usize {
            changes.pop_first();
        }
        Ok(known)
    }

    async fn place_changes(&self, listener: &str) -> Result<Vec<UnixMs>, StoreError> {
        let state = self.state();
        let changes = state.changes.get(listener).into_iter().flatten();
        Ok(changes.rev().copied().collect())
    }

    async fn add_sent_bytes(&self, log: &ReadLog, sent: &[SentBytes]) -> Result<bool, StoreError> {
        let mut state = self.state();
        let new = state.logs.iter().all(|(known, _)| known.checksum != log.checksum);
        if new {
            state.logs.push((log.clone(), sent.to_vec()));
        }
        Ok(new)
    }

    async fn sent_bytes(&self, play_id: &str) -> Result<Vec<SentBytes>, StoreError> {
        let state = self.state();
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        let all = state.logs.iter().flat_map(|(_, sent)| sent);
        for sent in all.filter(|sent| sent.play_id == play_id) {
            *sums.entry((sent.track_id.clone(), sent.rung.clone())).or_default() += sent.bytes;
        }
        let row = |((track_id, rung), bytes)| SentBytes {
            play_id: play_id.to_owned(),
            track_id,
            rung,
            bytes,
        };
        Ok(sums.into_iter().map(row).collect())
    }

    async fn read_logs(
        &self,
        from: UnixMs,
        to: UnixMs,
        limit: u32,
    ) -> Result<Vec<ReadLog>, StoreError> {
        let state = self.state();
        let logs = state.logs.iter().map(|(log, _)| log);
        let mut logs: Vec<ReadLog> =
            logs.filter(|log| log.from <= to && log.to >= from).cloned().collect();
        logs.sort_by_key(|log| (log.from, log.checksum));
        logs.truncate(limit as usize);
        Ok(logs)
    }

    async fn forget_read_logs(&self, before: UnixMs) -> Result<u64, StoreError> {
        let mut state = self.state();
        let count = state.logs.len();
        state.logs.retain(|(log, _)| log.to >= before);
        Ok((count - state.logs.len()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::delivery;

    #[tokio::test]
    async fn passes_the_suite() {
        delivery::every_case(async || MemoryDelivery::default()).await;
    }
}
