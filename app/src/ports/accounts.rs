//! Accounts: people with a name, a password, a plan and a listener that the logs know them by.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;

use super::StoreError;
use super::listeners::Listener;
use super::sign_in::Role;

/// The source of everything that accounts report. It is always pseudonymised: its users are the
/// ids of accounts, and the logs have the listeners that these are tied to.
pub const ACCOUNTS: &str = "accounts";

/// What an account is entitled to, and what its plays are paid as. Who has no account has no plan
/// and hears previews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plan {
    /// Costs nothing; one active device.
    Free,
    /// One person's.
    Premium,
    /// An owner's and at most [`MEMBERS_MAX`] members'.
    Family,
    /// Premium until a day.
    Student,
}

/// The most members of a family besides its owner.
pub const MEMBERS_MAX: u32 = 5;

impl Plan {
    /// Every plan.
    pub const ALL: [Self; 4] = [Self::Free, Self::Premium, Self::Family, Self::Student];

    /// The plan's name, which is also the tier that its plays are reported with.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
            Self::Family => "family",
            Self::Student => "student",
        }
    }

    /// The plan of a name.
    #[must_use]
    pub fn from_word(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == name)
    }
}

/// A plan, until when, and through whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The plan.
    pub plan: Plan,
    /// From when on it is `free` again; a student's always has one.
    pub until: Option<UnixMs>,
    /// The account whose family this is a member of; its owner has none.
    pub family_of: Option<String>,
}

impl Subscription {
    /// A plan of its own, for good.
    #[must_use]
    pub fn of(plan: Plan) -> Self {
        Self { plan, until: None, family_of: None }
    }

    /// The plan at an instant.
    #[must_use]
    pub fn plan_at(&self, now: UnixMs) -> Plan {
        if self.until.is_some_and(|until| now >= until) { Plan::Free } else { self.plan }
    }
}

/// An account to be stored. The password itself never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// A public id, unique: `acc_…`. It says nothing of the person.
    pub account_id: String,
    /// What the logs have: random, and tied to the id in the store of listeners.
    pub listener: Listener,
    /// The name, as it was typed.
    pub name: String,
    /// The name as names are compared: unique.
    pub folded: String,
    /// Where mail reaches the person.
    pub email: Option<String>,
    /// The password's argon2id hash, as a PHC string.
    pub password_hash: String,
    /// What the person is.
    pub role: Role,
    /// Whose things it sees, where the role is of parties; sorted.
    pub parties: Vec<String>,
    /// What it may hear.
    pub subscription: Subscription,
    /// The country, ISO 3166-1 alpha-2.
    pub territory: Option<String>,
    /// When it was made.
    pub created_at: UnixMs,
}

/// A stored account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What was stored, and changed since.
    pub made: NewAccount,
    /// When it was disabled, if it is.
    pub disabled_at: Option<UnixMs>,
    /// Sessions that began before this are over.
    pub sessions_since: UnixMs,
}

impl Account {
    /// Whether it gets in.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// By what an account comes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenedBy {
    /// Somebody who may let others in, or a sign-up that is open.
    Permission,
    /// The secret that sets the deployment up, by its hash, while there is no account at all; with
    /// what is set then.
    SetUp {
        /// SHA-256 of the secret.
        secret_hash: [u8; 32],
        /// What is set: names and values.
        settings: Vec<(String, Option<String>)>,
    },
    /// An invitation, by the hash of its secret. Role, parties and plan are those that it names.
    Invitation {
        /// SHA-256 of the secret.
        secret_hash: [u8; 32],
    },
}

/// What became of an account that was to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is stored, tied to its listener.
    Added(Box<Account>),
    /// Somebody has the name.
    NameTaken,
    /// The invitation or the set-up link opens nothing: used, revoked, expired, or never made.
    OpensNothing,
    /// The family that it was to join has no place, or is none any more.
    NoPlace,
}

/// What is to be changed of an account; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Where mail reaches the person, or nowhere.
    pub email: Option<Option<String>>,
    /// What the person is, and whose things it sees.
    pub role: Option<(Role, Vec<String>)>,
    /// What it may hear.
    pub subscription: Option<Subscription>,
    /// The country, or none.
    pub territory: Option<Option<String>>,
    /// Whether it gets in. Where it doesn't, its sessions end.
    pub enabled: Option<bool>,
    /// A new password, as a PHC string. All sessions end.
    pub password_hash: Option<String>,
}

