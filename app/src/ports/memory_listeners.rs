//! Ties in memory: what a simulation and tests have in the place of a database.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::StoreError;
use super::listeners::{ErasedPlay, Erasure, Listener, ListenerStore, Tie};

/// Ties in memory.
#[derive(Debug, Default)]
pub struct MemoryListeners(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sources: BTreeSet<String>,
    ties: BTreeMap<(String, String), Listener>,
    erasures: Vec<Erasure>,
    plays: BTreeMap<u128, Option<UnixMs>>,
}

impl MemoryListeners {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder panics")
    }

    /// Ties a user of a source that is tied to nobody yet.
    pub(super) fn tie(&self, source: &str, user_id: &str, listener: Listener) {
        self.kept().ties.insert((source.to_owned(), user_id.to_owned()), listener);
    }

    /// Whether a user of a source is tied to a listener.
    pub(super) fn has(&self, source: &str, user_id: &str) -> bool {
        self.kept().ties.contains_key(&(source.to_owned(), user_id.to_owned()))
    }
}

impl Kept {
    fn remember(&mut self, plays: &[ErasedPlay]) {
        for play in plays {
            self.plays.insert(play.hash, play.forget_at);
        }
    }
}

fn tie(((source, user_id), listener): (&(String, String), &Listener)) -> Tie {
    Tie { source: source.clone(), user_id: user_id.clone(), listener: *listener }
}

#[async_trait]
impl ListenerStore for MemoryListeners {
    async fn pseudonymise(&self, source: &str, _since: UnixMs) -> Result<bool, StoreError> {
        Ok(self.kept().sources.insert(source.to_owned()))
    }

    async fn pseudonymised(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.kept().sources.iter().cloned().collect())
    }

    async fn introduce(
        &self,
        source: &str,
        users: &[(String, Listener)],
        _at: UnixMs,
    ) -> Result<Vec<Listener>, StoreError> {
        let mut kept = self.kept();
        let listener = |(user, new): &(String, Listener)| {
            *kept.ties.entry((source.to_owned(), user.clone())).or_insert(*new)
        };
        Ok(users.iter().map(listener).collect())
    }

    async fn ties_of(&self, user_id: &str) -> Result<Vec<Tie>, StoreError> {
        let kept = self.kept();
        Ok(kept.ties.iter().filter(|((_, user), _)| user == user_id).map(tie).collect())
    }

    async fn ties_after(
        &self,
        source: &str,
        user_id: &str,
        limit: u32,
    ) -> Result<Vec<Tie>, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = (source.to_owned(), user_id.to_owned());
        let kept = self.kept();
        let ties = kept.ties.range((Excluded(after), Unbounded));
        Ok(ties.take(limit as usize).map(tie).collect())
    }

    async fn erase(
        &self,
        tie: &Tie,
        erasure: Erasure,
        plays: &[ErasedPlay],
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        if kept.ties.remove(&(tie.source.clone(), tie.user_id.clone())).is_none() {
            return Ok(false);
        }
        kept.erasures.push(erasure);
        kept.remember(plays);
        Ok(true)
    }

    async fn take_over_erasures(
        &self,
        erasures: &[Erasure],
        plays: &[ErasedPlay],
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for erasure in erasures {
            if !kept.erasures.contains(erasure) {
                kept.erasures.push(*erasure);
            }
        }
        kept.remember(plays);
        Ok(())
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        Ok(self.kept().erasures.clone())
    }

    async fn erased_plays(&self) -> Result<Vec<ErasedPlay>, StoreError> {
        let kept = self.kept();
        let plays = kept.plays.iter();
        Ok(plays
            .map(|(hash, forget_at)| ErasedPlay { hash: *hash, forget_at: *forget_at })
            .collect())
    }

    async fn forget_erased_plays(&self, now: UnixMs) -> Result<(), StoreError> {
        self.kept().plays.retain(|_, forget_at| forget_at.is_none_or(|at| at > now));
        Ok(())
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_conforms() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(crate::ports::conformance::listeners::every_case(async || {
            MemoryListeners::default()
        }));
    }
}
