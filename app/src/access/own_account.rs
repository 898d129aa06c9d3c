//! What people do with their own accounts: password, app passwords, sessions, family.

use std::sync::Arc;

use ledgerline_ids::UnixMs;

use super::accounts::{AccountError, caller_of_account};
use super::invitations::{InvitationRequest, MadeInvitation};
use super::passwords::check_password;
use super::sessions::Begun;
use super::{Access, Caller, hash_of, hex, id_and_secret};
use crate::ports::accounts::{
    Account, AccountChange, AppPassword, MEMBERS_MAX, NewAppPassword, Plan, Subscription,
};
use crate::ports::sign_in::{Role, WebSession};
use crate::ports::{Random, Scope, StoreError};

/// The most app passwords of an account.
pub const APP_PASSWORDS_MAX: u32 = 32;
/// The most characters of what a device is called.
pub const LABEL_CHARS_MAX: usize = 64;
/// What every app password begins with.
pub(super) const APP_PASSWORD_PREFIX: &str = "lla_";
/// That one was used is noted no more often than this: a note is a write.
const NOTED_EVERY_MS: u64 = 60_000;

/// An app password that was made. The secret is shown once and stored nowhere.
#[derive(Debug, Clone)]
pub struct MadeAppPassword {
    /// What was stored.
    pub made: NewAppPassword,
    /// The secret itself.
    pub secret: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// A public name, which leads back to no secret.
    pub id: String,
    /// What is stored of it.
    pub session: WebSession,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl Access {
    /// The caller's own account.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`] where the caller has none.
    pub async fn own_account(&self, caller: &Caller) -> Result<Account, AccountError> {
        let own = caller.listener().ok_or(AccountError::NoAccount)?;
        self.account(&own.account_id).await
    }

    /// Whoever is to change what protects an account must have signed in with its password: an app
    /// password is in devices that get lost.
    async fn in_person(&self, caller: &Caller) -> Result<Account, AccountError> {
        let account = self.own_account(caller).await?;
        if caller.session.is_none() { Err(AccountError::NoSession) } else { Ok(account) }
    }

    /// Changes what a person may change of its own account: where mail reaches it, and its country.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_own(
        &self,
        caller: &Caller,
        email: Option<Option<String>>,
        territory: Option<Option<String>>,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        let account = self.in_person(caller).await?;
        let change = AccountChange { email, territory, ..AccountChange::default() };
        self.apply_change(&account.made.account_id, change, now).await
    }

    /// Checks the present password of whoever changes what it protects.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`], or that it was tried too often.
    pub async fn check_own_password(
        &self,
        caller: &Caller,
        password: &str,
    ) -> Result<Account, AccountError> {
        let account = self.in_person(caller).await?;
        let (name, elapsed) = (hash_of(&account.made.folded), self.clock.elapsed());
        // Not from an address: whoever has got hold of a session is where its owner is.
        let taken = self.throttle.take_name(name, None, elapsed);
        taken.map_err(AccountError::TooMany)?;
        let hash = Some(account.made.password_hash.clone());
        if !self.passwords.matches(password, hash).await? {
            return Err(AccountError::WrongPassword);
        }
        self.throttle.forgive_name(name);
        Ok(account)
    }

    /// Changes the password. All sessions end, and the caller gets a new one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        (present, next): (&str, &str),
        device: &str,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, AccountError> {
        let account = self.check_own_password(caller, present).await?;
        check_password(next, &account.made.folded)?;
        let hash = self.passwords.hash(next, random).await?;
        let change = AccountChange { password_hash: Some(hash), ..AccountChange::default() };
        self.end_session(caller).await?;
        let account = self.apply_change(&account.made.account_id, change, now).await?;
        Ok(self.begin_with_account(&account, device, random, now).await?)
    }

