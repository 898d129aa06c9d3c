//! Whose a recording, a work, a release or a play is: what somebody sees who is bound to parties.
//!
//! A recording is of its label, of those credited on it, of the writers of its works, and of whoever
//! holds or held a share of one of its rights, on whatever day. What is of nobody in particular, or
//! what the catalogue of rights doesn't know, such a caller doesn't see.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ledgerline_catalog::{Catalogue, RecordingNo, Right, WorkNo};
use ledgerline_royalty::statement::Statement;

use super::Caller;
use crate::Deployment;
use crate::money::close::reading::ClosedMonth;
use crate::money::close::{CloseError, ExplainPlayError, ExplainedPlay};
use crate::plays::{PlayError, PlayRef, PlayView};
use crate::ports::StoreError;

/// What a caller sees.
pub enum Own {
    /// Everything.
    Everything,
    /// What is of these parties.
    Of(OwnParties),
}

/// Parties, and what the catalogue of rights says is theirs.
pub struct OwnParties {
    parties: Vec<String>,
    catalogue: Arc<Catalogue>,
    /// Recordings that were looked at: plays of one come in thousands.
    known: Mutex<BTreeMap<String, bool>>,
}

impl Own {
    /// Whether this party is the caller's.
    #[must_use]
    pub fn party(&self, party: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.has(party),
        }
    }

    /// Whether the recording of this track id is.
    #[must_use]
    pub fn track(&self, track_id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.track(track_id),
        }
    }

    /// Whether the work is: by its writers or shares. A recording of it doesn't make it so.
    #[must_use]
    pub fn work(&self, work_id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.catalogue.find_work(work_id).is_some_and(|work| own.work(work)),
        }
    }

    /// Whether the release is: by its label, or by one of its recordings.
    #[must_use]
    pub fn release(&self, release_id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.catalogue.find_release(release_id).is_some_and(|release| {
                let release = own.catalogue.release(release);
                release.label.is_some_and(|label| own.has(&label))
                    || release.tracks.iter().any(|track| own.track(track))
            }),
        }
    }
}

impl OwnParties {
    fn has(&self, party: &str) -> bool {
        self.parties.iter().any(|own| own == party)
    }

    fn track(&self, track_id: &str) -> bool {
        let mut known = self.known.lock().expect("no holder panics");
        if let Some(known) = known.get(track_id) {
            return *known;
        }
        let found = self.catalogue.find_recording(track_id);
        let own = found.is_some_and(|recording| self.recording(recording));
        known.insert(track_id.to_owned(), own);
        own
    }

    fn recording(&self, recording: RecordingNo) -> bool {
        let catalogue = &self.catalogue;
        let has = |party| self.has(catalogue.party_id(party));
        catalogue.label_of(recording).is_some_and(has)
            || catalogue.artists_of(recording).any(|(party, _)| has(party))
            || self.holds(Right::Master, catalogue.track_id(recording))
            // Works whose parts can't be computed are nobody's: a close refuses them by name.
            || catalogue
                .works_of(recording)
                .is_ok_and(|works| works.into_iter().any(|(work, _)| self.work(work)))
    }

    fn work(&self, work: WorkNo) -> bool {
        let id = self.catalogue.work_id(work);
        self.catalogue.work(work).writers.iter().any(|writer| self.has(&writer.party))
            || self.holds(Right::Mechanical, id)
            || self.holds(Right::Performance, id)
    }

    fn holds(&self, right: Right, of: &str) -> bool {
        let shares = self.catalogue.shares(right, of);
        shares.is_some_and(|set| set.shares.iter().any(|share| self.has(&share.holder)))
    }
}

impl ClosedMonth {
    /// The statements of these payees, which are sorted, behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn statements_of(
        &self,
        payees: &[String],
        after: &str,
        limit: usize,
    ) -> Result<Vec<Statement>, CloseError> {
        let mut found = Vec::new();
        for payee in payees.iter().filter(|payee| payee.as_str() > after) {
            if found.len() == limit {
                break;
            }
            match self.statement(payee) {
                Err(CloseError::NotFound(_)) => {}
                statement => found.push(statement?),
            }
        }
        Ok(found)
    }
}

impl Deployment {
    /// What a caller sees, by the catalogue of rights as it is now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own(&self, caller: &Caller) -> Result<Own, StoreError> {
        let Some(parties) = caller.parties.clone() else { return Ok(Own::Everything) };
        let catalogue = self.money().rights().now().await?;
        Ok(Own::Of(OwnParties { parties, catalogue, known: Mutex::default() }))
    }

    /// A play, where the caller sees it: its recording is the caller's, or it has a part in a line
    /// of the caller's. Any other is not found, and of sources that have such a play only those
    /// count whose play the caller sees. Who is bound to parties isn't told the device.
    ///
    /// # Errors
    /// [`ExplainPlayError`].
    pub async fn own_play(&self, own: &Own, play: &PlayRef) -> Result<PlayView, ExplainPlayError> {
        let Own::Of(_) = own else { return Ok(self.play(play).await?) };
        let sources = match self.play(play).await {
            Ok(view) => return self.seen(own, play, view).await?.ok_or_else(not_found),
            Err(PlayError::Ambiguous { sources }) => sources,
            Err(error) => return Err(error.into()),
        };
        let mut seen = Vec::new();
        for source in sources {
            let named = PlayRef { source: Some(source), ..play.clone() };
            let view = self.play(&named).await?;
            seen.extend(self.seen(own, &named, view).await?);
        }
        match seen.len() {
            0 => Err(not_found()),
            1 => Ok(seen.remove(0)),
            _ => {
                let sources = seen.into_iter().map(|view| view.source).collect();
                Err(PlayError::Ambiguous { sources }.into())
            }
        }
    }

    /// What a play caused, where the caller sees the play: its recording is the caller's, or one
    /// of the lines is.
    ///
    /// # Errors
    /// [`ExplainPlayError`].
    pub async fn explain_own_money_of(
        &self,
        own: &Own,
        play: &PlayRef,
    ) -> Result<ExplainedPlay, ExplainPlayError> {
        let Own::Of(_) = own else { return self.explain_money_of(play).await };
        let view = self.own_play(own, play).await?;
        let named = PlayRef { source: Some(view.source), ..play.clone() };
        let mut explained = self.explain_money_of(&named).await?;
        explained.lines.retain(|line| own.party(&line.payee));
        explained.play.device_id = None;
        Ok(explained)
    }

    async fn seen(
        &self,
        own: &Own,
        play: &PlayRef,
        view: PlayView,
    ) -> Result<Option<PlayView>, ExplainPlayError> {
        let mut seen = own.track(&view.track_id);
        if !seen {
            // By an agreement somebody is paid for a recording that doesn't name him.
            let lines = self.explain_money_of(play).await?.lines;
            seen = lines.iter().any(|line| own.party(&line.payee));
        }
        Ok(seen.then_some(PlayView { device_id: None, ..view }))
    }
}

fn not_found() -> ExplainPlayError {
    PlayError::NotFound.into()
}
