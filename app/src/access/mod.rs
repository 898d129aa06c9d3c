//! Who may do what, and of whose things: API keys, and people with a browser.
//!
//! A machine sends its key with each request. A person signs in once, by an account's password, by a key or
//! by an invitation, and then has a session. Of every secret only a hash is stored.
//!
//! In reading order:
//! - [`Caller`]: whoever was let in
//! - [`Access`]: checks keys, makes and revokes them
//! - [`accounts`]: people who stay; [`own_account`]: what they do with theirs; [`passwords`]
//! - [`set_up`]: how the first account comes to be, and what an administrator sets
//! - [`invitations`]: letting people in
//! - [`sessions`]: their sessions, and how those end
//! - [`own`]: what is whose
//! - [`throttle`]: those who guess wait

pub mod accounts;
pub mod invitations;
pub mod own;
pub mod own_account;
pub mod passwords;
pub mod sessions;
pub mod set_up;
mod throttle;

use ledgerline_ids::{SourceName, UnixMs};
use ledgerline_records::report::Producer;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::intake::Origin;
use crate::ports::accounts::ACCOUNTS;
use crate::ports::sign_in::Role;
use crate::ports::{
    AccountStore, Clock, Credential, CredentialStore, DeploymentSettings, Drive, NewCredential,
    Random, Scope, SignInStore, StoreError,
};
use accounts::Listener;
use passwords::Passwords;
use sessions::SessionOf;
use throttle::Throttle;

/// Whoever was let in: by a key, or by a session.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The public name of the key, of the account or of the invitation.
    pub id: String,
    /// What a person is here; nothing for a key.
    pub role: Option<Role>,
    /// The parties whose things the caller sees, sorted; without them everything. What is of
    /// others, such a caller must not be able to tell from what doesn't exist.
    pub parties: Option<Vec<String>>,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// What its reports are stamped with.
    pub origin: Arc<Origin>,
    /// The session that the request has, where it has one.
    pub session: Option<SessionOf>,
}

impl Caller {
    /// Who listens, where it is an account: what its plays are stamped with, whatever its player says.
    #[must_use]
    pub fn listener(&self) -> Option<&Listener> {
        self.origin.listener.as_deref()
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it sees what is of this party.
    #[must_use]
    pub fn sees(&self, party: &str) -> bool {
        self.parties.as_ref().is_none_or(|parties| parties.iter().any(|own| own == party))
    }

    /// Whether it sees what is of any of these parties; what is of nobody only where it sees all.
    #[must_use]
    pub fn sees_any<'p>(&self, parties: impl IntoIterator<Item = &'p str>) -> bool {
        self.parties.is_none() || parties.into_iter().any(|party| self.sees(party))
    }
}

/// What a new key is to be.
#[derive(Debug, Clone, Default)]
pub struct KeyRequest {
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The source that its reports are stamped with; its own id where none is named.
    pub source: Option<String>,
    /// The prefix that its users must have, if any.
    pub user_prefix: Option<String>,
    /// The most reports a second, where it has a limit of its own.
    pub reports_per_second: Option<u32>,
}

/// A new key. The secret is shown once and stored nowhere.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The credential's public name.
    pub id: String,
    /// The source that its reports are stamped with.
    pub source: String,
    /// The key itself.
    pub secret: String,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The source's name isn't one.
    #[error("the source {0:?} is not valid: it {1}")]
    Source(String, ledgerline_ids::IdError),
    /// The source's name is kept for imports, replays and accounts.
    #[error(
        "a source may not begin with \"import:\" or \"replay:\", which are backfills' own, nor be \"{ACCOUNTS}\""
    )]
    ReservedSource,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sources whose name begins with one of these are backfills: they are never a key's.
pub const BACKFILL_PREFIXES: [&str; 2] = ["import:", "replay:"];

/// How long a key that was found is believed without asking again. A key that is revoked by
/// another process works this long after.
const BELIEVED: Duration = Duration::from_secs(5);
/// How many keys are remembered; beyond it all are asked for again.
const REMEMBERED_MAX: usize = 10_000;

type Remembered = BTreeMap<[u8; 32], (Duration, Option<Arc<Caller>>)>;

/// Checks who somebody is, and lets people in.
pub struct Access {
    store: Arc<dyn CredentialStore>,
    sign_ins: Arc<dyn SignInStore>,
    accounts: Arc<dyn AccountStore>,
    settings: Arc<dyn DeploymentSettings>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    remembered: RwLock<Remembered>,
    throttle: Throttle,
}

/// What the way in is made of.
pub struct AccessParts {
    /// Keys.
    pub credentials: Arc<dyn CredentialStore>,
    /// Invitations and sessions.
    pub sign_ins: Arc<dyn SignInStore>,
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// What an administrator has set.
    pub settings: Arc<dyn DeploymentSettings>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What passwords are hashed on.
    pub drive: Arc<dyn Drive>,
}

