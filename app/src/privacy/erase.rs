//! Erasing a person: what ties the person to the logs goes, and nothing else changes.
//!
//! In this order, so that no report slips through under the old pseudonym: nobody is introduced
//! any more; the listener is forgotten in memory, which waits for what is being staged; a record
//! behind that in the partition's queue is waited for; the listener's plays are read from the log;
//! then the tie is removed, in one transaction with the note that it happened and with the keyed
//! hashes of the plays. A crash before that leaves everything as it was.

use ledgerline_counting::identity::{listener_of_user, own_identity};
use ledgerline_counting::timing::received_at;
use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs, UserId};
use ledgerline_records::LogRecord;
use ledgerline_records::control::Tick;
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::report::Producer;
use std::collections::BTreeMap;

use super::pseudonyms::{Pseudonym, TieHash, erased_play_hash};
use super::walk::for_each_record;
use crate::Deployment;
use crate::deployment::ReadError;
use crate::intake::IntakeError;
use crate::ports::drive::apart;
use crate::ports::listeners::{ErasedPlay, Erasure, Tie};
use crate::ports::{AppendError, LogError, ReportLog, StoreError};

/// So long a play's key is remembered: the deduplication horizon of live reports.
const REMEMBERED_MS: u64 = 45 * 86_400_000;

/// What an erasure did, and what it could not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The sources whose ties to the person were removed now.
    pub sources: Vec<String>,
    /// Where plays stand under the name itself, which nothing can remove.
    pub remaining: Vec<Remaining>,
    /// Until when late reports of the plays are refused instead of becoming new plays; absent
    /// where there was nothing to erase. Those of imports are refused for good.
    pub late_reports_refused_until: Option<UnixMs>,
}

/// Plays that stand in the logs under the name that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The source, which isn't pseudonymised.
    pub source: String,
    /// How many plays.
    pub plays: u64,
}

/// Why a person was not erased. Everything is as it was; it may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// What the person's plays are can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log takes nothing.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

impl From<LogError> for EraseError {
    fn from(error: LogError) -> Self {
        Self::Read(error.into())
    }
}

impl Deployment {
    /// Removes what ties a user to the logs: in one source, or in all. Again it does nothing.
    ///
    /// # Errors
    /// [`EraseError`].
    pub async fn erase_person(
        &self,
        user: &str,
        source: Option<&str>,
    ) -> Result<Erased, EraseError> {
        let account = self.account_of(user, source).await?;
        let user = account.as_ref().map_or(user, |held| &held.account.made.account_id);
        let pseudonyms = &self.pseudonyms;
        let turn = pseudonyms.turn().await;
        let ties = pseudonyms.store().ties_of(user).await?;
        let wanted = |tie: &Tie| source.is_none_or(|source| source == tie.source);
        let now = self.clock.now();
        let mut sources = Vec::new();
        for tie in ties.into_iter().filter(wanted) {
            self.erase_tie(&tie, now).await?;
            sources.push(tie.source);
        }
        // Also where nothing was erased now: an earlier erasure may have been broken off here.
        self.access().sweep().await?;
        pseudonyms.store().scrub().await?;
        drop(turn);
        let remaining = self.plays_under(user, source).await?;
        let late = (!sources.is_empty()).then(|| now.plus(REMEMBERED_MS));
        Ok(Erased { sources, remaining, late_reports_refused_until: late })
    }

    async fn erase_tie(&self, tie: &Tie, now: UnixMs) -> Result<(), EraseError> {
        let pseudonyms = &self.pseudonyms;
        let hash = TieHash::of(&self.key, &tie.source, &tie.user_id);
        pseudonyms.forget(hash);
        let name = Pseudonym::listener(tie.listener.id);
        let user = UserId::new(name.as_str()).expect("hex digits are a name");
        let partition = listener_of_user(&self.key, user).shard().partition(self.log.partitions());
        let end = self.durable_behind(partition, now).await?;
        let (log, key, source) = (self.log.clone(), self.key, tie.source.clone());
        let read = apart(&*self.drive, move || {
            plays_to_remember(&*log, &key, partition, end, &source, name.as_str(), hash, now)
        });
        let plays = read.await.ok_or_else(ReadError::broken_off)??;
        let erasure = Erasure { erased_at: now, tie_hash: hash.0 };
        pseudonyms.store().erase(tie, erasure, &plays).await?;
        pseudonyms.erased(hash, &plays);
        Ok(())
    }

