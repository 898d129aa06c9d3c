//! API keys: who may do what, in whose name.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::StoreError;

/// What a credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Scope {
    /// Send playback reports.
    #[serde(rename = "reports:write")]
    ReportsWrite,
    /// Read counts, plays, conservation, adjudication and fraud lists.
    #[serde(rename = "counts:read")]
    CountsRead,
    /// Decide plays that came too late or too early.
    #[serde(rename = "adjudication:write")]
    AdjudicationWrite,
    /// Hold, exclude and reinstate plays.
    #[serde(rename = "fraud:write")]
    FraudWrite,
    /// Appeal against plays that are kept back.
    #[serde(rename = "appeals:write")]
    AppealsWrite,
    /// Read the catalogue of rights, revenue and what becomes of it.
    #[serde(rename = "royalty:read")]
    RoyaltyRead,
    /// Bring revenue, and decide what becomes of it.
    #[serde(rename = "royalty:write")]
    RoyaltyWrite,
    /// Read the ledger: entries, balances, the signed head.
    #[serde(rename = "ledger:read")]
    LedgerRead,
    /// Export and erase a person.
    #[serde(rename = "privacy:write")]
    PrivacyWrite,
    /// Let people in, and put them out.
    #[serde(rename = "access:write")]
    AccessWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 10] = [
        Self::ReportsWrite,
        Self::CountsRead,
        Self::AdjudicationWrite,
        Self::FraudWrite,
        Self::AppealsWrite,
        Self::RoyaltyRead,
        Self::RoyaltyWrite,
        Self::LedgerRead,
        Self::PrivacyWrite,
        Self::AccessWrite,
    ];

    /// The scope's name, as a person types it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReportsWrite => "reports:write",
            Self::CountsRead => "counts:read",
            Self::AdjudicationWrite => "adjudication:write",
            Self::FraudWrite => "fraud:write",
            Self::AppealsWrite => "appeals:write",
            Self::RoyaltyRead => "royalty:read",
            Self::RoyaltyWrite => "royalty:write",
            Self::LedgerRead => "ledger:read",
            Self::PrivacyWrite => "privacy:write",
            Self::AccessWrite => "access:write",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A credential to be stored. The secret itself never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// A short public name of the credential, unique: `key_…`.
    pub id: String,
    /// SHA-256 of the secret. The secret has 256 random bits, so a plain hash is enough.
    pub secret_hash: [u8; 32],
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// The source that its reports are stamped with.
    pub source: String,
    /// The prefix that the users of its reports must have, if any.
    pub user_prefix: Option<String>,
    /// The most reports a second that it may send, if it has a limit of its own.
    pub reports_per_second: Option<u32>,
    /// When it was made.
    pub created_at: UnixMs,
}

/// A stored credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What was stored.
    pub key: NewCredential,
    /// When it was revoked, if it was.
    pub revoked_at: Option<UnixMs>,
}

/// Where credentials are kept.
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// Stores a credential, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add(&self, credential: NewCredential) -> Result<(), StoreError>;

    /// The credential whose secret has this hash, revoked or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, secret_hash: &[u8; 32]) -> Result<Option<Credential>, StoreError>;

    /// The credential with this id, revoked or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn by_id(&self, id: &str) -> Result<Option<Credential>, StoreError>;

    /// All of them, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(&self) -> Result<Vec<Credential>, StoreError>;

    /// Revokes one; says whether there was one that wasn't revoked before.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revoke(&self, id: &str, at: UnixMs) -> Result<bool, StoreError>;
}
