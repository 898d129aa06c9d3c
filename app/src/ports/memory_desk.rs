//! Proposals and deeds in memory, for the simulation and for tests: gone with the value.

use async_trait::async_trait;
use std::sync::Mutex;

use super::StoreError;
use super::audit::{AuditStore, Deed, NumberedDeed};
use super::proposals::{NewProposal, Proposal, ProposalDecision, ProposalStore};

/// What lies on the desk of those who run a deployment.
#[derive(Debug, Default)]
pub struct MemoryDesk {
    proposals: Mutex<Vec<Proposal>>,
    deeds: Mutex<Vec<NumberedDeed>>,
}

#[async_trait]
impl ProposalStore for MemoryDesk {
    async fn propose(&self, proposal: NewProposal) -> Result<Proposal, StoreError> {
        let mut all = self.proposals.lock().expect("no holder panics");
        let number = all.len() as u64 + 1;
        let proposal = Proposal { number, proposed: proposal, decision: None };
        all.push(proposal.clone());
        Ok(proposal)
    }

    async fn proposal(&self, number: u64) -> Result<Option<Proposal>, StoreError> {
        let all = self.proposals.lock().expect("no holder panics");
        Ok(all.iter().find(|known| known.number == number).cloned())
    }

    async fn proposals(&self, from: u64, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        let all = self.proposals.lock().expect("no holder panics");
        let wanted = all.iter().rev().filter(|known| known.number <= from);
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn decide_proposal(
        &self,
        number: u64,
        decision: ProposalDecision,
    ) -> Result<bool, StoreError> {
        let mut all = self.proposals.lock().expect("no holder panics");
        let open = |known: &&mut Proposal| known.number == number && known.decision.is_none();
        let Some(open) = all.iter_mut().find(open) else { return Ok(false) };
        open.decision = Some(decision);
        Ok(true)
    }
}

#[async_trait]
impl AuditStore for MemoryDesk {
    async fn note(&self, deed: Deed) -> Result<(), StoreError> {
        let mut all = self.deeds.lock().expect("no holder panics");
        let number = all.len() as u64 + 1;
        all.push(NumberedDeed { number, deed });
        Ok(())
    }

    async fn deeds(&self, from: u64, limit: u32) -> Result<Vec<NumberedDeed>, StoreError> {
        let all = self.deeds.lock().expect("no holder panics");
        let wanted = all.iter().rev().filter(|known| known.number <= from);
        Ok(wanted.take(limit as usize).cloned().collect())
    }
}
