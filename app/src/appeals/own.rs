//! Appeals of somebody who sees only what is of certain parties.
//!
//! Such a caller sees the appeals that came by an invitation for one of its parties, and those
//! against lines of their statements. Two who share a recording don't read each other's grounds.

use std::collections::BTreeMap;

use super::{Against, AppealError, AppealRequest};
use crate::Deployment;
use crate::access::Caller;
use crate::access::own::Own;
use crate::money::close::{CloseError, ExplainPlayError};
use crate::plays::PlayRef;
use crate::ports::StoreError;
use crate::ports::appeals::{Appeal, AppealSubject};

/// So many appeals are looked at together.
const AT_ONCE: u32 = 100;

impl Deployment {
    /// Up to `limit` of the caller's appeals above `after`; with `waiting`, only those without a
    /// decision.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn appeals_of(
        &self,
        caller: &Caller,
        mut after: u64,
        limit: u32,
        waiting: bool,
    ) -> Result<Vec<Appeal>, AppealError> {
        if caller.parties.is_none() {
            return Ok(self.appeals(after, limit, waiting).await?);
        }
        let mut asked = Asked::default();
        let mut own = Vec::new();
        loop {
            let page = self.appeals(after, AT_ONCE, waiting).await?;
            let Some(last) = page.last() else { return Ok(own) };
            after = last.number;
            for appeal in page {
                if self.is_own(caller, &appeal, &mut asked).await? {
                    own.push(appeal);
                }
                if own.len() == limit as usize {
                    return Ok(own);
                }
            }
        }
    }

    /// An appeal by its number, where the caller sees it.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn appeal_of(&self, caller: &Caller, number: u64) -> Result<Appeal, AppealError> {
        let appeal = self.appeal(number).await?;
        if self.is_own(caller, &appeal, &mut Asked::default()).await? {
            return Ok(appeal);
        }
        Err(AppealError::NoSuch(number))
    }

    /// Opens an appeal in the caller's name, against what the caller sees.
    ///
    /// # Errors
    /// [`AppealError`].
    pub async fn open_appeal_of(
        &self,
        caller: &Caller,
        mut request: AppealRequest,
    ) -> Result<(Appeal, bool), AppealError> {
        if caller.parties.is_some() {
            let own = self.own(caller).await?;
            request.against = self.own_subject(&own, request.against).await?;
        }
        let (appeal, made) = self.open_appeal(request, &caller.id).await?;
        if made || self.is_own(caller, &appeal, &mut Asked::default()).await? {
            return Ok((appeal, made));
        }
        Err(AppealError::Waits)
    }

    async fn own_subject(&self, own: &Own, against: Against) -> Result<Against, AppealError> {
        match against {
            Against::Play(play) => {
                let view = self.own_play(own, &play).await.map_err(|error| match error {
                    ExplainPlayError::Play(error) => AppealError::Play(error),
                    ExplainPlayError::Close(error) => AppealError::Close(error),
                })?;
                Ok(Against::Play(PlayRef { source: Some(view.source), ..play }))
            }
            Against::Line { period, track_id, payee } => {
                if !own.party(&payee) {
                    let why = format!("{payee} has no statement of {period}");
                    return Err(CloseError::NotFound(why).into());
                }
                if !own.track(&track_id) {
                    // By an agreement somebody is paid for a recording that doesn't name him.
                    let (whose, track) = (payee.clone(), track_id.clone());
                    let states = self.read_close(period, move |month| {
                        let unpaid = month.statement(&whose)?.unpaid;
                        Ok(unpaid.iter().any(|plays| plays.track_id == track))
                    });
                    let states = match states.await {
                        Err(CloseError::NotClosed(_) | CloseError::NotFound(_)) => false,
                        states => states?,
                    };
                    if !states {
                        return Err(AppealError::NothingKeptBack { period, track_id });
                    }
                }
                Ok(Against::Line { period, track_id, payee })
            }
        }
    }

    async fn is_own(
        &self,
        caller: &Caller,
        appeal: &Appeal,
        asked: &mut Asked,
    ) -> Result<bool, StoreError> {
        let opened = &appeal.opened;
        if caller.parties.is_none() || opened.by == caller.id {
            return Ok(true);
        }
        if let AppealSubject::StatementLine { payee, .. } = &opened.subject
            && caller.sees(payee)
        {
            return Ok(true);
        }
        if !asked.contains_key(&opened.by) {
            let parties = self.access().parties_of(&opened.by).await?;
            asked.insert(opened.by.clone(), parties);
        }
        Ok(asked[&opened.by].iter().any(|party| caller.sees(party)))
    }
}

/// Whose parties were asked for already, by the ids of invitations and accounts.
type Asked = BTreeMap<String, Vec<String>>;
