//! Plays that no report brought in time wait for a person.

use ledgerline_ids::{PlayId, SourceName, UnixMs, UserId};
use ledgerline_records::LogRecord;
use ledgerline_records::control::Adjudicated;
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::play::{PlayIdentity, PlayKey};
use ledgerline_records::verdict::{Decision, Status};

use std::collections::BTreeMap;

use crate::Deployment;
use crate::deployment::ReadError;
use crate::intake::IntakeError;
use crate::listing::{Page, Wanted, list};
use crate::plays::{Located, PlayError, PlayRef, PlayView, view_at};
use crate::ports::drive::apart;
use crate::ports::{AppendError, LogError};

/// Why a decision or ruling was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The play can't be shown.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The play waits for no decision.
    #[error("this play waits for no decision: its status is {0}")]
    NotWaiting(Status),
    /// A play with this key, of which the index no longer knows, was counted before.
    #[error("a play with this play_id was counted on {0}; accepting this one would count it twice")]
    AlreadyCounted(UnixMs),
    /// A name or note is too long or not valid.
    #[error("the note may have at most 1000 bytes")]
    NoteTooLong,
    /// The decision could not be made durable.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// The most bytes of a note.
pub(crate) const NOTE_BYTES_MAX: usize = 1_000;

impl Deployment {
    /// The plays that wait for a decision, in the order of their partitions and age.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn adjudication(
        &self,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<PlayView>, ReadError> {
        self.settle(false).await?;
        let of = self.applied_to();
        let wanted = Wanted { statuses: &[Status::Adjudication], of: |_: &str| true };
        list(&*self.drive, &self.readers, &of, wanted, limit, after).await
    }

    /// Decides a play that no report brought in time.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn decide(
        &self,
        play: &PlayRef,
        decision: Decision,
        by: &str,
        note: &str,
    ) -> Result<PlayView, DecideError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(DecideError::NoteTooLong);
        }
        let located = self.locate(play).await?;
        let view = self.view(&located)?;
        let undecided = view.status == Status::Adjudication;
        if !undecided && view.decision.is_none() {
            return Err(DecideError::NotWaiting(view.status));
        }
        if decision == Decision::Accept {
            self.refuse_counted_before(play, &located).await?;
        }
        let at = self.clock.now();
        self.tell(&located, play, |play| {
            LogRecord::Adjudicated(Adjudicated { play, decision, by, note, at })
        })
        .await?;
        let located = self.locate(play).await?;
        Ok(self.view(&located)?)
    }

    /// Looks through all plays ever counted for one with this key that the index has
    /// forgotten: acceptance has a horizon, a person's decision has none.
    async fn refuse_counted_before(
        &self,
        play: &PlayRef,
        located: &Located,
    ) -> Result<(), DecideError> {
        let of = self.applied_to()[usize::from(located.partition.0)];
        let (readers, play) = (self.readers.clone(), play.clone());
        let (source, user) = (located.source.clone(), located.user.clone());
        let newest = located.address;
        let looked = apart(&*self.drive, move || {
            // The newest record of each play that ever had this key.
            let mut standing = BTreeMap::new();
            readers.for_each(of.partition, 0, of.plays_bytes, &mut |address, record| {
                let identity = &record.identity;
                let same = *identity.source.as_str() == *source
                    && identity.user.is_some_and(|name| *name.as_str() == *user)
                    && identity.key.play_id().is_some_and(|id| id.as_str() == play.play_id);
                if same {
                    if let Some(previous) = record.previous {
                        standing.remove(&previous);
                    }
                    standing.insert(address, (record.to, record.started_at));
                }
            })?;
            standing.remove(&newest);
            let counted = standing.into_values().find(|(status, _)| *status == Status::Counted);
            Ok::<_, LogError>(counted.map(|(_, started_at)| started_at))
        });
        let counted = looked.await.ok_or_else(PlayError::broken_off)?.map_err(PlayError::Log)?;
        match counted {
            Some(started_at) => Err(DecideError::AlreadyCounted(started_at)),
            None => Ok(()),
        }
    }

    pub(crate) fn view(&self, located: &Located) -> Result<PlayView, PlayError> {
        let reader = self.readers.of(located.partition);
        view_at(&**reader, &self.key, located.partition, located.address)
    }

    /// Appends a person's word on a play to the play's partition, durably.
    pub(crate) async fn tell<'a>(
        &self,
        located: &'a Located,
        play: &'a PlayRef,
        record: impl FnOnce(PlayIdentity<'a>) -> LogRecord<'a>,
    ) -> Result<(), DecideError> {
        let identity = PlayIdentity {
            source: SourceName::new(&located.source).map_err(|_| PlayError::NotFound)?,
            user: Some(UserId::new(&located.user).map_err(|_| PlayError::NotFound)?),
            key: PlayKey::Keyed(PlayId::new(&play.play_id).map_err(|_| PlayError::NotFound)?),
        };
        let mut group = RecordGroup::default();
        let record = record(identity);
        group.push_with(|out| record.encode(out));
        let receipt = self.log.append(located.partition, group);
        receipt.await.unwrap_or(Err(AppendError::Closing)).map_err(IntakeError::from)?;
        Ok(())
    }
}
