//! What is held on a person, and what an erasure did.

use ledgerline_app::privacy::{self, HeldAccount, HeldDecision, HeldIdentity, HeldReport, Said};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Account, AppPassword, DecisionWord, EventWord, Instant, PersonCollection, Play, RulingWord,
    VerdictWord,
};

/// Everything that is held on a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonExport {
    /// The user, as asked for.
    pub user_id: String,
    /// When.
    pub exported_at: Instant,
    /// The account, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account: Option<PersonAccount>,
    /// What the person keeps, where it has an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub collection: Option<PersonCollection>,
    /// What the person is called in the logs, by source.
    pub identities: Vec<PersonIdentity>,
    /// The reports, in the order of the log, with what became of each.
    pub reports: Vec<PersonReport>,
    /// The plays as they stand, without transitions and reports.
    pub plays: Vec<Play>,
    /// What people said of the plays.
    pub decisions: Vec<PersonDecision>,
    /// How many of the plays count.
    pub counted: u64,
    /// Whether that is all; where it isn't, name one source at a time.
    pub complete: bool,
}

/// An account, its app passwords and its sessions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonAccount {
    /// The account.
    pub account: Account,
    /// Its app passwords, without their secrets.
    pub app_passwords: Vec<AppPassword>,
    /// Its sessions.
    pub sessions: Vec<PersonSession>,
}

/// A session of a person's browser.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSession {
    /// The kind of browser; empty where it didn't say.
    pub device: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was last seen.
    pub seen_at: Instant,
}

/// What a person is called in the logs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonIdentity {
    /// The source.
    pub source: String,
    /// The pseudonym; null where the source isn't pseudonymised, and the logs have the user itself.
    #[schema(required)]
    pub listener_id: Option<String>,
}

/// A report as it stands in the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonReport {
    /// The source.
    pub source: String,
    /// The partition.
    pub partition: u16,
    /// Its position in the partition's report log.
    pub position: u64,
    /// When it was received.
    pub received_at: Instant,
    /// What became of it.
    pub verdict: VerdictWord,
    /// The play's key.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// Time that sounded, in milliseconds.
    pub duration_listened_ms: u64,
    /// The start, as reported.
    #[schema(required)]
    pub started_at: Option<Instant>,
    /// The time of sending, as reported.
    #[schema(required)]
    pub sent_at: Option<Instant>,
    /// Why it was sent.
    #[schema(required)]
    pub event: Option<EventWord>,
    /// Whether the track was played to its end.
    #[schema(required)]
    pub completed: Option<bool>,
    /// The session, or its pseudonym.
    #[schema(required)]
    pub session_id: Option<String>,
    /// The device, or its pseudonym.
    #[schema(required)]
    pub device_id: Option<String>,
    /// The quality.
    #[schema(required)]
    pub quality: Option<String>,
    /// Whether from a download.
    #[schema(required)]
    pub offline: Option<bool>,
    /// What it was started from.
    #[schema(required)]
    pub context: Option<PersonContext>,
    /// The plan.
    #[schema(required)]
    pub tier: Option<String>,
    /// The country.
    #[schema(required)]
    pub territory: Option<String>,
    /// Whether only a preview sounded.
    pub preview: bool,
    /// Whether it was imported, not to be paid.
    pub imported: bool,
}

/// What a play was started from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonContext {
    /// Its type, such as `playlist`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// What a person said of a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDecision {
    /// The play's source.
    pub source: String,
    /// The play's key.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The decision on a play out of time.
    #[schema(required)]
    pub decision: Option<DecisionWord>,
    /// The ruling.
    #[schema(required)]
    pub ruling: Option<RulingWord>,
    /// By whom.
    pub by: String,
    /// Why.
    pub note: String,
    /// When.
    pub at: Instant,
}

/// What an erasure did, and what it could not do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The sources whose tie to the user was removed now.
    pub erased: Vec<String>,
    /// Where plays stand in the logs under the name itself. Logs never change, so nothing can
    /// remove it.
    pub remaining: Vec<RemainingPlays>,
    /// Until when late reports of the erased plays are refused; null where nothing was erased.
    #[schema(required)]
    pub late_reports_refused_until: Option<Instant>,
}

/// Plays that stand in the logs under the name that was sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemainingPlays {
    /// The source, which isn't pseudonymised.
    pub source: String,
    /// How many.
    pub plays: u64,
}

impl PersonAccount {
    fn of(held: &HeldAccount) -> Self {
        let sessions = held.sessions.iter().map(|session| PersonSession {
            device: session.device.clone(),
            created_at: Instant(session.begun.created_at),
            seen_at: Instant(session.seen_at),
        });
        Self {
            account: Account::of(&held.account),
            app_passwords: held.app_passwords.iter().map(AppPassword::of).collect(),
            sessions: sessions.collect(),
        }
    }
}

impl From<privacy::PersonExport> for PersonExport {
    fn from(export: privacy::PersonExport) -> Self {
        Self {
            user_id: export.user_id,
            exported_at: Instant(export.exported_at),
            account: export.account.as_ref().map(PersonAccount::of),
            collection: export.collection.map(PersonCollection::from),
            identities: export.identities.into_iter().map(PersonIdentity::from).collect(),
            reports: export.reports.into_iter().map(PersonReport::from).collect(),
            plays: export.plays.into_iter().map(Play::from).collect(),
            decisions: export.decisions.into_iter().map(PersonDecision::from).collect(),
            counted: export.counted,
            complete: export.complete,
        }
    }
}

impl From<HeldIdentity> for PersonIdentity {
    fn from(identity: HeldIdentity) -> Self {
        Self { source: identity.source, listener_id: identity.listener_id }
    }
}

impl From<HeldReport> for PersonReport {
    fn from(report: HeldReport) -> Self {
        Self {
            source: report.source,
            partition: report.partition.0,
            position: report.position.0,
            received_at: Instant(report.received_at),
            verdict: VerdictWord(report.verdict),
            play_id: report.play_id,
            track_id: report.track_id,
            duration_listened_ms: report.listened_ms,
            started_at: report.started_at.map(Instant),
            sent_at: report.sent_at.map(Instant),
            event: report.event.map(EventWord),
            completed: report.completed,
            session_id: report.session_id,
            device_id: report.device_id,
            quality: report.quality,
            offline: report.offline,
            context: report.context.map(|(kind, id)| PersonContext { kind, id }),
            tier: report.tier,
            territory: report.territory,
            preview: report.preview,
            imported: report.imported,
        }
    }
}

impl From<HeldDecision> for PersonDecision {
    fn from(held: HeldDecision) -> Self {
        let (decision, ruling) = match held.said {
            Said::Decision(decision) => (Some(DecisionWord(decision)), None),
            Said::Ruling(ruling) => (None, Some(RulingWord(ruling))),
        };
        Self {
            source: held.source,
            play_id: held.play_id,
            decision,
            ruling,
            by: held.by,
            note: held.note,
            at: Instant(held.at),
        }
    }
}

impl From<privacy::Erased> for Erased {
    fn from(erased: privacy::Erased) -> Self {
        let remaining =
            |of: privacy::Remaining| RemainingPlays { source: of.source, plays: of.plays };
        Self {
            erased: erased.sources,
            remaining: erased.remaining.into_iter().map(remaining).collect(),
            late_reports_refused_until: erased.late_reports_refused_until.map(Instant),
        }
    }
}
