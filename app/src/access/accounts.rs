//! Accounts, as those see them who let others in: made, listed, changed, erased. What people do with their
//! own stands in `own_account`, how a deployment gets its first one in `set_up`.

use ledgerline_ids::{PartyId, Territory, UnixMs};
use ledgerline_records::report::Producer;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

use super::invitations::PARTIES_MAX;
use super::passwords::{Busy, HashError, PasswordError, check_password};
use super::{Access, Caller, hex};
use crate::Deployment;
use crate::intake::Origin;
use crate::ports::accounts::{
    ACCOUNTS, Account, AccountChange, AccountQuery, Added, Changed, MEMBERS_MAX, NewAccount,
    OpenedBy, Plan, Subscription,
};
use crate::ports::listeners::Listener as Pseudonymous;
use crate::ports::sign_in::Role;
use crate::ports::{Random, Scope, StoreError};
use crate::privacy::EraseError;
use crate::privacy::pseudonyms::listener_name;

/// The most characters of a name.
pub const NAME_CHARS_MAX: usize = 32;
/// The most bytes of an address of mail (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// So many accounts are listed at once.
pub const LISTED_MAX: u32 = 1000;
/// The most reports a second of one account: a person plays one thing at a time.
const REPORTS_PER_SECOND: u32 = 50;

/// Who listens: what the plays of an account are stamped with, whatever its player says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The account.
    pub account_id: String,
    /// What the logs have in its place; all that they know of who it is.
    pub listener_id: String,
    /// The account's name, for its own pages.
    pub name: String,
    /// The name as names are compared.
    pub folded: String,
    /// The plan at the time of the request: the tier that its plays are paid by.
    pub plan: Plan,
    /// The country, ISO 3166-1 alpha-2, where it is known.
    pub territory: Option<String>,
}

/// A name that an account may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName {
    shown: String,
    folded: String,
}

impl AccountName {
    /// Checks a name: letters and digits of any script, and `.`, `_`, `-` between them.
    ///
    /// # Errors
    /// [`AccountError::Name`].
    pub fn new(text: &str) -> Result<Self, AccountError> {
        // Nothing longer is looked at: a name has at most four bytes a character.
        if text.len() > 4 * NAME_CHARS_MAX {
            return Err(AccountError::Name);
        }
        let shown: String = text.nfkc().collect();
        let count = shown.chars().count();
        let ends_well = |end: Option<char>| end.is_some_and(char::is_alphanumeric);
        let valid = (2..=NAME_CHARS_MAX).contains(&count)
            && shown.chars().all(|it| it.is_alphanumeric() || "._-".contains(it))
            && ends_well(shown.chars().next())
            && ends_well(shown.chars().next_back());
        // Lower case of normalised text isn't always normalised.
        let folded: String = shown.to_lowercase().nfkc().collect();
        if !valid || folded.starts_with("acc_") {
            return Err(AccountError::Name);
        }
        Ok(Self { shown, folded })
    }

