//! Counts as the store of the facts has them: for nodes that judge nothing, and for whoever asks it in SQL.
//!
//! They are a projection: the plays logs are the truth, and what the store has is compared with them.

use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_ids::{PartitionId, Position};
use std::collections::{BTreeMap, BTreeSet};

use crate::Deployment;
use crate::deployment::ReadError;
use crate::ports::drive::apart;
use crate::ports::{FactStore, LogError, StoreError, StoredCounts};
use crate::reading::Readers;

/// So many rows are rolled up in one transaction.
const ROWS_AT_ONCE: u32 = 5_000;
/// Between two ticks no more transactions than this.
const BATCHES_MAX: u32 = 100;
/// What the store counts by.
const DIMENSIONS: [Dimension; 4] =
    [Dimension::Track, Dimension::Territory, Dimension::Tier, Dimension::Day];
/// So many differences of a dimension are told.
const DIFFERENCES_MAX: usize = 20;

/// Rolls up what commits inserted, in transactions of bounded size, for so long as there is a whole
/// one, and no more than `batches_max`. Says how many rows there were.
///
/// # Errors
/// What the store says; what was rolled up before is.
pub async fn roll_up(facts: &dyn FactStore, batches_max: u32) -> Result<u64, StoreError> {
    let mut rows = 0;
    for _ in 0..batches_max {
        let rolled = facts.roll_up(ROWS_AT_ONCE).await?;
        rows += u64::from(rolled);
        if rolled < ROWS_AT_ONCE {
            break;
        }
    }
    Ok(rows)
}

impl Deployment {
    /// Rolls up, as whoever owns the first partition does.
    pub(crate) async fn roll_up_some(&self) {
        match roll_up(&*self.facts, BATCHES_MAX).await {
            Ok(rows) => tracing::debug!(rows, "rolled up"),
            Err(error) => tracing::warn!(%error, "sums of what counts are not rolled up yet"),
        }
    }

    /// Counted plays by a dimension, as the store has them, whoever judges.
    ///
    /// # Errors
    /// [`ReadError::Store`], also for listeners, of whom the store has nothing.
    pub async fn stored_counts(
        &self,
        by: Dimension,
        days: Days,
    ) -> Result<StoredCounts, ReadError> {
        Ok(self.facts.counted_by(by, days).await?)
    }

    /// Compares what the store has with the plays logs of this node, up to just where the store has
    /// it: one sentence for each difference.
    ///
    /// # Errors
    /// [`ReadError`], also where this node hasn't judged that far and doesn't come to.
    pub async fn check_stored_counts(&self) -> Result<Vec<String>, ReadError> {
        let mut differences = Vec::new();
        for by in DIMENSIONS {
            let stored = self.stored_counts(by, Days::default()).await?;
            for (partition, position) in &stored.up_to {
                let Some(worker) = self.workers.get(usize::from(partition.0)) else {
                    let why = "this node judges nothing to compare with";
                    return Err(ReadError::Stopped(why.to_owned()));
                };
                worker.settled(*position).await.map_err(ReadError::Stopped)?;
            }
            let (readers, up_to) = (self.readers.clone(), stored.up_to.clone());
            let bytes: BTreeMap<PartitionId, u64> =
                self.applied_to().iter().map(|it| (it.partition, it.plays_bytes)).collect();
            let counted = apart(&*self.drive, move || count(&readers, by, &up_to, &bytes)).await;
            let counted = counted.ok_or_else(ReadError::broken_off)??;
            differences.extend(compare(by, &stored.counted, &counted));
        }
        Ok(differences)
    }
}

/// Counts from the plays logs what the records before these positions came to.
fn count(
    readers: &Readers,
    by: Dimension,
    up_to: &[(PartitionId, Position)],
    bytes: &BTreeMap<PartitionId, u64>,
) -> Result<BTreeMap<String, i64>, LogError> {
    let mut tally = Tally::new(by, Days::default());
    for (partition, position) in up_to {
        let until = bytes.get(partition).copied().unwrap_or_default();
        readers.for_each(*partition, 0, until, &mut |_, play| {
            if play.cause < *position {
                tally.add(play);
            }
        })?;
    }
    Ok(tally.rows().collect())
}

fn compare(
    by: Dimension,
    stored: &BTreeMap<String, i64>,
    counted: &BTreeMap<String, i64>,
) -> Vec<String> {
    let values: BTreeSet<&String> = stored.keys().chain(counted.keys()).collect();
    let of =
        |counts: &BTreeMap<String, i64>, value: &String| counts.get(value).copied().unwrap_or(0);
    let differing = values.into_iter().filter(|value| of(stored, value) != of(counted, value));
    differing
        .take(DIFFERENCES_MAX)
        .map(|value| {
            let (has, are) = (of(stored, value), of(counted, value));
            format!("by {by:?} the store has {has} plays of {value:?}, and {are} count")
        })
        .collect()
}
