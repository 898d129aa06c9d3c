//! Appeals against plays that are kept back: the rules run again, and a person decides.
//!
//! - `evidence`: what the rules saw when a play was kept back, and what they would see now
//! - `own`: appeals of somebody who sees only what is of certain parties
//!
//! Order of effects of a decision: it is stored, its rulings are appended to the log like any other
//! ruling, and the store hears that they were. What a crash leaves undone is done at the next tick.

mod evidence;
mod own;

use ledgerline_ids::{PartitionId, Period};
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::{Ruling, Status};
use std::collections::BTreeSet;

use crate::Deployment;
use crate::adjudication::DecideError;
use crate::deployment::ReadError;
use crate::money::close::CloseError;
use crate::money::sentences::appeal_ruling;
use crate::plays::{PlayError, PlayRef};
use crate::ports::StoreError;
use crate::ports::appeals::{
    Appeal, AppealDecision, AppealSubject, AppealedPlay, Decided, NewAppeal, Outcome,
};
use crate::ports::drive::apart;
use evidence::{Appealed, examine};

/// The most bytes of an appellant's name.
pub const APPELLANT_BYTES_MAX: usize = 256;
/// The most bytes of the grounds.
pub const GROUNDS_BYTES_MAX: usize = 4_000;
/// The most bytes of a decision's reason; it becomes the note of each ruling.
pub const REASON_BYTES_MAX: usize = 900;
/// The most plays of one appeal.
pub const PLAYS_MAX: usize = 1_000;
/// How many undone decisions are done at a tick.
const UNDONE_AT_A_TICK: u32 = 16;

/// What is appealed against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// One play.
    Play(PlayRef),
    /// The unpaid plays of a recording on a payee's statement.
    Line {
        /// The month of the plays.
        period: Period,
        /// The recording.
        track_id: String,
        /// Whose statement.
        payee: String,
    },
}

/// An appeal, as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppealRequest {
    /// What it is against.
    pub against: Against,
    /// Who appeals, in their own words.
    pub appellant: String,
    /// Why.
    pub grounds: String,
}

/// Why an appeal was not opened or decided.
#[derive(Debug, thiserror::Error)]
pub enum AppealError {
    /// A field is too long or empty.
    #[error("{field} must have 1 to {max} bytes")]
    Length {
        /// Which.
        field: &'static str,
        /// How many it may have.
        max: usize,
    },
    /// There is nothing to appeal against.
    #[error("this play is not kept back: its status is {0}")]
    NotKeptBack(Status),
    /// There is nothing to appeal against.
    #[error("no play of {track_id} in {period} is held or excluded")]
    NothingKeptBack {
        /// The month.
        period: Period,
        /// The recording.
        track_id: String,
    },
    /// Appeal against single plays.
    #[error("{0} plays are kept back, one appeal is about at most {PLAYS_MAX}: name single plays")]
    TooMany(usize),
    /// The listener's history doesn't fit into memory.
    #[error("the evidence of this listener has more than {0} bytes")]
    TooMuchEvidence(usize),
    /// There is none.
    #[error("there is no appeal {0}")]
    NoSuch(u64),
    /// A decision stands for good.
    #[error("appeal {number} was decided before: {}", .outcome.as_str())]
    DecidedOtherwise {
        /// Which appeal.
        number: u64,
        /// How.
        outcome: Outcome,
    },
    /// Its play can't be ruled on any more.
    #[error(
        "the key of play {play_id} is forgotten: rulings reach a play until 45 days after its key's \
         bucket ended"
    )]
    Forgotten {
        /// Which play.
        play_id: String,
    },
    /// Somebody else's appeal against the same waits.
    #[error("an appeal against this waits for a decision already")]
    Waits,
    /// The play can't be shown.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The statement can't be shown.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// The plays can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log takes no ruling.
    #[error(transparent)]
    Ruling(#[from] DecideError),
}