    /// Waits until all that is queued for a partition is durable; where that ends.
    async fn durable_behind(
        &self,
        partition: PartitionId,
        now: UnixMs,
    ) -> Result<Position, EraseError> {
        let mut group = RecordGroup::default();
        group.push_with(|out| LogRecord::Tick(Tick { at: now }).encode(out));
        let receipt = self.log.append(partition, group).await;
        let appended = receipt.unwrap_or(Err(AppendError::Closing)).map_err(IntakeError::from)?;
        Ok(appended.first)
    }

    /// The plays that stand under a name itself, by source: not those of pseudonymised ones.
    async fn plays_under(
        &self,
        user: &str,
        source: Option<&str>,
    ) -> Result<Vec<Remaining>, ReadError> {
        let Ok(name) = UserId::new(user) else { return Ok(Vec::new()) };
        let shard = listener_of_user(&self.key, name).shard();
        let partition = shard.partition(self.log.partitions());
        self.settle(false).await?;
        let of = self.applied_to()[usize::from(partition.0)];
        let readers = self.readers.clone();
        let (user, source) = (user.to_owned(), source.map(str::to_owned));
        let counted = apart(&*self.drive, move || {
            let mut plays = BTreeMap::<String, u64>::new();
            readers.for_each(partition, 0, of.plays_bytes, &mut |_, play| {
                let identity = &play.identity;
                let mine = identity.user.is_some_and(|name| name.as_str() == user)
                    && source.as_ref().is_none_or(|source| *identity.source.as_str() == **source);
                if mine && play.previous.is_none() {
                    *plays.entry(identity.source.as_str().to_owned()).or_default() += 1;
                }
            })?;
            Ok::<_, LogError>(plays)
        });
        let plays = counted.await.ok_or_else(ReadError::broken_off)??;
        Ok(plays.into_iter().map(|(source, plays)| Remaining { source, plays }).collect())
    }

    /// Forgets what need not be kept in mind any more of those who were erased.
    pub(crate) async fn forget_erased_plays(&self) -> Result<(), StoreError> {
        self.pseudonyms.forget_erased_plays(self.clock.now()).await
    }
}

/// The hashes of a listener's plays whose keys are remembered still.
#[expect(clippy::too_many_arguments, reason = "one walk over the log, and what it looks for")]
fn plays_to_remember(
    log: &dyn ReportLog,
    key: &HashKey,
    partition: PartitionId,
    end: Position,
    source: &str,
    listener: &str,
    tie: TieHash,
    now: UnixMs,
) -> Result<Vec<ErasedPlay>, LogError> {
    let forget_at = now.plus(REMEMBERED_MS);
    let horizon = now.minus(REMEMBERED_MS);
    let mut plays = BTreeMap::<u128, Option<UnixMs>>::new();
    for_each_record(log, partition, end, &mut |_, frame_at, record| {
        let LogRecord::Report(report) = record else { return Ok(()) };
        let received_at = received_at(report, frame_at);
        let mine = *report.source.as_str() == *source
            && report.user.is_some_and(|user| user.as_str() == listener);
        let backfill = report.producer == Producer::Backfill;
        if !mine || (!backfill && received_at < horizon) || own_identity(report).is_none() {
            return Ok(());
        }
        let hash = erased_play_hash(key, tie, report.play_id, report.started_at, report.track);
        if let Some(hash) = hash {
            plays.insert(hash, (!backfill).then_some(forget_at));
        }
        Ok(())
    })?;
    Ok(plays.into_iter().map(|(hash, forget_at)| ErasedPlay { hash, forget_at }).collect())
}
