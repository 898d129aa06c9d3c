//! Signing in, and the session that this begins.

use ledgerline_app::access::Caller;
use ledgerline_app::ports::sign_in::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, ScopeWord};

/// What somebody signs in with: a key, or an invitation. One of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
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
    /// Is credited or paid.
    RightsHolder,
    /// Holds rights for others.
    Label,
    /// Closes months and decides what waits.
    Finance,
    /// Lets others in.
    Admin,
}

/// Who the request comes from, and what it may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The public name of the key or of the invitation.
    pub name: String,
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
            Some(Role::RightsHolder) => SessionRole::RightsHolder,
            Some(Role::Label) => SessionRole::Label,
            Some(Role::Finance) => SessionRole::Finance,
            Some(Role::Admin) => SessionRole::Admin,
        };
        Self {
            name: caller.id.clone(),
            role,
            parties: caller.parties.clone(),
            scopes: caller.scopes.iter().copied().map(ScopeWord).collect(),
            csrf_token: caller.session.as_ref().map(|session| session.csrf_token.clone()),
            expires_at: caller.session.as_ref().map(|session| Instant(session.expires_at)),
            demo,
        }
    }
}