impl Access {
    /// Over these stores.
    #[must_use]
    pub fn new(parts: AccessParts) -> Self {
        let AccessParts { credentials: store, sign_ins, accounts, settings, clock, drive } = parts;
        let (passwords, throttle) = (Passwords::new(drive), Throttle::default());
        let remembered = RwLock::default();
        Self { store, sign_ins, accounts, settings, clock, passwords, remembered, throttle }
    }

    /// Who a key or an app password is; `None` for one that is unknown or revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Arc<Caller>>, StoreError> {
        let hash = hash_of(secret);
        let now = self.clock.elapsed();
        if let Some((at, caller)) = self.remembered.read().expect("no holder panics").get(&hash)
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(caller.clone());
        }
        let caller = if secret.starts_with(own_account::APP_PASSWORD_PREFIX) {
            self.by_app_password(secret, self.clock.now()).await?
        } else {
            let found = self.store.find(&hash).await?;
            found.filter(|found| found.revoked_at.is_none()).map(|found| caller_of(&found))
        };
        let mut remembered = self.remembered.write().expect("no holder panics");
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, (now, caller.clone()));
        Ok(caller)
    }

    /// Who an app password is, where it is of the account with this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authenticate_named(
        &self,
        name: &str,
        secret: &str,
    ) -> Result<Option<Arc<Caller>>, StoreError> {
        let Ok(name) = accounts::AccountName::new(name) else { return Ok(None) };
        let caller = self.authenticate(secret).await?;
        let is_named = |caller: &Arc<Caller>| {
            caller.listener().is_some_and(|listener| listener.folded == name.folded())
        };
        Ok(caller.filter(is_named))
    }

    /// Asks again for whoever was let in before.
    pub(crate) fn forget_remembered(&self) {
        self.remembered.write().expect("no holder panics").clear();
    }

    /// Removes what is left of erased accounts.
    pub(crate) async fn sweep(&self) -> Result<u64, StoreError> {
        let swept = self.accounts.sweep().await?;
        self.forget_remembered();
        Ok(swept)
    }

    /// Where accounts are kept.
    #[must_use]
    pub fn account_store(&self) -> &Arc<dyn AccountStore> {
        &self.accounts
    }

    /// Where what an administrator has set is kept.
    #[must_use]
    pub fn settings(&self) -> &Arc<dyn DeploymentSettings> {
        &self.settings
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn create(
        &self,
        request: KeyRequest,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<NewKey, KeyError> {
        let (id, secret) = id_and_secret(random);
        let (id, secret) = (format!("key_{id}"), format!("ll_{secret}"));
        let source = request.source.unwrap_or_else(|| id.clone());
        SourceName::new(&source).map_err(|error| KeyError::Source(source.clone(), error))?;
        let is_backfill = BACKFILL_PREFIXES.iter().any(|prefix| source.starts_with(prefix));
        if is_backfill || source == ACCOUNTS {
            return Err(KeyError::ReservedSource);
        }
        let mut scopes = request.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        self.store
            .add(NewCredential {
                id: id.clone(),
                secret_hash: hash_of(&secret),
                scopes,
                source: source.clone(),
                user_prefix: request.user_prefix,
                reports_per_second: request.reports_per_second,
                created_at: now,
            })
            .await?;
        Ok(NewKey { id, source, secret })
    }

    /// Revokes a key, here at once, and ends its sessions; says whether there was one to revoke.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(&self, id: &str, now: UnixMs) -> Result<bool, StoreError> {
        let revoked = self.store.revoke(id, now).await?;
        self.forget_remembered();
        // Only tidiness: a session of a revoked key opens nothing, whether it is there or not.
        self.sign_ins.end_sessions_of_key(id).await?;
        Ok(revoked)
    }

    /// Where credentials are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn CredentialStore> {
        &self.store
    }
}

fn caller_of(credential: &Credential) -> Arc<Caller> {
    let key = &credential.key;
    Arc::new(Caller {
        id: key.id.clone(),
        role: None,
        parties: None,
        session: None,
        scopes: key.scopes.clone(),
        origin: Arc::new(Origin {
            source: key.source.as_str().into(),
            producer: Producer::Trusted,
            user_prefix: key.user_prefix.as_deref().map(Into::into),
            key_id: key.id.as_str().into(),
            reports_per_second: key.reports_per_second,
            limited: true,
            listener: None,
        }),
    })
}

/// A short public name, and a secret of 256 random bits; both in hexadecimal.
fn id_and_secret(random: &dyn Random) -> (String, String) {
    let mut bytes = [0; 40];
    random.fill(&mut bytes);
    let (id, secret) = bytes.split_at(8);
    (hex(id), hex(secret))
}

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}
