//! Accounts, as those see them who let others in; setting a deployment up, and signing up.

use std::borrow::Cow;

use ledgerline_app::access::accounts as app;
use ledgerline_app::access::set_up::{House, HouseChange, SetUp, SignUp};
use ledgerline_app::ports::accounts as ports;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Day, Instant, PlanWord, RoleWord, SignUpWord};

/// An account, without its password.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its public name, `acc_…`.
    pub account_id: String,
    /// What its owner calls it.
    pub name: String,
    /// Where mail reaches the person.
    #[schema(required)]
    pub email: Option<String>,
    /// What the person is.
    pub role: RoleWord,
    /// Whose things it sees, a listener nobody's; null for everything.
    #[schema(required)]
    pub parties: Option<Vec<String>>,
    /// The plan that it has.
    pub plan: PlanWord,
    /// From when on that is `free` again.
    #[schema(required)]
    pub plan_until: Option<Day>,
    /// The account whose family it is a member of.
    #[schema(required)]
    pub family_of: Option<String>,
    /// The country, ISO 3166-1 alpha-2.
    #[schema(required)]
    pub territory: Option<String>,
    /// Whether it gets in.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Instant,
}

/// Accounts, by their names.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPage {
    /// As many as were asked for, or all that there are.
    #[schema(max_items = 1000)]
    pub items: Vec<Account>,
    /// The name to ask for what follows with, as `after`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// Who is to have an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccountRequest {
    /// The name: 2 to 32 letters and digits, with dots, hyphens and underscores between them.
    #[schema(min_length = 2, max_length = 128)]
    pub name: String,
    /// The password; one is made up and shown where none is given.
    #[schema(min_length = 10, max_length = 256)]
    pub password: Option<String>,
    /// Where mail reaches the person.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// What the person is; a listener if absent.
    pub role: Option<RoleWord>,
    /// Whose things it sees: at least one for a `label` or a `rights_holder`.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub parties: Vec<String>,
    /// The plan; that of new accounts if absent.
    pub plan: Option<PlanWord>,
    /// From when on that is `free` again. A student's plan needs one.
    pub plan_until: Option<Day>,
    /// The account whose family it is a member of, with the plan `family`.
    #[schema(max_length = 64)]
    pub family_of: Option<String>,
    /// The country, ISO 3166-1 alpha-2.
    #[schema(max_length = 2)]
    pub territory: Option<String>,
}

/// An account that was made, or that has another password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedAccount {
    /// The account.
    pub account: Account,
    /// The password, where it was made up. It is shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password: Option<String>,
}

/// What is to be changed of an account; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccountRequest {
    /// What the person is.
    pub role: Option<RoleWord>,
    /// Whose things it sees; goes with `role`.
    #[schema(max_items = 64)]
    pub parties: Option<Vec<String>>,
    /// The plan.
    pub plan: Option<PlanWord>,
    /// From when on that is `free` again; goes with `plan`.
    pub plan_until: Option<Day>,
    /// The account whose family it is a member of; goes with `plan`.
    #[schema(max_length = 64)]
    pub family_of: Option<String>,
    /// The country, ISO 3166-1 alpha-2; empty for none.
    #[schema(max_length = 2)]
    pub territory: Option<String>,
    /// Where mail reaches the person; empty for nowhere.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// Whether it gets in. Where it doesn't, its sessions end.
    pub enabled: Option<bool>,
}

/// A new password for somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// The password; one is made up and shown where none is given.
    #[schema(min_length = 10, max_length = 256)]
    pub password: Option<String>,
}

/// Whether the deployment waits to be set up, and who may make an account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpState {
    /// Whether it waits for whoever has the set-up link.
    pub waits: bool,
    /// Who may make an account.
    pub sign_up: SignUpWord,
}

/// How a deployment is set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpRequest {
    /// The secret that `serve` prints: what stands behind `#/set-up/` in its link.
    #[schema(min_length = 1, max_length = 512)]
    pub secret: String,
    /// The administrator's name.
    #[schema(min_length = 2, max_length = 128)]
    pub name: String,
    /// The administrator's password.
    #[schema(min_length = 10, max_length = 256)]
    pub password: String,
    /// Where mail reaches the administrator.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// The administrator's country, ISO 3166-1 alpha-2.
    #[schema(max_length = 2)]
    pub territory: Option<String>,
    /// The folder that music is read from: an absolute path on the server.
    #[schema(max_length = 4096)]
    pub music_folder: Option<String>,
    /// The plan of new accounts; `free` if absent.
    pub new_plan: Option<PlanWord>,
    /// Who may make an account; whoever is invited if absent.
    pub sign_up: Option<SignUpWord>,
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// The name: 2 to 32 letters and digits, with dots, hyphens and underscores between them.
    #[schema(min_length = 2, max_length = 128)]
    pub name: String,
    /// The password.
    #[schema(min_length = 10, max_length = 256)]
    pub password: String,
    /// Where mail reaches the person.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// The country, ISO 3166-1 alpha-2.
    #[schema(max_length = 2)]
    pub territory: Option<String>,
    /// The secret of an invitation, where one opens it.
    #[schema(min_length = 1, max_length = 512)]
    pub invitation: Option<String>,
}

