//! Appeals in memory, for the simulation and for tests: gone with the value.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::sync::{Mutex, MutexGuard};

use super::StoreError;
use super::appeals::{Appeal, AppealDecision, AppealStore, Decided, NewAppeal};

/// Appeals in memory.
#[derive(Debug, Default)]
pub struct MemoryAppeals {
    appeals: Mutex<Vec<Appeal>>,
}

impl MemoryAppeals {
    fn all(&self) -> MutexGuard<'_, Vec<Appeal>> {
        self.appeals.lock().expect("no holder panics")
    }
}

fn place(number: u64) -> Option<usize> {
    number.checked_sub(1).and_then(|place| usize::try_from(place).ok())
}

#[async_trait]
impl AppealStore for MemoryAppeals {
    async fn open(&self, appeal: NewAppeal) -> Result<(Appeal, bool), StoreError> {
        let mut all = self.all();
        let waiting = all
            .iter()
            .find(|known| known.opened.subject == appeal.subject && known.decision.is_none());
        if let Some(waiting) = waiting {
            return Ok((waiting.clone(), false));
        }
        let number = all.len() as u64 + 1;
        let appeal = Appeal { number, opened: appeal, decision: None, applied_at: None };
        all.push(appeal.clone());
        Ok((appeal, true))
    }

    async fn appeal(&self, number: u64) -> Result<Option<Appeal>, StoreError> {
        Ok(place(number).and_then(|place| self.all().get(place).cloned()))
    }

    async fn appeals(
        &self,
        after: u64,
        limit: u32,
        waiting: bool,
    ) -> Result<Vec<Appeal>, StoreError> {
        let all = self.all();
        let wanted = all
            .iter()
            .filter(|appeal| appeal.number > after && !(waiting && appeal.decision.is_some()));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn decide(&self, number: u64, decision: AppealDecision) -> Result<Decided, StoreError> {
        let mut all = self.all();
        let Some(appeal) = place(number).and_then(|place| all.get_mut(place)) else {
            return Ok(Decided::NoSuch);
        };
        let standing = appeal.decision.get_or_insert_with(|| decision.clone());
        if standing.outcome == decision.outcome {
            Ok(Decided::Stands(Box::new(appeal.clone())))
        } else {
            Ok(Decided::Otherwise(Box::new(appeal.clone())))
        }
    }

    async fn applied(&self, number: u64, at: UnixMs) -> Result<(), StoreError> {
        if let Some(appeal) = place(number).and_then(|place| self.all().get(place).cloned())
            && appeal.applied_at.is_none()
        {
            let place = place(number).expect("it was found");
            self.all()[place].applied_at = Some(at);
        }
        Ok(())
    }

    async fn unapplied(&self, limit: u32) -> Result<Vec<Appeal>, StoreError> {
        let all = self.all();
        let wanted =
            all.iter().filter(|appeal| appeal.decision.is_some() && appeal.applied_at.is_none());
        Ok(wanted.take(limit as usize).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::appeals;

    #[tokio::test]
    async fn memory_conforms() {
        appeals::every_case(async || MemoryAppeals::default()).await;
    }
}
