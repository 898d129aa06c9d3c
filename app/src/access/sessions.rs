//! People sign in with a secret once; then their browser has a session, until that ends.
//!
//! A session ends after [`LASTS`], after [`IDLE`] without a request, when it is ended, and when what
//! it stands on is revoked; one of somebody who only listens lasts for longer. Its secret is in a cookie that no script reads; what a script must show
//! to change anything is made of that secret, and doesn't lead back to it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ledgerline_ids::UnixMs;
use ledgerline_records::report::Producer;

use super::accounts::{AccountName, caller_of_account};
use super::passwords::{Busy, HashError};
use super::{Access, Caller, caller_of, hash_of, hex, id_and_secret};
use crate::intake::Origin;
use crate::ports::accounts::Account;
use crate::ports::sign_in::{Invitation, NewWebSession, Role, Standing, WebSession};
use crate::ports::{Random, StoreError};

/// How long a session lasts at most.
pub const LASTS: Duration = Duration::from_secs(12 * 3600);
/// How long it lasts without a request.
pub const IDLE: Duration = Duration::from_secs(2 * 3600);
/// The same of somebody who only listens: a player isn't signed into every morning.
pub const LISTENER_LASTS: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long such a session lasts without a request.
pub const LISTENER_IDLE: Duration = Duration::from_secs(30 * 24 * 3600);
/// The most sessions of an account at once; the oldest ends where one more begins.
pub const SESSIONS_PER_ACCOUNT_MAX: u32 = 16;
/// The most sessions of a key at once; the oldest ends where one more begins.
pub const SESSIONS_PER_KEY_MAX: u32 = 8;
/// That a session was seen is noted no more often than this: a note is a write.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// The most bytes of a secret that is looked at.
const SECRET_BYTES_MAX: usize = 512;

/// What somebody signs in with.
#[derive(Clone, Copy)]
pub enum SignIn<'s> {
    /// An API key.
    Key(&'s str),
    /// The secret of an invitation.
    Invitation(&'s str),
    /// An account's name and password.
    Password(&'s str, &'s str),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The secret opens nothing: it never did, or doesn't any more.
    #[error("this opens nothing: it is unknown, revoked, expired or used already")]
    Wrong,
    /// The name and the password don't belong together; or the account is disabled.
    #[error("no account has this name and this password")]
    WrongPassword,
    /// The invitation makes an account, and opens nothing without one.
    #[error("this invitation makes an account: choose a name and a password for it")]
    MakesAccount,
    /// Too many passwords are being looked at.
    #[error("too many people sign in right now; come again after {} s", .0.retry_after_s)]
    Busy(Busy),
    /// Too many tries, or too many wrong ones, from there or of that name.
    #[error("too many tries; come again after {retry_after_s} s")]
    TooMany {
        /// After how many seconds.
        retry_after_s: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy(busy) => Self::Busy(busy),
            HashError::Failed(error) => Self::Store(error),
        }
    }
}

/// What a request's session is.
#[derive(Debug, Clone)]
pub struct SessionOf {
    /// What a request that changes something has to show.
    pub csrf_token: String,
    /// When it ends if nothing more is asked.
    pub expires_at: UnixMs,
    hash: [u8; 32],
}

impl SessionOf {
    fn of(secret: &str, session: &WebSession, idle: Duration, now: UnixMs) -> Self {
        let idle = now.plus(millis(idle));
        Self {
            csrf_token: csrf_token(secret),
            expires_at: session.begun.expires_at.min(idle),
            hash: session.begun.secret_hash,
        }
    }

    pub(super) fn secret_hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Whether this is the session's token. Hashes are compared, so that the time which it takes
    /// tells nothing of the token.
    #[must_use]
    pub fn has_token(&self, shown: &str) -> bool {
        hash_of(shown) == hash_of(&self.csrf_token)
    }
}

/// A session that has begun. The secret is for the cookie, and stored nowhere.
pub struct Begun {
    /// The session's secret.
    pub secret: String,
    /// Who it is.
    pub caller: Arc<Caller>,
    /// How long it lasts at most.
    pub lasts: Duration,
}

/// How long somebody's sessions last, at most and without a request.
fn lengths(role: Option<Role>) -> (Duration, Duration) {
    match role {
        Some(Role::Listener | Role::Creator) => (LISTENER_LASTS, LISTENER_IDLE),
        _ => (LASTS, IDLE),
    }
}