    /// As names are compared.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

/// Who is to have an account.
#[derive(Debug, Clone)]
pub struct AccountRequest {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// Where mail reaches the person.
    pub email: Option<String>,
    /// The country.
    pub territory: Option<String>,
}

/// What the account of somebody is to be, where that isn't what everybody gets.
#[derive(Debug, Clone)]
pub struct Standing {
    /// As what.
    pub role: Role,
    /// To see whose things.
    pub parties: Vec<String>,
    /// With which plan; that of new accounts where none is named.
    pub subscription: Option<Subscription>,
}

impl Standing {
    /// A listener, as anybody becomes one.
    #[must_use]
    pub fn listener() -> Self {
        Self { role: Role::Listener, parties: Vec::new(), subscription: None }
    }
}

/// Why there is no account, or why it isn't changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name can't be one.
    #[error(
        "a name has 2 to {NAME_CHARS_MAX} letters and digits, with dots, hyphens and underscores between them"
    )]
    Name,
    /// Somebody has it.
    #[error("somebody has this name already; choose another one")]
    NameTaken,
    /// The address of mail isn't one.
    #[error(
        "an e-mail address has one @ with something on both sides, and at most {EMAIL_BYTES_MAX} bytes"
    )]
    Email,
    /// The country isn't one.
    #[error("a country is an ISO 3166-1 alpha-2 code that is assigned, such as SE; {0:?} isn't")]
    Territory(String),
    /// The password is none.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The present password is another one.
    #[error("this isn't the present password")]
    WrongPassword,
    /// The role and the parties don't go together.
    #[error("{}", parties_of(*.0))]
    Parties(Role),
    /// Too many parties at once.
    #[error("an account sees the things of at most {PARTIES_MAX} parties")]
    TooManyParties,
    /// A party's id isn't one.
    #[error("the party {0:?} is not valid: it {1}")]
    Party(String, ledgerline_ids::IdError),
    /// The plan contradicts itself.
    #[error(
        "a student's plan needs an end that is ahead; a family's member is of the plan family and has none of its own"
    )]
    Plan,
    /// The family has no place.
    #[error("there is no such family, or it has {MEMBERS_MAX} members besides its owner already")]
    NoPlace,
    /// Whoever asks could not do what the account could.
    #[error("who gives a role must be able to do what it may; {} is lacking", .0.as_str())]
    Beyond(Scope),
    /// Nobody would be left who lets others in.
    #[error("this is the last account that lets others in: give another one the role admin first")]
    LastAdmin,
    /// There is none.
    #[error("there is no such account")]
    NoAccount,
    /// The set-up link, or the invitation, opens nothing.
    #[error("this link opens nothing: it is unknown, used, revoked or expired")]
    OpensNothing,
    /// Nobody may sign up by himself.
    #[error("accounts are made by invitation here")]
    Invited,
    /// Too many tries, or too many accounts, from there.
    #[error("too many tries; come again after {0} s")]
    TooMany(u64),
    /// Too many passwords are being looked at.
    #[error("too many people sign in right now; come again after {} s", .0.retry_after_s)]
    Busy(Busy),
    /// So many app passwords are enough.
    #[error("an account has at most {0} app passwords; remove one first")]
    TooManyAppPasswords(u32),
    /// The label is none.
    #[error("a device's name has 1 to 64 characters, and none that would confuse a terminal")]
    Label,
    /// Only whoever signed in with the account's own password may do this.
    #[error("sign in with your name and password for this")]
    NoSession,
    /// The account owns no family.
    #[error("only the owner of a family plan invites into it")]
    NoFamily,
    /// The folder of music is none.
    #[error("the music folder must be an absolute path without control characters")]
    MusicFolder,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account can't be erased now.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// Nobody can be invited.
    #[error(transparent)]
    Invitation(#[from] super::invitations::InvitationError),
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy(busy) => Self::Busy(busy),
            HashError::Failed(error) => Self::Store(error),
        }
    }
}

fn parties_of(role: Role) -> String {
    match role {
        Role::RightsHolder | Role::Label => {
            format!("a {} sees the things of parties: name at least one", role.as_str())
        }
        _ => format!(
            "a {} sees the things of no parties in particular: leave them out",
            role.as_str()
        ),
    }
}

/// What an account of a role may do: what the role may, and play.
#[must_use]
pub fn scopes_of(role: Role) -> Vec<Scope> {
    let mut scopes = vec![Scope::ReportsWrite];
    scopes.extend(role.scopes());
    scopes
}