impl AccountChange {
    /// Makes the change at an instant.
    pub fn apply(&self, account: &mut Account, at: UnixMs) {
        let made = &mut account.made;
        if let Some(email) = &self.email {
            made.email.clone_from(email);
        }
        if let Some((role, parties)) = &self.role {
            made.role = *role;
            made.parties.clone_from(parties);
        }
        if let Some(subscription) = &self.subscription {
            made.subscription = subscription.clone();
        }
        if let Some(territory) = &self.territory {
            made.territory.clone_from(territory);
        }
        if let Some(hash) = &self.password_hash {
            made.password_hash.clone_from(hash);
            account.sessions_since = at;
        }
        match self.enabled {
            Some(true) => account.disabled_at = None,
            Some(false) if account.disabled_at.is_none() => {
                account.disabled_at = Some(at);
                account.sessions_since = at;
            }
            Some(false) | None => {}
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// So it stands now.
    Changed(Box<Account>),
    /// There is no such account.
    NoAccount,
    /// Nobody would be left who lets others in.
    LastAdmin,
    /// The family that it was to join has no place, or is none.
    NoPlace,
}

/// A password of one device or program, to be stored. The secret itself never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAppPassword {
    /// A public id, unique, which the secret begins with: `app_…`.
    pub id: String,
    /// Whose it is.
    pub account_id: String,
    /// SHA-256 of the secret, which has more than 128 random bits.
    pub secret_hash: [u8; 32],
    /// What its owner calls the device.
    pub label: String,
    /// When it was made.
    pub created_at: UnixMs,
}

/// A stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// What was stored.
    pub made: NewAppPassword,
    /// When it was last used, as far as that was noted.
    pub used_at: Option<UnixMs>,
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Copy)]
pub struct AccountQuery<'q> {
    /// What the folded name contains.
    pub containing: Option<&'q str>,
    /// Only those behind this folded name.
    pub after: Option<&'q str>,
    /// At most so many.
    pub limit: u32,
}

/// Where accounts are kept. An account whose tie to its listener was erased is gone: nothing here
/// finds it, and [`AccountStore::sweep`] removes what is left of it.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Stores an account and ties it to its listener, durably, and uses up what opened it: all or
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_account(
        &self,
        account: NewAccount,
        opened_by: &OpenedBy,
    ) -> Result<Added, StoreError>;

    /// The account with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn account(&self, account_id: &str) -> Result<Option<Account>, StoreError>;

    /// The account with this folded name.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn account_named(&self, folded: &str) -> Result<Option<Account>, StoreError>;

    /// Accounts, by their folded names.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn accounts(&self, query: AccountQuery<'_>) -> Result<Vec<Account>, StoreError>;

    /// The members of a family besides its owner, by their folded names.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn members_of(&self, owner_id: &str) -> Result<Vec<Account>, StoreError>;

    /// Changes an account. Where an owner's plan is a family's no more, its members are `free`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn change_account(
        &self,
        account_id: &str,
        change: &AccountChange,
        at: UnixMs,
    ) -> Result<Changed, StoreError>;

    /// Whether this is the only enabled account that lets others in.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn is_last_admin(&self, account_id: &str) -> Result<bool, StoreError>;

    /// Removes accounts that are tied to nobody, with their sessions and app passwords; their
    /// families' members are `free`. Says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sweep(&self) -> Result<u64, StoreError>;

    /// Stores an app password; false where the account has `most` already, or isn't there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_app_password(
        &self,
        password: NewAppPassword,
        most: u32,
    ) -> Result<bool, StoreError>;

    /// An account's app passwords, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn app_passwords(&self, account_id: &str) -> Result<Vec<AppPassword>, StoreError>;

    /// The app password with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn app_password(&self, id: &str) -> Result<Option<AppPassword>, StoreError>;

    /// Notes when an app password was used; nothing where there is none, or where it was used later.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn app_password_used(&self, id: &str, at: UnixMs) -> Result<(), StoreError>;

    /// Removes an account's app password; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_app_password(&self, account_id: &str, id: &str) -> Result<bool, StoreError>;
}
