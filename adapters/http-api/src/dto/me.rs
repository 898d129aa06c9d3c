//! What people see of their own accounts, and do with them.

use ledgerline_app::access::own_account as app;
use ledgerline_app::ports::accounts as ports;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Instant;
use super::accounts::some;

/// What is to be changed of one's own account; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMeRequest {
    /// Where mail reaches the person; empty for nowhere.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// The country, ISO 3166-1 alpha-2; empty for none.
    #[schema(max_length = 2)]
    pub territory: Option<String>,
}

/// A new password, and the one before it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// The present password.
    #[schema(max_length = 256)]
    pub present: String,
    /// The new one.
    #[schema(min_length = 10, max_length = 256)]
    pub next: String,
}

/// That one's account is to be deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMeRequest {
    /// The present password.
    #[schema(max_length = 256)]
    pub password: String,
}

/// A session of one's account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSession {
    /// Its public name.
    pub id: String,
    /// The kind of browser, as far as it says; empty where it doesn't.
    pub device: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was last seen, to the minute.
    pub seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The sessions of one's account, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSessionList {
    /// At most 16.
    #[schema(max_items = 16)]
    pub items: Vec<OwnSession>,
}

/// A device or program that is to have a password of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAppPasswordRequest {
    /// What it is called. At most 64 characters, no control characters.
    #[schema(min_length = 1, max_length = 64)]
    pub label: String,
}

/// An app password, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPassword {
    /// Its public name.
    pub id: String,
    /// What the device is called.
    pub label: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last used, to the minute; null where it never was.
    #[schema(required)]
    pub used_at: Option<Instant>,
}

/// The app passwords of one's account, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPasswordList {
    /// At most 32.
    #[schema(max_items = 32)]
    pub items: Vec<AppPassword>,
}

/// An app password that was made. Its secret is shown only now.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MadeAppPassword {
    /// The app password.
    pub app_password: AppPassword,
    /// What the device sends: as `Authorization: Bearer`, or as the password of `Basic` beside the
    /// account's name.
    pub secret: String,
}

/// Somebody of a family.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyMember {
    /// The account's public name.
    pub account_id: String,
    /// What its owner calls it.
    pub name: String,
    /// Whether it is the family's owner.
    pub is_owner: bool,
}

/// One's family: its owner first, then the members by their names.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// At most 6.
    #[schema(max_items = 6)]
    pub items: Vec<FamilyMember>,
    /// How many members it has room for, besides its owner.
    pub members_max: u32,
}

/// Who is to come into one's family.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyInvitationRequest {
    /// What to remember of it. At most 500 bytes, no control characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

impl ChangeMeRequest {
    /// Address of mail and country.
    #[must_use]
    pub fn into_parts(self) -> (Option<Option<String>>, Option<Option<String>>) {
        (self.email.map(some), self.territory.map(some))
    }
}

impl OwnSession {
    /// Of a stored one.
    #[must_use]
    pub fn of(own: &app::OwnSession) -> Self {
        Self {
            id: own.id.clone(),
            device: own.session.device.clone(),
            created_at: Instant(own.session.begun.created_at),
            seen_at: Instant(own.session.seen_at),
            expires_at: Instant(own.session.begun.expires_at),
            is_this: own.is_this,
        }
    }
}

impl AppPassword {
    /// Of a stored one.
    #[must_use]
    pub fn of(stored: &ports::AppPassword) -> Self {
        Self {
            id: stored.made.id.clone(),
            label: stored.made.label.clone(),
            created_at: Instant(stored.made.created_at),
            used_at: stored.used_at.map(Instant),
        }
    }
}

impl MadeAppPassword {
    /// Of what was made.
    #[must_use]
    pub fn of(made: app::MadeAppPassword) -> Self {
        let stored = ports::AppPassword { made: made.made, used_at: None };
        Self { app_password: AppPassword::of(&stored), secret: made.secret }
    }
}

impl Family {
    /// Of its accounts.
    #[must_use]
    pub fn of(accounts: &[ports::Account]) -> Self {
        let items = accounts.iter().map(|account| FamilyMember {
            account_id: account.made.account_id.clone(),
            name: account.made.name.clone(),
            is_owner: account.made.subscription.family_of.is_none(),
        });
        Self { items: items.collect(), members_max: ports::MEMBERS_MAX }
    }
}