    /// The sessions of the caller's account that are good still, the newest first.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn own_sessions(
        &self,
        caller: &Caller,
        now: UnixMs,
    ) -> Result<Vec<OwnSession>, AccountError> {
        let account = self.own_account(caller).await?;
        let all = self.sign_ins.sessions_of_account(&account.made.account_id).await?;
        let this = caller.session.as_ref().map(super::sessions::SessionOf::secret_hash);
        let good = all.into_iter().filter(|session| {
            now < session.begun.expires_at && session.begun.created_at >= account.sessions_since
        });
        let own = good.map(|session| OwnSession {
            id: session_id(&session),
            is_this: this == Some(session.begun.secret_hash),
            session,
        });
        Ok(own.collect())
    }

    /// Every session of an account, good or not.
    pub(crate) async fn sessions_of(
        &self,
        account_id: &str,
    ) -> Result<Vec<WebSession>, StoreError> {
        self.sign_ins.sessions_of_account(account_id).await
    }

    /// Ends a session of the caller's account; says whether there was one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn end_own_session(&self, caller: &Caller, id: &str) -> Result<bool, AccountError> {
        let account = self.in_person(caller).await?;
        let all = self.sign_ins.sessions_of_account(&account.made.account_id).await?;
        let Some(found) = all.iter().find(|session| session_id(session) == id) else {
            return Ok(false);
        };
        Ok(self.sign_ins.end_session(&found.begun.secret_hash).await?)
    }

    /// Makes a password for one device or program, which can listen and nothing else.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add_app_password(
        &self,
        caller: &Caller,
        label: &str,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<MadeAppPassword, AccountError> {
        let account = self.in_person(caller).await?;
        let label = label.trim();
        let count = label.chars().count();
        if !(1..=LABEL_CHARS_MAX).contains(&count) || label.chars().any(char::is_control) {
            return Err(AccountError::Label);
        }
        let (id, secret) = id_and_secret(random);
        // 160 bits: a person may have to type it.
        let secret = format!("{APP_PASSWORD_PREFIX}{id}_{}", &secret[..40]);
        let made = NewAppPassword {
            id: format!("app_{id}"),
            account_id: account.made.account_id,
            secret_hash: hash_of(&secret),
            label: label.to_owned(),
            created_at: now,
        };
        if self.accounts.add_app_password(made.clone(), APP_PASSWORDS_MAX).await? {
            return Ok(MadeAppPassword { made, secret });
        }
        Err(AccountError::TooManyAppPasswords(APP_PASSWORDS_MAX))
    }

    /// The app passwords of the caller's account, the newest first.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn own_app_passwords(
        &self,
        caller: &Caller,
    ) -> Result<Vec<AppPassword>, AccountError> {
        let account = self.own_account(caller).await?;
        Ok(self.accounts.app_passwords(&account.made.account_id).await?)
    }

    /// Removes an app password of the caller's account, here at once; says whether there was one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn remove_app_password(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<bool, AccountError> {
        let account = self.in_person(caller).await?;
        let removed = self.accounts.remove_app_password(&account.made.account_id, id).await?;
        self.forget_remembered();
        Ok(removed)
    }

    /// Whose app password this is; nobody's where it is unknown, removed, or its account is disabled.
    pub(super) async fn by_app_password(
        &self,
        secret: &str,
        now: UnixMs,
    ) -> Result<Option<Arc<Caller>>, StoreError> {
        let body = secret.strip_prefix(APP_PASSWORD_PREFIX);
        let Some((id, _)) = body.and_then(|body| body.split_once('_')) else { return Ok(None) };
        let found = self.accounts.app_password(&format!("app_{id}")).await?;
        let found = found.filter(|found| found.made.secret_hash == hash_of(secret));
        let Some(found) = found else { return Ok(None) };
        let account = self.accounts.account(&found.made.account_id).await?;
        let Some(account) = account.filter(Account::is_enabled) else { return Ok(None) };
        if found.used_at.is_none_or(|at| now.since(at) >= NOTED_EVERY_MS) {
            // A store that can't write is no reason not to play.
            if let Err(error) = self.accounts.app_password_used(&found.made.id, now).await {
                tracing::warn!(%error, "that an app password is used could not be noted");
            }
        }
        let caller = caller_of_account(&account, now);
        // Whatever the person may do elsewhere.
        let (scopes, parties) = (vec![Scope::ReportsWrite], Some(Vec::new()));
        Ok(Some(Arc::new(Caller { scopes, parties, ..caller })))
    }

    /// The members of the family that the caller owns, or is of; its owner first.
    ///
    /// # Errors
    /// [`AccountError::NoFamily`] where the caller is of none.
    pub async fn own_family(&self, caller: &Caller) -> Result<Vec<Account>, AccountError> {
        let own = self.own_account(caller).await?;
        if own.made.subscription.plan != Plan::Family {
            return Err(AccountError::NoFamily);
        }
        let owner = match own.made.subscription.family_of.as_deref() {
            Some(owner) => self.account(owner).await?,
            None => own,
        };
        let members = self.accounts.members_of(&owner.made.account_id).await?;
        Ok([vec![owner], members].concat())
    }

    /// The family that the caller owns.
    async fn owned_family(&self, caller: &Caller, now: UnixMs) -> Result<Account, AccountError> {
        let owner = self.in_person(caller).await?;
        let of = &owner.made.subscription;
        let owns = of.plan_at(now) == Plan::Family && of.family_of.is_none();
        if owns { Ok(owner) } else { Err(AccountError::NoFamily) }
    }

    /// Invites somebody into the family that the caller owns, as long as it has a place.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn invite_into_family(
        &self,
        caller: &Caller,
        note: String,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<MadeInvitation, AccountError> {
        let owner = self.owned_family(caller, now).await?;
        let owner_id = owner.made.account_id;
        let members = self.accounts.members_of(&owner_id).await?.len();
        let waiting = self.sign_ins.open_into_family(&owner_id, now).await? as usize;
        if members + waiting >= MEMBERS_MAX as usize {
            return Err(AccountError::NoPlace);
        }
        let family_of = Some(owner_id);
        let request = InvitationRequest {
            role: Role::Listener,
            parties: Vec::new(),
            note,
            days: super::invitations::DAYS_DEFAULT,
            subscription: Some(Subscription { plan: Plan::Family, until: None, family_of }),
        };
        Ok(self.invite(request, caller, random, now).await?)
    }

    /// Takes a member out of the family that the caller owns; or the caller out of the one that he is of.
    /// The account stays, and is `free`.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`] where it is no member.
    pub async fn leave_family(
        &self,
        caller: &Caller,
        account_id: &str,
        now: UnixMs,
    ) -> Result<(), AccountError> {
        let own = self.in_person(caller).await?;
        let member = self.account(account_id).await?;
        let family_of = member.made.subscription.family_of.as_deref();
        let owned = family_of == Some(&own.made.account_id);
        if family_of.is_none() || !(owned || own.made.account_id == account_id) {
            return Err(AccountError::NoAccount);
        }
        let subscription = Some(Subscription::of(Plan::Free));
        let change = AccountChange { subscription, ..AccountChange::default() };
        self.apply_change(account_id, change, now).await.map(drop)
    }
}

fn session_id(session: &WebSession) -> String {
    format!("ses_{}", hex(&session.begun.secret_hash[..8]))
}
