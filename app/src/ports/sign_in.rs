//! How people get in: invitations, and the sessions of their browsers.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::accounts::Subscription;
use super::{Scope, StoreError};

/// What a person is to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who listens, and nothing else.
    Listener,
    /// Who listens, and brings what is heard: sees what is its own, once a party is named.
    Creator,
    /// Who is credited or paid: sees what is its own.
    RightsHolder,
    /// Who holds rights for others: sees what is its own.
    Label,
    /// Who brings revenue and contracts, closes months, and decides what waits.
    Finance,
    /// Who lets others in.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Listener,
        Self::Creator,
        Self::RightsHolder,
        Self::Label,
        Self::Finance,
        Self::Admin,
    ];

    /// The role's name, as a person types it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Creator => "creator",
            Self::RightsHolder => "rights_holder",
            Self::Label => "label",
            Self::Finance => "finance",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn from_word(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether who has it sees only what is of certain parties; a listener sees nobody's.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(self, Self::Listener | Self::Creator | Self::RightsHolder | Self::Label)
    }

    /// Whether these can be the parties of who has it.
    #[must_use]
    pub fn goes_with(self, parties: &[String]) -> bool {
        match self {
            Self::Creator => true,
            Self::RightsHolder | Self::Label => !parties.is_empty(),
            Self::Listener | Self::Finance | Self::Admin => parties.is_empty(),
        }
    }

    /// Whether nobody is this without an account: what such a person does is a listener's.
    #[must_use]
    pub fn needs_account(self) -> bool {
        matches!(self, Self::Listener | Self::Creator)
    }

    /// What who has it may do without an account, sorted. With one, everybody may play too.
    #[must_use]
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Listener => &[],
            Self::Creator | Self::RightsHolder | Self::Label => {
                &[Scope::CountsRead, Scope::AppealsWrite, Scope::RoyaltyRead, Scope::LedgerRead]
            }
            Self::Finance => &[
                Scope::CountsRead,
                Scope::AdjudicationWrite,
                Scope::FraudWrite,
                Scope::AppealsWrite,
                Scope::RoyaltyRead,
                Scope::RoyaltyWrite,
                Scope::LedgerRead,
            ],
            Self::Admin => &[
                Scope::CountsRead,
                Scope::AdjudicationWrite,
                Scope::FraudWrite,
                Scope::AppealsWrite,
                Scope::RoyaltyRead,
                Scope::RoyaltyWrite,
                Scope::LedgerRead,
                Scope::PrivacyWrite,
                Scope::AccessWrite,
            ],
        }
    }
}

/// An invitation to be stored. The secret itself never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// A short public name, unique: `inv_…`.
    pub id: String,
    /// SHA-256 of the secret, which has 256 random bits.
    pub secret_hash: [u8; 32],
    /// What the guest is to be.
    pub role: Role,
    /// Whose things the guest sees, where the role is bound; sorted, each a valid party's id.
    pub parties: Vec<String>,
    /// What whoever invites wants to remember.
    pub note: String,
    /// The plan of the account that it makes; that of new accounts where none is named.
    pub subscription: Option<Subscription>,
    /// Who invites: the name of a key, of an account or of another invitation.
    pub created_by: String,
    /// When.
    pub created_at: UnixMs,
    /// From when on it opens nothing.
    pub expires_at: UnixMs,
}

/// A stored invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What was stored.
    pub invited: NewInvitation,
    /// When it was used, if it was.
    pub used_at: Option<UnixMs>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<UnixMs>,
}

impl Invitation {
    /// Whether it opens a session at this instant.
    #[must_use]
    pub fn opens(&self, now: UnixMs) -> bool {
        self.used_at.is_none() && self.revoked_at.is_none() && now < self.invited.expires_at
    }
}

/// What a session stands on: it lasts no longer than that is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The key with this id.
    Key(String),
    /// This invitation.
    Invitation(Box<Invitation>),
    /// The account with this id.
    Account(String),
}

/// A session to be stored. The secret in its cookie never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebSession {
    /// SHA-256 of the secret, which has 256 random bits.
    pub secret_hash: [u8; 32],
    /// When it began.
    pub created_at: UnixMs,
    /// From when on it opens nothing, however it is used.
    pub expires_at: UnixMs,
}

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSession {
    /// What was stored.
    pub begun: NewWebSession,
    /// What it stands on.
    pub standing: Standing,
    /// When it was last seen, as far as that was noted.
    pub seen_at: UnixMs,
    /// The kind of browser that it is of, as far as it said; empty where an account isn't asked for it.
    pub device: String,
}

/// Where invitations and sessions are kept.
#[async_trait]
pub trait SignInStore: Send + Sync + 'static {
    /// Stores an invitation, durably; false where `open_max` others are open when it is made.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn invite(&self, invitation: NewInvitation, open_max: u32) -> Result<bool, StoreError>;

    /// Invitations, newest first, at most so many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn invitations(&self, limit: u32) -> Result<Vec<Invitation>, StoreError>;

    /// The invitation with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn invitation(&self, id: &str) -> Result<Option<Invitation>, StoreError>;

    /// Revokes an invitation, used or not, and ends its session; says whether there was one that
    /// wasn't revoked before.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revoke_invitation(&self, id: &str, at: UnixMs) -> Result<bool, StoreError>;

    /// The invitation whose secret has this hash, whether or not it opens anything.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn invitation_by_hash(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError>;

    /// How many invitations into a family are open.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_into_family(&self, owner_id: &str, now: UnixMs) -> Result<u32, StoreError>;

    /// Uses the invitation whose secret has this hash, for this session: both or neither. `None`
    /// where it doesn't open when the session begins, or is for an account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn begin_as_guest(
        &self,
        invitation_hash: &[u8; 32],
        session: NewWebSession,
    ) -> Result<Option<WebSession>, StoreError>;

    /// Stores a session of a key. Where the key has `sessions_max` already, its oldest ends; and
    /// whatever has expired by then, of everybody, is removed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn begin_with_key(
        &self,
        key_id: &str,
        session: NewWebSession,
        sessions_max: u32,
    ) -> Result<(), StoreError>;

    /// The same for an account, with the kind of browser that it is of.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn begin_with_account(
        &self,
        account_id: &str,
        session: NewWebSession,
        device: &str,
        sessions_max: u32,
    ) -> Result<(), StoreError>;

    /// The sessions of an account, the newest first, expired or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sessions_of_account(&self, account_id: &str) -> Result<Vec<WebSession>, StoreError>;

    /// Ends an account's sessions that began before this; says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_sessions_of_account(
        &self,
        account_id: &str,
        before: UnixMs,
    ) -> Result<u64, StoreError>;

    /// The session whose secret has this hash, expired or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn session(&self, secret_hash: &[u8; 32]) -> Result<Option<WebSession>, StoreError>;

    /// Notes when a session was seen; nothing where there is none, or where it was seen later.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn seen(&self, secret_hash: &[u8; 32], at: UnixMs) -> Result<(), StoreError>;

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_session(&self, secret_hash: &[u8; 32]) -> Result<bool, StoreError>;

    /// Ends every session of a key; says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_sessions_of_key(&self, key_id: &str) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
            assert!(role.scopes().is_sorted(), "{role:?}");
            assert!(!role.scopes().contains(&Scope::ReportsWrite), "{role:?} alone is no player");
            let lets_in = role.scopes().contains(&Scope::AccessWrite);
            assert_eq!(lets_in, role == Role::Admin, "{role:?}");
        }
        assert_eq!(Role::from_word("key"), None);
    }
}