/// What is set for the whole deployment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentSettings {
    /// The folder that music is read from.
    #[schema(required)]
    pub music_folder: Option<String>,
    /// The plan of new accounts.
    pub new_plan: PlanWord,
    /// Who may make an account.
    pub sign_up: SignUpWord,
}

/// What is to be set otherwise; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettingsRequest {
    /// The folder that music is read from: an absolute path on the server; empty for none.
    #[schema(max_length = 4096)]
    pub music_folder: Option<String>,
    /// The plan of new accounts: `free` or `premium`.
    pub new_plan: Option<PlanWord>,
    /// Who may make an account.
    pub sign_up: Option<SignUpWord>,
}

impl Account {
    /// Of a stored one.
    #[must_use]
    pub fn of(account: &ports::Account) -> Self {
        let made = &account.made;
        Self {
            account_id: made.account_id.clone(),
            name: made.name.clone(),
            email: made.email.clone(),
            role: RoleWord(made.role),
            parties: made.role.is_bound().then(|| made.parties.clone()),
            plan: PlanWord(made.subscription.plan),
            plan_until: made.subscription.until.map(|until| Day(until.day())),
            family_of: made.subscription.family_of.clone(),
            territory: made.territory.clone(),
            enabled: account.is_enabled(),
            created_at: Instant(made.created_at),
        }
    }
}

/// A plan as requests name it; `Err` where its end or its family comes without it.
fn subscription(
    plan: Option<PlanWord>,
    until: Option<Day>,
    family_of: Option<String>,
) -> Result<Option<ports::Subscription>, Cow<'static, str>> {
    let Some(PlanWord(plan)) = plan else {
        if until.is_some() || family_of.is_some() {
            return Err("plan_until and family_of go with a plan: say which one".into());
        }
        return Ok(None);
    };
    let until = until.map(|Day(day)| day.start());
    Ok(Some(ports::Subscription { plan, until, family_of }))
}

impl AddAccountRequest {
    /// Who it is, with which password, and as what.
    ///
    /// # Errors
    /// What the fields contradict each other in.
    pub fn into_parts(
        self,
        made_up: &str,
    ) -> Result<(app::AccountRequest, app::Standing), Cow<'static, str>> {
        let subscription = subscription(self.plan, self.plan_until, self.family_of)?;
        let listener = app::Standing::listener();
        let standing = app::Standing {
            role: self.role.map_or(listener.role, |role| role.0),
            parties: self.parties,
            subscription,
        };
        let request = app::AccountRequest {
            name: self.name,
            password: self.password.unwrap_or_else(|| made_up.to_owned()),
            email: self.email,
            territory: self.territory,
        };
        Ok((request, standing))
    }
}

impl ChangeAccountRequest {
    /// The change.
    ///
    /// # Errors
    /// What the fields contradict each other in.
    pub fn into_change(self) -> Result<ports::AccountChange, Cow<'static, str>> {
        let role = match (self.role, self.parties) {
            (Some(role), parties) => Some((role.0, parties.unwrap_or_default())),
            (None, None) => None,
            (None, Some(_)) => return Err("parties go with a role: say which one".into()),
        };
        Ok(ports::AccountChange {
            role,
            subscription: subscription(self.plan, self.plan_until, self.family_of)?,
            territory: self.territory.map(some),
            email: self.email.map(some),
            enabled: self.enabled,
            password_hash: None,
        })
    }
}

/// A text; an empty one is none.
pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl SetUpRequest {
    /// The secret, who the administrator is, and what is set.
    #[must_use]
    pub fn into_set_up(self) -> SetUp {
        let house = HouseChange {
            music_folder: self.music_folder.map(some),
            new_plan: self.new_plan.map(|plan| plan.0),
            sign_up: self.sign_up.map(|word| word.0),
        };
        let administrator = app::AccountRequest {
            name: self.name,
            password: self.password,
            email: self.email,
            territory: self.territory,
        };
        SetUp { secret: self.secret, administrator, house }
    }
}

impl SignUpRequest {
    /// The invitation's secret, and who it is.
    #[must_use]
    pub fn into_parts(self) -> (Option<String>, app::AccountRequest) {
        let request = app::AccountRequest {
            name: self.name,
            password: self.password,
            email: self.email,
            territory: self.territory,
        };
        (self.invitation, request)
    }
}

impl DeploymentSettings {
    /// Of what is set.
    #[must_use]
    pub fn of(house: &House) -> Self {
        Self {
            music_folder: house.music_folder.clone(),
            new_plan: PlanWord(house.new_plan),
            sign_up: SignUpWord(house.sign_up),
        }
    }
}

impl ChangeSettingsRequest {
    /// The change.
    #[must_use]
    pub fn into_change(self) -> HouseChange {
        HouseChange {
            music_folder: self.music_folder.map(some),
            new_plan: self.new_plan.map(|plan| plan.0),
            sign_up: self.sign_up.map(|word| word.0),
        }
    }
}

impl SetUpState {
    /// What whoever comes to the door is told.
    #[must_use]
    pub fn of(waits: bool, sign_up: SignUp) -> Self {
        Self { waits, sign_up: SignUpWord(sign_up) }
    }
}