impl Access {
    /// Signs somebody in who comes from this address, with this kind of browser.
    ///
    /// # Errors
    /// [`SignInError`]. Whoever is told to come again later can't know whether the secret was right, nor
    /// whether there is such a name.
    pub async fn sign_in(
        &self,
        with: SignIn<'_>,
        (from, device): (Option<IpAddr>, &str),
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, SignInError> {
        let taken = self.throttle.take(from, self.clock.elapsed());
        taken.map_err(|retry_after_s| SignInError::TooMany { retry_after_s })?;
        if let SignIn::Password(name, password) = with {
            return self.sign_in_by_password(name, password, (from, device), random, now).await;
        }
        let (_, secret) = id_and_secret(random);
        let secret = format!("lls_{secret}");
        let begun = NewWebSession {
            secret_hash: hash_of(&secret),
            created_at: now,
            expires_at: now.plus(millis(LASTS)),
        };
        let caller = match with {
            SignIn::Key(key) | SignIn::Invitation(key) if key.len() > SECRET_BYTES_MAX => None,
            SignIn::Key(key) => self.begin_with_key(key, &secret, begun).await?,
            SignIn::Invitation(invitation) => {
                let hash = hash_of(invitation);
                let begun = self.sign_ins.begin_as_guest(&hash, begun).await?;
                let guest = begun.and_then(|session| guest(&secret, &session, now));
                if guest.is_none() {
                    let found = self.sign_ins.invitation_by_hash(&hash).await?;
                    let waits = found.filter(|found| found.opens(now));
                    if waits.is_some_and(|found| found.invited.role.needs_account()) {
                        return Err(SignInError::MakesAccount);
                    }
                }
                guest
            }
            SignIn::Password(..) => unreachable!("it was taken above"),
        };
        match caller {
            Some(caller) => {
                self.throttle.succeeded(from);
                Ok(Begun { secret, caller, lasts: LASTS })
            }
            None => {
                self.throttle.failed(from, self.clock.elapsed());
                Err(SignInError::Wrong)
            }
        }
    }

    async fn sign_in_by_password(
        &self,
        name: &str,
        password: &str,
        (from, device): (Option<IpAddr>, &str),
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, SignInError> {
        // What is no name is tried like one: it takes as long, and waits as long.
        let name = AccountName::new(name).ok();
        let folded = name.as_ref().map(AccountName::folded);
        let tried = hash_of(folded.unwrap_or_default());
        let taken = self.throttle.take_name(tried, from, self.clock.elapsed());
        taken.map_err(|retry_after_s| SignInError::TooMany { retry_after_s })?;
        let found = match folded {
            Some(folded) => self.accounts.account_named(folded).await?,
            None => None,
        };
        let hash = found.as_ref().map(|account| account.made.password_hash.clone());
        let matches = self.passwords.matches(password, hash).await?;
        match found.filter(|account| matches && account.is_enabled()) {
            Some(account) => {
                self.throttle.name_succeeded(tried, from, self.clock.elapsed());
                Ok(self.begin_with_account(&account, device, random, now).await?)
            }
            None => {
                self.throttle.failed(from, self.clock.elapsed());
                Err(SignInError::WrongPassword)
            }
        }
    }

    /// Begins a session of an account that has shown who it is.
    pub(super) async fn begin_with_account(
        &self,
        account: &Account,
        device: &str,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, StoreError> {
        let (_, secret) = id_and_secret(random);
        let secret = format!("lls_{secret}");
        let (lasts, idle) = lengths(Some(account.made.role));
        let begun = NewWebSession {
            secret_hash: hash_of(&secret),
            created_at: now,
            expires_at: now.plus(millis(lasts)),
        };
        let id = &account.made.account_id;
        let most = SESSIONS_PER_ACCOUNT_MAX;
        self.sign_ins.begin_with_account(id, begun.clone(), device, most).await?;
        let standing = Standing::Account(id.clone());
        let session = WebSession { begun, standing, seen_at: now, device: device.to_owned() };
        let session = SessionOf::of(&secret, &session, idle, now);
        let caller = with_session(&caller_of_account(account, now), session);
        Ok(Begun { secret, caller, lasts })
    }

    async fn begin_with_key(
        &self,
        key: &str,
        secret: &str,
        begun: NewWebSession,
    ) -> Result<Option<Arc<Caller>>, StoreError> {
        // Not `authenticate`: what it remembers may have been revoked by another process.
        let found = self.store.find(&hash_of(key)).await?;
        let Some(credential) = found.filter(|found| found.revoked_at.is_none()) else {
            return Ok(None);
        };
        let (id, now) = (&credential.key.id, begun.created_at);
        self.sign_ins.begin_with_key(id, begun.clone(), SESSIONS_PER_KEY_MAX).await?;
        let (standing, device) = (Standing::Key(id.clone()), String::new());
        let session = WebSession { begun, standing, seen_at: now, device };
        Ok(Some(with_session(&caller_of(&credential), SessionOf::of(secret, &session, IDLE, now))))
    }

    /// Whose session this is the secret of; `None` where there is none, or where it has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(
        &self,
        secret: &str,
        now: UnixMs,
    ) -> Result<Option<Arc<Caller>>, StoreError> {
        if secret.len() > SECRET_BYTES_MAX {
            return Ok(None);
        }
        let Some(session) = self.sign_ins.session(&hash_of(secret)).await? else {
            return Ok(None);
        };
        let unseen = now.since(session.seen_at);
        if now >= session.begun.expires_at {
            return Ok(None);
        }
        let caller = match &session.standing {
            Standing::Key(id) => {
                let credential = self.store.by_id(id).await?;
                let valid = credential.filter(|credential| credential.revoked_at.is_none());
                let of = || SessionOf::of(secret, &session, IDLE, now);
                valid.map(|credential| with_session(&caller_of(&credential), of()))
            }
            Standing::Invitation(_) => guest(secret, &session, now),
            Standing::Account(id) => {
                let account = self.accounts.account(id).await?;
                let valid = account.filter(|account| {
                    account.is_enabled() && session.begun.created_at >= account.sessions_since
                });
                valid.map(|account| {
                    let (_, idle) = lengths(Some(account.made.role));
                    let of = SessionOf::of(secret, &session, idle, now);
                    with_session(&caller_of_account(&account, now), of)
                })
            }
        };
        let idle = match (&session.standing, &caller) {
            (Standing::Account(_), Some(caller)) => lengths(caller.role).1,
            _ => IDLE,
        };
        let caller = caller.filter(|_| unseen < millis(idle));
        if caller.is_some() && unseen >= millis(NOTED_EVERY) {
            // A store that can't write is no reason not to read.
            if let Err(error) = self.sign_ins.seen(&session.begun.secret_hash, now).await {
                tracing::warn!(%error, "that a session is used could not be noted");
            }
        }
        Ok(caller)
    }

    /// Ends the session that a browser had before, where it had one: it can't get back to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_session(&self, secret: &str) -> Result<(), StoreError> {
        self.sign_ins.end_session(&hash_of(secret)).await.map(drop)
    }

    /// Ends the caller's session, where it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, caller: &Caller) -> Result<(), StoreError> {
        if let Some(session) = &caller.session {
            self.sign_ins.end_session(&session.hash).await?;
        }
        Ok(())
    }
}

fn with_session(caller: &Caller, session: SessionOf) -> Arc<Caller> {
    Arc::new(Caller { session: Some(session), ..caller.clone() })
}

/// Who has a session by invitation; nobody where that was revoked.
fn guest(secret: &str, session: &WebSession, now: UnixMs) -> Option<Arc<Caller>> {
    let Standing::Invitation(invitation) = &session.standing else { return None };
    let Invitation { invited, revoked_at: None, .. } = &**invitation else { return None };
    let origin = Origin {
        source: invited.id.as_str().into(),
        producer: Producer::Trusted,
        user_prefix: None,
        key_id: invited.id.as_str().into(),
        reports_per_second: None,
        limited: true,
        listener: None,
    };
    Some(Arc::new(Caller {
        id: invited.id.clone(),
        role: Some(invited.role),
        parties: invited.role.is_bound().then(|| invited.parties.clone()),
        scopes: invited.role.scopes().to_vec(),
        origin: Arc::new(origin),
        session: Some(SessionOf::of(secret, session, IDLE, now)),
    }))
}

/// What belongs to this session's secret, and to no other's.
fn csrf_token(secret: &str) -> String {
    hex(&hash_of(&format!("ledgerline csrf token of {secret}")))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
