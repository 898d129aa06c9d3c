//! Contracts in memory, and a reader of none: for tests and simulations.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use ledgerline_royalty::terms::Contract;
use std::sync::{Mutex, MutexGuard};

use super::{
    ContractFault, ContractReader, ContractStore, ContractText, ContractsError, NewContract,
    StoreError,
};

/// Contracts in memory.
#[derive(Debug, Default)]
pub struct MemoryContracts {
    /// In the order in which they were stored.
    stored: Mutex<Vec<ContractText>>,
}

impl MemoryContracts {
    fn stored(&self) -> MutexGuard<'_, Vec<ContractText>> {
        self.stored.lock().expect("no holder panics")
    }
}

#[async_trait]
impl ContractStore for MemoryContracts {
    async fn contracts_revision(&self) -> Result<u64, StoreError> {
        Ok(self.stored().last().map_or(0, |last| last.revision))
    }

    async fn contracts(&self, revision: u64) -> Result<Vec<ContractText>, StoreError> {
        let stored = self.stored();
        let known = stored.iter().filter(|one| one.revision <= revision);
        let mut newest = std::collections::BTreeMap::new();
        known.for_each(|one| {
            newest.insert(one.id.clone(), one.clone());
        });
        Ok(newest.into_values().collect())
    }

    async fn contract_history(&self, id: &str) -> Result<Vec<ContractText>, StoreError> {
        Ok(self.stored().iter().rev().filter(|one| one.id == id).cloned().collect())
    }

    async fn change_contracts(
        &self,
        contracts: &[NewContract],
        known: u64,
        at: UnixMs,
    ) -> Result<u64, ContractsError> {
        let mut stored = self.stored();
        let now = stored.last().map_or(0, |last| last.revision);
        if now != known {
            return Err(ContractsError::Moved { known, now });
        }
        let text = |one: &NewContract| ContractText {
            id: one.id.clone(),
            revision: now + 1,
            at,
            file: one.file.clone(),
            sha256: one.sha256,
            text: one.text.clone(),
        };
        stored.extend(contracts.iter().map(text));
        Ok(stored.last().map_or(0, |last| last.revision))
    }
}

/// Reads no contract at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContractReader;

impl ContractReader for NoContractReader {
    fn read(&self, file: &str, _: &str) -> Result<Contract, Vec<ContractFault>> {
        let what = "this deployment reads no contracts".to_owned();
        Err(vec![ContractFault { file: file.to_owned(), line: 1, column: 1, what }])
    }
}