impl Deployment {
    /// Opens an appeal: runs the rules again on the evidence of then, and on what is known now.
    /// Where one against the same waits for a decision, that one comes back, and `false`.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn open_appeal(
        &self,
        request: AppealRequest,
        by: &str,
    ) -> Result<(Appeal, bool), AppealError> {
        check_length("appellant", &request.appellant, APPELLANT_BYTES_MAX)?;
        check_length("grounds", &request.grounds, GROUNDS_BYTES_MAX)?;
        self.settle_for_reading().await?;
        let (subject, appealed, unnamed) = match request.against {
            Against::Play(play) => self.appealed_play(play).await?,
            Against::Line { period, track_id, payee } => {
                self.appealed_line(period, track_id, payee).await?
            }
        };
        let listed = self.catalogue.store().listed_devices().await?;
        let listed: BTreeSet<String> = listed.into_iter().collect();
        let (readers, of) = (self.readers.clone(), self.applied_to());
        let examined = apart(&*self.drive, move || examine(&readers, &of, &appealed, &listed));
        let plays = examined.await.ok_or_else(ReadError::broken_off)??;
        let opened = NewAppeal {
            subject,
            appellant: request.appellant,
            grounds: request.grounds,
            plays,
            unnamed,
            by: by.to_owned(),
            at: self.clock.now(),
        };
        Ok(self.appeals.open(opened).await?)
    }

    /// An appeal by its number.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn appeal(&self, number: u64) -> Result<Appeal, AppealError> {
        self.appeals.appeal(number).await?.ok_or(AppealError::NoSuch(number))
    }

    /// Up to `limit` appeals above `after`; with `waiting`, only those without a decision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn appeals(
        &self,
        after: u64,
        limit: u32,
        waiting: bool,
    ) -> Result<Vec<Appeal>, StoreError> {
        self.appeals.appeals(after, limit, waiting).await
    }

    /// Decides an appeal, for good. What is reinstated counts from now on, and its money moves
    /// with the next close. The same decision again does what was left undone of it.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn decide_appeal(
        &self,
        number: u64,
        outcome: Outcome,
        reason: &str,
        by: &str,
    ) -> Result<Appeal, AppealError> {
        check_length("reason", reason, REASON_BYTES_MAX)?;
        let appeal = self.appeal(number).await?;
        if appeal.decision.is_none() && outcome == Outcome::Reinstate {
            self.refuse_forgotten(&appeal.opened.plays).await?;
        }
        let decision = AppealDecision {
            outcome,
            reason: reason.to_owned(),
            by: by.to_owned(),
            at: self.clock.now(),
        };
        match self.appeals.decide(number, decision).await? {
            Decided::Stands(appeal) => {
                self.apply_appeal(&appeal).await?;
                self.appeal(number).await
            }
            Decided::Otherwise(appeal) => {
                let outcome = appeal.decision.map_or(outcome, |decision| decision.outcome);
                Err(AppealError::DecidedOtherwise { number, outcome })
            }
            Decided::NoSuch => Err(AppealError::NoSuch(number)),
        }
    }

    /// Does what is left undone of decisions.
    ///
    /// # Errors
    /// [`AppealError`] of the first that can't be done.
    pub async fn apply_appeals(&self) -> Result<(), AppealError> {
        for appeal in self.appeals.unapplied(UNDONE_AT_A_TICK).await? {
            self.apply_appeal(&appeal).await?;
        }
        Ok(())
    }

    /// Rules on the plays of a decided appeal, once; ruling the same again changes nothing.
    async fn apply_appeal(&self, appeal: &Appeal) -> Result<(), AppealError> {
        let Some(decision) = &appeal.decision else { return Ok(()) };
        if appeal.applied_at.is_some() {
            return Ok(());
        }
        if decision.outcome == Outcome::Reinstate {
            let note = appeal_ruling(appeal.number, &decision.reason);
            for play in &appeal.opened.plays {
                self.rule(&reference(play), Ruling::Reinstate, &decision.by, &note).await?;
            }
        }
        Ok(self.appeals.applied(appeal.number, self.clock.now()).await?)
    }

    async fn refuse_forgotten(&self, plays: &[AppealedPlay]) -> Result<(), AppealError> {
        for play in plays {
            match self.locate(&reference(play)).await {
                Ok(_) => {}
                Err(PlayError::NotFound) => {
                    return Err(AppealError::Forgotten { play_id: play.play_id.clone() });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn appealed_play(
        &self,
        play: PlayRef,
    ) -> Result<(AppealSubject, Vec<Appealed>, u64), AppealError> {
        let located = self.locate(&play).await?;
        let view = self.view(&located)?;
        if !matches!(view.status, Status::Held | Status::Excluded) {
            return Err(AppealError::NotKeptBack(view.status));
        }
        // What the listener is called in the logs: a name that can be erased must not stay here.
        let user_id = located.user.to_string();
        let subject = AppealSubject::Play {
            source: view.source.clone(),
            user_id: user_id.clone(),
            play_id: play.play_id.clone(),
        };
        let appealed = Appealed {
            partition: located.partition,
            source: view.source,
            user_id,
            play_id: play.play_id,
        };
        Ok((subject, vec![appealed], 0))
    }

    async fn appealed_line(
        &self,
        period: Period,
        track_id: String,
        payee: String,
    ) -> Result<(AppealSubject, Vec<Appealed>, u64), AppealError> {
        let (readers, of) = (self.readers.clone(), self.applied_to());
        let track = track_id.clone();
        let found = apart(&*self.drive, move || {
            let (mut named, mut unnamed) = (Vec::new(), 0);
            for applied in of {
                let kept_back = &[Status::Held, Status::Excluded];
                let standing =
                    readers.standing_at(applied.partition, applied.plays_bytes, kept_back)?;
                for bytes in standing.values() {
                    let play = PlayRecord::decode(bytes).expect("it was just encoded");
                    if play.track.as_str() != track || !period.holds(play.started_at) {
                        continue;
                    }
                    match named_play(&play, applied.partition) {
                        Some(play) => named.push(play),
                        None => unnamed += 1,
                    }
                }
            }
            Ok::<_, ReadError>((named, unnamed))
        });
        let (named, unnamed) = found.await.ok_or_else(ReadError::broken_off)??;
        if named.is_empty() {
            return Err(AppealError::NothingKeptBack { period, track_id });
        }
        if named.len() > PLAYS_MAX {
            return Err(AppealError::TooMany(named.len()));
        }
        let period = period.to_string();
        Ok((AppealSubject::StatementLine { period, track_id, payee }, named, unnamed))
    }
}

fn named_play(play: &PlayRecord<'_>, partition: PartitionId) -> Option<Appealed> {
    Some(Appealed {
        partition,
        source: play.identity.source.as_str().to_owned(),
        user_id: play.identity.user?.as_str().to_owned(),
        play_id: play.identity.key.play_id()?.as_str().to_owned(),
    })
}

fn reference(play: &AppealedPlay) -> PlayRef {
    PlayRef {
        source: Some(play.source.clone()),
        user_id: play.user_id.clone(),
        play_id: play.play_id.clone(),
    }
}

fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), AppealError> {
    if (1..=max).contains(&text.len()) { Ok(()) } else { Err(AppealError::Length { field, max }) }
}