impl Access {
    /// Makes an account in the caller's name.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add_account(
        &self,
        request: AccountRequest,
        standing: Standing,
        by: &Caller,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        let Standing { role, parties, subscription } = standing;
        may_give(by, role)?;
        let parties = checked_parties(role, parties)?;
        let subscription = match subscription {
            Some(subscription) => checked_plan(subscription, now)?,
            None => self.new_subscription().await?,
        };
        let standing = (role, parties, subscription);
        self.store_account(request, standing, &OpenedBy::Permission, random, now).await
    }

    /// Checks and stores an account, whatever opens it.
    pub(super) async fn store_account(
        &self,
        request: AccountRequest,
        (role, parties, subscription): (Role, Vec<String>, Subscription),
        opened_by: &OpenedBy,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        let name = AccountName::new(&request.name)?;
        let email = checked_email(request.email)?;
        let territory = checked_territory(request.territory)?;
        check_password(&request.password, name.folded())?;
        // Before a hash is made, which costs more than this.
        if self.accounts.account_named(name.folded()).await?.is_some() {
            return Err(AccountError::NameTaken);
        }
        let password_hash = self.passwords.hash(&request.password, random).await?;
        let mut bytes = [0; 40];
        random.fill(&mut bytes);
        let (id, listener) = bytes.split_at(8);
        let (number, secret) = listener.split_at(16);
        let account = NewAccount {
            account_id: format!("acc_{}", hex(id)),
            listener: Pseudonymous {
                id: u128::from_be_bytes(number.try_into().expect("half of 32 bytes")),
                secret: secret.try_into().expect("half of 32 bytes"),
            },
            name: name.shown,
            folded: name.folded,
            email,
            password_hash,
            role,
            parties,
            subscription,
            territory,
            created_at: now,
        };
        match self.accounts.add_account(account, opened_by).await? {
            Added::Added(account) => Ok(*account),
            Added::NameTaken => Err(AccountError::NameTaken),
            Added::OpensNothing => Err(AccountError::OpensNothing),
            Added::NoPlace => Err(AccountError::NoPlace),
        }
    }

    /// Accounts by their names: those that contain a text, behind one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(
        &self,
        containing: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let containing = containing.map(folded);
        let after = after.map(folded);
        let query = AccountQuery {
            containing: containing.as_deref(),
            after: after.as_deref(),
            limit: limit.min(LISTED_MAX),
        };
        self.accounts.accounts(query).await
    }

    /// The account with this id.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`], or the store's.
    pub async fn account(&self, account_id: &str) -> Result<Account, AccountError> {
        self.accounts.account(account_id).await?.ok_or(AccountError::NoAccount)
    }

    /// The account with this name, however it is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_named(&self, name: &str) -> Result<Option<Account>, StoreError> {
        match AccountName::new(name) {
            Ok(name) => self.accounts.account_named(name.folded()).await,
            Err(_) => Ok(None),
        }
    }

    /// Changes an account in the caller's name, who may do no more than give away what is his.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_account(
        &self,
        account_id: &str,
        mut change: AccountChange,
        by: &Caller,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        // Neither can who lets in take from those who may more.
        may_give(by, self.account(account_id).await?.made.role)?;
        if let Some((role, parties)) = change.role.take() {
            may_give(by, role)?;
            change.role = Some((role, checked_parties(role, parties)?));
        }
        if let Some(subscription) = change.subscription.take() {
            change.subscription = Some(checked_plan(subscription, now)?);
        }
        self.apply_change(account_id, change, now).await
    }

    /// Gives an account a password, and ends its sessions.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn reset_password(
        &self,
        account_id: &str,
        password: &str,
        by: &Caller,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        let account = self.account(account_id).await?;
        may_give(by, account.made.role)?;
        check_password(password, &account.made.folded)?;
        let hash = self.passwords.hash(password, random).await?;
        let change = AccountChange { password_hash: Some(hash), ..AccountChange::default() };
        self.apply_change(account_id, change, now).await
    }

    pub(super) async fn apply_change(
        &self,
        account_id: &str,
        mut change: AccountChange,
        now: UnixMs,
    ) -> Result<Account, AccountError> {
        if let Some(email) = change.email.take() {
            change.email = Some(checked_email(email)?);
        }
        if let Some(territory) = change.territory.take() {
            change.territory = Some(checked_territory(territory)?);
        }
        match self.accounts.change_account(account_id, &change, now).await? {
            Changed::Changed(account) => {
                self.forget_remembered();
                if account.sessions_since == now {
                    // Only tidiness: they open nothing any more.
                    self.sign_ins.end_sessions_of_account(account_id, now).await?;
                }
                Ok(*account)
            }
            Changed::NoAccount => Err(AccountError::NoAccount),
            Changed::LastAdmin => Err(AccountError::LastAdmin),
            Changed::NoPlace => Err(AccountError::NoPlace),
        }
    }

    /// Whose things somebody sees who is named by an account or an invitation; nobody's in particular
    /// where that sees everything, or is gone.
    pub(crate) async fn parties_of(&self, id: &str) -> Result<Vec<String>, StoreError> {
        if let Some(account) = self.accounts.account(id).await? {
            return Ok(account.made.parties);
        }
        let invitation = self.invitation(id).await?;
        Ok(invitation.map(|invitation| invitation.invited.parties).unwrap_or_default())
    }

    /// The plan that new accounts get.
    pub(super) async fn new_subscription(&self) -> Result<Subscription, StoreError> {
        Ok(Subscription::of(self.house().await?.new_plan))
    }
}

impl Deployment {
    /// Deletes an account, which erases the person: what ties it to its plays goes, and they count as
    /// before.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn delete_account(&self, account_id: &str, by: &Caller) -> Result<(), AccountError> {
        let account = self.access().account(account_id).await?;
        if by.listener().is_none_or(|own| own.account_id != account_id) {
            may_give(by, account.made.role)?;
        }
        if self.access().accounts.is_last_admin(account_id).await? {
            return Err(AccountError::LastAdmin);
        }
        self.erase_person(account_id, Some(ACCOUNTS)).await?;
        Ok(())
    }
}

/// Nobody gives away more than he may do himself; that he listens, everybody may.
fn may_give(by: &Caller, role: Role) -> Result<(), AccountError> {
    let lacking = role.scopes().iter().find(|scope| !by.may(**scope));
    lacking.map_or(Ok(()), |scope| Err(AccountError::Beyond(*scope)))
}

