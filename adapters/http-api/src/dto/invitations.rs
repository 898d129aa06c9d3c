//! Invitations: made, listed.

use ledgerline_app::access::invitations as app;
use ledgerline_app::ports::accounts::Subscription;
use ledgerline_app::ports::sign_in as ports;
use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Day, Instant, PlanWord, RoleWord};

/// Who is to be let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// As what.
    pub role: RoleWord,
    /// Whose things the guest is to see: at least one for a `label` or a `rights_holder`, any for a
    /// `creator`, none for the others.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub parties: Vec<String>,
    /// What to remember of it. At most 500 bytes, no control characters.
    #[serde(default)]
    #[schema(max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub note: String,
    /// After how many days it opens nothing any more; 7 if absent.
    #[serde(default = "days")]
    #[schema(minimum = 1, maximum = 30)]
    pub days: u32,
    /// The plan of the account that it makes; that of new accounts if absent.
    pub plan: Option<PlanWord>,
    /// From when on that is `free` again. A student's plan needs one.
    pub plan_until: Option<Day>,
}

fn days() -> u32 {
    app::DAYS_DEFAULT
}

/// What an invitation is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvitationState)]
pub enum InvitationStateWord {
    /// It waits for its guest.
    Open,
    /// Its guest came.
    Used,
    /// It was revoked, and its session with it.
    Revoked,
    /// Nobody came in time.
    Expired,
}

/// An invitation, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Its public name, which the session has too.
    pub id: String,
    /// What the guest is to be.
    pub role: RoleWord,
    /// Whose things the guest sees, a listener nobody's; null for everything.
    pub parties: Option<Vec<String>>,
    /// What was to be remembered.
    pub note: String,
    /// The plan of the account that it makes, where it says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plan: Option<PlanWord>,
    /// From when on that is `free` again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plan_until: Option<Day>,
    /// What it is worth now.
    pub state: InvitationStateWord,
    /// Who invited: the name of a key or of an invitation.
    pub created_by: String,
    /// When.
    pub created_at: Instant,
    /// From when on it opens nothing.
    pub expires_at: Instant,
    /// When the guest came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub used_at: Option<Instant>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_at: Option<Instant>,
}

/// Invitations, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationList {
    /// At most 1000.
    #[schema(max_items = 1000)]
    pub items: Vec<Invitation>,
}

/// An invitation that was made. Its secret is shown only now.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Its public name.
    pub id: String,
    /// What to give to the guest: the path on this server, with the secret in the fragment, which
    /// no browser sends and no log has.
    pub link: String,
}

impl Invitation {
    /// As it is at this instant.
    #[must_use]
    pub fn of(invitation: &ports::Invitation, now: UnixMs) -> Self {
        let ports::Invitation { invited, used_at, revoked_at } = invitation;
        let state = if revoked_at.is_some() {
            InvitationStateWord::Revoked
        } else if used_at.is_some() {
            InvitationStateWord::Used
        } else if invitation.opens(now) {
            InvitationStateWord::Open
        } else {
            InvitationStateWord::Expired
        };
        Self {
            id: invited.id.clone(),
            role: RoleWord(invited.role),
            parties: invited.role.is_bound().then(|| invited.parties.clone()),
            note: invited.note.clone(),
            plan: invited.subscription.as_ref().map(|it| PlanWord(it.plan)),
            plan_until: invited
                .subscription
                .as_ref()
                .and_then(|it| it.until)
                .map(|it| Day(it.day())),
            state,
            created_by: invited.created_by.clone(),
            created_at: Instant(invited.created_at),
            expires_at: Instant(invited.expires_at),
            used_at: used_at.map(Instant),
            revoked_at: revoked_at.map(Instant),
        }
    }
}

impl InvitationRequest {
    /// What is asked for.
    #[must_use]
    pub fn into_request(self) -> app::InvitationRequest {
        let Self { role, parties, note, days, plan, plan_until } = self;
        let until = plan_until.map(|Day(day)| day.start());
        let subscription = plan.map(|PlanWord(plan)| Subscription { plan, until, family_of: None });
        app::InvitationRequest { role: role.0, parties, note, days, subscription }
    }
}

impl MadeInvitation {
    /// Of what was made.
    #[must_use]
    pub fn of(made: &app::MadeInvitation) -> Self {
        let stored =
            ports::Invitation { invited: made.invited.clone(), used_at: None, revoked_at: None };
        Self {
            invitation: Invitation::of(&stored, made.invited.created_at),
            id: made.invited.id.clone(),
            link: format!("/#/invitation/{}", made.secret),
        }
    }
}
