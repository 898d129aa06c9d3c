//! Counted plays in memory, as somebody keeps them who reads what is published.

use super::LogError;
use super::counted_plays::{CountedChange, CountedPlays};
use ledgerline_ids::PartitionId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// What was published, each change in the place of the one with its id.
#[derive(Debug, Default)]
pub struct MemoryCountedPlays {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    changes: BTreeMap<String, CountedChange>,
    published: u64,
    calls: u64,
    refuses_every: u64,
}

impl MemoryCountedPlays {
    /// Has one call in so many fail from now on, after half of what it was given; 0 has none.
    pub fn refuse_every(&self, calls: u64) {
        self.kept().refuses_every = calls;
    }

    /// How many changes came, repeated ones too.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.kept().published
    }

    /// What holds, in the order of the ids.
    #[must_use]
    pub fn changes(&self) -> Vec<CountedChange> {
        self.kept().changes.values().cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no holder panics")
    }
}

/// Counted plays by recording, as `changes` say that hold; without zeros.
#[must_use]
pub fn counted_by_track(changes: &[CountedChange]) -> BTreeMap<String, i64> {
    let mut counted = BTreeMap::new();
    for change in changes {
        *counted.entry(change.track_id.clone()).or_default() += change.change();
    }
    counted.retain(|_, plays| *plays != 0);
    counted
}

impl CountedPlays for MemoryCountedPlays {
    fn publish(&self, _: PartitionId, changes: &[CountedChange]) -> Result<(), LogError> {
        let mut kept = self.kept();
        kept.calls += 1;
        let refuses = kept.refuses_every > 0 && kept.calls.is_multiple_of(kept.refuses_every);
        let taken = if refuses { changes.len() / 2 } else { changes.len() };
        for change in &changes[..taken] {
            kept.published += 1;
            let known = kept.changes.get(&change.id);
            if known.is_none_or(|known| known.amendment <= change.amendment) {
                kept.changes.insert(change.id.clone(), change.clone());
            }
        }
        let refused = LogError::Io {
            file: "counted-plays".to_owned(),
            detail: "it refuses for a moment".to_owned(),
        };
        if refuses { Err(refused) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::counted_plays;
    use std::sync::Arc;

    #[test]
    fn conform() {
        counted_plays::every_case(|| {
            let kept = Arc::new(MemoryCountedPlays::default());
            counted_plays::Published { sink: kept.clone(), read: Box::new(move || kept.changes()) }
        });
    }
}