fn checked_parties(role: Role, mut parties: Vec<String>) -> Result<Vec<String>, AccountError> {
    parties.sort_unstable();
    parties.dedup();
    if !role.goes_with(&parties) {
        return Err(AccountError::Parties(role));
    }
    if parties.len() > PARTIES_MAX {
        return Err(AccountError::TooManyParties);
    }
    for party in &parties {
        PartyId::new(party).map_err(|error| AccountError::Party(party.clone(), error))?;
    }
    Ok(parties)
}

/// A plan that doesn't contradict itself: a student's ends, and a member's is its family's.
pub(super) fn checked_plan(
    subscription: Subscription,
    now: UnixMs,
) -> Result<Subscription, AccountError> {
    let Subscription { plan, until, family_of } = &subscription;
    let ends_well = match plan {
        Plan::Student => until.is_some_and(|until| until > now),
        Plan::Free => until.is_none(),
        Plan::Premium | Plan::Family => until.is_none_or(|until| until > now),
    };
    let is_member_well = family_of.is_none() || (*plan == Plan::Family && until.is_none());
    if ends_well && is_member_well { Ok(subscription) } else { Err(AccountError::Plan) }
}

fn checked_email(email: Option<String>) -> Result<Option<String>, AccountError> {
    let Some(email) = email.filter(|email| !email.is_empty()) else { return Ok(None) };
    let sides = email.rsplit_once('@');
    let valid = email.len() <= EMAIL_BYTES_MAX
        && !email.chars().any(|it| it.is_control() || it.is_whitespace())
        && sides.is_some_and(|(local, domain)| {
            !local.is_empty() && !local.contains('@') && !domain.is_empty()
        });
    if valid { Ok(Some(email)) } else { Err(AccountError::Email) }
}

fn checked_territory(territory: Option<String>) -> Result<Option<String>, AccountError> {
    let Some(code) = territory.filter(|code| !code.is_empty()) else { return Ok(None) };
    let assigned = Territory::new(&code).is_ok_and(|territory| territory.is_assigned());
    if assigned { Ok(Some(code)) } else { Err(AccountError::Territory(code)) }
}

/// A text as names are compared, whether or not it is one.
fn folded(text: &str) -> String {
    let text: String = text.chars().take(NAME_CHARS_MAX).nfkc().collect();
    text.to_lowercase().nfkc().collect()
}

/// Who an account is, without a session yet.
pub(super) fn caller_of_account(account: &Account, now: UnixMs) -> Caller {
    let made = &account.made;
    let listener = Listener {
        account_id: made.account_id.clone(),
        listener_id: listener_name(made.listener.id),
        name: made.name.clone(),
        folded: made.folded.clone(),
        plan: made.subscription.plan_at(now),
        territory: made.territory.clone(),
    };
    Caller {
        id: made.account_id.clone(),
        role: Some(made.role),
        parties: made.role.is_bound().then(|| made.parties.clone()),
        scopes: scopes_of(made.role),
        origin: Arc::new(Origin {
            source: ACCOUNTS.into(),
            producer: Producer::Player,
            user_prefix: None,
            key_id: made.account_id.as_str().into(),
            reports_per_second: Some(REPORTS_PER_SECOND),
            limited: true,
            listener: Some(Arc::new(listener)),
        }),
        session: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, folded) in [
            ("anna", "anna"),
            ("Anna.Lind", "anna.lind"),
            ("ZOË_2", "zoë_2"),
            ("Ｆｕｌｌ", "full"),
            ("李雷", "李雷"),
        ] {
            let name = AccountName::new(text).expect("it is a name");
            assert_eq!(name.folded(), folded, "{text}");
        }
        for text in ["", "a", ".a", "a.", "a b", "a\u{202e}b", "acc_1", "a@b", &"x".repeat(33)] {
            assert!(AccountName::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plans_don_t_contradict_themselves() {
        let (now, later) = (UnixMs::new(10).expect("early"), UnixMs::new(20).expect("early"));
        let of = |plan, until, family: Option<&str>| {
            let family_of = family.map(str::to_owned);
            checked_plan(Subscription { plan, until, family_of }, now).is_ok()
        };
        assert!(of(Plan::Free, None, None) && !of(Plan::Free, Some(later), None));
        assert!(of(Plan::Premium, None, None) && of(Plan::Premium, Some(later), None));
        assert!(!of(Plan::Premium, Some(now), None));
        assert!(of(Plan::Student, Some(later), None) && !of(Plan::Student, None, None));
        assert!(of(Plan::Family, None, Some("acc_1")) && !of(Plan::Premium, None, Some("acc_1")));
        let student = Subscription { plan: Plan::Student, until: Some(later), family_of: None };
        assert_eq!([now, later].map(|at| student.plan_at(at)), [Plan::Student, Plan::Free]);
    }
}
