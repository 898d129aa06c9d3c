//! How a deployment gets its first account, what an administrator sets for all of it, and how people get
//! accounts by themselves.

use std::net::IpAddr;

use ledgerline_ids::UnixMs;

use super::accounts::{AccountError, AccountRequest};
use super::sessions::Begun;
use super::{Access, hash_of, hex, id_and_secret};
use crate::ports::accounts::{AccountQuery, OpenedBy, Plan, Subscription};
use crate::ports::settings::{MUSIC_FOLDER, NEW_PLAN, SET_UP, SIGN_UP, VALUE_BYTES_MAX};
use crate::ports::sign_in::Role;
use crate::ports::{Random, StoreError};

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignUp {
    /// Whoever was invited.
    #[default]
    Invited,
    /// Anybody.
    Open,
}

impl SignUp {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Invited, Self::Open];

    /// The word of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Open => "open",
        }
    }

    /// What a word says.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What an administrator has set for the whole deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// The folder that music is read from.
    pub music_folder: Option<String>,
    /// The plan that accounts get which nobody gave another one.
    pub new_plan: Plan,
    /// Who may make an account.
    pub sign_up: SignUp,
}

/// What is to be set otherwise; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HouseChange {
    /// The folder, an absolute path, or none.
    pub music_folder: Option<Option<String>>,
    /// The plan: `free` or `premium`. A family or a student isn't everybody.
    pub new_plan: Option<Plan>,
    /// Who may make an account.
    pub sign_up: Option<SignUp>,
}

/// How a deployment is set up.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The secret that was printed.
    pub secret: String,
    /// Who the administrator is to be.
    pub administrator: AccountRequest,
    /// What is set.
    pub house: HouseChange,
}

impl HouseChange {
    fn settings(&self) -> Result<Vec<(String, Option<String>)>, AccountError> {
        let mut settings = Vec::new();
        if let Some(folder) = &self.music_folder {
            let valid = |folder: &String| {
                folder.starts_with('/')
                    && folder.len() <= VALUE_BYTES_MAX
                    && !folder.chars().any(char::is_control)
            };
            if folder.as_ref().is_some_and(|folder| !valid(folder)) {
                return Err(AccountError::MusicFolder);
            }
            settings.push((MUSIC_FOLDER.to_owned(), folder.clone()));
        }
        if let Some(plan) = self.new_plan {
            if !matches!(plan, Plan::Free | Plan::Premium) {
                return Err(AccountError::Plan);
            }
            settings.push((NEW_PLAN.to_owned(), Some(plan.as_str().to_owned())));
        }
        if let Some(sign_up) = self.sign_up {
            settings.push((SIGN_UP.to_owned(), Some(sign_up.as_str().to_owned())));
        }
        Ok(settings)
    }
}

impl Access {
    /// Whether there is any account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        let query = AccountQuery { containing: None, after: None, limit: 1 };
        Ok(!self.accounts.accounts(query).await?.is_empty())
    }

    /// Makes the secret that sets the deployment up, in the place of an earlier one; `None` once there is an
    /// account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn new_set_up_secret(
        &self,
        random: &dyn Random,
    ) -> Result<Option<String>, StoreError> {
        if self.has_accounts().await? {
            return Ok(None);
        }
        let (_, secret) = id_and_secret(random);
        let secret = format!("llu_{secret}");
        let stored = Some(hex(&hash_of(&secret)));
        self.settings.set(&[(SET_UP.to_owned(), stored)]).await?;
        Ok(Some(secret))
    }

    /// Whether the set-up waits for somebody with the link.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waits_for_set_up(&self) -> Result<bool, StoreError> {
        Ok(self.settings.setting(SET_UP).await?.is_some())
    }

    /// Whether this is the secret that sets the deployment up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sets_up(&self, secret: &str) -> Result<bool, StoreError> {
        Ok(self.settings.setting(SET_UP).await? == Some(hex(&hash_of(secret))))
    }

    /// Sets the deployment up: makes the first administrator, signs him in, and sets what he says.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is made and nothing set then.
    pub async fn set_up(
        &self,
        set_up: SetUp,
        (from, device): (Option<IpAddr>, &str),
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, AccountError> {
        let SetUp { secret, administrator, house } = set_up;
        let taken = self.throttle.take(from, self.clock.elapsed());
        taken.map_err(AccountError::TooMany)?;
        let secret_hash = hash_of(&secret);
        if !self.sets_up(&secret).await? {
            self.throttle.failed(from, self.clock.elapsed());
            return Err(AccountError::OpensNothing);
        }
        let opened_by = OpenedBy::SetUp { secret_hash, settings: house.settings()? };
        // Whoever runs the place hears all of it.
        let standing = (Role::Admin, Vec::new(), Subscription::of(Plan::Premium));
        let account = self.store_account(administrator, standing, &opened_by, random, now).await?;
        Ok(self.begin_with_account(&account, device, random, now).await?)
    }

    /// Makes an account for whoever asks, by an invitation or because sign-up is open, and signs it in.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_up(
        &self,
        invitation: Option<&str>,
        request: AccountRequest,
        (from, device): (Option<IpAddr>, &str),
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<Begun, AccountError> {
        let taken = self.throttle.take(from, self.clock.elapsed());
        taken.map_err(AccountError::TooMany)?;
        let opened_by = match invitation {
            Some(secret) => {
                let secret_hash = hash_of(secret);
                let found = self.sign_ins.invitation_by_hash(&secret_hash).await?;
                if !found.is_some_and(|found| found.opens(now)) {
                    self.throttle.failed(from, self.clock.elapsed());
                    return Err(AccountError::OpensNothing);
                }
                OpenedBy::Invitation { secret_hash }
            }
            None if self.house().await?.sign_up == SignUp::Open => {
                let taken = self.throttle.take_sign_up(from, self.clock.elapsed());
                taken.map_err(AccountError::TooMany)?;
                OpenedBy::Permission
            }
            None => return Err(AccountError::Invited),
        };
        // What an invitation says otherwise, it says when the account is stored.
        let standing = (Role::Listener, Vec::new(), self.new_subscription().await?);
        let account = self.store_account(request, standing, &opened_by, random, now).await?;
        Ok(self.begin_with_account(&account, device, random, now).await?)
    }

    /// What is set for the whole deployment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn house(&self) -> Result<House, StoreError> {
        let settings = self.settings.settings().await?;
        let word = |name: &str| settings.get(name).map(String::as_str);
        Ok(House {
            music_folder: settings.get(MUSIC_FOLDER).cloned(),
            new_plan: word(NEW_PLAN).and_then(Plan::from_word).unwrap_or(Plan::Free),
            sign_up: word(SIGN_UP).and_then(SignUp::from_word).unwrap_or_default(),
        })
    }

    /// Sets something otherwise for the whole deployment.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is changed then.
    pub async fn change_house(&self, change: &HouseChange) -> Result<House, AccountError> {
        self.settings.set(&change.settings()?).await?;
        Ok(self.house().await?)
    }
}
