//! Signing in, and the session that this begins.

use ledgerline_app::access::Caller;
use ledgerline_app::ports::sign_in::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, PlanWord, ScopeWord};

/// What somebody signs in with: a name and its password, a key, or an invitation. One of the three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// An account's name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// Its password.
    #[schema(min_length = 1, max_length = 256)]
    pub password: Option<String>,
    /// An API key, as `keys create` prints it.
    #[schema(min_length = 1, max_length = 512)]
    pub key: Option<String>,
    /// The secret of an invitation: what stands behind `#/invitation/` in its link.
    #[schema(min_length = 1, max_length = 512)]
    pub invitation: Option<String>,
}

/// What somebody is who was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionRole {
    /// Came by a key.
    Key,
    /// Listens.
    Listener,
    /// Listens, and brings what is heard.
    Creator,
    /// Is credited or paid.
    RightsHolder,
    /// Holds rights for others.
    Label,
    /// Closes months and decides what waits.
    Finance,
    /// Lets others in.
    Admin,
}

/// The account that a session, or an app password, is of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionAccount {
    /// Its public name.
    pub account_id: String,
    /// What its owner calls it.
    pub name: String,
    /// The plan at this moment.
    pub plan: PlanWord,
    /// The country, ISO 3166-1 alpha-2; null where it isn't known.
    #[schema(required)]
    pub territory: Option<String>,
}

/// Who the request comes from, and what it may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The public name of the key, of the account or of the invitation.
    pub name: String,
    /// The account, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account: Option<SessionAccount>,
    /// What that is here.
    pub role: SessionRole,
    /// The parties whose things it sees; null where it sees everything.
    #[schema(required)]
    pub parties: Option<Vec<String>>,
    /// What it may do.
    pub scopes: Vec<ScopeWord>,
    /// What each request of the session that isn't GET or HEAD must show as `X-CSRF-Token`. A key
    /// needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub csrf_token: Option<String>,
    /// When the session ends if nothing more is asked; each request puts this off for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_at: Option<Instant>,
    /// Whether this is the demonstration.
    pub demo: bool,
}

impl Session {
    /// Of a caller.
    #[must_use]
    pub fn of(caller: &Caller, demo: bool) -> Self {
        let role = match caller.role {
            None => SessionRole::Key,
            Some(Role::Listener) => SessionRole::Listener,
            Some(Role::Creator) => SessionRole::Creator,
            Some(Role::RightsHolder) => SessionRole::RightsHolder,
            Some(Role::Label) => SessionRole::Label,
            Some(Role::Finance) => SessionRole::Finance,
            Some(Role::Admin) => SessionRole::Admin,
        };
        let account = caller.listener().map(|listener| SessionAccount {
            account_id: listener.account_id.clone(),
            name: listener.name.clone(),
            plan: PlanWord(listener.plan),
            territory: listener.territory.clone(),
        });
        Self {
            name: caller.id.clone(),
            account,
            role,
            parties: caller.parties.clone(),
            scopes: caller.scopes.iter().copied().map(ScopeWord).collect(),
            csrf_token: caller.session.as_ref().map(|session| session.csrf_token.clone()),
            expires_at: caller.session.as_ref().map(|session| Instant(session.expires_at)),
            demo,
        }
    }
}
