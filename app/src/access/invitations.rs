//! Letting people in: an invitation has a secret that opens one session, once.

use std::time::Duration;

use ledgerline_ids::{PartyId, UnixMs};

use super::accounts::checked_plan;
use super::{Access, Caller, hash_of, id_and_secret};
use crate::ports::accounts::Subscription;
use crate::ports::sign_in::{Invitation, NewInvitation, Role};
use crate::ports::{Random, Scope, StoreError};

/// The most days that an invitation may wait.
pub const DAYS_MAX: u32 = 30;
/// How many it waits where nobody says.
pub const DAYS_DEFAULT: u32 = 7;
/// The most parties of an invitation.
pub const PARTIES_MAX: usize = 64;
/// The most bytes of a note.
pub const NOTE_BYTES_MAX: usize = 500;
/// The most invitations that wait at once.
pub const OPEN_MAX: u32 = 1000;
/// So many are listed, the newest.
pub const LISTED_MAX: u32 = 1000;

/// Who is to be let in.
#[derive(Debug, Clone)]
pub struct InvitationRequest {
    /// As what.
    pub role: Role,
    /// To see the things of whom, where the role is bound; of nobody in particular otherwise.
    pub parties: Vec<String>,
    /// What whoever invites wants to remember.
    pub note: String,
    /// After how many days the invitation opens nothing any more.
    pub days: u32,
    /// With which plan, where it isn't that of new accounts.
    pub subscription: Option<Subscription>,
}

/// An invitation that was made. The secret is shown once and stored nowhere.
#[derive(Debug, Clone)]
pub struct MadeInvitation {
    /// What was stored.
    pub invited: NewInvitation,
    /// The secret itself.
    pub secret: String,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// A bound role without a party would see nothing.
    #[error("a {} sees the things of parties: name at least one", .0.as_str())]
    NoParties(Role),
    /// A role that sees everything, or nothing, has no parties.
    #[error("{} sees the things of no parties in particular: leave them out", .0.as_str())]
    Parties(Role),
    /// The plan contradicts itself.
    #[error("a student's plan needs an end that is ahead; a family's member has none of its own")]
    Plan,
    /// Too many parties at once.
    #[error("an invitation names at most {PARTIES_MAX} parties")]
    TooManyParties,
    /// A party's id isn't one.
    #[error("the party {0:?} is not valid: it {1}")]
    Party(String, ledgerline_ids::IdError),
    /// The note is too long, or would confuse a terminal.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes, and no control characters")]
    Note,
    /// It would wait for too long, or not at all.
    #[error("an invitation waits for 1 to {DAYS_MAX} days")]
    Days,
    /// Whoever invites could not do what the guest could.
    #[error("who invites must be able to do what the guest may; {} is lacking", .0.as_str())]
    Beyond(Scope),
    /// So many wait already.
    #[error("{OPEN_MAX} invitations wait already; revoke some first")]
    TooManyOpen,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Access {
    /// Makes an invitation in the caller's name.
    ///
    /// # Errors
    /// [`InvitationError`].
    pub async fn invite(
        &self,
        request: InvitationRequest,
        by: &Caller,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<MadeInvitation, InvitationError> {
        let InvitationRequest { role, mut parties, note, days, subscription } = request;
        parties.sort_unstable();
        parties.dedup();
        if !role.goes_with(&parties) {
            let lacks = parties.is_empty();
            let wrong = if lacks { InvitationError::NoParties } else { InvitationError::Parties };
            return Err(wrong(role));
        }
        let subscription = match subscription.map(|it| checked_plan(it, now)) {
            None => None,
            Some(Ok(subscription)) => Some(subscription),
            Some(Err(_)) => return Err(InvitationError::Plan),
        };
        if parties.len() > PARTIES_MAX {
            return Err(InvitationError::TooManyParties);
        }
        for party in &parties {
            PartyId::new(party).map_err(|error| InvitationError::Party(party.clone(), error))?;
        }
        if note.len() > NOTE_BYTES_MAX || note.chars().any(char::is_control) {
            return Err(InvitationError::Note);
        }
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(InvitationError::Days);
        }
        if let Some(lacking) = role.scopes().iter().find(|scope| !by.may(**scope)) {
            return Err(InvitationError::Beyond(*lacking));
        }
        let (id, secret) = id_and_secret(random);
        let secret = format!("lli_{secret}");
        let waits = Duration::from_secs(u64::from(days) * 24 * 3600);
        let invited = NewInvitation {
            id: format!("inv_{id}"),
            secret_hash: hash_of(&secret),
            role,
            parties,
            note,
            subscription,
            created_by: by.id.clone(),
            created_at: now,
            expires_at: now.plus(u64::try_from(waits.as_millis()).unwrap_or(u64::MAX)),
        };
        if !self.sign_ins.invite(invited.clone(), OPEN_MAX).await? {
            return Err(InvitationError::TooManyOpen);
        }
        Ok(MadeInvitation { invited, secret })
    }

    /// The newest invitations, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.sign_ins.invitations(LISTED_MAX).await
    }

    /// The invitation with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(&self, id: &str) -> Result<Option<Invitation>, StoreError> {
        self.sign_ins.invitation(id).await
    }

    /// Revokes an invitation and ends its session; says whether there was one to revoke.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_invitation(&self, id: &str, now: UnixMs) -> Result<bool, StoreError> {
        self.sign_ins.revoke_invitation(id, now).await
    }
}
